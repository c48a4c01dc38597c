/* content_watch.c - see content_watch.h. */
#define _GNU_SOURCE
#include "center/content_watch.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "center/role.h"
#include "sys/file.h"

#define LOOK_EVERY SPAN_SECONDS(3)

enum kind { RULES, INDICATORS, ALLOW, PLACEHOLDERS, KIND_COUNT };

static const char *const folders[KIND_COUNT] = {
    "content/rules", "content/indicators", "content/allow", "content/placeholders"};

/*
 * Invariant: `wanted` is guarded by the mutex and read by the thread; `news` is
 * the thread's while loading, the loop's once `done` was written to.
 */
struct content_watch {
	char *all[4 + 3 * 64 + 1]; /* owned; every path */
	size_t n_all;
	const char *paths[KIND_COUNT][66]; /* into `all`, ended by NULL */

	struct loop *loop;
	struct loop_timer *look;
	content_on_news *fn;
	void *ctx;

	uint64_t loaded, seen; /* what the folders looked like: when loaded; at the last look */
	bool loading;

	pthread_t thread;
	bool has_thread;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	bool wanted, ending;
	int done; /* eventfd: news is ready */
	struct content_news news;
};

/* --- what the folders look like --- */

static int
mix_file(void *ctx, const char *path, struct err *e)
{
	uint64_t *h = ctx;
	struct stat st;

	*h = hash_bytes(slice_str(path), *h);
	if (stat(path, &st) == 0) {
		*h = hash_u64(*h ^ (uint64_t)st.st_size);
		*h = hash_u64(*h ^ (uint64_t)st.st_mtim.tv_sec * 1000000007u ^
			      (uint64_t)st.st_mtim.tv_nsec);
		*h = hash_u64(*h ^ (uint64_t)st.st_ino);
	}
	return 0;
}

/* A folder that can not be walked looks as it did until it could: loading says what is wrong.
 */
static uint64_t
fingerprint(const struct content_watch *w)
{
	uint64_t h = 1;

	for (size_t i = 0; i < w->n_all; i++)
		file_walk(w->all[i], FILE_WALK_DEFAULT, mix_file, &h, NULL);
	return h;
}

/* --- loading --- */

/* How much of an operator's own content must be right. */
enum strictness { ALL_OF_IT, WHAT_CAN_BE_READ, NONE_OF_IT };

static int
load(const struct content_watch *w, enum strictness how, struct content_news *news)
{
	bool with_operators = how != NONE_OF_IT;
	const struct content_sources from = {
	    .rules = with_operators ? w->paths[RULES] : NULL,
	    .indicators = with_operators ? w->paths[INDICATORS] : NULL,
	    .allow = with_operators ? w->paths[ALLOW] : NULL,
	    .placeholders = with_operators ? w->paths[PLACEHOLDERS] : NULL,
	    .missing_is_empty = true,
	    .bad_files_are_notes = how == WHAT_CAN_BE_READ,
	};

	*news = (struct content_news){0};
	return content_load(&from, &news->content, &news->summary, &news->err);
}

int
content_watch_load_first(struct content_watch *w, struct content_news *news, struct err *e)
{
	struct err why;

	w->loaded = w->seen = fingerprint(w);
	if (load(w, ALL_OF_IT, news) == 0)
		return 0;
	why = news->err;
	for (enum strictness how = WHAT_CAN_BE_READ; how <= NONE_OF_IT; how++) {
		buf_release(&news->summary.notes);
		if (load(w, how, news) == 0) {
			news->err = why;
			return 0;
		}
	}
	if (e != NULL)
		*e = news->err;
	buf_release(&news->summary.notes);
	return err_wrap(e, "loading the built-in content");
}

static void *
load_when_wanted(void *ctx)
{
	struct content_watch *w = ctx;

	for (;;) {
		pthread_mutex_lock(&w->mutex);
		while (!w->wanted && !w->ending)
			pthread_cond_wait(&w->cond, &w->mutex);
		bool ending = w->ending;
		w->wanted = false;
		pthread_mutex_unlock(&w->mutex);
		if (ending)
			return NULL;
		load(w, ALL_OF_IT, &w->news);
		role_wake(w->done);
	}
}

