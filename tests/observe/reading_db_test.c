/* reading_db_test.c - counters add up by source and reason, and are seen in scope only. */
#include "test.h"

#include <errno.h>

#include "base/buf.h"
#include "dir.h"
#include "observe/reading_db.h"
#include "store/migrations.h"

static struct db *db;
static const struct scope everything = {.all = true};
static const struct scope east_only = {.list = SLICE_LITERAL(",east,")};

static int
setup(void **state)
{
	return enter_dir(state) != 0 || store_open(&db, test_dir, NULL) != 0 ? -1 : 0;
}

static int
teardown(void **state)
{
	db_close(db);
	return leave_dir(state);
}

static void
the_cursor_starts_at_zero_and_stays_where_it_was_put(void **state)
{
	int64_t at = -1;

	assert_int_equal(reading_get_cursor(db, &at, NULL), 0);
	assert_int_equal(at, 0);
	assert_int_equal(reading_move_cursor(db, 0, 42, NULL), 0);
	assert_int_equal(reading_get_cursor(db, &at, NULL), 0);
	assert_int_equal(at, 42);
}

static void
two_processes_do_not_move_one_cursor(void **state)
{
	struct err e = {0};

	assert_int_equal(reading_move_cursor(db, 0, 42, NULL), 0);
	assert_int_equal(reading_move_cursor(db, 0, 43, &e), -1);
	assert_int_equal(e.code, EAGAIN);
}

static void
crashes_are_counted_until_the_cursor_moves(void **state)
{
	int64_t n = 0;

	for (int i = 1; i <= 3; i++) {
		assert_int_equal(reading_note_crash(db, 5, &n, NULL), 0);
		assert_int_equal(n, i);
	}
	assert_int_equal(reading_note_crash(db, 6, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_int_equal(reading_note_crash(db, 6, &n, NULL), 0);
	assert_int_equal(n, 2);
}

static int
write_reading(void *ctx, const struct reading *r, struct err *e)
{
	buf_printf(ctx, "%.*s/%.*s/%.*s %.*s %d %d %d %d short=%d json=%d %lld %lld\n",
	    SLICE_ARG(r->institution), SLICE_ARG(r->node), SLICE_ARG(r->source),
	    SLICE_ARG(r->codec), (int)r->batches, (int)r->lines, (int)r->events,
	    (int)r->nothing, (int)r->unread[CODEC_SHORT], (int)r->unread[CODEC_BAD_JSON],
	    (long long)r->last_batch.us, (long long)r->last_event.us);
	return 0;
}

static void
counts_add_up_and_times_take_the_later(void **state)
{
	struct reading r = {
	    .institution = SLICE("east"),
	    .node = SLICE("n"),
	    .source = SLICE("squid"),
	    .codec = SLICE("squid"),
	    .batches = 1,
	    .lines = 10,
	    .events = 7,
	    .nothing = 1,
	    .last_batch = {500},
	    .last_event = {400},
	};
	struct buf out = BUF_INIT(1000);

	r.unread[CODEC_SHORT] = 2;
	assert_int_equal(reading_add(db, &r, NULL), 0);
	r.codec = (struct slice){0};
	r.unread[CODEC_BAD_JSON] = 1;
	r.last_batch.us = 300;
	r.last_event.us = 600;
	assert_int_equal(reading_add(db, &r, NULL), 0);
	r.institution = SLICE("west");
	assert_int_equal(reading_add(db, &r, NULL), 0);
	assert_int_equal(
	    reading_each(db, &everything, (struct slice){0}, write_reading, &out, NULL), 0);
	assert_slice(buf_slice(&out), "east/n/squid squid 2 20 14 2 short=4 json=1 500 600\n"
				      "west/n/squid  1 10 7 1 short=2 json=1 300 600\n");
	buf_reset(&out);
	assert_int_equal(
	    reading_each(db, &east_only, SLICE("west"), write_reading, &out, NULL), 0);
	assert_slice(buf_slice(&out), "");
	assert_int_equal(
	    reading_each(db, &everything, SLICE("west"), write_reading, &out, NULL), 0);
	assert_slice(buf_slice(&out), "west/n/squid  1 10 7 1 short=2 json=1 300 600\n");
	buf_release(&out);
}

static int
write_refused(void *ctx, const struct reading_refused *r, struct err *e)
{
	buf_printf(ctx, "%d %.*s %d %.*s\n", (int)r->position, SLICE_ARG(r->institution),
	    (int)r->sequence, SLICE_ARG(r->reason));
	return 0;
}

static void
a_refused_batch_is_recorded_once(void **state)
{
	struct reading_refused r = {
	    .position = 9,
	    .institution = SLICE("east"),
	    .node = SLICE("n"),
	    .source = SLICE("squid"),
	    .sequence = 3,
	    .reason = SLICE("no zstd frame"),
	};
	struct buf out = BUF_INIT(1000);

	assert_int_equal(reading_add_refused(db, &r, NULL), 0);
	assert_int_equal(reading_add_refused(db, &r, NULL), 0);
	assert_int_equal(
	    reading_add_refused(
		db, &(struct reading_refused){.position = 10, .reason = SLICE("x")}, NULL),
	    0);
	assert_int_equal(
	    reading_each_refused(db, &everything, 10, write_refused, &out, NULL), 0);
	assert_slice(buf_slice(&out), "10  0 x\n9 east 3 no zstd frame\n");
	buf_reset(&out);
	assert_int_equal(
	    reading_each_refused(db, &east_only, 10, write_refused, &out, NULL), 0);
	assert_slice(buf_slice(&out), "9 east 3 no zstd frame\n");
	buf_release(&out);
}

static int
write_status(void *ctx, const struct content_status *s, struct err *e)
{
	buf_printf(ctx, "%d %d %.*s %d %.*s\n", (int)s->loaded_at.us, (int)s->rules,
	    SLICE_ARG(s->notes), (int)s->failed_at.us, SLICE_ARG(s->failure));
	return 0;
}

static void
a_failed_reload_keeps_what_is_loaded_and_a_good_one_forgets_it(void **state)
{
	struct content_status s = {.loaded_at = {7}, .rules = 25, .notes = SLICE("note")};
	struct buf out = BUF_INIT(1000);

	assert_int_equal(content_status_get(db, write_status, &out, NULL), 0);
	assert_int_equal(content_status_loaded(db, &s, NULL), 0);
	assert_int_equal(
	    content_status_failed(db, (struct instant){8}, SLICE("bad.yml:3"), NULL), 0);
	assert_int_equal(content_status_get(db, write_status, &out, NULL), 0);
	s.loaded_at.us = 9;
	assert_int_equal(content_status_loaded(db, &s, NULL), 0);
	assert_int_equal(content_status_get(db, write_status, &out, NULL), 0);
	assert_slice(buf_slice(&out), "0 0  0 \n7 25 note 8 bad.yml:3\n9 25 note 0 \n");
	buf_release(&out);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(the_cursor_starts_at_zero_and_stays_where_it_was_put),
	    T(two_processes_do_not_move_one_cursor),
	    T(crashes_are_counted_until_the_cursor_moves),
	    T(counts_add_up_and_times_take_the_later),
	    T(a_refused_batch_is_recorded_once),
	    T(a_failed_reload_keeps_what_is_loaded_and_a_good_one_forgets_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
