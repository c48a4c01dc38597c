/* retry_test.c - pauses grow, differ between nodes, and honour what the center asked for. */
#include "test.h"

#include "base/hash.h"
#include "node/retry.h"

static void
pauses_grow_to_a_minute_and_no_further(void **state)
{
	static const int64_t most_ms[] = {
	    500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};

	for (unsigned n = 1; n <= 10; n++) {
		for (uint64_t i = 0; i < 1000; i++) {
			struct span p = retry_pause(n, SPAN_MS(0), hash_u64(i));

			assert_in_range(p.us, most_ms[n - 1] * 500, most_ms[n - 1] * 1000);
		}
	}
	assert_in_range(retry_pause(4000000000u, SPAN_MS(0), 1).us, 30000000, 60000000);
}

static void
two_nodes_do_not_knock_together(void **state)
{
	assert_true(retry_pause(5, SPAN_MS(0), 1).us != retry_pause(5, SPAN_MS(0), 2).us);
}

static void
what_was_asked_for_is_kept_within_reason(void **state)
{
	assert_int_equal(retry_pause(1, SPAN_SECONDS(90), 7).us, SPAN_SECONDS(90).us);
	assert_int_equal(retry_pause(1, SPAN_HOURS(24), 7).us, RETRY_SAID_MAX.us);
}

static void
every_status_keeps_the_batch_or_says_why_not(void **state)
{
	for (long s = 0; s < 600; s++) {
		enum retry_answer a = retry_read_status(s);

		assert_true((a == RETRY_DONE) == (s == 200));
		if (a == RETRY_NEVER)
			assert_in_range(s, 400, 499);
	}
	assert_int_equal(retry_read_status(409), RETRY_NEVER);
	assert_int_equal(retry_read_status(408), RETRY_LATER);
	assert_int_equal(retry_read_status(429), RETRY_LATER);
	assert_int_equal(retry_read_status(503), RETRY_LATER);
	assert_int_equal(retry_read_status(404), RETRY_LATER);
	assert_int_equal(retry_read_status(403), RETRY_BARRED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pauses_grow_to_a_minute_and_no_further),
	    cmocka_unit_test(two_nodes_do_not_knock_together),
	    cmocka_unit_test(what_was_asked_for_is_kept_within_reason),
	    cmocka_unit_test(every_status_keeps_the_batch_or_says_why_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
