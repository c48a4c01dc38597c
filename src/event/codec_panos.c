/*
 * codec_panos.c - Palo Alto's PAN-OS: columns by position, parted by commas.
 *
 * The fourth column names the type of log, which names the columns.  A column in
 * quotes may hold commas; a doubled quote in it is one.
 */
#include "event/declared.h"
#include "event/value.h"

static const struct declared_row rows[] = {
#define KEY(name, take, field) {name, DECLARED_##take, FIELD_##field},
#include "event/panos_keys.def"
#undef KEY
};

static const struct declared_kind kinds[] = {
    {"TRAFFIC", "", "", EVENT_FIREWALL, SLICE_LITERAL("panos.traffic"), NULL},
    {"THREAT", "url", "", EVENT_PROXY, SLICE_LITERAL("panos.url"), NULL},
    {"THREAT", "", "", EVENT_IDS, SLICE_LITERAL("panos.threat"), NULL},
    {"GLOBALPROTECT", "", "", EVENT_AUTH, SLICE_LITERAL("panos.globalprotect"), NULL},
    {"USERID", "login", "", EVENT_AUTH, SLICE_LITERAL("panos.userid"), "success"},
    {"USERID", "", "", EVENT_AUTH, SLICE_LITERAL("panos.userid"), NULL},
    {"SYSTEM", "auth", "auth-success", EVENT_AUTH, SLICE_LITERAL("panos.system"), "success"},
    {"SYSTEM", "auth", "auth-fail", EVENT_AUTH, SLICE_LITERAL("panos.system"), "failure"},
    {"SYSTEM", "", "", EVENT_OTHER, SLICE_LITERAL("panos.system"), NULL},
};

static const struct {
	struct slice type, columns;
} types[] = {
#define COLUMNS(type, columns) {SLICE_LITERAL(#type), SLICE_LITERAL(columns)},
#include "event/panos_columns.def"
#undef COLUMNS
};

#define TYPE_COLUMN 3
#define COLUMNS_MIN 12 /* with fewer it is no whole line of any type */

/* One column off *rest, which is absent after the last.  False: its quote does not end. */
static bool
cut_column(struct slice *rest, struct slice *value, struct arena *mem)
{
	size_t i = 1, n = 0;
	uint8_t *p;

	if (rest->len == 0 || rest->ptr[0] != '"') {
		slice_cut(rest, ',', value);
		return true;
	}
	while (i < rest->len &&
	       (rest->ptr[i] != '"' || (i + 1 < rest->len && rest->ptr[i + 1] == '"'))) {
		n += rest->ptr[i] == '"';
		i += rest->ptr[i] == '"' ? 2 : 1;
	}
	if (i >= rest->len)
		return false;
	*value = slice_of(rest->ptr + 1, i - 1);
	*rest = i + 1 < rest->len ? slice_from(*rest, i + 2) : (struct slice){0};
	if (n == 0 || mem == NULL || (p = arena_alloc(mem, value->len)) == NULL)
		return true;
	n = 0;
	for (i = 0; i < value->len; i++) {
		p[n++] = value->ptr[i];
		if (value->ptr[i] == '"')
			i++;
	}
	*value = slice_of(p, n);
	return true;
}

/* The names of the columns of this line; absent where the type is not known. */
static struct slice
find_columns(struct slice line)
{
	struct slice value = {0};

	for (int i = 0; i <= TYPE_COLUMN; i++)
		if (line.ptr == NULL || !cut_column(&line, &value, NULL))
			return (struct slice){0};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (slice_equal(value, types[i].type))
			return types[i].columns;
	return (struct slice){0};
}

/* "misc" is a URL, a file's name or a domain, by the subtype. */
static void
put_misc(struct declared_line *l, struct slice v)
{
	if (slice_is(l->subkind, "url"))
		l->url = v;
	else if (slice_is(l->subkind, "spyware") && slice_find(v, '/') == SIZE_MAX &&
		 slice_find(v, '.') != SIZE_MAX)
		event_set(l->ev, FIELD_DNS_QUESTION_NAME, v);
	else if (slice_find(v, '/') != SIZE_MAX)
		l->url = v;
	else
		event_set(l->ev, FIELD_FILE_NAME, v);
}

/* "Name of the threat(12345)"; with no name, "(9999)". */
static void
put_threat(struct declared_line *l, struct slice v)
{
	size_t open = v.len;

	while (open > 0 && v.ptr[open - 1] != '(')
		open--;
	if (open > 0 && v.ptr[v.len - 1] == ')') {
		value_put(l->ev, FIELD_RULE_ID, slice_of(v.ptr + open, v.len - open - 1));
		v = slice_trim(slice_first(v, open - 1));
	}
	/* The policy's rule is here already: the threat is what happened. */
	if (v.len > 0) {
		struct slice policy = event_get(l->ev, FIELD_RULE_NAME);
		event_set(l->ev, FIELD_RULE_NAME, v);
		if (policy.len > 0)
			event_add(l->ev, FIELD_RULE_NAME, policy);
	}
}

static enum codec_status
cut_line(struct slice line, struct declared_line *l)
{
	struct slice names = find_columns(slice_trim(line)), name, value;
	unsigned n = 0;

	line = slice_trim(line);
	if (names.ptr == NULL)
		return CODEC_SHORT;
	for (; line.ptr != NULL && slice_cut(&names, ' ', &name) && name.len > 0; n++) {
		if (!cut_column(&line, &value, l->mem))
			return CODEC_BAD_QUOTE;
		if (value_is_absent(value) || slice_is(name, "-"))
			continue;
		if (slice_is(name, "misc"))
			put_misc(l, value);
		else if (slice_is(name, "threatid"))
			put_threat(l, value);
		else
			declared_put(l, name, value);
	}
	if (n < COLUMNS_MIN)
		return CODEC_SHORT;
	return l->timed ? CODEC_EVENT : CODEC_BAD_TIME;
}

static int
recognise(struct slice line)
{
	return find_columns(slice_trim(line)).ptr != NULL ? 97 : 0;
}

static const struct declared declaration = {
    .cut = cut_line,
    .row = rows,
    .n_row = sizeof(rows) / sizeof(rows[0]),
    .kind = kinds,
    .n_kind = sizeof(kinds) / sizeof(kinds[0]),
    .dataset = SLICE_LITERAL("panos.log"),
};

static int
state_new(struct codec_state **out, const struct codec_config *cfg, struct err *e)
{
	return declared_state_new(out, &declaration, e);
}

const struct codec codec_panos = {
    .id = "panos",
    .title = "Palo Alto PAN-OS",
    .recognise = recognise,
    .state_new = state_new,
    .state_free = declared_state_free,
    .read = declared_read,
};
