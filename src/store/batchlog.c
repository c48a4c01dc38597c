/*
 * batchlog.c - the batch log over SQLite.
 *
 * Three tables.  `stream` names a source once and counts what it sent.  `batch`
 * is what is known about each batch, small, so ranges are found by reading
 * little.  `frame` holds the bytes and is where "still there" is decided:
 * retention deletes frames and keeps the batch row as the memory that this
 * sequence number was stored.  Rows are forgotten only when every lower number
 * of their stream has aged out as well; `forgotten` is that number.  So a repeat
 * is known for ever, and a batch that comes late is never taken for one.
 */
#include "store/batchlog.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "store/db.h"

/* Most frames have 20 to 60 KiB; SQLite keeps the last page of each partly empty. */
#define PAGE_BYTES 16384

/* Given back to the file system at once, so that a trim stays short. */
#define RETURN_BYTES (16 * 1024 * 1024)

static const struct db_migration migrations[] = {
    {1, "streams, batches and their frames",
	"CREATE TABLE stream ("
	" id INTEGER PRIMARY KEY,"
	" institution TEXT NOT NULL,"
	" node TEXT NOT NULL,"
	" source TEXT NOT NULL,"
	" batches INTEGER NOT NULL DEFAULT 0,"
	" lines INTEGER NOT NULL DEFAULT 0,"
	" bytes INTEGER NOT NULL DEFAULT 0,"
	" frame_bytes INTEGER NOT NULL DEFAULT 0,"
	" last_sequence INTEGER NOT NULL DEFAULT 0,"
	" last_received INTEGER NOT NULL DEFAULT 0,"
	" last_stored INTEGER NOT NULL DEFAULT 0,"
	" forgotten INTEGER NOT NULL DEFAULT 0,"
	" UNIQUE (institution, node, source));"
	/* AUTOINCREMENT: a position is never given twice, even when the log was emptied. */
	"CREATE TABLE batch ("
	" position INTEGER PRIMARY KEY AUTOINCREMENT,"
	" stream INTEGER NOT NULL REFERENCES stream (id),"
	" sequence INTEGER NOT NULL,"
	" offset INTEGER NOT NULL,"
	" bytes INTEGER NOT NULL,"
	" lines INTEGER NOT NULL,"
	" received INTEGER NOT NULL,"
	" stored INTEGER NOT NULL,"
	" config TEXT NOT NULL,"
	" preamble BLOB NOT NULL,"
	" digest BLOB NOT NULL,"
	" UNIQUE (stream, sequence));"
	"CREATE TABLE frame ("
	" position INTEGER PRIMARY KEY,"
	" bytes BLOB NOT NULL);"},
    {0},
};

struct batchlog {
	struct db *db;
};

int
batchlog_open(struct batchlog **out, const char *path, struct err *e)
{
	const struct db_tuning tuning = {.page_bytes = PAGE_BYTES, .returns_space = true};
	struct batchlog *l = calloc(1, sizeof(*l));
	char *url = NULL;
	size_t room = strlen(path) + sizeof("sqlite:");
	int rc = -1;

	if (l == NULL || (url = malloc(room)) == NULL) {
		err_errno(e, ENOMEM, "making a handle");
		goto out;
	}
	snprintf(url, room, "sqlite:%s", path);
	if (db_open_tuned(&l->db, url, &tuning, e) != 0 ||
	    db_migrate(l->db, migrations, e) != 0)
		goto out;
	*out = l;
	l = NULL;
	rc = 0;
out:
	if (rc != 0)
		err_wrap(e, "opening the batch log");
	batchlog_close(l);
	free(url);
	return rc;
}

void
batchlog_close(struct batchlog *l)
{
	if (l == NULL)
		return;
	db_close(l->db);
	free(l);
}

/* BLAKE2b: three times as fast as SHA-256, which took most of an append's time. */
static void
digest_of(struct slice frame, uint8_t out[BATCHLOG_DIGEST_LEN])
{
	crypto_generichash(out, BATCHLOG_DIGEST_LEN, frame.ptr, frame.len, NULL, 0);
}

/* --- append --- */

