/*
 * db.h - one small door to SQL: SQLite now, made so that PostgreSQL fits behind it.
 *
 * SQL is written in the subset both speak: $1 parameters, ON CONFLICT, RETURNING.
 * A handle belongs to one thread; several processes may open the same file.
 * Errors name the statement, never its values.  err.code tells the causes that a
 * caller acts on: ENOSPC (disk full), EBUSY (another writer held the lock for
 * 10 s), EEXIST (a constraint refused it), EROFS (read-only), ENOMEM, EUCLEAN
 * (the file is damaged or no database), EIO for all else.
 */
#ifndef HINOMI_STORE_DB_H
#define HINOMI_STORE_DB_H

#include "base/err.h"
#include "base/slice.h"

struct db;
struct db_stmt;

/*
 * "sqlite:PATH".  WAL, foreign keys on, durable on commit (synchronous=FULL).
 * A file is made with mode 0600; made by root, it belongs to its directory's owner.
 */
int db_open(struct db **out, const char *url, struct err *e);
void db_close(struct db *d); /* NULL is welcome */

/* For files of large blobs.  The zero value is what db_open() uses. */
struct db_tuning {
	unsigned page_bytes; /* a power of two up to 65536; counts only when the file is made */
	bool returns_space;  /* db_return_space() works; counts only when the file is made */
};
int db_open_tuned(struct db **out, const char *url, const struct db_tuning *t, struct err *e);

/* Several statements without parameters or results. */
int db_exec(struct db *d, const char *sql, struct err *e);

/*
 * Prepared once per text and kept by the handle: asking again is cheap.  The
 * statement is the handle's; it is reset and its bindings cleared on each ask.
 * Texts are literals or built from few of them, so the handle keeps them all.
 */
int db_prepare(struct db *d, const char *sql, struct db_stmt **out, struct err *e);

/* $1 has `at` 1.  Bytes are borrowed until the statement is reset or asked for again. */
void db_bind_int(struct db_stmt *st, int at, int64_t v);
void db_bind_text(struct db_stmt *st, int at, struct slice v); /* the absent slice binds NULL */
void db_bind_blob(struct db_stmt *st, int at, struct slice v);
void db_bind_null(struct db_stmt *st, int at);

/* 1: a row; 0: done (and reset); -1: failed (and reset). */
int db_step(struct db_stmt *st, struct err *e);
/* For statements whose rows do not matter: 0 or -1. */
int db_run(struct db_stmt *st, struct err *e);
void db_reset(struct db_stmt *st);

/* Columns count from 0; slices live until the next step or reset. */
int64_t db_int(struct db_stmt *st, int column);
struct slice db_text(struct db_stmt *st, int column); /* absent for NULL */
struct slice db_blob(struct db_stmt *st, int column);
bool db_is_null(struct db_stmt *st, int column);

/* Rows changed by the last statement that ran. */
int64_t db_changes(struct db *d);

/* Transactions nest not.  begin takes the write lock at once (waits up to 10 s). */
int db_begin(struct db *d, struct err *e);
int db_commit(struct db *d, struct err *e);
void db_rollback(struct db *d); /* harmless without a transaction */
bool db_in_transaction(struct db *d);

/* Bytes of the file in use, and bytes in it that hold nothing now. */
int db_size(struct db *d, int64_t *used, int64_t *idle, struct err *e);

/* Give up to `bytes` of idle space back to the file system; outside a transaction. */
int db_return_space(struct db *d, int64_t bytes, struct err *e);

/* Read everything and compare: -1 with what is damaged first.  Takes as long as reading the
 * file. */
int db_check(struct db *d, struct err *e);

/*
 * Rows stepped over in full scans, and sorts, by all statements so far: where
 * each query finds its index, nothing.  For tests.
 */
int64_t db_unindexed_steps(struct db *d);

/* Numbered migrations, applied in order, each in a transaction; ended by a NULL sql. */
struct db_migration {
	int number;
	const char *name;
	const char *sql;
};

/*
 * Apply those that this database has not seen yet.  A database with a number
 * beyond the list's largest is refused: a newer program made it.  Several
 * processes may start at once.
 */
int db_migrate(struct db *d, const struct db_migration *list, struct err *e);

#endif
