/* arena_test.c - the ceiling holds, alignment holds, a reset gives all back. */
#include "test.h"

#include "base/arena.h"

static void
ceiling_is_never_passed(void **state)
{
	struct arena *a = arena_new(100 * 1000);
	size_t got = 0;

	for (int i = 0; i < 1000; i++) {
		uint8_t *p = arena_alloc(a, 333);
		if (p == NULL)
			break;
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		memset(p, 0xab, 333);
		got += 333;
	}
	assert_true(got > 90 * 1000 && got <= 100 * 1000);
	assert_true(arena_full(a));
	arena_reset(a);
	assert_false(arena_full(a));
	assert_non_null(arena_alloc(a, 90 * 1000));
	arena_free(a);
}

static void
absurd_sizes_are_refused(void **state)
{
	struct arena *a = arena_new(1 << 20);

	assert_null(arena_alloc(a, SIZE_MAX));
	assert_null(arena_array(a, SIZE_MAX / 2, 3));
	assert_true(arena_full(a));
	arena_free(a);
	arena_free(NULL);
}

static void
tail_is_given_back(void **state)
{
	struct arena *a = arena_new(1 << 20);
	uint8_t *p = arena_alloc(a, 1000);

	arena_shrink_last(a, p, 1000, 10);
	assert_int_equal(arena_used(a), 16);
	assert_string_equal(arena_printf(a, "%d-%s", 7, "x"), "7-x");
	assert_slice(arena_dup(a, SLICE("abc")), "abc");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ceiling_is_never_passed),
	    cmocka_unit_test(absurd_sizes_are_refused),
	    cmocka_unit_test(tail_is_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
