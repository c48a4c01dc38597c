/*
 * codec_elff.c - W3C extended log file format: the columns are named by the log.
 *
 * "#Fields:" says which columns there are; each is looked up once, and every line
 * after it is read by that list.  Values are parted by spaces or by tabs, may be
 * in double quotes (doubled inside) or, for Blue Coat's times, in brackets.
 */
#include "event/codec.h"

#include <stdlib.h>

#include "base/buf.h"
#include "event/stamp.h"
#include "event/unescape.h"
#include "event/url.h"
#include "event/value.h"

#define COLUMNS_MAX 200
#define NAMES_MAX   (16 * 1024)
#define DATE_LEN    10

enum take {
	TAKE_TEXT,
	TAKE_NUMBER,
	TAKE_STATUS,
	TAKE_HOST,
	TAKE_SERVER, /* of "s-ip": the server, or in Blue Coat's logs the proxy */
	TAKE_FORWARDED,
	TAKE_DATE,
	TAKE_TIME,
	TAKE_EPOCH,
	TAKE_CLF_UTC,
	TAKE_CLF_LOCAL,
	TAKE_WHOLE,
	TAKE_DURATION,
	TAKE_URL,
	TAKE_STEM,
	TAKE_QUERY,
	TAKE_VERSION,
	TAKE_AGENT,
};

static const struct known {
	const char *name;
	enum take take;
	enum field_id field;
} known[] = {
#define ELFF(name, take, field) {name, TAKE_##take, FIELD_##field},
#include "event/elff_fields.def"
#undef ELFF
};

struct column {
	enum take take;
	enum field_id field; /* FIELD_NONE: an extra called name */
	struct slice name;
};

struct codec_state {
	unsigned n; /* 0: no #Fields: yet */
	struct column column[COLUMNS_MAX];
	uint8_t names[NAMES_MAX];
	size_t names_len;
	uint8_t date[DATE_LEN]; /* of #Date:, for logs without a date column */
	bool dated;
	bool bluecoat;	/* by #Software: */
	bool webserver; /* by the columns */
	struct stamp_cache cache;
};

/* ---- directives ---- */

static const struct known *
find_known(struct slice name)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (slice_equal_nocase(name, slice_str(known[i].name)))
			return &known[i];
	return NULL;
}

static bool
cut_name(struct slice *rest, struct slice *name)
{
	size_t i = 0;

	*rest = slice_trim(*rest);
	while (i < rest->len && rest->ptr[i] != ' ' && rest->ptr[i] != '\t')
		i++;
	*name = slice_first(*rest, i);
	*rest = slice_from(*rest, i);
	return i > 0;
}

static bool
has_column(const struct codec_state *st, const char *name)
{
	for (unsigned i = 0; i < st->n; i++)
		if (slice_equal_nocase(st->column[i].name, slice_str(name)))
			return true;
	return false;
}

/* Only a web server has stems and sub-statuses; only a proxy says what it did or whom it asked.
 */
static bool
is_webserver(const struct codec_state *st)
{
	static const char *const proxy[] = {"s-action", "r-ip", "r-host", "s-object-source",
	    "cs-uri", "s-hierarchy", "sc-filter-result", "cs-uri-scheme"};

	for (size_t i = 0; i < sizeof(proxy) / sizeof(proxy[0]); i++)
		if (has_column(st, proxy[i]))
			return false;
	return has_column(st, "cs-uri-stem");
}

static void
read_fields(struct codec_state *st, struct slice rest)
{
	struct slice name;

	st->n = 0;
	st->names_len = 0;
	while (st->n < COLUMNS_MAX && cut_name(&rest, &name)) {
		const struct known *k = find_known(name);
		struct column *c = &st->column[st->n];
		if (name.len > NAMES_MAX - st->names_len)
			break;
		memcpy(st->names + st->names_len, name.ptr, name.len);
		*c = (struct column){.take = k != NULL ? k->take : TAKE_TEXT,
		    .field = k != NULL ? k->field : FIELD_NONE,
		    .name = slice_of(st->names + st->names_len, name.len)};
		st->names_len += name.len;
		st->n++;
	}
	st->webserver = is_webserver(st);
}

static bool
cut_directive(struct slice *line, const char *name)
{
	struct slice prefix = slice_str(name);

	if (!slice_starts_nocase(*line, prefix))
		return false;
	*line = slice_trim(slice_from(*line, prefix.len));
	return true;
}

