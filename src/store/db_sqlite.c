/*
 * db_sqlite.c - the SQLite driver of db.h.
 *
 * "$1" is only a name to SQLite, numbered by first appearance, so each statement
 * keeps the map from our numbers to SQLite's.
 */
#include "store/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

#define STATEMENTS_MAX 512 /* a power of two; more texts than this are a mistake of ours */
#define PARAMETERS_MAX 32
#define LOCK_WAIT_MS   10000

struct db_stmt {
	struct db *db;
	sqlite3_stmt *st;
	int bind_rc; /* the first refused binding; told by the next step */
	uint8_t at[PARAMETERS_MAX + 1];
};

struct db {
	sqlite3 *h;
	unsigned n_statements;
	struct db_stmt *statements[STATEMENTS_MAX]; /* open addressing by the text's hash */
};

static int
errno_of(sqlite3 *h, int rc)
{
	int os = h == NULL ? 0 : sqlite3_system_errno(h);

	switch (rc & 0xff) {
	case SQLITE_FULL:
		return ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return EBUSY;
	case SQLITE_CONSTRAINT:
		return EEXIST;
	case SQLITE_READONLY:
		return EROFS;
	case SQLITE_NOMEM:
		return ENOMEM;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return EUCLEAN;
	case SQLITE_IOERR:
		return os == ENOSPC || os == EDQUOT ? ENOSPC : EIO;
	case SQLITE_CANTOPEN:
		return os != 0 ? os : EIO;
	default:
		return EIO;
	}
}

static int
fail(struct db *d, int rc, const char *doing, struct err *e)
{
	err_set(e, "%s (%.200s)", sqlite3_errmsg(d->h), doing);
	if (e != NULL)
		e->code = errno_of(d->h, rc);
	return -1;
}

