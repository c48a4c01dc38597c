/* sandbox.c - see sandbox.h. */
#define _GNU_SOURCE
#include "sys/sandbox.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cap-ng.h>
#include <seccomp.h>

/* --- who we are --- */

/*
 * Changing identity clears the signal that our parent's death sends us: ask for
 * it again, and look whether the parent died in between.
 */
static int
keep_parent_signal(int signal, pid_t parent, struct err *e)
{
	if (signal == 0)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, signal) != 0)
		return err_errno(e, errno, "asking for the parent's death signal");
	if (getppid() != parent)
		raise(signal);
	return 0;
}

static int
become_owner(const char *dir, struct err *e)
{
	struct stat st;
	pid_t parent = getppid();
	int signal = 0;

	if (dir == NULL || geteuid() != 0)
		return 0;
	if (stat(dir, &st) != 0)
		return err_errno(e, errno, "looking at \"%s\"", dir);
	if (st.st_uid == 0)
		return 0; /* root's own directory: capabilities go all the same */
	prctl(PR_GET_PDEATHSIG, &signal);
	if (setgroups(0, NULL) != 0 || setresgid(st.st_gid, st.st_gid, st.st_gid) != 0 ||
	    setresuid(st.st_uid, st.st_uid, st.st_uid) != 0)
		return err_errno(e, errno, "becoming the owner of \"%s\" (user %u)", dir,
		    (unsigned)st.st_uid);
	return keep_parent_signal(signal, parent, e);
}

/* The bounding set needs a capability to be cleared, so it goes before the identity does. */
static int
clear_bounding_set(struct err *e)
{
	capng_get_caps_process();
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		return 0; /* an ordinary user: no new privileges says the same */
	capng_clear(CAPNG_SELECT_BOUNDS);
	if (capng_apply(CAPNG_SELECT_BOUNDS) != 0)
		return err_set(e, "the capability bounding set can not be cleared");
	return 0;
}

static int
drop_capabilities(struct err *e)
{
	capng_clear(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT);
	if (capng_apply(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT) != 0)
		return err_set(e, "capabilities can not be dropped");
	return 0;
}

static int
set_limits(struct err *e)
{
	const struct rlimit none = {0, 0};

	/* A core dump would hold log lines and keys. */
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return err_errno(e, errno, "forbidding core dumps");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_errno(e, errno, "giving up new privileges");
	return 0;
}

/* --- Landlock --- */

/* Names newer than Debian 12's kernel headers. */
#define FS_TRUNCATE  (1ULL << 14) /* version 3 */
#define FS_IOCTL_DEV (1ULL << 15) /* version 5 */
#define NET_BIND     (1ULL << 0)  /* version 4 */
#define NET_CONNECT  (1ULL << 1)

struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net; /* version 4 */
};

#define FS_VERSION_1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define FS_READ	     (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_OF_FILES                                                                            \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |                        \
	    LANDLOCK_ACCESS_FS_EXECUTE | FS_TRUNCATE)

static uint64_t
fs_of_version(int version)
{
	uint64_t all = FS_VERSION_1;

	if (version >= 2)
		all |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		all |= FS_TRUNCATE;
	if (version >= 5)
		all |= FS_IOCTL_DEV;
	return all;
}

static int
allow_below(int ruleset, const char *path, uint64_t access, struct err *e)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access};
	struct stat st;
	int rc = 0;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT ? 0 : err_errno(e, errno, "opening \"%s\"", path);
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= FS_OF_FILES;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
		rc = err_errno(e, errno, "confining to \"%s\"", path);
	close(rule.parent_fd);
	return rc;
}

static int
confine(const struct sandbox *s, int version, struct err *e)
{
	struct ruleset_attr attr = {.handled_access_fs = fs_of_version(version)};
	size_t size = version >= 4 ? sizeof(attr) : sizeof(attr.handled_access_fs);
	uint64_t write = attr.handled_access_fs & ~(LANDLOCK_ACCESS_FS_EXECUTE | FS_IOCTL_DEV);
	int ruleset, rc = -1;

	/* Sockets that listen already are not touched by this. */
	if (version >= 4)
		attr.handled_access_net =
		    s->power == SANDBOX_CONNECT ? 0 : NET_BIND | NET_CONNECT;
	if ((ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0)) < 0)
		return err_errno(e, errno, "making a Landlock ruleset");
	for (const char *const *p = s->write_below; p != NULL && *p != NULL; p++)
		if (allow_below(ruleset, *p, write, e) != 0)
			goto out;
	for (const char *const *p = s->read_below; p != NULL && *p != NULL; p++)
		if (allow_below(ruleset, *p, FS_READ, e) != 0)
			goto out;
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		err_errno(e, errno, "entering Landlock");
	else
		rc = 0;
out:
	close(ruleset);
	return rc;
}

