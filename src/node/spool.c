/* spool.c - see spool.h. */
#include "node/spool.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/db.h"

#define SOURCES_MAX 256
#define ROW_BYTES   256 /* what a batch costs beyond its body, for the bound */

static const struct db_migration migrations[] = {
    {1, "batches, marks, quarantine",
	"CREATE TABLE source ("
	" id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, since INTEGER NOT NULL,"
	" sequence INTEGER NOT NULL DEFAULT 0, stream INTEGER NOT NULL DEFAULT 0,"
	" lines INTEGER NOT NULL DEFAULT 0, dropped_lines INTEGER NOT NULL DEFAULT 0,"
	" dropped_batches INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE mark ("
	" id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES source(id),"
	" device INTEGER NOT NULL, inode INTEGER NOT NULL, consumed INTEGER NOT NULL,"
	" head_len INTEGER NOT NULL, print BLOB NOT NULL, done INTEGER NOT NULL,"
	" path TEXT NOT NULL, preamble BLOB NOT NULL);"
	"CREATE INDEX mark_by_source ON mark(source);"
	"CREATE TABLE batch ("
	" id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES source(id),"
	" sequence INTEGER NOT NULL, stream INTEGER NOT NULL, bytes INTEGER NOT NULL,"
	" lines INTEGER NOT NULL, received INTEGER NOT NULL, size INTEGER NOT NULL,"
	" config TEXT NOT NULL, preamble BLOB NOT NULL, body BLOB NOT NULL);"
	"CREATE TABLE quarantine ("
	" id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES source(id),"
	" sequence INTEGER NOT NULL, stream INTEGER NOT NULL, bytes INTEGER NOT NULL,"
	" lines INTEGER NOT NULL, received INTEGER NOT NULL, size INTEGER NOT NULL,"
	" config TEXT NOT NULL, preamble BLOB NOT NULL, body BLOB NOT NULL,"
	" status INTEGER NOT NULL, reason TEXT NOT NULL, refused INTEGER NOT NULL);"},
    {0}};

#define BATCH_COLUMNS                                                                          \
	"id, source, sequence, stream, bytes, lines, received, size, config, preamble, body"

struct source {
	struct spool_source now, committed;
	char *name;
	bool changed;
};

/* What a rollback takes back. */
struct tally {
	int64_t bytes, batches, last_id;
};

struct spool {
	struct db *db;
	int64_t limit;
	bool keep_newest;
	bool writing; /* between begin and commit */
	struct tally now, committed;
	int64_t protect;
	struct source sources[SOURCES_MAX];
	size_t n_sources;
	int64_t *acknowledged; /* ids, removed at the next commit */
	size_t n_acknowledged, room_acknowledged;
};

static struct source *
find_source(struct spool *sp, int64_t id)
{
	for (size_t i = 0; i < sp->n_sources; i++) {
		if (sp->sources[i].now.id == id)
			return &sp->sources[i];
	}
	assert(!"a source of ours");
	return NULL;
}

static int
read_one(struct db *db, const char *sql, struct db_stmt **st, struct err *e)
{
	int rc;

	if (db_prepare(db, sql, st, e) != 0 || (rc = db_step(*st, e)) < 0)
		return -1;
	assert(rc == 1); /* an aggregate has a row */
	return 0;
}

static int
load_tally(struct spool *sp, struct err *e)
{
	struct db_stmt *st;

	/* Ids of both tables are one series: what is quarantined may come back. */
	if (read_one(sp->db,
		"SELECT coalesce(sum(size), 0), count(*), max(coalesce(max(id), 0),"
		" (SELECT coalesce(max(id), 0) FROM quarantine)) FROM batch",
		&st, e) != 0)
		return -1;
	sp->now = (struct tally){db_int(st, 0), db_int(st, 1), db_int(st, 2)};
	sp->committed = sp->now;
	db_reset(st);
	return 0;
}

