/*
 * codec_dnslog.c - the query logs of DNS servers: BIND, unbound and dnsmasq.
 *
 * Mostly written through syslog, whose header the reader has taken off by then, or
 * to a file with a head of the server's own.  What the servers say besides
 * queries and answers (starts, zone transfers, leases) is no event.
 */
#include "event/codec.h"

#include "event/stamp.h"
#include "event/value.h"
#include "event/words.h"

static struct slice
without_dot(struct slice name)
{
	return name.len > 1 && name.ptr[name.len - 1] == '.' ? slice_first(name, name.len - 1)
							     : name;
}

static void
put_name(struct event *ev, struct slice name)
{
	value_put(ev, FIELD_DNS_QUESTION_NAME, without_dot(name));
}

/* Words of capitals and digits: record types, classes, response codes. */
static bool
is_mnemonic(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') &&
		    !(s.ptr[i] >= '0' && s.ptr[i] <= '9'))
			return false;
	return s.len > 0;
}

/* Cut `before` and all in front of it.  False, and nothing cut, where it is not. */
static bool
cut_through(struct slice *s, struct slice before)
{
	size_t at = slice_search(*s, before);

	if (at == SIZE_MAX)
		return false;
	*s = slice_from(*s, at + before.len);
	return true;
}

static struct slice
cut_word(struct slice *s)
{
	size_t at = slice_find(*s, ' ');
	struct slice word = slice_first(*s, at);

	*s = at == SIZE_MAX ? slice_from(*s, s->len) : slice_from(*s, at + 1);
	return word;
}

/* ---- unbound: "info: 10.0.0.1 c2.example. A IN [NOERROR 0.035416 0 56]" ---- */

/* "[1795396079] unbound[12:0] info: "; syslog leaves "[12:0] info: " or nothing of it. */
static struct slice
unbound_body(struct slice line)
{
	if (line.len > 0 && (line.ptr[0] == '[' || slice_starts(line, SLICE("unbound"))))
		cut_through(&line, SLICE(" info: "));
	else if (slice_starts(line, SLICE("info: ")))
		line = slice_from(line, 6);
	if (slice_starts(line, SLICE("query: ")) || slice_starts(line, SLICE("reply: ")))
		line = slice_from(line, 7);
	return line;
}

static bool
is_unbound(struct slice line, struct words *w, struct slice *body)
{
	struct slice class;

	*body = unbound_body(line);
	words_find(*body, w);
	if (w->n != 4 && w->n != 8)
		return false;
	class = words_at(w, *body, 3);
	return value_is_ip(words_at(w, *body, 0)) && is_mnemonic(words_at(w, *body, 2)) &&
	       (slice_is(class, "IN") || slice_is(class, "CH") || slice_is(class, "HS"));
}

static enum codec_status
read_unbound(struct slice line, const struct words *w, struct slice body, struct arena *mem,
    struct event *ev)
{
	double seconds;
	char *ms;

	ev->dataset = SLICE("unbound.query");
	if (line.ptr[0] == '[' && !ev->timed)
		ev->timed = stamp_read_epoch(
		    slice_first(slice_from(line, 1), slice_find(line, ']') - 1), &ev->at);
	event_set(ev, FIELD_SOURCE_IP, words_at(w, body, 0));
	put_name(ev, words_at(w, body, 1));
	event_set(ev, FIELD_DNS_QUESTION_TYPE, words_at(w, body, 2));
	if (w->n < 8)
		return CODEC_EVENT;
	event_set(ev, FIELD_DNS_RESPONSE_CODE, words_at(w, body, 4));
	if (slice_to_double(words_at(w, body, 5), &seconds) && seconds >= 0 && seconds < 1e9 &&
	    (ms = arena_printf(mem, "%.0f", seconds * 1000)) != NULL)
		event_set(ev, FIELD_EVENT_DURATION_MS, slice_str(ms));
	value_put_number(ev, FIELD_DESTINATION_BYTES, words_at(w, body, 7));
	return CODEC_EVENT;
}

/* ---- BIND: "client @0x7f 10.0.0.1#5353 (c2.example): query: c2.example IN A +E(0)K
 * (10.0.0.53)"
 * ---- */

