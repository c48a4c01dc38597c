/* audit_test.c - every way to tamper with the chain is noticed at its first wrong record. */
#include "test.h"

#include "dir.h"
#include "store/audit.h"
#include "store/migrations.h"

static struct db *db;

static int
setup(void **state)
{
	struct err e = {0};

	if (enter_dir(state) != 0 || store_open(&db, test_dir, &e) != 0)
		return -1;
	for (int i = 1; i <= 5; i++) {
		struct audit_entry entry = {
		    .at = {1000000 * i},
		    .actor = SLICE("user:suzuki"),
		    .action = SLICE("alert.close"),
		    .object = SLICE("alert:1"),
		    .detail = SLICE("{\"reason\":\"benign\"}"),
		};

		if (db_begin(db, &e) != 0 || audit_append(db, &entry, &e) != 0 ||
		    db_commit(db, &e) != 0)
			return -1;
	}
	return 0;
}

static int
teardown(void **state)
{
	db_close(db);
	return leave_dir(state);
}

static struct audit_verdict
verdict_after(const char *sql)
{
	struct audit_verdict v = {0};
	struct err e = {0};

	if (db_exec(db, sql, &e) != 0 || audit_verify(db, &v, &e) != 0)
		fail_msg("%s", e.text);
	return v;
}

static void
an_untouched_chain_is_whole(void **state)
{
	struct audit_verdict v = verdict_after("SELECT 1");

	assert_int_equal(v.broken, 0);
	assert_null(v.reason);
	assert_int_equal(v.head.sequence, 5);
}

static void
each_altered_column_is_noticed_at_its_record(void **state)
{
	static const char *const tampering[] = {
	    "UPDATE audit SET at = at + 1 WHERE sequence = 3",
	    "UPDATE audit SET actor = 'user:sato' WHERE sequence = 3",
	    "UPDATE audit SET action = 'alert.open' WHERE sequence = 3",
	    "UPDATE audit SET object = 'alert:2' WHERE sequence = 3",
	    "UPDATE audit SET detail = '{}' WHERE sequence = 3",
	    "UPDATE audit SET hash = zeroblob(32) WHERE sequence = 3",
	    "UPDATE audit SET hash = zeroblob(0) WHERE sequence = 3",
	    /* the same bytes, moved over a border between columns */
	    "UPDATE audit SET actor = 'user:suzukia', action = 'lert.close' WHERE sequence = 3",
	};

	for (size_t i = 0; i < sizeof(tampering) / sizeof(*tampering); i++) {
		assert_int_equal(db_begin(db, NULL), 0);
		struct audit_verdict v = verdict_after(tampering[i]);
		assert_int_equal(v.broken, 3);
		assert_int_equal(v.head.sequence, 2);
		db_rollback(db);
	}
}

static void
removed_and_moved_records_are_noticed(void **state)
{
	assert_int_equal(db_begin(db, NULL), 0);
	assert_int_equal(verdict_after("DELETE FROM audit WHERE sequence = 2").broken, 3);
	assert_int_equal(
	    verdict_after("UPDATE audit SET sequence = sequence - 1 WHERE sequence > 2").broken,
	    2);
	db_rollback(db);
	assert_int_equal(verdict_after("DELETE FROM audit WHERE sequence = 1").broken, 2);
}

static void
a_cut_tail_shows_in_the_head(void **state)
{
	struct audit_verdict before = verdict_after("SELECT 1");
	struct audit_verdict after = verdict_after("DELETE FROM audit WHERE sequence = 5");

	assert_int_equal(after.broken, 0);
	assert_int_equal(after.head.sequence, 4);
	assert_memory_not_equal(before.head.hash, after.head.hash, AUDIT_HASH_LEN);
}

static void
a_record_goes_with_its_transaction(void **state)
{
	struct audit_entry entry = {.at = {1}, .actor = SLICE("a")};

	assert_int_equal(db_begin(db, NULL), 0);
	assert_int_equal(audit_append(db, &entry, NULL), 0);
	db_rollback(db);
	assert_int_equal(verdict_after("SELECT 1").head.sequence, 5);
}

static int
take_sequence(void *ctx, int64_t sequence, const struct audit_entry *entry, struct err *e)
{
	int64_t *sum = ctx;

	assert_slice(entry->actor, "user:suzuki");
	*sum = *sum * 10 + sequence;
	return 0;
}

static void
records_are_listed_newest_first_in_pages(void **state)
{
	int64_t sum = 0;

	assert_int_equal(audit_list(db, 0, 3, take_sequence, &sum, NULL), 0);
	assert_int_equal(sum, 543);
	sum = 0;
	assert_int_equal(audit_list(db, 3, 3, take_sequence, &sum, NULL), 0);
	assert_int_equal(sum, 21);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(an_untouched_chain_is_whole),
	    T(each_altered_column_is_noticed_at_its_record),
	    T(removed_and_moved_records_are_noticed),
	    T(a_cut_tail_shows_in_the_head),
	    T(a_record_goes_with_its_transaction),
	    T(records_are_listed_newest_first_in_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
