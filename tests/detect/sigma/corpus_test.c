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

#include "base/buf.h"
#include "bed.h"
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

/* Recorded events: every Windows log source is class "other" here. */
static void
add_windows_mapping(struct bed *b)
{
	struct slice yaml = shared_data_read(CONTENT "/mapping/windows.yaml");
	static const char *const before = "    - logsource: {product: windows";
	struct buf routed = BUF_INIT(1 << 20);
	struct slice rest = yaml, line;

	while (slice_cut_line(&rest, &line)) {
		buf_add(&routed, line);
		buf_add_byte(&routed, '\n');
		if (slice_starts(line, slice_str(before)))
			buf_add_str(&routed, "      classes: [other]\n");
	}
	add_mapping(b, "windows.yaml", buf_slice(&routed));
	buf_release(&routed);
	free((void *)(uintptr_t)yaml.ptr);
}

/* Field names are those of the log source without their spaces. */
static void
add_value(struct bed *b, struct event *ev, const char *key, const json_t *v)
{
	char *name = arena_strdup(b->mem, slice_str(key)), *to = name;
	char number[32];

	for (const char *from = key; *from != '\0'; from++)
		if (*from != ' ')
			*to++ = *from;
	*to = '\0';
	if (json_is_integer(v)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(v));
		event_add_extra(ev, slice_str(name), arena_dup(b->mem, slice_str(number)));
	} else if (json_is_string(v)) {
		event_add_extra(ev, slice_str(name),
		    arena_dup(b->mem, slice_of(json_string_value(v), json_string_length(v))));
	}
}

static void
add_members(struct bed *b, struct event *ev, json_t *object)
{
	const char *key;
	json_t *v;

	json_object_foreach (object, key, v) {
		char name[128];
		json_t *provider;

		if (strcmp(key, "#attributes") == 0)
			continue;
		if (!json_is_object(v)) {
			add_value(b, ev, key, v);
		} else if ((provider = json_object_get(
				json_object_get(v, "#attributes"), "Name")) != NULL) {
			snprintf(name, sizeof(name), "%s_Name", key);
			add_value(b, ev, name, provider);
		} else {
			add_members(b, ev, v);
		}
	}
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
		struct event *ev;

		if (one == NULL)
			break;
		at += (size_t)why.position;
		while (at < bytes.len &&
		       (bytes.ptr[at] == '\n' || bytes.ptr[at] == '\r' || bytes.ptr[at] == ' '))
			at++;
		ev = bed_event(r->b, "");
		add_members(r->b, ev, json_object_get(one, "Event"));
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
	add_windows_mapping(&b);
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
