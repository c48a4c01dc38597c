/*
 * codec_eve.c - Suricata's EVE JSON: a table of paths, a table of event types.
 */
#include "event/codec.h"

#include <stdlib.h>

#include "event/json_fields.h"
#include "event/url.h"
#include "event/value.h"

static const struct json_fields_row rows[] = {
#define EVE(path, take, field) {path, TAKE_##take, FIELD_##field},
#include "event/eve_fields.def"
#undef EVE
};

static const struct type {
	const char *name;
	struct slice dataset;
	enum event_class class;
} types[] = {
#define EVE_TYPE(name, class) {name, SLICE_LITERAL("suricata." name), EVENT_##class},
#include "event/eve_types.def"
#undef EVE_TYPE
};

struct codec_state {
	struct json_fields *table;
	struct stamp_cache cache;
};

static const struct type *
find_type(struct slice name)
{
	static const struct type other = {"", SLICE_LITERAL("suricata.eve"), EVENT_CONNECTION};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (slice_is(name, types[i].name))
			return &types[i];
	return &other;
}

/*
 * EVE has host and path apart.  url.full is put together, in the arena with its
 * "http://", because rules and indicators ask for whole URLs.
 */
static void
put_http(struct slice url, struct arena *mem, struct event *ev)
{
	struct slice host = event_get(ev, FIELD_URL_DOMAIN),
		     port = event_get(ev, FIELD_URL_PORT);
	char *text;

	url_put(ev, url, slice_is(event_get(ev, FIELD_HTTP_METHOD), "CONNECT"));
	if (host.len == 0 || url.ptr[0] != '/' || event_has(ev, FIELD_URL_FULL))
		return;
	if (port.len > 0)
		text = arena_printf(mem, "http://%.*s:%.*s%.*s", SLICE_ARG(host),
		    SLICE_ARG(port), SLICE_ARG(url));
	else
		text = arena_printf(mem, "http://%.*s%.*s", SLICE_ARG(host), SLICE_ARG(url));
	if (text == NULL)
		return;
	event_set(ev, FIELD_URL_FULL, slice_str(text));
	event_set(ev, FIELD_URL_SCHEME, slice_of(text, 4));
}

static enum codec_status
read_line(struct codec_state *st, const struct codec_config *cfg, struct slice line,
    struct instant received, struct arena *mem, struct event *ev)
{
	struct json_fields_found found = {0};
	enum codec_status status =
	    json_fields_read(st->table, &st->cache, cfg->utc_offset, line, mem, ev, &found);
	const struct type *type;

	if (status != CODEC_EVENT)
		return status;
	if (slice_is(found.type, "stats"))
		return CODEC_NOTHING; /* Suricata's own counters, not something that happened */
	type = find_type(found.type);
	ev->class = type->class;
	ev->dataset = type->dataset;
	if (!value_is_absent(found.type))
		event_set(ev, FIELD_EVENT_ACTION, found.type);
	if (found.url.len > 0)
		put_http(found.url, mem, ev);
	return CODEC_EVENT;
}

static int
recognise(struct slice line)
{
	if (line.len < 20 || line.ptr[0] != '{')
		return 0;
	return slice_search(line, SLICE("\"event_type\"")) != SIZE_MAX &&
		       slice_search(line, SLICE("\"timestamp\"")) != SIZE_MAX
		   ? 95
		   : 0;
}

static void
state_free(struct codec_state *st)
{
	if (st == NULL)
		return;
	json_fields_free(st->table);
	free(st);
}

static int
state_new(struct codec_state **out, const struct codec_config *cfg, struct err *e)
{
	struct codec_state *st = calloc(1, sizeof(*st));

	if (st == NULL || (st->table = json_fields_new(
			       rows, sizeof(rows) / sizeof(rows[0]), false)) == NULL) {
		state_free(st);
		return err_set(e, "out of memory");
	}
	*out = st;
	return 0;
}

const struct codec codec_eve = {
    .id = "eve",
    .title = "Suricata EVE JSON",
    .recognise = recognise,
    .state_new = state_new,
    .state_free = state_free,
    .read = read_line,
};