/* A stream's id, made where it is new, and the number up to which all has aged out. */
static int
find_stream(
    struct db *d, const struct batch_record *r, int64_t *id, uint64_t *forgotten, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(d,
		"INSERT INTO stream (institution, node, source) VALUES ($1, $2, $3)"
		" ON CONFLICT (institution, node, source) DO UPDATE SET source = "
		"excluded.source"
		" RETURNING id, forgotten",
		&st, e) != 0)
		return -1;
	db_bind_text(st, 1, r->institution);
	db_bind_text(st, 2, r->node);
	db_bind_text(st, 3, r->source);
	if (db_step(st, e) != 1)
		return -1;
	*id = db_int(st, 0);
	*forgotten = (uint64_t)db_int(st, 1);
	return db_run(st, e);
}

static struct slice
or_empty(struct slice s)
{
	return s.ptr == NULL ? SLICE("") : s;
}

/* 1: inserted, r->position is set; 0: the number is taken; -1. */
static int
insert_batch(struct db *d, int64_t stream, struct batch_record *r, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(d,
		"INSERT INTO batch (stream, sequence, offset, bytes, lines, received, stored,"
		" config, preamble, digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
		" ON CONFLICT (stream, sequence) DO NOTHING RETURNING position",
		&st, e) != 0)
		return -1;
	db_bind_int(st, 1, stream);
	db_bind_int(st, 2, (int64_t)r->sequence);
	db_bind_int(st, 3, (int64_t)r->offset);
	db_bind_int(st, 4, (int64_t)r->bytes);
	db_bind_int(st, 5, (int64_t)r->lines);
	db_bind_int(st, 6, r->received.us);
	db_bind_int(st, 7, r->stored.us);
	db_bind_text(st, 8, or_empty(r->config));
	db_bind_blob(st, 9, or_empty(r->preamble));
	db_bind_blob(st, 10, slice_of(r->digest, sizeof(r->digest)));
	if ((rc = db_step(st, e)) != 1)
		return rc;
	r->position = db_int(st, 0);
	return db_run(st, e) != 0 ? -1 : 1;
}

static int
insert_frame(struct db *d, const struct batch_record *r, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(d, "INSERT INTO frame (position, bytes) VALUES ($1, $2)", &st, e) != 0)
		return -1;
	db_bind_int(st, 1, r->position);
	db_bind_blob(st, 2, r->frame);
	return db_run(st, e);
}

static int
count_in_stream(struct db *d, int64_t stream, const struct batch_record *r, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(d,
		"UPDATE stream SET batches = batches + 1, lines = lines + $2, bytes = bytes + "
		"$3,"
		" frame_bytes = frame_bytes + $4,"
		" last_sequence = CASE WHEN last_sequence < $5 THEN $5 ELSE last_sequence END,"
		" last_received = CASE WHEN last_received < $6 THEN $6 ELSE last_received END,"
		" last_stored = $7 WHERE id = $1",
		&st, e) != 0)
		return -1;
	db_bind_int(st, 1, stream);
	db_bind_int(st, 2, (int64_t)r->lines);
	db_bind_int(st, 3, (int64_t)r->bytes);
	db_bind_int(st, 4, (int64_t)r->frame.len);
	db_bind_int(st, 5, (int64_t)r->sequence);
	db_bind_int(st, 6, r->received.us);
	db_bind_int(st, 7, r->stored.us);
	return db_run(st, e);
}

/* The number is taken: by the same bytes? */
static int
compare_with_stored(struct db *d, int64_t stream, struct batch_record *r,
    enum batchlog_fate *fate, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(d,
		"SELECT position, digest FROM batch WHERE stream = $1 AND sequence = $2", &st,
		e) != 0)
		return -1;
	db_bind_int(st, 1, stream);
	db_bind_int(st, 2, (int64_t)r->sequence);
	if (db_step(st, e) != 1)
		return -1;
	r->position = db_int(st, 0);
	*fate = slice_equal(db_blob(st, 1), slice_of(r->digest, sizeof(r->digest)))
		    ? BATCHLOG_REPEAT
		    : BATCHLOG_DIFFERENT;
	db_reset(st);
	return 0;
}

