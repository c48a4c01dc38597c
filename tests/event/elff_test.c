#include "read.h"

#define IIS                                                                                    \
	"#Software: Microsoft Internet Information Services 10.0\n"                            \
	"#Version: 1.0\n"                                                                      \
	"#Date: 2026-11-23 01:00:00\n"                                                         \
	"#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip "  \
	"cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n"

static void
an_iis_line_is_a_web_servers(void **state)
{
	struct read r;

	read_open(&r, NULL, IIS, "");
	assert_string_equal(reader_codec(r.reader)->id, "elff");
	assert_status(read_next(&r, "2026-11-23 01:07:59 10.0.0.5 POST /owa/auth.owa user=1 "
				    "443 HOSP\\taro 198.51.100.7 "
				    "Mozilla/5.0+(Windows+NT+10.0) - 302 0 64 15"),
	    CODEC_EVENT);
	assert_at(&r, "2026-11-23T01:07:59.000000Z");
	assert_int_equal(r.ev.class, EVENT_WEBSERVER);
	assert_slice(r.ev.dataset, "elff.access");
	assert_field(&r, DESTINATION_IP, "10.0.0.5");
	assert_field(&r, DESTINATION_PORT, "443");
	assert_field(&r, SOURCE_IP, "198.51.100.7");
	assert_field(&r, USER_NAME, "HOSP\\taro");
	assert_field(&r, HTTP_METHOD, "POST");
	assert_field(&r, URL_ORIGINAL, "/owa/auth.owa?user=1");
	assert_field(&r, URL_PATH, "/owa/auth.owa");
	assert_field(&r, URL_QUERY, "user=1");
	assert_field(&r, URL_EXTENSION, "owa");
	assert_field(&r, USER_AGENT, "Mozilla/5.0 (Windows NT 10.0)");
	assert_no_field(&r, HTTP_REFERRER);
	assert_field(&r, HTTP_STATUS, "302");
	assert_field(&r, EVENT_DURATION_MS, "15");
	assert_slice(event_find(&r.ev, SLICE("sc-win32-status")), "64");
	read_close(&r);
}

#define BLUECOAT                                                                               \
	"#Software: SGOS 6.7.4.141\n"                                                          \
	"#Version: 1.0\n"                                                                      \
	"#Fields: date time time-taken c-ip cs-username cs-auth-group x-exception-id "         \
	"sc-filter-result cs-categories cs(Referer) sc-status s-action cs-method "             \
	"rs(Content-Type) cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query "         \
	"cs-uri-extension cs(User-Agent) s-ip sc-bytes cs-bytes x-virus-id\n"

static void
a_blue_coat_line_composes_its_url(void **state)
{
	struct read r;

	read_open(&r, NULL, NULL,
	    BLUECOAT "2026-11-23 01:07:59 61 10.0.0.9 hanako - - OBSERVED \"Search "
		     "Engines/Portals\" - 200 "
		     "TCP_NC_MISS GET text/html http www.portal.example 80 /a/b.html ?q=1 html "
		     "\"Mozilla/5.0 (X11) "
		     "\"\"q\"\"\" 10.0.0.1 1024 512 -\n");
	assert_status(read_next(&r, "#Software: SGOS 6.7.4.141"), CODEC_NOTHING);
	assert_status(
	    read_next(&r,
		"#Fields: date time time-taken c-ip cs-username cs-auth-group x-exception-id "
		"sc-filter-result cs-categories cs(Referer) sc-status s-action cs-method "
		"rs(Content-Type) cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query "
		"cs-uri-extension cs(User-Agent) s-ip sc-bytes cs-bytes x-virus-id"),
	    CODEC_NOTHING);
	assert_status(read_next(&r, "2026-11-23 01:07:59 61 10.0.0.9 hanako - - OBSERVED "
				    "\"Search Engines/Portals\" - 200 "
				    "TCP_NC_MISS GET text/html http www.portal.example 80 "
				    "/a/b.html ?q=1 html \"Mozilla/5.0 "
				    "(X11) \"\"q\"\"\" 10.0.0.1 1024 512 -"),
	    CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_PROXY);
	assert_field(&r, URL_FULL, "http://www.portal.example/a/b.html?q=1");
	assert_field(&r, URL_ORIGINAL, "http://www.portal.example/a/b.html?q=1");
	assert_field(&r, URL_DOMAIN, "www.portal.example");
	assert_field(&r, URL_QUERY, "q=1");
	assert_field(&r, PROXY_CATEGORY, "Search Engines/Portals");
	assert_field(&r, PROXY_RESULT, "TCP_NC_MISS");
	assert_field(&r, USER_AGENT, "Mozilla/5.0 (X11) \"q\"");
	assert_field(&r, OBSERVER_IP, "10.0.0.1");
	assert_no_field(&r, DESTINATION_IP);
	assert_field(&r, HTTP_RESPONSE_TYPE, "text/html");
	assert_status(read_next(&r, "2026-11-23 01:08:00 61 10.0.0.9 - - policy_denied DENIED "
				    "\"Malicious\" - 403 TCP_DENIED "
				    "CONNECT - tcp c2.example 8443 / - - - 10.0.0.1 0 100 -"),
	    CODEC_EVENT);
	assert_field(&r, URL_ORIGINAL, "c2.example:8443");
	assert_field(&r, EVENT_REASON, "policy_denied");
	assert_no_field(&r, URL_FULL);
	read_close(&r);
}

