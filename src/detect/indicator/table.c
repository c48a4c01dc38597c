/* table.c - see table.h. */
#include "detect/indicator/table.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"

#define KIND_BITS      0x0f
#define FLAG_EXACT     0x10
#define FLAG_WITH_PORT 0x20

/* More rows with one and the same hash than this are dropped: no list may make look-ups slow.
 */
#define SAME_HASH_MAX 64

/* Entries without limits of time hold for ever. */
static bool
is_timeless(const struct origin *o)
{
	return o->from.us == INT64_MIN && o->until.us == INT64_MAX;
}

void
table_init(struct table *t, uint64_t seed)
{
	*t = (struct table){.seed = seed};
}

void
table_release(struct table *t)
{
	free(t->pool);
	free(t->origins);
	index_release(&t->index);
	*t = (struct table){.seed = t->seed};
}

int
table_add_origin(struct table *t, const struct origin *o, uint32_t *out, struct err *e)
{
	if (t->n_origins == t->cap_origins) {
		size_t cap = t->cap_origins == 0 ? 16 : t->cap_origins * 2;
		struct origin *p = reallocarray(t->origins, cap, sizeof(*p));

		if (p == NULL)
			return err_set(e, "out of memory for the sources of indicators");
		t->origins = p;
		t->cap_origins = cap;
	}
	t->origins[t->n_origins] = *o;
	*out = (uint32_t)t->n_origins++;
	return 0;
}

