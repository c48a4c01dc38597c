#include "read.h"

#include <stdio.h>

static void
nested_and_dotted_names_are_the_same(void **state)
{
	static const char *const lines[] = {
	    "{\"@timestamp\":\"2026-11-23T01:07:59.250Z\",\"source\":{\"ip\":\"10.0.0.3\","
	    "\"port\":5},"
	    "\"url\":{\"original\":\"http://a.example/"
	    "x.js?y\"},\"http\":{\"request\":{\"method\":\"GET\"},"
	    "\"response\":{\"status_code\":200}},\"user\":{\"name\":\"hanako\"},\"event\":{"
	    "\"category\":[\"web\"],"
	    "\"dataset\":\"squid.access\",\"duration\":17000000}}",
	    "{\"@timestamp\":\"2026-11-23T10:07:59.250+09:00\",\"source.ip\":\"10.0.0.3\","
	    "\"source.port\":5,"
	    "\"url.original\":\"http://a.example/x.js?y\",\"http.request.method\":\"GET\","
	    "\"http.response.status_code\":\"200\",\"user.name\":\"hanako\",\"event.dataset\":"
	    "\"squid.access\","
	    "\"event.category\":\"web\",\"event\":{\"duration\":17000000}}",
	    "{\"@timestamp\":\"2026-11-23T01:07:59.250Z\",\"source\":[{\"ip\":\"10.0.0.3\"},{"
	    "\"port\":5}],"
	    "\"url.original\":\"http:\\/\\/a.example\\/"
	    "x.js?y\",\"http\":{\"request.method\":\"GET\","
	    "\"response.status_code\":200.0},\"user\":{\"name\":\"hanako\"},\"event.category\":"
	    "\"web\","
	    "\"event.dataset\":\"squid.access\",\"event.duration\":17000000}",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct read r;
		assert_status(read_line(&r, NULL, lines[i]), CODEC_EVENT);
		assert_string_equal(reader_codec(r.reader)->id, "ecs");
		assert_at(&r, "2026-11-23T01:07:59.250000Z");
		assert_int_equal(r.ev.class, EVENT_PROXY);
		assert_field(&r, SOURCE_IP, "10.0.0.3");
		assert_field(&r, SOURCE_PORT, "5");
		assert_field(&r, URL_ORIGINAL, "http://a.example/x.js?y");
		assert_field(&r, URL_FULL, "http://a.example/x.js?y");
		assert_field(&r, URL_DOMAIN, "a.example");
		assert_field(&r, URL_EXTENSION, "js");
		assert_field(&r, HTTP_METHOD, "GET");
		assert_field(&r, HTTP_STATUS, "200");
		assert_field(&r, USER_NAME, "hanako");
		assert_field(&r, EVENT_DURATION_MS, "17");
		assert_int_equal(r.ev.n_extra, 0);
		read_close(&r);
	}
}

static void
plain_proxy_json_reads_as_a_proxys(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "{\"ts\":1780272000.003,\"elapsed\":486,\"src_ip\":\"10.3.33.107\","
			  "\"action\":\"TCP_MISS\","
			  "\"status\":200,\"bytes\":30581,\"method\":\"GET\",\"url\":\"https://"
			  "api.a.example/x.html\","
			  "\"user\":\"-\",\"dest_ip\":\"198.19.5.10\",\"mime\":\"text/"
			  "html\",\"user_agent\":\"curl\"}"),
	    CODEC_EVENT);
	assert_at(&r, "2026-06-01T00:00:00.003000Z");
	assert_int_equal(r.ev.class, EVENT_PROXY);
	assert_field(&r, SOURCE_IP, "10.3.33.107");
	assert_field(&r, DESTINATION_IP, "198.19.5.10");
	assert_field(&r, EVENT_DURATION_MS, "486");
	assert_field(&r, PROXY_RESULT, "TCP_MISS");
	assert_field(&r, HTTP_RESPONSE_BYTES, "30581");
	assert_field(&r, URL_FULL, "https://api.a.example/x.html");
	assert_field(&r, HTTP_RESPONSE_TYPE, "text/html");
	assert_field(&r, USER_AGENT, "curl");
	assert_no_field(&r, USER_NAME);
	read_close(&r);
}