static int
append_one(struct db *d, struct batch_record *r, enum batchlog_fate *fate, struct err *e)
{
	int64_t stream;
	uint64_t forgotten;
	int rc;

	assert(r->sequence >= 1 && r->sequence <= INT64_MAX && r->offset <= INT64_MAX);
	assert(r->bytes <= INT64_MAX && r->lines <= INT64_MAX);
	digest_of(r->frame, r->digest);
	if (find_stream(d, r, &stream, &forgotten, e) != 0)
		return -1;
	if (r->sequence <= forgotten) {
		r->position = 0;
		*fate = BATCHLOG_REPEAT;
		return 0;
	}
	if ((rc = insert_batch(d, stream, r, e)) < 0)
		return -1;
	if (rc == 0)
		return compare_with_stored(d, stream, r, fate, e);
	*fate = BATCHLOG_NEW;
	if (insert_frame(d, r, e) != 0)
		return -1;
	return count_in_stream(d, stream, r, e);
}

int
batchlog_append(struct batchlog *l, struct batch_record *records, enum batchlog_fate *fate,
    size_t n, struct err *e)
{
	int rc = db_begin(l->db, e);

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = append_one(l->db, &records[i], &fate[i], e);
	if (rc == 0)
		rc = db_commit(l->db, e);
	if (rc != 0) {
		db_rollback(l->db);
		err_wrap(e, "appending %zu batches", n);
	}
	return rc;
}

/* --- reading --- */

#define RECORD_COLUMNS                                                                         \
	"b.position, s.institution, s.node, s.source, b.sequence, b.offset, b.bytes, b.lines," \
	" b.received, b.stored, b.config, b.preamble, b.digest, f.bytes"

static int
copy_record(struct db_stmt *st, struct arena *mem, struct batch_record *out, struct err *e)
{
	uint8_t digest[BATCHLOG_DIGEST_LEN];
	struct slice kept = db_blob(st, 12);

	*out = (struct batch_record){
	    .position = db_int(st, 0),
	    .institution = arena_dup(mem, db_text(st, 1)),
	    .node = arena_dup(mem, db_text(st, 2)),
	    .source = arena_dup(mem, db_text(st, 3)),
	    .sequence = (uint64_t)db_int(st, 4),
	    .offset = (uint64_t)db_int(st, 5),
	    .bytes = (uint64_t)db_int(st, 6),
	    .lines = (uint64_t)db_int(st, 7),
	    .received = {db_int(st, 8)},
	    .stored = {db_int(st, 9)},
	    .config = arena_dup(mem, db_text(st, 10)),
	    .preamble = arena_dup(mem, db_blob(st, 11)),
	    .frame = arena_dup(mem, db_blob(st, 13)),
	};
	if (arena_full(mem))
		return err_errno(e, ENOMEM, "reading batch %lld", (long long)out->position);
	digest_of(out->frame, digest);
	if (!slice_equal(kept, slice_of(digest, sizeof(digest)))) {
		err_set(e, "batch %lld is damaged: its bytes are not those that were stored",
		    (long long)out->position);
		if (e != NULL)
			e->code = EUCLEAN;
		return -1;
	}
	memcpy(out->digest, digest, sizeof(digest));
	return 1;
}

/* The statement's row, if it gives one; reset afterwards, so that no reader holds back a
 * checkpoint. */
static int
take_row(struct db_stmt *st, struct arena *mem, struct batch_record *out, struct err *e)
{
	int rc;

	*out = (struct batch_record){0};
	if ((rc = db_step(st, e)) == 1)
		rc = copy_record(st, mem, out, e);
	db_reset(st);
	return rc;
}

int
batchlog_take_next(struct batchlog *l, int64_t after, struct arena *mem,
    struct batch_record *out, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(l->db,
		"SELECT " RECORD_COLUMNS " FROM frame f"
		" JOIN batch b ON b.position = f.position JOIN stream s ON s.id = b.stream"
		" WHERE f.position > $1 ORDER BY f.position LIMIT 1",
		&st, e) != 0)
		return -1;
	db_bind_int(st, 1, after);
	return take_row(st, mem, out, e);
}

