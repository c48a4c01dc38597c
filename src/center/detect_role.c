/*
 * detect_role.c - the detect role: wait for batches, detect, commit, wake the console.
 *
 * It holds no keys and no sockets.  All it has is the data directory and two
 * eventfds; the hostile bytes of log lines are parsed here and nowhere else in a
 * center.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "center/config.h"
#include "center/content_watch.h"
#include "center/role.h"
#include "center/rule_troubles.h"
#include "center/worker.h"
#include "observe/reading_db.h"
#include "store/migrations.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "sys/random.h"
#include "text/json.h"

#define LOOK_EVERY     SPAN_SECONDS(1) /* in case nobody woke us */
#define TRIM_EVERY     SPAN_MINUTES(1)
#define TRIM_BATCHES   256
#define NOTES_TOLD_MAX 20
#define PAUSE_LEAST    SPAN_SECONDS(1) /* after a failure */
#define PAUSE_MOST     SPAN_SECONDS(10)

struct role {
	const struct role_env *env;
	struct center_config config;
	struct loop *loop;
	struct db *store;
	struct batchlog *log;
	struct content_watch *content;
	struct worker *worker;
	struct loop_timer *next; /* the step that is due; NULL: waiting for news */
	struct span pause;	 /* after the next failure */
	struct rule_troubles troubles;
	char failure[ERR_TEXT_MAX]; /* the last one told, so that a full disk fills no log */
};

/* --- content --- */

/* Which files, rules and rows are not used, and why: a count alone helps nobody to mend them.
 */
static void
tell_notes(struct slice notes)
{
	struct slice line;
	unsigned n = 0;

	while (n++ < NOTES_TOLD_MAX && slice_cut_line(&notes, &line))
		log_warning("%.*s", SLICE_ARG(line));
	if (notes.len > 0)
		log_warning("and more; `hinomi rules check --problems DIR` lists all rules "
			    "that are not used");
}

static void
tell_content(struct role *r, const struct content_news *news)
{
	const struct content_summary *s = &news->summary;
	struct content_status status = {
	    .loaded_at = clock_now(),
	    .rules = s->rules,
	    .rules_unusable = s->rules_unusable,
	    .indicators = s->indicators,
	    .indicators_refused = s->indicators_refused,
	    .notes = buf_slice(&s->notes),
	};
	struct err e = {0};
	int rc = 0;

	if (news->content != NULL) {
		log_info("detecting with %zu rules and %zu indicators (not used: %zu rules, "
			 "%zu indicators)",
		    s->rules, s->indicators, s->rules_unusable, s->indicators_refused);
		tell_notes(status.notes);
		rc = content_status_loaded(r->store, &status, &e);
	}
	if (rc == 0 && news->err.text[0] != '\0') {
		log_error("%s: %s",
		    news->content == NULL
			? "content was not loaded; what was in use stays in use"
			: "not all content was loaded; what could be is in use",
		    news->err.text);
		rc = content_status_failed(
		    r->store, status.loaded_at, slice_str(news->err.text), &e);
	}
	if (rc != 0)
		log_warning("noting the state of the content: %s", e.text);
	role_wake(r->env->alerts);
}

static void
on_content(void *ctx, struct content_news *news)
{
	struct role *r = ctx;

	if (news->content != NULL &&
	    worker_set_content(r->worker, news->content, &news->err) != 0) {
		content_unref(news->content);
		news->content = NULL;
	}
	if (news->content != NULL)
		r->troubles = (struct rule_troubles){0};
	tell_content(r, news);
	content_unref(news->content); /* the worker holds its own */
	news->content = NULL;
}

static void
on_hangup(void *ctx)
{
	struct role *r = ctx;

	log_info("loading content again");
	content_watch_reload(r->content);
}

/* --- batches --- */

static void step(void *ctx);

static void
step_after(struct role *r, struct span delay)
{
	loop_timer_cancel(r->loop, r->next);
	r->next = loop_after(r->loop, delay, step, r);
}

static void
step_failed(struct role *r, const struct err *e)
{
	if (strcmp(r->failure, e->text) != 0) {
		snprintf(r->failure, sizeof(r->failure), "%s", e->text);
		log_error("%s; trying again until it works", e->text);
	}
	step_after(r, r->pause);
	r->pause.us = r->pause.us * 2 < PAUSE_MOST.us ? r->pause.us * 2 : PAUSE_MOST.us;
}

