/* alert_test.c - alerts are the same however their findings arrive, and survive JSON. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "detect/alert.h"

static const struct slice attack[] = {SLICE_LITERAL("T1071.001"), SLICE_LITERAL("T1105")};
static const struct rule_info rules[] = {
    {.detector = "sigma",
	.id = SLICE_LITERAL("rule-a"),
	.title = {SLICE_LITERAL("A \"title\""), SLICE_LITERAL("題")},
	.references = SLICE_LITERAL("https://a.example/\nhttps://b.example/"),
	.level = LEVEL_HIGH,
	.severity = 75,
	.n_attack = 2,
	.attack = attack},
    {.detector = "indicator",
	.id = SLICE_LITERAL("rule-b"),
	.level = LEVEL_LOW,
	.severity = 25},
};

/* One finding of a made-up stream: the n-th line, whoever and whenever n says. */
static void
add(struct alert_set *set, unsigned n, uint64_t batch_start)
{
	char raw[64], who[16], id[24];
	struct matched_field field = {SLICE("url.full"), SLICE("http://x/"), SLICE("x")};
	struct err e;

	snprintf(raw, sizeof(raw), "line %u \xff tail", n);
	snprintf(who, sizeof(who), "10.0.0.%u", n % 3);
	snprintf(id, sizeof(id), "batch-%u", (unsigned)batch_start);
	struct batch b = {.id = slice_str(id),
	    .institution = SLICE("h1"),
	    .source = SLICE("proxy"),
	    .offset = batch_start};
	struct finding f = {.rule = &rules[n % 2],
	    .at = {(int64_t)(n * 7919 % 10007) * 1000000},
	    .entity_kind = SLICE("source.ip"),
	    .entity = slice_str(who),
	    .n_fields = 1,
	    .fields = &field,
	    .offset = n * 100 - batch_start,
	    .raw = slice_str(raw)};
	assert_int_equal(alert_set_add(set, &b, &f, &e), 0);
}

/* All alerts as JSON lines, with ids of batches blanked: they tell how the input was cut. */
static char *
render(struct alert_set *set)
{
	struct buf out = BUF_INIT(64 << 20);

	for (size_t i = 0; i < alert_set_count(set); i++) {
		struct alert a = *alert_set_at(set, i);
		for (unsigned k = 0; k < a.n_lines; k++)
			a.lines[k].batch = SLICE("");
		alert_write_json(&out, &a);
		buf_add_byte(&out, '\n');
	}
	char *text = strdup(buf_str(&out));
	buf_release(&out);
	return text;
}

static void
any_cut_and_order_gives_the_same(void **state)
{
	enum { N = 2000 };
	struct alert_set *whole = alert_set_new();
	struct err e;

	for (unsigned n = 0; n < N; n++)
		add(whole, n, 0);
	char *expected = render(whole);
	assert_true(alert_set_count(whole) > 10);
	for (unsigned parts = 1; parts <= 7; parts += 2) {
		struct alert_set *sum = alert_set_new();
		for (unsigned p = parts; p-- > 0;) {
			struct alert_set *part = alert_set_new();
			for (unsigned n = N; n-- > 0;)
				if (n / 100 % parts == p)
					add(part, n, n / 100 * 10000);
			assert_int_equal(alert_set_merge(sum, part, &e), 0);
			alert_set_free(part);
		}
		char *got = render(sum);
		assert_string_equal(got, expected);
		free(got);
		alert_set_free(sum);
	}
	free(expected);
	alert_set_free(whole);
}

static void
json_there_and_back(void **state)
{
	struct alert_set *set = alert_set_new();
	struct arena *mem = arena_new(16 << 20);
	struct buf first = BUF_INIT(1 << 20), second = BUF_INIT(1 << 20);
	struct alert back;
	struct err e = {0};

	for (unsigned n = 0; n < 400; n++)
		add(set, n, 0);
	for (size_t i = 0; i < alert_set_count(set); i++) {
		buf_reset(&first);
		buf_reset(&second);
		alert_write_json(&first, alert_set_at(set, i));
		if (alert_read_json(buf_slice(&first), mem, &back, &e) != 0)
			fail_msg("%s", e.text);
		alert_write_json(&second, &back);
		assert_string_equal(buf_str(&second), buf_str(&first));
	}
	/* The byte that is no UTF-8 is shown, not lost. */
	assert_non_null(strstr(buf_str(&first), "\\\\xff tail"));
	buf_release(&first);
	buf_release(&second);
	arena_free(mem);
	alert_set_free(set);
}

static void
merging_what_was_stored_equals_adding(void **state)
{
	struct alert_set *one = alert_set_new(), *two = alert_set_new(),
			 *both = alert_set_new();
	struct arena *mem = arena_new(16 << 20);
	struct buf a = BUF_INIT(1 << 20), b = BUF_INIT(1 << 20);
	struct alert stored;

	/* Same rule, entity and hour throughout. */
	for (unsigned n = 0; n < 6 * 40; n += 6) {
		add(n % 4 ? one : two, n, 0);
		add(both, n, 0);
	}
	for (size_t i = 0; i < alert_set_count(one); i++) {
		const struct alert *x = alert_set_at(one, i);
		for (size_t k = 0; k < alert_set_count(two); k++) {
			const struct alert *y = alert_set_at(two, k);
			if (strcmp(x->id, y->id) != 0)
				continue;
			buf_reset(&a);
			alert_write_json(&a, x);
			assert_int_equal(alert_read_json(buf_slice(&a), mem, &stored, NULL), 0);
			alert_merge(&stored, y);
			buf_reset(&a);
			alert_write_json(&a, &stored);
			for (size_t m = 0; m < alert_set_count(both); m++)
				if (strcmp(alert_set_at(both, m)->id, x->id) == 0) {
					buf_reset(&b);
					alert_write_json(&b, alert_set_at(both, m));
				}
			assert_string_equal(buf_str(&a), buf_str(&b));
		}
	}
	assert_true(b.len > 0);
	buf_release(&a);
	buf_release(&b);
	arena_free(mem);
	alert_set_free(one);
	alert_set_free(two);
	alert_set_free(both);
}

static void
damaged_json_is_refused(void **state)
{
	static const char *const bad[] = {
	    "", "{}", "[]", "{\"id\":1}", "{\"rule\":{\"id\":\"x\"}}"};
	struct arena *mem = arena_new(1 << 20);
	struct alert a;
	struct err e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(alert_read_json(slice_str(bad[i]), mem, &a, &e), -1);
	arena_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_cut_and_order_gives_the_same),
	    cmocka_unit_test(json_there_and_back),
	    cmocka_unit_test(merging_what_was_stored_equals_adding),
	    cmocka_unit_test(damaged_json_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