int
spool_open(struct spool **out, const struct spool_options *o, struct err *e)
{
	struct db_tuning tuning = {.page_bytes = 16384, .returns_space = true};
	struct spool *sp = calloc(1, sizeof(*sp));
	char url[4200];
	int rc = -1;

	if (sp == NULL)
		return err_errno(e, ENOMEM, "opening the spool");
	sp->limit = o->limit;
	sp->keep_newest = o->keep_newest;
	snprintf(url, sizeof(url), "sqlite:%s", o->path);
	if (db_open_tuned(&sp->db, url, &tuning, e) != 0 ||
	    db_migrate(sp->db, migrations, e) != 0 || load_tally(sp, e) != 0)
		goto out;
	*out = sp;
	sp = NULL;
	rc = 0;
out:
	if (rc != 0)
		err_wrap(e, "opening the spool");
	spool_close(sp);
	return rc;
}

void
spool_close(struct spool *sp)
{
	if (sp == NULL)
		return;
	spool_rollback(sp);
	for (size_t i = 0; i < sp->n_sources; i++)
		free(sp->sources[i].name);
	db_close(sp->db);
	free(sp->acknowledged);
	free(sp);
}

/* --- sources --- */

static int
load_source(struct spool *sp, struct slice name, struct spool_source *s, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(sp->db,
		"SELECT id, since, sequence, stream, lines, dropped_lines, dropped_batches"
		" FROM source WHERE name = $1",
		&st, e) != 0)
		return -1;
	db_bind_text(st, 1, name);
	if ((rc = db_step(st, e)) != 1)
		return rc;
	s->id = db_int(st, 0);
	s->since.us = db_int(st, 1);
	s->sequence = (uint64_t)db_int(st, 2);
	s->offset = (uint64_t)db_int(st, 3);
	s->lines = (uint64_t)db_int(st, 4);
	s->dropped_lines = (uint64_t)db_int(st, 5);
	s->dropped_batches = (uint64_t)db_int(st, 6);
	db_reset(st);
	return 1;
}

static int
make_source(struct spool *sp, struct slice name, struct instant now, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(sp->db, "INSERT INTO source (name, since) VALUES ($1, $2)", &st, e) != 0)
		return -1;
	db_bind_text(st, 1, name);
	db_bind_int(st, 2, now.us);
	return db_run(st, e);
}

int
spool_need_source(struct spool *sp, struct slice name, struct instant now,
    const struct spool_source **out, struct err *e)
{
	struct source *s = &sp->sources[sp->n_sources];
	int rc;

	for (size_t i = 0; i < sp->n_sources; i++) {
		if (slice_is(name, sp->sources[i].name)) {
			*out = &sp->sources[i].now;
			return 0;
		}
	}
	if (sp->n_sources == SOURCES_MAX)
		return err_set(e, "a node has at most %d sources", SOURCES_MAX);
	if ((rc = load_source(sp, name, &s->now, e)) == 0) {
		if (make_source(sp, name, now, e) != 0)
			return -1;
		rc = load_source(sp, name, &s->now, e);
	}
	if (rc != 1)
		return -1;
	if ((s->name = strndup((const char *)name.ptr, name.len)) == NULL)
		return err_errno(e, ENOMEM, "source \"%.*s\"", SLICE_ARG(name));
	s->committed = s->now;
	sp->n_sources++;
	*out = &s->now;
	return 0;
}

static int
save_source(struct spool *sp, const struct spool_source *s, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(sp->db,
		"UPDATE source SET sequence = $2, stream = $3, lines = $4, dropped_lines = $5,"
		" dropped_batches = $6 WHERE id = $1",
		&st, e) != 0)
		return -1;
	db_bind_int(st, 1, s->id);
	db_bind_int(st, 2, (int64_t)s->sequence);
	db_bind_int(st, 3, (int64_t)s->offset);
	db_bind_int(st, 4, (int64_t)s->lines);
	db_bind_int(st, 5, (int64_t)s->dropped_lines);
	db_bind_int(st, 6, (int64_t)s->dropped_batches);
	return db_run(st, e);
}

/* --- transactions --- */

static int
delete_batch(struct spool *sp, int64_t id, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(sp->db, "DELETE FROM batch WHERE id = $1 RETURNING size", &st, e) != 0)
		return -1;
	db_bind_int(st, 1, id);
	if ((rc = db_step(st, e)) != 1)
		return rc;
	sp->now.bytes -= db_int(st, 0);
	sp->now.batches--;
	return db_run(st, e);
}

