/*
 * event.h - one thing that happened, as a view of a log line.
 *
 * An event copies nothing: its values are slices into the batch's bytes, or into
 * the batch's arena where a value had to be decoded (JSON escapes, converted
 * characters).  A codec fills one struct event per line and the caller reuses it
 * for the next, so values last only until the next line is read; whoever needs
 * them longer reads the line again.
 */
#ifndef HINOMI_EVENT_EVENT_H
#define HINOMI_EVENT_EVENT_H

#include "base/instant.h"
#include "base/slice.h"

enum field_id {
#define FIELD(id, name, kind) FIELD_##id,
#include "event/fields.def"
#undef FIELD
	FIELD_COUNT,
	FIELD_NONE = FIELD_COUNT, /* no such field */
};

enum field_kind { FIELD_TEXT, FIELD_IP, FIELD_NUMBER };

enum event_class {
#define EVENT_CLASS(id, name) EVENT_##id,
#include "event/classes.def"
#undef EVENT_CLASS
	EVENT_CLASS_COUNT,
};

/* A value that fields.def has no row for, or a further value of a field that has one already.
 */
struct event_extra {
	enum field_id field; /* FIELD_NONE: look at name */
	struct slice name;
	struct slice value;
};

#define EVENT_EXTRA_MAX	   256
#define EVENT_PRESENT_SIZE ((FIELD_COUNT + 63) / 64)

/* value[f] is meaningful only where f's bit in `present` is set: use event_get(). */
struct event {
	struct instant at;
	bool timed; /* the line said when; otherwise `at` is the batch's arrival */
	enum event_class class;
	struct slice dataset; /* "squid.access", "suricata.dns": a literal */
	struct slice
	    raw; /* the whole line as received, in UTF-8 where its source has a charset */
	uint64_t present[EVENT_PRESENT_SIZE];
	struct slice value[FIELD_COUNT];
	unsigned n_extra;
	struct event_extra extra[EVENT_EXTRA_MAX];
};

static inline void
event_reset(struct event *ev, struct slice raw)
{
	ev->at = (struct instant){0};
	ev->timed = false;
	ev->class = EVENT_OTHER;
	ev->dataset = (struct slice){0};
	ev->raw = raw;
	memset(ev->present, 0, sizeof(ev->present));
	ev->n_extra = 0;
}

static inline bool
event_has(const struct event *ev, enum field_id f)
{
	return ev->present[f / 64] >> (f % 64) & 1;
}

/* The value, or the absent slice (ptr NULL). */
static inline struct slice
event_get(const struct event *ev, enum field_id f)
{
	return event_has(ev, f) ? ev->value[f] : (struct slice){0};
}

static inline void
event_set(struct event *ev, enum field_id f, struct slice v)
{
	ev->present[f / 64] |= (uint64_t)1 << (f % 64);
	ev->value[f] = v;
}

/*
 * Set f, or add v as a further value when f has one (JSON arrays).  False when
 * there is no room left; what was there stays.
 */
bool event_add(struct event *ev, enum field_id f, struct slice v);

/* A value whose name fields.def does not have.  Same answer. */
bool event_add_extra(struct event *ev, struct slice name, struct slice v);

/* The first value of that name among known fields and extras, exact case; absent if none. */
struct slice event_find(const struct event *ev, struct slice name);

const char *field_name(enum field_id f);
enum field_kind field_kind(enum field_id f);

/* FIELD_NONE when no field has that ECS name.  Case matters. */
enum field_id field_by_name(struct slice name);

const char *event_class_name(enum event_class c);
bool event_class_by_name(struct slice name, enum event_class *out);

#endif
