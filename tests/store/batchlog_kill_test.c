/*
 * batchlog_kill_test.c - a writer killed at a hundred random moments.
 *
 * A child appends numbered batches in groups and tells each group through a pipe
 * once append has returned: those are acknowledged.  It is killed (SIGKILL) after
 * a random number of acknowledged groups and a random pause within the next, then
 * the next child goes on at the first number not acknowledged, as a node would.
 * What SIGKILL cannot show, a machine losing power, rests on synchronous=FULL.
 */
#include "test.h"

#include <signal.h>
#include <sys/wait.h>

#include "dir.h"
#include "store/batchlog.h"

#define KILLS 100
#define GROUP 7

static unsigned rng = 20261123;

static unsigned
below(unsigned n)
{
	rng = rng * 1103515245 + 12345;
	return (rng >> 16) % n;
}

static void
write_batches(uint64_t next, int acks)
{
	static uint8_t frames[GROUP][20008];
	struct batchlog *l = NULL;
	struct err e = {0};

	if (batchlog_open(&l, "b.db", &e) != 0)
		_exit(1);
	for (;;) {
		struct batch_record r[GROUP];
		enum batchlog_fate fate[GROUP];

		for (int i = 0; i < GROUP; i++) {
			memcpy(frames[i], &(uint64_t){next + i}, sizeof(uint64_t));
			r[i] = (struct batch_record){
			    .institution = SLICE("east"),
			    .node = SLICE("n"),
			    .source = SLICE("s"),
			    .sequence = next + i,
			    .frame =
				slice_of(frames[i], sizeof(uint64_t) + (next + i) * 37 % 20000),
			};
		}
		if (batchlog_append(l, r, fate, GROUP, &e) != 0)
			_exit(2);
		for (int i = 0; i < GROUP; i++)
			if (fate[i] == BATCHLOG_DIFFERENT)
				_exit(4);
		next += GROUP;
		if (write(acks, &next, sizeof(next)) != sizeof(next))
			_exit(3);
	}
}

/* Run one child and kill it; returns the first number that was not acknowledged. */
static uint64_t
run_and_kill(uint64_t next)
{
	int pipes[2], status;
	unsigned groups = below(4);
	pid_t child;

	assert_int_equal(pipe(pipes), 0);
	if ((child = fork()) == 0) {
		close(pipes[0]);
		write_batches(next, pipes[1]);
	}
	close(pipes[1]);
	for (unsigned i = 0; i < groups; i++)
		if (read(pipes[0], &next, sizeof(next)) != sizeof(next))
			break;
	usleep(
	    below(8000)); /* where in the next group the kill falls: any place is a good one */
	kill(child, SIGKILL);
	while (read(pipes[0], &next, sizeof(next)) == sizeof(next))
		;
	close(pipes[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	return next;
}

static void
no_acknowledged_batch_is_lost_and_none_is_there_twice(void **state)
{
	struct arena *mem = arena_new(1 << 20);
	struct batchlog *l = NULL;
	struct batch_record r;
	struct err e = {0};
	uint64_t next = 1, expected = 1;
	int64_t after = 0;

	for (int i = 0; i < KILLS; i++)
		next = run_and_kill(next);
	assert_int_equal(batchlog_open(&l, "b.db", &e), 0);
	while (batchlog_take_next(l, after, mem, &r, &e) == 1) {
		/* One writer, so commit order is number order: a gap or a double shows at once.
		 */
		assert_int_equal(r.sequence, expected);
		assert_memory_equal(r.frame.ptr, &expected, sizeof(expected));
		expected++;
		after = r.position;
		arena_reset(mem);
	}
	assert_true(expected >= next && next > 1);
	assert_int_equal(batchlog_check(l, &e), 0);
	batchlog_close(l);
	arena_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		no_acknowledged_batch_is_lost_and_none_is_there_twice, enter_dir, leave_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