int
spool_begin(struct spool *sp, struct err *e)
{
	assert(!sp->writing);
	if (db_begin(sp->db, e) != 0)
		return -1;
	sp->writing = true;
	for (size_t i = 0; i < sp->n_acknowledged; i++) {
		if (delete_batch(sp, sp->acknowledged[i], e) != 0)
			return -1;
	}
	return 0;
}

int
spool_commit(struct spool *sp, struct err *e)
{
	assert(sp->writing);
	for (size_t i = 0; i < sp->n_sources; i++) {
		if (sp->sources[i].changed && save_source(sp, &sp->sources[i].now, e) != 0)
			return -1;
	}
	if (db_commit(sp->db, e) != 0)
		return -1;
	for (size_t i = 0; i < sp->n_sources; i++) {
		sp->sources[i].committed = sp->sources[i].now;
		sp->sources[i].changed = false;
	}
	sp->committed = sp->now;
	sp->n_acknowledged = 0;
	sp->writing = false;
	return 0;
}

void
spool_rollback(struct spool *sp)
{
	if (!sp->writing)
		return;
	db_rollback(sp->db);
	for (size_t i = 0; i < sp->n_sources; i++) {
		sp->sources[i].now = sp->sources[i].committed;
		sp->sources[i].changed = false;
	}
	sp->now = sp->committed;
	sp->writing = false;
}

/* --- in --- */

bool
spool_has_room(const struct spool *sp)
{
	return sp->keep_newest || sp->now.bytes < sp->limit;
}

/* 1: dropped one; 0: there is none that may be dropped. */
static int
drop_oldest(struct spool *sp, struct err *e)
{
	struct db_stmt *st;
	struct source *s;
	int64_t id;
	int rc;

	if (db_prepare(sp->db,
		"SELECT id, source, lines FROM batch WHERE id > $1 ORDER BY id LIMIT 1", &st,
		e) != 0)
		return -1;
	db_bind_int(st, 1, sp->protect);
	if ((rc = db_step(st, e)) != 1)
		return rc;
	id = db_int(st, 0);
	s = find_source(sp, db_int(st, 1));
	s->now.dropped_lines += (uint64_t)db_int(st, 2);
	s->now.dropped_batches++;
	s->changed = true;
	db_reset(st);
	return delete_batch(sp, id, e) == 0 ? 1 : -1;
}

int
spool_put(struct spool *sp, int64_t source, const struct spool_batch *b, struct err *e)
{
	int64_t size = (int64_t)b->body.len + ROW_BYTES;
	struct source *s = find_source(sp, source);
	struct db_stmt *st;
	int rc = 1;

	assert(sp->writing);
	while (sp->keep_newest && rc == 1 && sp->now.bytes + size > sp->limit)
		rc = drop_oldest(sp, e);
	if (rc < 0)
		return -1;
	if (db_prepare(sp->db,
		"INSERT INTO batch (" BATCH_COLUMNS ")"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
		&st, e) != 0)
		return -1;
	db_bind_int(st, 1, sp->now.last_id + 1);
	db_bind_int(st, 2, source);
	db_bind_int(st, 3, (int64_t)s->now.sequence + 1);
	db_bind_int(st, 4, (int64_t)s->now.offset);
	db_bind_int(st, 5, (int64_t)b->bytes);
	db_bind_int(st, 6, (int64_t)b->lines);
	db_bind_int(st, 7, b->received.us);
	db_bind_int(st, 8, size);
	db_bind_text(st, 9, b->config);
	db_bind_blob(st, 10, b->preamble.ptr == NULL ? SLICE("") : b->preamble);
	db_bind_blob(st, 11, b->body);
	if (db_run(st, e) != 0)
		return -1;
	s->now.sequence++;
	s->now.offset += b->bytes;
	s->now.lines += b->lines;
	s->changed = true;
	sp->now.last_id++;
	sp->now.bytes += size;
	sp->now.batches++;
	return 0;
}

/* --- marks --- */