static int
enter_landlock(const struct sandbox *s, struct sandbox_report *report, struct err *e)
{
	int version =
	    (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (version < 1) {
		snprintf(report->text, sizeof(report->text),
		    "this kernel offers no Landlock (%s): access to files is held by their "
		    "permissions alone",
		    strerrorname_np(errno));
		return 0;
	}
	report->landlock = version;
	return confine(s, version, e);
}

/* --- seccomp --- */

/* gcc says __SANITIZE_ADDRESS__, clang __has_feature(). */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||                     \
    __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static const struct {
	enum sandbox_power least;
	const char *name;
} calls[] = {
#define CALL(power, name) {SANDBOX_##power, #name},
#include "sys/sandbox_calls.def"
#undef CALL
};

/* Asked for by libraries that get along without: refused, not killed. */
static const struct {
	const char *name;
	int answer;
} refused[] = {
    {"socket", EACCES}, /* name service, syslog() */
    {"connect", EACCES},
    {"clone3", ENOSYS}, /* its flags are out of a filter's reach: glibc then uses clone */
    {"sched_setaffinity", EPERM}, {"sched_setscheduler", EPERM}, {"setpriority", EPERM},
    {"prctl", EPERM},	  /* but for a thread's name, below */
    {"prlimit64", EPERM}, /* but for reading one's own, below */
    {"ioctl", ENOTTY},	  /* but for FIONREAD and FIONBIO, below */
};

/* A name that this architecture lacks needs no rule. */
static int
call_number(const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);

	return nr == __NR_SCMP_ERROR ? -1 : nr;
}

static bool
is_kept(const struct sandbox *s, const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (calls[i].least <= s->power && strcmp(calls[i].name, name) == 0)
			return true;
	return false;
}

static int
add_conditional(scmp_filter_ctx ctx)
{
	static const scmp_datum_t ioctls[] = {FIONREAD, FIONBIO, TCGETS /* isatty() */};
	int rc = 0;

	/* Threads, not processes. */
	rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
	    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	/* abort() and raise() of this very process, nobody else's. */
	rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	rc |= seccomp_rule_add(
	    ctx, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
	rc |= seccomp_rule_add(
	    ctx, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0));
	for (size_t i = 0; i < sizeof(ioctls) / sizeof(*ioctls); i++)
		rc |= seccomp_rule_add(
		    ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, ioctls[i]));
	return rc;
}

/* What a refused call's conditional rule allows must not meet a plain refusal of the same call.
 */
static int
add_refusal(scmp_filter_ctx ctx, const char *name, int nr, int answer)
{
	uint32_t action = SCMP_ACT_ERRNO((uint16_t)answer);

	if (strcmp(name, "prctl") == 0)
		return seccomp_rule_add(ctx, action, nr, 1, SCMP_A0(SCMP_CMP_NE, PR_SET_NAME));
	if (strcmp(name, "prlimit64") == 0)
		return seccomp_rule_add(ctx, action, nr, 1, SCMP_A2(SCMP_CMP_NE, 0));
	return seccomp_rule_add(ctx, action, nr, 0);
}

static int
add_rules(scmp_filter_ctx ctx, const struct sandbox *s)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		int nr = call_number(calls[i].name);

		if (calls[i].least <= s->power && nr >= 0)
			rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0);
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		int nr = call_number(refused[i].name);

		if (s->refuse_only && refused[i].answer == EPERM)
			continue; /* so the filter answers anyway, and libseccomp wants no such
				     rule */
		if (nr >= 0 && !is_kept(s, refused[i].name))
			rc |= add_refusal(ctx, refused[i].name, nr, refused[i].answer);
	}
	return rc | add_conditional(ctx);
}

static int
enter_seccomp(const struct sandbox *s, struct err *e)
{
	scmp_filter_ctx ctx =
	    seccomp_init(s->refuse_only ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);
	int rc;

	if (ctx == NULL)
		return err_set(e, "no memory for a seccomp filter");
	/* Threads that libraries started already are bound as well. */
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_LOG, s->refuse_only);
	seccomp_attr_set(
	    ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a binary tree: constant cost a call */
	if (add_rules(ctx, s) != 0)
		rc = err_set(e, "the seccomp filter can not be built");
	else if ((rc = seccomp_load(ctx)) != 0)
		rc = err_errno(e, -rc, "entering seccomp");
	seccomp_release(ctx);
	return rc;
}

int
sandbox_enter(const struct sandbox *s, struct sandbox_report *report, struct err *e)
{
	assert(s->power < SANDBOX_POWER_COUNT);
	*report = (struct sandbox_report){0};
	if (clear_bounding_set(e) != 0 || become_owner(s->owner_of, e) != 0 ||
	    drop_capabilities(e) != 0 || set_limits(e) != 0 ||
	    enter_landlock(s, report, e) != 0)
		goto failed;
	if (SANITIZED)
		return 0;
	if (enter_seccomp(s, e) != 0)
		goto failed;
	report->seccomp = true;
	return 0;
failed:
	return err_wrap(e, "entering the sandbox");
}