static void
tell_troubles(struct role *r)
{
	struct span now = clock_monotonic();
	struct sigma_trouble t;

	for (size_t at = 0; (at = worker_troubles(r->worker, at, &t)) != 0;)
		if (rule_troubles_due(&r->troubles, &t, now))
			log_warning("rule %.*s (%.*s): its regular expression took too many "
				    "steps %llu times "
				    "and was taken as no match there; write it simpler",
			    SLICE_ARG(t.rule->id), SLICE_ARG(t.rule->title.en),
			    (unsigned long long)t.count);
}

/* One group, then back to the loop: signals and content come between groups. */
static void
step(void *ctx)
{
	struct role *r = ctx;
	struct worker_done done;
	struct err e = {0};

	r->next = NULL;
	if (worker_step(r->worker, clock_now(), &done, &e) != 0) {
		step_failed(r, &e);
		return;
	}
	if (r->failure[0] != '\0')
		log_info("detection works again");
	r->failure[0] = '\0';
	r->pause = PAUSE_LEAST;
	if (done.refused > 0)
		log_error("%s; it stays in the log, detection goes on behind it (%u in all)",
		    done.refusal, done.refused);
	if (done.batches == 0)
		return;
	log_debug("%u batches, %llu lines, %zu alerts", done.batches,
	    (unsigned long long)done.lines, done.alerts);
	tell_troubles(r);
	role_wake(r->env->alerts);
	step_after(r, SPAN_MS(0));
}

static void
look_for_batches(void *ctx)
{
	struct role *r = ctx;

	if (r->next == NULL)
		step(r);
}

static void
on_batches(void *ctx, int fd, unsigned ready)
{
	if (role_woken(fd))
		look_for_batches(ctx);
}

/* --- retention --- */

static void
trim(void *ctx)
{
	struct role *r = ctx;
	struct batchlog_keep keep = {
	    .before = {clock_now().us - r->config.batches_keep.us},
	    .bytes_max = r->config.batches_size_max,
	    .keep_after = worker_cursor(r->worker),
	};
	struct err e = {0};
	int n = batchlog_trim(r->log, &keep, TRIM_BATCHES, &e);

	if (n < 0)
		log_warning("%s", e.text);
	else if (n > 0)
		log_debug("%d batches have aged out", n);
	loop_after(r->loop, n == TRIM_BATCHES ? SPAN_MS(100) : TRIM_EVERY, trim, r);
}

/* --- the role --- */

static int
open_log(struct role *r, struct err *e)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/store/batches.db", r->env->data_dir) >=
	    (int)sizeof(path))
		return err_set(e, "the data directory's name is too long");
	return batchlog_open(&r->log, path, e);
}

/* Everything is opened and read inside the sandbox, so a new need shows at the first start. */
static int
prepare(struct role *r, struct content_news *first, struct err *e)
{
	if (center_config_read(&r->config, r->env->config_file, e) != 0)
		return -1;
	log_set_level((enum log_level)r->config.log_level);
	json_seed(random_u64());
	if (loop_new(&r->loop, e) != 0 || loop_catch_signals(r->loop, on_hangup, r, e) != 0 ||
	    content_watch_new(
		&r->content, r->env->data_dir, &r->config, r->loop, on_content, r, e) != 0)
		return -1;
	if (role_enter_sandbox(r->env, content_watch_paths(r->content), e) != 0)
		return -1;
	if (store_open(&r->store, r->env->data_dir, e) != 0 || open_log(r, e) != 0 ||
	    content_watch_load_first(r->content, first, e) != 0)
		return -1;
	tell_content(r, first);
	if (worker_new(&r->worker, r->store, r->log, first->content, e) != 0 ||
	    (r->env->crashed && worker_note_crash(r->worker, e) != 0))
		return -1;
	if (r->env->batches >= 0 &&
	    loop_watch(r->loop, r->env->batches, LOOP_READ, on_batches, r, e) != 0)
		return -1;
	return content_watch_start(r->content, e);
}

int
detect_main(const struct role_env *env)
{
	struct role r = {.env = env, .pause = PAUSE_LEAST};
	struct content_news first = {0};
	struct err e = {0};
	int status = 3;

	log_set_name("detect");
	if (prepare(&r, &first, &e) != 0) {
		log_error("%s", e.text);
		goto out;
	}
	loop_every(r.loop, LOOK_EVERY, look_for_batches, &r);
	loop_after(r.loop, TRIM_EVERY, trim, &r);
	step_after(&r, SPAN_MS(0));
	role_ready(env);
	loop_run(r.loop);
	status = 0;
out:
	content_watch_free(r.content);
	worker_free(r.worker);
	content_unref(first.content);
	buf_release(&first.summary.notes);
	batchlog_close(r.log);
	db_close(r.store);
	loop_free(r.loop);
	center_config_release(&r.config);
	return status;
}
