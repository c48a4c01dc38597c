/* file_test.c - bounds on reading, whole-or-nothing writing, walks that end. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"

static char dir[64];
static struct buf seen = {.max = 1 << 20};

static int
setup(void **state)
{
	strcpy(dir, "/tmp/hinomi-file-XXXXXX");
	buf_reset(&seen);
	return mkdtemp(dir) == NULL || chdir(dir) != 0 ? -1 : 0;
}

static int
teardown(void **state)
{
	char command[128];

	assert_int_equal(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static void
write_file(const char *path, const char *text)
{
	struct err e = {0};

	if (file_write_atomic(path, slice_str(text), 0644, &e) != 0)
		fail_msg("%s", e.text);
}

static void
what_is_written_is_read_back(void **state)
{
	struct buf b = BUF_INIT(100);
	struct file_map map = {0};
	struct stat st;

	write_file("a", "first");
	write_file("a", "second");
	assert_int_equal(file_read(&b, "a", NULL), 0);
	assert_slice(buf_slice(&b), "second");
	assert_int_equal(file_map_read(&map, "a", NULL), 0);
	assert_slice(map.bytes, "second");
	file_unmap(&map);
	file_unmap(&map);
	assert_int_equal(file_write_atomic("secret", SLICE("x"), 0600, NULL), 0);
	assert_int_equal(stat("secret", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	buf_release(&b);
}

static void
a_file_one_byte_too_large_is_refused_and_one_of_just_the_size_is_not(void **state)
{
	struct buf b = BUF_INIT(6);
	struct err e = {0};

	write_file("six", "123456");
	write_file("seven", "1234567");
	assert_int_equal(file_read(&b, "six", &e), 0);
	buf_reset(&b);
	assert_int_equal(file_read(&b, "seven", &e), -1);
	assert_non_null(strstr(e.text, "larger than the 6 bytes"));
	buf_release(&b);
}

static void
an_empty_file_is_empty_not_wrong(void **state)
{
	struct file_map map = {0};
	struct buf b = BUF_INIT(6);

	write_file("empty", "");
	assert_int_equal(file_map_read(&map, "empty", NULL), 0);
	assert_int_equal(map.bytes.len, 0);
	assert_int_equal(file_read(&b, "empty", NULL), 0);
	assert_int_equal(b.len, 0);
	buf_release(&b);
}

static void
what_cannot_be_read_or_written_says_which_and_why(void **state)
{
	struct file_map map = {0};
	struct buf b = BUF_INIT(6);
	struct err e = {0};

	assert_int_equal(file_read(&b, "no-such", &e), -1);
	assert_int_equal(e.code, ENOENT);
	assert_non_null(strstr(e.text, "no-such"));
	assert_int_equal(file_read(&b, ".", &e), -1);
	assert_int_equal(file_map_read(&map, ".", &e), -1);
	assert_int_equal(file_write_atomic("no/such/dir", SLICE("x"), 0600, &e), -1);
	assert_int_equal(file_write_atomic("", SLICE("x"), 0600, &e), -1);
	/* A directory in the way: nothing is left beside it. */
	assert_int_equal(mkdir("d", 0755), 0);
	assert_int_equal(file_write_atomic("d", SLICE("x"), 0600, &e), -1);
	assert_int_equal(rmdir("d"), 0);
	buf_release(&b);
}

static void
directories_are_made_down_to_the_last(void **state)
{
	struct stat st;
	struct err e = {0};

	assert_int_equal(file_make_dirs("x/y//z", 0700, &e), 0);
	assert_int_equal(file_make_dirs("x/y/z/", 0700, &e), 0);
	assert_int_equal(stat("x/y/z", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	write_file("f", "");
	assert_int_equal(file_make_dirs("f", 0700, &e), -1);
	assert_int_equal(file_make_dirs("f/g", 0700, &e), -1);
	assert_int_equal(file_make_dirs("/tmp", 0700, &e), 0);
}

static void
a_lock_is_held_once(void **state)
{
	struct err e = {0};
	int first = file_lock("lock", &e), second;

	assert_true(first >= 0);
	assert_int_equal(file_lock("lock", &e), -1);
	assert_int_equal(e.code, EWOULDBLOCK);
	close(first);
	second = file_lock("lock", &e);
	assert_true(second >= 0);
	close(second);
}

static int
note(void *ctx, const char *path, struct err *e)
{
	buf_printf(&seen, "%s ", path);
	return 0;
}

static int
refuse(void *ctx, const char *path, struct err *e)
{
	return err_set(e, "refused");
}

static void
a_walk_is_sorted_and_survives_loops(void **state)
{
	struct err e = {0};

	assert_int_equal(file_make_dirs("t/b/c", 0700, &e), 0);
	write_file("t/b/c/2", "");
	write_file("t/b/1", "");
	write_file("t/a", "");
	write_file("t/Z", "");
	write_file("t/.hidden", "");
	assert_int_equal(symlink("..", "t/b/up"), 0);
	assert_int_equal(symlink("nowhere", "t/dangling"), 0);
	assert_int_equal(symlink("self", "t/self"), 0);
	assert_int_equal(symlink("b/c/2", "t/linked"), 0);
	assert_int_equal(mkfifo("t/fifo", 0600), 0);
	assert_int_equal(file_walk("t", FILE_WALK_DEFAULT, note, NULL, &e), 0);
	assert_slice(buf_slice(&seen), "t/Z t/a t/b/1 t/b/c/2 t/linked ");
	assert_int_equal(unlink("t/fifo"), 0);
	assert_int_equal(file_walk("t", FILE_WALK_DEFAULT, refuse, NULL, &e), -1);
	assert_string_equal(e.text, "refused");
}

static void
a_walk_keeps_its_bounds(void **state)
{
	struct err e = {0};

	assert_int_equal(file_make_dirs("t/1/2/3", 0700, &e), 0);
	write_file("t/1/2/3/x", "");
	write_file("t/a", "");
	assert_int_equal(file_walk("t", (struct file_walk_limits){3, 9}, note, NULL, &e), -1);
	assert_non_null(strstr(e.text, "nested deeper than 3"));
	assert_int_equal(file_walk("t", (struct file_walk_limits){4, 2}, note, NULL, &e), 0);
	assert_int_equal(file_walk("t", (struct file_walk_limits){4, 1}, note, NULL, &e), -1);
	assert_non_null(strstr(e.text, "more than 1 files"));
	assert_int_equal(file_walk("none", FILE_WALK_DEFAULT, note, NULL, &e), -1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(what_is_written_is_read_back),
	    T(a_file_one_byte_too_large_is_refused_and_one_of_just_the_size_is_not),
	    T(an_empty_file_is_empty_not_wrong),
	    T(what_cannot_be_read_or_written_says_which_and_why),
	    T(directories_are_made_down_to_the_last),
	    T(a_lock_is_held_once),
	    T(a_walk_is_sorted_and_survives_loops),
	    T(a_walk_keeps_its_bounds),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_release(&seen);
	return failed;
}
