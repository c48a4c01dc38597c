/*
 * loop.c - epoll for descriptors and signals, a binary heap for timers.
 *
 * epoll hands out several events at once, and a callback may unwatch any
 * descriptor, even close it and open another of the same number.  Each watch
 * therefore has a serial number that travels with its events; an event whose
 * serial is not that of the watch in place is an old one and is dropped.
 */
#define _GNU_SOURCE
#include "sys/loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 64
#define NOT_IN_HEAP    SIZE_MAX

struct watch {
	uint32_t serial; /* 0: not watched */
	loop_on_ready *fn;
	void *ctx;
};

/* Invariant: heap[at] is this timer, or at is NOT_IN_HEAP (then it is running its callback). */
struct loop_timer {
	struct span due;
	struct span period; /* 0: once */
	uint64_t serial;
	size_t at;
	bool running;
	loop_on_timer *fn;
	void *ctx;
};

struct hook {
	loop_on_timer *fn;
	void *ctx;
};

struct loop {
	int epoll;
	int signals; /* signalfd, or -1 */
	bool stopping;

	struct watch *watches; /* by descriptor */
	size_t n_watches;
	uint32_t watch_serial;

	struct loop_timer **heap; /* the earliest first */
	size_t n_timers, heap_room;
	uint64_t timer_serial;

	struct hook *hooks;
	size_t n_hooks;

	loop_on_timer *on_hangup;
	void *hangup_ctx;
};

struct instant
clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (struct instant){(int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000};
}

struct span
clock_monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (struct span){(int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000};
}

int
loop_new(struct loop **out, struct err *e)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return err_errno(e, ENOMEM, "making the event loop");
	l->signals = -1;
	if ((l->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) {
		err_errno(e, errno, "making the event loop");
		free(l);
		return -1;
	}
	*out = l;
	return 0;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n_timers; i++)
		free(l->heap[i]);
	free(l->heap);
	free(l->watches);
	free(l->hooks);
	if (l->signals >= 0)
		close(l->signals);
	close(l->epoll);
	free(l);
}

/* --- descriptors --- */

static int
watches_reach(struct loop *l, int fd, struct err *e)
{
	size_t n = l->n_watches == 0 ? 64 : l->n_watches;
	struct watch *w;

	if ((size_t)fd < l->n_watches)
		return 0;
	while (n <= (size_t)fd)
		n *= 2;
	if ((w = realloc(l->watches, n * sizeof(*w))) == NULL)
		return err_errno(e, ENOMEM, "watching descriptor %d", fd);
	memset(w + l->n_watches, 0, (n - l->n_watches) * sizeof(*w));
	l->watches = w;
	l->n_watches = n;
	return 0;
}

int
loop_watch(struct loop *l, int fd, unsigned want, loop_on_ready *fn, void *ctx, struct err *e)
{
	struct epoll_event ev = {0};
	struct watch *w;
	bool fresh;

	assert(fd >= 0 && fn != NULL);
	if (watches_reach(l, fd, e) != 0)
		return -1;
	w = &l->watches[fd];
	fresh = w->serial == 0;
	if (fresh && ++l->watch_serial == 0)
		l->watch_serial = 1;
	uint32_t serial = fresh ? l->watch_serial : w->serial;
	ev.events = ((want & LOOP_READ) ? EPOLLIN | EPOLLRDHUP : 0) |
		    ((want & LOOP_WRITE) ? EPOLLOUT : 0);
	ev.data.u64 = (uint64_t)serial << 32 | (uint32_t)fd;
	if (epoll_ctl(l->epoll, fresh ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &ev) != 0)
		return err_errno(e, errno, "watching descriptor %d", fd);
	*w = (struct watch){serial, fn, ctx};
	return 0;
}

void
loop_unwatch(struct loop *l, int fd)
{
	if (fd < 0 || (size_t)fd >= l->n_watches || l->watches[fd].serial == 0)
		return;
	/* Fails where the owner closed it first; then the kernel has forgotten it already. */
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, NULL);
	l->watches[fd] = (struct watch){0};
}

static void
dispatch(struct loop *l, const struct epoll_event *ev)
{
	int fd = (int)(uint32_t)ev->data.u64;
	struct watch *w = &l->watches[fd];
	unsigned ready = 0;

	if (w->serial != ev->data.u64 >> 32)
		return;
	if (ev->events & EPOLLIN)
		ready |= LOOP_READ;
	if (ev->events & EPOLLOUT)
		ready |= LOOP_WRITE;
	if (ev->events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP))
		ready |= LOOP_HANGUP;
	w->fn(w->ctx, fd, ready);
}

/* --- timers --- */

static bool
timer_before(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->due.us != b->due.us ? a->due.us < b->due.us : a->serial < b->serial;
}

static void
heap_put(struct loop *l, size_t at, struct loop_timer *t)
{
	l->heap[at] = t;
	t->at = at;
}

