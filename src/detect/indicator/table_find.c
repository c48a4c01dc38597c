/* table_find.c - looking up: see table.h. */
#include <stdio.h>

#include "detect/indicator/key.h"

static bool
in_force(const struct table *t, const struct entry *en, struct instant at)
{
	const struct origin *o = &t->origins[en->origin];

	return !instant_before(at, o->from) && instant_before(at, o->until);
}

static const struct table_answer nothing = {.place = TABLE_NONE};

/* A key may be there several times, in force at different times: the gravest counts. */
static void
consider(struct table_answer *a, const struct table *t, const struct entry *en, uint32_t place,
    struct instant at)
{
	struct entry other;

	a->listed = true;
	if (!in_force(t, en, at))
		return;
	if (a->place != TABLE_NONE) {
		other = table_entry(t, a->place);
		if (table_severity(t, en) <= table_severity(t, &other))
			return;
	}
	a->place = place;
}

/* What the slots of one level say.  False: nothing is listed at this name or below it. */
static bool
look_at_level(const struct table *t, uint64_t hash, struct slice name, bool whole,
    struct instant at, struct table_answer *a)
{
	struct index_probe p = index_find(&t->index, hash);
	bool any = false;
	uint32_t place;

	while (index_next(&t->index, &p, &place)) {
		struct entry en = table_entry(t, place);
		struct slice host = entry_host(&en);

		if (host.ptr == NULL || !is_within(host, name))
			continue;
		any = true;
		if (host.len != name.len)
			continue;
		if (en.kind == INDICATOR_URL)
			a->urls |= whole;
		else if (whole || !en.exact)
			consider(a, t, &en, place, at);
	}
	a->listed |= a->urls;
	return any;
}

struct table_answer
table_find_host(const struct table *t, struct slice host, bool address, struct instant at)
{
	struct table_answer found = nothing;
	struct host_walk w;
	bool any;

	if (t->rows == 0 || host.len == 0)
		return nothing;
	if (address) {
		look_at_level(t, host_hash(t, host), host, true, at, &found);
		return found;
	}
	if (!walk_start(&w, t, host) || !index_may_hold(&t->index, w.hash))
		return nothing;
	do {
		struct table_answer here = nothing;

		any = look_at_level(t, w.hash, walk_name(&w), w.at == 0, at, &here);
		if (here.place != TABLE_NONE)
			found.place = here.place;
		found.listed |= here.listed;
		found.urls |= here.urls;
	} while (any && walk_deeper(&w));
	return found;
}

struct table_answer
table_find_url(const struct table *t, const struct url *u, struct instant at)
{
	struct table_answer found = nothing;
	struct url_walk w = walk_over(t, u->text);

	if (t->urls == 0)
		return nothing;
	while (w.done < u->text.len) {
		struct table_answer longer = nothing;
		struct index_probe p;
		uint32_t place;

		walk_on(&w);
		if (w.done == u->text.len && u->cut)
			break; /* the text ends here, the URL does not */
		p = index_find(&t->index, w.hash);
		while (index_next(&t->index, &p, &place)) {
			struct entry en = table_entry(t, place);

			if (en.kind == INDICATOR_URL &&
			    slice_equal(en.key, slice_first(u->text, w.done)))
				consider(&longer, t, &en, place, at);
		}
		if (longer.place != TABLE_NONE)
			found = longer;
	}
	return found;
}

static bool
covers(const struct entry *en, const struct ip *masked, unsigned bits, unsigned port)
{
	struct ip ip;
	const uint8_t *p;

	if (en->kind != INDICATOR_IP || entry_bits(en) != bits)
		return false;
	ip = entry_ip(en);
	p = en->key.ptr + ip.len;
	return ip_equal(&ip, masked) &&
	       (!en->with_port || port == 0 || port == ((unsigned)p[0] << 8 | p[1]));
}

static void
look_at_prefix(const struct table *t, const struct ip *masked, uint64_t hash, unsigned bits,
    unsigned port, struct instant at, struct table_answer *a)
{
	struct index_probe p = index_find(&t->index, hash);
	uint32_t place;

	while (index_next(&t->index, &p, &place)) {
		struct entry en = table_entry(t, place);

		if (covers(&en, masked, bits, port))
			consider(a, t, &en, place, at);
	}
}

struct table_answer
table_find_ip(const struct table *t, const struct ip *ip, unsigned port, struct instant at)
{
	struct table_answer found = nothing;

	/* From the longest prefixes to the shortest: the first hit is the most specific. */
	for (int word = ip->len == 4 ? 0 : 2; word >= 0; word--) {
		uint64_t lengths = ip->len == 4 ? t->prefixes4 : t->prefixes6[word];

		while (lengths != 0) {
			unsigned bit = 63 - (unsigned)__builtin_clzll(lengths);
			unsigned bits = (unsigned)word * 64 + bit;
			struct ip masked = bits == ip->len * 8u ? *ip : ip_mask(*ip, bits);
			uint64_t hash = prefix_hash(t, &masked, bits);

			if (index_may_hold(&t->index, hash))
				look_at_prefix(t, &masked, hash, bits, port, at, &found);
			if (found.place != TABLE_NONE)
				return found;
			lengths &= ~((uint64_t)1 << bit);
		}
	}
	return found;
}

struct table_answer
table_find_exact(
    const struct table *t, enum indicator_kind kind, struct slice key, struct instant at)
{
	struct table_answer found = nothing;
	struct index_probe p;
	uint32_t place;

	if (t->rows == 0)
		return nothing;
	p = index_find(&t->index, kind_hash(t, kind, key));
	while (index_next(&t->index, &p, &place)) {
		struct entry en = table_entry(t, place);

		if (en.kind == kind && slice_equal(en.key, key))
			consider(&found, t, &en, place, at);
	}
	return found;
}

static size_t
put_hex(char *buf, struct slice s)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < s.len; i++) {
		buf[2 * i] = digits[s.ptr[i] >> 4];
		buf[2 * i + 1] = digits[s.ptr[i] & 15];
	}
	return 2 * s.len;
}

size_t
entry_text(const struct entry *en, char buf[ENTRY_TEXT_MAX])
{
	struct ip ip;
	char text[IP_TEXT_MAX];

	if (en->kind == INDICATOR_HASH || en->kind == INDICATOR_JA3)
		return put_hex(buf, en->key);
	if (en->kind != INDICATOR_IP) {
		memcpy(buf, en->key.ptr, en->key.len);
		return en->key.len;
	}
	ip = entry_ip(en);
	ip_format(&ip, text);
	if (en->with_port)
		return (size_t)snprintf(buf, ENTRY_TEXT_MAX, ip.len == 4 ? "%s:%u" : "[%s]:%u",
		    text, (unsigned)en->key.ptr[ip.len] << 8 | en->key.ptr[ip.len + 1]);
	if (en->key.ptr[0] == ip.len * 8)
		return (size_t)snprintf(buf, ENTRY_TEXT_MAX, "%s", text);
	return (size_t)snprintf(buf, ENTRY_TEXT_MAX, "%s/%u", text, en->key.ptr[0]);
}
