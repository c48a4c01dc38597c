/* hasher.c - see hasher.h. */
#include "server/hasher.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <sodium.h>

struct job {
	hasher_on_done *fn; /* NULL: nobody waits any more */
	void *ctx;
	bool known, matches;
	char stored[PASSWORD_STORED_MAX];
	size_t password_len;
	uint8_t password[PASSWORD_MAX];
};

/*
 * A ring: jobs from `done` to `next` have been checked, from `next` to `end` wait.
 * The lock guards the three counters and `stopping`; a job itself belongs to the
 * thread while it is at `next`, and to the loop otherwise.
 */
struct hasher {
	struct loop *loop;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	int news; /* eventfd */
	bool started, stopping;
	uint64_t done, next, end;
	struct job ring[HASHER_QUEUE];
};

static void *
work(void *ctx)
{
	struct hasher *h = ctx;

	pthread_mutex_lock(&h->lock);
	for (;;) {
		struct job *j;
		uint64_t one = 1;

		while (!h->stopping && h->next == h->end)
			pthread_cond_wait(&h->more, &h->lock);
		if (h->stopping)
			break;
		j = &h->ring[h->next % HASHER_QUEUE];
		pthread_mutex_unlock(&h->lock);
		j->matches = password_matches(
		    j->known ? j->stored : NULL, slice_of(j->password, j->password_len));
		sodium_memzero(j->password, sizeof(j->password));
		pthread_mutex_lock(&h->lock);
		h->next++;
		(void)!write(h->news, &one, sizeof(one));
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

static void
on_news(void *ctx, int fd, unsigned ready)
{
	struct hasher *h = ctx;
	uint64_t n;

	(void)!read(fd, &n, sizeof(n));
	for (;;) {
		hasher_on_done *fn;
		struct job *j;
		void *job_ctx;
		bool matches;

		pthread_mutex_lock(&h->lock);
		if (h->done == h->next) {
			pthread_mutex_unlock(&h->lock);
			return;
		}
		j = &h->ring[h->done % HASHER_QUEUE];
		fn = j->fn;
		job_ctx = j->ctx;
		matches = j->matches;
		h->done++;
		pthread_mutex_unlock(&h->lock);
		if (fn != NULL)
			fn(job_ctx, matches);
	}
}

static int
start_thread(struct hasher *h, struct err *e)
{
	sigset_t all, old;
	int code;

	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	code = pthread_create(&h->thread, NULL, work, h);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (code != 0)
		return err_errno(e, code, "starting the password thread");
	h->started = true;
	return 0;
}

int
hasher_open(struct hasher **out, struct loop *loop, struct err *e)
{
	struct hasher *h = calloc(1, sizeof(*h));
	int rc = -1;

	if (h == NULL)
		return err_set(e, "out of memory");
	h->loop = loop;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->more, NULL);
	if ((h->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0) {
		err_errno(e, errno, "eventfd");
		goto out;
	}
	if (loop_watch(loop, h->news, LOOP_READ, on_news, h, e) != 0 || start_thread(h, e) != 0)
		goto out;
	*out = h;
	h = NULL;
	rc = 0;
out:
	hasher_close(h);
	return rc;
}

void
hasher_close(struct hasher *h)
{
	if (h == NULL)
		return;
	if (h->started) {
		pthread_mutex_lock(&h->lock);
		h->stopping = true;
		pthread_cond_signal(&h->more);
		pthread_mutex_unlock(&h->lock);
		pthread_join(h->thread, NULL);
	}
	if (h->news >= 0) {
		loop_unwatch(h->loop, h->news);
		close(h->news);
	}
	pthread_cond_destroy(&h->more);
	pthread_mutex_destroy(&h->lock);
	sodium_memzero(h, sizeof(*h));
	free(h);
}

bool
hasher_check(
    struct hasher *h, struct slice stored, struct slice password, hasher_on_done *fn, void *ctx)
{
	struct job *j;
	bool room;

	if (password.len > PASSWORD_MAX || stored.len >= PASSWORD_STORED_MAX)
		return false;
	pthread_mutex_lock(&h->lock);
	room = h->end - h->done < HASHER_QUEUE;
	if (room) {
		j = &h->ring[h->end % HASHER_QUEUE];
		j->fn = fn;
		j->ctx = ctx;
		j->known = stored.ptr != NULL;
		memcpy(j->stored, j->known ? (const char *)stored.ptr : "", stored.len);
		j->stored[stored.len] = '\0';
		memcpy(j->password, password.ptr, password.len);
		j->password_len = password.len;
		h->end++;
		pthread_cond_signal(&h->more);
	}
	pthread_mutex_unlock(&h->lock);
	return room;
}

void
hasher_forget(struct hasher *h, void *ctx)
{
	pthread_mutex_lock(&h->lock);
	for (uint64_t i = h->done; i < h->end; i++)
		if (h->ring[i % HASHER_QUEUE].ctx == ctx)
			h->ring[i % HASHER_QUEUE].fn = NULL;
	pthread_mutex_unlock(&h->lock);
}
