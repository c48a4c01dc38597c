/* slice_test.c - cutting, searching and reading numbers. */
#include "test.h"

static void
cut_gives_the_last_part_too(void **state)
{
	struct slice rest = SLICE("a,,b"), part;

	assert_true(slice_cut(&rest, ',', &part));
	assert_slice(part, "a");
	assert_true(slice_cut(&rest, ',', &part));
	assert_slice(part, "");
	assert_true(slice_cut(&rest, ',', &part));
	assert_slice(part, "b");
	assert_false(slice_cut(&rest, ',', &part));
}

static void
lines_lose_their_ends(void **state)
{
	struct slice rest = SLICE("one\r\n\ntwo"), line;

	assert_true(slice_cut_line(&rest, &line));
	assert_slice(line, "one");
	assert_true(slice_cut_line(&rest, &line));
	assert_slice(line, "");
	assert_true(slice_cut_line(&rest, &line));
	assert_slice(line, "two");
	assert_false(slice_cut_line(&rest, &line));
}

static void
numbers_overflow_to_false(void **state)
{
	uint64_t v = 7;

	assert_true(slice_to_u64(SLICE("18446744073709551615"), &v));
	assert_true(v == UINT64_MAX);
	assert_false(slice_to_u64(SLICE("18446744073709551616"), &v));
	assert_false(slice_to_u64(SLICE(""), &v));
	assert_false(slice_to_u64(SLICE("-1"), &v));
	assert_true(v == UINT64_MAX);
}

static void
doubles_are_decimal_only(void **state)
{
	double v = 0;

	assert_true(slice_to_double(SLICE("-1.5e3"), &v));
	assert_true(v == -1500);
	assert_false(slice_to_double(SLICE("0x10"), &v));
	assert_false(slice_to_double(SLICE("nan"), &v));
	assert_false(slice_to_double(SLICE("1 "), &v));
}

static void
search_and_fold(void **state)
{
	assert_int_equal(slice_search(SLICE("abcabd"), SLICE("abd")), 3);
	assert_true(slice_search(SLICE("ab"), SLICE("abc")) == SIZE_MAX);
	assert_true(slice_equal_nocase(SLICE("MoZ"), SLICE("mOz")));
	assert_false(slice_equal_nocase(SLICE("["), SLICE("{")));
	assert_true(slice_ends(SLICE("x.exe"), SLICE(".exe")));
	assert_true(slice_compare(SLICE("ab"), SLICE("abc")) < 0);
	assert_slice(slice_trim(SLICE(" \ta b\r\n")), "a b");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cut_gives_the_last_part_too),
	    cmocka_unit_test(lines_lose_their_ends),
	    cmocka_unit_test(numbers_overflow_to_false),
	    cmocka_unit_test(doubles_are_decimal_only),
	    cmocka_unit_test(search_and_fold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
