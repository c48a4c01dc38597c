/*
 * json_fields.h - a JSON object's values into an event, by a table of paths.
 *
 * A value's path is its keys joined with dots; arrays do not show in it.  So
 * {"a":{"b":1}}, {"a.b":1} and {"a":[{"b":1}]} all have a value at "a.b".  What
 * the table does not know becomes an extra named by its path.  A path that comes
 * twice gives a further value; what does not fit its field's kind (a word where an
 * address belongs) stays an extra.
 */
#ifndef HINOMI_EVENT_JSON_FIELDS_H
#define HINOMI_EVENT_JSON_FIELDS_H

#include "event/codec.h"
#include "event/json_scan.h"
#include "event/stamp.h"

/* What to do with a value. */
enum take {
	TAKE_PUT,
	TAKE_LOWER,	  /* in lower case */
	TAKE_VERSION,	  /* without "HTTP/" */
	TAKE_HASH,	  /* without colons */
	TAKE_NANOSECONDS, /* to milliseconds */
	TAKE_SECONDS,	  /* to milliseconds */
	TAKE_TIME,
	TAKE_URL,  /* kept for the end: the codec knows what it is */
	TAKE_TYPE, /* kept for the end: what kind of event this is */
	TAKE_DROP,
};

struct json_fields_row {
	const char *path;
	enum take take;
	enum field_id field;
};

struct json_fields;

/* Rows, and if `ecs` all of fields.def by its ECS names; rows win.  NULL without memory. */
struct json_fields *json_fields_new(const struct json_fields_row *rows, size_t n, bool ecs);
void json_fields_free(struct json_fields *t);

/* What a codec looks at after the walk. */
struct json_fields_found {
	struct slice url;
	struct slice type;
};

/* One line to *ev.  CODEC_EVENT, or why it could not be read. */
enum codec_status json_fields_read(const struct json_fields *t, struct stamp_cache *cache,
    struct span zone, struct slice line, struct arena *mem, struct event *ev,
    struct json_fields_found *found);

#endif
