/*
 * codec_squid.c - Squid's access.log: its native format, or any logformat.
 *
 * The native format (squid.conf, "logformat squid") is read by code of its own,
 * because most of what hospitals send is this:
 *
 *	time elapsed client result/status bytes method URL user hierarchy/peer type
 *
 * Ten words.  A URL or a user name can hold spaces (uri_whitespace allow), so a
 * line with more words is read from both ends.
 */
#include "event/codec.h"

#include <stdlib.h>

#include "event/squid_format.h"
#include "event/stamp.h"
#include "event/unescape.h"
#include "event/url.h"
#include "event/value.h"
#include "event/words.h"

struct codec_state {
	struct squid_format *format; /* NULL: native */
};

enum {
	W_TIME,
	W_ELAPSED,
	W_CLIENT,
	W_RESULT,
	W_BYTES,
	W_METHOD,
	W_URL,
	W_USER,
	W_HIER,
	W_TYPE,
	W_COUNT
};

#define TIME_LEN 14 /* "1795396079.645" */

/* Position of the slash in "TCP_MISS/200", nearly always the fourth byte from the end. */
static size_t
last_slash(struct slice s)
{
	if (s.len > 4 && s.ptr[s.len - 4] == '/')
		return s.len - 4;
	for (size_t i = s.len; i > 0; i--)
		if (s.ptr[i - 1] == '/')
			return i - 1;
	return SIZE_MAX;
}

