/* db.c - what all drivers share: migrations, by the public calls alone. */
#include "store/db.h"

static int
applied_most(struct db *d, int64_t *most, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(d, "SELECT COALESCE(MAX(number), 0) FROM schema_migration", &st, e) != 0)
		return -1;
	if ((rc = db_step(st, e)) < 0)
		return -1;
	*most = rc == 1 ? db_int(st, 0) : 0;
	db_reset(st);
	return 0;
}

/* 1: it was applied before; 0: not yet; -1. */
static int
is_applied(struct db *d, int number, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(d, "SELECT 1 FROM schema_migration WHERE number = $1", &st, e) != 0)
		return -1;
	db_bind_int(st, 1, number);
	rc = db_step(st, e);
	db_reset(st);
	return rc;
}

static int
apply(struct db *d, const struct db_migration *m, struct err *e)
{
	struct db_stmt *st;

	if (db_exec(d, m->sql, e) != 0)
		return -1;
	if (db_prepare(
		d, "INSERT INTO schema_migration (number, name) VALUES ($1, $2)", &st, e) != 0)
		return -1;
	db_bind_int(st, 1, m->number);
	db_bind_text(st, 2, slice_str(m->name));
	return db_run(st, e);
}

int
db_migrate(struct db *d, const struct db_migration *list, struct err *e)
{
	int64_t most;
	int largest = 0;

	if (db_exec(d,
		"CREATE TABLE IF NOT EXISTS schema_migration"
		" (number INTEGER PRIMARY KEY, name TEXT NOT NULL)",
		e) != 0 ||
	    applied_most(d, &most, e) != 0)
		return -1;
	for (const struct db_migration *m = list; m->sql != NULL; m++)
		if (m->number > largest)
			largest = m->number;
	if (most > largest)
		return err_set(e,
		    "this database is at version %d, made by a newer hinomi; this one knows %d",
		    (int)most, largest);
	for (const struct db_migration *m = list; m->sql != NULL; m++) {
		int rc = is_applied(d, m->number, e);

		if (rc == 1)
			continue;
		if (rc < 0 || db_begin(d, e) != 0)
			return -1;
		/* Asked again under the lock: another process may have been quicker. */
		rc = is_applied(d, m->number, e);
		if (rc == 0)
			rc = apply(d, m, e);
		if (rc < 0 || db_commit(d, e) != 0) {
			db_rollback(d);
			return err_wrap(e, "migration %d (%s)", m->number, m->name);
		}
	}
	return 0;
}
