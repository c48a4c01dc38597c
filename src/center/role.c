/* role.c - see role.h. */
#include "center/role.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/log.h"
#include "sys/sandbox.h"

/* The power of each role; both may write below the data directory. */
static const struct {
	const char *role;
	enum sandbox_power power;
} powers[] = {
    {"serve", SANDBOX_LISTEN},
    {"detect", SANDBOX_COMPUTE},
};

bool
role_parse_fds(struct role_env *env, const char *text)
{
	int n = 0;
	int *const fds[] = {&env->batches, &env->alerts, &env->ready};

	if (sscanf(text, "%d,%d,%d%n", fds[0], fds[1], fds[2], &n) != 3 || text[n] != '\0')
		return false;
	for (unsigned i = 0; i < 3; i++)
		if (*fds[i] < 3 || fcntl(*fds[i], F_SETFD, FD_CLOEXEC) != 0)
			return false;
	return true;
}

void
role_wake(int eventfd)
{
	uint64_t one = 1;

	/* A full counter (EAGAIN) wakes as well as one more would. */
	if (eventfd >= 0 && write(eventfd, &one, sizeof(one)) < 0)
		return;
}

bool
role_woken(int eventfd)
{
	uint64_t count;

	return eventfd >= 0 && read(eventfd, &count, sizeof(count)) == (ssize_t)sizeof(count);
}

void
role_ready(const struct role_env *env)
{
	role_wake(env->ready);
}

int
role_enter_sandbox(const struct role_env *env, const char *const *read_below, struct err *e)
{
	const char *const write_below[] = {env->data_dir, NULL};
	struct sandbox s = {
	    .owner_of = env->data_dir,
	    .write_below = write_below,
	    .read_below = read_below,
	};
	struct sandbox_report report;
	size_t i = 0;

	while (i < sizeof(powers) / sizeof(*powers) && strcmp(powers[i].role, env->role) != 0)
		i++;
	if (i == sizeof(powers) / sizeof(*powers))
		return err_set(e, "there is no role \"%s\"", env->role);
	s.power = powers[i].power;
	if (sandbox_enter(&s, &report, e) != 0)
		return -1;
	if (report.text[0] != '\0')
		log_warning("%s", report.text);
	else
		log_debug("in the sandbox: Landlock %d, seccomp", report.landlock);
	return 0;
}
