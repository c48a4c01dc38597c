/* throttle_test.c - guessing gets slower, and nobody locks anybody else out. */
#include "test.h"

#include <stdio.h>

#include "registry/throttle.h"

static const struct slice suzuki = SLICE_LITERAL("suzuki");
static const struct slice here = SLICE_LITERAL("192.0.2.1");
static const struct slice there = SLICE_LITERAL("192.0.2.2");

static struct instant
at(int seconds)
{
	return (struct instant){SPAN_DAYS(20000).us + SPAN_SECONDS(seconds).us};
}

static void
three_tries_are_free_then_waits_double(void **state)
{
	struct throttle *t = throttle_new(1);

	for (int i = 0; i < 3; i++) {
		assert_int_equal(throttle_wait(t, suzuki, here, at(0)).us, 0);
		throttle_note_failure(t, suzuki, here, at(0));
	}
	assert_int_equal(throttle_wait(t, suzuki, here, at(0)).us, SPAN_SECONDS(1).us);
	assert_int_equal(throttle_wait(t, suzuki, here, at(1)).us, 0);
	throttle_note_failure(t, suzuki, here, at(1));
	assert_int_equal(throttle_wait(t, suzuki, here, at(1)).us, SPAN_SECONDS(2).us);
	for (int i = 0; i < 100; i++)
		throttle_note_failure(t, suzuki, here, at(1));
	assert_int_equal(throttle_wait(t, suzuki, here, at(1)).us, SPAN_MINUTES(5).us);
	throttle_free(t);
}

static void
another_address_is_not_slowed_down(void **state)
{
	struct throttle *t = throttle_new(2);

	for (int i = 0; i < 20; i++)
		throttle_note_failure(t, suzuki, here, at(0));
	assert_true(throttle_wait(t, suzuki, here, at(0)).us > 0);
	assert_int_equal(throttle_wait(t, suzuki, there, at(0)).us, 0);
	throttle_free(t);
}

static void
walking_through_names_slows_the_address(void **state)
{
	struct throttle *t = throttle_new(3);
	char name[32];

	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		assert_int_equal(throttle_wait(t, slice_str(name), here, at(0)).us, 0);
		throttle_note_failure(t, slice_str(name), here, at(0));
	}
	assert_true(throttle_wait(t, SLICE("never-tried"), here, at(0)).us > 0);
	assert_int_equal(throttle_wait(t, SLICE("never-tried"), there, at(0)).us, 0);
	throttle_free(t);
}

static void
the_right_password_and_time_forgive(void **state)
{
	struct throttle *t = throttle_new(4);

	for (int i = 0; i < 10; i++)
		throttle_note_failure(t, suzuki, here, at(0));
	throttle_note_success(t, suzuki, here);
	assert_int_equal(throttle_wait(t, suzuki, here, at(0)).us, 0);
	for (int i = 0; i < 10; i++)
		throttle_note_failure(t, suzuki, here, at(0));
	assert_int_equal(throttle_wait(t, suzuki, here, at(1800)).us, 0);
	throttle_free(t);
}

static void
a_flood_of_names_uses_no_more_memory_and_ends(void **state)
{
	struct throttle *t = throttle_new(5);
	char name[32];

	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		throttle_note_failure(t, slice_str(name), slice_str(name), at(i / 1000));
	}
	assert_int_equal(throttle_wait(t, suzuki, here, at(200)).us, 0);
	throttle_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(three_tries_are_free_then_waits_double),
	    cmocka_unit_test(another_address_is_not_slowed_down),
	    cmocka_unit_test(walking_through_names_slows_the_address),
	    cmocka_unit_test(the_right_password_and_time_forgive),
	    cmocka_unit_test(a_flood_of_names_uses_no_more_memory_and_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
