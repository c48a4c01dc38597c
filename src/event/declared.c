/* declared.c - see declared.h. */
#include "event/declared.h"

#include <stdlib.h>

#include "base/hash.h"
#include "event/pairs.h"
#include "event/url.h"
#include "event/value.h"

#define SLOTS 512 /* a power of two, over twice the rows of any table */

struct declared_table {
	const struct declared *d;
	struct slot {
		struct slice name; /* absent: empty */
		enum declared_take take;
		enum field_id field;
	} slot[SLOTS];
};

static inline unsigned
slot_of(const struct declared_table *t, struct slice name)
{
	unsigned i = (unsigned)hash_bytes(name, 0) & (SLOTS - 1);

	while (t->slot[i].name.ptr != NULL && !slice_equal(t->slot[i].name, name))
		i = (i + 1) & (SLOTS - 1);
	return i;
}

struct declared_table *
declared_table_new(const struct declared *d)
{
	struct declared_table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->d = d;
	for (size_t i = 0; i < d->n_row && i < SLOTS / 2; i++) {
		struct slice name = slice_str(d->row[i].name);
		t->slot[slot_of(t, name)] =
		    (struct slot){name, d->row[i].take, d->row[i].field};
	}
	return t;
}

void
declared_table_free(struct declared_table *t)
{
	free(t);
}

/* ---- values ---- */

/* Makers write many things where there is nothing to say. */
static bool
is_absent(struct slice v)
{
	return value_is_absent(v) || slice_equal_nocase(v, SLICE("N/A")) ||
	       slice_is(v, "(null)") || slice_is(v, "(empty)");
}

static struct slice
lower(struct slice v, struct arena *mem)
{
	uint8_t *p;
	bool upper = false;

	for (size_t i = 0; i < v.len; i++)
		upper |= v.ptr[i] >= 'A' && v.ptr[i] <= 'Z';
	if (!upper || (p = arena_alloc(mem, v.len)) == NULL)
		return v;
	for (size_t i = 0; i < v.len; i++)
		p[i] = v.ptr[i] >= 'A' && v.ptr[i] <= 'Z' ? v.ptr[i] | 0x20 : v.ptr[i];
	return slice_of(p, v.len);
}

/* An event that is full keeps what it has. */
static void
put(struct declared_line *l, enum field_id f, struct slice name, struct slice v)
{
	if (f == FIELD_NONE || (field_kind(f) == FIELD_IP && !value_is_ip(v)) ||
	    (field_kind(f) == FIELD_NUMBER && !value_is_number(v)))
		event_add_extra(l->ev, name, v);
	else
		event_add(l->ev, f, v);
}

static enum field_id
beside(enum field_id ip, enum field_id of_source, enum field_id of_destination)
{
	return ip == FIELD_SOURCE_IP	    ? of_source
	       : ip == FIELD_DESTINATION_IP ? of_destination
					    : FIELD_NONE;
}

static void
put_host(struct declared_line *l, enum field_id ip, struct slice name, struct slice v)
{
	if (v.len > 2 && v.ptr[0] == '[' && v.ptr[v.len - 1] == ']')
		v = slice_of(v.ptr + 1, v.len - 2);
	if (value_is_ip(v))
		event_add(l->ev, ip, v);
	else
		put(l,
		    ip == FIELD_OBSERVER_IP
			? FIELD_OBSERVER_NAME
			: beside(ip, FIELD_SOURCE_DOMAIN, FIELD_DESTINATION_DOMAIN),
		    name, v);
}

/* "10.0.0.1:1234:X0:name"; IPv6 addresses come bare there, so a whole address is tried first.
 */
static void
put_endpoint(struct declared_line *l, enum field_id ip, struct slice name, struct slice v)
{
	struct slice part, rest = v;

	if (value_is_ip(v) || !slice_cut(&rest, ':', &part) || !value_is_ip(part)) {
		put_host(l, ip, name, v);
		return;
	}
	event_add(l->ev, ip, part);
	if (slice_cut(&rest, ':', &part) && part.len > 0)
		put(l, beside(ip, FIELD_SOURCE_PORT, FIELD_DESTINATION_PORT), name, part);
	if (slice_cut(&rest, ':', &part) && part.len > 0)
		put(l, beside(ip, FIELD_INTERFACE_IN, FIELD_INTERFACE_OUT), name, part);
	if (rest.len > 0)
		put(l, beside(ip, FIELD_SOURCE_DOMAIN, FIELD_DESTINATION_DOMAIN), name, rest);
}