int
spool_save_mark(struct spool *sp, int64_t source, struct spool_mark *m, struct err *e)
{
	struct db_stmt *st;
	int rc;

	assert(sp->writing);
	if (db_prepare(sp->db,
		"INSERT INTO mark (id, source, device, inode, consumed, head_len, print, done,"
		" path, preamble) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
		" ON CONFLICT (id) DO UPDATE SET device = excluded.device, inode = "
		"excluded.inode,"
		" consumed = excluded.consumed, head_len = excluded.head_len,"
		" print = excluded.print, done = excluded.done, path = excluded.path,"
		" preamble = excluded.preamble RETURNING id",
		&st, e) != 0)
		return -1;
	if (m->id == 0)
		db_bind_null(st, 1);
	else
		db_bind_int(st, 1, m->id);
	db_bind_int(st, 2, source);
	db_bind_int(st, 3, (int64_t)m->mark.device);
	db_bind_int(st, 4, (int64_t)m->mark.inode);
	db_bind_int(st, 5, (int64_t)m->mark.offset);
	db_bind_int(st, 6, m->mark.head_len);
	db_bind_blob(st, 7, slice_of(m->mark.print, FOLLOW_PRINT));
	db_bind_int(st, 8, m->mark.done);
	db_bind_text(st, 9, m->path);
	db_bind_blob(st, 10, m->preamble.ptr == NULL ? SLICE("") : m->preamble);
	if ((rc = db_step(st, e)) != 1)
		return -1;
	m->id = db_int(st, 0);
	return db_run(st, e);
}

int
spool_delete_mark(struct spool *sp, int64_t id, struct err *e)
{
	struct db_stmt *st;

	assert(sp->writing);
	if (db_prepare(sp->db, "DELETE FROM mark WHERE id = $1", &st, e) != 0)
		return -1;
	db_bind_int(st, 1, id);
	return db_run(st, e);
}

int
spool_each_mark(struct spool *sp, int64_t source, spool_on_mark *fn, void *ctx, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(sp->db,
		"SELECT id, device, inode, consumed, head_len, print, done, path, preamble"
		" FROM mark WHERE source = $1 ORDER BY id",
		&st, e) != 0)
		return -1;
	db_bind_int(st, 1, source);
	while ((rc = db_step(st, e)) == 1) {
		struct slice print = db_blob(st, 5);
		struct spool_mark m = {
		    .id = db_int(st, 0), .path = db_text(st, 7), .preamble = db_blob(st, 8)};

		m.mark.device = (uint64_t)db_int(st, 1);
		m.mark.inode = (uint64_t)db_int(st, 2);
		m.mark.offset = (uint64_t)db_int(st, 3);
		m.mark.head_len = (uint32_t)db_int(st, 4);
		m.mark.done = db_int(st, 6) != 0;
		if (print.len == FOLLOW_PRINT)
			memcpy(m.mark.print, print.ptr, FOLLOW_PRINT);
		if (fn(ctx, &m, e) != 0) {
			db_reset(st);
			return -1;
		}
	}
	return rc;
}

/* --- out --- */

void
spool_item_release(struct spool_item *it)
{
	buf_release(&it->config);
	buf_release(&it->preamble);
	buf_release(&it->body);
	*it = (struct spool_item){0};
}

static void
copy_blob(struct buf *to, struct slice s)
{
	*to = BUF_INIT(s.len + 1);
	buf_add(to, s);
}

int
spool_next(struct spool *sp, int64_t after, struct spool_item *it, struct err *e)
{
	struct db_stmt *st;
	int rc;

	assert(!sp->writing);
	if (db_prepare(sp->db,
		"SELECT " BATCH_COLUMNS
		", (SELECT name FROM source WHERE source.id = batch.source)"
		" FROM batch WHERE id > $1 ORDER BY id LIMIT 1",
		&st, e) != 0)
		return -1;
	db_bind_int(st, 1, after);
	if ((rc = db_step(st, e)) != 1)
		return rc;
	*it = (struct spool_item){.id = db_int(st, 0),
	    .source_id = db_int(st, 1),
	    .sequence = (uint64_t)db_int(st, 2),
	    .offset = (uint64_t)db_int(st, 3),
	    .bytes = (uint64_t)db_int(st, 4),
	    .lines = (uint64_t)db_int(st, 5),
	    .received = {db_int(st, 6)}};
	copy_blob(&it->config, db_text(st, 8));
	copy_blob(&it->preamble, db_blob(st, 9));
	copy_blob(&it->body, db_blob(st, 10));
	snprintf(it->source, sizeof(it->source), "%.*s", SLICE_ARG(db_text(st, 11)));
	db_reset(st);
	if (it->config.failed || it->preamble.failed || it->body.failed) {
		spool_item_release(it);
		return err_errno(e, ENOMEM, "reading a batch from the spool");
	}
	return 1;
}