static void
want(struct content_watch *w)
{
	w->loading = true;
	w->loaded = w->seen;
	pthread_mutex_lock(&w->mutex);
	w->wanted = true;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->mutex);
}

static void
look(void *ctx)
{
	struct content_watch *w = ctx;
	uint64_t now = fingerprint(w);
	bool still = now == w->seen;

	w->seen = now;
	if (still && now != w->loaded && !w->loading)
		want(w);
}

void
content_watch_reload(struct content_watch *w)
{
	w->seen = fingerprint(w);
	if (w->loading)
		w->loaded = ~w->seen; /* the next look loads again */
	else
		want(w);
}

static void
on_done(void *ctx, int fd, unsigned ready)
{
	struct content_watch *w = ctx;

	if (!role_woken(fd))
		return;
	w->loading = false;
	w->fn(w->ctx, &w->news);
	buf_release(&w->news.summary.notes);
	w->news = (struct content_news){0};
}

/* --- birth and end --- */

static int
add_path(struct content_watch *w, enum kind kind, char *path, struct err *e)
{
	size_t n = 0;

	if (path == NULL)
		return err_errno(e, ENOMEM, "listing content folders");
	while (w->paths[kind][n] != NULL)
		n++;
	w->all[w->n_all++] = path;
	w->paths[kind][n] = path;
	return 0;
}

static int
add_setting(
    struct content_watch *w, enum kind kind, const struct setting_texts *texts, struct err *e)
{
	assert(texts->n <= 64); /* settings.def says so */
	for (size_t i = 0; i < texts->n; i++)
		if (add_path(w, kind, strndup((const char *)texts->at[i].ptr, texts->at[i].len),
			e) != 0)
			return -1;
	return 0;
}

int
content_watch_new(struct content_watch **out, const char *data_dir,
    const struct center_config *config, struct loop *loop, content_on_news *fn, void *ctx,
    struct err *e)
{
	struct content_watch *w = calloc(1, sizeof(*w));
	int rc = -1;

	if (w == NULL)
		return err_errno(e, ENOMEM, "watching content");
	w->loop = loop;
	w->fn = fn;
	w->ctx = ctx;
	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->cond, NULL);
	if ((w->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0) {
		err_errno(e, errno, "making an eventfd");
		goto out;
	}
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", data_dir, folders[kind]) < 0)
			path = NULL;
		if (add_path(w, (enum kind)kind, path, e) != 0)
			goto out;
	}
	if (add_setting(w, RULES, &config->rules, e) != 0 ||
	    add_setting(w, INDICATORS, &config->indicators, e) != 0 ||
	    add_setting(w, ALLOW, &config->allow, e) != 0)
		goto out;
	*out = w;
	w = NULL;
	rc = 0;
out:
	content_watch_free(w);
	return rc;
}

void
content_watch_free(struct content_watch *w)
{
	if (w == NULL)
		return;
	if (w->has_thread) {
		pthread_mutex_lock(&w->mutex);
		w->ending = true;
		pthread_cond_signal(&w->cond);
		pthread_mutex_unlock(&w->mutex);
		pthread_join(w->thread, NULL);
		loop_timer_cancel(w->loop, w->look);
		loop_unwatch(w->loop, w->done);
	}
	content_unref(w->news.content);
	buf_release(&w->news.summary.notes);
	if (w->done >= 0)
		close(w->done);
	for (size_t i = 0; i < w->n_all; i++)
		free(w->all[i]);
	pthread_cond_destroy(&w->cond);
	pthread_mutex_destroy(&w->mutex);
	free(w);
}

const char *const *
content_watch_paths(const struct content_watch *w)
{
	return (const char *const *)w->all;
}

int
content_watch_start(struct content_watch *w, struct err *e)
{
	int rc;

	if (loop_watch(w->loop, w->done, LOOP_READ, on_done, w, e) != 0)
		return -1;
	if ((w->look = loop_every(w->loop, LOOK_EVERY, look, w)) == NULL)
		return err_errno(e, ENOMEM, "watching content");
	if ((rc = pthread_create(&w->thread, NULL, load_when_wanted, w)) != 0)
		return err_errno(e, rc, "starting a thread");
	w->has_thread = true;
	return 0;
}
