/* utf8_test.c - what is well formed, and cuts that never split a character. */
#include "test.h"

#include "base/utf8.h"

static void
ill_formed_is_refused(void **state)
{
	static const char *const bad[] = {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
	    "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe3\x81", "\xff"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(utf8_valid(slice_str(bad[i])));
	assert_true(utf8_valid(SLICE("a\xc2\xa2\xe7\x81\xab\xf0\x9f\x94\xa5")));
}

static void
cuts_keep_characters_whole(void **state)
{
	struct slice s = SLICE("a\xc2\xa2\xe7\x81\xab\xf0\x9f\x94\xa5z");

	for (size_t max = 0; max <= s.len + 1; max++) {
		struct slice cut = utf8_cut(s, max);
		assert_true(cut.len <= max);
		assert_true(utf8_valid(cut));
		assert_true(max < 4 || cut.len + 4 > (max < s.len ? max : s.len));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ill_formed_is_refused),
	    cmocka_unit_test(cuts_keep_characters_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