int
db_exec(struct db *d, const char *sql, struct err *e)
{
	int rc = sqlite3_exec(d->h, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : fail(d, rc, sql, e);
}

/* --- opening --- */

/* SQLite would make it readable as the umask says; its -wal and -shm take after it. */
static int
make_private(const char *path, struct err *e)
{
	struct stat st;
	char dir[4096];
	const char *slash = strrchr(path, '/');
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EEXIST ? 0 : err_errno(e, errno, "making \"%s\"", path);
	snprintf(dir, sizeof(dir), "%.*s", slash == NULL ? 1 : (int)(slash - path + 1),
	    slash == NULL ? "." : path);
	if (geteuid() == 0 && stat(dir, &st) == 0 && fchown(fd, st.st_uid, st.st_gid) != 0) {
		err_errno(e, errno, "making \"%s\"", path);
		close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

/*
 * Several processes may make a new file's first page at once.  SQLite does not
 * wait for that lock (it could deadlock), so we ask again.
 */
static int
enter_wal(struct db *d, struct err *e)
{
	for (int waited = 0;; waited += 10) {
		if (db_exec(d, "PRAGMA journal_mode=WAL", e) == 0)
			return 0;
		if ((sqlite3_errcode(d->h) & 0xff) != SQLITE_BUSY || waited >= LOCK_WAIT_MS)
			return -1;
		sqlite3_sleep(10);
	}
}

static int
configure(struct db *d, const struct db_tuning *t, struct err *e)
{
	char first[160];

	sqlite3_busy_timeout(d->h, LOCK_WAIT_MS);
	sqlite3_extended_result_codes(d->h, 1);
	sqlite3_db_config(d->h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_limit(d->h, SQLITE_LIMIT_ATTACHED, 0);
	/* Both count only before the first page is written, so they come before WAL. */
	snprintf(first, sizeof(first), "PRAGMA page_size=%u; PRAGMA auto_vacuum=%s;",
	    t->page_bytes == 0 ? 4096 : t->page_bytes,
	    t->returns_space ? "INCREMENTAL" : "NONE");
	if (db_exec(d, first, e) != 0 || enter_wal(d, e) != 0)
		return -1;
	return db_exec(d,
	    "PRAGMA synchronous=FULL;"
	    "PRAGMA foreign_keys=ON;"
	    "PRAGMA trusted_schema=OFF;"
	    "PRAGMA temp_store=MEMORY;" /* a sandbox has no /tmp */
	    "PRAGMA journal_size_limit=67108864;",
	    e);
}

int
db_open_tuned(struct db **out, const char *url, const struct db_tuning *t, struct err *e)
{
	static const char scheme[] = "sqlite:";
	struct db *d = NULL;
	const char *path = url + sizeof(scheme) - 1;
	int rc = -1, opened;

	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0 || *path == '\0') {
		err_set(e, "this build opens databases as sqlite:PATH only");
		goto out;
	}
	if ((d = calloc(1, sizeof(*d))) == NULL) {
		err_errno(e, ENOMEM, "making a handle");
		goto out;
	}
	if (make_private(path, e) != 0)
		goto out;
	opened = sqlite3_open_v2(path, &d->h,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		SQLITE_OPEN_EXRESCODE,
	    NULL);
	if (opened != SQLITE_OK) {
		fail(d, opened, "opening", e);
		goto out;
	}
	if (configure(d, t, e) != 0)
		goto out;
	*out = d;
	d = NULL;
	rc = 0;
out:
	if (rc != 0)
		err_wrap(e, "database \"%s\"", url);
	db_close(d);
	return rc;
}

int
db_open(struct db **out, const char *url, struct err *e)
{
	return db_open_tuned(out, url, &(struct db_tuning){0}, e);
}

void
db_close(struct db *d)
{
	if (d == NULL)
		return;
	for (unsigned i = 0; i < STATEMENTS_MAX; i++)
		if (d->statements[i] != NULL) {
			sqlite3_finalize(d->statements[i]->st);
			free(d->statements[i]);
		}
	sqlite3_close(d->h);
	free(d);
}

/* --- statements --- */

static int
map_parameters(struct db_stmt *s, struct err *e)
{
	int n = sqlite3_bind_parameter_count(s->st);

	for (int i = 1; i <= n; i++) {
		const char *name = sqlite3_bind_parameter_name(s->st, i);
		int at = name == NULL || *name != '$' ? 0 : atoi(name + 1);

		if (at < 1 || at > PARAMETERS_MAX)
			return err_set(e, "%s: parameters are $1 to $%d", sqlite3_sql(s->st),
			    PARAMETERS_MAX);
		s->at[at] = (uint8_t)i;
	}
	return 0;
}

static int
compile(struct db *d, const char *sql, struct db_stmt **out, struct err *e)
{
	struct db_stmt *s = calloc(1, sizeof(*s));
	const char *rest = NULL;
	int rc;

	if (s == NULL)
		return err_errno(e, ENOMEM, "preparing a statement");
	s->db = d;
	rc = sqlite3_prepare_v3(d->h, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->st, &rest);
	if (rc != SQLITE_OK)
		fail(d, rc, sql, e);
	else if (s->st == NULL || *rest != '\0')
		rc = err_set(e, "%s: not one statement", sql);
	else if ((rc = map_parameters(s, e)) == 0) {
		*out = s;
		return 0;
	}
	sqlite3_finalize(s->st);
	free(s);
	return -1;
}

int
db_prepare(struct db *d, const char *sql, struct db_stmt **out, struct err *e)
{
	size_t i = hash_bytes(slice_str(sql), 0) % STATEMENTS_MAX;

	while (d->statements[i] != NULL && strcmp(sqlite3_sql(d->statements[i]->st), sql) != 0)
		i = (i + 1) % STATEMENTS_MAX;
	if (d->statements[i] == NULL) {
		assert(d->n_statements < STATEMENTS_MAX - 1);
		if (compile(d, sql, &d->statements[i], e) != 0)
			return -1;
		d->n_statements++;
	}
	*out = d->statements[i];
	db_reset(*out);
	sqlite3_clear_bindings((*out)->st);
	return 0;
}

static void
bound(struct db_stmt *st, int rc)
{
	if (rc != SQLITE_OK && st->bind_rc == SQLITE_OK)
		st->bind_rc = rc;
}

static int
place(const struct db_stmt *st, int at)
{
	assert(at >= 1 && at <= PARAMETERS_MAX && st->at[at] != 0);
	return st->at[at];
}

void
db_bind_int(struct db_stmt *st, int at, int64_t v)
{
	bound(st, sqlite3_bind_int64(st->st, place(st, at), v));
}

/* A pointer for empty bytes: SQLite takes NULL for SQL's NULL. */
void
db_bind_text(struct db_stmt *st, int at, struct slice v)
{
	const char *p = v.ptr == NULL ? NULL : v.len == 0 ? "" : (const char *)v.ptr;

	bound(st,
	    sqlite3_bind_text64(st->st, place(st, at), p, v.len, SQLITE_STATIC, SQLITE_UTF8));
}

void
db_bind_blob(struct db_stmt *st, int at, struct slice v)
{
	const void *p = v.ptr == NULL ? NULL : v.len == 0 ? (const void *)"" : v.ptr;

	bound(st, sqlite3_bind_blob64(st->st, place(st, at), p, v.len, SQLITE_STATIC));
}

void
db_bind_null(struct db_stmt *st, int at)
{
	bound(st, sqlite3_bind_null(st->st, place(st, at)));
}

void
db_reset(struct db_stmt *st)
{
	sqlite3_reset(st->st);
	st->bind_rc = SQLITE_OK;
}

int
db_step(struct db_stmt *st, struct err *e)
{
	int rc = st->bind_rc != SQLITE_OK ? st->bind_rc : sqlite3_step(st->st);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		fail(st->db, rc, sqlite3_sql(st->st), e);
	db_reset(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

int
db_run(struct db_stmt *st, struct err *e)
{
	int rc;

	while ((rc = db_step(st, e)) == 1)
		;
	return rc;
}

int64_t
db_int(struct db_stmt *st, int column)
{
	return sqlite3_column_int64(st->st, column);
}

struct slice
db_text(struct db_stmt *st, int column)
{
	const unsigned char *p = sqlite3_column_text(st->st, column);

	return p == NULL ? (struct slice){0}
			 : slice_of(p, (size_t)sqlite3_column_bytes(st->st, column));
}

struct slice
db_blob(struct db_stmt *st, int column)
{
	const void *p = sqlite3_column_blob(st->st, column);

	if (p == NULL) /* SQLite's answer for empty bytes as well */
		return db_is_null(st, column) ? (struct slice){0} : SLICE("");
	return slice_of(p, (size_t)sqlite3_column_bytes(st->st, column));
}

bool
db_is_null(struct db_stmt *st, int column)
{
	return sqlite3_column_type(st->st, column) == SQLITE_NULL;
}

int64_t
db_changes(struct db *d)
{
	return sqlite3_changes64(d->h);
}

/* --- transactions --- */

int
db_begin(struct db *d, struct err *e)
{
	return db_exec(d, "BEGIN IMMEDIATE", e);
}

int
db_commit(struct db *d, struct err *e)
{
	return db_exec(d, "COMMIT", e);
}

bool
db_in_transaction(struct db *d)
{
	return sqlite3_get_autocommit(d->h) == 0;
}

void
db_rollback(struct db *d)
{
	if (db_in_transaction(d))
		sqlite3_exec(d->h, "ROLLBACK", NULL, NULL, NULL);
}

/* --- the file --- */

static int
pragma_int(struct db *d, const char *sql, int64_t *out, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(d, sql, &st, e) != 0 || (rc = db_step(st, e)) < 0)
		return -1;
	*out = rc == 1 ? db_int(st, 0) : 0;
	db_reset(st);
	return 0;
}

int
db_size(struct db *d, int64_t *used, int64_t *idle, struct err *e)
{
	int64_t page, pages, free_pages;

	if (pragma_int(d, "PRAGMA page_size", &page, e) != 0 ||
	    pragma_int(d, "PRAGMA page_count", &pages, e) != 0 ||
	    pragma_int(d, "PRAGMA freelist_count", &free_pages, e) != 0)
		return -1;
	*used = (pages - free_pages) * page;
	*idle = free_pages * page;
	return 0;
}

int
db_return_space(struct db *d, int64_t bytes, struct err *e)
{
	char sql[64];
	int64_t page;

	if (pragma_int(d, "PRAGMA page_size", &page, e) != 0)
		return -1;
	snprintf(
	    sql, sizeof(sql), "PRAGMA incremental_vacuum(%lld)", (long long)(bytes / page));
	return db_exec(d, sql, e);
}

int
db_check(struct db *d, struct err *e)
{
	struct db_stmt *st;
	int rc = 0;

	if (db_prepare(d, "PRAGMA integrity_check(1)", &st, e) != 0 || db_step(st, e) != 1)
		return -1;
	if (!slice_is(db_text(st, 0), "ok")) {
		rc = err_set(e, "damaged: %.*s", SLICE_ARG(db_text(st, 0)));
		if (e != NULL)
			e->code = EUCLEAN;
	}
	db_reset(st);
	return rc;
}

int64_t
db_unindexed_steps(struct db *d)
{
	int64_t n = 0;

	for (unsigned i = 0; i < STATEMENTS_MAX; i++)
		if (d->statements[i] != NULL) {
			sqlite3_stmt *st = d->statements[i]->st;

			n += sqlite3_stmt_status(st, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0);
			n += sqlite3_stmt_status(st, SQLITE_STMTSTATUS_SORT, 0);
			n += sqlite3_stmt_status(st, SQLITE_STMTSTATUS_AUTOINDEX, 0);
		}
	return n;
}
