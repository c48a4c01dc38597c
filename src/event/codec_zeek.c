/*
 * codec_zeek.c - Zeek's logs, tab-separated and JSON.
 *
 * Both give names and values, so both go through one table: a log's name and a
 * field's name say where a value belongs.  TSV names its columns in "#fields" and
 * says in other directives how it writes sets and absent values; a JSON line is
 * whole by itself, and where it does not name its log a field that only one log
 * has tells it.
 */
#include "event/codec.h"

#include <stdlib.h>

#include "base/hash.h"
#include "event/json_fields.h"
#include "event/unescape.h"
#include "event/url.h"
#include "event/value.h"

#define COLUMNS_MAX 200
#define NAMES_MAX   (8 * 1024)
#define TYPE_MAX    16
#define SLOTS	    512 /* a power of two, over twice the rows of zeek_fields.def */

enum zeek_take {
	ZEEK_PUT,
	ZEEK_TIME,
	ZEEK_SECONDS,
	ZEEK_URL,
	ZEEK_OUTCOME,
	ZEEK_FINGERPRINT,
	ZEEK_DROP,
};

static const struct row {
	const char *log;
	struct slice name;
	enum zeek_take take;
	enum field_id field;
} rows[] = {
#define ZEEK(log, name, take, field) {log, SLICE_LITERAL(name), ZEEK_##take, FIELD_##field},
#include "event/zeek_fields.def"
#undef ZEEK
};

static const struct log {
	const char *name;
	struct slice dataset;
	enum event_class class;
	struct slice telltale;
} logs[] = {
#define ZEEK_LOG(name, class, telltale)                                                        \
	{name, SLICE_LITERAL("zeek." name), EVENT_##class, SLICE_LITERAL(telltale)},
#include "event/zeek_logs.def"
#undef ZEEK_LOG
};

static const struct log other_log = {
    "", SLICE_LITERAL("zeek.other"), EVENT_CONNECTION, SLICE_LITERAL("")};

struct column {
	const struct row *row; /* NULL: an extra */
	struct slice name;
	bool many, boolean; /* by #types */
};

/* How the file in hand is written; short texts are kept here, longer ones are not Zeek's. */
struct token {
	uint8_t text[TYPE_MAX];
	size_t len;
};

struct codec_state {
	const struct row *slot[SLOTS];
	struct json_fields *nothing; /* a table without rows: all values become extras */
	struct stamp_cache cache;

	unsigned n; /* 0: no #fields yet */
	struct column column[COLUMNS_MAX];
	uint8_t names[NAMES_MAX];
	const struct log *log;
	bool named; /* by #path */
	uint8_t separator;
	struct token set_separator, empty, unset;
};

/* ---- tables ---- */

static unsigned
slot_of(const struct codec_state *st, struct slice log, struct slice name)
{
	unsigned i = (unsigned)hash_bytes(name, log.len == 0 ? 0 : hash_bytes(log, 0));

	for (;; i++) {
		const struct row *r = st->slot[i &= SLOTS - 1];
		if (r == NULL || (slice_equal(r->name, name) && slice_is(log, r->log)))
			return i;
	}
}

static const struct row *
find_row(const struct codec_state *st, const struct log *log, struct slice name)
{
	const struct row *own = st->slot[slot_of(st, slice_str(log->name), name)];

	return own != NULL ? own : st->slot[slot_of(st, SLICE(""), name)];
}

static const struct log *
find_log(struct slice name)
{
	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++)
		if (slice_is(name, logs[i].name))
			return &logs[i];
	return &other_log;
}

/* ---- values ---- */

static void
put_seconds(
    struct event *ev, enum field_id f, struct slice name, struct slice v, struct arena *mem)
{
	double d;
	char *text;

	if (!slice_to_double(v, &d) || d < 0 || d > 1e9) {
		event_add_extra(ev, name, v);
		return;
	}
	if ((text = arena_printf(mem, "%.0f", d * 1000)) != NULL)
		event_add(ev, f, slice_str(text));
}