int
batchlog_get(struct batchlog *l, int64_t position, struct arena *mem, struct batch_record *out,
    struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(l->db,
		"SELECT " RECORD_COLUMNS " FROM frame f"
		" JOIN batch b ON b.position = f.position JOIN stream s ON s.id = b.stream"
		" WHERE f.position = $1",
		&st, e) != 0)
		return -1;
	db_bind_int(st, 1, position);
	return take_row(st, mem, out, e);
}

int
batchlog_take_in(struct batchlog *l, const struct batchlog_range *range, int64_t after,
    struct arena *mem, struct batch_record *out, struct err *e)
{
	struct db_stmt *st;

	/* CROSS JOIN keeps this order: along the small rows by position, so a whole range costs
	 * one pass. */
	if (db_prepare(l->db,
		"SELECT " RECORD_COLUMNS " FROM batch b"
		" CROSS JOIN stream s ON s.id = b.stream CROSS JOIN frame f ON f.position = "
		"b.position"
		" WHERE b.position > $1 AND ($2 IS NULL OR s.institution = $2)"
		" AND ($3 IS NULL OR s.source = $3)"
		" AND ($4 = 0 OR b.received >= $4) AND ($5 = 0 OR b.received < $5)"
		" ORDER BY b.position LIMIT 1",
		&st, e) != 0)
		return -1;
	db_bind_int(st, 1, after);
	db_bind_text(st, 2, range->institution);
	db_bind_text(st, 3, range->source);
	db_bind_int(st, 4, range->from.us);
	db_bind_int(st, 5, range->to.us);
	return take_row(st, mem, out, e);
}

/* --- counting --- */

int
batchlog_each_source(struct batchlog *l, batchlog_on_source *fn, void *ctx, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(l->db,
		"SELECT institution, node, source, batches, lines, bytes, frame_bytes,"
		" last_sequence, last_received, last_stored FROM stream"
		" ORDER BY institution, node, source",
		&st, e) != 0)
		return -1;
	while ((rc = db_step(st, e)) == 1) {
		struct batchlog_source s = {
		    .institution = db_text(st, 0),
		    .node = db_text(st, 1),
		    .source = db_text(st, 2),
		    .batches = (uint64_t)db_int(st, 3),
		    .lines = (uint64_t)db_int(st, 4),
		    .bytes = (uint64_t)db_int(st, 5),
		    .frame_bytes = (uint64_t)db_int(st, 6),
		    .last_sequence = (uint64_t)db_int(st, 7),
		    .last_received = {db_int(st, 8)},
		    .last_stored = {db_int(st, 9)},
		};

		if (fn(ctx, &s, e) != 0) {
			db_reset(st);
			return -1;
		}
	}
	return rc;
}

int
batchlog_stats(struct batchlog *l, struct batchlog_stats *out, struct err *e)
{
	struct db_stmt *st;

	*out = (struct batchlog_stats){0};
	if (db_prepare(l->db,
		"SELECT COALESCE((SELECT MIN(position) FROM frame), 0),"
		" COALESCE((SELECT MAX(position) FROM frame), 0),"
		" COALESCE((SELECT stored FROM batch WHERE position ="
		" (SELECT MIN(position) FROM frame)), 0)",
		&st, e) != 0 ||
	    db_step(st, e) != 1)
		return -1;
	out->first = db_int(st, 0);
	out->last = db_int(st, 1);
	out->oldest.us = db_int(st, 2);
	db_reset(st);
	return db_size(l->db, &out->used_bytes, &out->idle_bytes, e);
}

/* --- retention --- */

struct oldest {
	int64_t position, stream, stored;
};

static int
find_oldest(struct db *d, struct oldest *out, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(d,
		"SELECT f.position, b.stream, b.stored FROM frame f"
		" JOIN batch b ON b.position = f.position ORDER BY f.position LIMIT 1",
		&st, e) != 0)
		return -1;
	if ((rc = db_step(st, e)) == 1)
		*out = (struct oldest){db_int(st, 0), db_int(st, 1), db_int(st, 2)};
	db_reset(st);
	return rc;
}

