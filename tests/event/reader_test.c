#include "read.h"

#include <stdio.h>

#define NATIVE                                                                                 \
	"1795396087.749     17 10.77.0.40 TCP_MISS/200 4435 GET http://portal.example/p.html " \
	"nurse01 HIER_DIRECT/10.77.0.10 text/html"

static void
syslog_around_a_line_is_opened(void **state)
{
	static const struct {
		const char *before, *envelope, *host, *app, *proc;
	} cases[] = {
	    {"<134>1 2026-11-23T01:08:07.749Z proxy1 squid 123 - - ", "rfc5424", "proxy1",
		"squid", "123"},
	    {"<134>1 - - - - - - ", "rfc5424", NULL, NULL, NULL},
	    {"<134>1 2026-11-23T01:08:07+09:00 proxy1 squid - ID47 [x@1 a=\"b\\\"]c\"][y "
	     "k=\"v\"] ",
		"rfc5424", "proxy1", "squid", NULL},
	    {"<134>1 2026-11-23T01:08:07Z proxy1 squid 123 - - \xef\xbb\xbf", "rfc5424",
		"proxy1", "squid", "123"},
	    {"321 <134>1 2026-11-23T01:08:07Z proxy1 squid 123 - - ", "rfc5424", "proxy1",
		"squid", "123"},
	    {"<134>Nov 23 01:08:07 proxy1 squid[123]: ", "rfc3164", "proxy1", "squid", "123"},
	    {"<134>Nov  3 01:08:07 proxy1 squid: ", "rfc3164", "proxy1", "squid", NULL},
	    {"<134>Nov 23 01:08:07 (squid-1)[123]: ", "rfc3164", NULL, "(squid-1)", "123"},
	    {"<134>squid[123]: ", "rfc3164", NULL, "squid", "123"},
	    {"Nov 23 01:08:07 proxy1 squid[123]: ", "rfc3164", "proxy1", "squid", "123"},
	    {"2026-11-23T01:08:07.749000+09:00 proxy1 (squid-1): ", "rfc3164", "proxy1",
		"(squid-1)", NULL},
	    {"squid[123]: ", "rfc3164", NULL, "squid", "123"},
	    {"99 <134>Nov 23 01:08:07 proxy1 squid[123]: ", "rfc3164", "proxy1", "squid",
		"123"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct read r;
		char line[512];
		snprintf(line, sizeof(line), "%s%s", cases[i].before, NATIVE);
		if (read_line(&r, NULL, line) != CODEC_EVENT)
			fail_msg("%s", line);
		assert_string_equal(reader_codec(r.reader)->id, "squid");
		assert_string_equal(reader_envelope(r.reader), cases[i].envelope);
		assert_field(&r, USER_NAME, "nurse01");
		assert_at(&r, "2026-11-23T01:08:07.749000Z");
		assert_slice(r.ev.raw, line);
		if (cases[i].host != NULL)
			assert_field(&r, SYSLOG_HOSTNAME, cases[i].host);
		else
			assert_no_field(&r, SYSLOG_HOSTNAME);
		if (cases[i].app != NULL)
			assert_field(&r, SYSLOG_APPNAME, cases[i].app);
		if (cases[i].proc != NULL)
			assert_field(&r, SYSLOG_PROCID, cases[i].proc);
		read_close(&r);
	}
}

static void
every_codec_is_recognised_in_and_out_of_syslog(void **state)
{
	static const struct {
		const char *line, *codec;
	} cases[] = {
	    {NATIVE, "squid"},
	    {"10.0.0.1 - - [23/Nov/2026:01:08:07 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"x\"",
		"combined"},
	    {"#Fields: date time c-ip cs-method cs-uri", "elff"},
	    {"{\"timestamp\":\"2026-11-23T01:08:07.000000+0000\",\"event_type\":\"dns\"}",
		"eve"},
	    {"{\"@timestamp\":\"2026-11-23T01:08:07Z\",\"message\":\"x\"}", "ecs"},
	};
	static const char *const before[] = {"", "<13>1 2026-11-23T01:08:07Z h a 1 - - ",
	    "<13>Nov 23 01:08:07 h a: ", "<13>Nov 23 01:08:07 h a: @cee: "};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t k = 0; k < sizeof(before) / sizeof(before[0]); k++) {
			struct read r;
			char line[512];
			if (k == 3 && cases[i].line[0] != '{')
				continue;
			snprintf(line, sizeof(line), "%s%s", before[k], cases[i].line);
			enum codec_status status = read_line(&r, NULL, line);
			assert_non_null(reader_codec(r.reader));
			assert_string_equal(reader_codec(r.reader)->id, cases[i].codec);
			assert_true(status == CODEC_EVENT || status == CODEC_NOTHING);
			assert_int_equal(reader_envelope(r.reader) != NULL, k > 0);
			read_close(&r);
			/* and the same with the codec named */
			status = read_line(
			    &r, &(struct codec_config){.codec = cases[i].codec}, line);
			assert_true(status == CODEC_EVENT || status == CODEC_NOTHING);
			assert_int_equal(reader_envelope(r.reader) != NULL, k > 0);
			read_close(&r);
		}
}

