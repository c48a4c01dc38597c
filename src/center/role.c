/* role.c - see role.h. */
#include "center/role.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/sandbox.h"

#define FOLDERS_MAX 4

/*
 * The power of each role, and which folders of the data directory are its own.
 * The others are shut to it: whoever takes over `detect` finds no key in reach.
 */
static const struct power {
	const char *role;
	enum sandbox_power power;
	const char *writes[FOLDERS_MAX]; /* ended by NULL */
	const char *reads[FOLDERS_MAX];
} powers[] = {
    {"serve", SANDBOX_LISTEN, {"store", "pki"}, {NULL}},
    {"detect", SANDBOX_COMPUTE, {"store"}, {"content"}},
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

/* The folder, made where missing for whoever owns the data directory; NULL where it cannot be.
 */
static char *
own_folder(struct arena *mem, const char *data_dir, const char *name, struct err *e)
{
	char *path = arena_printf(mem, "%s/%s", data_dir, name);
	struct stat st;

	if (path == NULL)
		err_set(e, "not enough memory");
	else if (file_make_dirs(path, 0700, e) == 0) {
		if (geteuid() != 0 ||
		    (stat(data_dir, &st) == 0 && chown(path, st.st_uid, st.st_gid) == 0))
			return path;
		err_errno(e, errno, "giving \"%s\" to the owner of \"%s\"", path, data_dir);
	}
	return NULL;
}

/* The folders by their paths, then `more`, ended by NULL; NULL where one cannot be made. */
static const char **
folders(struct arena *mem, const char *data_dir, const char *const *names,
    const char *const *more, struct err *e)
{
	size_t n = 0, n_more = 0;
	const char **paths;

	while (more != NULL && more[n_more] != NULL)
		n_more++;
	if ((paths = arena_array(mem, FOLDERS_MAX + n_more + 1, sizeof(*paths))) == NULL) {
		err_set(e, "not enough memory");
		return NULL;
	}
	for (; names[n] != NULL; n++)
		if ((paths[n] = own_folder(mem, data_dir, names[n], e)) == NULL)
			return NULL;
	for (size_t i = 0; i < n_more; i++)
		paths[n++] = more[i];
	paths[n] = NULL;
	return paths;
}

static const struct power *
power_of(const char *role)
{
	for (size_t i = 0; i < sizeof(powers) / sizeof(*powers); i++)
		if (strcmp(powers[i].role, role) == 0)
			return &powers[i];
	return NULL;
}

int
role_enter_sandbox(const struct role_env *env, const char *const *read_below, struct err *e)
{
	const struct power *power = power_of(env->role);
	struct sandbox s = {.owner_of = env->data_dir};
	struct sandbox_report report;
	struct arena *mem = NULL;
	int rc = -1;

	if (power == NULL)
		return err_set(e, "there is no role \"%s\"", env->role);
	if ((mem = arena_new(1 << 20)) == NULL) {
		err_set(e, "not enough memory");
		goto out;
	}
	s.power = power->power;
	if ((s.write_below = folders(mem, env->data_dir, power->writes, NULL, e)) == NULL ||
	    (s.read_below = folders(mem, env->data_dir, power->reads, read_below, e)) == NULL ||
	    sandbox_enter(&s, &report, e) != 0)
		goto out;
	if (report.text[0] != '\0')
		log_warning("%s", report.text);
	else
		log_debug("in the sandbox: Landlock %d, seccomp", report.landlock);
	rc = 0;
out:
	arena_free(mem);
	return rc;
}
