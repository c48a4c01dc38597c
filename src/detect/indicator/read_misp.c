/*
 * read_misp.c - MISP's two JSON forms: warning lists and events.
 *
 * A warning list of type "string" names exactly its strings, "hostname" also
 * what is below them, "cidr" networks.  Of an event those attributes count that
 * are marked for detection; where none is, the mark is not in use and all do.
 */
#include <stdio.h>

#include "base/utf8.h"

#include "detect/indicator/loader.h"

bool
misp_recognise(const struct json *root)
{
	return json_kind_of(json_member(root, "list")) == JSON_IS_ARRAY ||
	       json_member(root, "Event") != NULL || json_member(root, "response") != NULL ||
	       json_member(json_item(root, 0), "Event") != NULL;
}

static int
read_warninglist(struct reading *r, const struct json *root)
{
	const struct json *list = json_member(root, "list");
	struct slice type = json_text(json_member(root, "type"));
	bool usable = !slice_is(type, "regex") && !slice_is(type, "substring");
	enum indicator_kind want = slice_is(type, "cidr")	? INDICATOR_IP
				   : slice_is(type, "hostname") ? INDICATOR_DOMAIN
								: VALUE_ANY;
	uint32_t origin;

	reading_call(r, json_text(json_member(root, "name")));
	if (reading_origin(r, (struct slice){0}, NULL, &origin) != 0)
		return -1;
	for (size_t i = 0; i < json_count(list); i++) {
		unsigned line = (unsigned)i + 1;
		struct slice s = json_text(json_item(list, i));

		if (!usable)
			reading_refuse(r, line, REFUSED_LIST_TYPE);
		else if (s.ptr == NULL)
			reading_refuse(r, line, REFUSED_UNKNOWN);
		else if (reading_offer(r, line, s, want, slice_is(type, "string"), origin) != 0)
			return -1;
	}
	return 0;
}

enum part {
	PART_NONE,
	PART_DOMAIN,
	PART_IP,
	PART_URL,
	PART_HASH,
	PART_JA3,
	PART_JA4,
	PART_HOST_PORT
};

struct misp_type {
	struct slice name;
	enum part first, second;
};

