/* web.c - see web.h. */
#include "node/web.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

#define CONNECT_SECONDS 10
#define CONNECTION_LIFE 3600 /* a renewed certificate is shown within an hour */
#define CALLS_MAX	64

struct call {
	struct web *web;
	CURL *easy;
	struct curl_slist *headers;
	struct buf answer;
	web_on_answer *fn;
	void *ctx;
	struct span retry_after;
	struct instant date;
	bool too_long;
	char reason[CURL_ERROR_SIZE];
};

struct web {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	struct call *calls[CALLS_MAX];
	bool closing;
};

static void
call_free(struct call *c)
{
	if (c == NULL)
		return;
	curl_easy_cleanup(c->easy);
	curl_slist_free_all(c->headers);
	buf_release(&c->answer);
	free(c);
}

static void
finish_call(struct web *w, size_t slot, CURLcode rc)
{
	struct call *c = w->calls[slot];
	struct web_answer a = {.retry_after = c->retry_after, .date = c->date};

	curl_multi_remove_handle(w->multi, c->easy);
	w->calls[slot] = NULL;
	if (rc == CURLE_OK) {
		curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &a.status);
		a.body = buf_slice(&c->answer);
	} else if (c->too_long)
		err_set(&a.err, "the answer is longer than %d bytes", WEB_ANSWER_MAX);
	else
		err_set(
		    &a.err, "%s", c->reason[0] != '\0' ? c->reason : curl_easy_strerror(rc));
	if (c->fn != NULL)
		c->fn(c->ctx, &a);
	call_free(c);
}

static void
take_finished(struct web *w)
{
	CURLMsg *m;
	int left;

	while (!w->closing && (m = curl_multi_info_read(w->multi, &left)) != NULL) {
		CURL *easy = m->easy_handle;
		CURLcode rc = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		for (size_t i = 0; i < CALLS_MAX; i++) {
			if (w->calls[i] != NULL && w->calls[i]->easy == easy) {
				finish_call(w, i, rc);
				break;
			}
		}
	}
}

/* --- libcurl's descriptors and timer in our loop --- */

static void
on_ready(void *ctx, int fd, unsigned ready)
{
	struct web *w = ctx;
	int running, bits = (ready & (LOOP_READ | LOOP_HANGUP) ? CURL_CSELECT_IN : 0) |
			    (ready & LOOP_WRITE ? CURL_CSELECT_OUT : 0);

	curl_multi_socket_action(w->multi, fd, bits, &running);
	take_finished(w);
}

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
	struct web *w = ctx;
	unsigned want =
	    (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0);

	if (what == CURL_POLL_REMOVE)
		loop_unwatch(w->loop, fd);
	else if (loop_watch(w->loop, fd, want, on_ready, w, NULL) != 0)
		return -1;
	return 0;
}

static void
on_timer(void *ctx)
{
	struct web *w = ctx;
	int running;

	w->timer = NULL;
	curl_multi_socket_action(w->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	take_finished(w);
}

static int
on_timer_change(CURLM *multi, long ms, void *ctx)
{
	struct web *w = ctx;

	loop_timer_cancel(w->loop, w->timer);
	w->timer = NULL;
	if (ms >= 0 && (w->timer = loop_after(w->loop, SPAN_MS(ms), on_timer, w)) == NULL)
		return -1;
	return 0;
}

int
web_new(struct web **out, struct loop *l, unsigned connections, struct err *e)
{
	struct web *w = calloc(1, sizeof(*w));

	if (w == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (w->multi = curl_multi_init()) == NULL) {
		free(w);
		return err_set(e, "starting libcurl");
	}
	w->loop = l;
	curl_multi_setopt(w->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(w->multi, CURLMOPT_SOCKETDATA, w);
	curl_multi_setopt(w->multi, CURLMOPT_TIMERFUNCTION, on_timer_change);
	curl_multi_setopt(w->multi, CURLMOPT_TIMERDATA, w);
	curl_multi_setopt(w->multi, CURLMOPT_MAXCONNECTS, (long)connections);
	curl_multi_setopt(w->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	*out = w;
	return 0;
}

void
web_free(struct web *w)
{
	if (w == NULL)
		return;
	w->closing = true;
	for (size_t i = 0; i < CALLS_MAX; i++) {
		if (w->calls[i] == NULL)
			continue;
		curl_multi_remove_handle(w->multi, w->calls[i]->easy);
		call_free(w->calls[i]);
	}
	curl_multi_cleanup(w->multi);
	loop_timer_cancel(w->loop, w->timer);
	free(w);
}

/* --- requests --- */

static size_t
on_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct call *c = ctx;

	buf_add(&c->answer, slice_of(bytes, size * n));
	c->too_long = c->answer.failed;
	return c->too_long ? 0 : size * n;
}

static size_t
on_header(char *bytes, size_t size, size_t n, void *ctx)
{
	struct call *c = ctx;
	struct slice line = slice_of(bytes, size * n), name;
	char text[80];
	uint64_t seconds;

	if (!slice_cut(&line, ':', &name) || line.ptr == NULL)
		return size * n;
	line = slice_trim(line);
	if (slice_equal_nocase(name, SLICE("retry-after")) && slice_to_u64(line, &seconds))
		c->retry_after = SPAN_SECONDS(seconds < 3600 ? seconds : 3600);
	if (slice_equal_nocase(name, SLICE("date")) && line.len < sizeof(text)) {
		time_t at;

		snprintf(text, sizeof(text), "%.*s", SLICE_ARG(line));
		if ((at = curl_getdate(text, NULL)) > 0)
			c->date.us = (int64_t)at * 1000000;
	}
	return size * n;
}

/* 0: every option was taken. */
static int
set_trust(CURL *h, const struct web_request *r)
{
	int rc = 0;

	rc |= curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	rc |= curl_easy_setopt(h, CURLOPT_CAPATH, NULL);
	if (r->ca_file != NULL)
		rc |= curl_easy_setopt(h, CURLOPT_CAINFO, r->ca_file);
	rc |= curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, r->ca_file != NULL ? 1L : 0L);
	rc |= curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, r->ca_file != NULL ? 2L : 0L);
	if (r->client_file != NULL) {
		rc |= curl_easy_setopt(h, CURLOPT_SSLCERT, r->client_file);
		rc |= curl_easy_setopt(h, CURLOPT_SSLKEY, r->client_file);
	}
	return rc;
}

