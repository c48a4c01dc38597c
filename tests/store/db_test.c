/* db_test.c - what the SQL door promises: parameters by number, errors with causes, migrations
 * once. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "dir.h"
#include "store/db.h"

static struct db *
open_db(void)
{
	struct db *d = NULL;
	struct err e = {0};

	if (db_open(&d, "sqlite:t.db", &e) != 0)
		fail_msg("%s", e.text);
	return d;
}

static void
parameters_go_by_their_number_not_by_first_appearance(void **state)
{
	struct db *d = open_db();
	struct db_stmt *st;

	assert_int_equal(db_prepare(d, "SELECT $2, $1, $2", &st, NULL), 0);
	db_bind_int(st, 1, 1);
	db_bind_text(st, 2, SLICE("two"));
	assert_int_equal(db_step(st, NULL), 1);
	assert_slice(db_text(st, 0), "two");
	assert_int_equal(db_int(st, 1), 1);
	assert_slice(db_text(st, 2), "two");
	assert_int_equal(db_step(st, NULL), 0);
	db_close(d);
}

static void
empty_and_null_and_nul_bytes_are_kept_apart(void **state)
{
	struct db *d = open_db();
	struct db_stmt *st;
	struct slice nul = slice_of("a\0b", 3);

	assert_int_equal(db_prepare(d, "SELECT $1, $2, $3, $4, $5, $6", &st, NULL), 0);
	db_bind_text(st, 1, SLICE(""));
	db_bind_text(st, 2, (struct slice){0});
	db_bind_blob(st, 3, SLICE(""));
	db_bind_blob(st, 4, (struct slice){0});
	db_bind_blob(st, 5, nul);
	db_bind_null(st, 6);
	assert_int_equal(db_step(st, NULL), 1);
	assert_non_null(db_text(st, 0).ptr);
	assert_int_equal(db_text(st, 0).len, 0);
	assert_null(db_text(st, 1).ptr);
	assert_non_null(db_blob(st, 2).ptr);
	assert_int_equal(db_blob(st, 2).len, 0);
	assert_null(db_blob(st, 3).ptr);
	assert_true(slice_equal(db_blob(st, 4), nul));
	assert_true(db_is_null(st, 5));
	db_close(d);
}

static void
asking_again_gives_the_same_statement_with_nothing_bound(void **state)
{
	struct db *d = open_db();
	struct db_stmt *a, *b;

	assert_int_equal(db_prepare(d, "SELECT $1", &a, NULL), 0);
	db_bind_int(a, 1, 5);
	assert_int_equal(db_step(a, NULL), 1);
	assert_int_equal(db_prepare(d, "SELECT $1", &b, NULL), 0);
	assert_ptr_equal(a, b);
	assert_int_equal(db_step(b, NULL), 1);
	assert_true(db_is_null(b, 0));
	db_close(d);
}

static void
errors_name_the_statement_and_the_cause_but_no_value(void **state)
{
	struct db *d = open_db();
	struct db_stmt *st;
	struct err e = {0};

	assert_int_equal(db_exec(d, "CREATE TABLE t (a TEXT UNIQUE)", &e), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(db_prepare(d, "INSERT INTO t VALUES ($1)", &st, &e), 0);
		db_bind_text(st, 1, SLICE("confidential"));
		assert_int_equal(db_run(st, &e), i == 0 ? 0 : -1);
	}
	assert_int_equal(e.code, EEXIST);
	assert_non_null(strstr(e.text, "INSERT INTO t"));
	assert_null(strstr(e.text, "confidential"));
	assert_int_equal(db_prepare(d, "SELECT nonsense", &st, &e), -1);
	assert_int_equal(db_prepare(d, "SELECT 1; SELECT 2", &st, &e), -1);
	assert_int_equal(db_prepare(d, "SELECT ?", &st, &e), -1);
	db_close(d);
}

static void
a_file_that_is_no_database_is_told_as_damaged(void **state)
{
	struct db *d = NULL;
	struct err e = {0};
	FILE *f = fopen("t.db", "w");

	for (int i = 0; i < 1000; i++)
		fputs("not a database ", f);
	fclose(f);
	assert_int_equal(db_open(&d, "sqlite:t.db", &e), -1);
	assert_int_equal(e.code, EUCLEAN);
	assert_non_null(strstr(e.text, "t.db"));
	assert_int_equal(db_open(&d, "sqlite:no/such/dir.db", &e), -1);
	assert_int_equal(e.code, ENOENT);
	assert_int_equal(db_open(&d, "mysql:x", &e), -1);
	db_close(NULL);
}

static void
the_file_is_for_its_owner_alone(void **state)
{
	struct db *d = open_db();
	struct stat st;

	assert_int_equal(db_exec(d, "CREATE TABLE t (a)", NULL), 0);
	assert_int_equal(stat("t.db", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat("t.db-wal", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	db_close(d);
}

static void
what_was_rolled_back_is_gone(void **state)
{
	struct db *d = open_db();
	struct db_stmt *st;

	assert_int_equal(db_exec(d, "CREATE TABLE t (a)", NULL), 0);
	assert_int_equal(db_begin(d, NULL), 0);
	assert_int_equal(db_exec(d, "INSERT INTO t VALUES (1), (2)", NULL), 0);
	assert_int_equal(db_changes(d), 2);
	db_rollback(d);
	db_rollback(d);
	assert_int_equal(db_prepare(d, "SELECT count(*) FROM t", &st, NULL), 0);
	assert_int_equal(db_step(st, NULL), 1);
	assert_int_equal(db_int(st, 0), 0);
	db_close(d);
}

static const struct db_migration two[] = {
    {1, "first", "CREATE TABLE a (x); INSERT INTO a VALUES (1)"},
    {20, "second", "CREATE TABLE b (x)"},
    {0},
};

static void
migrations_run_once_even_when_a_lower_number_comes_later(void **state)
{
	static const struct db_migration three[] = {
	    {1, "first", "CREATE TABLE a (x); INSERT INTO a VALUES (1)"},
	    {2, "late", "CREATE TABLE c (x)"},
	    {20, "second", "CREATE TABLE b (x)"},
	    {0},
	};
	struct db *d = open_db();
	struct err e = {0};

	assert_int_equal(db_migrate(d, two, &e), 0);
	assert_int_equal(db_migrate(d, two, &e), 0);
	assert_int_equal(db_migrate(d, three, &e), 0);
	assert_int_equal(db_exec(d, "INSERT INTO c SELECT x FROM a", &e), 0);
	assert_int_equal(db_changes(d), 1);
	db_close(d);
}

static void
a_failing_migration_leaves_nothing_behind(void **state)
{
	static const struct db_migration bad[] = {
	    {1, "broken", "CREATE TABLE a (x); CREATE TABLE a (x)"},
	    {0},
	};
	struct db *d = open_db();
	struct err e = {0};

	assert_int_equal(db_migrate(d, bad, &e), -1);
	assert_non_null(strstr(e.text, "migration 1 (broken)"));
	assert_int_equal(db_migrate(d, two, &e), 0);
	db_close(d);
}

static void
a_newer_database_is_refused(void **state)
{
	static const struct db_migration one[] = {{1, "first", "CREATE TABLE a (x)"}, {0}};
	struct db *d = open_db();
	struct err e = {0};

	assert_int_equal(db_migrate(d, two, &e), 0);
	assert_int_equal(db_migrate(d, one, &e), -1);
	assert_non_null(strstr(e.text, "newer"));
	db_close(d);
}

static void
several_processes_may_migrate_at_once(void **state)
{
	pid_t child[4];

	for (int i = 0; i < 4; i++)
		if ((child[i] = fork()) == 0) {
			struct db *d = NULL;
			struct err e = {0};
			int rc =
			    db_open(&d, "sqlite:t.db", &e) != 0 || db_migrate(d, two, &e) != 0;

			if (rc != 0)
				fprintf(stderr, "%s\n", e.text);
			db_close(d);
			_exit(rc);
		}
	for (int i = 0; i < 4; i++) {
		int status = -1;

		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_int_equal(status, 0);
	}
}

static void
idle_space_goes_back_to_the_file_system(void **state)
{
	struct db *d = NULL;
	struct err e = {0};
	int64_t used, idle;

	assert_int_equal(
	    db_open_tuned(&d, "sqlite:t.db",
		&(struct db_tuning){.page_bytes = 32768, .returns_space = true}, &e),
	    0);
	assert_int_equal(
	    db_exec(d, "CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(4000000))", &e), 0);
	assert_int_equal(db_exec(d, "DELETE FROM t", &e), 0);
	assert_int_equal(db_size(d, &used, &idle, &e), 0);
	assert_true(idle > 3000000);
	assert_int_equal(db_return_space(d, 1000000, &e), 0);
	int64_t before = idle;
	assert_int_equal(db_size(d, &used, &idle, &e), 0);
	assert_true(idle < before && idle > 0);
	assert_int_equal(db_check(d, &e), 0);
	db_close(d);
}

static void
damage_is_found(void **state)
{
	struct db *d = open_db();
	struct err e = {0};
	char junk[4096];
	int fd;

	assert_int_equal(db_exec(d,
			     "CREATE TABLE t (a); CREATE INDEX i ON t (a);"
			     "INSERT INTO t VALUES (randomblob(2000)), (randomblob(2000))",
			     &e),
	    0);
	db_close(d);
	memset(junk, 0xee, sizeof(junk));
	fd = open("t.db", O_WRONLY);
	assert_int_equal(pwrite(fd, junk, sizeof(junk), 2 * 4096), sizeof(junk));
	close(fd);
	d = open_db();
	assert_int_equal(db_check(d, &e), -1);
	assert_int_equal(e.code, EUCLEAN);
	db_close(d);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, enter_dir, leave_dir)
	const struct CMUnitTest tests[] = {
	    T(parameters_go_by_their_number_not_by_first_appearance),
	    T(empty_and_null_and_nul_bytes_are_kept_apart),
	    T(asking_again_gives_the_same_statement_with_nothing_bound),
	    T(errors_name_the_statement_and_the_cause_but_no_value),
	    T(a_file_that_is_no_database_is_told_as_damaged),
	    T(the_file_is_for_its_owner_alone),
	    T(what_was_rolled_back_is_gone),
	    T(migrations_run_once_even_when_a_lower_number_comes_later),
	    T(a_failing_migration_leaves_nothing_behind),
	    T(a_newer_database_is_refused),
	    T(several_processes_may_migrate_at_once),
	    T(idle_space_goes_back_to_the_file_system),
	    T(damage_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
