/*
 * sandbox_test.c - what each power keeps and what it has lost, tried out by children.
 *
 * A child enters a sandbox, tries one thing and says by its exit status whether
 * it worked (0), was refused (1) or the test is broken (2); a forbidden call
 * kills it with SIGSYS.
 */
#define _GNU_SOURCE
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <seccomp.h>

#include "dir.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/random.h"
#include "sys/sandbox.h"

static struct sandbox box;
static struct sandbox_report report;
static const char *write_below[2], *read_below[3];

enum { WORKED, REFUSED, BROKEN };

static int
setup(void **state)
{
	if (enter_dir(state) != 0 || mkdir("mine", 0700) != 0 || mkdir("readable", 0700) != 0 ||
	    file_write_atomic("readable/f", SLICE("x"), 0644, NULL) != 0)
		return -1;
	write_below[0] = "mine";
	read_below[0] = "readable";
	read_below[1] = "not there";
	box = (struct sandbox){.write_below = write_below, .read_below = read_below};
	return 0;
}

/* The wait status of a child that enters `box` and tries. */
static int
try_inside(int (*what)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct err e = {0};

		if (sandbox_enter(&box, &report, &e) != 0) {
			fprintf(stderr, "%s\n", e.text);
			_exit(BROKEN);
		}
		_exit(what());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void
assert_outcome(int status, int outcome)
{
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), outcome);
}

static int
landlock_there(void)
{
	return report.landlock > 0 ? WORKED : REFUSED;
}

static int
seccomp_there(void)
{
	return report.seccomp ? WORKED : REFUSED;
}

static bool
has(int (*feature)(void))
{
	return WEXITSTATUS(try_inside(feature)) == WORKED;
}

static int
opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	return fd >= 0 ? WORKED : errno == EACCES ? REFUSED : BROKEN;
}

static int
write_mine(void)
{
	struct err e = {0};

	if (file_make_dirs("mine/a/b", 0700, &e) != 0 ||
	    file_write_atomic("mine/a/b/c", SLICE("x"), 0600, &e) != 0 ||
	    rename("mine/a/b/c", "mine/d") != 0)
		return BROKEN;
	return opens("mine/d", O_RDWR | O_TRUNC);
}

static int
write_beside(void)
{
	return opens("beside", O_RDWR | O_CREAT);
}

static int
read_readable(void)
{
	return opens("readable/f", O_RDONLY);
}

static int
write_readable(void)
{
	return opens("readable/f", O_RDWR);
}

static int
read_passwords(void)
{
	return opens("/etc/passwd", O_RDONLY);
}

static void
files_are_within_reach_only_below_what_was_named(void **state)
{
	if (!has(landlock_there)) {
		print_message("this kernel has no Landlock: nothing to check\n");
		skip();
	}
	assert_outcome(try_inside(write_mine), WORKED);
	assert_outcome(try_inside(read_readable), WORKED);
	assert_outcome(try_inside(write_beside), REFUSED);
	assert_outcome(try_inside(write_readable), REFUSED);
	assert_outcome(try_inside(read_passwords), REFUSED);
}

static int
make_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 ? WORKED
	       : errno == EACCES				   ? REFUSED
								   : BROKEN;
}