static void
garbage_before_the_first_good_line_is_borne(void **state)
{
	struct read r;

	read_open(&r, NULL, NULL,
	    "\xef\xbb\xbf\n\nsome words\n\x01\x02\x03\n2026/11/23 starting up\n" NATIVE "\n");
	assert_string_equal(reader_codec(r.reader)->id, "squid");
	assert_status(read_next(&r, "\xef\xbb\xbf"), CODEC_NOTHING);
	assert_status(read_next(&r, "some words"), CODEC_SHORT);
	assert_status(read_next(&r, "\xef\xbb\xbf" NATIVE), CODEC_EVENT);
	read_close(&r);
}

static void
what_is_not_recognised_is_looked_at_again_with_the_next_batch(void **state)
{
	struct batch b = {.received = READ_RECEIVED, .lines = SLICE(NATIVE)};
	struct read r;

	assert_status(read_line(&r, NULL, "some words"), CODEC_UNKNOWN);
	assert_null(reader_codec(r.reader));
	reader_start(r.reader, &b);
	assert_string_equal(reader_codec(r.reader)->id, "squid");
	assert_status(read_next(&r, NATIVE), CODEC_EVENT);
	b.lines = SLICE("some words\nand more\n");
	reader_start(r.reader, &b); /* what came before does not count */
	assert_null(reader_codec(r.reader));
	b.lines = SLICE("{\"@timestamp\":\"2026-11-23T01:08:07Z\"}\n");
	reader_start(r.reader, &b);
	assert_string_equal(reader_codec(r.reader)->id, "ecs");
	read_close(&r);
}

static void
columns_named_in_the_preamble_hold_for_the_batch_and_no_longer(void **state)
{
	struct batch b = {.received = READ_RECEIVED, .lines = SLICE("10.0.0.2 POST\n")};
	struct read r;

	read_open(&r, NULL, "#Fields: c-ip cs-method\n", "10.0.0.1 GET\n");
	assert_status(read_next(&r, "10.0.0.1 GET"), CODEC_EVENT);
	assert_field(&r, SOURCE_IP, "10.0.0.1");
	assert_false(r.ev.timed);
	assert_int_equal(r.ev.at.us, READ_RECEIVED.us);
	reader_start(r.reader, &b);
	assert_status(read_next(&r, "10.0.0.2 POST"), CODEC_UNKNOWN);
	read_close(&r);
}

