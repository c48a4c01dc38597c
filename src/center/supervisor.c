/*
 * supervisor.c - see supervisor.h.
 *
 * Each role runs as
 *
 *	PROGRAM center --role NAME --data DIR [--config FILE] [--crashed] --fds B,A,R
 *
 * where B, A and R are the eventfds of struct role_env.  A role that dies is
 * started again after 0.1 s, twice as long each further time up to 10 s; one
 * that lived for a minute starts afresh.  A role that could not run at the very
 * first start ends the whole: a wrong setting or a port in use is for a person
 * to mend, and a loop of restarts would only hide the sentence that says so.
 */
#define _GNU_SOURCE
#include "center/supervisor.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "center/role.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/notify.h"
#include "sys/process.h"

#define GRACE	      SPAN_SECONDS(10)
#define BACKOFF_LEAST SPAN_MS(100)
#define BACKOFF_MOST  SPAN_SECONDS(2)
#define LIVED_WELL    SPAN_SECONDS(10)
#define SAME_WISH     SPAN_SECONDS(1)

struct supervisor;

struct child {
	struct supervisor *of;
	const char *name;
	struct process process; /* pid 0: not running */
	struct loop_timer *restart;
	struct span started;
	struct span backoff; /* before the next start */
	int ready_fd;
	bool ready;   /* was so at least once */
	bool crashed; /* its last life */
};

struct supervisor {
	const struct supervisor_spec *spec;
	struct loop *loop;
	char *data_dir; /* absolute */
	int lock, batches, alerts;
	bool announced, stopping;
	int status;
	unsigned n_children;
	struct child children[SUPERVISOR_ROLES_MAX];
};

static bool
all_ready(const struct supervisor *s)
{
	for (unsigned i = 0; i < s->n_children; i++)
		if (!s->children[i].ready)
			return false;
	return true;
}

static unsigned
n_running(const struct supervisor *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->n_children; i++)
		n += s->children[i].process.pid != 0;
	return n;
}

static void
signal_all(struct supervisor *s, int signal)
{
	for (unsigned i = 0; i < s->n_children; i++)
		process_signal(&s->children[i].process, signal);
}

static void
on_ready(void *ctx, int fd, unsigned ready)
{
	struct child *c = ctx;

	if (!role_woken(fd))
		return;
	c->ready = true;
	log_debug("%s is ready", c->name);
	if (c->of->announced || !all_ready(c->of))
		return;
	c->of->announced = true;
	log_info("the center is ready; its data is in \"%s\"", c->of->data_dir);
	notify_manager("READY=1");
}

static void child_start(void *ctx);

/* Decide what the end of a role means. */
static void
child_ended(struct child *c, const struct process_end *end)
{
	struct supervisor *s = c->of;
	struct span lived = {clock_monotonic().us - c->started.us};

	if (s->stopping) {
		if (n_running(s) == 0)
			loop_stop(s->loop);
		return;
	}
	if (!c->ready && end->exited && (end->status == 2 || end->status == 3)) {
		s->status = end->status;
		log_error("%s could not start; stopping the center", c->name);
		loop_stop(s->loop);
		return;
	}
	/* Others kill with SIGKILL, or ask with SIGTERM; the rest is what a process does to
	 * itself. */
	c->crashed = !end->exited && end->status != SIGKILL && end->status != SIGTERM;
	if (lived.us >= LIVED_WELL.us)
		c->backoff = BACKOFF_LEAST;
	log_error("%s ended (%s); starting it again in %.1f s", c->name, end->text,
	    (double)c->backoff.us / 1e6);
	c->restart = loop_after(s->loop, c->backoff, child_start, c);
	c->backoff.us =
	    c->backoff.us * 2 < BACKOFF_MOST.us ? c->backoff.us * 2 : BACKOFF_MOST.us;
}

static void
on_end(void *ctx, int fd, unsigned ready)
{
	struct child *c = ctx;
	struct process_end end = {.exited = true};
	struct err e = {0};

	loop_unwatch(c->of->loop, fd);
	if (process_reap(&c->process, &end, &e) != 0) {
		log_error("%s: %s", c->name, e.text);
		c->process = (struct process){0};
	}
	child_ended(c, &end);
}

static int
spawn(struct child *c, struct err *e)
{
	struct supervisor *s = c->of;
	int fds[] = {s->batches, s->alerts, c->ready_fd};
	char numbers[64];
	const char *argv[12];
	unsigned n = 0;

	snprintf(numbers, sizeof(numbers), "%d,%d,%d", fds[0], fds[1], fds[2]);
	argv[n++] = s->spec->program;
	argv[n++] = "center";
	argv[n++] = "--role";
	argv[n++] = c->name;
	argv[n++] = "--data";
	argv[n++] = s->data_dir;
	if (s->spec->config_file != NULL) {
		argv[n++] = "--config";
		argv[n++] = s->spec->config_file;
	}
	if (c->crashed)
		argv[n++] = "--crashed";
	argv[n++] = "--fds";
	argv[n++] = numbers;
	argv[n] = NULL;
	struct process_spec spec = {
	    .argv = argv,
	    .fds = fds,
	    .n_fds = sizeof(fds) / sizeof(*fds),
	    .dies_with_us = true,
	};
	if (process_spawn(&c->process, &spec, e) != 0)
		return -1;
	if (loop_watch(s->loop, c->process.pidfd, LOOP_READ, on_end, c, e) == 0)
		return 0;
	process_signal(&c->process, SIGKILL);
	process_reap(&c->process, &(struct process_end){0}, NULL);
	return -1;
}