/* One value; it adds at most one extra, on which the reading of JSON relies. */
static bool
put_value(struct codec_state *st, const struct row *row, struct slice name, struct slice v,
    struct span zone, struct slice *url, struct arena *mem, struct event *ev)
{
	enum field_id f = row == NULL ? FIELD_NONE : row->field;

	if (row != NULL)
		switch (row->take) {
		case ZEEK_DROP:
			return true;
		case ZEEK_TIME:
			ev->timed = stamp_read_number(v, &ev->at) ||
				    stamp_read_iso(&st->cache, v, zone, &ev->at);
			return ev->timed;
		case ZEEK_SECONDS:
			put_seconds(ev, f, name, v, mem);
			return true;
		case ZEEK_URL:
			*url = v;
			return true;
		case ZEEK_OUTCOME:
			event_set(ev, f,
			    arena_dup(mem,
				slice_is(v, "true") ? SLICE("success") : SLICE("failure")));
			f = FIELD_NONE; /* rules ask for Zeek's own word as well */
			break;
		case ZEEK_FINGERPRINT:
			f = v.len == 64	  ? FIELD_TLS_CERT_SHA256
			    : v.len == 40 ? FIELD_TLS_CERT_SHA1
					  : FIELD_NONE;
			break;
		case ZEEK_PUT:
			break;
		}
	if (f == FIELD_NONE || (field_kind(f) == FIELD_IP && !value_is_ip(v)) ||
	    (field_kind(f) == FIELD_NUMBER && !value_is_number(v)))
		event_add_extra(ev, name, v);
	else
		event_add(ev, f, v);
	return true;
}

/* Zeek has host and path apart; rules and indicators ask for whole URLs. */
static void
put_url(struct slice url, struct arena *mem, struct event *ev)
{
	struct slice host = event_get(ev, FIELD_URL_DOMAIN);
	struct slice port = event_get(ev, FIELD_DESTINATION_PORT);
	bool connect = slice_is(event_get(ev, FIELD_HTTP_METHOD), "CONNECT");
	char *text;

	if (url.len == 0)
		return;
	url_put(ev, url, connect);
	if (host.len == 0 || url.ptr[0] != '/' || event_has(ev, FIELD_URL_FULL))
		return;
	if (port.len > 0 && !slice_is(port, "80"))
		text = arena_printf(mem, "http://%.*s:%.*s%.*s", SLICE_ARG(host),
		    SLICE_ARG(port), SLICE_ARG(url));
	else
		text = arena_printf(mem, "http://%.*s%.*s", SLICE_ARG(host), SLICE_ARG(url));
	if (text == NULL)
		return;
	event_set(ev, FIELD_URL_FULL, slice_str(text));
	event_set(ev, FIELD_URL_SCHEME, slice_of(text, 4));
}

static void
put_log(const struct log *log, struct event *ev)
{
	ev->class = log->class;
	ev->dataset = log->dataset;
}

/* ---- JSON ---- */

static const struct log *
log_of_json(const struct event *ev)
{
	for (unsigned i = 0; i < ev->n_extra; i++)
		if (slice_is(ev->extra[i].name, "_path"))
			return find_log(ev->extra[i].value);
	for (size_t k = 0; k < sizeof(logs) / sizeof(logs[0]); k++)
		for (unsigned i = 0; i < ev->n_extra; i++)
			if (slice_equal(ev->extra[i].name, logs[k].telltale))
				return &logs[k];
	return &other_log;
}

static enum codec_status
read_json(struct codec_state *st, struct span zone, struct slice line, struct arena *mem,
    struct event *ev)
{
	struct json_fields_found found = {0};
	struct slice url = {0};
	enum codec_status status;
	const struct log *log;
	unsigned first = ev->n_extra, n;

