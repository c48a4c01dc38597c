/*
 * supervisor_test.c - roles live, die and end together.
 *
 * The supervisor executes this program anew for each role.  Roles and test speak
 * through a FIFO in the data directory: each role writes a line when something
 * happens, so nothing here waits by the clock.
 */
#define _GNU_SOURCE
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "center/role.h"
#include "center/supervisor.h"
#include "dir.h"
#include "sys/loop.h"

/* --- the roles --- */

static int fifo = -1;
static struct loop *loop;
static struct role_env env = {.batches = -1, .alerts = -1, .ready = -1};

/* One write, shorter than PIPE_BUF: lines of several roles do not mix. */
static void
tell(const char *what)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "%s %s %d\n", env.role, what, (int)getpid());

	if (write(fifo, line, (size_t)n) != n)
		_exit(9);
}

static void
on_hangup(void *ctx)
{
	tell("hangup");
}

static void
on_batches(void *ctx, int fd, unsigned ready)
{
	if (role_woken(fd)) {
		tell("woken");
		role_wake(env.alerts);
	}
}

static void
on_alerts(void *ctx, int fd, unsigned ready)
{
	if (role_woken(fd))
		tell("woken");
}

static const char *
option(char **argv, const char *name)
{
	for (; *argv != NULL; argv++)
		if (strcmp(*argv, name) == 0)
			return argv[1];
	return NULL;
}

static bool
has_option(char **argv, const char *name)
{
	for (; *argv != NULL; argv++)
		if (strcmp(*argv, name) == 0)
			return true;
	return false;
}

static bool
mode_is(const char *mode)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s-%s", env.data_dir, env.role, mode);
	return access(path, F_OK) == 0;
}

static int
role(char **argv)
{
	char path[200];
	struct err e = {0};

	env.role = option(argv, "--role");
	env.data_dir = option(argv, "--data");
	env.config_file = option(argv, "--config");
	snprintf(path, sizeof(path), "%s/fifo", env.data_dir);
	fifo = open(path, O_WRONLY | O_CLOEXEC);
	if (!role_parse_fds(&env, option(argv, "--fds")) || fifo < 0)
		return 8;
	if (mode_is("refuses"))
		return 3;
	if (role_enter_sandbox(&env, NULL, &e) != 0 || loop_new(&loop, &e) != 0 ||
	    loop_catch_signals(loop, on_hangup, NULL, &e) != 0 ||
	    (strcmp(env.role, "detect") == 0
		    ? loop_watch(loop, env.batches, LOOP_READ, on_batches, NULL, &e)
		    : loop_watch(loop, env.alerts, LOOP_READ, on_alerts, NULL, &e)) != 0) {
		fprintf(stderr, "%s\n", e.text);
		return 7;
	}
	env.crashed = has_option(argv, "--crashed");
	tell(env.config_file != NULL ? env.config_file
	     : env.crashed	     ? "restart after a crash"
				     : "start");
	role_ready(&env);
	if (strcmp(env.role, "serve") == 0)
		role_wake(env.batches);
	loop_run(loop);
	if (mode_is("lingers"))
		for (;;)
			pause();
	tell("stop");
	loop_free(loop);
	return 0;
}

/* --- the test --- */

static const char *const both[] = {"serve", "detect", NULL};
static const char *const lone[] = {"serve", NULL};
static char data[128];
static FILE *told;

static int
setup(void **state)
{
	char path[200];

	if (enter_dir(state) != 0)
		return -1;
	snprintf(data, sizeof(data), "%s/data", test_dir);
	snprintf(path, sizeof(path), "%s/fifo", data);
	if (chmod(test_dir, 0755) != 0 || mkdir(data, 0700) != 0 || mkfifo(path, 0600) != 0)
		return -1;
	/* Both ends, so that no role's end is the end of the file. */
	told = fdopen(open(path, O_RDWR | O_CLOEXEC), "r");
	return told == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	fclose(told);
	return leave_dir(state);
}

static void
set_mode(const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", data, name);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static pid_t
start(const char *const *roles, struct span grace, const char *config)
{
	struct supervisor_spec spec = {
	    .program = "hinomi",
	    .data_dir = data,
	    .config_file = config,
	    .roles = roles,
	    .grace = grace,
	};
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct err e = {0};
		int status = supervisor_run(&spec, &e);

		if (status != 0)
			fprintf(stderr, "%s\n", e.text);
		_exit(status);
	}
	return child;
}

