/*
 * codec_winevent.c - Windows events as JSON: Winlogbeat, NXLog, and the event's own
 * XML turned into JSON.
 *
 * Shippers differ in how deep they put a value and in what they call the event's
 * head.  Prefixes are taken off, the head's names are a table's, and all values
 * stand under the names that Windows gives them and Sigma uses.
 */
#include "event/codec.h"

#include <stdlib.h>

#include "base/hash.h"
#include "event/json_fields.h"
#include "event/value.h"

#define SLOTS 1024 /* a power of two, over twice the rows and fields.def together */

enum winevent_take { WIN_PUT, WIN_TIME, WIN_SHIPPED, WIN_HASHES };

struct name {
	struct slice path;
	enum winevent_take take;
	struct slice name;
	enum field_id field; /* FIELD_NONE: an extra of `name` */
};

static const struct name names[] = {
#define WINEVENT(path, take, name, field)                                                      \
	{SLICE_LITERAL(path), WIN_##take, SLICE_LITERAL(name), FIELD_##field},
#include "event/winevent_names.def"
#undef WINEVENT
};
#define N_NAMES (sizeof(names) / sizeof(names[0]))

static const struct class_row {
	const char *channel, *id;
	enum event_class class;
	struct slice outcome;
} classes[] = {
#define WINEVENT_CLASS(channel, id, class, outcome)                                            \
	{channel, #id, EVENT_##class, SLICE_LITERAL(outcome)},
#include "event/winevent_classes.def"
#undef WINEVENT_CLASS
};

/* Where shippers put the event's own values.  `one`: a level of any name follows. */
static const struct {
	struct slice prefix;
	bool one;
} prefixes[] = {
    {SLICE_LITERAL("Event.EventData."), false},
    {SLICE_LITERAL("Event.UserData."), true},
    {SLICE_LITERAL("Event.System."), false},
    {SLICE_LITERAL("winlog.event_data."), false},
    {SLICE_LITERAL("winlog.user_data."), false},
    {SLICE_LITERAL("event_data."), false},
    {SLICE_LITERAL("user_data."), false},
    {SLICE_LITERAL("EventData."), false},
    {SLICE_LITERAL("System."), false},
};

struct codec_state {
	struct name slot[SLOTS];
	struct json_fields *nothing; /* a table without rows: all values become extras */
	struct stamp_cache cache;
};

/* ---- names ---- */

static struct name *
slot_of(struct codec_state *st, struct slice path)
{
	unsigned i = (unsigned)hash_bytes(path, 0);

	for (;; i++) {
		struct name *n = &st->slot[i &= SLOTS - 1];
		if (n->path.ptr == NULL || slice_equal(n->path, path))
			return n;
	}
}

static struct slice
without_prefix(struct slice path)
{
	size_t dot;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (slice_starts(path, prefixes[i].prefix)) {
			path = slice_from(path, prefixes[i].prefix.len);
			if (prefixes[i].one && (dot = slice_find(path, '.')) != SIZE_MAX)
				path = slice_from(path, dot + 1);
			break;
		}
	/* <Data> without a name, and values with attributes. */
	if (slice_ends(path, SLICE(".#text")) && !slice_is(path, "EventID.#text"))
		path.len -= 6;
	return path;
}

/* Microsoft Defender's names have spaces in them; Sigma's do not. */
static struct slice
without_spaces(struct slice name, struct arena *mem)
{
	uint8_t *p;
	size_t n = 0;

	if (slice_find(name, ' ') == SIZE_MAX || (p = arena_alloc(mem, name.len)) == NULL)
		return name;
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] != ' ')
			p[n++] = name.ptr[i];
	return slice_of(p, n);
}

/* ---- values ---- */

/* "SHA1=..,MD5=..,SHA256=..,IMPHASH=.." */
static void
put_hashes(struct event *ev, struct slice v)
{
	static const struct {
		const char *name;
		enum field_id field;
	} kinds[] = {
	    {"MD5", FIELD_FILE_MD5}, {"SHA1", FIELD_FILE_SHA1}, {"SHA256", FIELD_FILE_SHA256}};
	struct slice one, kind;

	while (slice_cut(&v, ',', &one)) {
		if (!slice_cut(&one, '=', &kind) || one.len == 0)
			continue;
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (slice_is(kind, kinds[i].name))
				event_set(ev, kinds[i].field, one);
	}
}

static void
put_time(struct codec_state *st, const struct name *n, struct slice v, struct span zone,
    bool *own, struct event *ev)
{
	struct instant at;

	if ((ev->timed && n->take == WIN_SHIPPED) || *own)
		return;
	if (!stamp_read_iso(&st->cache, v, zone, &at) && !stamp_read_number(v, &at))
		return;
	ev->at = at;
	ev->timed = true;
	*own = n->take == WIN_TIME;
}

