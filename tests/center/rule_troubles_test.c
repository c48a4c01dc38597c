/* rule_troubles_test.c - once a rule and hour, and only news. */
#include "test.h"

#include <string.h>

#include "center/rule_troubles.h"

static struct rule_troubles kept;
static struct rule_info rules[RULE_TROUBLES_MAX + 1];

static bool
due(size_t rule, uint64_t count, int64_t minute)
{
	struct sigma_trouble t = {&rules[rule], count};

	return rule_troubles_due(&kept, &t, (struct span){minute * 60 * 1000000});
}

static void
each_rule_is_told_once_an_hour_if_it_happened_again(void **state)
{
	memset(&kept, 0, sizeof(kept));
	assert_true(due(0, 1, 0));
	assert_false(due(0, 2, 59));
	assert_true(due(1, 5, 59));
	assert_true(due(0, 3, 60));
	assert_false(due(0, 3, 600));
	assert_false(due(1, 6, 118));
	assert_true(due(1, 6, 119));
}

static void
more_rules_than_it_keeps_are_not_told(void **state)
{
	memset(&kept, 0, sizeof(kept));
	for (size_t i = 0; i < RULE_TROUBLES_MAX; i++)
		assert_true(due(i, 1, 0));
	assert_false(due(RULE_TROUBLES_MAX, 1, 0));
	assert_true(due(0, 2, 60));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_rule_is_told_once_an_hour_if_it_happened_again),
	    cmocka_unit_test(more_rules_than_it_keeps_are_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
