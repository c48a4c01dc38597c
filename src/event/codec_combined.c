/*
 * codec_combined.c - Common and Combined log format, and what servers add to them.
 *
 *	[vhost] client ident user [time] "request" status bytes ["referrer" "agent" ...]
 *
 * Apache, nginx, Squid and most appliances write it.  Apache and nginx escape
 * quotes, Squid's predefined formats do not, so a quote ends a value only where
 * what follows makes sense.  A request that names a whole URL, or CONNECT, was
 * made to a proxy; others to a web server.
 */
#include "event/codec.h"

#include <stdlib.h>

#include "event/stamp.h"
#include "event/unescape.h"
#include "event/url.h"
#include "event/value.h"
#include "event/words.h"

struct codec_state {
	struct stamp_cache cache;
};

/* Is there "dd/Mon/yyyy:" or "yyyy-mm-dd" at p? */
static bool
is_date(const uint8_t *p, const uint8_t *end)
{
	if (end - p < 20)
		return false;
	return (p[2] == '/' && p[6] == '/' && p[11] == ':') || (p[4] == '-' && p[7] == '-');
}

/* Position of the '[' that begins the time, or SIZE_MAX. */
static size_t
find_time(struct slice line)
{
	const uint8_t *end = line.ptr + line.len, *p = line.ptr;

	while ((p = memchr(p, '[', (size_t)(end - p))) != NULL) {
		if (is_date(p + 1, end))
			return (size_t)(p - line.ptr);
		p++;
	}
	return SIZE_MAX;
}

/* [vhost[:port]] client ident user; a user may hold spaces. */
static void
put_who(struct slice head, struct arena *mem, struct event *ev, struct slice *vhost)
{
	struct words w;
	unsigned client = 0;

	words_find(head, &w);
	if (w.n == 0)
		return;
	if (w.n >= 4 && !value_is_ip(words_at(&w, head, 0))) {
		*vhost = words_at(&w, head, 0);
		client = 1;
	}
	value_put_host(ev, FIELD_SOURCE_IP, FIELD_SOURCE_DOMAIN, words_at(&w, head, client));
	if (client + 2 < w.n)
		value_put(ev, FIELD_USER_NAME,
		    unescape_percent(words_span(&w, head, client + 2, w.n - 1), mem));
}

static bool
is_method(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.ptr[i] | 0x20) >= 'a' && (s.ptr[i] | 0x20) <= 'z') &&
		    s.ptr[i] != '-' && s.ptr[i] != '_')
			return false;
	return s.len > 0 && s.len <= 32;
}

/*
 * "GET /x HTTP/1.1", or without the version (HTTP/0.9).  Whatever else clients
 * sent is kept as the message, for it may be an attack.
 */
static void
put_request(struct slice request, struct arena *mem, struct event *ev)
{
	size_t space = slice_find(request, ' ');
	struct slice method, target;
	bool version = false, connect;

	if (value_is_absent(request))
		return;
	method = slice_first(request, space);
	target = space == SIZE_MAX ? (struct slice){0} : slice_from(request, space + 1);
	if (target.len > 9 && memcmp(target.ptr + target.len - 9, " HTTP/", 6) == 0)
		space = target.len - 9; /* " HTTP/1.1" */
	else if (target.len > 7 && memcmp(target.ptr + target.len - 7, " HTTP/", 6) == 0)
		space = target.len - 7; /* " HTTP/2" */
	else
		space = target.len;
	version = space < target.len;
	if (!is_method(method) || space == 0 || target.len == 0 ||
	    (!version && target.ptr[0] != '/')) {
		event_set(ev, FIELD_MESSAGE, unescape_backslash(request, mem));
		return;
	}
	event_set(ev, FIELD_HTTP_METHOD, method);
	if (version)
		event_set(ev, FIELD_HTTP_VERSION, slice_from(target, space + 6));
	target = unescape_backslash(slice_first(target, space), mem);
	connect = slice_is(method, "CONNECT");
	url_put(ev, target, connect);
	if (connect || event_has(ev, FIELD_URL_SCHEME))
		ev->class = EVENT_PROXY;
}

