/* problem_test.c - the reader's language, and that every refusal has words in both. */
#include "test.h"

#include <ctype.h>

#include "server/problem.h"

static void
english_only_where_it_is_preferred(void **state)
{
	const char *const english[] = {"en", "en-GB", "en-US,en;q=0.9", "EN", "fr,en;q=0.5",
	    "ja;q=0.4, en;q=0.5", "en;q=1.0,ja;q=0.9"};
	const char *const japanese[] = {"", "ja", "ja,en;q=0.9", "fr", "en;q=0.5,ja;q=0.5", "*",
	    "en;q=0", "en;q=2", "en;q=x", "eng", "ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7"};

	for (size_t i = 0; i < sizeof(english) / sizeof(english[0]); i++)
		if (!problem_prefers_english(slice_str(english[i])))
			fail_msg("%s", english[i]);
	for (size_t i = 0; i < sizeof(japanese) / sizeof(japanese[0]); i++)
		if (problem_prefers_english(slice_str(japanese[i])))
			fail_msg("%s", japanese[i]);
	assert_false(problem_prefers_english((struct slice){0}));
}

static const struct {
	int status;
	const char *code, *en, *ja;
} rows[] = {
#define PROBLEM(id, status, code, title, title_ja, detail, detail_ja)                          \
	{status, code, detail, detail_ja},
#include "server/problems.def"
#undef PROBLEM
};

static void
every_row_has_a_code_of_its_own_and_two_sentences(void **state)
{
	for (size_t i = 0; i < PROBLEM_COUNT; i++) {
		assert_in_range(rows[i].status, 400, 599);
		assert_true(islower((unsigned char)rows[i].code[0]));
		assert_true(strlen(rows[i].en) > 10 && strlen(rows[i].ja) > 10);
		for (size_t n = 0; n < i; n++)
			assert_string_not_equal(rows[i].code, rows[n].code);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(english_only_where_it_is_preferred),
	    cmocka_unit_test(every_row_has_a_code_of_its_own_and_two_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
