/*
 * codec_sonicwall.c - SonicWall: name=value pairs; addresses carry port, interface and name
 * along.
 */
#include "event/declared.h"

static const struct declared_row rows[] = {
#define KEY(name, take, field) {name, DECLARED_##take, FIELD_##field},
#include "event/sonicwall_keys.def"
#undef KEY
};

static const struct declared_kind kinds[] = {
    {"29", "", "", EVENT_AUTH, SLICE_LITERAL("sonicwall.auth"), "success"},
    {"30", "", "", EVENT_AUTH, SLICE_LITERAL("sonicwall.auth"), "failure"},
    {"31", "", "", EVENT_AUTH, SLICE_LITERAL("sonicwall.auth"), "success"},
    {"32", "", "", EVENT_AUTH, SLICE_LITERAL("sonicwall.auth"), "failure"},
    {"33", "", "", EVENT_AUTH, SLICE_LITERAL("sonicwall.auth"), "failure"},
    {"35", "", "", EVENT_AUTH, SLICE_LITERAL("sonicwall.auth"), "failure"},
    {"199", "", "", EVENT_AUTH, SLICE_LITERAL("sonicwall.auth"), "success"},
    {"200", "", "", EVENT_AUTH, SLICE_LITERAL("sonicwall.auth"), "failure"},
    {"237", "", "", EVENT_AUTH, SLICE_LITERAL("sonicwall.auth"), "success"},
    {"238", "", "", EVENT_AUTH, SLICE_LITERAL("sonicwall.auth"), "success"},
    {"1080", "", "", EVENT_AUTH, SLICE_LITERAL("sonicwall.auth"), "success"},
    {"14", "", "", EVENT_PROXY, SLICE_LITERAL("sonicwall.web"), "failure"},
    {"16", "", "", EVENT_PROXY, SLICE_LITERAL("sonicwall.web"), NULL},
    {"97", "", "", EVENT_PROXY, SLICE_LITERAL("sonicwall.web"), NULL},
    {"82", "", "", EVENT_IDS, SLICE_LITERAL("sonicwall.ids"), NULL},
    {"83", "", "", EVENT_IDS, SLICE_LITERAL("sonicwall.ids"), NULL},
    {"608", "", "", EVENT_IDS, SLICE_LITERAL("sonicwall.ids"), NULL},
    {"609", "", "", EVENT_IDS, SLICE_LITERAL("sonicwall.ids"), NULL},
    {"794", "", "", EVENT_IDS, SLICE_LITERAL("sonicwall.ids"), NULL},
    {"795", "", "", EVENT_IDS, SLICE_LITERAL("sonicwall.ids"), NULL},
    {"809", "", "", EVENT_IDS, SLICE_LITERAL("sonicwall.ids"), NULL},
};

static const struct declared declaration = {
    .cut = declared_cut_pairs,
    .row = rows,
    .n_row = sizeof(rows) / sizeof(rows[0]),
    .kind = kinds,
    .n_kind = sizeof(kinds) / sizeof(kinds[0]),
    .dataset = SLICE_LITERAL("sonicwall.log"),
};

static int
recognise(struct slice line)
{
	line = slice_trim(line);
	return slice_starts(line, SLICE("id=")) && slice_has(line, " sn=") &&
		       slice_has(line, " m=")
		   ? 97
		   : 0;
}

static int
state_new(struct codec_state **out, const struct codec_config *cfg, struct err *e)
{
	return declared_state_new(out, &declaration, e);
}

const struct codec codec_sonicwall = {
    .id = "sonicwall",
    .title = "SonicWall",
    .recognise = recognise,
    .state_new = state_new,
    .state_free = declared_state_free,
    .read = declared_read,
};
