/*
 * codec_fortigate.c - FortiGate's log: name=value and name="value with spaces", one event a
 * line.
 */
#include "event/declared.h"

static const struct declared_row rows[] = {
#define KEY(name, take, field) {name, DECLARED_##take, FIELD_##field},
#include "event/fortigate_keys.def"
#undef KEY
};

static const struct declared_kind kinds[] = {
    {"traffic", "", "", EVENT_FIREWALL, SLICE_LITERAL("fortigate.traffic"), NULL},
    {"utm", "webfilter", "", EVENT_PROXY, SLICE_LITERAL("fortigate.webfilter"), NULL},
    {"webfilter", "", "", EVENT_PROXY, SLICE_LITERAL("fortigate.webfilter"), NULL},
    {"utm", "dns", "", EVENT_DNS, SLICE_LITERAL("fortigate.dns"), NULL},
    {"dns", "", "", EVENT_DNS, SLICE_LITERAL("fortigate.dns"), NULL},
    {"utm", "ips", "", EVENT_IDS, SLICE_LITERAL("fortigate.ips"), NULL},
    {"ips", "", "", EVENT_IDS, SLICE_LITERAL("fortigate.ips"), NULL},
    {"utm", "virus", "", EVENT_IDS, SLICE_LITERAL("fortigate.virus"), NULL},
    {"virus", "", "", EVENT_IDS, SLICE_LITERAL("fortigate.virus"), NULL},
    {"utm", "anomaly", "", EVENT_IDS, SLICE_LITERAL("fortigate.anomaly"), NULL},
    {"anomaly", "", "", EVENT_IDS, SLICE_LITERAL("fortigate.anomaly"), NULL},
    {"utm", "waf", "", EVENT_IDS, SLICE_LITERAL("fortigate.waf"), NULL},
    {"utm", "ssl", "", EVENT_TLS, SLICE_LITERAL("fortigate.ssl"), NULL},
    {"utm", "app-ctrl", "", EVENT_FIREWALL, SLICE_LITERAL("fortigate.app-ctrl"), NULL},
    {"utm", "", "", EVENT_OTHER, SLICE_LITERAL("fortigate.utm"), NULL},
    {"event", "vpn", "tunnel-stats", EVENT_CONNECTION, SLICE_LITERAL("fortigate.event"), NULL},
    {"event", "vpn", "negotiate", EVENT_OTHER, SLICE_LITERAL("fortigate.event"), NULL},
    {"event", "vpn", "", EVENT_AUTH, SLICE_LITERAL("fortigate.event"), NULL},
    {"event", "user", "", EVENT_AUTH, SLICE_LITERAL("fortigate.event"), NULL},
    {"event", "system", "login", EVENT_AUTH, SLICE_LITERAL("fortigate.event"), NULL},
    {"event", "system", "logout", EVENT_AUTH, SLICE_LITERAL("fortigate.event"), NULL},
    {"event", "", "", EVENT_OTHER, SLICE_LITERAL("fortigate.event"), NULL},
};

static const struct declared declaration = {
    .cut = declared_cut_pairs,
    .row = rows,
    .n_row = sizeof(rows) / sizeof(rows[0]),
    .kind = kinds,
    .n_kind = sizeof(kinds) / sizeof(kinds[0]),
    .dataset = SLICE_LITERAL("fortigate.log"),
};

static int
recognise(struct slice line)
{
	if (!slice_has(line, "logid=") || !slice_has(line, "type="))
		return 0;
	return slice_has(line, "subtype=") && slice_has(line, "date=") ? 97 : 60;
}

static int
state_new(struct codec_state **out, const struct codec_config *cfg, struct err *e)
{
	return declared_state_new(out, &declaration, e);
}

const struct codec codec_fortigate = {
    .id = "fortigate",
    .title = "FortiGate",
    .recognise = recognise,
    .state_new = state_new,
    .state_free = declared_state_free,
    .read = declared_read,
};