static bool
is_escaped(const uint8_t *from, const uint8_t *p)
{
	size_t n = 0;

	while (p - n > from && p[-1 - (ptrdiff_t)n] == '\\')
		n++;
	return n % 2 == 1;
}

static size_t
count_quotes(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *from = p;
	size_t n = 0;

	while ((p = memchr(p, '"', (size_t)(end - p))) != NULL) {
		n += !is_escaped(from, p);
		p++;
	}
	return n;
}

/* What makes a quote the last of its value, judged by what follows it. */
static bool
ends_request(const uint8_t *p, const uint8_t *end)
{
	return end - p >= 2 && p[0] == ' ' && ((p[1] >= '0' && p[1] <= '9') || p[1] == '-');
}

static bool
ends_text(const uint8_t *p, const uint8_t *end)
{
	return p == end || (*p == ' ' && count_quotes(p, end) % 2 == 0);
}

/* The same where another quoted value should follow. */
static bool
ends_before_quoted(const uint8_t *p, const uint8_t *end)
{
	return (end - p >= 2 && p[0] == ' ' && p[1] == '"') || ends_text(p, end);
}

/* Cut a quoted value off *rest, and the space after it.  False when it does not end. */
static bool
cut_quoted(
    struct slice *rest, struct slice *value, bool (*ends)(const uint8_t *, const uint8_t *))
{
	const uint8_t *from = rest->ptr + 1, *end = rest->ptr + rest->len, *p = from;

	if (rest->len < 2 || rest->ptr[0] != '"')
		return false;
	while ((p = memchr(p, '"', (size_t)(end - p))) != NULL) {
		if (!is_escaped(from, p) && ends(p + 1, end)) {
			*value = slice_of(from, (size_t)(p - from));
			*rest = slice_from(*rest, (size_t)(p + 1 - rest->ptr) + (p + 1 < end));
			return true;
		}
		p++;
	}
	return false;
}

static bool
cut_word(struct slice *rest, struct slice *word)
{
	size_t at = slice_find(*rest, ' ');

	if (rest->len == 0)
		return false;
	*word = slice_first(*rest, at);
	*rest = at == SIZE_MAX ? slice_from(*rest, rest->len) : slice_from(*rest, at + 1);
	return true;
}

/* A bare quote inside shows that the writer escapes nothing: then nothing is decoded. */
static void
put_text(struct event *ev, enum field_id f, struct slice v, struct arena *mem)
{
	if (value_is_absent(v))
		return;
	if (count_quotes(v.ptr, v.ptr + v.len) == 0)
		v = unescape_backslash(v, mem);
	event_set(ev, f, v);
}

/* "TCP_MISS:HIER_DIRECT": Squid's last column. */
static bool
put_squid_result(struct event *ev, struct slice word)
{
	size_t colon = slice_find(word, ':');

	if (colon == SIZE_MAX || colon < 3)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		uint8_t c = word.ptr[i];
		if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_' &&
		    i != colon)
			return false;
	}
	event_set(ev, FIELD_PROXY_RESULT, slice_first(word, colon));
	value_put(ev, FIELD_PROXY_HIERARCHY, slice_from(word, colon + 1));
	ev->class = EVENT_PROXY;
	return true;
}

/* An address in a third quoted column is nginx's $http_x_forwarded_for; the first is the
 * client. */
static bool
put_forwarded(struct event *ev, struct slice v)
{
	struct slice first = slice_trim(slice_first(v, slice_find(v, ',')));

	if (event_has(ev, FIELD_CLIENT_IP) || !value_is_ip(first))
		return false;
	event_set(ev, FIELD_CLIENT_IP, first);
	return true;
}

