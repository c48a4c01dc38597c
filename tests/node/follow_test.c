/* follow_test.c - a file is known again after a rotation, a copy, a truncation, a compression.
 */
#include "test.h"

#include <sodium.h>

#include "node/follow.h"

#define SINCE ((struct instant){1000})

static struct follow_file
a_file(uint64_t inode, const char *bytes)
{
	return (struct follow_file){.device = 1,
	    .inode = inode,
	    .size = strlen(bytes),
	    .head = slice_str(bytes),
	    .changed = {2000}};
}

static struct follow_file
a_rotated(uint64_t inode, const char *bytes)
{
	struct follow_file f = a_file(inode, bytes);

	f.rotated = true;
	return f;
}

/* The first `offset` bytes of `bytes` were consumed from this inode. */
static struct follow_mark
a_mark(uint64_t inode, const char *bytes, uint64_t offset)
{
	struct follow_mark m = {.device = 1, .inode = inode};

	follow_advance(&m, offset, slice_str(bytes));
	return m;
}

static void
the_first_look_reads_logs_and_leaves_old_generations(void **state)
{
	struct follow_file f[] = {a_file(10, "now"), a_rotated(11, "before")};

	f[1].changed = (struct instant){999};
	follow_plan(NULL, 0, f, 2, SINCE);
	assert_int_equal(f[0].what, FOLLOW_NEW);
	assert_int_equal(f[1].what, FOLLOW_OLD);
}

static void
a_renamed_file_goes_on_and_its_successor_is_new(void **state)
{
	struct follow_mark m[] = {a_mark(10, "one\ntwo\n", 4)};
	struct follow_file f[] = {a_file(11, "three\n"), a_rotated(10, "one\ntwo\n")};

	follow_plan(m, 1, f, 2, SINCE);
	assert_int_equal(f[0].what, FOLLOW_NEW);
	assert_int_equal(f[1].what, FOLLOW_CONTINUE);
	assert_int_equal(f[1].mark, 0);
	assert_int_equal(m[0].file, 1);
}

static void
a_generation_that_came_and_went_while_we_were_away_is_read(void **state)
{
	struct follow_mark m[] = {a_mark(10, "one\n", 4)};
	struct follow_file f[] = {
	    a_file(12, "three\n"), a_rotated(11, "two\n"), a_rotated(10, "one\n")};

	follow_plan(m, 1, f, 3, SINCE);
	assert_int_equal(f[0].what, FOLLOW_NEW);
	assert_int_equal(f[1].what, FOLLOW_NEW);
	assert_int_equal(f[2].what, FOLLOW_CONTINUE);
}

static void
a_copy_waits_until_the_original_is_cut(void **state)
{
	struct follow_mark m[] = {a_mark(10, "one\ntwo\n", 4)};
	struct follow_file before[] = {a_file(10, "one\ntwo\n"), a_rotated(11, "one\ntwo\n")};
	struct follow_file after[] = {a_file(10, "x\n"), a_rotated(11, "one\ntwo\n")};

	m[0].open = true;
	follow_plan(m, 1, before, 2, SINCE);
	assert_int_equal(before[0].what, FOLLOW_CONTINUE);
	assert_int_equal(before[1].what, FOLLOW_COPY);
	follow_plan(m, 1, after, 2, SINCE);
	assert_int_equal(after[0].what, FOLLOW_NEW);
	assert_int_equal(after[1].what, FOLLOW_CONTINUE);
	assert_int_equal(m[0].inode, 11);
	assert_false(m[0].open);
}

static void
a_copy_is_not_taken_up_while_it_is_made(void **state)
{
	struct follow_mark m[] = {a_mark(10, "one\ntwo\n", 8)};
	const char *grows[] = {"", "o", "one\n", "one\ntwo\n"};

	for (size_t i = 0; i < 4; i++) {
		struct follow_file f[] = {a_file(10, "one\ntwo\n"), a_rotated(11, grows[i])};

		follow_plan(m, 1, f, 2, SINCE);
		assert_int_equal(f[1].what, FOLLOW_COPY);
	}
}

static void
a_copy_of_a_file_not_read_yet_waits_too(void **state)
{
	struct follow_mark m[] = {a_mark(10, "", 0)};
	struct follow_file before[] = {a_file(10, "one\ntwo\n"), a_rotated(11, "one\n")};
	struct follow_file after[] = {a_file(10, ""), a_rotated(11, "one\ntwo\n")};

	follow_plan(m, 1, before, 2, SINCE);
	assert_int_equal(before[0].what, FOLLOW_CONTINUE);
	assert_int_equal(before[1].what, FOLLOW_COPY);
	follow_plan(m, 1, after, 2, SINCE);
	assert_int_equal(after[0].what, FOLLOW_CONTINUE);
	assert_int_equal(after[1].what, FOLLOW_NEW);
}