static int
set_request(struct call *c, const struct web_request *r)
{
	CURL *h = c->easy;
	int rc = 0;

	rc |= curl_easy_setopt(h, CURLOPT_URL, r->url);
	rc |= curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "https");
	rc |= curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	rc |= curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	rc |= curl_easy_setopt(h, CURLOPT_PROXY, r->proxy == NULL ? "" : r->proxy);
	rc |= curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	rc |= curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)(r->timeout.us / 1000));
	rc |= curl_easy_setopt(h, CURLOPT_MAXLIFETIME_CONN, (long)CONNECTION_LIFE);
	rc |= curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, r->fresh ? 1L : 0L);
	rc |= curl_easy_setopt(h, CURLOPT_TCP_NODELAY, 1L);
	rc |= curl_easy_setopt(h, CURLOPT_ERRORBUFFER, c->reason);
	rc |= curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
	rc |= curl_easy_setopt(h, CURLOPT_WRITEDATA, c);
	rc |= curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
	rc |= curl_easy_setopt(h, CURLOPT_HEADERDATA, c);
	rc |= curl_easy_setopt(h, CURLOPT_HTTPHEADER, c->headers);
	if (r->body.ptr != NULL) {
		rc |= curl_easy_setopt(h, CURLOPT_POST, 1L);
		rc |= curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
		rc |= curl_easy_setopt(h, CURLOPT_POSTFIELDS, r->body.ptr);
	}
	return rc | set_trust(h, r);
}

static int
add_headers(struct call *c, const struct web_request *r)
{
	/* Waiting for "100 Continue" would cost a round trip for each batch. */
	/* What the center refuses is told in the node's log, which is in English. */
	if ((c->headers = curl_slist_append(NULL, "Expect:")) == NULL ||
	    curl_slist_append(c->headers, "Accept-Language: en") == NULL)
		return -1;
	for (size_t i = 0; r->headers != NULL && r->headers[i] != NULL; i++) {
		if (curl_slist_append(c->headers, r->headers[i]) == NULL)
			return -1;
	}
	return 0;
}

int
web_send(struct web *w, const struct web_request *r, struct err *e)
{
	struct call *c = NULL;
	size_t slot = 0;

	while (slot < CALLS_MAX && w->calls[slot] != NULL)
		slot++;
	if (slot == CALLS_MAX)
		return err_set(e, "too many requests at once");
	if ((c = calloc(1, sizeof(*c))) == NULL || (c->easy = curl_easy_init()) == NULL)
		goto refuse;
	c->web = w;
	c->fn = r->fn;
	c->ctx = r->ctx;
	c->answer = BUF_INIT(WEB_ANSWER_MAX);
	if (add_headers(c, r) != 0 || set_request(c, r) != 0)
		goto refuse;
	w->calls[slot] = c;
	if (curl_multi_add_handle(w->multi, c->easy) == CURLM_OK)
		return 0;
	w->calls[slot] = NULL;
refuse:
	call_free(c);
	return err_set(e, "preparing a request to %s: libcurl refused", r->url);
}

bool
web_escape(struct slice s, char *out, size_t size)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (n + 4 > size)
			return false;
		if (s.ptr[i] != '\0' && strchr(plain, s.ptr[i]) != NULL)
			out[n++] = (char)s.ptr[i];
		else
			n += (size_t)snprintf(out + n, 4, "%%%02X", s.ptr[i]);
	}
	if (n >= size)
		return false;
	out[n] = '\0';
	return true;
}
