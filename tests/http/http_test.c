/* http_test.c - requests and answers over a real socket, client and server in one loop. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

#include "http/http.h"

static struct loop *loop;
static struct http *http;
static int port;
static unsigned gone;
static size_t body_max;
static struct request *waiting;
static struct buf answer;

/* -- the server's side: what to do is the path -------------------------------- */

static void
answer_waiting(void *ctx)
{
	request_answer(waiting, 200, "text/plain", SLICE("at last"));
	waiting = NULL;
	http_run(http);
}

static void
tell_stream(void *ctx)
{
	assert_true(request_stream_write(waiting, SLICE("two ")));
	request_stream_end(waiting);
	waiting = NULL;
	http_run(http);
}

static void
on_head(void *ctx, struct request *r)
{
	if (slice_is(r->path, "/refused"))
		request_answer(r, 403, "text/plain", SLICE("no"));
	else if (r->length == HTTP_LENGTH_NOT_SAID || (size_t)r->length > body_max)
		request_answer(r, 413, "text/plain", SLICE("too large"));
	r->body_max = body_max;
}

static void
on_whole(void *ctx, struct request *r)
{
	struct buf b = BUF_INIT(1 << 20);

	if (slice_is(r->path, "/wait")) {
		waiting = r;
		loop_after(loop, SPAN_MS(1), answer_waiting, NULL);
	} else if (slice_is(r->path, "/stream")) {
		waiting = r;
		request_answer_stream(r, "text/plain");
		assert_true(request_stream_write(r, SLICE("one ")));
		loop_after(loop, SPAN_MS(1), tell_stream, NULL);
	} else if (slice_is(r->path, "/never"))
		waiting = r;
	else {
		buf_printf(&b, "%zu bytes, x=%.*s, q=%.*s, c=%.*s, from %s%s", r->body.len,
		    SLICE_ARG(request_header(r, "X-Thing", NULL)),
		    SLICE_ARG(request_query(r, "q")), SLICE_ARG(request_cookie(r, "c")),
		    r->address, r->from_loopback ? " (here)" : "");
		request_add_header(r, "X-Back", "yes");
		request_answer_buf(r, 200, "text/plain", &b);
		buf_release(&b);
	}
}

static void
on_gone(void *ctx, struct request *r)
{
	gone++;
}

static int
start(void **state)
{
	struct http_options o = {.name = "test",
	    .connections_max = 16,
	    .per_address_max = 16,
	    .owner = {NULL, on_head, on_whole, on_gone}};
	struct err e = {0};

	gone = 0;
	body_max = 1000;
	waiting = NULL;
	answer = BUF_INIT(1 << 20);
	if (loop_new(&loop, &e) != 0 || http_bind("127.0.0.1:0", &o.listener, &e) != 0)
		return -1;
	port = http_listener_port(o.listener);
	return http_open(&http, loop, &o, &e);
}

static int
stop(void **state)
{
	http_close(http);
	loop_free(loop);
	buf_release(&answer);
	return 0;
}

/* -- the client's side -------------------------------------------------------- */

static void
on_answer(void *ctx, int fd, unsigned ready)
{
	uint8_t *room = buf_room(&answer, 4096);
	ssize_t n;

	assert_non_null(room);
	if ((n = read(fd, room, 4096)) > 0) {
		buf_added(&answer, (size_t)n);
		return;
	}
	loop_unwatch(loop, fd);
	loop_stop(loop);
}

static void
give_up(void *ctx)
{
	fail_msg("no end after 10 s; so far: %.*s", SLICE_ARG(buf_slice(&answer)));
}