static void
read_directive(struct codec_state *st, struct slice line)
{
	if (cut_directive(&line, "#Fields:")) {
		read_fields(st, line);
	} else if (cut_directive(&line, "#Date:")) {
		st->dated = line.len >= DATE_LEN;
		if (st->dated)
			memcpy(st->date, line.ptr, DATE_LEN);
	} else if (cut_directive(&line, "#Software:"))
		st->bluecoat = slice_search(line, SLICE("SGOS")) != SIZE_MAX ||
			       slice_search(line, SLICE("Blue Coat")) != SIZE_MAX;
}

/* ---- lines ---- */

/* What a line says in parts, put together at its end. */
struct parts {
	struct slice date, time, url, path, query;
	bool bare_url;
};

/* A doubled quote stands for one. */
static struct slice
undouble(struct slice s, struct arena *mem)
{
	uint8_t *text, *to;

	if (slice_find(s, '"') == SIZE_MAX)
		return s;
	if ((to = text = arena_alloc(mem, s.len)) == NULL)
		return (struct slice){0};
	for (size_t i = 0; i < s.len; i++) {
		*to++ = s.ptr[i];
		if (s.ptr[i] == '"' && i + 1 < s.len && s.ptr[i + 1] == '"')
			i++;
	}
	arena_shrink_last(mem, text, s.len, (size_t)(to - text));
	return slice_of(text, (size_t)(to - text));
}

/* Where the quoted value that *rest starts with ends (its closing quote), or SIZE_MAX. */
static size_t
closing_quote(struct slice rest, uint8_t separator)
{
	for (size_t i = 1; i < rest.len; i++) {
		if (rest.ptr[i] != '"')
			continue;
		if (i + 1 == rest.len || rest.ptr[i + 1] == separator)
			return i;
		if (rest.ptr[i + 1] == '"')
			i++;
	}
	return SIZE_MAX;
}

static enum codec_status
cut_value(
    struct slice *rest, uint8_t separator, struct slice *value, bool *quoted, struct arena *mem)
{
	size_t end;

	if (separator == ' ')
		while (rest->len > 0 && rest->ptr[0] == ' ')
			*rest = slice_from(*rest, 1);
	else if (rest->ptr == NULL)
		return CODEC_SHORT;
	if (rest->len == 0 && separator == ' ')
		return CODEC_SHORT;
	*quoted = rest->len > 0 && rest->ptr[0] == '"';
	if (*quoted) {
		if ((end = closing_quote(*rest, separator)) == SIZE_MAX)
			return CODEC_BAD_QUOTE;
		*value = undouble(slice_of(rest->ptr + 1, end - 1), mem);
		end++;
	} else if (rest->len > 0 && rest->ptr[0] == '[' && separator == ' ' &&
		   (end = slice_find(*rest, ']')) != SIZE_MAX) {
		*value = slice_of(rest->ptr + 1, end - 1);
		end++;
	} else {
		end = slice_find(*rest, separator);
		*value = slice_first(*rest, end);
		if (end == SIZE_MAX)
			end = rest->len;
	}
	if (end < rest->len)
		*rest = slice_from(*rest, end + 1);
	else
		*rest = separator == ' ' ? slice_from(*rest, end) : (struct slice){0};
	return CODEC_EVENT;
}

/* Whole milliseconds, or seconds with decimals as the W3C draft has it. */
static bool
put_duration(struct event *ev, struct slice v, struct arena *mem)
{
	double seconds;
	char *text;

	if (slice_find(v, '.') == SIZE_MAX)
		return value_put_number(ev, FIELD_EVENT_DURATION_MS, v);
	if (!slice_to_double(v, &seconds) || seconds < 0 || seconds > 1e9)
		return false;
	text = arena_printf(mem, "%.0f", seconds * 1000);
	if (text != NULL)
		event_set(ev, FIELD_EVENT_DURATION_MS, slice_str(text));
	return true;
}

static bool
put_time(
    struct codec_state *st, struct event *ev, enum take take, struct slice v, struct span zone)
{
	struct stamp_parts parts = {0};