static int
send_a_byte(void)
{
	int s[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0 && send(s[0], "x", 1, 0) == 1
		   ? WORKED
		   : BROKEN;
}

static int
execute(void)
{
	execl("/bin/true", "true", NULL);
	return errno == EPERM ? REFUSED : BROKEN;
}

static int
make_process(void)
{
	return fork() >= 0 ? WORKED : REFUSED;
}

static int
kill_parent(void)
{
	return kill(getppid(), 0) == 0 ? WORKED : REFUSED;
}

static int
read_other_memory(void)
{
	char byte;

	return syscall(SYS_process_vm_readv, getppid(), &byte, 1, &byte, 1, 0) >= 0 ? WORKED
										    : REFUSED;
}

static void
assert_killed(int status)
{
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

static void
forbidden_calls_kill_and_harmless_questions_are_refused(void **state)
{
	if (!has(seccomp_there)) {
		print_message("built under a sanitizer: no seccomp to check\n");
		skip();
	}
	for (box.power = SANDBOX_COMPUTE; box.power < SANDBOX_POWER_COUNT; box.power++) {
		assert_killed(try_inside(execute));
		assert_killed(try_inside(make_process));
		assert_killed(try_inside(kill_parent));
		assert_killed(try_inside(read_other_memory));
		assert_outcome(
		    try_inside(make_socket), box.power == SANDBOX_CONNECT ? WORKED : REFUSED);
	}
	box.power = SANDBOX_COMPUTE;
	assert_killed(try_inside(send_a_byte));
	box.power = SANDBOX_LISTEN;
	assert_outcome(try_inside(send_a_byte), WORKED);
	box.refuse_only = true;
	assert_outcome(try_inside(execute), REFUSED);
}

static int
abort_at_once(void)
{
	abort();
}

static void
an_assertion_still_ends_the_process_as_itself(void **state)
{
	int status = try_inside(abort_at_once);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_false(WCOREDUMP(status));
}

static void *
thread(void *ctx)
{
	*(uint64_t *)ctx = random_u64();
	return NULL;
}

static struct loop *loop;

static void
stop(void *ctx)
{
	loop_stop(loop);
}

/* What every role does all day: threads, timers, signals, random bytes, watching directories.
 */
static int
work(void)
{
	pthread_t t;
	uint64_t v = 0;
	struct err e = {0};
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (pthread_create(&t, NULL, thread, &v) != 0 || pthread_join(t, NULL) != 0)
		return BROKEN;
	if (inotify_add_watch(watch, "mine", IN_CREATE) < 0)
		return BROKEN;
	if (loop_new(&loop, &e) != 0 || loop_catch_signals(loop, NULL, NULL, &e) != 0)
		return BROKEN;
	loop_after(loop, SPAN_MS(1), stop, NULL);
	loop_run(loop);
	loop_free(loop);
	void *p = malloc(100 << 20);
	free(p);
	isatty(2);
	return p != NULL ? WORKED : BROKEN;
}

static void
the_work_of_a_role_goes_on_inside(void **state)
{
	for (box.power = SANDBOX_COMPUTE; box.power < SANDBOX_POWER_COUNT; box.power++)
		assert_outcome(try_inside(work), WORKED);
}

static int
is_nobody(void)
{
	struct rlimit core;

	getrlimit(RLIMIT_CORE, &core);
	return getuid() == 65534 && geteuid() == 65534 && getegid() == 65534 &&
		       core.rlim_max == 0
		   ? write_mine()
		   : BROKEN;
}

static void
root_becomes_the_owner_of_the_data(void **state)
{
	if (geteuid() != 0) {
		print_message("not root: nothing to drop\n");
		skip();
	}
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(chown("mine", 65534, 65534), 0);
	box.owner_of = "mine";
	assert_outcome(try_inside(is_nobody), WORKED);
}

static int
is_told_and_confined(void)
{
	return report.landlock == 0 && strstr(report.text, "ENOSYS") != NULL ? write_mine()
									     : BROKEN;
}

/* A kernel without Landlock, played by a filter around the child. */
static void
without_landlock_it_says_so_and_goes_on(void **state)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		scmp_filter_ctx old = seccomp_init(SCMP_ACT_ALLOW);
		struct err e = {0};

		if (seccomp_rule_add(old, SCMP_ACT_ERRNO(ENOSYS),
			SCMP_SYS(landlock_create_ruleset), 0) != 0 ||
		    seccomp_load(old) != 0 || sandbox_enter(&box, &report, &e) != 0)
			_exit(BROKEN);
		_exit(is_told_and_confined());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_outcome(status, WORKED);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, leave_dir)
	const struct CMUnitTest tests[] = {
	    T(files_are_within_reach_only_below_what_was_named),
	    T(forbidden_calls_kill_and_harmless_questions_are_refused),
	    T(an_assertion_still_ends_the_process_as_itself),
	    T(the_work_of_a_role_goes_on_inside),
	    T(root_becomes_the_owner_of_the_data),
	    T(without_landlock_it_says_so_and_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
