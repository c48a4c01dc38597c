/* run.c - look up what an event names.  lookups.def says what that is. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/hash.h"
#include "detect/indicator/set.h"

enum how { HOW_NONE, HOW_HOST, HOW_WEB, HOW_URL, HOW_ADDRESS, HOW_HASH, HOW_JA3, HOW_JA4 };

#define ANY (~0u)
#define INBOUND                                                                                \
	(1u << EVENT_WEBSERVER | 1u << EVENT_FIREWALL | 1u << EVENT_CONNECTION |               \
	    1u << EVENT_IDS | 1u << EVENT_AUTH)

static const struct {
	enum how how;
	unsigned classes;
} lookups[FIELD_COUNT] = {
#define LOOKUP(field, how, classes) [FIELD_##field] = {HOW_##how, classes},
#include "detect/indicator/lookups.def"
#undef LOOKUP
};

/* Hits of one event: one indicator each, with the fields that named it. */
#define HITS_MAX       16
#define HIT_FIELDS_MAX 8

struct hit {
	uint32_t place;
	const struct rule_info *rule;
	unsigned n_fields;
	struct matched_field fields[HIT_FIELDS_MAX];
};

/*
 * Hosts and addresses for which nothing is listed, as they were written.  Traffic
 * names few of them often, so most look-ups end here.  A slot is the 64-bit
 * hash alone, keyed by the loader's random seed: that two values share one and
 * the slot is too rare to happen, and cannot be arranged.
 */
#define QUIET_SLOTS 8192

struct indicator_run {
	const struct indicator_set *set;
	uint64_t seed;
	uint64_t quiet[QUIET_SLOTS];
	uint64_t wanted[EVENT_CLASS_COUNT][EVENT_PRESENT_SIZE];
	unsigned n_hits;
	struct hit hits[HITS_MAX];
	struct url url;
	uint8_t composed[2 * URL_MAX];
};

struct indicator_run *
indicator_run_new(const struct indicator_set *s)
{
	struct indicator_run *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->set = s;
	r->seed = hash_u64(s->bad.seed + 1);
	for (int c = 0; c < EVENT_CLASS_COUNT; c++)
		for (int f = 0; f < FIELD_COUNT; f++)
			if (lookups[f].how != HOW_NONE && (lookups[f].classes >> c & 1))
				r->wanted[c][f / 64] |= (uint64_t)1 << (f % 64);
	return r;
}

void
indicator_run_free(struct indicator_run *r)
{
	free(r);
}

static void
add_hit(struct indicator_run *r, uint32_t place, enum field_id f, struct slice value)
{
	struct hit *h = r->hits;
	struct slice text;

	while (h < r->hits + r->n_hits && h->place != place)
		h++;
	if (h == r->hits + r->n_hits) {
		if (r->n_hits == HITS_MAX)
			return;
		h->place = place;
		h->n_fields = 0;
		r->n_hits++;
	}
	h->rule = rule_of_entry(r->set->rules, &r->set->bad, place, &text);
	if (h->rule == NULL || h->n_fields == HIT_FIELDS_MAX)
		return;
	h->fields[h->n_fields++] =
	    (struct matched_field){slice_str(field_name(f)), value, text};
}

static bool
host_allowed(const struct indicator_run *r, struct slice host, struct instant at)
{
	return table_find_host(&r->set->allow, host, false, at).place != TABLE_NONE;
}

static bool
ip_allowed(const struct indicator_run *r, const struct ip *ip, unsigned port, struct instant at)
{
	return table_find_ip(&r->set->allow, ip, port, at).place != TABLE_NONE;
}

static unsigned
number_of(struct slice s)
{
	uint64_t n;

	return slice_to_u64(s, &n) && n <= 65535 ? (unsigned)n : 0;
}

/* The port that the event names for its destination; 0 if it names none. */
static unsigned
destination_port(const struct event *ev)
{
	unsigned port = number_of(event_get(ev, FIELD_DESTINATION_PORT));
	struct slice scheme = event_get(ev, FIELD_URL_SCHEME);

	if (port == 0)
		port = number_of(event_get(ev, FIELD_URL_PORT));
	if (port == 0 && slice_is(scheme, "http"))
		port = 80;
	if (port == 0 && slice_is(scheme, "https"))
		port = 443;
	return port;
}

/* False: nothing is listed there, at any time. */
static bool
see_ip(struct indicator_run *r, const struct event *ev, enum field_id f, struct slice value,
    const struct ip *ip)
{
	struct table_answer a = table_find_ip(&r->set->bad, ip, 0, ev->at);
	unsigned port;

	if (a.place == TABLE_NONE)
		return a.listed;
	/*
	 * Only a destination has the port that lists mean.  A DNS answer names none:
	 * the event's port is the name server's.
	 */
	port = f == FIELD_DNS_ANSWER || f == FIELD_SOURCE_IP || f == FIELD_CLIENT_IP
		   ? 0
		   : destination_port(ev);
	if (port != 0)
		a = table_find_ip(&r->set->bad, ip, port, ev->at);
	if (a.place != TABLE_NONE && !ip_allowed(r, ip, port, ev->at))
		add_hit(r, a.place, f, value);
	return true;
}

