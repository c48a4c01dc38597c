/* json_fields.c - see json_fields.h. */
#include "event/json_fields.h"

#include <stdlib.h>

#include "base/hash.h"
#include "event/value.h"

#define SLOTS	     1024 /* a power of two, over twice the rows of any table */
#define PATH_MAX_LEN 256  /* a longer path is cut: its values become extras of the cut name */

struct slot {
	struct slice path; /* absent: empty */
	uint64_t head, tail;
	enum take take;
	enum field_id field;
	enum field_kind kind;
};

struct json_fields {
	struct slot slot[SLOTS];
};

static inline uint64_t
load(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

/*
 * The first and last bytes of a path, up to eight each, as numbers: together
 * with its length they are all of a path of up to 16 bytes, as nearly all are, so
 * that comparing them is comparing it.
 */
static inline uint64_t
head_of(struct slice s)
{
	if (s.len >= 8)
		return load(s.ptr, 8);
	if (s.len >= 4)
		return load(s.ptr, 4) << 32 | load(s.ptr + s.len - 4, 4);
	return s.len == 0 ? 0
			  : (uint64_t)s.ptr[0] << 16 | (uint64_t)s.ptr[s.len / 2] << 8 |
				s.ptr[s.len - 1];
}

static inline uint64_t
tail_of(struct slice s)
{
	return s.len >= 8 ? load(s.ptr + s.len - 8, 8) : 0;
}

/* The slot that has the path, or the empty one where it would be. */
static inline unsigned
slot_of(const struct json_fields *t, struct slice path)
{
	uint64_t head = head_of(path), tail = tail_of(path);
	unsigned i = (unsigned)(hash_u64(head ^ tail * 3 ^ path.len)) & (SLOTS - 1);

	for (;; i = (i + 1) & (SLOTS - 1)) {
		const struct slot *s = &t->slot[i];
		if (s->path.ptr == NULL)
			return i;
		if (s->head == head && s->tail == tail && s->path.len == path.len &&
		    (path.len <= 16 ||
			memcmp(s->path.ptr + 8, path.ptr + 8, path.len - 16) == 0))
			return i;
	}
}

static void
add_row(struct json_fields *t, const struct json_fields_row *row)
{
	struct slice path = slice_str(row->path);

	t->slot[slot_of(t, path)] = (struct slot){.path = path,
	    .head = head_of(path),
	    .tail = tail_of(path),
	    .take = row->take,
	    .field = row->field,
	    .kind = row->field == FIELD_NONE ? FIELD_TEXT : field_kind(row->field)};
}

struct json_fields *
json_fields_new(const struct json_fields_row *rows, size_t n, bool ecs)
{
	struct json_fields *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	for (int f = 0; ecs && f < FIELD_COUNT; f++)
		add_row(t, &(struct json_fields_row){.path = field_name((enum field_id)f),
			       .field = (enum field_id)f});
	for (size_t i = 0; i < n; i++)
		add_row(t, &rows[i]);
	return t;
}

void
json_fields_free(struct json_fields *t)
{
	free(t);
}

struct walk {
	struct json_scan json;
	const struct json_fields *table;
	struct stamp_cache *cache;
	struct span zone;
	struct arena *mem;
	struct event *ev;
	struct json_fields_found *found;
	uint8_t path[PATH_MAX_LEN];
};

/* ---- one value ---- */

static struct slice
lower(struct slice v, struct arena *mem)
{
	uint8_t *p = arena_alloc(mem, v.len);

	if (p == NULL)
		return (struct slice){0};
	for (size_t i = 0; i < v.len; i++)
		p[i] = v.ptr[i] >= 'A' && v.ptr[i] <= 'Z' ? v.ptr[i] | 0x20 : v.ptr[i];
	return slice_of(p, v.len);
}

static struct slice
without_colons(struct slice v, struct arena *mem)
{
	uint8_t *p;
	size_t n = 0;

	if (slice_find(v, ':') == SIZE_MAX)
		return v;
	if ((p = arena_alloc(mem, v.len)) == NULL)
		return (struct slice){0};
	for (size_t i = 0; i < v.len; i++)
		if (v.ptr[i] != ':')
			p[n++] = v.ptr[i];
	return slice_of(p, n);
}

static bool
put_milliseconds(struct walk *w, struct slice v, double scale)
{
	double d;
	char *text;

	if (!slice_to_double(v, &d) || d < 0 || d * scale > 1e15)
		return false;
	text = arena_printf(w->mem, "%.0f", d * scale);
	return text != NULL && event_add(w->ev, FIELD_EVENT_DURATION_MS, slice_str(text));
}

static bool
put_time(struct walk *w, struct slice v, enum scan_kind kind)
{
	struct instant at;

	if (w->ev->timed)
		return true; /* the first one stands */
	if (kind == SCAN_NUMBER
		? !stamp_read_number(v, &at)
		: !stamp_read_iso(w->cache, v, w->zone, &at) &&
		      !stamp_read_clf(w->cache, v, w->zone, &at) && !stamp_read_number(v, &at))
		return false;
	w->ev->at = at;
	w->ev->timed = true;
	return true;
}

/* "1.0" where a whole number belongs is one. */
static struct slice
whole(struct slice v)
{
	while (v.len > 2 && v.ptr[v.len - 1] == '0' && slice_find(v, '.') != SIZE_MAX)
		v.len--;
	if (v.len > 1 && v.ptr[v.len - 1] == '.')
		v.len--;
	return v;
}

static bool
put_field(struct walk *w, const struct slot *s, struct slice v)
{
	if (s->kind == FIELD_IP && !value_is_ip(v))
		return false;
	if (s->kind == FIELD_NUMBER && !value_is_number(v) && !value_is_number(v = whole(v)))
		return false;
	return event_add(w->ev, s->field, v);
}

/* False when the value is not what the field is for: then it stays an extra. */
static bool
take_value(struct walk *w, const struct slot *s, struct slice v, enum scan_kind kind)
{
	switch (s->take) {
	case TAKE_PUT:
		return put_field(w, s, v);
	case TAKE_LOWER:
		return event_add(w->ev, s->field, lower(v, w->mem));
	case TAKE_VERSION:
		if (slice_starts_nocase(v, SLICE("HTTP/")))
			v = slice_from(v, 5);
		return event_add(w->ev, s->field, v);
	case TAKE_HASH:
		return event_add(w->ev, s->field, without_colons(v, w->mem));
	case TAKE_NANOSECONDS:
		return put_milliseconds(w, v, 1e-6);
	case TAKE_SECONDS:
		return put_milliseconds(w, v, 1e3);
	case TAKE_TIME:
		return put_time(w, v, kind);
	case TAKE_URL:
		if (kind != SCAN_STRING || w->found->url.ptr != NULL)
			return false;
		w->found->url = v;
		return true;
	case TAKE_TYPE:
		if (kind == SCAN_STRING && w->found->type.ptr == NULL)
			w->found->type = v;
		return true;
	case TAKE_DROP:
		return true;
	}
	return false;
}

/* `path` dies with the walk unless it is a key in the line itself. */
static void
put_leaf(struct walk *w, struct slice path, struct slice v, enum scan_kind kind)
{
	const struct slot *s = &w->table->slot[slot_of(w->table, path)];

	if (kind == SCAN_NULL)
		return;
	if (s->path.ptr != NULL) {
		if (value_is_absent(v) || take_value(w, s, v, kind))
			return;
	}
	if (path.ptr == w->path)
		path = arena_dup(w->mem, path);
	event_add_extra(w->ev, path, v);
}

/* ---- the tree ---- */

static void walk_object(struct walk *w, struct slice path);

static void
walk_value(struct walk *w, struct slice path)
{
	struct slice v;
	enum scan_kind kind = json_scan_value(&w->json, &v);

	switch (kind) {
	case SCAN_NOTHING:
		break;
	case SCAN_OBJECT:
		walk_object(w, path);
		break;
	case SCAN_ARRAY:
		while (json_scan_item(&w->json))
			walk_value(w, path);
		break;
	default:
		put_leaf(w, path, v, kind);
	}
}

/* base.key in w->path; base already is there, or is a key of the line. */
static struct slice
join_path(struct walk *w, struct slice base, struct slice key)
{
	size_t len = base.len < PATH_MAX_LEN ? base.len : PATH_MAX_LEN;

	if (base.ptr != w->path)
		memcpy(w->path, base.ptr, len);
	if (len < PATH_MAX_LEN)
		w->path[len++] = '.';
	if (key.len > PATH_MAX_LEN - len)
		key.len = PATH_MAX_LEN - len;
	memcpy(w->path + len, key.ptr, key.len);
	return slice_of(w->path, len + key.len);
}

static void
walk_object(struct walk *w, struct slice path)
{
	struct slice key;

	/* Deeper levels write behind this path in w->path, never into it. */
	while (json_scan_key(&w->json, &key))
		walk_value(w, path.len == 0 ? key : join_path(w, path, key));
}

static enum codec_status
why(enum scan_error e)
{
	return e == SCAN_TOO_DEEP    ? CODEC_TOO_DEEP
	       : e == SCAN_NO_MEMORY ? CODEC_NO_MEMORY
				     : CODEC_BAD_JSON;
}

enum codec_status
json_fields_read(const struct json_fields *t, struct stamp_cache *cache, struct span zone,
    struct slice line, struct arena *mem, struct event *ev, struct json_fields_found *found)
{
	struct walk w;
	struct slice none;

	w.json = json_scan_over(line, mem);
	w.table = t;
	w.cache = cache;
	w.zone = zone;
	w.mem = mem;
	w.ev = ev;
	w.found = found;
	if (json_scan_value(&w.json, &none) != SCAN_OBJECT)
		return w.json.error == SCAN_FINE ? CODEC_BAD_JSON : why(w.json.error);
	walk_object(&w, (struct slice){0});
	if (!json_scan_end(&w.json))
		return why(w.json.error);
	return CODEC_EVENT;
}
