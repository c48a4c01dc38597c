/* HAProxy's HTTP, TCP and error lines. */
#include "read.h"

static void
http_lines_have_client_request_and_reply(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL,
		"Nov 23 01:07:59 lb haproxy[12]: 2001:db8::1:50000 "
		"[23/Nov/2026:01:07:59.645] https-in~ app/s1 10/0/0/3/173 200 739 - - "
		"--NN 1/1/0/0/0 0/0 {a b|c} \"GET /x?q=1 HTTP/1.1\""),
	    CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "haproxy");
	assert_int_equal(r.ev.class, EVENT_WEBSERVER);
	assert_at(&r, "2026-11-23T01:07:59.645000Z");
	assert_field(&r, SOURCE_IP, "2001:db8::1");
	assert_field(&r, SOURCE_PORT, "50000");
	assert_field(&r, HTTP_METHOD, "GET");
	assert_field(&r, URL_PATH, "/x");
	assert_field(&r, HTTP_VERSION, "1.1");
	assert_field(&r, HTTP_STATUS, "200");
	assert_field(&r, HTTP_RESPONSE_BYTES, "739");
	assert_field(&r, EVENT_DURATION_MS, "173");
	assert_slice(event_find(&r.ev, SLICE("haproxy.backend")), "app/s1");
	read_next(&r,
	    "Nov 23 01:07:59 lb haproxy[12]: 10.0.0.1:50000 [23/Nov/2026:01:07:59.645] "
	    "in in/<NOSRV> -1/-1/-1/-1/0 400 187 - - PR-- 1/1/0/0/0 0/0 \"<BADREQ>\"");
	assert_status(r.status, CODEC_EVENT);
	assert_field(&r, HTTP_STATUS, "400");
	assert_field(&r, MESSAGE, "<BADREQ>");
	read_close(&r);
}

static void
tcp_and_errors_are_connections(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "10.0.0.1:50000 [23/Nov/2026:01:07:59.645] db db/s1 0/0/5007 212 -- "
			  "0/0/0/0/3 0/0"),
	    CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_CONNECTION);
	assert_slice(r.ev.dataset, "haproxy.tcp");
	assert_field(&r, DESTINATION_BYTES, "212");
	assert_field(&r, EVENT_DURATION_MS, "5007");
	read_next(&r, "10.0.0.1:50000 [23/Nov/2026:01:07:59.645] in/1: SSL handshake failure");
	assert_status(r.status, CODEC_EVENT);
	assert_field(&r, MESSAGE, "in/1: SSL handshake failure");
	read_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(http_lines_have_client_request_and_reply),
	    cmocka_unit_test(tcp_and_errors_are_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