static void
heap_up(struct loop *l, size_t at, struct loop_timer *t)
{
	while (at > 0 && timer_before(t, l->heap[(at - 1) / 2])) {
		heap_put(l, at, l->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_put(l, at, t);
}

static void
heap_down(struct loop *l, size_t at, struct loop_timer *t)
{
	for (;;) {
		size_t child = at * 2 + 1;

		if (child >= l->n_timers)
			break;
		if (child + 1 < l->n_timers && timer_before(l->heap[child + 1], l->heap[child]))
			child++;
		if (!timer_before(l->heap[child], t))
			break;
		heap_put(l, at, l->heap[child]);
		at = child;
	}
	heap_put(l, at, t);
}

static void
heap_remove(struct loop *l, struct loop_timer *t)
{
	size_t at = t->at;
	struct loop_timer *last = l->heap[--l->n_timers];

	t->at = NOT_IN_HEAP;
	if (last == t)
		return;
	if (at > 0 && timer_before(last, l->heap[(at - 1) / 2]))
		heap_up(l, at, last);
	else
		heap_down(l, at, last);
}

/* Room was made when the timer was born, so putting it back cannot fail. */
static void
heap_insert(struct loop *l, struct loop_timer *t)
{
	t->serial = ++l->timer_serial;
	heap_up(l, l->n_timers++, t);
}

static struct loop_timer *
timer_new(struct loop *l, struct span delay, struct span period, loop_on_timer *fn, void *ctx)
{
	struct loop_timer *t = NULL;

	/* One place more than used: a periodic timer out of the heap while it runs keeps its
	 * own. */
	if (l->n_timers + 2 > l->heap_room) {
		size_t room = l->heap_room == 0 ? 16 : l->heap_room * 2;
		struct loop_timer **heap = realloc(l->heap, room * sizeof(struct loop_timer *));

		if (heap == NULL)
			return NULL;
		l->heap = heap;
		l->heap_room = room;
	}
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	t->due.us = clock_monotonic().us + (delay.us > 0 ? delay.us : 0);
	t->period = period;
	t->fn = fn;
	t->ctx = ctx;
	heap_insert(l, t);
	return t;
}

struct loop_timer *
loop_after(struct loop *l, struct span delay, loop_on_timer *fn, void *ctx)
{
	return timer_new(l, delay, (struct span){0}, fn, ctx);
}

struct loop_timer *
loop_every(struct loop *l, struct span period, loop_on_timer *fn, void *ctx)
{
	if (period.us < 1)
		period.us = 1;
	return timer_new(l, period, period, fn, ctx);
}

void
loop_timer_cancel(struct loop *l, struct loop_timer *t)
{
	if (t == NULL)
		return;
	if (t->at != NOT_IN_HEAP)
		heap_remove(l, t);
	if (t->running)
		t->period.us = 0; /* it is freed when its callback returns */
	else
		free(t);
}

/* Timers born or put back during this pass wait for the next one, however soon they are due. */
static void
run_timers(struct loop *l)
{
	int64_t now = clock_monotonic().us;
	uint64_t newest = l->timer_serial;

	while (!l->stopping && l->n_timers > 0) {
		struct loop_timer *t = l->heap[0];

		if (t->due.us > now || t->serial > newest)
			break;
		heap_remove(l, t);
		t->running = true;
		t->fn(t->ctx);
		t->running = false;
		if (t->period.us == 0) {
			free(t);
			continue;
		}
		/* After a long pause once is enough: no burst of missed ticks. */
		t->due.us += t->period.us;
		if (t->due.us <= now)
			t->due.us = now + t->period.us;
		heap_insert(l, t);
	}
}

static int
sleep_ms(const struct loop *l)
{
	int64_t us;

	if (l->n_timers == 0)
		return -1;
	us = l->heap[0]->due.us - clock_monotonic().us;
	if (us <= 0)
		return 0;
	/* Up, so that the timer is due when we wake. */
	us = (us + 999) / 1000;
	return us > INT_MAX ? INT_MAX : (int)us;
}

/* --- the rest --- */

void
loop_before_sleep(struct loop *l, loop_on_timer *fn, void *ctx)
{
	struct hook *h = realloc(l->hooks, (l->n_hooks + 1) * sizeof(*h));

	assert(h != NULL); /* at start, a few bytes */
	h[l->n_hooks++] = (struct hook){fn, ctx};
	l->hooks = h;
}

static void
on_signal(void *ctx, int fd, unsigned ready)
{
	struct loop *l = ctx;
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGHUP)
			loop_stop(l);
		else if (l->on_hangup != NULL)
			l->on_hangup(l->hangup_ctx);
	}
}

int
loop_catch_signals(struct loop *l, loop_on_timer *on_hangup, void *ctx, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return err_errno(e, errno, "blocking signals");
	/* What is ignored never reaches a signalfd: our parent may have left it so. */
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	if ((l->signals = signalfd(l->signals, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		return err_errno(e, errno, "receiving signals");
	l->on_hangup = on_hangup;
	l->hangup_ctx = ctx;
	signal(SIGPIPE, SIG_IGN);
	return loop_watch(l, l->signals, LOOP_READ, on_signal, l, e);
}

void
loop_run(struct loop *l)
{
	struct epoll_event events[EVENTS_AT_ONCE];

	l->stopping = false;
	while (!l->stopping) {
		int n;

		run_timers(l);
		for (size_t i = 0; i < l->n_hooks && !l->stopping; i++)
			l->hooks[i].fn(l->hooks[i].ctx);
		if (l->stopping)
			break;
		n = epoll_wait(l->epoll, events, EVENTS_AT_ONCE, sleep_ms(l));
		assert(n >= 0 || errno == EINTR);
		for (int i = 0; i < n && !l->stopping; i++)
			dispatch(l, &events[i]);
	}
}

void
loop_stop(struct loop *l)
{
	l->stopping = true;
}