static void
a_line_that_a_shipper_wrapped_in_json_is_read(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "{\"@timestamp\":\"2026-11-23T02:00:00Z\",\"host\":{\"name\":"
			  "\"proxy1\"},\"message\":\"" NATIVE "\"}"),
	    CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_PROXY);
	assert_slice(r.ev.dataset, "squid.access");
	assert_field(&r, HOST_NAME, "proxy1");
	assert_field(&r, USER_NAME, "nurse01");
	assert_at(&r, "2026-11-23T01:08:07.749000Z");
	read_next(&r, "{\"@timestamp\":\"2026-11-23T02:00:00Z\",\"message\":\"10.0.0.1 - - "
		      "[23/Nov/2026:01:08:07 +0000] "
		      "\\\"GET /x HTTP/1.1\\\" 200 1 \\\"-\\\" \\\"agent\\\"\"}");
	assert_status(r.status, CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_WEBSERVER);
	assert_field(&r, USER_AGENT, "agent");
	/* recognised and yet not readable: what is outside remains */
	read_next(&r, "{\"@timestamp\":\"2026-11-23T02:00:00Z\",\"host\":{\"name\":\"web1\"},"
		      "\"message\":\"10.0.0.1 - - "
		      "[99/Nov/2026:01:08:07 +0000] \\\"GET /x HTTP/1.1\\\" 200 1\"}");
	assert_status(r.status, CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_OTHER);
	assert_no_field(&r, SOURCE_IP);
	assert_field(&r, HOST_NAME, "web1");
	assert_at(&r, "2026-11-23T02:00:00.000000Z");
	read_close(&r);
}

static void
the_time_of_the_envelope_stands_in(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "<13>1 2026-11-23T01:08:07.5+09:00 h a 1 - - {\"message\":\"x\"}"),
	    CODEC_EVENT);
	assert_true(r.ev.timed);
	assert_at(&r, "2026-11-22T16:08:07.500000Z");
	read_close(&r);
}