static void
a_compressed_generation_is_known_by_what_is_inside(void **state)
{
	struct follow_mark m[] = {a_mark(10, "one\ntwo\n", 4)};
	struct follow_file f[] = {a_file(11, "three\n"), a_rotated(12, "one\ntwo\n")};

	f[1].size = UINT64_MAX;
	follow_plan(m, 1, f, 2, SINCE);
	assert_int_equal(f[1].what, FOLLOW_CONTINUE);
	assert_int_equal(m[0].offset, 4);
}

static void
an_inode_used_again_is_another_file(void **state)
{
	struct follow_mark m[] = {a_mark(10, "one\n", 4)};
	struct follow_file shorter[] = {a_file(10, "on")};

	follow_plan(m, 1, shorter, 1, SINCE);
	assert_int_equal(shorter[0].what, FOLLOW_NEW);
	assert_int_equal(m[0].inode, 0);
	assert_int_equal(m[0].file, FOLLOW_NONE);
}

static void
an_inode_of_an_empty_file_may_hold_a_copy_now(void **state)
{
	struct follow_mark m[] = {a_mark(10, "one\n", 4), a_mark(11, "", 0)};
	struct follow_file f[] = {a_file(10, "one\ntwo\n"), a_rotated(11, "one\ntwo\n")};

	follow_plan(m, 2, f, 2, SINCE);
	assert_int_equal(f[0].what, FOLLOW_CONTINUE);
	assert_int_equal(f[1].what, FOLLOW_COPY);
}

static void
an_open_file_without_a_name_is_not_read_through_a_copy(void **state)
{
	struct follow_mark m[] = {a_mark(10, "one\n", 4)};
	struct follow_file f[] = {a_rotated(11, "one\ntwo\n")};

	m[0].open = true;
	follow_plan(m, 1, f, 1, SINCE);
	assert_int_equal(f[0].what, FOLLOW_COPY);
	m[0].open = false; /* it ended, and was closed */
	follow_plan(m, 1, f, 1, SINCE);
	assert_int_equal(f[0].what, FOLLOW_CONTINUE);
}

static void
two_names_of_one_file_are_read_once(void **state)
{
	struct follow_mark m[] = {a_mark(10, "one\n", 4)};
	struct follow_file f[] = {a_file(10, "one\n"), a_file(10, "one\n")};

	follow_plan(m, 1, f, 2, SINCE);
	assert_int_equal(f[0].what, FOLLOW_CONTINUE);
	assert_int_equal(f[1].what, FOLLOW_COPY);
	f[0].head = f[1].head = SLICE("");
	follow_plan(NULL, 0, f, 2, SINCE);
	assert_int_equal(f[0].what, FOLLOW_NEW);
	assert_int_equal(f[1].what, FOLLOW_COPY);
}

static void
names_of_generations(void **state)
{
	static const struct {
		const char *base, *name;
		bool is;
	} cases[] = {
	    {"access.log", "access.log.1", true},
	    {"access.log", "access.log.12.gz", true},
	    {"access.log", "access.log-20261123", true},
	    {"access.log", "access.log-20261123-0310.zst", true},
	    {"access.log", "access-20261123.log", true},
	    {"access.log", "access.1.log.gz", true},
	    {"access.log", "access.log", false},
	    {"access.log", "access.log.bak", false},
	    {"access.log", "access.log.gz", false},
	    {"access.log", "access_ssl.log", false},
	    {"access.log", "access.log1", false},
	    {"messages", "messages.1", true},
	    {"messages", "messages", false},
	    {"a", ".gz", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (follow_is_generation(slice_str(cases[i].base), slice_str(cases[i].name)) !=
		    cases[i].is)
			fail_msg("%s of %s", cases[i].name, cases[i].base);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_look_reads_logs_and_leaves_old_generations),
	    cmocka_unit_test(a_renamed_file_goes_on_and_its_successor_is_new),
	    cmocka_unit_test(a_generation_that_came_and_went_while_we_were_away_is_read),
	    cmocka_unit_test(a_copy_waits_until_the_original_is_cut),
	    cmocka_unit_test(a_copy_is_not_taken_up_while_it_is_made),
	    cmocka_unit_test(a_copy_of_a_file_not_read_yet_waits_too),
	    cmocka_unit_test(a_compressed_generation_is_known_by_what_is_inside),
	    cmocka_unit_test(an_inode_used_again_is_another_file),
	    cmocka_unit_test(an_inode_of_an_empty_file_may_hold_a_copy_now),
	    cmocka_unit_test(an_open_file_without_a_name_is_not_read_through_a_copy),
	    cmocka_unit_test(two_names_of_one_file_are_read_once),
	    cmocka_unit_test(names_of_generations),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
