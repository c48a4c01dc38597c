/* process_test.c - a child is this program anew, with the descriptors it was given and no
 * others. */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/loop.h"
#include "sys/process.h"

/* The child: which of the two descriptors are open?  "both bits" as exit status, or wait for a
 * signal. */
static int
child(char **argv)
{
	sigset_t mask;
	int status = 0;

	if (strcmp(argv[2], "wait") == 0) {
		pause();
		return 0;
	}
	if (fcntl(atoi(argv[2]), F_GETFD) >= 0)
		status |= 1;
	if (fcntl(atoi(argv[3]), F_GETFD) >= 0)
		status |= 2;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	if (sigismember(&mask, SIGTERM))
		status |= 4;
	return status;
}

static struct loop *loop;
static bool ended;

static void
on_end(void *ctx, int fd, unsigned ready)
{
	ended = true;
	loop_unwatch(loop, fd);
	loop_stop(loop);
}

static void
run_to_end(
    const char *const *argv, int *fds, unsigned n_fds, int signal, struct process_end *end)
{
	struct process_spec spec = {
	    .argv = argv, .fds = fds, .n_fds = n_fds, .dies_with_us = true};
	struct process p = {0};
	struct err e = {0};

	ended = false;
	if (process_spawn(&p, &spec, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(loop_new(&loop, &e), 0);
	assert_int_equal(loop_watch(loop, p.pidfd, LOOP_READ, on_end, NULL, &e), 0);
	if (signal != 0)
		process_signal(&p, signal);
	loop_run(loop);
	assert_true(ended);
	assert_int_equal(process_reap(&p, end, &e), 0);
	assert_int_equal(p.pid, 0);
	process_signal(&p, SIGKILL);
	loop_free(loop);
}

static void
only_named_descriptors_and_no_blocked_signals_are_inherited(void **state)
{
	int given = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int kept = open("/dev/null", O_RDONLY); /* without O_CLOEXEC, as a library might */
	char a[16], b[16];
	const char *argv[] = {"test", "child", a, b, NULL};
	struct process_end end;
	sigset_t mask;

	snprintf(a, sizeof(a), "%d", given);
	snprintf(b, sizeof(b), "%d", kept);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	run_to_end(argv, &given, 1, 0, &end);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
	assert_true(end.exited);
	assert_int_equal(end.status, 1);
	assert_string_equal(end.text, "exit status 1");
	close(given);
	close(kept);
}

static void
a_killed_child_is_told_apart(void **state)
{
	const char *argv[] = {"test", "child", "wait", NULL};
	struct process_end end;

	run_to_end(argv, NULL, 0, SIGKILL, &end);
	assert_false(end.exited);
	assert_int_equal(end.status, SIGKILL);
	assert_string_equal(end.text, "killed by signal 9 (Killed)");
}

int
main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "child") == 0)
		return child(argv);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_named_descriptors_and_no_blocked_signals_are_inherited),
	    cmocka_unit_test(a_killed_child_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