static const struct {
	const char *number;
	struct slice name;
} protocols[] = {{"1", SLICE_LITERAL("icmp")}, {"2", SLICE_LITERAL("igmp")},
    {"6", SLICE_LITERAL("tcp")}, {"17", SLICE_LITERAL("udp")}, {"47", SLICE_LITERAL("gre")},
    {"50", SLICE_LITERAL("esp")}, {"51", SLICE_LITERAL("ah")},
    {"58", SLICE_LITERAL("ipv6-icmp")}, {"132", SLICE_LITERAL("sctp")}};

static void
put_protocol(struct declared_line *l, struct slice name, struct slice v)
{
	size_t slash = slice_find(v, '/');
	struct slice first = lower(slice_first(v, slash), l->mem);

	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (slice_is(first, protocols[i].number))
			first = arena_dup(l->mem, protocols[i].name);
	if (first.len > 0)
		put(l, FIELD_NETWORK_TRANSPORT, name, first);
	if (slash != SIZE_MAX && slash + 1 < v.len && !event_has(l->ev, FIELD_NETWORK_PROTOCOL))
		event_set(
		    l->ev, FIELD_NETWORK_PROTOCOL, lower(slice_from(v, slash + 1), l->mem));
}

static void
put_seconds(struct declared_line *l, enum field_id f, struct slice name, struct slice v)
{
	double d;
	char *text = NULL;

	if (slice_to_double(v, &d) && d >= 0 && d < 1e12)
		text = arena_printf(l->mem, "%.0f", d * 1000);
	if (text != NULL)
		put(l, f, name, slice_str(text));
	else
		event_add_extra(l->ev, name, v);
}

/* ---- time ---- */

static const struct {
	struct slice name;
	struct span offset;
} zones[] = {{SLICE_LITERAL("UTC"), {0}}, {SLICE_LITERAL("GMT"), {0}},
    {SLICE_LITERAL("JST"), {9 * 3600 * (int64_t)1000000}}};

/* " UTC" at the end of a time, or a whole zone; true cuts it off and says what it means. */
static bool
cut_zone_name(struct slice *s, struct span *zone)
{
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (slice_ends(*s, zones[i].name)) {
			*s = slice_trim(slice_first(*s, s->len - zones[i].name.len));
			*zone = zones[i].offset;
			return true;
		}
	return false;
}

/* ".123" between the seconds and what follows; removed, and returned as microseconds. */
static struct slice
without_fraction(struct slice v, struct span *fraction, struct arena *mem)
{
	size_t dot = slice_find(v, '.'), end;
	int64_t us = 0, unit = 100000;
	uint8_t *p;

	if (dot == SIZE_MAX)
		return v;
	for (end = dot + 1; end < v.len && v.ptr[end] >= '0' && v.ptr[end] <= '9'; end++) {
		us += unit * (v.ptr[end] - '0');
		unit /= 10;
	}
	if (end == dot + 1 || (p = arena_alloc(mem, v.len)) == NULL)
		return v;
	memcpy(p, v.ptr, dot);
	memcpy(p + dot, v.ptr + end, v.len - end);
	fraction->us = us;
	return slice_of(p, dot + v.len - end);
}

static bool
read_spelled(struct declared_line *l, struct slice v, struct instant *out)
{
	static const char *const spellings[] = {"%b %d %Y %H:%M:%S %z", "%b %d %Y %H:%M:%S",
	    "%b %d %H:%M:%S %Y %z", "%b %d %H:%M:%S %Y", "%b %d %H:%M:%S",
	    "%a %b %d %H:%M:%S %Y", "%a %b %d %Y %H:%M:%S", "%d %b %Y %H:%M:%S %z",
	    "%d %b %Y %H:%M:%S", "%d%b%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"};
	struct span zone = l->zone, fraction = {0};

	v = without_fraction(v, &fraction, l->mem);
	cut_zone_name(&v, &zone);
	if (instant_parse(v, zone, out)) {
		*out = instant_add(*out, fraction);
		return true;
	}
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		struct slice rest = v;
		struct stamp_parts parts = {0};
		if (stamp_cut_parts(&rest, slice_str(spellings[i]), &parts) && rest.len == 0 &&
		    stamp_from_parts(&parts, zone, l->received, out)) {
			*out = instant_add(*out, fraction);
			return true;
		}
	}
	return false;
}

