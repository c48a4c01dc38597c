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

/*
 * Hosts are hashed from the right: the last two labels first, then one label at
 * a time.  Each listed name leaves a slot at every such level below it, so a
 * look-up that meets a level without slots knows that nothing is listed beyond:
 * for most hosts that is the first one, of the registrable domain.
 */
struct host_walk {
	struct slice host;
	size_t at; /* where this level's name starts */
	uint64_t hash;
};

/* Where the label before `end` starts. */
static inline size_t
label_start(struct slice host, size_t end)
{
	while (end > 0 && host.ptr[end - 1] != '.')
		end--;
	return end;
}

/* False for a single label. */
static inline bool
walk_start(struct host_walk *w, const struct table *t, struct slice host)
{
	size_t tld = label_start(host, host.len);

	if (tld == 0)
		return false;
	w->host = host;
	w->at = label_start(host, tld - 1);
	w->hash = hash_bytes(slice_from(host, w->at), t->seed);
	return true;
}

static inline bool
walk_deeper(struct host_walk *w)
{
	size_t end = w->at;

	if (end == 0)
		return false;
	w->at = label_start(w->host, end - 1);
	w->hash = hash_bytes(slice_of(w->host.ptr + w->at, end - 1 - w->at), w->hash);
	return true;
}

static inline struct slice
walk_name(const struct host_walk *w)
{
	return slice_from(w->host, w->at);
}

/* The hash of a whole host; of an address, which has no levels. */
static uint64_t
host_hash(const struct table *t, struct slice host)
{
	struct host_walk w;

	if (!walk_start(&w, t, host))
		return hash_bytes(host, t->seed);
	while (walk_deeper(&w))
		;
	return w.hash;
}

