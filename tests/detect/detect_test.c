/* detect_test.c - the engine over batches: the same alerts for any cut, content swapped in
 * flight. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "detect/detect.h"

static const char mapping[] =
    "sources:\n  - logsource: {category: proxy}\n    classes: [proxy]\n"
    "fields:\n  c-uri: url.original\n  cs-method: http.request.method\n";

static const char rules_text[] =
    "title: Gate\nid: 11111111-1111-4111-8111-111111111111\nstatus: test\nlevel: high\n"
    "logsource: {category: proxy}\ndetection:\n  sel:\n    c-uri|contains: '/gate.php'\n  "
    "condition: sel\n"
    "---\n"
    "title: Upload\nid: 22222222-2222-4222-8222-222222222222\nstatus: test\nlevel: low\n"
    "logsource: {category: proxy}\ndetection:\n  sel:\n    cs-method: PUT\n  condition: sel\n";

static struct sigma_set *
make_rules(const char *yaml)
{
	struct sigma_loader *l = sigma_loader_new();
	struct sigma_set *set = NULL;
	struct err e = {0};

	if (sigma_add_mapping(l, SLICE("mapping.yaml"), slice_str(mapping), &e) != 0 ||
	    sigma_add_rules(l, SLICE("rules.yml"), slice_str(yaml), &e) != 0 ||
	    sigma_compile(l, &set, &e) != 0)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < sigma_report_count(set); i++)
		if (sigma_report_at(set, i).standing != SIGMA_LOADED)
			fail_msg("%.*s", SLICE_ARG(sigma_report_at(set, i).reason));
	sigma_loader_free(l);
	return set;
}

static struct indicator_set *
make_indicators(void)
{
	struct indicator_loader *l = indicator_loader_new(7);
	struct indicator_report report;
	struct indicator_set *set = NULL;
	struct err e = {0};

	if (indicator_add(l, SLICE("list.txt"), SLICE("bad.example\n9.9.9.9\n"), &report, &e) !=
		0 ||
	    indicator_compile(l, &set, &e) != 0)
		fail_msg("%s", e.text);
	indicator_loader_free(l);
	return set;
}

/* Proxy lines, some of which match: half a day, three clients. */
static size_t
make_log(char *out, size_t cap)
{
	static const char *const urls[] = {"http://www.example.org/a",
	    "http://x.example.net/gate.php?1", "http://cdn.bad.example/x", "http://9.9.9.9/",
	    "http://ok.example.org/index"};
	size_t n = 0;

	for (unsigned i = 0; i < 3000; i++)
		n += (size_t)snprintf(out + n, cap - n,
		    "%u.%03u    12 10.0.0.%u TCP_MISS/200 512 %s %s - HIER_DIRECT/192.0.2.1 "
		    "text/html\n",
		    1780272000 + i * 13, i % 1000, i % 3, i % 7 == 0 ? "PUT" : "GET",
		    urls[i * 31 % 5]);
	return n;
}

static char *
render(struct alert_set *set)
{
	struct buf out = BUF_INIT(64 << 20);

	for (size_t i = 0; i < alert_set_count(set); i++) {
		alert_write_json(&out, alert_set_at(set, i));
		buf_add_byte(&out, '\n');
	}
	char *text = strdup(buf_str(&out));
	buf_release(&out);
	return text;
}

/* Cut the log into `parts` batches at line ends and run them, last first. */
static char *
run_in_parts(struct content *content, struct slice log, unsigned parts)
{
	static const struct codec_config config = {.codec = "squid"};
	struct detector *d = detector_new(content);
	struct alert_set *alerts = alert_set_new();
	struct reader *r = NULL;
	struct detect_counts counts;
	uint64_t lines = 0;
	struct err e = {0};

	assert_int_equal(reader_new(&r, &config, &e), 0);
	for (unsigned p = parts; p-- > 0;) {
		size_t from = log.len / parts * p,
		       to = p + 1 == parts ? log.len : log.len / parts * (p + 1);
		while (from > 0 && log.ptr[from - 1] != '\n')
			from--;
		while (to > 0 && log.ptr[to - 1] != '\n')
			to--;
		struct batch b = {.id = SLICE("b"),
		    .institution = SLICE("h"),
		    .source = SLICE("proxy"),
		    .offset = from,
		    .lines = slice_first(slice_from(log, from), to - from),
		    .config = &config};
		if (detector_run(d, r, &b, alerts, &counts, &e) != 0)
			fail_msg("%s", e.text);
		assert_true(counts.lines == counts.events);
		lines += counts.lines;
	}
	assert_int_equal(lines, 3000);
	reader_free(r);
	detector_free(d);
	char *text = render(alerts);
	alert_set_free(alerts);
	return text;
}

static void
any_cut_gives_the_same_alerts(void **state)
{
	static char log[1 << 20];
	struct slice lines = slice_of(log, make_log(log, sizeof(log)));
	struct content *content = content_new(make_rules(rules_text), make_indicators());
	char *whole = run_in_parts(content, lines, 1);

	assert_non_null(strstr(whole, "11111111-1111"));
	assert_non_null(strstr(whole, "22222222-2222"));
	assert_non_null(strstr(whole, "indicator:domain:bad.example"));
	assert_non_null(strstr(whole, "9.9.9.9"));
	for (unsigned parts = 2; parts < 200; parts = parts * 2 + 1) {
		char *cut = run_in_parts(content, lines, parts);
		assert_string_equal(cut, whole);
		free(cut);
	}
	free(whole);
	content_unref(content);
}

static void
content_is_swapped_whole(void **state)
{
	static const struct codec_config config = {.codec = "squid"};
	static char log[1 << 20];
	struct content *old = content_new(make_rules(rules_text), NULL);
	struct content *new = content_new(NULL, make_indicators());
	struct detector *d = detector_new(old);
	struct alert_set *alerts = alert_set_new();
	struct batch b = {.id = SLICE("b"),
	    .source = SLICE("proxy"),
	    .lines = slice_of(log, make_log(log, sizeof(log))),
	    .config = &config};
	struct detect_counts counts;
	struct reader *r = NULL;
	struct err e;

	content_unref(old); /* the detector keeps it alive */
	assert_int_equal(reader_new(&r, &config, &e), 0);
	assert_int_equal(detector_run(d, r, &b, alerts, &counts, &e), 0);
	for (size_t i = 0; i < alert_set_count(alerts); i++)
		assert_string_equal(alert_set_at(alerts, i)->rule->detector, "sigma");
	assert_int_equal(detector_set_content(d, new, &e), 0);
	content_unref(new);
	/* Alerts outlive the content that made them. */
	char *text = render(alerts);
	assert_non_null(strstr(text, "Gate"));
	free(text);
	alert_set_clear(alerts);
	assert_int_equal(detector_run(d, r, &b, alerts, &counts, &e), 0);
	assert_true(alert_set_count(alerts) > 0);
	for (size_t i = 0; i < alert_set_count(alerts); i++)
		assert_string_equal(alert_set_at(alerts, i)->rule->detector, "indicator");
	reader_free(r);
	alert_set_free(alerts);
	detector_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_cut_gives_the_same_alerts),
	    cmocka_unit_test(content_is_swapped_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