static bool
read_time(struct declared_line *l, struct slice v, struct instant *out)
{
	if (value_is_number(v))
		return v.len >= 9 && stamp_read_number(v, out);
	return stamp_read_iso(l->cache, v, l->zone, out) || read_spelled(l, v, out);
}

/* The first time of a line stands, unless a better one comes; the others stay as extras. */
static void
put_time(struct declared_line *l, struct slice name, struct slice v, bool best)
{
	struct instant at;

	if ((l->timed && !best) || !read_time(l, v, &at)) {
		event_add_extra(l->ev, name, v);
		return;
	}
	l->ev->at = at;
	l->ev->timed = l->timed = true;
}

static enum codec_status
finish_time(struct declared_line *l)
{
	struct span zone = l->zone;
	struct slice name = l->clock_zone;
	struct instant at;
	char *text;

	if (l->timed || l->date.len == 0 || l->clock.len == 0)
		return CODEC_EVENT;
	if (name.len > 0 && (name.ptr[0] == '+' || name.ptr[0] == '-')) {
		text = arena_printf(l->mem, "%.*s %.*s%.*s", SLICE_ARG(l->date),
		    SLICE_ARG(l->clock), SLICE_ARG(name));
	} else {
		cut_zone_name(&name, &zone);
		text =
		    arena_printf(l->mem, "%.*s %.*s", SLICE_ARG(l->date), SLICE_ARG(l->clock));
	}
	if (text == NULL || !instant_parse(slice_str(text), zone, &at))
		return CODEC_BAD_TIME;
	l->ev->at = at;
	l->ev->timed = l->timed = true;
	return CODEC_EVENT;
}

/* ---- one value ---- */

void
declared_put(struct declared_line *l, struct slice name, struct slice v)
{
	const struct slot *s = &l->table->slot[slot_of(l->table, name)];

	if (is_absent(v))
		return;
	if (s->name.ptr == NULL) {
		event_add_extra(l->ev, name, v);
		return;
	}
	switch (s->take) {
	case DECLARED_LOWER:
		put(l, s->field, name, lower(v, l->mem));
		return;
	case DECLARED_HOST:
		put_host(l, s->field, name, v);
		return;
	case DECLARED_ENDPOINT:
		put_endpoint(l, s->field, name, v);
		return;
	case DECLARED_PROTOCOL:
		put_protocol(l, name, v);
		return;
	case DECLARED_SECONDS:
		put_seconds(l, s->field, name, v);
		return;
	case DECLARED_VERSION:
		if (slice_starts_nocase(v, SLICE("HTTP/")))
			v = slice_from(v, 5);
		break;
	case DECLARED_URL:
		if (l->url.len > 0)
			event_add_extra(l->ev, name, v);
		else
			l->url = v;
		return;
	case DECLARED_TIME:
	case DECLARED_TIME_BEST:
		put_time(l, name, v, s->take == DECLARED_TIME_BEST);
		return;
	case DECLARED_DATE:
		l->date = v;
		return;
	case DECLARED_CLOCK:
		l->clock = v;
		return;
	case DECLARED_ZONE:
		l->clock_zone = v;
		return;
	case DECLARED_KIND:
		l->kind = v;
		break;
	case DECLARED_SUBKIND:
		l->subkind = v;
		break;
	case DECLARED_ACTION:
		l->action = v;
		break;
	case DECLARED_OUTCOME:
		l->outcome = v;
		return;
	case DECLARED_DROP:
		return;
	case DECLARED_PUT:
		break;
	}
	put(l, s->field, name, v);
}

/* ---- the whole line ---- */

/*
 * A path beside a host name makes a whole URL where the scheme is known: from the
 * service, as firewalls name it.
 */
static void
finish_url(struct declared_line *l)
{
	struct slice service = event_get(l->ev, FIELD_NETWORK_PROTOCOL);

	if (l->url.len > 0)
		url_put(l->ev, l->url, true);
	if (!event_has(l->ev, FIELD_URL_SCHEME) && event_has(l->ev, FIELD_URL_DOMAIN) &&
	    event_has(l->ev, FIELD_URL_PATH) &&
	    (slice_is(service, "http") || slice_is(service, "https")))
		event_set(l->ev, FIELD_URL_SCHEME, service);
	url_compose(l->ev, l->mem);
}

