/*
 * codec_leef.c - the Log Event Extended Format, 1.0 and 2.0.
 *
 *	LEEF:1.0|vendor|product|version|event id|name=value<TAB>name=value
 *	LEEF:2.0|vendor|product|version|event id|^|name=value^name=value
 *
 * 2.0 may name its delimiter: one character, or its number ("x09", "0x09").  Where
 * a relay turned the tabs into spaces, values end as those of CEF do.
 */
#include "event/declared.h"
#include "event/pairs.h"
#include "event/unescape.h"
#include "event/value.h"

static const struct declared_row rows[] = {
#define KEY(name, take, field) {name, DECLARED_##take, FIELD_##field},
#include "event/leef_keys.def"
#undef KEY
};

/* "^", "x5E", "0x5e"; false when it is none of these. */
static bool
read_delimiter(struct slice s, uint8_t *out)
{
	int high, low;

	if (s.len == 1) {
		*out = s.ptr[0];
		return true;
	}
	if (s.len == 4 && s.ptr[0] == '0')
		s = slice_from(s, 1);
	if (s.len != 3 || (s.ptr[0] | 0x20) != 'x' || (high = unescape_hex(s.ptr[1])) < 0 ||
	    (low = unescape_hex(s.ptr[2])) < 0)
		return false;
	*out = (uint8_t)(high << 4 | low);
	return true;
}

static enum codec_status
cut_line(struct slice line, struct declared_line *l)
{
	static const struct slice extras[] = {SLICE_LITERAL("observer.vendor"),
	    SLICE_LITERAL("observer.product"), SLICE_LITERAL("observer.version")};
	size_t at = slice_search(slice_first(line, 128), SLICE("LEEF:"));
	struct slice version, column, name, value;
	uint8_t delimiter = '\t';
	bool spaced;

	if (at == SIZE_MAX)
		return CODEC_SHORT;
	line = slice_from(line, at + 5);
	slice_cut(&line, '|', &version);
	for (size_t i = 0; i < 3; i++) {
		if (!slice_cut(&line, '|', &column))
			return CODEC_SHORT;
		if (!value_is_absent(column))
			event_add_extra(l->ev, extras[i], column);
	}
	if (!slice_cut(&line, '|', &column) || line.ptr == NULL)
		return CODEC_SHORT;
	value_put(l->ev, FIELD_EVENT_CODE, column);
	if (slice_starts(version, SLICE("2")) && slice_find(line, '|') <= 4) {
		slice_cut(&line, '|', &column);
		if (column.len > 0 && !read_delimiter(column, &delimiter))
			return CODEC_SHORT;
	}
	spaced = line.len > 0 && slice_find(line, delimiter) == SIZE_MAX;
	while ((spaced ? pairs_cut_cef(&line, &name, &value, l->mem)
		       : pairs_cut_delimited(&line, delimiter, &name, &value)) == PAIRS_ONE)
		declared_put(l, name, value);
	return CODEC_EVENT;
}

static int
recognise(struct slice line)
{
	size_t at = slice_search(slice_first(line, 128), SLICE("LEEF:"));

	if (at == SIZE_MAX)
		return 0;
	line = slice_from(line, at + 5);
	return (slice_starts(line, SLICE("1.0|")) || slice_starts(line, SLICE("2.0|"))) ? 98
											: 0;
}

static const struct declared declaration = {
    .cut = cut_line,
    .row = rows,
    .n_row = sizeof(rows) / sizeof(rows[0]),
    .dataset = SLICE_LITERAL("leef.event"),
};

static int
state_new(struct codec_state **out, const struct codec_config *cfg, struct err *e)
{
	return declared_state_new(out, &declaration, e);
}

const struct codec codec_leef = {
    .id = "leef",
    .title = "Log Event Extended Format",
    .recognise = recognise,
    .state_new = state_new,
    .state_free = declared_state_free,
    .read = declared_read,
};
