/*
 * codec_ecs.c - JSON lines in the names of the Elastic Common Schema.
 *
 * Every name of fields.def is one already; names that are not ECS but common are
 * rows of a table.  Nested objects and dotted names are the same.
 */
#include "event/codec.h"

#include <stdlib.h>

#include "event/json_fields.h"
#include "event/url.h"
#include "event/value.h"

static const struct json_fields_row rows[] = {
#define ALIAS(path, take, field) {path, TAKE_##take, FIELD_##field},
#include "event/ecs_aliases.def"
#undef ALIAS
};

struct class_row {
	struct slice name;
	enum event_class class;
};

static const struct class_row datasets[] = {
#define DATASET(name, class) {SLICE_LITERAL(name), EVENT_##class},
#define CATEGORY(name, class)
#include "event/ecs_classes.def"
#undef DATASET
#undef CATEGORY
};

static const struct class_row categories[] = {
#define DATASET(name, class)
#define CATEGORY(name, class) {SLICE_LITERAL(name), EVENT_##class},
#include "event/ecs_classes.def"
#undef DATASET
#undef CATEGORY
};

struct codec_state {
	struct json_fields *table;
	struct stamp_cache cache;
};

static bool
class_by_dataset(struct slice name, enum event_class *out)
{
	for (size_t i = 0; name.len > 0 && i < sizeof(datasets) / sizeof(datasets[0]); i++)
		if (slice_search(name, datasets[i].name) != SIZE_MAX) {
			*out = datasets[i].class;
			return true;
		}
	return false;
}

static bool
class_by_category(const struct event *ev, enum event_class *out)
{
	for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++) {
		if (slice_equal(event_get(ev, FIELD_EVENT_CATEGORY), categories[i].name)) {
			*out = categories[i].class;
			return true;
		}
		for (unsigned k = 0; k < ev->n_extra; k++) /* further values of the array */
			if (ev->extra[k].field == FIELD_EVENT_CATEGORY &&
			    slice_equal(ev->extra[k].value, categories[i].name)) {
				*out = categories[i].class;
				return true;
			}
	}
	return false;
}

/* By what the event has, where nothing says what it is. */
static enum event_class
class_by_fields(const struct event *ev)
{
	if (event_has(ev, FIELD_PROXY_RESULT) || event_has(ev, FIELD_URL_FULL) ||
	    slice_is(event_get(ev, FIELD_HTTP_METHOD), "CONNECT"))
		return EVENT_PROXY;
	if (event_has(ev, FIELD_HTTP_METHOD) || event_has(ev, FIELD_HTTP_STATUS))
		return EVENT_WEBSERVER;
	if (event_has(ev, FIELD_DNS_QUESTION_NAME))
		return EVENT_DNS;
	if (event_has(ev, FIELD_TLS_SERVER_NAME) || event_has(ev, FIELD_TLS_JA3))
		return EVENT_TLS;
	if (event_has(ev, FIELD_PROCESS_EXECUTABLE) ||
	    event_has(ev, FIELD_PROCESS_COMMAND_LINE))
		return EVENT_PROCESS;
	if (event_has(ev, FIELD_SOURCE_IP) && event_has(ev, FIELD_DESTINATION_IP))
		return EVENT_CONNECTION;
	return EVENT_OTHER;
}

static enum event_class
find_class(const struct event *ev)
{
	enum event_class class;

	if (class_by_dataset(event_get(ev, FIELD_EVENT_DATASET), &class) ||
	    class_by_dataset(event_get(ev, FIELD_EVENT_MODULE), &class) ||
	    class_by_category(ev, &class))
		return class;
	return class_by_fields(ev);
}

/* Squid's own word for what it did ("TCP_MISS") comes as "action" in plain logs. */
static void
move_result(struct event *ev)
{
	struct slice action = event_get(ev, FIELD_EVENT_ACTION);

	if (!event_has(ev, FIELD_PROXY_RESULT) &&
	    (slice_starts(action, SLICE("TCP_")) || slice_starts(action, SLICE("NONE_"))))
		event_set(ev, FIELD_PROXY_RESULT, action);
}

/* url.original or url.full bring along the parts that the line does not have. */
static void
put_url(struct slice url, struct arena *mem, struct event *ev)
{
	if (event_has(ev, FIELD_URL_ORIGINAL))
		url = event_get(ev, FIELD_URL_ORIGINAL);
	else if (event_has(ev, FIELD_URL_FULL))
		url = event_get(ev, FIELD_URL_FULL);
	if (url.len > 0)
		url_put(ev, url, true);
	url_compose(ev, mem);
}

static enum codec_status
read_line(struct codec_state *st, const struct codec_config *cfg, struct slice line,
    struct instant received, struct arena *mem, struct event *ev)
{
	struct json_fields_found found = {0};
	enum codec_status status =
	    json_fields_read(st->table, &st->cache, cfg->utc_offset, line, mem, ev, &found);

	if (status != CODEC_EVENT)
		return status;
	move_result(ev);
	put_url(found.url, mem, ev);
	ev->class = find_class(ev);
	ev->dataset = SLICE("ecs.json");
	return CODEC_EVENT;
}

static int
recognise(struct slice line)
{
	line = slice_trim(line);
	if (line.len < 2 || line.ptr[0] != '{' || line.ptr[line.len - 1] != '}')
		return 0;
	return slice_search(line, SLICE("\"@timestamp\"")) != SIZE_MAX ? 80 : 40;
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

	if (st == NULL ||
	    (st->table = json_fields_new(rows, sizeof(rows) / sizeof(rows[0]), true)) == NULL) {
		state_free(st);
		return err_set(e, "out of memory");
	}
	*out = st;
	return 0;
}

const struct codec codec_ecs = {
    .id = "ecs",
    .title = "JSON lines in ECS names",
    .recognise = recognise,
    .state_new = state_new,
    .state_free = state_free,
    .read = read_line,
};