/* The event's URL as text: its own, or put together from its parts. */
static struct slice
event_url(struct indicator_run *r, const struct event *ev, enum field_id *from)
{
	static const enum field_id whole[] = {FIELD_URL_FULL, FIELD_URL_ORIGINAL};
	struct slice host = event_get(ev, FIELD_URL_DOMAIN);
	struct slice query = event_get(ev, FIELD_URL_QUERY);
	struct slice parts[] = {event_get(ev, FIELD_URL_SCHEME), SLICE("://"),
	    slice_find(host, ':') == SIZE_MAX || host.ptr[0] == '[' ? SLICE("") : SLICE("["),
	    host,
	    slice_find(host, ':') == SIZE_MAX || host.ptr[0] == '[' ? SLICE("") : SLICE("]"),
	    SLICE(":"), event_get(ev, FIELD_URL_PORT), event_get(ev, FIELD_URL_PATH),
	    SLICE("?"), query};
	struct buf b = {
	    .ptr = r->composed, .cap = sizeof(r->composed), .max = sizeof(r->composed)};

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		struct slice s = event_get(ev, whole[i]);

		if (slice_search(slice_first(s, 16), SLICE("://")) != SIZE_MAX) {
			*from = whole[i];
			return s;
		}
	}
	*from = event_has(ev, FIELD_URL_ORIGINAL) ? FIELD_URL_ORIGINAL : FIELD_URL_DOMAIN;
	if (parts[0].len == 0)
		parts[1].len = 0;
	if (parts[6].len == 0)
		parts[5].len = 0;
	if (query.len == 0)
		parts[8].len = 0;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		buf_add(&b, slice_first(parts[i], b.cap - b.len));
	return buf_slice(&b);
}

/* A URL under a host that has listed URLs.  True if it is a hit or explicitly allowed. */
static bool
see_url(struct indicator_run *r, const struct event *ev, enum field_id f, struct slice value)
{
	uint32_t place;

	if (!url_normalise(value, &r->url))
		return false;
	if (table_find_url(&r->set->allow, &r->url, ev->at).place != TABLE_NONE)
		return true;
	place = table_find_url(&r->set->bad, &r->url, ev->at).place;
	if (place != TABLE_NONE)
		add_hit(r, place, f, event_has(ev, f) ? event_get(ev, f) : value);
	return place != TABLE_NONE;
}

/* Could this text be an IPv4 or IPv6 address?  Host names never end in a digit or hold a colon.
 */
static bool
maybe_address(struct slice s)
{
	uint8_t last = s.ptr[s.len - 1];

	return (last >= '0' && last <= '9') || last == ']' || slice_find(s, ':') != SIZE_MAX;
}

/* "host:8080" without the port; IPv6 without its brackets. */
static struct slice
bare_host(struct slice s)
{
	size_t colon = slice_find(s, ':');

	if (s.ptr[0] == '[')
		return slice_first(slice_from(s, 1), slice_find(s, ']') - 1);
	if (colon != SIZE_MAX && slice_find(slice_from(s, colon + 1), ':') == SIZE_MAX)
		return slice_first(s, colon);
	return s;
}

/* The host of a URL, as URLs have it: IPv6 in brackets. */
static struct slice
address_host(const struct ip *ip, char buf[IP_TEXT_MAX + 2])
{
	char text[IP_TEXT_MAX];
	int n =
	    snprintf(buf, IP_TEXT_MAX + 2, ip->len == 16 ? "[%s]" : "%s", ip_format(ip, text));

	return slice_of(buf, (size_t)n);
}

/* `shown` is the event's value that holds the host.  False: nothing is listed there, at any
 * time. */
static bool
see_host(struct indicator_run *r, const struct event *ev, enum field_id f, enum how how,
    struct slice value, struct slice shown)
{
	char name[HOST_MAX + 1], text[IP_TEXT_MAX + 2];
	struct slice host = value;
	struct ip ip = {0};
	bool address = false, listed = false;
	struct table_answer a;
	enum field_id from;