/* "HIER_DIRECT/10.0.0.1", "FIRSTUP_PARENT/proxy", "NONE/-": capitals, a slash, and the rest. */
static size_t
hierarchy_slash(struct slice s)
{
	size_t i = 0;

	if (s.len > 10 && memcmp(s.ptr, "HIER_", 5) == 0) {
		if (s.len > 11 && s.ptr[11] == '/' && memcmp(s.ptr, "HIER_DIRECT", 11) == 0)
			return 11;
		if (s.ptr[9] == '/' && memcmp(s.ptr, "HIER_NONE", 9) == 0)
			return 9;
	}
	while (i < s.len && (s.ptr[i] == '_' || (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') ||
				(s.ptr[i] >= '0' && s.ptr[i] <= '9')))
		i++;
	return i >= 4 && i < s.len && s.ptr[i] == '/' ? i : SIZE_MAX;
}

/* Which word is the hierarchy: the ninth, or the last of its shape where something held spaces.
 */
static unsigned
find_hierarchy(const struct words *w, struct slice line)
{
	if (w->n == W_COUNT || hierarchy_slash(words_at(w, line, W_HIER)) != SIZE_MAX)
		return W_HIER;
	for (unsigned i = w->n - 1; i > W_HIER; i--)
		if (hierarchy_slash(words_at(w, line, i)) != SIZE_MAX)
			return i;
	return W_HIER;
}

static void
put_user(struct event *ev, struct slice user, struct arena *mem)
{
	if (!value_is_absent(user))
		event_set(ev, FIELD_USER_NAME, unescape_percent(user, mem));
}

/*
 * The time has TIME_LEN bytes, so every word after it has at least 16 bytes of the
 * line before its end: the questions without loops may be asked.
 */
static inline bool
put_number(struct event *ev, enum field_id f, struct slice v)
{
	if (v.len == 1 && v.ptr[0] == '-')
		return true;
	if (!value_is_number_late(v))
		return false;
	event_set(ev, f, v);
	return true;
}

static inline bool
put_status(struct event *ev, struct slice v)
{
	if (v.len > 0 && v.ptr[0] == '0')
		return value_put_status(ev, v);
	return put_number(ev, FIELD_HTTP_STATUS, v);
}

static inline void
put_host(struct event *ev, enum field_id ip, enum field_id name, struct slice v)
{
	if (!value_is_absent(v))
		event_set(ev, value_is_ip_late(v) ? ip : name, v);
}

static enum codec_status
read_native(struct slice line, struct arena *mem, struct event *ev)
{
	struct words w;
	struct slice word, url;
	unsigned hier;
	size_t slash;

	words_find(line, &w);
	if (w.n < W_COUNT)
		return CODEC_SHORT;
	word = words_at(&w, line, W_TIME);
	if (word.len < TIME_LEN || !stamp_read_epoch(word, &ev->at))
		return CODEC_BAD_TIME;
	ev->timed = true;

	word = words_at(&w, line, W_RESULT);
	if ((slash = last_slash(word)) == SIZE_MAX)
		return CODEC_SHORT;
	event_set(ev, FIELD_PROXY_RESULT, slice_first(word, slash));
	if (!put_status(ev, slice_from(word, slash + 1)) ||
	    !put_number(ev, FIELD_EVENT_DURATION_MS, words_at(&w, line, W_ELAPSED)) ||
	    !put_number(ev, FIELD_HTTP_RESPONSE_BYTES, words_at(&w, line, W_BYTES)))
		return CODEC_BAD_NUMBER;

	put_host(ev, FIELD_SOURCE_IP, FIELD_SOURCE_DOMAIN, words_at(&w, line, W_CLIENT));
	word = words_at(&w, line, W_METHOD);
	value_put(ev, FIELD_HTTP_METHOD, word);

	hier = find_hierarchy(&w, line);
	url = words_span(&w, line, W_URL, hier - 2);
	if (url.ptr + url.len >= line.ptr + 64)
		url_put_late(ev, url, slice_is(word, "CONNECT"));
	else
		url_put(ev, url, slice_is(word, "CONNECT"));
	put_user(ev, words_at(&w, line, hier - 1), mem);
	word = words_at(&w, line, hier);
	if ((slash = hierarchy_slash(word)) == SIZE_MAX)
		return CODEC_SHORT;
	event_set(ev, FIELD_PROXY_HIERARCHY, slice_first(word, slash));
	put_host(
	    ev, FIELD_DESTINATION_IP, FIELD_DESTINATION_DOMAIN, slice_from(word, slash + 1));
	if (hier + 1 < w.n)
		value_put(ev, FIELD_HTTP_RESPONSE_TYPE, words_at(&w, line, hier + 1));
	return CODEC_EVENT;
}

/* "%Ss/%03>Hs": a word of capitals and underscores, a slash and three digits. */
static bool
is_result(struct slice s)
{
	size_t slash = hierarchy_slash(s);

	return slash != SIZE_MAX && s.len - slash == 4 &&
	       value_is_number(slice_from(s, slash + 1));
}

static int
recognise(struct slice line)
{
	struct words w;
	struct slice time;
	struct instant at;

	if (line.len < 20 || (unsigned)line.ptr[0] - '0' > 9)
		return 0;
	words_find(line, &w);
	if (w.n < W_COUNT || !is_result(words_at(&w, line, W_RESULT)))
		return 0;
	time = words_at(&w, line, W_TIME);
	return stamp_read_epoch(time, &at) && time.len > 4 && time.ptr[time.len - 4] == '.' ? 95
											    : 0;
}

static void
state_free(struct codec_state *st)
{
	if (st == NULL)
		return;
	squid_format_free(st->format);
	free(st);
}

static int
state_new(struct codec_state **out, const struct codec_config *cfg, struct err *e)
{
	struct codec_state *st = calloc(1, sizeof(*st));
	int rc = -1;

	if (st == NULL) {
		err_set(e, "out of memory");
		goto out;
	}
	if (cfg->logformat != NULL && !squid_format_is_native(cfg->logformat) &&
	    squid_format_new(&st->format, slice_str(cfg->logformat), e) != 0)
		goto out;
	*out = st;
	st = NULL;
	rc = 0;
out:
	state_free(st);
	return rc;
}

static void
state_reset(struct codec_state *st)
{
}

static enum codec_status
read_line(struct codec_state *st, const struct codec_config *cfg, struct slice line,
    struct instant received, struct arena *mem, struct event *ev)
{
	ev->class = EVENT_PROXY;
	ev->dataset = SLICE("squid.access");
	if (st->format != NULL)
		return squid_format_read(st->format, cfg->utc_offset, line, received, mem, ev);
	return read_native(line, mem, ev);
}

const struct codec codec_squid = {
    .id = "squid",
    .title = "Squid access.log",
    .recognise = recognise,
    .state_new = state_new,
    .state_free = state_free,
    .state_reset = state_reset,
    .read = read_line,
};