static void
put_tail(struct slice rest, struct arena *mem, struct event *ev)
{
	static const char *const names[] = {"combined.1", "combined.2", "combined.3",
	    "combined.4", "combined.5", "combined.6", "combined.7", "combined.8"};
	static const enum field_id quoted_fields[] = {FIELD_HTTP_REFERRER, FIELD_USER_AGENT};
	unsigned quoted = 0, others = 0;

	while (rest.len > 0) {
		struct slice v;
		bool is_quoted = rest.ptr[0] == '"';
		if (is_quoted &&
		    !cut_quoted(&rest, &v, quoted == 0 ? ends_before_quoted : ends_text)) {
			v = slice_from(
			    rest, 1); /* the line was cut: this is what is left of it */
			rest = slice_from(rest, rest.len);
		}
		if (!is_quoted && !cut_word(&rest, &v))
			break;
		if (is_quoted && quoted < 2)
			put_text(ev, quoted_fields[quoted++], v, mem);
		else if (value_is_absent(v) || (is_quoted && put_forwarded(ev, v)) ||
			 (!is_quoted && put_squid_result(ev, v)))
			continue;
		else if (others < sizeof(names) / sizeof(names[0]))
			event_add_extra(ev, slice_str(names[others++]), v);
	}
}

static void
put_vhost(struct event *ev, struct slice vhost)
{
	struct url u;

	if (value_is_absent(vhost) || event_has(ev, FIELD_URL_DOMAIN))
		return;
	if (!url_split_authority(vhost, &u)) {
		event_set(ev, FIELD_URL_DOMAIN, vhost);
		return;
	}
	event_set(ev, FIELD_URL_DOMAIN, u.domain);
	if (u.port.ptr != NULL)
		event_set(ev, FIELD_URL_PORT, u.port);
}

static enum codec_status
read_line(struct codec_state *st, const struct codec_config *cfg, struct slice line,
    struct instant received, struct arena *mem, struct event *ev)
{
	size_t open = find_time(line), close;
	struct slice rest, time, request, status, bytes, vhost = {0};

	ev->class = EVENT_WEBSERVER;
	ev->dataset = SLICE("combined.access");
	if (open == SIZE_MAX)
		return CODEC_BAD_TIME;
	rest = slice_from(line, open + 1);
	if ((close = slice_find(rest, ']')) == SIZE_MAX)
		return CODEC_BAD_QUOTE;
	time = slice_first(rest, close);
	if (!stamp_read_clf(&st->cache, time, cfg->utc_offset, &ev->at) &&
	    !stamp_read_iso(&st->cache, time, cfg->utc_offset, &ev->at))
		return CODEC_BAD_TIME;
	ev->timed = true;
	rest = slice_from(rest, close + 1);
	if (rest.len < 2 || rest.ptr[0] != ' ')
		return CODEC_SHORT;
	rest = slice_from(rest, 1);
	if (rest.ptr[0] != '"')
		return CODEC_SHORT;
	if (!cut_quoted(&rest, &request, ends_request))
		return CODEC_BAD_QUOTE;
	if (!cut_word(&rest, &status))
		return CODEC_SHORT;
	if (!value_put_status(ev, status))
		return CODEC_BAD_NUMBER;
	if (cut_word(&rest, &bytes) && !value_put_number(ev, FIELD_HTTP_RESPONSE_BYTES, bytes))
		return CODEC_BAD_NUMBER;
	put_who(slice_first(line, open), mem, ev, &vhost);
	put_request(request, mem, ev);
	put_vhost(ev, vhost);
	put_tail(rest, mem, ev);
	return CODEC_EVENT;
}

static int
recognise(struct slice line)
{
	size_t open = line.len < 40 ? SIZE_MAX : find_time(line);
	struct slice rest;
	size_t close;

	if (open == SIZE_MAX || open < 2 || line.ptr[0] == '{')
		return 0;
	rest = slice_from(line, open);
	close = slice_find(rest, ']');
	return close != SIZE_MAX && slice_starts(slice_from(rest, close), SLICE("] \"")) ? 90
											 : 0;
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

const struct codec codec_combined = {
    .id = "combined",
    .title = "Common / Combined log format",
    .recognise = recognise,
    .state_new = state_new,
    .state_free = state_free,
    .read = read_line,
};
