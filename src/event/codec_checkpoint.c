/*
 * codec_checkpoint.c - Check Point's Log Exporter, format syslog: name:"value"; pairs
 * in one pair of brackets, where RFC 5424 has its structured data.
 */
#include "event/declared.h"
#include "event/pairs.h"

static const struct declared_row rows[] = {
#define KEY(name, take, field) {name, DECLARED_##take, FIELD_##field},
#include "event/checkpoint_keys.def"
#undef KEY
};

static const struct declared_kind kinds[] = {
    {"", "Log-Out", "", EVENT_AUTH, SLICE_LITERAL("checkpoint.audit"), NULL},
    {"", "Log-In", "", EVENT_AUTH, SLICE_LITERAL("checkpoint.audit"), NULL},
    {"", "Log Out", "", EVENT_AUTH, SLICE_LITERAL("checkpoint.audit"), NULL},
    {"", "Log In", "", EVENT_AUTH, SLICE_LITERAL("checkpoint.audit"), NULL},
    {"VPN-1 & FireWall-1", "", "", EVENT_FIREWALL, SLICE_LITERAL("checkpoint.firewall"), NULL},
    {"Firewall", "", "", EVENT_FIREWALL, SLICE_LITERAL("checkpoint.firewall"), NULL},
    {"Application Control", "", "", EVENT_FIREWALL, SLICE_LITERAL("checkpoint.application"),
	NULL},
    {"URL Filtering", "", "", EVENT_PROXY, SLICE_LITERAL("checkpoint.web"), NULL},
    {"SmartDefense", "", "", EVENT_IDS, SLICE_LITERAL("checkpoint.ips"), NULL},
    {"IPS", "", "", EVENT_IDS, SLICE_LITERAL("checkpoint.ips"), NULL},
    {"Anti-Bot", "", "", EVENT_IDS, SLICE_LITERAL("checkpoint.malware"), NULL},
    {"Anti-Virus", "", "", EVENT_IDS, SLICE_LITERAL("checkpoint.malware"), NULL},
    {"Anti Malware", "", "", EVENT_IDS, SLICE_LITERAL("checkpoint.malware"), NULL},
    {"New Anti Virus", "", "", EVENT_IDS, SLICE_LITERAL("checkpoint.malware"), NULL},
    {"Anti-Malware", "", "", EVENT_IDS, SLICE_LITERAL("checkpoint.malware"), NULL},
    {"Threat Emulation", "", "", EVENT_IDS, SLICE_LITERAL("checkpoint.malware"), NULL},
    {"Threat Extraction", "", "", EVENT_IDS, SLICE_LITERAL("checkpoint.malware"), NULL},
    {"DDoS Protector", "", "", EVENT_IDS, SLICE_LITERAL("checkpoint.ips"), NULL},
    {"Identity Awareness", "", "", EVENT_AUTH, SLICE_LITERAL("checkpoint.auth"), NULL},
    {"Mobile Access", "", "", EVENT_AUTH, SLICE_LITERAL("checkpoint.auth"), NULL},
    {"Connectra", "", "", EVENT_AUTH, SLICE_LITERAL("checkpoint.auth"), NULL},
};

static enum codec_status
cut_line(struct slice line, struct declared_line *l)
{
	struct slice name, value;
	enum pairs_status status;

	line = slice_trim(line);
	if (line.len > 0 && line.ptr[0] == '[')
		line = slice_from(line, 1);
	if (line.len > 0 && line.ptr[line.len - 1] == ']')
		line.len--;
	while ((status = pairs_cut_colon(&line, &name, &value, l->mem)) == PAIRS_ONE)
		declared_put(l, name, value);
	return status == PAIRS_END ? CODEC_EVENT : CODEC_BAD_QUOTE;
}

static int
recognise(struct slice line)
{
	bool bracket;

	line = slice_trim(line);
	bracket = line.len > 0 && line.ptr[0] == '[';
	return (bracket || slice_starts(line, SLICE("time:\""))) &&
		       slice_search(line, SLICE(":\"")) < 40 &&
		       slice_search(line, SLICE("\"; ")) != SIZE_MAX
		   ? slice_search(line, SLICE("product:\"")) != SIZE_MAX ? 96 : 70
		   : 0;
}

static const struct declared declaration = {
    .cut = cut_line,
    .row = rows,
    .n_row = sizeof(rows) / sizeof(rows[0]),
    .kind = kinds,
    .n_kind = sizeof(kinds) / sizeof(kinds[0]),
    .dataset = SLICE_LITERAL("checkpoint.log"),
};

static int
state_new(struct codec_state **out, const struct codec_config *cfg, struct err *e)
{
	return declared_state_new(out, &declaration, e);
}

const struct codec codec_checkpoint = {
    .id = "checkpoint",
    .title = "Check Point",
    .recognise = recognise,
    .state_new = state_new,
    .state_free = declared_state_free,
    .read = declared_read,
};
