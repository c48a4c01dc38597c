/*
 * loop.h - the one place of a process that sleeps: descriptors, timers, signals.
 *
 * Each process makes one loop in its main and passes it down.  A descriptor has
 * one owner, who watches, unwatches and closes it.  After loop_unwatch() or
 * loop_timer_cancel() the callback does not come any more, even if it was due.
 * Callbacks are quick.  Over epoll.
 */
#ifndef HINOMI_SYS_LOOP_H
#define HINOMI_SYS_LOOP_H

#include "base/err.h"
#include "base/instant.h"

struct loop;

enum loop_ready { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 };

typedef void loop_on_ready(void *ctx, int fd, unsigned ready);
typedef void loop_on_timer(void *ctx);

int loop_new(struct loop **out, struct err *e);
void loop_free(struct loop *l);

/* Watch fd for these bits of enum loop_ready; called again for a watched fd, changes them. */
int loop_watch(
    struct loop *l, int fd, unsigned want, loop_on_ready *fn, void *ctx, struct err *e);
void loop_unwatch(struct loop *l, int fd);

/* Timers run on the monotonic clock.  Owned by the loop until it fired or was cancelled. */
struct loop_timer;
struct loop_timer *loop_after(struct loop *l, struct span delay, loop_on_timer *fn, void *ctx);
struct loop_timer *loop_every(struct loop *l, struct span period, loop_on_timer *fn, void *ctx);
void loop_timer_cancel(struct loop *l, struct loop_timer *t); /* NULL is welcome */

/* Called once before every sleep: group commits, flushes. */
void loop_before_sleep(struct loop *l, loop_on_timer *fn, void *ctx);

/* SIGTERM and SIGINT stop the loop; SIGHUP calls fn (reload) if one was given. */
int loop_catch_signals(struct loop *l, loop_on_timer *on_hangup, void *ctx, struct err *e);

/* Run until loop_stop(). */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

/* Wall clock and monotonic clock: the only two askers of the time in the program. */
struct instant clock_now(void);
struct span clock_monotonic(void);

#endif
