/*
 * Squid wrote the same 29 transactions in four formats; read back, they must be
 * the same 29 events.
 */
#include "read.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared_data.h"

#define HOSPITAL                                                                               \
	"logformat hospital %tg %6tr %>a %un %Ss/%03>Hs %<st %>st %rm \"%ru\" %Sh/%<a %mt "    \
	"\"%{User-Agent}>h\" \"%{Referer}>h\""

static const struct form {
	const char *file;
	struct codec_config cfg;
	bool tells_milliseconds, has_agent;
} forms[] = {
    {"access.squid.log", {0}, true, false},
    {"access.common.log", {0}, false, false},
    {"access.combined.log", {0}, false, true},
    {"access.custom.log", {.logformat = HOSPITAL}, false, true},
    {"access.common.log", {.logformat = "common"}, false, false},
    {"access.combined.log", {.logformat = "combined"}, false, true},
    {"access.squid.log",
	{.logformat = "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %un %Sh/%<a %mt"}, true,
	false},
    {"access.squid.log",
	{.logformat = "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %ul %Sh/%<a %mt"}, true,
	false},
};

static struct slice
read_data(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", DATA_DIR, name);
	struct slice s = shared_data_read(path);
	assert_non_null(s.ptr);
	return s;
}

static void
start(struct read *r, const struct form *f, struct slice *file)
{
	struct batch b;
	struct err e;

	*file = read_data(f->file);
	b = (struct batch){.lines = *file, .received = READ_RECEIVED};
	*r = (struct read){.mem = arena_new(1024 * 1024)};
	assert_int_equal(reader_new(&r->reader, &f->cfg, &e), 0);
	reader_start(r->reader, &b);
}

static void
assert_same(
    const struct form *f, const struct read *a, const struct read *b, enum field_id field)
{
	struct slice x = event_get(&a->ev, field), y = event_get(&b->ev, field);

	if (!slice_equal(x, y))
		fail_msg("%s: %s is \"%.*s\", elsewhere \"%.*s\"", f->file, field_name(field),
		    SLICE_ARG(y), SLICE_ARG(x));
}

static void
the_four_forms_agree(void **state)
{
	static const enum field_id fields[] = {FIELD_SOURCE_IP, FIELD_HTTP_METHOD,
	    FIELD_URL_ORIGINAL, FIELD_URL_FULL, FIELD_URL_SCHEME, FIELD_URL_DOMAIN,
	    FIELD_URL_PORT, FIELD_URL_PATH, FIELD_URL_QUERY, FIELD_URL_EXTENSION,
	    FIELD_HTTP_STATUS, FIELD_HTTP_RESPONSE_BYTES, FIELD_USER_NAME, FIELD_PROXY_RESULT,
	    FIELD_PROXY_HIERARCHY};

	for (size_t i = 1; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct slice a_file, b_file, a_rest, b_rest, a_line, b_line;
		struct read a, b;
		unsigned lines = 0;
		start(&a, &forms[0], &a_file);
		start(&b, &forms[i], &b_file);
		a_rest = a_file;
		b_rest = b_file;
		while (slice_cut_line(&a_rest, &a_line)) {
			assert_true(slice_cut_line(&b_rest, &b_line));
			assert_status(reader_read(a.reader, a_line, a.mem, &a.ev), CODEC_EVENT);
			assert_status(reader_read(b.reader, b_line, b.mem, &b.ev), CODEC_EVENT);
			for (size_t k = 0; k < sizeof(fields) / sizeof(fields[0]); k++)
				assert_same(&forms[i], &a, &b, fields[k]);
			assert_int_equal(b.ev.class, EVENT_PROXY);
			assert_true(b.ev.timed);
			int64_t late = instant_since(a.ev.at, b.ev.at).us;
			assert_in_range(late, 0, forms[i].tells_milliseconds ? 0 : 999999);
			lines++;
		}
		assert_int_equal(lines, 29);
		assert_false(slice_cut_line(&b_rest, &b_line));
		free((void *)(uintptr_t)a_file.ptr);
		free((void *)(uintptr_t)b_file.ptr);
		read_close(&a);
		read_close(&b);
	}
}

/* Combined leaves the quotes bare, the custom format escapes them: both mean one browser. */
static void
the_agent_is_the_same_quoted_or_not(void **state)
{
	unsigned with_agent = 0, quoted = 0;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct slice file, rest, line;
		struct read r;
		if (!forms[i].has_agent)
			continue;
		start(&r, &forms[i], &file);
		rest = file;
		while (slice_cut_line(&rest, &line)) {
			struct slice agent;
			assert_status(reader_read(r.reader, line, r.mem, &r.ev), CODEC_EVENT);
			agent = event_get(&r.ev, FIELD_USER_AGENT);
			with_agent += agent.len > 0;
			quoted += slice_is(agent, "Mozilla/5.0 \"quoted\" \\back");
			assert_no_field(&r, HTTP_REFERRER);
		}
		free((void *)(uintptr_t)file.ptr);
		read_close(&r);
	}
	assert_int_equal(with_agent, 3 * 28);
	assert_int_equal(quoted, 3);
}

static void
what_the_web_server_wrote_is_a_web_servers(void **state)
{
	struct slice file, rest, line;
	struct read r;
	unsigned lines = 0;

	start(&r, &(struct form){.file = "nginx_access.combined.log"}, &file);
	rest = file;
	while (slice_cut_line(&rest, &line)) {
		assert_status(reader_read(r.reader, line, r.mem, &r.ev), CODEC_EVENT);
		assert_int_equal(r.ev.class, EVENT_WEBSERVER);
		assert_field(&r, SOURCE_IP, "10.77.0.30");
		lines++;
	}
	assert_int_equal(lines, 18);
	free((void *)(uintptr_t)file.ptr);
	read_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_four_forms_agree),
	    cmocka_unit_test(the_agent_is_the_same_quoted_or_not),
	    cmocka_unit_test(what_the_web_server_wrote_is_a_web_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
