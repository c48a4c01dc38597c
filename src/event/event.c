/* event.c - the field and class tables, and the slow paths of struct event. */
#include "event/event.h"

static const struct {
	struct slice name;
	enum field_kind kind;
} fields[] = {
#define FIELD(id, name, kind) {SLICE_LITERAL(name), FIELD_##kind},
#include "event/fields.def"
#undef FIELD
};

static const char *const classes[] = {
#define EVENT_CLASS(id, name) name,
#include "event/classes.def"
#undef EVENT_CLASS
};

const char *
field_name(enum field_id f)
{
	return (const char *)fields[f].name.ptr;
}

enum field_kind
field_kind(enum field_id f)
{
	return fields[f].kind;
}

enum field_id
field_by_name(struct slice name)
{
	for (int f = 0; f < FIELD_COUNT; f++)
		if (slice_equal(fields[f].name, name))
			return (enum field_id)f;
	return FIELD_NONE;
}

const char *
event_class_name(enum event_class c)
{
	return classes[c];
}

bool
event_class_by_name(struct slice name, enum event_class *out)
{
	for (int c = 0; c < EVENT_CLASS_COUNT; c++)
		if (slice_is(name, classes[c])) {
			*out = (enum event_class)c;
			return true;
		}
	return false;
}

static bool
add_extra(struct event *ev, enum field_id f, struct slice name, struct slice v)
{
	if (ev->n_extra == EVENT_EXTRA_MAX)
		return false;
	ev->extra[ev->n_extra++] = (struct event_extra){f, name, v};
	return true;
}

bool
event_add(struct event *ev, enum field_id f, struct slice v)
{
	if (event_has(ev, f))
		return add_extra(ev, f, fields[f].name, v);
	event_set(ev, f, v);
	return true;
}

bool
event_add_extra(struct event *ev, struct slice name, struct slice v)
{
	return add_extra(ev, FIELD_NONE, name, v);
}

struct slice
event_find(const struct event *ev, struct slice name)
{
	enum field_id f = field_by_name(name);

	if (f != FIELD_NONE && event_has(ev, f))
		return ev->value[f];
	for (unsigned i = 0; i < ev->n_extra; i++)
		if (slice_equal(ev->extra[i].name, name))
			return ev->extra[i].value;
	return (struct slice){0};
}
