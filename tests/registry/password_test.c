/* password_test.c - what is refused as a password, and how one is kept. */
#include "test.h"

#include "registry/users.h"

static void
short_common_and_repeated_ones_are_refused(void **state)
{
	static const char no_utf8[] = "\xff\xfe"
				      "abcdefghijkl";
	const char *const bad[] = {"", "short", "elevenchars", "passwordpassword",
	    "PASSWORDpassword", "Password1234!", "password1234", "123456789012", "aaaaaaaaaaaa",
	    "abababababab", "suzuki-12345", "hinomi123456", no_utf8};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (password_complaint(slice_str(bad[i]), SLICE("suzuki"), "en") == NULL)
			fail_msg("taken: %s", bad[i]);
}

static void
long_ones_are_taken_in_any_script(void **state)
{
	const char *const good[] = {"correct horse battery", "xkq7-pwm2-zzt4",
	    "火の見やぐらの半鐘が鳴る", "ひのみやぐらからまちをみる"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_null(password_complaint(slice_str(good[i]), SLICE("suzuki"), "ja"));
}

static void
length_counts_characters_not_bytes(void **state)
{
	assert_non_null(password_complaint(SLICE("火の見やぐら"), SLICE("a"), "ja"));
}

static void
generated_ones_are_acceptable_and_different(void **state)
{
	char a[25], b[25];

	password_generate(a);
	password_generate(b);
	assert_null(password_complaint(slice_str(a), SLICE("suzuki"), "en"));
	assert_string_not_equal(a, b);
}

static void
only_the_right_one_matches(void **state)
{
	char stored[PASSWORD_STORED_MAX];
	struct err e;

	assert_int_equal(password_store(SLICE("correct horse battery"), stored, &e), 0);
	assert_int_equal(strncmp(stored, "$argon2id$", 10), 0);
	assert_true(password_matches(stored, SLICE("correct horse battery")));
	assert_false(password_matches(stored, SLICE("correct horse batterz")));
	assert_false(password_matches(stored, SLICE("")));
	assert_false(password_matches(NULL, SLICE("correct horse battery")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(short_common_and_repeated_ones_are_refused),
	    cmocka_unit_test(long_ones_are_taken_in_any_script),
	    cmocka_unit_test(length_counts_characters_not_bytes),
	    cmocka_unit_test(generated_ones_are_acceptable_and_different),
	    cmocka_unit_test(only_the_right_one_matches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