	status = json_fields_read(st->nothing, &st->cache, zone, line, mem, ev, &found);
	if (status != CODEC_EVENT)
		return status;
	log = log_of_json(ev);
	put_log(log, ev);
	/* Each value adds one extra at most, so what is written never passes what is read. */
	n = ev->n_extra;
	ev->n_extra = first;
	for (unsigned i = first; i < n; i++) {
		struct event_extra x = ev->extra[i];
		if (!value_is_absent(x.value) && !put_value(st, find_row(st, log, x.name),
						     x.name, x.value, zone, &url, mem, ev))
			return CODEC_BAD_TIME;
	}
	put_url(url, mem, ev);
	return CODEC_EVENT;
}

/* ---- TSV ---- */

static void
token_set(struct token *t, struct slice v)
{
	t->len = v.len < sizeof(t->text) ? v.len : sizeof(t->text);
	if (t->len > 0)
		memcpy(t->text, v.ptr, t->len);
}

static bool
token_is(const struct token *t, struct slice v)
{
	return v.len == t->len && memcmp(v.ptr, t->text, t->len) == 0;
}

static const struct log *
log_of_columns(const struct codec_state *st)
{
	for (size_t k = 0; k < sizeof(logs) / sizeof(logs[0]); k++)
		for (unsigned i = 0; i < st->n; i++)
			if (slice_equal(st->column[i].name, logs[k].telltale))
				return &logs[k];
	return &other_log;
}

static void
bind_columns(struct codec_state *st)
{
	if (!st->named)
		st->log = log_of_columns(st);
	for (unsigned i = 0; i < st->n; i++)
		st->column[i].row = find_row(st, st->log, st->column[i].name);
}

static void
read_fields(struct codec_state *st, struct slice rest)
{
	size_t used = 0;
	struct slice name;

	st->n = 0;
	while (st->n < COLUMNS_MAX && slice_cut(&rest, st->separator, &name)) {
		if (name.len > NAMES_MAX - used)
			break;
		memcpy(st->names + used, name.ptr, name.len);
		st->column[st->n++] =
		    (struct column){.name = slice_of(st->names + used, name.len)};
		used += name.len;
	}
	bind_columns(st);
}

static void
read_types(struct codec_state *st, struct slice rest)
{
	struct slice type;

	for (unsigned i = 0; i < st->n && slice_cut(&rest, st->separator, &type); i++) {
		st->column[i].boolean = slice_is(type, "bool");
		st->column[i].many =
		    slice_starts(type, SLICE("set[")) || slice_starts(type, SLICE("vector["));
	}
}

/* "#separator \x09": the only directive that is not parted by what it names. */
static void
read_separator(struct codec_state *st, struct slice v)
{
	if (v.len >= 4 && v.ptr[0] == '\\' && v.ptr[1] == 'x' && unescape_hex(v.ptr[2]) >= 0 &&
	    unescape_hex(v.ptr[3]) >= 0)
		st->separator = (uint8_t)(unescape_hex(v.ptr[2]) << 4 | unescape_hex(v.ptr[3]));
	else if (v.len == 1)
		st->separator = v.ptr[0];
}

static void
read_directive(struct codec_state *st, struct slice line)
{
	struct slice rest = line, word;

	if (slice_starts(line, SLICE("#separator "))) {
		read_separator(st, slice_from(line, 11));
		return;
	}
	slice_cut(&rest, st->separator, &word);
	if (slice_is(word, "#fields"))
		read_fields(st, rest);
	else if (slice_is(word, "#types"))
		read_types(st, rest);
	else if (slice_is(word, "#path")) {
		st->log = find_log(rest);
		st->named = true;
		bind_columns(st);
	} else if (slice_is(word, "#set_separator"))
		token_set(&st->set_separator, rest);
	else if (slice_is(word, "#empty_field"))
		token_set(&st->empty, rest);
	else if (slice_is(word, "#unset_field"))
		token_set(&st->unset, rest);
}

