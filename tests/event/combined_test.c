#include "read.h"

#include <stdio.h>

static void
a_combined_line_gives_its_fields(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "83.149.9.216 - - [17/May/2015:10:05:03 +0000] \"GET "
			  "/presentations/search.png?x=1 "
			  "HTTP/1.1\" 200 203023 \"http://semicomplete.com/presentations/\" "
			  "\"Mozilla/5.0 "
			  "(Macintosh; Intel Mac OS X 10_9_1)\""),
	    CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "combined");
	assert_at(&r, "2015-05-17T10:05:03.000000Z");
	assert_int_equal(r.ev.class, EVENT_WEBSERVER);
	assert_slice(r.ev.dataset, "combined.access");
	assert_field(&r, SOURCE_IP, "83.149.9.216");
	assert_field(&r, HTTP_METHOD, "GET");
	assert_field(&r, URL_ORIGINAL, "/presentations/search.png?x=1");
	assert_field(&r, URL_PATH, "/presentations/search.png");
	assert_field(&r, URL_QUERY, "x=1");
	assert_field(&r, URL_EXTENSION, "png");
	assert_no_field(&r, URL_FULL);
	assert_field(&r, HTTP_VERSION, "1.1");
	assert_field(&r, HTTP_STATUS, "200");
	assert_field(&r, HTTP_RESPONSE_BYTES, "203023");
	assert_field(&r, HTTP_REFERRER, "http://semicomplete.com/presentations/");
	assert_field(&r, USER_AGENT, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1)");
	assert_no_field(&r, USER_NAME);
	read_close(&r);
}

static void
common_log_format_ends_after_the_bytes(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "pc3.example - frank [10/Oct/2000:13:55:36 -0700] \"GET "
			  "/apache_pb.gif HTTP/1.0\" 304 -"),
	    CODEC_EVENT);
	assert_at(&r, "2000-10-10T20:55:36.000000Z");
	assert_field(&r, SOURCE_DOMAIN, "pc3.example");
	assert_field(&r, USER_NAME, "frank");
	assert_no_field(&r, HTTP_RESPONSE_BYTES);
	read_close(&r);
}

static void
a_request_for_a_whole_url_was_made_to_a_proxy(void **state)
{
	struct read r;

	read_line(&r, NULL,
	    "127.0.0.1 - - [24/Sep/2021:06:20:32 +0000] \"CONNECT foo.example:25 HTTP/1.1\" "
	    "400 166 \"-\" \"-\"");
	assert_status(r.status, CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_PROXY);
	assert_field(&r, URL_DOMAIN, "foo.example");
	assert_field(&r, URL_PORT, "25");
	read_next(&r, "127.0.0.2 - - [08/Aug/2022:21:18:26 +0000] \"GET "
		      "http://www.judge.example:80/ip4.php HTTP/1.0\" 400 "
		      "255 \"-\" \"-\" \"203.0.113.9, 10.0.0.1\"");
	assert_status(r.status, CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_PROXY);
	assert_field(&r, URL_FULL, "http://www.judge.example:80/ip4.php");
	assert_field(&r, CLIENT_IP, "203.0.113.9");
	assert_no_field(&r, USER_AGENT);
	read_close(&r);
}

static void
squids_columns_at_the_end_are_read_and_its_bare_quotes_borne(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "10.77.0.40 - dr.sato [23/Nov/2026:01:08:07 +0000] \"GET "
			  "http://portal.example/page2.html "
			  "HTTP/1.1\" 200 8489 \"-\" \"Mozilla/5.0 \"quoted\" \\back\" "
			  "TCP_MISS:HIER_DIRECT"),
	    CODEC_EVENT);
	assert_field(&r, USER_AGENT, "Mozilla/5.0 \"quoted\" \\back");
	assert_field(&r, PROXY_RESULT, "TCP_MISS");
	assert_field(&r, PROXY_HIERARCHY, "HIER_DIRECT");
	read_close(&r);
}

static void
escapes_of_the_server_are_undone(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "10.77.0.30 - - [23/Nov/2026:01:08:07 +0000] \"GET "
			  "/\\xE6\\x97\\xA5?q=\\\"a HTTP/1.1\" 404 153 "
			  "\"-\" \"Mozilla/5.0 \\x22quoted\\x22 \\x5Cback\""),
	    CODEC_EVENT);
	assert_field(&r, URL_PATH, "/日");
	assert_field(&r, URL_QUERY, "q=\"a");
	assert_field(&r, USER_AGENT, "Mozilla/5.0 \"quoted\" \\back");
	read_close(&r);
}