static size_t
put_number(uint8_t *p, uint32_t v)
{
	size_t n = 0;

	while (v >= 0x80) {
		p[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	p[n++] = (uint8_t)v;
	return n;
}

static inline uint32_t
get_number(const uint8_t **p)
{
	uint32_t v = 0;

	for (unsigned shift = 0;; shift += 7) {
		uint8_t c = *(*p)++;

		v |= (uint32_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return v;
	}
}

/* The entry at p; *p moves behind it. */
static inline struct entry
read_entry(const uint8_t **p)
{
	struct entry en;
	uint8_t head = *(*p)++;
	size_t len;

	en.kind = (enum indicator_kind)(head & KIND_BITS);
	en.exact = head & FLAG_EXACT;
	en.with_port = head & FLAG_WITH_PORT;
	en.origin = get_number(p);
	len = get_number(p);
	en.key = slice_of(*p, len);
	*p += len;
	return en;
}

struct entry
table_entry(const struct table *t, uint32_t place)
{
	const uint8_t *p = t->pool + place;

	return read_entry(&p);
}

int
table_add(struct table *t, const struct value *v, uint32_t origin, struct err *e)
{
	uint8_t key[20], *p;
	uint8_t head = (uint8_t)v->kind;
	struct slice k = v->text;
	size_t most;

	switch (v->kind) {
	case INDICATOR_IP:
		if (v->port != 0) {
			memcpy(key, v->prefix.ip.bytes, v->prefix.ip.len);
			key[v->prefix.ip.len] = (uint8_t)(v->port >> 8);
			key[v->prefix.ip.len + 1] = (uint8_t)v->port;
			k = slice_of(key, v->prefix.ip.len + 2u);
			head |= FLAG_WITH_PORT;
		} else {
			key[0] = v->prefix.bits;
			memcpy(key + 1, v->prefix.ip.bytes, v->prefix.ip.len);
			k = slice_of(key, v->prefix.ip.len + 1u);
		}
		break;
	case INDICATOR_HASH:
	case INDICATOR_JA3:
		k = slice_of(v->digest, v->digest_len);
		break;
	case INDICATOR_DOMAIN:
		if (v->exact)
			head |= FLAG_EXACT;
		break;
	case INDICATOR_URL:
		t->urls++;
		break;
	case INDICATOR_JA4:
	case INDICATOR_KIND_COUNT:
		break;
	}
	most = 1 + 5 + 5 + k.len;
	if (t->pool_len + most > t->pool_cap) {
		size_t cap = t->pool_cap == 0 ? 65536 : t->pool_cap + t->pool_cap / 2 + most;

		if (cap > TABLE_NONE)
			return err_set(e, "indicators of more than 4 GiB: load fewer lists");
		if ((p = realloc(t->pool, cap)) == NULL)
			return err_set(e, "out of memory at %zu indicators", t->rows);
		t->pool = p;
		t->pool_cap = cap;
	}
	p = t->pool + t->pool_len;
	*p++ = head;
	p += put_number(p, origin);
	p += put_number(p, (uint32_t)k.len);
	memcpy(p, k.ptr, k.len);
	t->pool_len = (size_t)(p - t->pool) + k.len;
	t->rows++;
	return 0;
}

static uint64_t
host_hash(const struct table *t, struct slice host)
{
	return hash_bytes(host, t->seed);
}

static uint64_t
kind_hash(const struct table *t, enum indicator_kind kind, struct slice key)
{
	return hash_bytes(key, t->seed + 1 + (uint64_t)kind);
}

/*
 * URLs are hashed piece by piece, a piece ending at each cut after the host, so
 * that one pass over an event's URL gives the hash of every prefix that may be listed.
 */
struct url_walk {
	struct slice text;
	size_t done;
	uint64_t hash;
};

static struct url_walk
walk_over(const struct table *t, struct slice text)
{
	return (struct url_walk){.text = text, .hash = t->seed + 1 + INDICATOR_URL};
}

/* Go on to the next cut at or after `from`, or to the end. */
static void
walk_on(struct url_walk *w)
{
	size_t to = w->done + 1;

	while (to < w->text.len && !url_is_cut(w->text, to))
		to++;
	w->hash = hash_bytes(slice_of(w->text.ptr + w->done, to - w->done), w->hash);
	w->done = to;
}

static uint64_t
url_hash(const struct table *t, struct slice text)
{
	struct url_walk w = walk_over(t, text);

	while (w.done < text.len)
		walk_on(&w);
	return w.hash;
}

/* The host of a URL in normal form, as it stands in its text. */
static struct slice
url_host(struct slice text)
{
	size_t n = 0;

	if (text.len > 0 && text.ptr[0] == '[')
		n = slice_find(text, ']') + 1;
	while (n < text.len && text.ptr[n] != '/' && text.ptr[n] != '?' && text.ptr[n] != ':')
		n++;
	return slice_first(text, n);
}

static struct slice
prefix_key(const struct ip *ip, unsigned bits, uint8_t buf[17])
{
	struct ip masked = ip_mask(*ip, bits);

	buf[0] = (uint8_t)bits;
	memcpy(buf + 1, masked.bytes, masked.len);
	return slice_of(buf, masked.len + 1u);
}

static uint64_t
entry_hash(const struct table *t, const struct entry *en)
{
	uint8_t key[17];

	switch (en->kind) {
	case INDICATOR_DOMAIN:
		return host_hash(t, en->key);
	case INDICATOR_URL:
		return url_hash(t, en->key);
	case INDICATOR_IP:
		if (!en->with_port)
			break;
		/* With a port: found under the address alone. */
		key[0] = (uint8_t)((en->key.len - 2) * 8);
		memcpy(key + 1, en->key.ptr, en->key.len - 2);
		return kind_hash(t, INDICATOR_IP, slice_of(key, en->key.len - 1));
	case INDICATOR_HASH:
	case INDICATOR_JA3:
	case INDICATOR_JA4:
	case INDICATOR_KIND_COUNT:
		break;
	}
	return kind_hash(t, en->kind, en->key);
}

static bool
same_key(const struct entry *a, const struct entry *b)
{
	return a->kind == b->kind && a->exact == b->exact && a->with_port == b->with_port &&
	       slice_equal(a->key, b->key);
}

/* The level that a kind suggests by itself. */
static const enum level kind_levels[] = {
#define KIND(id, name, level, ...) [INDICATOR_##id] = LEVEL_##level,
#include "detect/indicator/kinds.def"
#undef KIND
};

enum level
table_level(const struct table *t, const struct entry *en)
{
	const struct origin *o = &t->origins[en->origin];

	return o->graded ? o->level : kind_levels[en->kind];
}

unsigned
table_severity(const struct table *t, const struct entry *en)
{
	const struct origin *o = &t->origins[en->origin];

	return o->graded ? o->severity : level_severity(kind_levels[en->kind]);
}

/* What to do with a row, given those that are there already. */
enum fate { KEEP, DROP, REPLACE };

static enum fate
choose_fate(struct table *t, const struct entry *en, uint64_t hash, uint32_t *replaced)
{
	struct index_probe p = index_find(&t->index, hash);
	unsigned seen = 0;
	uint32_t place;

	while (index_next(&t->index, &p, &place)) {
		struct entry old = table_entry(t, place);

		if (++seen == SAME_HASH_MAX) {
			t->dropped++;
			return DROP;
		}
		if (!same_key(&old, en) || !is_timeless(&t->origins[old.origin]) ||
		    !is_timeless(&t->origins[en->origin]))
			continue;
		if (table_severity(t, en) <= table_severity(t, &old))
			return DROP;
		*replaced = place;
		return REPLACE;
	}
	return KEEP;
}

/* Let every way that led to one place lead to another. */
static void
redirect(struct table *t, uint64_t hash, uint32_t from, uint32_t to)
{
	struct index_bucket *b = &t->index.buckets[index_bucket_of(&t->index, hash)];

	for (;;) {
		for (unsigned i = 0; i < INDEX_SLOTS; i++)
			if (b->place[i] == from)
				b->place[i] = to;
		if (b->spill == 0)
			return;
		if (++b == t->index.buckets + t->index.n_buckets)
			b = t->index.buckets;
	}
}

/* Is there a way in by this host already? */
static bool
has_host(const struct table *t, struct slice host, uint64_t hash)
{
	struct index_probe p = index_find(&t->index, hash);
	uint32_t place;

	while (index_next(&t->index, &p, &place)) {
		struct entry en = table_entry(t, place);

		if (en.kind == INDICATOR_URL && slice_equal(url_host(en.key), host))
			return true;
	}
	return false;
}

static void
note_prefix(struct table *t, const struct entry *en)
{
	unsigned bits = en->with_port ? (unsigned)(en->key.len - 2) * 8 : en->key.ptr[0];
	bool v4 = en->key.len == (en->with_port ? 6u : 5u);

	if (v4)
		t->prefixes4 |= (uint64_t)1 << bits;
	else
		t->prefixes6[bits / 64] |= (uint64_t)1 << (bits % 64);
}

static void
index_entry(struct table *t, const struct entry *en, uint64_t hash, uint32_t place)
{
	index_add(&t->index, hash, place);
	if (en->kind == INDICATOR_IP)
		note_prefix(t, en);
	if (en->kind == INDICATOR_URL) {
		struct slice host = url_host(en->key);

		hash = host_hash(t, host);
		if (!has_host(t, host, hash))
			index_add(&t->index, hash, place);
	}
}

/*
 * Rows are moved together towards the pool's start as repeated ones fall out.
 * A replaced row stays where it is: nothing leads to it any more.
 */
int
table_build(struct table *t, struct err *e)
{
	const uint8_t *in = t->pool, *end = t->pool + t->pool_len;
	uint8_t *out = t->pool;
	size_t kept = 0;

	if (!index_init(&t->index, t->rows + t->urls))
		return err_set(e, "out of memory for an index of %zu indicators", t->rows);
	while (in < end) {
		const uint8_t *start = in;
		struct entry en = read_entry(&in);
		uint64_t hash = entry_hash(t, &en);
		uint32_t place = (uint32_t)(out - t->pool), old = 0;
		enum fate fate = choose_fate(t, &en, hash, &old);

		if (fate == DROP)
			continue;
		memmove(out, start, (size_t)(in - start));
		out += in - start;
		en = table_entry(t, place);
		if (fate == KEEP) {
			index_entry(t, &en, hash, place);
			kept++;
			continue;
		}
		redirect(t, hash, old, place);
		if (en.kind == INDICATOR_URL)
			redirect(t, host_hash(t, url_host(en.key)), old, place);
	}
	t->rows = kept;
	t->pool_len = (size_t)(out - t->pool);
	if (t->pool_len > 0 && (out = realloc(t->pool, t->pool_len)) != NULL) {
		t->pool = out;
		t->pool_cap = t->pool_len;
	}
	return 0;
}

static bool
in_force(const struct table *t, const struct entry *en, struct instant at)
{
	const struct origin *o = &t->origins[en->origin];

	return !instant_before(at, o->from) && instant_before(at, o->until);
}

/* A key may be there several times, in force at different times: the gravest counts. */
struct best {
	uint32_t place;
	unsigned severity;
};

static void
consider(struct best *b, const struct table *t, const struct entry *en, uint32_t place,
    struct instant at)
{
	unsigned severity;

	if (!in_force(t, en, at))
		return;
	severity = table_severity(t, en);
	if (b->place == TABLE_NONE || severity > b->severity)
		*b = (struct best){place, severity};
}

static uint32_t
find_name(const struct table *t, struct slice name, uint64_t hash, bool whole,
    struct instant at, bool *urls)
{
	struct index_probe p = index_find(&t->index, hash);
	struct best b = {TABLE_NONE, 0};
	uint32_t place;

	while (index_next(&t->index, &p, &place)) {
		struct entry en = table_entry(t, place);

		if (en.kind == INDICATOR_DOMAIN && (whole || !en.exact) &&
		    slice_equal(en.key, name))
			consider(&b, t, &en, place, at);
		else if (whole && en.kind == INDICATOR_URL &&
			 slice_equal(url_host(en.key), name))
			*urls = true;
	}
	return b.place;
}

/* Names looked for at the same time, so that the machine fetches their lines together. */
#define TOGETHER 8

uint32_t
table_find_host(
    const struct table *t, struct slice host, bool is_address, struct instant at, bool *urls)
{
	struct slice names[TOGETHER];
	uint64_t hashes[TOGETHER];
	struct slice rest = host;
	bool whole = true;

	*urls = false;
	if (t->rows == 0)
		return TABLE_NONE;
	if (is_address)
		return find_name(t, host, host_hash(t, host), true, at, urls);
	while (rest.len > 0) {
		size_t n = 0;

		/* The name itself and all above it but the top-level domain. */
		while (n < TOGETHER && rest.len > 0) {
			size_t dot = slice_find(rest, '.');

			if (dot == SIZE_MAX) {
				rest.len = 0;
				break;
			}
			names[n] = rest;
			hashes[n] = host_hash(t, rest);
			index_prefetch(&t->index, hashes[n]);
			n++;
			rest = slice_from(rest, dot + 1);
		}
		for (size_t i = 0; i < n; i++) {
			uint32_t place = find_name(t, names[i], hashes[i], whole, at, urls);

			whole = false;
			if (place != TABLE_NONE)
				return place;
		}
	}
	return TABLE_NONE;
}

uint32_t
table_find_url(const struct table *t, const struct url *u, struct instant at)
{
	struct url_walk w = walk_over(t, u->text);
	struct best b = {TABLE_NONE, 0};

	if (t->urls == 0)
		return TABLE_NONE;
	while (w.done < u->text.len) {
		struct best longer = {TABLE_NONE, 0};
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
			b = longer;
	}
	return b.place;
}

static uint32_t
find_prefix(
    const struct table *t, const struct ip *ip, unsigned bits, unsigned port, struct instant at)
{
	struct best b = {TABLE_NONE, 0};
	struct index_probe p;
	uint8_t buf[17];
	struct slice key = prefix_key(ip, bits, buf);
	uint32_t place;

	p = index_find(&t->index, kind_hash(t, INDICATOR_IP, key));
	while (index_next(&t->index, &p, &place)) {
		struct entry en = table_entry(t, place);

		if (en.kind != INDICATOR_IP)
			continue;
		if (!en.with_port
			? slice_equal(en.key, key)
			: bits == ip->len * 8u && en.key.len == ip->len + 2u &&
			      memcmp(en.key.ptr, ip->bytes, ip->len) == 0 &&
			      (port == 0 || port == ((unsigned)en.key.ptr[ip->len] << 8 |
							en.key.ptr[ip->len + 1])))
			consider(&b, t, &en, place, at);
	}
	return b.place;
}

uint32_t
table_find_ip(const struct table *t, const struct ip *ip, unsigned port, struct instant at)
{
	for (int word = ip->len == 4 ? 0 : 2; word >= 0; word--) {
		uint64_t lengths = ip->len == 4 ? t->prefixes4 : t->prefixes6[word];

		while (lengths != 0) {
			unsigned bits = 63 - (unsigned)__builtin_clzll(lengths);
			uint32_t place =
			    find_prefix(t, ip, (unsigned)word * 64 + bits, port, at);

			if (place != TABLE_NONE)
				return place;
			lengths &= ~((uint64_t)1 << bits);
		}
	}
	return TABLE_NONE;
}

uint32_t
table_find_exact(
    const struct table *t, enum indicator_kind kind, struct slice key, struct instant at)
{
	struct best b = {TABLE_NONE, 0};
	struct index_probe p;
	uint32_t place;

	if (t->rows == 0)
		return TABLE_NONE;
	p = index_find(&t->index, kind_hash(t, kind, key));
	while (index_next(&t->index, &p, &place)) {
		struct entry en = table_entry(t, place);

		if (en.kind == kind && slice_equal(en.key, key))
			consider(&b, t, &en, place, at);
	}
	return b.place;
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
	struct ip ip = {0};
	char text[IP_TEXT_MAX];

	if (en->kind == INDICATOR_HASH || en->kind == INDICATOR_JA3)
		return put_hex(buf, en->key);
	if (en->kind != INDICATOR_IP) {
		memcpy(buf, en->key.ptr, en->key.len);
		return en->key.len;
	}
	ip.len = (uint8_t)(en->key.len - (en->with_port ? 2 : 1));
	memcpy(ip.bytes, en->key.ptr + (en->with_port ? 0 : 1), ip.len);
	ip_format(&ip, text);
	if (en->with_port)
		return (size_t)snprintf(buf, ENTRY_TEXT_MAX, ip.len == 4 ? "%s:%u" : "[%s]:%u",
		    text, (unsigned)en->key.ptr[ip.len] << 8 | en->key.ptr[ip.len + 1]);
	if (en->key.ptr[0] == ip.len * 8)
		return (size_t)snprintf(buf, ENTRY_TEXT_MAX, "%s", text);
	return (size_t)snprintf(buf, ENTRY_TEXT_MAX, "%s/%u", text, en->key.ptr[0]);
}