static void
tabs_part_values_that_hold_spaces(void **state)
{
	struct read r;

	read_open(&r, NULL,
	    "#Fields: "
	    "datetime\tuser\tClientIP\trequestmethod\turl\tstatus\turlcategory\tuseragent\tserv"
	    "erip\taction\n",
	    "");
	assert_status(read_next(&r, "2026-11-23 01:07:59\thanako "
				    "yamada\t10.1.1.1\tGET\twww.a.example/x.zip\t200\tFile "
				    "Host\tMozilla/5.0 (a+b)\t203.0.113.1\tAllowed"),
	    CODEC_EVENT);
	assert_at(&r, "2026-11-23T01:07:59.000000Z");
	assert_field(&r, USER_NAME, "hanako yamada");
	assert_field(&r, SOURCE_IP, "10.1.1.1");
	assert_field(&r, URL_DOMAIN, "www.a.example");
	assert_field(&r, URL_EXTENSION, "zip");
	assert_field(&r, PROXY_CATEGORY, "File Host");
	assert_field(&r, USER_AGENT, "Mozilla/5.0 (a+b)");
	assert_field(&r, EVENT_ACTION, "Allowed");
	read_close(&r);
}

static void
the_time_may_be_written_in_many_ways(void **state)
{
	static const struct {
		const char *header, *line, *at;
		int hours;
	} cases[] = {
	    {"#Fields: date time c-ip", "2026-11-23 01:07:59.250 10.0.0.1",
		"2026-11-23T01:07:59.250000Z", 0},
	    {"#Fields: date time c-ip", "2026-11-23 01:07:59 10.0.0.1",
		"2026-11-22T16:07:59.000000Z", 9},
	    {"#Fields: time c-ip date", "01:07:59 10.0.0.1 2026-11-23",
		"2026-11-23T01:07:59.000000Z", 0},
	    {"#Date: 2026-11-23 00:00:00\n#Fields: time c-ip", "01:07:59 10.0.0.1",
		"2026-11-23T01:07:59.000000Z", 0},
	    {"#Fields: x-timestamp c-ip", "1795396079.645 10.0.0.1",
		"2026-11-23T01:07:59.645000Z", 0},
	    {"#Fields: gmttime c-ip", "[23/Nov/2026:01:07:59 GMT] 10.0.0.1",
		"2026-11-23T01:07:59.000000Z", 9},
	    {"#Fields: localtime c-ip", "[23/Nov/2026:10:07:59 +0900] 10.0.0.1",
		"2026-11-23T01:07:59.000000Z", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct read r;
		read_open(&r, &(struct codec_config){.utc_offset = SPAN_HOURS(cases[i].hours)},
		    cases[i].header, "");
		assert_status(read_next(&r, cases[i].line), CODEC_EVENT);
		assert_true(r.ev.timed);
		assert_at(&r, cases[i].at);
		assert_field(&r, SOURCE_IP, "10.0.0.1");
		read_close(&r);
	}
}

static void
lines_without_their_header_say_so(void **state)
{
	struct read r;

	read_open(&r, &(struct codec_config){.codec = "elff"}, NULL, "");
	assert_status(read_next(&r, "2026-11-23 01:07:59 10.0.0.1"), CODEC_NO_HEADER);
	assert_status(
	    read_next(&r, "#Fields: date time c-ip cs(User-Agent) sc-status"), CODEC_NOTHING);
	assert_status(read_next(&r, "2026-11-23 01:07:59 10.0.0.1"), CODEC_SHORT);
	assert_status(read_next(&r, "2026-11-23 01:07:59 10.0.0.1 \"Moz"), CODEC_BAD_QUOTE);
	assert_status(read_next(&r, "2026-11-23 01:07:59 10.0.0.1 - x"), CODEC_BAD_NUMBER);
	assert_status(read_next(&r, "2026-13-23 01:07:59 10.0.0.1 - 200"), CODEC_BAD_TIME);
	assert_status(read_next(&r, "2026-11-23 01:07:59 10.0.0.1 - 200"), CODEC_EVENT);
	read_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_iis_line_is_a_web_servers),
	    cmocka_unit_test(a_blue_coat_line_composes_its_url),
	    cmocka_unit_test(tabs_part_values_that_hold_spaces),
	    cmocka_unit_test(the_time_may_be_written_in_many_ways),
	    cmocka_unit_test(lines_without_their_header_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