	switch (take) {
	case TAKE_EPOCH:
		ev->timed = stamp_read_number(v, &ev->at) ||
			    stamp_read_iso(&st->cache, v, zone, &ev->at);
		break;
	case TAKE_CLF_UTC:
		zone = SPAN_SECONDS(0);
		if (slice_ends(v, SLICE(" GMT")))
			v = slice_first(v, v.len - 4);
		ev->timed = stamp_read_clf(&st->cache, v, zone, &ev->at);
		break;
	case TAKE_CLF_LOCAL:
		ev->timed = stamp_read_clf(&st->cache, v, zone, &ev->at);
		break;
	default:
		ev->timed = stamp_read_iso(&st->cache, v, zone, &ev->at) ||
			    (stamp_cut_parts(&v, SLICE("%a %b %d %H:%M:%S %Y"), &parts) &&
				stamp_from_parts(&parts, zone, ev->at, &ev->at));
	}
	return ev->timed;
}

static void
put_host(struct event *ev, enum field_id ip, struct slice v)
{
	enum field_id name =
	    ip == FIELD_DESTINATION_IP ? FIELD_DESTINATION_DOMAIN : FIELD_SOURCE_DOMAIN;

	event_add(ev, value_is_ip(v) ? ip : name, v);
}

static enum codec_status
put_value(struct codec_state *st, const struct column *c, struct slice v, bool spaced,
    struct span zone, struct parts *parts, struct arena *mem, struct event *ev)
{
	if (value_is_absent(v))
		return CODEC_EVENT;
	switch (c->take) {
	case TAKE_NUMBER:
		return value_put_number(ev, c->field, v) ? CODEC_EVENT : CODEC_BAD_NUMBER;
	case TAKE_STATUS:
		return value_put_status(ev, v) ? CODEC_EVENT : CODEC_BAD_NUMBER;
	case TAKE_DURATION:
		return put_duration(ev, v, mem) ? CODEC_EVENT : CODEC_BAD_NUMBER;
	case TAKE_HOST:
		put_host(ev, c->field, v);
		return CODEC_EVENT;
	case TAKE_SERVER:
		put_host(ev, st->bluecoat ? FIELD_OBSERVER_IP : FIELD_DESTINATION_IP, v);
		return CODEC_EVENT;
	case TAKE_FORWARDED:
		v = slice_trim(slice_first(v, slice_find(v, ',')));
		if (value_is_ip(v))
			event_add(ev, c->field, v);
		return CODEC_EVENT;
	case TAKE_DATE:
		parts->date = v;
		return CODEC_EVENT;
	case TAKE_TIME:
		parts->time = v;
		return CODEC_EVENT;
	case TAKE_EPOCH:
	case TAKE_CLF_UTC:
	case TAKE_CLF_LOCAL:
	case TAKE_WHOLE:
		return put_time(st, ev, c->take, v, zone) ? CODEC_EVENT : CODEC_BAD_TIME;
	case TAKE_URL:
		parts->url = v;
		return CODEC_EVENT;
	case TAKE_STEM:
		parts->path = v;
		return CODEC_EVENT;
	case TAKE_QUERY:
		parts->query = v.ptr[0] == '?' ? slice_from(v, 1) : v;
		return CODEC_EVENT;
	case TAKE_VERSION:
		if (slice_starts_nocase(v, SLICE("HTTP/")))
			v = slice_from(v, 5);
		break;
	case TAKE_AGENT:
		/* A bare value cannot hold spaces, so IIS and others write '+' for them. */
		if (spaced)
			v = unescape_plus(v, mem);
		break;
	case TAKE_TEXT:
		break;
	}
	if (c->field != FIELD_NONE)
		event_add(ev, c->field, v);
	else
		event_add_extra(ev, c->name, v);
	return CODEC_EVENT;
}

/* "2026-11-23" and "01:07:59", in whichever columns they came. */
static bool
put_date_and_time(
    struct codec_state *st, const struct parts *parts, struct span zone, struct event *ev)
{
	uint8_t text[DATE_LEN + 1 + 24];
	struct slice date = parts->date;

	if (parts->time.len == 0)
		return true;
	if (date.len == 0 && st->dated)
		date = slice_of(st->date, DATE_LEN);
	if (date.len == 0)
		return true; /* a time of no day: the batch's arrival stands */
	if (date.len != DATE_LEN || parts->time.len > sizeof(text) - DATE_LEN - 1)
		return false;
	memcpy(text, date.ptr, DATE_LEN);
	text[DATE_LEN] = ' ';
	memcpy(text + DATE_LEN + 1, parts->time.ptr, parts->time.len);
	ev->timed = stamp_read_iso(
	    &st->cache, slice_of(text, DATE_LEN + 1 + parts->time.len), zone, &ev->at);
	return ev->timed;
}