/* Is the batch with this number stored and aged out?  1 with its position; 0; -1. */
static int
has_aged_out(struct db *d, int64_t stream, int64_t sequence, int64_t *position, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(d,
		"SELECT position FROM batch b WHERE stream = $1 AND sequence = $2"
		" AND NOT EXISTS (SELECT 1 FROM frame f WHERE f.position = b.position)",
		&st, e) != 0)
		return -1;
	db_bind_int(st, 1, stream);
	db_bind_int(st, 2, sequence);
	if ((rc = db_step(st, e)) == 1)
		*position = db_int(st, 0);
	db_reset(st);
	return rc;
}

static int
run_with(struct db *d, const char *sql, int64_t one, int64_t two, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(d, sql, &st, e) != 0)
		return -1;
	db_bind_int(st, 1, one);
	db_bind_int(st, 2, two);
	return db_run(st, e);
}

/* Raise the stream's `forgotten` as far as every number below it has aged out. */
static int
forget_prefix(struct db *d, int64_t stream, struct err *e)
{
	struct db_stmt *st;
	int64_t sequence, was, position;
	int rc;

	if (db_prepare(d, "SELECT forgotten FROM stream WHERE id = $1", &st, e) != 0)
		return -1;
	db_bind_int(st, 1, stream);
	if (db_step(st, e) != 1)
		return -1;
	was = sequence = db_int(st, 0);
	db_reset(st);
	while ((rc = has_aged_out(d, stream, sequence + 1, &position, e)) == 1) {
		if (run_with(d, "DELETE FROM batch WHERE position = $1 AND sequence = $2",
			position, sequence + 1, e) != 0)
			return -1;
		sequence++;
	}
	if (rc < 0 || sequence == was)
		return rc;
	return run_with(
	    d, "UPDATE stream SET forgotten = $2 WHERE id = $1", stream, sequence, e);
}

/* 1: the oldest was deleted; 0: nothing to delete; -1. */
static int
trim_one(struct db *d, const struct batchlog_keep *keep, struct err *e)
{
	struct db_stmt *st;
	struct oldest o;
	int64_t used, idle;
	int rc;

	if ((rc = find_oldest(d, &o, e)) != 1 || o.position > keep->keep_after)
		return rc < 0 ? -1 : 0;
	if (db_size(d, &used, &idle, e) != 0)
		return -1;
	if (!(o.stored < keep->before.us) && !(keep->bytes_max > 0 && used > keep->bytes_max))
		return 0;
	if (db_prepare(d, "DELETE FROM frame WHERE position = $1", &st, e) != 0)
		return -1;
	db_bind_int(st, 1, o.position);
	if (db_run(st, e) != 0 || forget_prefix(d, o.stream, e) != 0)
		return -1;
	return 1;
}

int
batchlog_trim(
    struct batchlog *l, const struct batchlog_keep *keep, unsigned batches_max, struct err *e)
{
	int rc = 1;
	unsigned n = 0;

	if (db_begin(l->db, e) != 0)
		goto failed;
	while (n < batches_max && (rc = trim_one(l->db, keep, e)) == 1)
		n++;
	if (rc < 0 || db_commit(l->db, e) != 0)
		goto failed;
	if (n > 0 && db_return_space(l->db, RETURN_BYTES, e) != 0)
		goto failed;
	return (int)n;
failed:
	db_rollback(l->db);
	return err_wrap(e, "trimming the batch log");
}

int
batchlog_check(struct batchlog *l, struct err *e)
{
	struct arena *mem = arena_new(4 * 1024 * 1024);
	struct batch_record r;
	int64_t after = 0;
	int rc;

	if (mem == NULL)
		return err_errno(e, ENOMEM, "checking the batch log");
	rc = db_check(l->db, e);
	if (rc == 0)
		while ((rc = batchlog_take_next(l, after, mem, &r, e)) == 1) {
			after = r.position;
			arena_reset(mem);
		}
	arena_free(mem);
	return rc;
}
