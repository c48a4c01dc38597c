/*
 * full_disk_test.c - a disk that is full is told as such, loses nothing, and once there is room
 * all goes on.
 *
 * The disk is a small tmpfs in a mount name space of the test's own; where
 * mounting is not allowed there is nothing to fill, and the test says so.
 */
#define _GNU_SOURCE
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "dir.h"
#include "store/batchlog.h"

#define BALLAST (1 << 20)

static bool
mount_small_disk(void)
{
	return mkdir("disk", 0700) == 0 && unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("small", "disk", "tmpfs", 0, "size=4m") == 0;
}

static void
write_ballast(void)
{
	int fd = open("disk/ballast", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(fallocate(fd, 0, 0, BALLAST), 0);
	close(fd);
}

static int
append(struct batchlog *l, uint64_t sequence, struct err *e)
{
	static uint8_t frame[50000];
	enum batchlog_fate fate;
	struct batch_record r = {
	    .institution = SLICE("east"),
	    .node = SLICE("n"),
	    .source = SLICE("s"),
	    .sequence = sequence,
	    .frame = slice_of(frame, sizeof(frame)),
	};

	memcpy(frame, &sequence, sizeof(sequence));
	return batchlog_append(l, &r, &fate, 1, e);
}

static uint64_t
count_batches(struct batchlog *l)
{
	struct arena *mem = arena_new(1 << 20);
	struct batch_record r;
	uint64_t n = 0;

	for (int64_t at = 0; batchlog_take_next(l, at, mem, &r, NULL) == 1; at = r.position) {
		n++;
		assert_int_equal(r.sequence, n);
		arena_reset(mem);
	}
	arena_free(mem);
	return n;
}

static void
what_was_acknowledged_stays_and_appending_goes_on_when_there_is_room(void **state)
{
	struct batchlog *l = NULL;
	struct err e = {0};
	uint64_t n = 0;

	if (!mount_small_disk()) {
		print_message("no small disk can be mounted here: nothing to fill\n");
		skip();
	}
	write_ballast();
	assert_int_equal(batchlog_open(&l, "disk/b.db", &e), 0);
	while (append(l, n + 1, &e) == 0)
		n++;
	assert_int_equal(e.code, ENOSPC);
	assert_true(n > 5);
	/* Asking again changes nothing. */
	assert_int_equal(append(l, n + 1, &e), -1);
	assert_int_equal(e.code, ENOSPC);
	assert_int_equal(count_batches(l), n);
	assert_int_equal(unlink("disk/ballast"), 0);
	assert_int_equal(append(l, n + 1, &e), 0);
	assert_int_equal(count_batches(l), n + 1);
	assert_int_equal(batchlog_check(l, &e), 0);
	batchlog_close(l);
	assert_int_equal(umount("disk"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		what_was_acknowledged_stays_and_appending_goes_on_when_there_is_room, enter_dir,
		leave_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