/* After "client ": the client's address and port, and behind "(name): " the rest. */
static bool
cut_bind_client(struct slice *line, struct slice *ip, struct slice *port, struct slice *name)
{
	struct slice rest = *line, who;
	size_t hash, open;

	if (!slice_starts(rest, SLICE("client ")) && !cut_through(&rest, SLICE(" client ")))
		return false;
	if (slice_starts(rest, SLICE("client ")))
		rest = slice_from(rest, 7);
	if (slice_starts(rest, SLICE("@")))
		cut_word(&rest);
	who = cut_word(&rest);
	hash = slice_find(who, '#');
	if (hash == SIZE_MAX || !value_is_ip(slice_first(who, hash)))
		return false;
	*ip = slice_first(who, hash);
	who = slice_from(who, hash + 1);
	*port = slice_first(who, slice_find(who, '/'));
	if (port->len > 0 && port->ptr[port->len - 1] == ':')
		port->len--;
	*name = (struct slice){0};
	open = slice_search(rest, SLICE("): "));
	if (open != SIZE_MAX && rest.ptr[0] == '(') {
		*name = slice_of(rest.ptr + 1, open - 1);
		rest = slice_from(rest, open + 3);
	}
	*line = rest;
	return true;
}

/* "23-Nov-2026 01:07:59.123"; the ISO forms look like syslog's and are off by now. */
static void
read_bind_time(struct slice line, struct span zone, struct instant received, struct event *ev)
{
	struct stamp_parts parts = {0};
	uint64_t ms;
	size_t at;

	if (ev->timed || !stamp_cut_parts(&line, SLICE("%d-%b-%Y %H:%M:%S"), &parts) ||
	    !stamp_from_parts(&parts, zone, received, &ev->at))
		return;
	ev->timed = true;
	at = slice_find(line, ' ');
	if (at == 4 && line.ptr[0] == '.' && slice_to_u64(slice_of(line.ptr + 1, 3), &ms))
		ev->at.us += (int64_t)ms * 1000;
}

static enum codec_status
read_bind(struct slice line, struct span zone, struct instant received, struct event *ev)
{
	struct slice ip, port, name, type, rest = line;

	if (!cut_bind_client(&rest, &ip, &port, &name))
		return CODEC_NOTHING;
	ev->dataset = SLICE("bind.query");
	read_bind_time(line, zone, received, ev);
	event_set(ev, FIELD_SOURCE_IP, ip);
	value_put_number(ev, FIELD_SOURCE_PORT, port);
	put_name(ev, name);
	if (slice_starts(rest, SLICE("view ")))
		cut_through(&rest, SLICE(": "));
	if (!slice_starts(rest, SLICE("query: "))) {
		/* "query (cache) '...' denied", "rpz QNAME NXDOMAIN rewrite ...": rare, and
		 * telling. */
		value_put(ev, FIELD_MESSAGE, rest);
		value_put(ev, FIELD_EVENT_ACTION, slice_first(rest, slice_find(rest, ' ')));
		return CODEC_EVENT;
	}
	rest = slice_from(rest, 7);
	put_name(ev, cut_word(&rest));
	cut_word(&rest); /* the class */
	type = cut_word(&rest);
	if (!is_mnemonic(type))
		return CODEC_SHORT;
	event_set(ev, FIELD_DNS_QUESTION_TYPE, type);
	cut_word(&rest); /* the flags */
	if (rest.len > 2 && rest.ptr[0] == '(' &&
	    value_is_ip(
		slice_of(rest.ptr + 1, slice_first(rest, slice_find(rest, ')')).len - 1)))
		event_set(ev, FIELD_DESTINATION_IP,
		    slice_of(rest.ptr + 1, slice_first(rest, slice_find(rest, ')')).len - 1));
	return CODEC_EVENT;
}

/* ---- dnsmasq: "query[A] c2.example from 10.0.0.1", "reply c2.example is 192.0.2.1" ---- */

/* With log-queries=extra a number and the client come first: "12 10.0.0.1/5353 ". */
static struct slice
dnsmasq_body(struct slice line, struct slice *client)
{
	struct slice rest = line, number = cut_word(&rest), who = cut_word(&rest);
	size_t slash = slice_find(who, '/');

	*client = (struct slice){0};
	if (!value_is_number(number) || slash == SIZE_MAX ||
	    !value_is_ip(slice_first(who, slash)))
		return line;
	*client = who;
	return rest;
}

