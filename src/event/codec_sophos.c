/*
 * codec_sophos.c - Sophos Firewall (XG, SFOS): name="value" pairs, old and new style of time.
 */
#include "event/declared.h"

static const struct declared_row rows[] = {
#define KEY(name, take, field) {name, DECLARED_##take, FIELD_##field},
#include "event/sophos_keys.def"
#undef KEY
};

static const struct declared_kind kinds[] = {
    {"Firewall", "", "", EVENT_FIREWALL, SLICE_LITERAL("sophos.firewall"), NULL},
    {"Content Filtering", "Application", "", EVENT_FIREWALL,
	SLICE_LITERAL("sophos.application"), NULL},
    {"Content Filtering", "", "", EVENT_PROXY, SLICE_LITERAL("sophos.web"), NULL},
    {"Web Content Policy", "", "", EVENT_PROXY, SLICE_LITERAL("sophos.web"), NULL},
    {"IDP", "", "", EVENT_IDS, SLICE_LITERAL("sophos.idp"), NULL},
    {"Anti-Virus", "", "", EVENT_IDS, SLICE_LITERAL("sophos.virus"), NULL},
    {"ATP", "", "", EVENT_IDS, SLICE_LITERAL("sophos.atp"), NULL},
    {"Sandbox", "", "", EVENT_IDS, SLICE_LITERAL("sophos.sandbox"), NULL},
    {"Sandstorm", "", "", EVENT_IDS, SLICE_LITERAL("sophos.sandbox"), NULL},
    {"WAF", "", "", EVENT_WEBSERVER, SLICE_LITERAL("sophos.waf"), NULL},
    {"Event", "", "Authentication", EVENT_AUTH, SLICE_LITERAL("sophos.event"), NULL},
    {"Event", "GUI", "Admin", EVENT_AUTH, SLICE_LITERAL("sophos.event"), NULL},
    {"Event", "SSL VPN", "", EVENT_AUTH, SLICE_LITERAL("sophos.event"), NULL},
    {"Event", "", "", EVENT_OTHER, SLICE_LITERAL("sophos.event"), NULL},
};

static const struct declared declaration = {
    .cut = declared_cut_pairs,
    .row = rows,
    .n_row = sizeof(rows) / sizeof(rows[0]),
    .kind = kinds,
    .n_kind = sizeof(kinds) / sizeof(kinds[0]),
    .dataset = SLICE_LITERAL("sophos.log"),
};

static int
recognise(struct slice line)
{
	return slice_has(line, "log_type=") && slice_has(line, "log_component=") ? 97 : 0;
}

static int
state_new(struct codec_state **out, const struct codec_config *cfg, struct err *e)
{
	return declared_state_new(out, &declaration, e);
}

const struct codec codec_sophos = {
    .id = "sophos",
    .title = "Sophos Firewall",
    .recognise = recognise,
    .state_new = state_new,
    .state_free = declared_state_free,
    .read = declared_read,
};