static void
what_does_not_fit_its_field_stays_an_extra(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "{\"source.ip\":\"not an "
			  "address\",\"http.response.status_code\":\"teapot\",\"a\":{\"b\":[1,"
			  "\"x\\ty\",null,"
			  "true,{\"c\":2}]},\"event.kind\":\"first\",\"event.kind\":\"second\","
			  "\"empty\":\"\",\"o\":{}}"),
	    CODEC_EVENT);
	assert_false(r.ev.timed);
	assert_int_equal(r.ev.at.us, READ_RECEIVED.us);
	assert_no_field(&r, SOURCE_IP);
	assert_slice(event_find(&r.ev, SLICE("source.ip")), "not an address");
	assert_slice(event_find(&r.ev, SLICE("http.response.status_code")), "teapot");
	assert_slice(event_find(&r.ev, SLICE("a.b")), "1");
	assert_slice(event_find(&r.ev, SLICE("a.b.c")), "2");
	assert_field(&r, EVENT_KIND, "first");
	assert_int_equal(r.ev.extra[r.ev.n_extra - 2].field, FIELD_EVENT_KIND);
	assert_slice(r.ev.extra[r.ev.n_extra - 2].value, "second");
	assert_slice(r.ev.extra[r.ev.n_extra - 1].name, "empty");
	read_close(&r);
}

static void
a_line_that_is_not_one_object_says_so(void **state)
{
	static const struct {
		const char *line;
		enum codec_status status;
	} cases[] = {
	    {"{\"a\":1", CODEC_BAD_JSON},
	    {"{\"a\":1}}", CODEC_BAD_JSON},
	    {"[1]", CODEC_BAD_JSON},
	    {"plain words", CODEC_BAD_JSON},
	    {"{\"a\":1} {\"b\":2}", CODEC_BAD_JSON},
	    {"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
		CODEC_TOO_DEEP},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct read r;
		assert_status(
		    read_line(&r, &(struct codec_config){.codec = "ecs"}, cases[i].line),
		    cases[i].status);
		assert_int_equal(r.ev.n_extra, 0);
		read_close(&r);
	}
}

static void
more_values_than_an_event_holds_are_left_out(void **state)
{
	struct read r;
	char line[8192], *p = line;

	p += sprintf(p, "{\"x\":[0");
	for (int i = 1; i < EVENT_EXTRA_MAX + 100; i++)
		p += sprintf(p, ",%d", i);
	sprintf(p, "],\"source.ip\":\"10.0.0.1\"}");
	assert_status(read_line(&r, NULL, line), CODEC_EVENT);
	assert_int_equal(r.ev.n_extra, EVENT_EXTRA_MAX);
	assert_field(&r, SOURCE_IP, "10.0.0.1");
	read_close(&r);
}

static void
the_class_follows_from_what_the_line_says(void **state)
{
	static const struct {
		const char *line;
		enum event_class class;
	} cases[] = {
	    {"{\"event.dataset\":\"nginx.access\",\"url.original\":\"/x\"}", EVENT_WEBSERVER},
	    {"{\"event.module\":\"zscaler\"}", EVENT_PROXY},
	    {"{\"event.dataset\":\"zeek.dns\"}", EVENT_DNS},
	    {"{\"event.category\":[\"host\",\"authentication\"]}", EVENT_AUTH},
	    {"{\"event.category\":[\"process\"]}", EVENT_PROCESS},
	    {"{\"http.request.method\":\"GET\",\"url.path\":\"/\"}", EVENT_WEBSERVER},
	    {"{\"http.request.method\":\"CONNECT\",\"url.original\":\"a.example:443\"}",
		EVENT_PROXY},
	    {"{\"dns.question.name\":\"a.example\"}", EVENT_DNS},
	    {"{\"source.ip\":\"10.0.0.1\",\"destination.ip\":\"10.0.0.2\"}", EVENT_CONNECTION},
	    {"{\"message\":\"hello\"}", EVENT_OTHER},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct read r;
		assert_status(read_line(&r, NULL, cases[i].line), CODEC_EVENT);
		assert_string_equal(
		    event_class_name(r.ev.class), event_class_name(cases[i].class));
		read_close(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nested_and_dotted_names_are_the_same),
	    cmocka_unit_test(plain_proxy_json_reads_as_a_proxys),
	    cmocka_unit_test(what_does_not_fit_its_field_stays_an_extra),
	    cmocka_unit_test(a_line_that_is_not_one_object_says_so),
	    cmocka_unit_test(more_values_than_an_event_holds_are_left_out),
	    cmocka_unit_test(the_class_follows_from_what_the_line_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