static bool
kind_fits(const char *want, struct slice have)
{
	return *want == '\0' || slice_equal_nocase(slice_str(want), have);
}

static enum event_class
class_by_fields(const struct event *ev)
{
	if (event_has(ev, FIELD_URL_FULL) || event_has(ev, FIELD_HTTP_METHOD))
		return EVENT_PROXY;
	if (event_has(ev, FIELD_DNS_QUESTION_NAME))
		return EVENT_DNS;
	if (event_has(ev, FIELD_SOURCE_IP) && event_has(ev, FIELD_DESTINATION_IP))
		return EVENT_FIREWALL;
	return EVENT_OTHER;
}

static void
finish_class(struct declared_line *l)
{
	const struct declared *d = l->table->d;

	for (size_t i = 0; i < d->n_kind; i++)
		if (kind_fits(d->kind[i].kind, l->kind) &&
		    kind_fits(d->kind[i].subkind, l->subkind) &&
		    kind_fits(d->kind[i].action, l->action)) {
			l->ev->class = d->kind[i].class;
			l->ev->dataset = d->kind[i].dataset;
			l->meant = d->kind[i].outcome;
			return;
		}
	l->ev->dataset = d->dataset;
	if (l->ev->class == EVENT_OTHER)
		l->ev->class = class_by_fields(l->ev);
}

static const struct {
	const char *word;
	struct slice outcome;
} outcomes[] = {
#define OUTCOME(word, outcome) {word, SLICE_LITERAL(outcome)},
#include "event/outcomes.def"
#undef OUTCOME
};

static struct slice
find_outcome(struct slice word)
{
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		if (slice_equal_nocase(word, slice_str(outcomes[i].word)))
			return outcomes[i].outcome;
	return (struct slice){0};
}

/* A log-in succeeds or fails, whatever its maker calls it. */
static void
finish_outcome(struct declared_line *l)
{
	struct slice outcome = find_outcome(l->outcome);

	if (outcome.len == 0 && l->ev->class == EVENT_AUTH)
		outcome = l->meant != NULL ? slice_str(l->meant) : find_outcome(l->action);
	if (outcome.len == 0)
		outcome = l->outcome;
	else if (l->outcome.len > 0)
		event_add_extra(l->ev, SLICE("status"), l->outcome);
	if (outcome.len > 0)
		event_set(l->ev, FIELD_EVENT_OUTCOME, arena_dup(l->mem, outcome));
}

enum codec_status
declared_finish(struct declared_line *l)
{
	enum codec_status status = finish_time(l);

	finish_url(l);
	finish_class(l);
	finish_outcome(l);
	return status;
}

/* ---- codecs that are only a declaration ---- */

struct codec_state {
	declared_cut cut;
	struct declared_table *table;
	struct stamp_cache cache;
};

void
declared_state_free(struct codec_state *st)
{
	if (st == NULL)
		return;
	declared_table_free(st->table);
	free(st);
}

int
declared_state_new(struct codec_state **out, const struct declared *d, struct err *e)
{
	struct codec_state *st = calloc(1, sizeof(*st));

	if (st == NULL || (st->table = declared_table_new(d)) == NULL) {
		declared_state_free(st);
		return err_set(e, "out of memory");
	}
	st->cut = d->cut;
	*out = st;
	return 0;
}

enum codec_status
declared_cut_pairs(struct slice line, struct declared_line *l)
{
	struct slice name, value;
	enum pairs_status status;

	while ((status = pairs_cut_quoted(&line, &name, &value, l->mem)) == PAIRS_ONE)
		declared_put(l, name, value);
	return status == PAIRS_END ? CODEC_EVENT : CODEC_BAD_QUOTE;
}

enum codec_status
declared_read(struct codec_state *st, const struct codec_config *cfg, struct slice line,
    struct instant received, struct arena *mem, struct event *ev)
{
	struct declared_line l = {.table = st->table,
	    .cache = &st->cache,
	    .zone = cfg->utc_offset,
	    .received = received,
	    .mem = mem,
	    .ev = ev};
	enum codec_status status = st->cut(line, &l);

	return status == CODEC_EVENT ? declared_finish(&l) : status;
}