static void
child_start(void *ctx)
{
	struct child *c = ctx;
	struct err e = {0};

	c->restart = NULL;
	c->started = clock_monotonic();
	if (spawn(c, &e) == 0)
		return;
	log_error("%s; trying again in %.0f s", e.text, (double)BACKOFF_MOST.us / 1e6);
	c->restart = loop_after(c->of->loop, BACKOFF_MOST, child_start, c);
}

static void
on_hangup(void *ctx)
{
	struct supervisor *s = ctx;

	log_info("SIGHUP: the roles load their content again");
	signal_all(s, SIGHUP);
}

static void
kill_all(void *ctx)
{
	struct supervisor *s = ctx;

	log_warning("not all roles have stopped in time; killing them");
	signal_all(s, SIGKILL);
}

/*
 * A second SIGTERM or SIGINT meanwhile means: now.  Within a second it is the
 * same wish on two ways (a terminal and a script that passes it on).
 */
static void
stop_all(struct supervisor *s)
{
	int64_t since = clock_monotonic().us;
	struct span grace = s->spec->grace.us > 0 ? s->spec->grace : GRACE;

	s->stopping = true;
	notify_manager("STOPPING=1");
	for (unsigned i = 0; i < s->n_children; i++) {
		loop_timer_cancel(s->loop, s->children[i].restart);
		s->children[i].restart = NULL;
	}
	signal_all(s, SIGTERM);
	loop_after(s->loop, grace, kill_all, s); /* the loop's, whether it fires or not */
	while (n_running(s) > 0) {
		loop_run(s->loop);
		if (n_running(s) > 0 && clock_monotonic().us - since > SAME_WISH.us)
			signal_all(s, SIGKILL);
	}
}

/* --- before the first start --- */

/* The lock belongs to the directory's owner, so that a center run once by root does not shut
 * him out. */
static int
lock_data(struct supervisor *s, struct err *e)
{
	char path[4096 + 16];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/lock", s->data_dir) >= (int)sizeof(path))
		return err_set(e, "the data directory's name is too long");
	if ((s->lock = file_lock(path, e)) < 0) {
		if (e != NULL && e->code == EWOULDBLOCK)
			return err_set(e,
			    "another center is running on \"%s\": stop it first, or name "
			    "another "
			    "directory with --data",
			    s->data_dir);
		return -1;
	}
	if (geteuid() == 0 && stat(s->data_dir, &st) == 0 &&
	    fchown(s->lock, st.st_uid, st.st_gid) != 0)
		return err_errno(e, errno, "giving \"%s\" to the directory's owner", path);
	return 0;
}

static int
new_eventfd(int *out, struct err *e)
{
	if ((*out = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
		return err_errno(e, errno, "making an eventfd");
	return 0;
}

static int
prepare(struct supervisor *s, struct err *e)
{
	if (file_make_dirs(s->spec->data_dir, 0700, e) != 0)
		return -1;
	if ((s->data_dir = realpath(s->spec->data_dir, NULL)) == NULL)
		return err_errno(e, errno, "finding \"%s\"", s->spec->data_dir);
	if (lock_data(s, e) != 0 || loop_new(&s->loop, e) != 0 ||
	    loop_catch_signals(s->loop, on_hangup, s, e) != 0 ||
	    new_eventfd(&s->batches, e) != 0 || new_eventfd(&s->alerts, e) != 0)
		return -1;
	for (const char *const *name = s->spec->roles; *name != NULL; name++) {
		struct child *c = &s->children[s->n_children];

		assert(s->n_children < SUPERVISOR_ROLES_MAX);
		*c = (struct child){
		    .of = s, .name = *name, .backoff = BACKOFF_LEAST, .ready_fd = -1};
		s->n_children++;
		if (new_eventfd(&c->ready_fd, e) != 0 ||
		    loop_watch(s->loop, c->ready_fd, LOOP_READ, on_ready, c, e) != 0)
			return -1;
	}
	return 0;
}

static void
close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

int
supervisor_run(const struct supervisor_spec *spec, struct err *e)
{
	struct supervisor s = {.spec = spec, .lock = -1, .batches = -1, .alerts = -1};

	if (prepare(&s, e) != 0) {
		s.status = 3;
		err_wrap(e, "starting the center");
		goto out;
	}
	for (unsigned i = 0; i < s.n_children; i++)
		child_start(&s.children[i]);
	loop_run(s.loop);
	stop_all(&s);
	if (s.status != 0)
		err_set(e, "the center could not start");
out:
	for (unsigned i = 0; i < s.n_children; i++)
		close_if_open(s.children[i].ready_fd);
	loop_free(s.loop);
	close_if_open(s.batches);
	close_if_open(s.alerts);
	close_if_open(s.lock);
	free(s.data_dir);
	return s.status;
}
