#include "read.h"

static struct codec_config
format(const char *text)
{
	return (struct codec_config){.logformat = text};
}

static void
every_part_of_a_format_is_honoured(void **state)
{
	static const struct {
		const char *format, *line;
		enum field_id field;
		const char *value;
	} cases[] = {
	    /* widths, padding, alignment */
	    {"%6tr|%>a", "    17|10.0.0.1", FIELD_EVENT_DURATION_MS, "17"},
	    {"%-6tr|%>a", "17    |10.0.0.1", FIELD_EVENT_DURATION_MS, "17"},
	    {"%-10un %>a", "hanako     10.0.0.1", FIELD_SOURCE_IP, "10.0.0.1"},
	    {"%06tr %>a", "000017 10.0.0.1", FIELD_EVENT_DURATION_MS, "000017"},
	    {"%20.20>a %un", "            10.0.0.1 x", FIELD_SOURCE_IP, "10.0.0.1"},
	    /* encodings */
	    {"\"%{User-Agent}>h\" %>a", "\"a \\\"b\\\" \\\\c\" 10.0.0.1", FIELD_USER_AGENT,
		"a \"b\" \\c"},
	    {"%\"{User-Agent}>h|%>a", "a\\tb|10.0.0.1", FIELD_USER_AGENT, "a\tb"},
	    {"%/{User-Agent}>h %>a", "\"a b\" 10.0.0.1", FIELD_USER_AGENT, "a b"},
	    {"[%{User-Agent}>h] %>a", "[a%5bb%5d%25] 10.0.0.1", FIELD_USER_AGENT, "a[b]%"},
	    {"%#{User-Agent}>h %>a", "a%20b 10.0.0.1", FIELD_USER_AGENT, "a b"},
	    {"%{User-Agent}>h %>a", "a%20b%zz 10.0.0.1", FIELD_USER_AGENT, "a b%zz"},
	    {"%'{User-Agent}>h|%>a", "a%20b|10.0.0.1", FIELD_USER_AGENT, "a%20b"},
	    /* arguments before and after, namespaces, other headers */
	    {"%>h{Referer} %>a", "http://r/ 10.0.0.1", FIELD_HTTP_REFERRER, "http://r/"},
	    {"%http::rm %http::>a", "GET 10.0.0.1", FIELD_HTTP_METHOD, "GET"},
	    {"%{Content-Type}<h %>a", "text/html 10.0.0.1", FIELD_HTTP_RESPONSE_TYPE,
		"text/html"},
	    {"%ssl::>sni %ssl::<cert_subject", "c2.example /CN=a b", FIELD_TLS_SUBJECT,
		"/CN=a b"},
	    /* values side by side */
	    {"%tr%%%>a", "17%10.0.0.1", FIELD_SOURCE_IP, "10.0.0.1"},
	    {"%ts%>a", "179539607910.0.0.1", FIELD_NONE, NULL},
	    {"%tr%rm %>a", "17GET 10.0.0.1", FIELD_HTTP_METHOD, "GET"},
	    /* URLs */
	    {"%rm %ru %>a", "CONNECT a.example:443 10.0.0.1", FIELD_URL_PORT, "443"},
	    {"%ru %rm %>a", "a.example:443 CONNECT 10.0.0.1", FIELD_URL_DOMAIN, "a.example"},
	    {"%ru %>a %un", "http://a.example/b c d 10.0.0.1 x", FIELD_SOURCE_IP, NULL},
	    {"%rm %>rs %>rd %>rP %>rp", "GET http a.example 8080 /b.js?c=1", FIELD_URL_FULL,
		"http://a.example:8080/b.js?c=1"},
	    {"%rm %>rs %>rd %>rP %>rp", "GET http a.example 8080 /b.js?c=1",
		FIELD_URL_EXTENSION, "js"},
	    /* absent, unknown and secret values */
	    {"%un %>a", "- 10.0.0.1", FIELD_USER_NAME, NULL},
	    {"%>Hs %>a", "0 10.0.0.1", FIELD_HTTP_STATUS, NULL},
	    {"%<p %>a", "-1 10.0.0.1", FIELD_DESTINATION_PORT, NULL},
	    {"%>A %un", "pc.ward.example x", FIELD_SOURCE_DOMAIN, "pc.ward.example"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct codec_config cfg = format(cases[i].format);
		struct read r;
		read_line(&r, &cfg, cases[i].line);
		if (cases[i].field == FIELD_NONE) {
			assert_status(r.status, CODEC_BAD_TIME);
		} else {
			if (r.status != CODEC_EVENT)
				fail_msg(
				    "%s: %s", cases[i].format, codec_status_name(r.status));
			if (cases[i].value == NULL)
				assert_false(event_has(&r.ev, cases[i].field));
			else
				assert_slice(event_get(&r.ev, cases[i].field), cases[i].value);
		}
		read_close(&r);
	}
}

static void
times_are_read_in_every_form(void **state)
{
	static const struct {
		const char *format, *line, *at;
		int hours;
	} cases[] = {
	    {"%ts.%03tu %>a", "1795396079.645 10.0.0.1", "2026-11-23T01:07:59.645000Z", 9},
	    {"%ts %>a", "1795396079 10.0.0.1", "2026-11-23T01:07:59.000000Z", 9},
	    {"%tl %>a", "23/Nov/2026:10:07:59 +0900 10.0.0.1", "2026-11-23T01:07:59.000000Z",
		0},
	    {"[%tl] %>a", "[23/Nov/2026:10:07:59 +0900] 10.0.0.1",
		"2026-11-23T01:07:59.000000Z", 0},
	    {"%tl %>a", "23/Nov/2026:10:07:59 10.0.0.1", "2026-11-23T01:07:59.000000Z", 9},
	    {"%tg %>a", "23/Nov/2026:01:07:59 10.0.0.1", "2026-11-23T01:07:59.000000Z", 9},
	    {"%{%Y-%m-%dT%H:%M:%S}tl.%03tu%{%z}tl %>a", "2026-11-23T10:07:59.645+0900 10.0.0.1",
		"2026-11-23T01:07:59.645000Z", 0},
	    {"%{%Y-%m-%dT%H:%M:%S%z}tl %>a", "2026-11-23T10:07:59+0900 10.0.0.1",
		"2026-11-23T01:07:59.000000Z", 0},
	    {"%{%d.%m.%y %I:%M:%S %p}tl %>a", "23.11.26 01:07:59 PM 10.0.0.1",
		"2026-11-23T13:07:59.000000Z", 0},
	    {"%{%b %e %T}tl %>a", "Nov  3 01:07:59 10.0.0.1", "2026-11-03T01:07:59.000000Z", 0},
	    {"%{%Y/%j %R}tg %>a", "2026/327 01:07 10.0.0.1", "2026-11-23T01:07:00.000000Z", 0},
	    {"%{%s}tl %>a", "1795396079 10.0.0.1", "2026-11-23T01:07:59.000000Z", 9},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct codec_config cfg = format(cases[i].format);
		struct read r;
		cfg.utc_offset = SPAN_HOURS(cases[i].hours);
		if (read_line(&r, &cfg, cases[i].line) != CODEC_EVENT)
			fail_msg("%s: %s", cases[i].format, codec_status_name(r.status));
		assert_true(r.ev.timed);
		assert_at(&r, cases[i].at);
		assert_field(&r, SOURCE_IP, "10.0.0.1");
		read_close(&r);
	}
}

static void
what_has_no_field_is_an_extra_and_a_password_is_nothing(void **state)
{
	struct codec_config cfg =
	    format("%>a %err_code/%err_detail %credentials %{X-Client}>h %{X-Y}<h %note");
	struct read r;

	assert_status(
	    read_line(&r, &cfg, "10.0.0.1 ERR_ACCESS_DENIED/- s3cret %e6%97%a5 b a:%201"),
	    CODEC_EVENT);
	assert_field(&r, EVENT_REASON, "ERR_ACCESS_DENIED");
	assert_slice(event_find(&r.ev, SLICE("http.request.headers.x-client")), "日");
	assert_slice(event_find(&r.ev, SLICE("http.response.headers.x-y")), "b");
	assert_slice(event_find(&r.ev, SLICE("squid.note")), "a: 1");
	assert_int_equal(r.ev.n_extra, 3);
	read_close(&r);
}

static void
a_line_in_another_format_says_what_is_wrong(void **state)
{
	static const struct {
		const char *format, *line;
		enum codec_status status;
	} cases[] = {
	    {"%>a %tr %un", "10.0.0.1 x hanako", CODEC_BAD_NUMBER},
	    {"%>a \"%un\" %tr", "10.0.0.1 \"hanako", CODEC_BAD_QUOTE},
	    {"%>a [%tl] %un", "10.0.0.1 [yesterday] hanako", CODEC_BAD_TIME},
	    {"%>a %un|%tr", "10.0.0.1 hanako", CODEC_SHORT},
	    {"x%>a", "10.0.0.1", CODEC_SHORT},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct codec_config cfg = format(cases[i].format);
		struct read r;
		assert_status(read_line(&r, &cfg, cases[i].line), cases[i].status);
		read_close(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_part_of_a_format_is_honoured),
	    cmocka_unit_test(times_are_read_in_every_form),
	    cmocka_unit_test(what_has_no_field_is_an_extra_and_a_password_is_nothing),
	    cmocka_unit_test(a_line_in_another_format_says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