static const struct misp_type *
type_by_name(struct slice name)
{
	static const struct misp_type types[] = {
#define MISP_TYPE(name, first, second) {SLICE_LITERAL(name), PART_##first, PART_##second},
#include "detect/indicator/misp_types.def"
#undef MISP_TYPE
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (slice_equal(types[i].name, name))
			return &types[i];
	return NULL;
}

/* Attributes of an event and of its objects, one after the other. */
struct walk {
	const struct json *event;
	size_t object; /* 0: the event's own, n: of its n-th object */
	size_t i;
};

static const struct json *
next_attribute(struct walk *w)
{
	const struct json *objects = json_member(w->event, "Object");

	while (w->object <= json_count(objects)) {
		const struct json *owner =
		    w->object == 0 ? w->event : json_item(objects, w->object - 1);
		const struct json *a = json_item(json_member(owner, "Attribute"), w->i++);

		if (a != NULL)
			return a;
		w->object++;
		w->i = 0;
	}
	return NULL;
}

/* MISP writes numbers and truths as strings now and then. */
static bool
is_true(const struct json *v)
{
	return json_truth(v) || slice_is(json_text(v), "1") || slice_is(json_text(v), "true");
}

static int
offer_part(struct reading *r, unsigned line, struct slice s, enum part part, uint32_t origin)
{
	static const enum indicator_kind kinds[] = {
	    [PART_DOMAIN] = INDICATOR_DOMAIN,
	    [PART_IP] = INDICATOR_IP,
	    [PART_URL] = INDICATOR_URL,
	    [PART_HASH] = INDICATOR_HASH,
	    [PART_JA3] = INDICATOR_JA3,
	    [PART_JA4] = INDICATOR_JA4,
	};
	char text[300];
	size_t bar;
	int n;

	if (part == PART_NONE)
		return 0;
	if (part != PART_HOST_PORT)
		return reading_offer(r, line, s, kinds[part], false, origin);
	bar = slice_find(s, '|');
	n = snprintf(text, sizeof(text),
	    slice_find(slice_first(s, bar), ':') == SIZE_MAX ? "%.*s:%.*s" : "[%.*s]:%.*s",
	    SLICE_ARG(slice_first(s, bar)),
	    SLICE_ARG(slice_from(s, bar == SIZE_MAX ? bar : bar + 1)));
	if (n < 0 || (size_t)n >= sizeof(text)) {
		reading_refuse(r, line, REFUSED_TOO_LONG);
		return 0;
	}
	return reading_offer(r, line, slice_of(text, (size_t)n), VALUE_ANY, false, origin);
}

static int
read_attribute(struct reading *r, unsigned line, const struct json *a, bool marked,
    const struct origin *base)
{
	const struct misp_type *type = type_by_name(json_text(json_member(a, "type")));
	struct slice value = json_text(json_member(a, "value"));
	struct slice second = value;
	size_t bar = slice_find(value, '|');
	struct origin o = *base;
	uint32_t origin;

	if (type == NULL || value.ptr == NULL) {
		reading_refuse(r, line, REFUSED_OTHER_TYPE);
		return 0;
	}
	if (is_true(json_member(a, "deleted"))) {
		reading_refuse(r, line, REFUSED_DELETED);
		return 0;
	}
	if (marked && !is_true(json_member(a, "to_ids"))) {
		reading_refuse(r, line, REFUSED_NOT_FOR_DETECTION);
		return 0;
	}
	if (type->first != PART_HOST_PORT && slice_find(type->name, '|') != SIZE_MAX &&
	    bar != SIZE_MAX) {
		second = slice_from(value, bar + 1);
		value = slice_first(value, bar);
	} else if (type->first == PART_NONE && bar != SIZE_MAX)
		second = slice_from(value, bar + 1);
	o.note = utf8_cut(slice_trim(json_text(json_member(a, "comment"))), NOTE_MAX);
	if (reading_own_origin(r, o, &origin) != 0 ||
	    offer_part(r, line, value, type->first, origin) != 0)
		return -1;
	return offer_part(r, line, second, type->second, origin);
}

static int
read_event(struct reading *r, const struct json *event)
{
	static const enum level threat[] = {LEVEL_HIGH, LEVEL_MEDIUM, LEVEL_LOW};
	struct walk w = {.event = event};
	const struct json *a;
	struct origin base = r->base;
	bool marked = false;
	unsigned line = 0;
	struct slice grade = json_text(json_member(event, "threat_level_id"));

	base.name = utf8_cut(slice_trim(json_text(json_member(event, "info"))), NOTE_MAX);
	if (!base.graded && grade.len == 1 && grade.ptr[0] >= '1' && grade.ptr[0] <= '3') {
		base.graded = true;
		base.level = threat[grade.ptr[0] - '1'];
		base.severity = (uint8_t)level_severity(base.level);
	}
	while (!marked && (a = next_attribute(&w)) != NULL)
		marked = is_true(json_member(a, "to_ids"));
	w = (struct walk){.event = event};
	while ((a = next_attribute(&w)) != NULL)
		if (read_attribute(r, ++line, a, marked, &base) != 0)
			return -1;
	return 0;
}

/* {"Event": ...}, {"response": [{"Event": ...}]} or an array of either. */
static int
read_events(struct reading *r, const struct json *v)
{
	const struct json *many = json_member(v, "response");

	if (json_member(v, "Event") != NULL)
		return read_event(r, json_member(v, "Event"));
	if (many == NULL)
		many = v;
	for (size_t i = 0; json_kind_of(many) == JSON_IS_ARRAY && i < json_count(many); i++)
		if (read_events(r, json_item(many, i)) != 0)
			return -1;
	/* {"response": {"Event": ...}} */
	return many != v && json_kind_of(many) == JSON_IS_OBJECT ? read_events(r, many) : 0;
}

int
read_misp(struct reading *r, const struct json *root)
{
	if (json_kind_of(json_member(root, "list")) == JSON_IS_ARRAY) {
		r->report->format = "misp-warninglist";
		return read_warninglist(r, root);
	}
	r->report->format = "misp-event";
	return read_events(r, root);
}