void
spool_acknowledge(struct spool *sp, int64_t id)
{
	if (sp->n_acknowledged == sp->room_acknowledged) {
		size_t room = sp->room_acknowledged == 0 ? 64 : sp->room_acknowledged * 2;
		int64_t *grown = realloc(sp->acknowledged, room * sizeof(*grown));

		if (grown == NULL)
			return; /* it will be sent once more, which changes nothing */
		sp->acknowledged = grown;
		sp->room_acknowledged = room;
	}
	sp->acknowledged[sp->n_acknowledged++] = id;
}

bool
spool_has_acknowledged(const struct spool *sp)
{
	return sp->n_acknowledged > 0;
}

void
spool_protect(struct spool *sp, int64_t id)
{
	sp->protect = id;
}

/* Of the quarantine, what exceeds its bound, oldest first. */
static int
trim_quarantine(struct spool *sp, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(sp->db,
		"DELETE FROM quarantine WHERE id IN (SELECT id FROM"
		" (SELECT id, sum(size) OVER (ORDER BY id DESC) AS newer FROM quarantine)"
		" AS q WHERE newer > $1)",
		&st, e) != 0)
		return -1;
	db_bind_int(st, 1, SPOOL_QUARANTINE_MAX);
	return db_run(st, e);
}

int
spool_quarantine(struct spool *sp, int64_t id, long status, struct slice reason,
    struct instant now, struct err *e)
{
	struct db_stmt *st;
	int rc = -1;

	if (spool_begin(sp, e) != 0)
		goto out;
	if (db_prepare(sp->db,
		"INSERT INTO quarantine (" BATCH_COLUMNS ", status, reason, refused)"
		" SELECT " BATCH_COLUMNS ", $2, $3, $4 FROM batch WHERE id = $1"
		" ON CONFLICT (id) DO NOTHING",
		&st, e) != 0)
		goto out;
	db_bind_int(st, 1, id);
	db_bind_int(st, 2, status);
	db_bind_text(st, 3, reason);
	db_bind_int(st, 4, now.us);
	if (db_run(st, e) != 0 || delete_batch(sp, id, e) != 0 || trim_quarantine(sp, e) != 0)
		goto out;
	rc = spool_commit(sp, e);
out:
	if (rc != 0)
		spool_rollback(sp);
	return rc;
}

int
spool_requeue(struct spool *sp, uint64_t *n, struct err *e)
{
	struct db_stmt *st;
	int rc = -1;

	*n = 0;
	if (spool_begin(sp, e) != 0)
		goto out;
	if (db_prepare(sp->db,
		"INSERT INTO batch (" BATCH_COLUMNS ") SELECT " BATCH_COLUMNS
		" FROM quarantine WHERE true ON CONFLICT (id) DO NOTHING",
		&st, e) != 0 ||
	    db_run(st, e) != 0)
		goto out;
	*n = (uint64_t)db_changes(sp->db);
	if (db_exec(sp->db, "DELETE FROM quarantine", e) != 0 || spool_commit(sp, e) != 0)
		goto out;
	rc = load_tally(sp, e);
out:
	if (rc != 0)
		spool_rollback(sp);
	return rc;
}

int
spool_count(struct spool *sp, struct spool_counts *out, struct err *e)
{
	struct db_stmt *st;
	int rc;

	*out = (struct spool_counts){
	    .bytes = sp->committed.bytes, .batches = sp->committed.batches, .limit = sp->limit};
	if (read_one(sp->db, "SELECT count(*) FROM quarantine", &st, e) != 0)
		return -1;
	out->quarantined = db_int(st, 0);
	db_reset(st);
	if (db_prepare(sp->db, "SELECT received FROM batch ORDER BY id LIMIT 1", &st, e) != 0 ||
	    (rc = db_step(st, e)) < 0)
		return -1;
	if (rc == 1)
		out->oldest.us = db_int(st, 0);
	db_reset(st);
	return 0;
}
