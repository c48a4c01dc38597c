/*
 * codec_cef.c - the Common Event Format: seven columns, then names and values.
 *
 *	CEF:0|vendor|product|version|event id|name|severity|name=value name=value
 *
 * Values that have no name of their own come as cs1=value cs1Label=name: such a
 * value becomes an extra called by its label.
 */
#include "event/declared.h"
#include "event/pairs.h"
#include "event/value.h"

static const struct declared_row rows[] = {
#define KEY(name, take, field) {name, DECLARED_##take, FIELD_##field},
#include "event/cef_keys.def"
#undef KEY
};

static const struct {
	struct slice vendor, product, text;
	enum event_class class;
} kinds[] = {
#define KIND(vendor, product, text, class)                                                     \
	{SLICE_LITERAL(vendor), SLICE_LITERAL(product), SLICE_LITERAL(text), EVENT_##class},
#include "event/cef_kinds.def"
#undef KIND
};

enum { H_VERSION, H_VENDOR, H_PRODUCT, H_PRODUCT_VERSION, H_ID, H_NAME, H_SEVERITY, H_COUNT };

#define LABELS_MAX 32

struct label {
	struct slice key, value;
};

/* A column ends at a bar without a backslash. */
static bool
cut_column(struct slice *rest, struct slice *column, struct arena *mem)
{
	size_t i = 0, n = 0;
	bool escaped = false;
	uint8_t *p;

	while (i < rest->len && rest->ptr[i] != '|') {
		escaped |= rest->ptr[i] == '\\';
		i += rest->ptr[i] == '\\' ? 2 : 1;
	}
	if (i >= rest->len)
		return false;
	*column = slice_first(*rest, i);
	*rest = slice_from(*rest, i + 1);
	if (escaped && (p = arena_alloc(mem, column->len)) != NULL) {
		for (i = 0; i < column->len; i++) {
			if (column->ptr[i] == '\\' && i + 1 < column->len &&
			    (column->ptr[i + 1] == '|' || column->ptr[i + 1] == '\\'))
				i++;
			p[n++] = column->ptr[i];
		}
		*column = slice_of(p, n);
	}
	return true;
}

static bool
found(struct slice text, struct slice want)
{
	for (size_t i = 0; i + want.len <= text.len; i++)
		if (slice_starts_nocase(slice_from(text, i), want))
			return true;
	return false;
}

static void
find_class(const struct slice *head, struct slice category, struct event *ev)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (found(head[H_VENDOR], kinds[i].vendor) &&
		    found(head[H_PRODUCT], kinds[i].product) &&
		    (found(category, kinds[i].text) || found(head[H_NAME], kinds[i].text) ||
			found(head[H_ID], kinds[i].text))) {
			ev->class = kinds[i].class;
			return;
		}
}

static void
put_head(const struct slice *head, struct event *ev)
{
	static const struct slice names[H_COUNT] = {
	    [H_VENDOR] = SLICE_LITERAL("observer.vendor"),
	    [H_PRODUCT] = SLICE_LITERAL("observer.product"),
	    [H_PRODUCT_VERSION] = SLICE_LITERAL("observer.version"),
	    [H_NAME] = SLICE_LITERAL("cef.name")};

	for (int i = 0; i < H_COUNT; i++)
		if (names[i].len > 0 && !value_is_absent(head[i]))
			event_add_extra(ev, names[i], head[i]);
	value_put(ev, FIELD_EVENT_CODE, head[H_ID]);
	if (value_is_number(head[H_SEVERITY]))
		event_set(ev, FIELD_EVENT_SEVERITY, head[H_SEVERITY]);
	else
		value_put(ev, FIELD_LOG_LEVEL, head[H_SEVERITY]);
}

static bool
is_labelled(struct slice name, const struct label *labels, unsigned n, struct slice *label)
{
	for (unsigned i = 0; i < n; i++)
		if (slice_equal(labels[i].key, name)) {
			*label = labels[i].value;
			return true;
		}
	return false;
}

/* Labels come before or after what they name, so they are gathered first. */
static void
put_extension(struct slice text, struct declared_line *l)
{
	static const struct slice suffix = SLICE_LITERAL("Label");
	struct label labels[LABELS_MAX];
	struct slice rest = text, name, value;
	unsigned n = 0;

	if (slice_search(text, SLICE("Label=")) != SIZE_MAX)
		while (
		    n < LABELS_MAX && pairs_cut_cef(&rest, &name, &value, l->mem) == PAIRS_ONE)
			if (slice_ends(name, suffix) && name.len > suffix.len && value.len > 0)
				labels[n++] = (struct label){
				    slice_first(name, name.len - suffix.len), value};
	while (pairs_cut_cef(&text, &name, &value, l->mem) == PAIRS_ONE) {
		if (slice_ends(name, suffix) &&
		    is_labelled(slice_first(name, name.len - suffix.len), labels, n, &rest))
			continue;
		if (is_labelled(name, labels, n, &name) && !value_is_absent(value))
			event_add_extra(l->ev, name, value);
		else
			declared_put(l, name, value);
	}
}

/* "CEF:0|", behind what a relay wrote before it; or, where a relay took "CEF:" for a syslog
 * tag, "0|". */
static bool
cut_version(struct slice *line)
{
	struct slice rest = *line;
	size_t at = slice_search(slice_first(rest, 128), SLICE("CEF:"));

	if (at != SIZE_MAX)
		rest = slice_trim(slice_from(rest, at + 4));
	if (rest.len < 2 || (rest.ptr[0] != '0' && rest.ptr[0] != '1') || rest.ptr[1] != '|')
		return false;
	*line = rest;
	return true;
}

static enum codec_status
cut_line(struct slice line, struct declared_line *l)
{
	struct slice head[H_COUNT];

	line = slice_trim(line);
	if (!cut_version(&line))
		return CODEC_SHORT;
	for (int i = 0; i < H_COUNT; i++)
		if (!cut_column(&line, &head[i], l->mem))
			return CODEC_SHORT;
	put_head(head, l->ev);
	put_extension(line, l);
	if (!event_has(l->ev, FIELD_MESSAGE))
		value_put(l->ev, FIELD_MESSAGE, head[H_NAME]);
	find_class(head, l->kind, l->ev);
	if (l->ev->class == EVENT_IDS && !event_has(l->ev, FIELD_RULE_NAME))
		value_put(l->ev, FIELD_RULE_NAME, head[H_NAME]);
	return CODEC_EVENT;
}

static int
recognise(struct slice line)
{
	unsigned bars = 0;
	bool named;

	line = slice_trim(line);
	named = slice_starts(line, SLICE("CEF:"));
	if (!cut_version(&line))
		return 0;
	for (size_t i = 0; i < line.len && bars < 7; i++)
		bars += line.ptr[i] == '|';
	return bars < 7 ? 0 : named ? 98 : 50;
}

static const struct declared declaration = {
    .cut = cut_line,
    .row = rows,
    .n_row = sizeof(rows) / sizeof(rows[0]),
    .dataset = SLICE_LITERAL("cef.event"),
};

static int
state_new(struct codec_state **out, const struct codec_config *cfg, struct err *e)
{
	return declared_state_new(out, &declaration, e);
}

const struct codec codec_cef = {
    .id = "cef",
    .title = "Common Event Format",
    .recognise = recognise,
    .state_new = state_new,
    .state_free = declared_state_free,
    .read = declared_read,
};