static bool
is_address(struct slice url_host)
{
	uint8_t last = url_host.ptr[url_host.len - 1];

	return last == ']' || (last >= '0' && last <= '9');
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

/* A prefix as the bits that count, in numbers where they fit. */
static uint64_t
prefix_hash(const struct table *t, const struct ip *masked, unsigned bits)
{
	const uint8_t *b = masked->bytes;
	uint64_t v = (uint64_t)b[0] << 32 | (uint64_t)b[1] << 24 | (uint64_t)b[2] << 16 |
		     (uint64_t)b[3] << 8 | bits;

	if (masked->len == 4)
		return hash_u64(t->seed + v * 0x9e3779b97f4a7c15u);
	return hash_bytes(slice_of(b, 16), t->seed + 1 + bits);
}

/* The address in the key of an IP entry. */
static struct ip
entry_ip(const struct entry *en)
{
	struct ip ip = {.len = (uint8_t)(en->key.len - (en->with_port ? 2 : 1))};

	memcpy(ip.bytes, en->key.ptr + (en->with_port ? 0 : 1), ip.len);
	return ip;
}

/* An entry with a port is found under its address alone. */
static unsigned
entry_bits(const struct entry *en)
{
	return en->with_port ? (unsigned)(en->key.len - 2) * 8 : en->key.ptr[0];
}

static uint64_t
entry_hash(const struct table *t, const struct entry *en)
{
	struct ip ip;

	switch (en->kind) {
	case INDICATOR_DOMAIN:
		return host_hash(t, en->key);
	case INDICATOR_URL:
		return url_hash(t, en->key);
	case INDICATOR_IP:
		ip = entry_ip(en);
		return prefix_hash(t, &ip, entry_bits(en));
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

/* The host that an entry is about; absent where it is about none. */
static struct slice
entry_host(const struct entry *en)
{
	if (en->kind == INDICATOR_DOMAIN)
		return en->key;
	return en->kind == INDICATOR_URL ? url_host(en->key) : (struct slice){0};
}

/* Is `host` this name or below it? */
static bool
is_within(struct slice host, struct slice name)
{
	return slice_ends(host, name) &&
	       (host.len == name.len || host.ptr[host.len - name.len - 1] == '.');
}

/* Does a slot say already that something is listed at this name (a URL, if so asked) or below?
 */
static bool
has_slot(const struct table *t, uint64_t hash, struct slice name, bool url)
{
	struct index_probe p = index_find(&t->index, hash);
	uint32_t place;

	while (index_next(&t->index, &p, &place)) {
		struct entry en = table_entry(t, place);
		struct slice host = entry_host(&en);

		if (url ? en.kind == INDICATOR_URL && slice_equal(host, name)
			: host.ptr != NULL && is_within(host, name))
			return true;
	}
	return false;
}

/* The slots that lead a look-up from the last two labels of a host to this entry. */
static bool
index_host(struct table *t, const struct entry *en, uint32_t place)
{
	struct slice host = entry_host(en);
	bool url = en->kind == INDICATOR_URL;
	struct host_walk w;

	if (!is_address(host) && walk_start(&w, t, host))
		do {
			if (w.at > 0 && !has_slot(t, w.hash, walk_name(&w), false) &&
			    !index_add(&t->index, w.hash, place))
				return false;
		} while (walk_deeper(&w));
	if (!url || has_slot(t, host_hash(t, host), host, true))
		return true;
	return index_add(&t->index, host_hash(t, host), place);
}

static void
note_prefix(struct table *t, const struct entry *en)
{
	unsigned bits = entry_bits(en);

	if (entry_ip(en).len == 4)
		t->prefixes4 |= (uint64_t)1 << bits;
	else
		t->prefixes6[bits / 64] |= (uint64_t)1 << (bits % 64);
}

static bool
index_entry(struct table *t, const struct entry *en, uint64_t hash, uint32_t place)
{
	if (!index_add(&t->index, hash, place))
		return false;
	if (en->kind == INDICATOR_IP)
		note_prefix(t, en);
	return (en->kind != INDICATOR_DOMAIN && en->kind != INDICATOR_URL) ||
	       index_host(t, en, place);
}

/* Rows whose lines of the index are on their way while earlier ones are put in. */
#define AHEAD 16

struct ahead {
	const uint8_t *at;
	uint64_t hash[AHEAD];
	size_t read, taken;
};

static uint64_t
next_hash(struct ahead *a, const struct table *t, const uint8_t *end)
{
	while (a->at < end && a->read < a->taken + AHEAD) {
		struct entry en = read_entry(&a->at);
		uint64_t hash = entry_hash(t, &en);

		index_prefetch(&t->index, hash);
		a->hash[a->read++ % AHEAD] = hash;
	}
	return a->hash[a->taken++ % AHEAD];
}

/*
 * Index every row, moving rows together towards the pool's start as repeated
 * ones fall out.  A replaced row stays where it is: slots of its host may still
 * read its text.  False when the index is too small; the pool is whole again then.
 */
static bool
index_rows(struct table *t)
{
	const uint8_t *in = t->pool, *end = t->pool + t->pool_len;
	uint8_t *out = t->pool;
	struct ahead ahead = {.at = in};
	size_t kept = 0;
	bool fits = true;

	while (in < end && fits) {
		uint64_t hash = next_hash(&ahead, t, end);
		const uint8_t *start = in;
		struct entry en = read_entry(&in);
		uint32_t place = (uint32_t)(out - t->pool), old = 0;
		enum fate fate = choose_fate(t, &en, hash, &old);

		if (fate == DROP)
			continue;
		memmove(out, start, (size_t)(in - start));
		out += in - start;
		en = table_entry(t, place);
		if (fate == REPLACE) {
			index_redirect(&t->index, hash, old, place);
			if (en.kind == INDICATOR_URL)
				index_redirect(
				    &t->index, host_hash(t, url_host(en.key)), old, place);
		} else {
			fits = index_entry(t, &en, hash, place);
			kept++;
		}
	}
	memmove(out, in, (size_t)(end - in));
	t->pool_len = (size_t)(out - t->pool) + (size_t)(end - in);
	if (fits)
		t->rows = kept;
	return fits;
}

int
table_build(struct table *t, struct err *e)
{
	size_t room = t->rows + t->urls + t->rows / 32 + 64;
	bool fits, again;
	uint8_t *trimmed;

	do {
		index_release(&t->index);
		t->dropped = 0;
		if (!index_init(&t->index, room))
			return err_set(
			    e, "out of memory for an index of %zu indicators", t->rows);
		fits = t->rows == 0 || index_rows(t);
		/* Once more where many rows fell out: a set lives long and is built once. */
		again = !fits || t->index.used + 64 < room / 8 * 7;
		room = fits ? t->index.used + 64 : room + room / 4;
	} while (again);
	if (t->pool_len > 0 && (trimmed = realloc(t->pool, t->pool_len)) != NULL) {
		t->pool = trimmed;
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