static void
a_date_without_a_year_is_the_nearest(void **state)
{
	static const struct {
		const char *received, *stamp, *at;
	} cases[] = {
	    {"2026-11-23T12:00:00Z", "Nov 23 11:59:00", "2026-11-23T11:59:00.000000Z"},
	    {"2026-01-01T00:00:05Z", "Dec 31 23:59:59", "2025-12-31T23:59:59.000000Z"},
	    {"2025-12-31T23:59:58Z", "Jan  1 00:00:01", "2026-01-01T00:00:01.000000Z"},
	    {"2028-03-01T00:00:00Z", "Feb 29 10:00:00", "2028-02-29T10:00:00.000000Z"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct read r;
		char line[256];
		struct batch b;
		snprintf(line, sizeof(line), "<13>%s h a: {\"message\":\"x\"}", cases[i].stamp);
		b = (struct batch){.lines = slice_str(line)};
		assert_true(
		    instant_parse(slice_str(cases[i].received), SPAN_SECONDS(0), &b.received));
		read_open(&r, NULL, NULL, "");
		reader_start(r.reader, &b);
		assert_status(read_next(&r, line), CODEC_EVENT);
		assert_at(&r, cases[i].at);
		read_close(&r);
	}
}

/* 患者 in Shift_JIS, EUC-JP; ア in half width; ソ, whose second byte in Shift_JIS is a
 * backslash. */
static void
japanese_character_sets_become_utf_8_and_so_does_raw(void **state)
{
	static const struct {
		const char *charset, *bytes, *text;
	} cases[] = {
	    {"shift_jis", "\x8a\xb3\x8e\xd2", "患者"},
	    {"Shift-JIS", "\xb1\x83\x5c", "ｱソ"},
	    {"cp932", "\x87\x40\xfb\xfc", "①髙"},
	    {"euc-jp", "\xb4\xb5\xbc\xd4", "患者"},
	    {"EUC_JP", "\x8e\xb1\xa5\xbd", "ｱソ"},
	    {"euc-jp", "\x8f\xb0\xa1x", "\xef\xbf\xbdx"},
	    {"shift_jis", "\x81", "\xef\xbf\xbd"},
	    {"shift_jis", "\xfd\xff", "\xef\xbf\xbd\xef\xbf\xbd"},
	    {"utf-8", "患者", "患者"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct read r;
		char line[256];
		snprintf(line, sizeof(line),
		    "1795396087.749 1 10.0.0.1 TCP_MISS/200 1 GET http://a.example/%s u "
		    "HIER_NONE/- -",
		    cases[i].bytes);
		assert_status(
		    read_line(&r, &(struct codec_config){.charset = cases[i].charset}, line),
		    CODEC_EVENT);
		assert_slice(slice_from(event_get(&r.ev, FIELD_URL_PATH), 1), cases[i].text);
		assert_int_not_equal(
		    slice_search(r.ev.raw, slice_str(cases[i].text)), SIZE_MAX);
		read_close(&r);
	}
}

static void
bytes_that_are_no_line_are_answered(void **state)
{
	static char longest[BATCH_LINE_MAX + 1];
	struct read r;

	read_open(&r, NULL, NULL, NATIVE);
	r.status =
	    reader_read(r.reader, slice_of(NATIVE "\0x", sizeof(NATIVE) + 1), r.mem, &r.ev);
	assert_status(r.status, CODEC_BAD_TEXT);
	memset(longest, 'x', sizeof(longest));
	r.status = reader_read(r.reader, slice_of(longest, sizeof(longest)), r.mem, &r.ev);
	assert_status(r.status, CODEC_TOO_LONG);
	r.status = reader_read(r.reader, slice_of(longest, BATCH_LINE_MAX), r.mem, &r.ev);
	assert_status(r.status, CODEC_SHORT);
	read_close(&r);
}

static void
a_line_that_meets_the_arenas_ceiling_is_unread(void **state)
{
	const char *line = "{\"@timestamp\":\"2026-11-23T01:08:07Z\",\"a\":{\"b\":\"x\\ny\"}}";
	struct arena *small = arena_new(8);
	struct read r;

	read_open(&r, NULL, NULL, line);
	assert_status(reader_read(r.reader, slice_str(line), small, &r.ev), CODEC_NO_MEMORY);
	assert_int_equal(r.ev.n_extra, 0);
	arena_free(small);
	read_close(&r);
}

static void
a_bad_setting_is_refused_with_a_sentence(void **state)
{
	static const struct {
		struct codec_config cfg;
		const char *text;
	} cases[] = {
	    {{.codec = "sqiud"}, "codec \"sqiud\" is not known; see docs/formats.md"},
	    {{.charset = "ebcdic"},
		"charset \"ebcdic\" is not known: use utf-8, shift_jis or euc-jp"},
	    {{.codec = "eve", .logformat = "%ts"},
		"logformat is for codec squid, not for eve: remove one of them"},
	    {{.logformat = "%ts %zz"}, "logformat, character 6: no % code begins with \"zz\""},
	    {{.logformat = "%ts %{Host>h"}, "logformat, character 6: \"{\" without \"}\""},
	    {{.logformat = ""}, "the logformat is empty"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reader *r = NULL;
		struct err e = {0};
		assert_int_equal(reader_new(&r, &cases[i].cfg, &e), -1);
		assert_null(r);
		assert_string_equal(e.text, cases[i].text);
	}
}

static void
every_reason_has_a_name_and_both_languages(void **state)
{
	for (int s = 0; s < CODEC_STATUS_COUNT; s++) {
		assert_non_null(codec_status_name((enum codec_status)s));
		assert_true(strlen(codec_status_help((enum codec_status)s, false)) > 10);
		assert_true(strlen(codec_status_help((enum codec_status)s, true)) > 10);
	}
	assert_null(codec_by_id("nothing"));
	assert_string_equal(codec_by_id("elff")->id, "elff");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(syslog_around_a_line_is_opened),
	    cmocka_unit_test(every_codec_is_recognised_in_and_out_of_syslog),
	    cmocka_unit_test(garbage_before_the_first_good_line_is_borne),
	    cmocka_unit_test(what_is_not_recognised_is_looked_at_again_with_the_next_batch),
	    cmocka_unit_test(columns_named_in_the_preamble_hold_for_the_batch_and_no_longer),
	    cmocka_unit_test(a_line_that_a_shipper_wrapped_in_json_is_read),
	    cmocka_unit_test(the_time_of_the_envelope_stands_in),
	    cmocka_unit_test(a_date_without_a_year_is_the_nearest),
	    cmocka_unit_test(japanese_character_sets_become_utf_8_and_so_does_raw),
	    cmocka_unit_test(bytes_that_are_no_line_are_answered),
	    cmocka_unit_test(a_line_that_meets_the_arenas_ceiling_is_unread),
	    cmocka_unit_test(a_bad_setting_is_refused_with_a_sentence),
	    cmocka_unit_test(every_reason_has_a_name_and_both_languages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