static int
dial(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* Send and read until the server closes. */
static struct slice
talk(struct slice text)
{
	struct loop_timer *limit = loop_after(loop, SPAN_SECONDS(10), give_up, NULL);
	int fd = dial();
	struct err e;

	assert_int_equal(write(fd, text.ptr, text.len), text.len);
	assert_int_equal(loop_watch(loop, fd, LOOP_READ, on_answer, NULL, &e), 0);
	loop_run(loop);
	loop_timer_cancel(loop, limit);
	close(fd);
	return buf_slice(&answer);
}

static bool
says(struct slice s, const char *what)
{
	return slice_search(s, slice_str(what)) != SIZE_MAX;
}

/* -- what must hold ----------------------------------------------------------- */

static void
a_request_is_read_whole_and_answered(void **state)
{
	struct slice a =
	    talk(SLICE("POST /a?q=%E7%81%AB HTTP/1.1\r\nHost: h\r\nX-Thing: t\r\n"
		       "Cookie: b=1; c=2\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"
		       "12345"));

	assert_true(says(a, "HTTP/1.1 200"));
	assert_true(says(a, "X-Back: yes"));
	assert_true(says(a, "nosniff"));
	assert_true(says(a, "no-store"));
	assert_true(says(a, "5 bytes, x=t, q=火, c=2, from 127.0.0.1 (here)"));
	assert_int_equal(gone, 1);
}

static void
two_requests_on_one_connection_get_two_answers(void **state)
{
	struct slice a = talk(SLICE("GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
				    "GET /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
	size_t first = slice_search(a, SLICE("0 bytes"));

	assert_true(first != SIZE_MAX);
	assert_true(says(slice_from(a, first + 1), "0 bytes"));
	assert_int_equal(gone, 2);
}

static void
an_answer_may_come_later(void **state)
{
	assert_true(
	    says(talk(SLICE("GET /wait HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")),
		"at last"));
}

static void
a_stream_grows_and_ends(void **state)
{
	struct slice a = talk(SLICE("GET /stream HTTP/1.0\r\nHost: h\r\n\r\n"));

	assert_true(says(a, "one two "));
}

static void
a_stream_that_nobody_reads_is_cut_not_kept(void **state)
{
	static uint8_t much[HTTP_STREAM_MAX];
	struct slice head = SLICE("GET /never HTTP/1.1\r\nHost: h\r\n\r\n");
	int fd = dial();

	assert_int_equal(write(fd, head.ptr, head.len), head.len);
	while (waiting == NULL)
		http_run(http);
	request_answer_stream(waiting, "text/plain");
	assert_true(request_stream_write(waiting, slice_of(much, sizeof(much) - 1)));
	assert_false(request_stream_write(waiting, SLICE("12")));
	assert_false(request_stream_write(waiting, SLICE("1")));
	close(fd);
}

static void
a_body_over_the_limit_is_refused_and_the_answer_arrives(void **state)
{
	struct buf b = BUF_INIT(1 << 20);
	struct slice a;

	buf_add_str(&b, "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n"
			"Connection: close\r\n\r\n");
	for (int i = 0; i < 200000; i++)
		buf_add_byte(&b, 'x');
	a = talk(buf_slice(&b));
	assert_true(says(a, "HTTP/1.1 413"));
	assert_true(says(a, "too large"));
	buf_release(&b);
}

static void
a_huge_body_is_not_even_read(void **state)
{
	struct slice a =
	    talk(SLICE("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n"));

	assert_true(says(a, "HTTP/1.1 413"));
}

static void
lengths_that_contradict_close_the_connection(void **state)
{
	const struct slice bad[] = {
	    SLICE("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: "
		  "6\r\n\r\n12345"),
	    SLICE("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: "
		  "chunked\r\n\r\n0\r\n\r\n"),
	    SLICE("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n"),
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		buf_reset(&answer);
		assert_false(says(talk(bad[i]), "200 OK"));
	}
}

static void
garbage_is_answered_or_cut_and_the_next_is_served(void **state)
{
	const struct slice bad[] = {SLICE("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n"),
	    SLICE("hello\r\n\r\n"), SLICE("GET\r\n\r\n"),
	    SLICE("\r\n\r\n\r\nGET / HTTP/9.9\r\n\r\n")};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		buf_reset(&answer);
		assert_false(says(talk(bad[i]), "200 OK"));
	}
	buf_reset(&answer);
	assert_true(says(
	    talk(SLICE("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")), "200 OK"));
}

static void
closing_ends_requests_that_wait(void **state)
{
	struct slice head = SLICE("GET /never HTTP/1.1\r\nHost: h\r\n\r\n");
	int fd = dial();

	assert_int_equal(write(fd, head.ptr, head.len), head.len);
	while (waiting == NULL)
		http_run(http);
	http_close(http);
	http = NULL;
	assert_int_equal(gone, 1);
	close(fd);
}

static void
a_port_in_use_says_so(void **state)
{
	char address[64];
	struct err e = {0};
	int fd;

	snprintf(address, sizeof(address), "127.0.0.1:%d", port);
	assert_int_equal(http_bind(address, &fd, &e), -1);
	assert_int_equal(e.code, EADDRINUSE);
	assert_non_null(strstr(e.text, "in use"));
	assert_int_equal(http_bind("nonsense", &fd, &e), -1);
	assert_int_equal(http_bind("127.0.0.1:99999", &fd, &e), -1);
	assert_int_equal(http_bind("::1:80", &fd, &e), -1);
}

int
main(void)
{
#define SERVED(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
	    SERVED(a_request_is_read_whole_and_answered),
	    SERVED(two_requests_on_one_connection_get_two_answers),
	    SERVED(an_answer_may_come_later),
	    SERVED(a_stream_grows_and_ends),
	    SERVED(a_stream_that_nobody_reads_is_cut_not_kept),
	    SERVED(a_body_over_the_limit_is_refused_and_the_answer_arrives),
	    SERVED(a_huge_body_is_not_even_read),
	    SERVED(lengths_that_contradict_close_the_connection),
	    SERVED(garbage_is_answered_or_cut_and_the_next_is_served),
	    SERVED(closing_ends_requests_that_wait),
	    SERVED(a_port_in_use_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
