/* worker_test.c - every batch counts once: what can not be read is told and passed over. */
#include "test.h"

#include "batches.h"
#include "center/readers.h"
#include "center/worker.h"
#include "content/content.h"
#include "incident/alert_db.h"
#include "observe/reading_db.h"
#include "store/migrations.h"

static struct db *db;
static struct batchlog *log_;
static struct worker *worker;
static struct content *content;
static const struct scope everything = {.all = true};
static const struct instant now = {42};

static void
load_content(struct content **out)
{
	static const char *const rules[] = {"rules", NULL};
	const struct content_sources from = {.rules = rules, .no_builtin_rules = true};
	struct content_summary summary;
	struct err e = {0};

	if (content_load(&from, out, &summary, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(summary.rules_unusable, 0);
	buf_release(&summary.notes);
}

static int
setup(void **state)
{
	struct err e = {0};

	if (enter_dir(state) != 0 || mkdir("rules", 0700) != 0)
		return -1;
	write_text("rules/evil.yml", evil_rule);
	load_content(&content);
	if (store_open(&db, test_dir, &e) != 0 || batchlog_open(&log_, "batches.db", &e) != 0 ||
	    worker_new(&worker, db, log_, content, &e) != 0)
		fail_msg("%s", e.text);
	return 0;
}

static int
teardown(void **state)
{
	worker_free(worker);
	batchlog_close(log_);
	db_close(db);
	content_unref(content);
	return leave_dir(state);
}

static struct worker_done
step(void)
{
	struct worker_done done;
	struct err e = {0};

	if (worker_step(worker, now, &done, &e) != 0)
		fail_msg("%s", e.text);
	return done;
}

static uint64_t
open_alerts(void)
{
	uint64_t count[LEVEL_CRITICAL + 1], sum = 0;

	assert_int_equal(
	    alert_db_count_open(db, &everything, (struct slice){0}, count, NULL), 0);
	for (int i = 0; i <= LEVEL_CRITICAL; i++)
		sum += count[i];
	return sum;
}

static int
take_reading(void *ctx, const struct reading *r, struct err *e)
{
	struct reading *out = ctx;

	assert_slice(r->source, "squid");
	*out = *r;
	return 0;
}

static struct reading
reading(void)
{
	struct reading r = {0};

	assert_int_equal(
	    reading_each(db, &everything, SLICE("east"), take_reading, &r, NULL), 0);
	return r;
}

static void
batches_become_alerts_counters_and_a_cursor_at_once(void **state)
{
	struct worker_done done;
	int64_t cursor;

	append_lines(log_, 1, 3, 0);
	append_lines(log_, 2, 0, 5);
	done = step();
	assert_int_equal(done.batches, 2);
	assert_int_equal(done.refused, 0);
	assert_int_equal(done.lines, 40);
	assert_int_equal(done.alerts, 1);
	assert_int_equal(open_alerts(), 1);
	assert_int_equal(reading().lines, 40);
	assert_int_equal(reading().events, 40);
	assert_int_equal(reading().batches, 2);
	assert_int_equal(reading().last_event.us / 1000000, 1790000059);
	assert_int_equal(reading_get_cursor(db, &cursor, NULL), 0);
	assert_int_equal(cursor, 2);
	assert_int_equal(worker_cursor(worker), 2);
	assert_int_equal(step().batches, 0);
}

static void
lines_nobody_can_read_are_counted_by_reason(void **state)
{
	uint8_t room[1000];
	struct buf lines = BUF_INIT(1000);
	struct batch_record r;

	add_line(&lines, 1, 1, "www.evil.example");
	add_line(&lines, 2, 1, "www.good.example");
	buf_add_str(&lines, "1790000003.000 cut\n");
	r = make_batch(1, buf_slice(&lines), 3, room, sizeof(room));
	r.config = SLICE("{\"codec\":\"squid\"}");
	append_record(log_, &r);
	step();
	assert_int_equal(reading().lines, 3);
	assert_int_equal(reading().events, 2);
	assert_int_equal(reading().unread[CODEC_SHORT], 1);
	assert_int_equal(open_alerts(), 1);
	buf_release(&lines);
}

static int
take_reason(void *ctx, const struct reading_refused *r, struct err *e)
{
	buf_printf(ctx, "%d: %.*s\n", (int)r->position, SLICE_ARG(r->reason));
	return 0;
}

static void
what_can_not_be_read_at_all_is_told_and_passed_over(void **state)
{
	static uint8_t room[1 << 16];
	static uint8_t bomb[BATCH_BYTES_MAX * 8];
	struct buf reasons = BUF_INIT(4000);
	struct batch_record r;
	struct worker_done done;

	/* no frame; a bomb; a lie about the size; settings that are none; an unknown codec */
	r = make_batch(1, SLICE("x\n"), 1, room, sizeof(room));
	r.frame = SLICE("this is no zstd frame");
	append_record(log_, &r);
	r = make_batch(2, slice_of(bomb, sizeof(bomb)), 1, room, sizeof(room));
	r.bytes = BATCH_BYTES_MAX;
	append_record(log_, &r);
	r = make_batch(3, SLICE("x\n"), 1, room, sizeof(room));
	r.bytes = 5;
	append_record(log_, &r);
	r = make_batch(4, SLICE("x\n"), 1, room, sizeof(room));
	r.config = SLICE("{\"utc_offset\":\"JST\"}");
	append_record(log_, &r);
	r = make_batch(5, SLICE("x\n"), 1, room, sizeof(room));
	r.config = SLICE("{\"codec\":\"morse\"}");
	append_record(log_, &r);
	append_lines(log_, 6, 1, 0);
	done = step();
	assert_int_equal(done.batches, 6);
	assert_int_equal(done.refused, 5);
	assert_non_null(strstr(done.refusal, "batch 1"));
	assert_int_equal(open_alerts(), 1);
	assert_int_equal(worker_cursor(worker), 6);
	assert_int_equal(reading().unread[CODEC_UNKNOWN], 5);
	assert_int_equal(
	    reading_each_refused(db, &everything, 10, take_reason, &reasons, NULL), 0);
	assert_non_null(strstr(buf_str(&reasons), "5: codec \"morse\""));
	assert_non_null(strstr(buf_str(&reasons), "utc_offset"));
	assert_non_null(strstr(buf_str(&reasons), "3: its frame holds 2 bytes, not the 5"));
	assert_int_equal(step().batches, 0);
	buf_release(&reasons);
}

static void
a_damaged_frame_in_the_log_is_passed_over_too(void **state)
{
	struct db *raw = NULL;

	append_lines(log_, 1, 1, 0);
	append_lines(log_, 2, 1, 0);
	assert_int_equal(db_open(&raw, "sqlite:batches.db", NULL), 0);
	assert_int_equal(
	    db_exec(raw, "UPDATE frame SET bytes = zeroblob(100) WHERE position = 1", NULL), 0);
	db_close(raw);
	assert_int_equal(step().refused, 1);
	assert_int_equal(worker_cursor(worker), 2);
	assert_int_equal(open_alerts(), 1);
}

static void
a_refused_commit_changes_nothing_and_the_next_step_does_it_all(void **state)
{
	struct worker_done done;
	struct err e = {0};

	append_lines(log_, 1, 1, 0);
	assert_int_equal(db_exec(db,
			     "CREATE TRIGGER no BEFORE INSERT ON reading BEGIN SELECT "
			     "RAISE(ABORT, 'no'); END",
			     &e),
	    0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(worker_step(worker, now, &done, &e), -1);
	assert_int_equal(open_alerts(), 0);
	assert_int_equal(worker_cursor(worker), 0);
	assert_int_equal(db_exec(db, "DROP TRIGGER no", &e), 0);
	done = step();
	assert_int_equal(done.batches, 1);
	assert_int_equal(done.refused, 0);
	assert_int_equal(open_alerts(), 1);
}

/* The stored alert can not be read back: no amount of trying helps this batch. */
static void
a_batch_that_alone_always_fails_does_not_stand_in_the_way(void **state)
{
	struct worker_done done = {0};
	struct err e = {0};
	unsigned refused = 0;

	append_lines(log_, 1, 1, 0);
	step();
	assert_int_equal(db_exec(db, "UPDATE alert_body SET json = 'broken'", &e), 0);
	append_lines(log_, 2, 0, 0);
	append_lines(log_, 41, 1, 0); /* the same client, and so the same alert */
	append_lines(log_, 42, 0, 0);
	for (int i = 0; i < 100 && worker_cursor(worker) < 4; i++)
		if (worker_step(worker, now, &done, &e) == 0)
			refused += done.refused;
	assert_int_equal(worker_cursor(worker), 4);
	assert_int_equal(refused, 1);
	assert_int_equal(reading().batches, 4);
}

static void
begin_after_crash(void)
{
	struct err e = {0};

	worker_free(worker);
	worker = NULL;
	if (worker_new(&worker, db, log_, content, &e) != 0 ||
	    worker_note_crash(worker, &e) != 0)
		fail_msg("%s", e.text);
}

static void
a_batch_that_kills_its_reader_is_refused_after_some_deaths(void **state)
{
	append_lines(log_, 1, 1, 0);
	append_lines(log_, 2, 1, 0);
	append_lines(log_, 3, 1, 0);
	/* The first kills twice, and then does not. */
	for (int i = 1; i < WORKER_CRASHES_MAX; i++)
		begin_after_crash();
	assert_int_equal(step().refused, 0);
	assert_int_equal(worker_cursor(worker), 1); /* one by one now */
	for (int i = 1; i <= WORKER_CRASHES_MAX; i++)
		begin_after_crash();
	assert_int_equal(step().refused, 1);
	assert_int_equal(step().refused, 0);
	assert_int_equal(worker_cursor(worker), 3);
	assert_int_equal(open_alerts(), 2);
}

static void
two_workers_on_one_store_do_not_count_twice(void **state)
{
	struct worker *other = NULL;
	struct worker_done done;
	struct err e = {0};

	assert_int_equal(worker_new(&other, db, log_, content, &e), 0);
	append_lines(log_, 1, 1, 0);
	step();
	assert_int_equal(worker_step(other, now, &done, &e), -1);
	assert_non_null(strstr(e.text, "another process"));
	assert_int_equal(reading().batches, 1);
	worker_free(other);
}

static void
new_content_counts_from_the_next_batch_on(void **state)
{
	struct content *more = NULL;

	append_lines(log_, 1, 0, 1);
	step();
	assert_int_equal(open_alerts(), 0);
	write_text("rules/worse.yml", worse_rule);
	load_content(&more);
	assert_int_equal(worker_set_content(worker, more, NULL), 0);
	content_unref(more);
	append_lines(log_, 2, 0, 1);
	step();
	assert_int_equal(open_alerts(), 1);
}

static void
readers_are_kept_within_their_number(void **state)
{
	struct readers *r = readers_new(3);
	struct codec_config config = {0};
	struct batch b = {.institution = SLICE("east"), .config = &config};
	struct reader *first = NULL, *again = NULL, *other = NULL;
	static const char *const names[] = {"a", "b", "c", "d"};

	b.source = SLICE("a");
	assert_int_equal(readers_get(r, &b, SLICE("n"), SLICE(""), &first, NULL), 0);
	for (int i = 0; i < 4; i++) {
		b.source = slice_str(names[i]);
		assert_int_equal(readers_get(r, &b, SLICE("n"), SLICE(""), &other, NULL), 0);
		b.source = SLICE("a"); /* always in use, so never dropped */
		assert_int_equal(readers_get(r, &b, SLICE("n"), SLICE(""), &again, NULL), 0);
		assert_ptr_equal(first, again);
		assert_true(readers_count(r) <= 3);
	}
	/* Another node, other settings: another reader. */
	assert_int_equal(readers_get(r, &b, SLICE("m"), SLICE(""), &other, NULL), 0);
	assert_ptr_not_equal(first, other);
	assert_int_equal(readers_get(r, &b, SLICE("n"), SLICE("{}"), &other, NULL), 0);
	assert_ptr_not_equal(first, other);
	readers_free(r);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(batches_become_alerts_counters_and_a_cursor_at_once),
	    T(lines_nobody_can_read_are_counted_by_reason),
	    T(what_can_not_be_read_at_all_is_told_and_passed_over),
	    T(a_damaged_frame_in_the_log_is_passed_over_too),
	    T(a_refused_commit_changes_nothing_and_the_next_step_does_it_all),
	    T(a_batch_that_alone_always_fails_does_not_stand_in_the_way),
	    T(a_batch_that_kills_its_reader_is_refused_after_some_deaths),
	    T(two_workers_on_one_store_do_not_count_twice),
	    T(new_content_counts_from_the_next_batch_on),
	    cmocka_unit_test(readers_are_kept_within_their_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
