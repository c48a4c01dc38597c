/* role.c - see role.h. */
#include "center/role.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

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
