/* instant_test.c - the calendar both ways, RFC 3339 in and out. */
#include "test.h"

#include "base/instant.h"

static void
days_round_trip(void **state)
{
	for (int64_t day = -800000; day < 800000; day += 13) {
		struct instant t = {day * 86400000000 + 12345678};
		struct civil c = instant_to_civil(t, SPAN_SECONDS(0));
		struct instant back;

		if (c.year < 1 || c.year > 9999)
			continue;
		assert_true(instant_from_civil(&c, SPAN_SECONDS(0), &back));
		assert_true(back.us == t.us);
	}
}

static void
known_answers(void **state)
{
	char text[INSTANT_TEXT_MAX];
	struct instant t;

	assert_true(instant_parse(SLICE("2026-11-23T10:07:59.5+09:00"), SPAN_SECONDS(0), &t));
	assert_string_equal(instant_format(t, text), "2026-11-23T01:07:59.500000Z");
	assert_true(instant_parse(SLICE("2024-02-29 00:00:00"), SPAN_HOURS(9), &t));
	assert_string_equal(instant_format(t, text), "2024-02-28T15:00:00.000000Z");
	assert_true(instant_parse(SLICE("1969-12-31T23:59:59.999999Z"), SPAN_SECONDS(0), &t));
	assert_true(t.us == -1);
}

static void
what_is_no_time(void **state)
{
	static const char *const bad[] = {"", "2026", "2025-02-29T00:00:00Z",
	    "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00+9",
	    "2026-01-01T00:00:00Zx", "2026-01-01T00:00", "-026-01-01T00:00:00Z"};
	struct instant t;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(instant_parse(slice_str(bad[i]), SPAN_SECONDS(0), &t));
}

static void
floor_goes_down_before_1970_too(void **state)
{
	assert_true(instant_floor((struct instant){-1}, SPAN_HOURS(1)).us == -3600000000);
	assert_true(
	    instant_floor((struct instant){3600000001}, SPAN_HOURS(1)).us == 3600000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(days_round_trip),
	    cmocka_unit_test(known_answers),
	    cmocka_unit_test(what_is_no_time),
	    cmocka_unit_test(floor_goes_down_before_1970_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