/* url.original from what there is: a URL, a path with its query, or the parts of a URL. */
static void
put_url(const struct parts *parts, struct arena *mem, struct event *ev)
{
	struct slice query = parts->query;
	struct url u;

	if (parts->url.len > 0) {
		url_put(ev, parts->url, true);
	} else if (parts->path.len > 0 && !url_split(parts->path, &u)) {
		event_set(ev, FIELD_URL_ORIGINAL, parts->path);
	} else if (parts->path.len > 0) {
		char *text = query.len == 0 ? NULL
					    : arena_printf(mem, "%.*s?%.*s",
						  SLICE_ARG(parts->path), SLICE_ARG(query));
		url_put(ev, text != NULL ? slice_str(text) : parts->path, true);
	}
	if (query.len > 0)
		event_set(ev, FIELD_URL_QUERY, query);
}

/* Blue Coat has a tunnel as scheme "tcp" and path "/"; what was asked for is host and port. */
static void
put_tunnel(struct arena *mem, struct event *ev)
{
	struct slice host = event_get(ev, FIELD_URL_DOMAIN),
		     port = event_get(ev, FIELD_URL_PORT);

	if (event_has(ev, FIELD_URL_ORIGINAL) || host.len == 0)
		return;
	char *text = port.len == 0
			 ? arena_printf(mem, "%.*s", SLICE_ARG(host))
			 : arena_printf(mem, "%.*s:%.*s", SLICE_ARG(host), SLICE_ARG(port));
	if (text != NULL)
		event_set(ev, FIELD_URL_ORIGINAL, slice_str(text));
}

static enum codec_status
read_values(struct codec_state *st, struct span zone, struct slice line, struct arena *mem,
    struct event *ev)
{
	uint8_t separator = slice_find(line, '\t') != SIZE_MAX ? '\t' : ' ';
	struct parts parts = {0};

	for (unsigned i = 0; i < st->n; i++) {
		struct slice v;
		bool quoted;
		enum codec_status status = cut_value(&line, separator, &v, &quoted, mem);
		if (status == CODEC_EVENT)
			status = put_value(st, &st->column[i], v, separator == ' ' && !quoted,
			    zone, &parts, mem, ev);
		if (status != CODEC_EVENT)
			return status;
	}
	if (!ev->timed && !put_date_and_time(st, &parts, zone, ev))
		return CODEC_BAD_TIME;
	put_url(&parts, mem, ev);
	return CODEC_EVENT;
}

static enum codec_status
read_line(struct codec_state *st, const struct codec_config *cfg, struct slice line,
    struct instant received, struct arena *mem, struct event *ev)
{
	enum codec_status status;

	if (line.ptr[0] == '#') {
		read_directive(st, line);
		return CODEC_NOTHING;
	}
	if (st->n == 0)
		return CODEC_NO_HEADER;
	ev->class = st->webserver ? EVENT_WEBSERVER : EVENT_PROXY;
	ev->dataset = SLICE("elff.access");
	status = read_values(st, cfg->utc_offset, line, mem, ev);
	if (status != CODEC_EVENT)
		return status;
	if (slice_is(event_get(ev, FIELD_HTTP_METHOD), "CONNECT"))
		put_tunnel(mem, ev);
	else
		url_compose(ev, mem);
	return CODEC_EVENT;
}

static int
recognise(struct slice line)
{
	static const char *const directives[] = {
	    "#Fields:", "#Version:", "#Software:", "#Date:", "#Start-Date:", "#Remark:"};

	if (line.len == 0 || line.ptr[0] != '#')
		return 0;
	for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
		if (slice_starts_nocase(line, slice_str(directives[i])))
			return i == 0 ? 100 : 50;
	return 0;
}

static void
state_reset(struct codec_state *st)
{
	st->n = 0;
	st->names_len = 0;
	st->dated = st->bluecoat = st->webserver = false;
}

static int
state_new(struct codec_state **out, const struct codec_config *cfg, struct err *e)
{
	*out = calloc(1, sizeof(**out));
	return *out == NULL ? err_set(e, "out of memory") : 0;
}

static void
state_free(struct codec_state *st)
{
	free(st);
}

const struct codec codec_elff = {
    .id = "elff",
    .title = "W3C extended log format",
    .recognise = recognise,
    .state_new = state_new,
    .state_free = state_free,
    .state_reset = state_reset,
    .read = read_line,
};
