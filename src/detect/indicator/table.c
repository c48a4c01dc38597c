/* table.c - see table.h. */
#include "detect/indicator/table.h"

#include <stdlib.h>

#include "detect/indicator/key.h"

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
