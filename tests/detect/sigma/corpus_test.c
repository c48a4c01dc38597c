/*
 * corpus_test.c - SigmaHQ's own rules: all of them load or say why not, and
 * those with recorded events match them.
 *
 * Uses the mappings of content/, so it also tests those.
 */
#include "test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "bed.h"
#include "event/batch.h"
#include "shared_data.h"

static void
add_mapping(void *ctx, const char *name, struct slice bytes)
{
	struct bed *b = ctx;

	if (sigma_add_mapping(b->loader, slice_str(name), bytes, &b->err) != 0)
		fail_msg("%s", b->err.text);
}

static void
add_rule(void *ctx, const char *name, struct slice bytes)
{
	if (slice_ends(slice_str(name), SLICE(".yml")) &&
	    slice_search(slice_str(name), SLICE("regression_data")) == SIZE_MAX)
		bed_add(ctx, name, bytes);
}

static bool
is_web_network_or_application(struct slice file)
{
	static const char *const folders[] = {
	    "/web/", "/network/", "/application/", "/category/", "proxy", "web_"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (slice_search(file, slice_str(folders[i])) != SIZE_MAX &&
		    slice_search(file, SLICE("windows")) == SIZE_MAX)
			return true;
	return false;
}

/* Load a set's rules; counts[standing] of its reports. */
static bool
load(struct bed *b, const char *set, size_t counts[3])
{
	char *dir = shared_data_unpack(set);

	if (dir == NULL)
		return false;
	bed_open(b);
	assert_true(shared_data_each(CONTENT "/mapping", add_mapping, b) > 0);
	shared_data_each(dir, add_rule, b);
	shared_data_remove(dir);
	bed_compile(b);
	for (size_t i = 0; i < sigma_report_count(b->set); i++) {
		struct sigma_report r = bed_report(b, i);

		counts[r.standing]++;
		assert_true(r.line > 0);
		if (r.standing == SIGMA_UNUSABLE)
			assert_true(r.reason.len > 0);
		if (r.standing == SIGMA_UNUSABLE && is_web_network_or_application(r.file))
			fail_msg(
			    "%.*s:%u: %.*s", SLICE_ARG(r.file), r.line, SLICE_ARG(r.reason));
	}
	return true;
}

static void
the_network_and_web_rules_are_all_usable(void **state)
{
	size_t counts[3] = {0};
	struct bed b;

	if (!load(&b, "sigma-rules", counts))
		skip();
	assert_int_equal(counts[SIGMA_UNUSABLE], 0);
	/* 223 of them, and the 85 of which events were recorded. */
	assert_int_equal(counts[SIGMA_LOADED] + counts[SIGMA_UNROUTED], 223 + 85);
	assert_true(counts[SIGMA_LOADED] >= 150);
	bed_close(&b);
}

static void
every_published_rule_loads_or_says_why_not(void **state)
{
	size_t counts[3] = {0};
	struct bed b;

	if (!load(&b, "sigma-rules-all", counts))
		skip();
	print_message("loaded %zu, waiting for a log format %zu, unusable %zu\n",
	    counts[SIGMA_LOADED], counts[SIGMA_UNROUTED], counts[SIGMA_UNUSABLE]);
	for (size_t i = 0; i < sigma_report_count(b.set); i++) {
		struct sigma_report r = bed_report(&b, i);

		/* What is left out is what an operator has to give values for. */
		if (r.standing == SIGMA_UNUSABLE)
			assert_true(slice_starts(r.reason, SLICE("the placeholder %")));
	}
	assert_true(counts[SIGMA_LOADED] + counts[SIGMA_UNROUTED] > 3700);
	bed_close(&b);
}

/* Read a recorded event as a source's reader would: one line of JSON. */
static void
add_recorded(struct bed *b, json_t *one)
{
	char *text = json_dumps(one, JSON_COMPACT);
	struct slice line = arena_dup(b->mem, slice_str(text));
	struct batch batch = {.lines = line};
	struct event *ev = bed_event(b, "");
	struct reader *r;

	assert_int_equal(reader_new(&r, NULL, &b->err), 0);
	reader_start(r, &batch);
	assert_int_equal(reader_read(r, line, b->mem, ev), CODEC_EVENT);
	assert_string_equal(reader_codec(r)->id, "winevent");
	reader_free(r);
	free(text);
}

struct recorded {
	struct bed *b;
	unsigned files, matched, others;
};

/* One file: a rule's id is its name, its events stand one behind the other. */
static void
check_recorded(void *ctx, const char *name, struct slice bytes)
{
	struct recorded *r = ctx;
	const char *slash = strrchr(name, '/');
	char id[64];
	size_t at = 0;
	bool hit;

	if (!slice_ends(slice_str(name), SLICE(".json")))
		return;
	snprintf(id, sizeof(id), "%.36s", slash == NULL ? name : slash + 1);
	while (at < bytes.len) {
		json_error_t why;
		json_t *one = json_loadb(
		    (const char *)bytes.ptr + at, bytes.len - at, JSON_DISABLE_EOF_CHECK, &why);

		if (one == NULL)
			break;
		at += (size_t)why.position;
		while (at < bytes.len &&
		       (bytes.ptr[at] == '\n' || bytes.ptr[at] == '\r' || bytes.ptr[at] == ' '))
			at++;
		add_recorded(r->b, one);
		json_decref(one);
	}
	bed_run(r->b);
	hit = bed_count(r->b, id) > 0;
	r->files++;
	r->matched += hit;
	for (const struct finding *f = r->b->found.first; f != NULL; f = f->next)
		r->others += !slice_is(f->rule->id, id);
	if (!hit)
		print_error("%s does not match its event\n", name);
}

static void
rules_match_the_events_recorded_for_them(void **state)
{
	char *rules = shared_data_unpack("sigma-rules-all"),
	     *events = shared_data_unpack("sigma-rules");
	struct recorded r = {0};
	struct bed b;

	if (rules == NULL || events == NULL) {
		shared_data_remove(rules);
		shared_data_remove(events);
		skip();
	}
	bed_open(&b);
	r.b = &b;
	assert_true(shared_data_each(CONTENT "/mapping", add_mapping, &b) > 0);
	shared_data_each(rules, add_rule, &b);
	shared_data_remove(rules);
	bed_compile(&b);
	shared_data_each(events, check_recorded, &r);
	shared_data_remove(events);
	print_message("%u of %u files matched by their rule; %u further findings\n", r.matched,
	    r.files, r.others);
	assert_int_equal(r.matched, r.files);
	assert_true(r.files >= 85);
	bed_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_network_and_web_rules_are_all_usable),
	    cmocka_unit_test(every_published_rule_loads_or_says_why_not),
	    cmocka_unit_test(rules_match_the_events_recorded_for_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
