/*
 * codec_haproxy.c - HAProxy's own formats: HTTP ("option httplog", httpslog) and TCP.
 *
 * client [time] frontend backend/server timers ... "request".  HTTP and TCP are told
 * apart by their timers: five numbers, or three.
 */
#include "event/codec.h"

#include <stdlib.h>

#include "event/stamp.h"
#include "event/url.h"
#include "event/value.h"

struct codec_state {
	struct stamp_cache cache;
};

static struct slice
cut_word(struct slice *s)
{
	size_t at = slice_find(*s, ' ');
	struct slice word = slice_first(*s, at);

	*s = at == SIZE_MAX ? slice_from(*s, s->len) : slice_from(*s, at + 1);
	return word;
}

/* "10.0.0.1:50000 [23/Nov/2026:01:07:59.645] ": false where it is not. */
static bool
cut_head(struct slice *line, struct slice *ip, struct slice *port, struct slice *time)
{
	struct slice who = cut_word(line);
	size_t colon = who.len, close;

	while (colon > 0 && who.ptr[colon - 1] != ':')
		colon--;
	if (colon == 0 || line->len < 26 || line->ptr[0] != '[' || line->ptr[21] != '.')
		return false;
	*ip = slice_first(who, colon - 1);
	*port = slice_from(who, colon);
	if (!value_is_ip(*ip) || !value_is_number(*port) ||
	    (close = slice_find(*line, ']')) != 25 || line->len < 28 || line->ptr[26] != ' ')
		return false;
	*time = slice_of(line->ptr + 1, close - 1);
	*line = slice_from(*line, 27);
	return true;
}

/* How many numbers parted by '/'; the last of them in *total.  0 where it is something else. */
static unsigned
count_timers(struct slice timers, struct slice *total)
{
	unsigned n = 0;

	while (slice_cut(&timers, '/', total)) {
		if (total->len > 0 && (total->ptr[0] == '+' || total->ptr[0] == '-'))
			*total = slice_from(*total, 1);
		if (!value_is_number(*total))
			return 0;
		n++;
	}
	return n;
}

static void
put_request(struct slice request, struct event *ev)
{
	struct slice method, target;
	size_t end = slice_find(request, '"');

	request = slice_first(request, end);
	if (request.len == 0 || request.ptr[0] == '<') { /* <BADREQ> */
		value_put(ev, FIELD_MESSAGE, request);
		return;
	}
	method = cut_word(&request);
	target = cut_word(&request);
	event_set(ev, FIELD_HTTP_METHOD, method);
	if (target.len > 0)
		url_put(ev, target, false);
	if (slice_starts(request, SLICE("HTTP/")))
		value_put(ev, FIELD_HTTP_VERSION, slice_from(request, 5));
}

static enum codec_status
put_http(struct slice rest, struct event *ev)
{
	struct slice status = cut_word(&rest), bytes = cut_word(&rest);
	size_t quote;

	ev->class = EVENT_WEBSERVER;
	ev->dataset = SLICE("haproxy.http");
	if (slice_starts(status, SLICE("-")))
		status = (struct slice){0};
	if (bytes.len > 0 && bytes.ptr[0] == '+')
		bytes = slice_from(bytes, 1);
	if (!value_put_status(ev, status) ||
	    !value_put_number(ev, FIELD_HTTP_RESPONSE_BYTES, bytes))
		return CODEC_BAD_NUMBER;
	cut_word(&rest); /* the two captured cookies */
	cut_word(&rest);
	value_put(ev, FIELD_EVENT_REASON, slice_first(rest, slice_find(rest, ' ')));
	if ((quote = slice_find(rest, '"')) == SIZE_MAX)
		return CODEC_SHORT;
	put_request(slice_from(rest, quote + 1), ev);
	return CODEC_EVENT;
}

static enum codec_status
put_tcp(struct slice rest, struct event *ev)
{
	struct slice bytes = cut_word(&rest);

	ev->class = EVENT_CONNECTION;
	ev->dataset = SLICE("haproxy.tcp");
	if (bytes.len > 0 && bytes.ptr[0] == '+')
		bytes = slice_from(bytes, 1);
	if (!value_put_number(ev, FIELD_DESTINATION_BYTES, bytes))
		return CODEC_BAD_NUMBER;
	value_put(ev, FIELD_EVENT_REASON, cut_word(&rest));
	return CODEC_EVENT;
}

static enum codec_status
read_line(struct codec_state *st, const struct codec_config *cfg, struct slice line,
    struct instant received, struct arena *mem, struct event *ev)
{
	struct slice ip, port, time, front, back, total = {0}, rest = line;
	uint64_t ms;
	unsigned n;

	if (!cut_head(&rest, &ip, &port, &time))
		return CODEC_NOTHING; /* servers going up and down */
	if (!stamp_read_clf(&st->cache, slice_first(time, 20), cfg->utc_offset, &ev->at) ||
	    !slice_to_u64(slice_from(time, 21), &ms))
		return CODEC_BAD_TIME;
	ev->at.us += (int64_t)ms * 1000;
	ev->timed = true;
	event_set(ev, FIELD_SOURCE_IP, ip);
	event_set(ev, FIELD_SOURCE_PORT, port);
	line = rest;
	front = cut_word(&rest);
	back = cut_word(&rest);
	n = count_timers(cut_word(&rest), &total);
	if (n != 5 && n != 3) { /* "frontend/bind: SSL handshake failure" */
		ev->class = EVENT_CONNECTION;
		ev->dataset = SLICE("haproxy.error");
		value_put(ev, FIELD_MESSAGE, line);
		return CODEC_EVENT;
	}
	event_add_extra(ev, SLICE("haproxy.frontend"), front);
	event_add_extra(ev, SLICE("haproxy.backend"), back);
	value_put(ev, FIELD_EVENT_DURATION_MS, total);
	return n == 5 ? put_http(rest, ev) : put_tcp(rest, ev);
}

static int
recognise(struct slice line)
{
	struct slice ip, port, time;

	return cut_head(&line, &ip, &port, &time) ? 95 : 0;
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

const struct codec codec_haproxy = {
    .id = "haproxy",
    .title = "HAProxy HTTP and TCP logs",
    .recognise = recognise,
    .state_new = state_new,
    .state_free = state_free,
    .read = read_line,
};
