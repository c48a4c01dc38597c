/* loop_test.c - callbacks that cancel and unwatch others, timers in order, signals. */
#include "test.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sys/loop.h"

#define PAIRS 8

struct fixture {
	struct loop *loop;
	int fds[PAIRS];
	int calls;
	int seen[64];
	int n_seen;
	struct loop_timer *other;
};

static struct fixture f;

static int
setup(void **state)
{
	f = (struct fixture){0};
	return loop_new(&f.loop, NULL);
}

static int
teardown(void **state)
{
	loop_free(f.loop);
	return 0;
}

static void
stop(void *ctx)
{
	loop_stop(f.loop);
}

/* The first to be called unwatches and closes all others, which were ready as well. */
static void
take_all(void *ctx, int fd, unsigned ready)
{
	f.calls++;
	for (int i = 0; i < PAIRS; i++)
		if (f.fds[i] != fd) {
			loop_unwatch(f.loop, f.fds[i]);
			close(f.fds[i]);
		}
	loop_unwatch(f.loop, fd);
	close(fd);
	/* Numbers are used again: events of the closed ones must not reach these. */
	for (int i = 0; i < PAIRS; i++) {
		f.fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		assert_int_equal(
		    loop_watch(f.loop, f.fds[i], LOOP_READ, take_all, NULL, NULL), 0);
	}
	loop_after(f.loop, SPAN_MS(1), stop, NULL);
}

static void
unwatched_descriptors_stay_silent_even_when_their_number_lives_on(void **state)
{
	for (int i = 0; i < PAIRS; i++) {
		f.fds[i] = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
		assert_int_equal(
		    loop_watch(f.loop, f.fds[i], LOOP_READ, take_all, NULL, NULL), 0);
	}
	loop_run(f.loop);
	assert_int_equal(f.calls, 1);
	for (int i = 0; i < PAIRS; i++)
		close(f.fds[i]);
}

static void
note(void *ctx)
{
	f.seen[f.n_seen++] = (int)(intptr_t)ctx;
}

/* Births with random delays; a timer is due within [low, high], however slow the machine is. */
struct birth {
	struct loop_timer *timer;
	int64_t low, high;
};

static void
timers_fire_once_and_in_the_order_they_are_due(void **state)
{
	struct birth born[60];
	unsigned rng = 12345;
	int expected = 0;

	for (int i = 0; i < 60; i++) {
		rng = rng * 1103515245 + 12345;
		struct span delay = SPAN_MS((rng >> 16) % 10);
		born[i].low = clock_monotonic().us + delay.us;
		born[i].timer = loop_after(f.loop, delay, note, (void *)(intptr_t)i);
		born[i].high = clock_monotonic().us + delay.us;
	}
	for (int i = 0; i < 60; i++) {
		rng = rng * 1103515245 + 12345;
		if ((rng >> 16) % 3 == 0)
			loop_timer_cancel(f.loop, born[i].timer);
		else
			expected++;
	}
	loop_timer_cancel(f.loop, NULL);
	loop_after(f.loop, SPAN_MS(12), stop, NULL);
	loop_run(f.loop);
	assert_int_equal(f.n_seen, expected);
	for (int i = 1; i < f.n_seen; i++) {
		assert_int_not_equal(f.seen[i - 1], f.seen[i]);
		assert_true(born[f.seen[i - 1]].low <= born[f.seen[i]].high);
	}
}

static void
cancel_other(void *ctx)
{
	f.calls++;
	loop_timer_cancel(f.loop, f.other);
	f.other = NULL;
}

static void
a_cancelled_timer_does_not_fire_even_if_it_was_due(void **state)
{
	loop_after(f.loop, SPAN_MS(0), cancel_other, NULL);
	f.other = loop_after(f.loop, SPAN_MS(0), note, NULL);
	loop_after(f.loop, SPAN_MS(1), stop, NULL);
	loop_run(f.loop);
	assert_int_equal(f.calls, 1);
	assert_int_equal(f.n_seen, 0);
}

static void
cancel_self_at_third(void *ctx)
{
	if (++f.calls == 3) {
		loop_timer_cancel(f.loop, f.other);
		loop_after(f.loop, SPAN_MS(3), stop, NULL);
	}
}

static void
a_periodic_timer_may_cancel_itself(void **state)
{
	f.other = loop_every(f.loop, SPAN_MS(1), cancel_self_at_third, NULL);
	loop_run(f.loop);
	assert_int_equal(f.calls, 3);
}

static void
on_both(void *ctx, int fd, unsigned ready)
{
	f.calls |= (int)ready;
	loop_stop(f.loop);
}

static void
writability_and_hangup_are_told(void **state)
{
	int p[2];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(loop_watch(f.loop, p[1], LOOP_WRITE, on_both, NULL, NULL), 0);
	loop_run(f.loop);
	assert_int_equal(f.calls, LOOP_WRITE);
	/* Watched for nothing, then closed at the far end: hangup still comes. */
	assert_int_equal(loop_watch(f.loop, p[1], 0, on_both, NULL, NULL), 0);
	close(p[0]);
	f.calls = 0;
	loop_run(f.loop);
	assert_true(f.calls & LOOP_HANGUP);
	loop_unwatch(f.loop, p[1]);
	close(p[1]);
}

static void
hooks_run_before_every_sleep(void **state)
{
	int fd = eventfd(1, EFD_CLOEXEC);

	loop_before_sleep(f.loop, note, (void *)7);
	loop_before_sleep(f.loop, note, (void *)8);
	assert_int_equal(loop_watch(f.loop, fd, LOOP_READ, on_both, NULL, NULL), 0);
	loop_run(f.loop);
	assert_int_equal(f.n_seen, 2);
	assert_int_equal(f.seen[0], 7);
	assert_int_equal(f.seen[1], 8);
	loop_unwatch(f.loop, fd);
	close(fd);
}

static void
hangup_reloads_and_term_stops(void **state)
{
	struct err e = {0};

	assert_int_equal(loop_catch_signals(f.loop, note, (void *)1, &e), 0);
	kill(getpid(), SIGHUP);
	kill(getpid(), SIGTERM);
	loop_run(f.loop);
	assert_int_equal(f.n_seen, 1);
}

static void
a_descriptor_that_cannot_be_watched_is_an_error(void **state)
{
	struct err e = {0};

	assert_int_equal(loop_watch(f.loop, 999, LOOP_READ, on_both, NULL, &e), -1);
	assert_non_null(strstr(e.text, "999"));
	loop_unwatch(f.loop, 999);
	loop_unwatch(f.loop, -1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(unwatched_descriptors_stay_silent_even_when_their_number_lives_on),
	    T(timers_fire_once_and_in_the_order_they_are_due),
	    T(a_cancelled_timer_does_not_fire_even_if_it_was_due),
	    T(a_periodic_timer_may_cancel_itself),
	    T(writability_and_hangup_are_told),
	    T(hooks_run_before_every_sleep),
	    T(hangup_reloads_and_term_stops),
	    T(a_descriptor_that_cannot_be_watched_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
