/* batchlog_test.c - durable once, in order, never lost and never twice, whatever retention took
 * away. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>

#include "dir.h"
#include "store/batchlog.h"
#include "store/db.h"

static struct batchlog *log_;
static struct arena *mem;

static int
setup(void **state)
{
	mem = arena_new(8 << 20);
	return enter_dir(state) != 0 || batchlog_open(&log_, "b.db", NULL) != 0 ? -1 : 0;
}

static int
teardown(void **state)
{
	batchlog_close(log_);
	arena_free(mem);
	return leave_dir(state);
}

static struct batch_record
record(const char *node, uint64_t sequence, const char *frame)
{
	return (struct batch_record){
	    .institution = SLICE("east"),
	    .node = slice_str(node),
	    .source = SLICE("squid"),
	    .sequence = sequence,
	    .offset = sequence * 100,
	    .bytes = 100,
	    .lines = 2,
	    .received = {(int64_t)sequence * 1000},
	    .stored = {(int64_t)sequence * 2000},
	    .config = SLICE("{\"codec\":\"squid\"}"),
	    .frame = slice_str(frame),
	};
}

static enum batchlog_fate
append(struct batch_record *r)
{
	enum batchlog_fate fate;
	struct err e = {0};

	if (batchlog_append(log_, r, &fate, 1, &e) != 0)
		fail_msg("%s", e.text);
	return fate;
}

static void
a_batch_comes_back_as_it_was_stored(void **state)
{
	struct batch_record r = record("n1", 7, "frame"), got;

	r.preamble = slice_of("#Fields: \0x", 11);
	assert_int_equal(append(&r), BATCHLOG_NEW);
	assert_int_equal(batchlog_take_next(log_, 0, mem, &got, NULL), 1);
	assert_int_equal(got.position, r.position);
	assert_slice(got.institution, "east");
	assert_slice(got.node, "n1");
	assert_slice(got.source, "squid");
	assert_int_equal(got.sequence, 7);
	assert_int_equal(got.offset, 700);
	assert_int_equal(got.bytes, 100);
	assert_int_equal(got.lines, 2);
	assert_int_equal(got.received.us, 7000);
	assert_int_equal(got.stored.us, 14000);
	assert_slice(got.config, "{\"codec\":\"squid\"}");
	assert_true(slice_equal(got.preamble, r.preamble));
	assert_slice(got.frame, "frame");
	assert_memory_equal(got.digest, r.digest, BATCHLOG_DIGEST_LEN);
	assert_int_equal(batchlog_take_next(log_, got.position, mem, &got, NULL), 0);
	assert_int_equal(batchlog_get(log_, r.position, mem, &got, NULL), 1);
	assert_int_equal(batchlog_get(log_, r.position + 1, mem, &got, NULL), 0);
}

static void
repeats_change_nothing_and_differences_are_told(void **state)
{
	struct batch_record r = record("n1", 1, "frame"), again = r,
			    other = record("n1", 1, "forged");
	struct batch_record elsewhere = record("n2", 1, "frame"), got;

	assert_int_equal(append(&r), BATCHLOG_NEW);
	assert_int_equal(append(&again), BATCHLOG_REPEAT);
	assert_int_equal(again.position, r.position);
	assert_int_equal(append(&other), BATCHLOG_DIFFERENT);
	assert_int_equal(append(&elsewhere), BATCHLOG_NEW);
	assert_int_equal(batchlog_get(log_, r.position, mem, &got, NULL), 1);
	assert_slice(got.frame, "frame");
}

static void
repeats_within_one_append_are_told_as_well(void **state)
{
	struct batch_record r[] = {record("n1", 1, "a"), record("n1", 1, "a"),
	    record("n1", 1, "b"), record("n1", 2, "b")};
	enum batchlog_fate fate[4];
	struct batchlog_stats stats;

	assert_int_equal(batchlog_append(log_, r, fate, 4, NULL), 0);
	assert_int_equal(fate[0], BATCHLOG_NEW);
	assert_int_equal(fate[1], BATCHLOG_REPEAT);
	assert_int_equal(fate[2], BATCHLOG_DIFFERENT);
	assert_int_equal(fate[3], BATCHLOG_NEW);
	assert_int_equal(batchlog_stats(log_, &stats, NULL), 0);
	assert_int_equal(stats.first, r[0].position);
	assert_int_equal(stats.last, r[3].position);
	assert_int_equal(stats.oldest.us, 2000);
	assert_int_equal(batchlog_append(log_, r, fate, 0, NULL), 0);
}

static void
batches_are_taken_in_the_order_they_were_committed(void **state)
{
	struct batch_record got;
	int64_t after = 0;
	static const uint64_t order[] = {5, 1, 9, 2};

	for (int i = 0; i < 4; i++) {
		struct batch_record r = record("n1", order[i], "x");
		append(&r);
	}
	for (int i = 0; i < 4; i++) {
		assert_int_equal(batchlog_take_next(log_, after, mem, &got, NULL), 1);
		assert_int_equal(got.sequence, order[i]);
		assert_true(got.position > after);
		after = got.position;
	}
}

static void
ranges_choose_by_institution_source_and_time(void **state)
{
	struct batch_record got;
	unsigned seen = 0;

	for (unsigned i = 1; i <= 8; i++) {
		struct batch_record r = record("n1", i, "x");

		r.institution = i % 2 ? SLICE("east") : SLICE("west");
		r.source = i % 4 < 2 ? SLICE("squid") : SLICE("dns");
		append(&r);
	}
	struct batchlog_range east = {
	    .institution = SLICE("east"), .from = {3000}, .to = {7000}};
	struct batchlog_range dns = {.source = SLICE("dns")};
	for (int64_t at = 0; batchlog_take_in(log_, &east, at, mem, &got, NULL) == 1;
	     at = got.position)
		seen |= 1u << got.sequence;
	assert_int_equal(seen, 1u << 3 | 1u << 5);
	seen = 0;
	for (int64_t at = 0; batchlog_take_in(log_, &dns, at, mem, &got, NULL) == 1;
	     at = got.position)
		seen |= 1u << got.sequence;
	assert_int_equal(seen, 1u << 2 | 1u << 3 | 1u << 6 | 1u << 7);
}

static int
check_source(void *ctx, const struct batchlog_source *s, struct err *e)
{
	assert_slice(s->node, "n1");
	assert_int_equal(s->batches, 3);
	assert_int_equal(s->lines, 6);
	assert_int_equal(s->bytes, 300);
	assert_int_equal(s->frame_bytes, 6);
	assert_int_equal(s->last_sequence, 9);
	assert_int_equal(s->last_received.us, 9000);
	++*(int *)ctx;
	return 0;
}

static void
sources_are_counted_without_their_repeats(void **state)
{
	static const uint64_t order[] = {1, 9, 1, 2, 9};
	int n = 0;

	for (int i = 0; i < 5; i++) {
		struct batch_record r = record("n1", order[i], "xx");
		append(&r);
	}
	assert_int_equal(batchlog_each_source(log_, check_source, &n, NULL), 0);
	assert_int_equal(n, 1);
}

static void
retention_takes_the_oldest_and_never_what_detection_has_not_seen(void **state)
{
	struct batch_record got;
	struct batchlog_keep keep = {.before = {2000 * 6}, .keep_after = 3};

	for (unsigned i = 1; i <= 8; i++) {
		struct batch_record r = record("n1", i, "x");
		append(&r);
	}
	assert_int_equal(batchlog_trim(log_, &keep, 2, NULL), 2);
	assert_int_equal(batchlog_trim(log_, &keep, 100, NULL), 1);
	assert_int_equal(batchlog_trim(log_, &keep, 100, NULL), 0);
	keep.keep_after = 8;
	assert_int_equal(batchlog_trim(log_, &keep, 100, NULL), 2);
	assert_int_equal(batchlog_take_next(log_, 0, mem, &got, NULL), 1);
	assert_int_equal(got.sequence, 6);
}

static void
retention_by_size_stops_once_the_log_fits(void **state)
{
	char big[200000];
	struct batchlog_stats before, after;
	struct batchlog_keep keep = {.bytes_max = 1000000, .keep_after = INT64_MAX};

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	for (unsigned i = 1; i <= 20; i++) {
		struct batch_record r = record("n1", i, big);
		append(&r);
	}
	assert_int_equal(batchlog_stats(log_, &before, NULL), 0);
	assert_true(before.used_bytes > 4000000);
	assert_true(batchlog_trim(log_, &keep, 100, NULL) >= 15);
	assert_int_equal(batchlog_stats(log_, &after, NULL), 0);
	assert_true(after.used_bytes <= 1000000 && after.used_bytes > 500000);
	assert_true(after.idle_bytes < 1000000);
}

/* Numbers 1 to 5 and 7 age out; 6 was never stored.  1 to 5 are forgotten, 7 is remembered, 6
 * is new. */