static bool
is_nothing(const struct codec_state *st, struct slice v)
{
	return v.len == 0 || token_is(&st->unset, v) || token_is(&st->empty, v);
}

static bool
put_column(struct codec_state *st, const struct column *c, struct slice v, struct span zone,
    struct slice *url, struct arena *mem, struct event *ev)
{
	struct slice item;

	if (is_nothing(st, v))
		return true;
	if (c->boolean && v.len == 1)
		v = arena_dup(mem, v.ptr[0] == 'T' ? SLICE("true") : SLICE("false"));
	if (!c->many || st->set_separator.len == 0)
		return put_value(
		    st, c->row, c->name, unescape_backslash(v, mem), zone, url, mem, ev);
	while (slice_cut(&v, st->set_separator.text[0], &item))
		if (!is_nothing(st, item) &&
		    !put_value(
			st, c->row, c->name, unescape_backslash(item, mem), zone, url, mem, ev))
			return false;
	return true;
}

static enum codec_status
read_line(struct codec_state *st, const struct codec_config *cfg, struct slice line,
    struct instant received, struct arena *mem, struct event *ev)
{
	struct slice v, url = {0};

	if (line.ptr[0] == '{')
		return read_json(st, cfg->utc_offset, line, mem, ev);
	if (line.ptr[0] == '#') {
		read_directive(st, line);
		return CODEC_NOTHING;
	}
	if (st->n == 0)
		return CODEC_NO_HEADER;
	put_log(st->log, ev);
	for (unsigned i = 0; i < st->n; i++) {
		if (!slice_cut(&line, st->separator, &v))
			return CODEC_SHORT;
		if (!put_column(st, &st->column[i], v, cfg->utc_offset, &url, mem, ev))
			return CODEC_BAD_TIME;
	}
	put_url(url, mem, ev);
	return CODEC_EVENT;
}

static int
recognise(struct slice line)
{
	static const char *const directives[] = {"#separator \\x", "#fields\t", "#path\t",
	    "#set_separator\t", "#types\t", "#unset_field\t"};
	static const char *const names[] = {"\"id.orig_h\"", "\"_path\"", "\"fuid\"",
	    "\"certificate.serial\"", "\"uid\":\"C", "\"uid\": \"C", "\"orig_h\""};

	if (line.len > 0 && line.ptr[0] == '#')
		for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
			if (slice_starts(line, slice_str(directives[i])))
				return 100;
	if (line.len < 20 || line.ptr[0] != '{' ||
	    slice_search(line, SLICE("\"ts\"")) == SIZE_MAX)
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (slice_search(line, slice_str(names[i])) != SIZE_MAX)
			return 95;
	return 0;
}

static void
state_reset(struct codec_state *st)
{
	st->n = 0;
	st->named = false;
	st->log = &other_log;
	st->separator = '\t';
	token_set(&st->set_separator, SLICE(","));
	token_set(&st->empty, SLICE("(empty)"));
	token_set(&st->unset, SLICE("-"));
}

static void
state_free(struct codec_state *st)
{
	if (st == NULL)
		return;
	json_fields_free(st->nothing);
	free(st);
}

static int
state_new(struct codec_state **out, const struct codec_config *cfg, struct err *e)
{
	struct codec_state *st = calloc(1, sizeof(*st));

	if (st == NULL || (st->nothing = json_fields_new(NULL, 0, false)) == NULL) {
		state_free(st);
		return err_set(e, "out of memory");
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		st->slot[slot_of(st, slice_str(rows[i].log), rows[i].name)] = &rows[i];
	state_reset(st);
	*out = st;
	return 0;
}

const struct codec codec_zeek = {
    .id = "zeek",
    .title = "Zeek logs, TSV and JSON",
    .recognise = recognise,
    .state_new = state_new,
    .state_free = state_free,
    .state_reset = state_reset,
    .read = read_line,
};