	if (value.len == 0)
		return false;
	if (maybe_address(value)) {
		host = bare_host(value);
		address = ip_parse(host, &ip);
	}
	if (address) {
		listed = see_ip(r, ev, f, shown, &ip);
		if (how != HOW_WEB || r->set->bad.urls == 0)
			return listed;
		host = address_host(&ip, text);
	} else if ((host = host_fold(host, name)).ptr == NULL)
		return false;
	a = table_find_host(&r->set->bad, host, address, ev->at);
	if (a.place == TABLE_NONE && !(a.urls && how == HOW_WEB))
		return a.listed || listed;
	if (address ? ip_allowed(r, &ip, 0, ev->at) : host_allowed(r, host, ev->at))
		return true;
	/* What is said about the very URL is more exact than what is said about its host. */
	if (how == HOW_WEB && (a.urls || r->set->allow.urls > 0)) {
		struct slice url = event_url(r, ev, &from);

		if (see_url(r, ev, from, url))
			return true;
	}
	if (a.place != TABLE_NONE)
		add_hit(r, a.place, f, shown);
	return true;
}

static void
see_text(struct indicator_run *r, const struct event *ev, enum field_id f, enum how how,
    struct slice value)
{
	struct value v;
	struct slice key;
	uint32_t place;

	/* Read as a list's row is read, so that both mean the same. */
	if (value_read(value, how == HOW_JA3 ? INDICATOR_JA3 : VALUE_ANY,
		&(struct value_rules){0}, &v) != REFUSED_NOT)
		return;
	if (v.kind != (how == HOW_JA3	   ? INDICATOR_JA3
			  : how == HOW_JA4 ? INDICATOR_JA4
					   : INDICATOR_HASH))
		return;
	key = v.kind == INDICATOR_JA4 ? v.text : slice_of(v.digest, v.digest_len);
	place = table_find_exact(&r->set->bad, v.kind, key, ev->at).place;
	if (place != TABLE_NONE &&
	    table_find_exact(&r->set->allow, v.kind, key, ev->at).place == TABLE_NONE)
		add_hit(r, place, f, value);
}

/* A URL in an event that names no host by itself. */
static void
see_whole_url(
    struct indicator_run *r, const struct event *ev, enum field_id f, struct slice value)
{
	if (!url_normalise(value, &r->url))
		return;
	if (r->url.ip.len != 0 ? ip_allowed(r, &r->url.ip, 0, ev->at)
			       : host_allowed(r, r->url.host, ev->at))
		return;
	if (!see_url(r, ev, f, value))
		see_host(r, ev, f, HOW_HOST, r->url.host, value);
}

/* What is not remembered, or cannot be: false where nothing is listed for it at any time. */
static bool
see_new(struct indicator_run *r, const struct event *ev, enum field_id f, struct slice value)
{
	struct ip ip;

	switch (lookups[f].how) {
	case HOW_NONE:
		break;
	case HOW_HOST:
	case HOW_WEB:
		return see_host(r, ev, f, lookups[f].how, value, value);
	case HOW_ADDRESS:
		return ip_parse(value, &ip) && see_ip(r, ev, f, value, &ip);
	case HOW_URL:
		/* With url.domain at hand, WEB has looked at the URL. */
		if (!event_has(ev, FIELD_URL_DOMAIN))
			see_whole_url(r, ev, f, value);
		break;
	case HOW_HASH:
	case HOW_JA3:
	case HOW_JA4:
		see_text(r, ev, f, lookups[f].how, value);
		break;
	}
	return true;
}

static inline void
see_value(struct indicator_run *r, const struct event *ev, enum field_id f, struct slice value)
{
	enum how how = lookups[f].how;
	uint64_t hash, *slot;

	if (how != HOW_WEB && how != HOW_HOST && how != HOW_ADDRESS) {
		see_new(r, ev, f, value);
		return;
	}
	hash = hash_bytes(value, r->seed + how);
	slot = &r->quiet[hash % QUIET_SLOTS];
	if (*slot != hash && !see_new(r, ev, f, value))
		*slot = hash;
}

void
indicator_run_see(
    struct indicator_run *r, const struct event *ev, uint64_t offset, struct findings *out)
{
	r->n_hits = 0;
	for (int w = 0; w < EVENT_PRESENT_SIZE; w++) {
		uint64_t there = ev->present[w] & r->wanted[ev->class][w];

		for (; there != 0; there &= there - 1) {
			enum field_id f = (enum field_id)(w * 64 + __builtin_ctzll(there));

			see_value(r, ev, f, ev->value[f]);
		}
	}
	for (unsigned i = 0; i < ev->n_extra; i++) {
		enum field_id f = ev->extra[i].field;

		if (f != FIELD_NONE && (lookups[f].classes >> ev->class & 1))
			see_value(r, ev, f, ev->extra[i].value);
	}
	for (unsigned i = 0; i < r->n_hits; i++)
		if (r->hits[i].rule != NULL)
			findings_add(out, r->hits[i].rule, ev, offset, r->hits[i].fields,
			    r->hits[i].n_fields);
}