/* Adds at most one extra, on which read_line() relies. */
static void
put_value(struct codec_state *st, struct slice path, struct slice v, struct span zone,
    bool *own_time, struct arena *mem, struct event *ev)
{
	const struct name *n;
	enum field_id f;

	path = without_prefix(path);
	n = slot_of(st, path);
	if (n->path.ptr == NULL) {
		event_add_extra(ev, without_spaces(path, mem), v);
		return;
	}
	if (n->take == WIN_TIME || n->take == WIN_SHIPPED) {
		put_time(st, n, v, zone, own_time, ev);
		return;
	}
	if (n->take == WIN_HASHES)
		put_hashes(ev, v);
	f = n->field;
	/* "-" is what Windows writes for nothing, and what rules ask for by that sign. */
	if (f == FIELD_NONE || value_is_absent(v) ||
	    (field_kind(f) == FIELD_IP && !value_is_ip(v)) ||
	    (field_kind(f) == FIELD_NUMBER && !value_is_number(v)))
		event_add_extra(ev, n->name, v);
	else if (!slice_equal(event_get(ev, f), v)) /* Winlogbeat says some things twice */
		event_add(ev, f, v);
}

static void
put_class(struct event *ev, struct arena *mem)
{
	struct slice channel = event_find(ev, SLICE("Channel"));
	struct slice id = event_get(ev, FIELD_EVENT_CODE);

	ev->class = EVENT_HOST;
	ev->dataset = SLICE("windows.event");
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (!slice_is(id, classes[i].id) || !slice_is(channel, classes[i].channel))
			continue;
		ev->class = classes[i].class;
		if (classes[i].outcome.len > 0 && !event_has(ev, FIELD_EVENT_OUTCOME))
			event_set(ev, FIELD_EVENT_OUTCOME, arena_dup(mem, classes[i].outcome));
		return;
	}
}

static enum codec_status
read_line(struct codec_state *st, const struct codec_config *cfg, struct slice line,
    struct instant received, struct arena *mem, struct event *ev)
{
	struct json_fields_found found = {0};
	unsigned first = ev->n_extra, n;
	enum codec_status status;
	bool own_time = false;

	status =
	    json_fields_read(st->nothing, &st->cache, cfg->utc_offset, line, mem, ev, &found);
	if (status != CODEC_EVENT)
		return status;
	/* Each value adds one extra at most, so what is written never passes what is read. */
	n = ev->n_extra;
	ev->n_extra = first;
	for (unsigned i = first; i < n; i++) {
		struct event_extra x = ev->extra[i];
		put_value(st, x.name, x.value, cfg->utc_offset, &own_time, mem, ev);
	}
	put_class(ev, mem);
	return CODEC_EVENT;
}

static int
recognise(struct slice line)
{
	static const struct {
		const char *a, *b;
	} signs[] = {{"\"EventID\"", "\"Channel\""}, {"\"EventID\"", "\"SourceName\""},
	    {"\"winlog\"", "\"event_id\""}, {"\"winlog.event_id\"", "\"winlog.channel\""},
	    {"\"event_id\"", "\"log_name\""}};

	if (line.len < 40 || line.ptr[0] != '{')
		return 0;
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (slice_search(line, slice_str(signs[i].a)) != SIZE_MAX &&
		    slice_search(line, slice_str(signs[i].b)) != SIZE_MAX)
			return 97;
	return 0;
}

static void
state_free(struct codec_state *st)
{
	if (st == NULL)
		return;
	json_fields_free(st->nothing);
	free(st);
}

static int
state_new(struct codec_state **out, const struct codec_config *cfg, struct err *e)
{
	struct codec_state *st = calloc(1, sizeof(*st));

	if (st == NULL || (st->nothing = json_fields_new(NULL, 0, false)) == NULL) {
		state_free(st);
		return err_set(e, "out of memory");
	}
	/* Winlogbeat has ECS names beside Windows's own; the table's rows win. */
	for (int f = 0; f < FIELD_COUNT; f++) {
		struct slice name = slice_str(field_name((enum field_id)f));
		*slot_of(st, name) = (struct name){name, WIN_PUT, name, (enum field_id)f};
	}
	for (size_t i = 0; i < N_NAMES; i++)
		*slot_of(st, names[i].path) = names[i];
	*out = st;
	return 0;
}

const struct codec codec_winevent = {
    .id = "winevent",
    .title = "Windows events as JSON",
    .recognise = recognise,
    .state_new = state_new,
    .state_free = state_free,
    .read = read_line,
};