static void
a_repeat_of_what_aged_out_is_known_and_a_late_batch_is_not_taken_for_one(void **state)
{
	static const uint64_t order[] = {2, 1, 3, 7, 5, 4};
	struct batchlog_keep keep = {.before = {1 << 30}, .keep_after = INT64_MAX};
	struct batch_record r, got;
	int64_t last;

	for (int i = 0; i < 6; i++) {
		r = record("n1", order[i], "x");
		append(&r);
	}
	last = r.position;
	assert_int_equal(batchlog_trim(log_, &keep, 100, NULL), 6);
	for (int i = 0; i < 6; i++) {
		r = record("n1", order[i], "x");
		assert_int_equal(append(&r), BATCHLOG_REPEAT);
	}
	assert_int_equal(batchlog_take_next(log_, 0, mem, &got, NULL), 0);
	r = record("n1", 6, "x");
	assert_int_equal(append(&r), BATCHLOG_NEW);
	assert_true(r.position > last);
}

static void
a_damaged_frame_is_told_with_its_position(void **state)
{
	struct batch_record r = record("n1", 1, "frame"), next = record("n1", 2, "good"), got;
	struct err e = {0};
	struct db *d = NULL;

	append(&r);
	append(&next);
	assert_int_equal(batchlog_check(log_, &e), 0);
	assert_int_equal(db_open(&d, "sqlite:b.db", NULL), 0);
	assert_int_equal(
	    db_exec(d, "UPDATE frame SET bytes = x'00' WHERE position = 1", NULL), 0);
	db_close(d);
	assert_int_equal(batchlog_take_next(log_, 0, mem, &got, &e), -1);
	assert_int_equal(e.code, EUCLEAN);
	assert_int_equal(got.position, 1);
	assert_int_equal(batchlog_take_next(log_, got.position, mem, &got, &e), 1);
	assert_slice(got.frame, "good");
	assert_int_equal(batchlog_check(log_, &e), -1);
	assert_non_null(strstr(e.text, "batch 1 is damaged"));
}

static void
memory_is_bounded_by_the_arena(void **state)
{
	struct arena *small = arena_new(1000);
	char big[5000];
	struct batch_record r, got;
	struct err e = {0};

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	r = record("n1", 1, big);
	append(&r);
	assert_int_equal(batchlog_take_next(log_, 0, small, &got, &e), -1);
	assert_int_equal(e.code, ENOMEM);
	arena_free(small);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_batch_comes_back_as_it_was_stored),
	    T(repeats_change_nothing_and_differences_are_told),
	    T(repeats_within_one_append_are_told_as_well),
	    T(batches_are_taken_in_the_order_they_were_committed),
	    T(ranges_choose_by_institution_source_and_time),
	    T(sources_are_counted_without_their_repeats),
	    T(retention_takes_the_oldest_and_never_what_detection_has_not_seen),
	    T(retention_by_size_stops_once_the_log_fits),
	    T(a_repeat_of_what_aged_out_is_known_and_a_late_batch_is_not_taken_for_one),
	    T(a_damaged_frame_is_told_with_its_position),
	    T(memory_is_bounded_by_the_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
