/*
 * Real logs that others published: every line that is of a format we read is read.
 */
#include "read.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared_data.h"

struct tally {
	unsigned lines, events, nothing, unread;
	unsigned with_ip, with_method, with_status;
	struct instant first, last;
};

static struct slice
unpack_file(const char *path)
{
	char command[4200];
	struct slice s;
	char name[] = "/tmp/hinomi-test-XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	snprintf(command, sizeof(command), "zstd -dcq '%s' >%s", path, name);
	assert_int_equal(system(command), 0);
	s = shared_data_read(name);
	remove(name);
	fclose(fdopen(fd, "r"));
	return s;
}

static void
read_all(struct slice file, const struct codec_config *cfg, const char *codec, struct tally *t)
{
	struct arena *mem = arena_new(8 * 1024 * 1024);
	struct batch b = {.lines = file, .received = READ_RECEIVED};
	static struct event ev;
	struct reader *r;
	struct err e;
	struct slice line;

	assert_int_equal(reader_new(&r, cfg, &e), 0);
	reader_start(r, &b);
	assert_non_null(reader_codec(r));
	assert_string_equal(reader_codec(r)->id, codec);
	while (slice_cut_line(&file, &line)) {
		enum codec_status status = reader_read(r, line, mem, &ev);
		t->lines++;
		t->events += status == CODEC_EVENT;
		t->nothing += status == CODEC_NOTHING;
		if (status == CODEC_EVENT) {
			t->with_ip += event_has(&ev, FIELD_SOURCE_IP);
			t->with_method += event_has(&ev, FIELD_HTTP_METHOD);
			t->with_status += event_has(&ev, FIELD_HTTP_STATUS);
			if (t->first.us == 0 || instant_before(ev.at, t->first))
				t->first = ev.at;
			if (instant_before(t->last, ev.at))
				t->last = ev.at;
		} else if (status != CODEC_NOTHING) {
			t->unread++;
			fprintf(
			    stderr, "%s: %.*s\n", codec_status_name(status), SLICE_ARG(line));
		}
		arena_reset(mem);
	}
	reader_free(r);
	arena_free(mem);
}

static void
ten_thousand_lines_of_a_web_site_are_all_read(void **state)
{
	const char *path = shared_data_path("web-access-log/apache_logs.zst");
	struct tally t = {0};
	struct slice file;
	char text[INSTANT_TEXT_MAX];

	if (path == NULL)
		skip();
	file = unpack_file(path);
	read_all(file, &(struct codec_config){0}, "combined", &t);
	assert_int_equal(t.lines, 10000);
	assert_int_equal(t.events, 10000);
	assert_int_equal(t.with_ip, 10000);
	assert_int_equal(t.with_method, 10000);
	assert_int_equal(t.with_status, 10000);
	assert_string_equal(instant_format(t.first, text), "2015-05-17T10:05:00.000000Z");
	assert_string_equal(instant_format(t.last, text), "2015-05-20T21:05:59.000000Z");
	free((void *)(uintptr_t)file.ptr);
}

static void
test_logs_of_another_project_are_read(void **state)
{
	static const struct {
		const char *file, *codec;
		unsigned nobody; /* lines that name no client */
	} cases[] = {
	    {"nginx-http-malformed/nginx_http-logs.log", "combined"},
	    {"nginx-http-open-proxy/nginx-http-open-proxy.log", "combined"},
	    {"nginx-http-path-traversal/nginx-http-path-traversal.log", "combined"},
	    {"nginx-http-sensitive-files/nginx-http-sensitive-files.log", "combined"},
	    {"nginx-http-xss-probing/nginx-http-xss-probing.log", "combined"},
	    {"apache2-malformed/apache2-logs.log", "combined"},
	    {"litespeed-http-sensitive-files/litespeed-http-sensitive-files.log", "combined"},
	    {"apache2-http-sensitive-files/apache2-http-sensitive-files.log", "combined"},
	    {"apache_log4j2_cve-2021-44228/apache_log4j2_cve-2021-44228.log", "combined"},
	    {"http-dos-random-uri/http_dos_random_uri.log", "combined"},
	    {"suricata-eve-detect/suricata-eve-detect.log", "eve"},
	    {"traefik_base-http-scenario/traefik_base-http-scenario.log", "ecs"},
	    {"caddy-logs/caddy-logs.log", "ecs", 1},
	};
	char *dir = shared_data_unpack("crowdsec-log-tests-half"), path[1024];
	unsigned seen = 0;

	if (dir == NULL)
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tally t = {0};
		struct slice file;
		FILE *f;
		snprintf(path, sizeof(path), "%s/%s", dir, cases[i].file);
		if ((f = fopen(path, "r")) == NULL)
			continue;
		fclose(f);
		file = shared_data_read(path);
		read_all(file, &(struct codec_config){0}, cases[i].codec, &t);
		if (t.unread != 0 || t.events == 0 || t.with_ip + cases[i].nobody != t.events)
			fail_msg("%s: %u of %u lines unread, %u without a client",
			    cases[i].file, t.unread, t.lines, t.events - t.with_ip);
		free((void *)(uintptr_t)file.ptr);
		seen++;
	}
	shared_data_remove(dir);
	assert_true(seen >= 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ten_thousand_lines_of_a_web_site_are_all_read),
	    cmocka_unit_test(test_logs_of_another_project_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
