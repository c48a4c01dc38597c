#include "read.h"

static void
a_native_line_gives_its_ten_words(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL,
		"1795396087.749     17 10.77.0.40 TCP_MISS/200 4435 GET "
		"http://portal.example/page1.html nurse01 HIER_DIRECT/10.77.0.10 text/html"),
	    CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "squid");
	assert_null(reader_envelope(r.reader));
	assert_at(&r, "2026-11-23T01:08:07.749000Z");
	assert_true(r.ev.timed);
	assert_int_equal(r.ev.class, EVENT_PROXY);
	assert_slice(r.ev.dataset, "squid.access");
	assert_field(&r, EVENT_DURATION_MS, "17");
	assert_field(&r, SOURCE_IP, "10.77.0.40");
	assert_field(&r, PROXY_RESULT, "TCP_MISS");
	assert_field(&r, HTTP_STATUS, "200");
	assert_field(&r, HTTP_RESPONSE_BYTES, "4435");
	assert_field(&r, HTTP_METHOD, "GET");
	assert_field(&r, URL_ORIGINAL, "http://portal.example/page1.html");
	assert_field(&r, URL_FULL, "http://portal.example/page1.html");
	assert_field(&r, URL_DOMAIN, "portal.example");
	assert_field(&r, URL_EXTENSION, "html");
	assert_field(&r, USER_NAME, "nurse01");
	assert_field(&r, PROXY_HIERARCHY, "HIER_DIRECT");
	assert_field(&r, DESTINATION_IP, "10.77.0.10");
	assert_field(&r, HTTP_RESPONSE_TYPE, "text/html");
	read_close(&r);
}

static void
a_tunnel_has_a_host_and_a_port(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "1795396087.668      1 10.77.0.20 TCP_DENIED/403 3486 CONNECT "
			  "portal.example:8443 - HIER_NONE/- text/html"),
	    CODEC_EVENT);
	assert_field(&r, URL_ORIGINAL, "portal.example:8443");
	assert_field(&r, URL_DOMAIN, "portal.example");
	assert_field(&r, URL_PORT, "8443");
	assert_no_field(&r, URL_FULL);
	assert_no_field(&r, USER_NAME);
	assert_no_field(&r, DESTINATION_IP);
	read_close(&r);
}

static void
spaces_in_the_url_do_not_shift_the_rest(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, &(struct codec_config){.codec = "squid"},
		"1795396087.668      1 pc12.ward.example TCP_MISS/000 0 GET "
		"http://a.example/my file.txt HOSP%5ctaro FIRSTUP_PARENT/parent.example -"),
	    CODEC_EVENT);
	assert_field(&r, URL_ORIGINAL, "http://a.example/my file.txt");
	assert_field(&r, USER_NAME, "HOSP\\taro");
	assert_field(&r, SOURCE_DOMAIN, "pc12.ward.example");
	assert_field(&r, DESTINATION_DOMAIN, "parent.example");
	assert_no_field(&r, HTTP_STATUS);
	assert_no_field(&r, HTTP_RESPONSE_TYPE);
	read_close(&r);
}

static void
a_line_that_is_not_native_says_what_is_wrong(void **state)
{
	static const struct {
		const char *line;
		enum codec_status status;
	} cases[] = {
	    {"1795396087.668      1 10.77.0.20 TCP_DENIED/403 3486 CONNECT portal.exam",
		CODEC_SHORT},
	    {"yesterday 1 10.0.0.1 TCP_DENIED/403 3486 GET http://a/ - HIER_NONE/- -",
		CODEC_BAD_TIME},
	    {"1795396087.668 x 10.0.0.1 TCP_DENIED/403 3486 GET http://a/ - HIER_NONE/- -",
		CODEC_BAD_NUMBER},
	    {"1795396087.668 1 10.0.0.1 TCP_DENIED/4x3 3486 GET http://a/ - HIER_NONE/- -",
		CODEC_BAD_NUMBER},
	    {"1795396087.668 1 10.0.0.1 TCP_DENIED/403 many GET http://a/ - HIER_NONE/- -",
		CODEC_BAD_NUMBER},
	    {"1795396087.668 1 10.0.0.1 TCP_DENIED 3486 GET http://a/ - HIER_NONE/- -",
		CODEC_SHORT},
	    {"", CODEC_NOTHING},
	    {"   ", CODEC_NOTHING},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct read r;
		assert_status(
		    read_line(&r, &(struct codec_config){.codec = "squid"}, cases[i].line),
		    cases[i].status);
		assert_false(r.ev.timed);
		assert_int_equal(r.ev.at.us, READ_RECEIVED.us);
		assert_slice(r.ev.raw, cases[i].line);
		assert_int_equal(r.ev.present[0] | r.ev.present[1], 0);
		read_close(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_native_line_gives_its_ten_words),
	    cmocka_unit_test(a_tunnel_has_a_host_and_a_port),
	    cmocka_unit_test(spaces_in_the_url_do_not_shift_the_rest),
	    cmocka_unit_test(a_line_that_is_not_native_says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
