/* confine.c - see confine.h. */
#include "node/confine.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/log.h"
#include "sys/sandbox.h"

/* What libraries read while we run: names of hosts, the time zone, their own plug-ins. */
static const char *const libraries_read[] = {"/etc", "/lib", "/lib64", "/usr/lib", "/usr/lib64",
    "/usr/share/zoneinfo", "/run/systemd/resolve", "/run/resolvconf"};
#define N_LIBRARIES (sizeof(libraries_read) / sizeof(libraries_read[0]))

/* The directory above the first part with a wildcard: "/var/log" for a pattern below it. */
static void
directory_of_pattern(const char *pattern, char out[PATH_MAX])
{
	size_t slash = 0;

	for (size_t i = 0; pattern[i] != '\0' && strchr("*?[", pattern[i]) == NULL; i++) {
		if (pattern[i] == '/')
			slash = i;
	}
	if (slash == 0)
		slash = 1;
	memcpy(out, pattern, slash < PATH_MAX ? slash : 0);
	out[slash < PATH_MAX ? slash : 0] = '\0';
}

/* The directory itself, and where a log that is a symbolic link leads to. */
static size_t
add_log(struct arena *mem, const char *pattern, const char **list)
{
	char path[PATH_MAX], real[PATH_MAX];
	size_t n = 0;

	directory_of_pattern(pattern, path);
	if ((list[n] = arena_strdup(mem, slice_str(path))) != NULL)
		n++;
	if (realpath(pattern, real) != NULL) {
		directory_of_pattern(real, path);
		if ((list[n] = arena_strdup(mem, slice_str(path))) != NULL)
			n++;
	}
	return n;
}

int
node_confine(const struct node_config *cfg, const char *data_dir, struct err *e)
{
	const char *const write_below[] = {data_dir, NULL};
	struct sandbox s = {.power = SANDBOX_CONNECT, .write_below = write_below};
	struct sandbox_report report = {0};
	struct arena *mem = NULL;
	const char **read_below = NULL;
	size_t n = 0;
	int rc = -1;

	if (geteuid() == 0) {
		log_warning("running as root and without a sandbox; give the node a user of "
			    "its own that "
			    "may read the logs (the package does)");
		return 0;
	}
	mem = arena_new(4 << 20);
	read_below = calloc(N_LIBRARIES + 2 * cfg->sources.n + 1, sizeof(*read_below));
	if (mem == NULL || read_below == NULL) {
		err_set(e, "out of memory");
		goto out;
	}
	for (; n < N_LIBRARIES; n++)
		read_below[n] = libraries_read[n];
	for (size_t i = 0; i < cfg->sources.n; i++) {
		if (cfg->sources.at[i].path != NULL)
			n += add_log(mem, cfg->sources.at[i].path, read_below + n);
	}
	s.read_below = read_below;
	if (sandbox_enter(&s, &report, e) != 0)
		goto out;
	if (report.text[0] != '\0')
		log_warning("%s", report.text);
	else
		log_debug("in the sandbox: Landlock %d, seccomp", report.landlock);
	rc = 0;
out:
	free(read_below);
	arena_free(mem);
	return rc;
}