/* What is said, of which name, and by the word in between, of whom. */
static bool
is_dnsmasq(struct slice body, struct slice *verb, struct slice *name, struct slice *last)
{
	static const struct {
		const char *verb, *between;
	} says[] = {{"forwarded", "to"}, {"reply", "is"}, {"cached", "is"},
	    {"cached-stale", "is"}, {"config", "is"}, {"validation", "is"}};
	struct slice between;

	if (slice_starts(body, SLICE("gravity blocked "))) { /* Pi-hole */
		*verb = slice_first(body, 15);
		body = slice_from(body, 16);
		*name = cut_word(&body);
		cut_word(&body);
		*last = body;
		return last->len > 0;
	}
	*verb = cut_word(&body);
	*name = cut_word(&body);
	between = cut_word(&body);
	*last = body;
	if (slice_starts(*verb, SLICE("query[")))
		return slice_is(between, "from") && value_is_ip(*last);
	for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++)
		if (slice_is(*verb, says[i].verb))
			return slice_is(between, says[i].between) && last->len > 0;
	return slice_starts(*verb, SLICE("/")) && slice_is(between, "is") && last->len > 0;
}

static void
put_dnsmasq(struct slice verb, struct slice name, struct slice last, struct event *ev)
{
	put_name(ev, name);
	if (slice_starts(verb, SLICE("query["))) {
		size_t close = slice_find(verb, ']');
		struct slice type = slice_from(slice_first(verb, close), 6);
		if (slice_starts(type, SLICE("type=")))
			type = slice_from(type, 5);
		value_put(ev, FIELD_DNS_QUESTION_TYPE, type);
		event_set(ev, FIELD_SOURCE_IP, last);
		event_set(ev, FIELD_EVENT_ACTION, slice_first(verb, 5));
		return;
	}
	event_set(ev, FIELD_EVENT_ACTION, verb);
	if (slice_is(verb, "forwarded"))
		value_put_host(ev, FIELD_DESTINATION_IP, FIELD_DESTINATION_DOMAIN,
		    slice_first(last, slice_find(last, '#')));
	else if (is_mnemonic(slice_first(last, slice_find(last, '-'))) && !value_is_ip(last))
		event_set(ev, FIELD_DNS_RESPONSE_CODE, last); /* NXDOMAIN, NODATA-IPv6 */
	else if (last.ptr[0] != '<')
		event_set(ev, FIELD_DNS_ANSWER, last);
}

static void
put_dnsmasq_client(struct slice client, struct event *ev)
{
	size_t slash = slice_find(client, '/');

	if (client.len == 0)
		return;
	event_set(ev, FIELD_SOURCE_IP, slice_first(client, slash));
	value_put_number(ev, FIELD_SOURCE_PORT, slice_from(client, slash + 1));
}

static enum codec_status
read_line(struct codec_state *st, const struct codec_config *cfg, struct slice line,
    struct instant received, struct arena *mem, struct event *ev)
{
	struct slice body, client, verb, name, last;
	struct words w;

	ev->class = EVENT_DNS;
	if (is_unbound(line, &w, &body))
		return read_unbound(line, &w, body, mem, ev);
	body = dnsmasq_body(line, &client);
	if (is_dnsmasq(body, &verb, &name, &last)) {
		ev->dataset = SLICE("dnsmasq.query");
		put_dnsmasq(verb, name, last, ev);
		put_dnsmasq_client(client, ev);
		return CODEC_EVENT;
	}
	return read_bind(line, cfg->utc_offset, received, ev);
}

static int
recognise(struct slice line)
{
	struct slice body, client, verb, name, last;
	struct words w;

	if (line.len < 12 || line.ptr[0] == '{')
		return 0;
	if (is_unbound(line, &w, &body))
		return 90;
	body = dnsmasq_body(line, &client);
	if (is_dnsmasq(body, &verb, &name, &last))
		return 85;
	return cut_bind_client(&line, &body, &client, &name) && name.len > 0 ? 95 : 0;
}

const struct codec codec_dnslog = {
    .id = "dnslog",
    .title = "BIND, unbound and dnsmasq query logs",
    .recognise = recognise,
    .read = read_line,
};