static int
wait_for(pid_t child)
{
	int status = -1;

	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Read lines until one starts with `what`; returns the number at its end. */
static pid_t
hear(const char *what)
{
	static char line[128];

	do
		assert_non_null(fgets(line, sizeof(line), told));
	while (strncmp(line, what, strlen(what)) != 0);
	return atoi(strrchr(line, ' '));
}

static void
roles_start_wake_each_other_reload_and_stop_together(void **state)
{
	pid_t s = start(both, SPAN_SECONDS(0), NULL);

	/* serve woke detect, which woke serve. */
	hear("serve woken");
	kill(s, SIGHUP);
	hear("serve hangup");
	kill(s, SIGHUP);
	hear("detect hangup");
	kill(s, SIGTERM);
	assert_int_equal(wait_for(s), 0);
	hear("serve stop");
}

static void
the_configuration_goes_on_to_each_role(void **state)
{
	pid_t s = start(lone, SPAN_SECONDS(0), "some.yaml");

	hear("serve some.yaml");
	kill(s, SIGINT);
	assert_int_equal(wait_for(s), 0);
}

static void
a_role_that_dies_is_started_again(void **state)
{
	pid_t s = start(lone, SPAN_SECONDS(0), NULL), first, second;

	first = hear("serve start");
	kill(first, SIGKILL);
	second = hear("serve start");
	assert_int_not_equal(first, second);
	kill(second, SIGABRT); /* a sanitizer would answer SIGSEGV itself */
	hear("serve restart after a crash");
	kill(s, SIGTERM);
	assert_int_equal(wait_for(s), 0);
}

static void
a_role_that_cannot_run_ends_the_whole_with_its_status(void **state)
{
	set_mode("detect-refuses");
	assert_int_equal(wait_for(start(both, SPAN_SECONDS(0), NULL)), 3);
}

static void
one_center_holds_a_data_directory(void **state)
{
	pid_t s = start(lone, SPAN_SECONDS(0), NULL);

	hear("serve start");
	assert_int_equal(wait_for(start(lone, SPAN_SECONDS(0), NULL)), 3);
	kill(s, SIGTERM);
	assert_int_equal(wait_for(s), 0);
	/* The lock goes with its holder. */
	s = start(lone, SPAN_SECONDS(0), NULL);
	hear("serve start");
	kill(s, SIGTERM);
	assert_int_equal(wait_for(s), 0);
}

static void
one_wish_on_two_ways_still_ends_cleanly(void **state)
{
	pid_t s = start(lone, SPAN_SECONDS(0), NULL);

	hear("serve start");
	kill(s, SIGINT);
	kill(s, SIGTERM);
	assert_int_equal(wait_for(s), 0);
	hear("serve stop");
}

static void
who_does_not_stop_in_time_is_killed(void **state)
{
	pid_t s;

	set_mode("serve-lingers");
	s = start(lone, SPAN_MS(50), NULL);
	hear("serve start");
	kill(s, SIGTERM);
	assert_int_equal(wait_for(s), 0);
}

static void
roles_end_when_their_parent_is_killed_even_under_another_user(void **state)
{
	pid_t s;

	if (geteuid() == 0)
		assert_int_equal(system("chown -R 65534:65534 data"), 0);
	s = start(both, SPAN_SECONDS(0), NULL);
	hear("serve woken");
	kill(s, SIGKILL);
	assert_int_equal(wait_for(s), -SIGKILL);
	hear("serve stop");
}

static void
a_directory_that_cannot_be_made_is_an_answer(void **state)
{
	strcpy(data, "/proc/nowhere/data");
	assert_int_equal(wait_for(start(lone, SPAN_SECONDS(0), NULL)), 3);
}

static void
descriptor_lists_are_taken_only_as_written(void **state)
{
	static const char *const bad[] = {
	    "", "1", "1,2", "1,2,3", "5,6,7,8", "a,b,c", "900,901,902", "5,6,7 "};
	struct role_env got;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(role_parse_fds(&got, bad[i]));
	role_wake(-1);
	assert_false(role_woken(-1));
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "center") == 0)
		return role(argv);
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(roles_start_wake_each_other_reload_and_stop_together),
	    T(the_configuration_goes_on_to_each_role),
	    T(a_role_that_dies_is_started_again),
	    T(a_role_that_cannot_run_ends_the_whole_with_its_status),
	    T(one_center_holds_a_data_directory),
	    T(one_wish_on_two_ways_still_ends_cleanly),
	    T(who_does_not_stop_in_time_is_killed),
	    T(roles_end_when_their_parent_is_killed_even_under_another_user),
	    T(a_directory_that_cannot_be_made_is_an_answer),
	    cmocka_unit_test(descriptor_lists_are_taken_only_as_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