static void
a_request_that_is_not_http_is_still_an_event(void **state)
{
	static const struct {
		const char *request, *message;
		size_t len;
	} cases[] = {
	    {"-", NULL, 0},
	    {"\\x16\\x03\\x01", "\x16\x03\x01", 3},
	    {"lv|'|'|VHJv|'|'|user|'|'|2013-11-22", "lv|'|'|VHJv|'|'|user|'|'|2013-11-22", 35},
	    {"SSH-2.0-Go", "SSH-2.0-Go", 10},
	    {"", NULL, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct read r;
		char line[256];
		snprintf(line, sizeof(line),
		    "1.2.3.4 - - [29/Jul/2023:10:26:06 -0700] \"%s\" 400 157 \"-\" \"-\"",
		    cases[i].request);
		assert_status(read_line(&r, NULL, line), CODEC_EVENT);
		assert_field(&r, SOURCE_IP, "1.2.3.4");
		assert_field(&r, HTTP_STATUS, "400");
		assert_no_field(&r, HTTP_METHOD);
		if (cases[i].message == NULL)
			assert_no_field(&r, MESSAGE);
		else
			assert_true(slice_equal(event_get(&r.ev, FIELD_MESSAGE),
			    slice_of(cases[i].message, cases[i].len)));
		read_close(&r);
	}
}

static void
a_virtual_host_in_front_is_the_domain(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "www.hospital.example:443 10.1.2.3 - - [23/Nov/2026:01:08:07 +0900] "
			  "\"GET /login HTTP/2\" 200 1 "
			  "\"-\" \"x\" 0.005 \"extra\""),
	    CODEC_EVENT);
	assert_at(&r, "2026-11-22T16:08:07.000000Z");
	assert_field(&r, SOURCE_IP, "10.1.2.3");
	assert_field(&r, URL_DOMAIN, "www.hospital.example");
	assert_field(&r, URL_PORT, "443");
	assert_field(&r, HTTP_VERSION, "2");
	assert_slice(event_find(&r.ev, SLICE("combined.1")), "0.005");
	assert_slice(event_find(&r.ev, SLICE("combined.2")), "extra");
	read_close(&r);
}

static void
a_line_cut_in_its_last_value_is_still_an_event(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "1.2.3.4 - - [29/Jul/2023:10:26:06 -0700] \"GET / HTTP/1.1\" 200 1 "
			  "\"-\" \"Mozil"),
	    CODEC_EVENT);
	assert_field(&r, USER_AGENT, "Mozil");
	assert_no_field(&r, HTTP_REFERRER);
	read_close(&r);
}

static void
a_broken_line_says_what_is_wrong(void **state)
{
	static const struct {
		const char *line;
		enum codec_status status;
	} cases[] = {
	    {"1.2.3.4 - - [29/Jul/2023:10:26:06 -0700] \"GET / HTT", CODEC_BAD_QUOTE},
	    {"1.2.3.4 - - [29/Jul/2023:10:26:06 -0700]", CODEC_SHORT},
	    {"1.2.3.4 - - [29/Jul/2023:10:26:06 -0700", CODEC_BAD_QUOTE},
	    {"1.2.3.4 - - [39/Jul/2023:10:26:06 -0700] \"GET / HTTP/1.1\" 200 1",
		CODEC_BAD_TIME},
	    {"1.2.3.4 - - \"GET / HTTP/1.1\" 200 1", CODEC_BAD_TIME},
	    {"1.2.3.4 - - [29/Jul/2023:10:26:06 -0700] \"GET / HTTP/1.1\" 2x0 1",
		CODEC_BAD_NUMBER},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct read r;
		assert_status(
		    read_line(&r, &(struct codec_config){.codec = "combined"}, cases[i].line),
		    cases[i].status);
		read_close(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_combined_line_gives_its_fields),
	    cmocka_unit_test(common_log_format_ends_after_the_bytes),
	    cmocka_unit_test(a_request_for_a_whole_url_was_made_to_a_proxy),
	    cmocka_unit_test(squids_columns_at_the_end_are_read_and_its_bare_quotes_borne),
	    cmocka_unit_test(escapes_of_the_server_are_undone),
	    cmocka_unit_test(a_request_that_is_not_http_is_still_an_event),
	    cmocka_unit_test(a_virtual_host_in_front_is_the_domain),
	    cmocka_unit_test(a_line_cut_in_its_last_value_is_still_an_event),
	    cmocka_unit_test(a_broken_line_says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
