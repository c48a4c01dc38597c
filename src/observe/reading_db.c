/* reading_db.c - see reading_db.h. */
#include "observe/reading_db.h"

#include <errno.h>

#include "base/utf8.h"

#define REASON_MAX 1024

/* --- the cursor --- */

int
reading_get_cursor(struct db *d, int64_t *out, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(d, "SELECT position FROM reading_cursor", &st, e) != 0 ||
	    db_step(st, e) != 1)
		return -1;
	*out = db_int(st, 0);
	db_reset(st);
	return 0;
}

int
reading_move_cursor(struct db *d, int64_t from, int64_t to, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(
		d, "UPDATE reading_cursor SET position = $2 WHERE position = $1", &st, e) != 0)
		return -1;
	db_bind_int(st, 1, from);
	db_bind_int(st, 2, to);
	if (db_run(st, e) != 0)
		return -1;
	if (db_changes(d) == 1)
		return 0;
	err_set(e, "another process is detecting on this store: stop one of them");
	if (e != NULL)
		e->code = EAGAIN;
	return -1;
}

int
reading_note_crash(struct db *d, int64_t position, int64_t *crashes, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(d,
		"UPDATE reading_cursor SET crashes = CASE WHEN crashed_at = $1 THEN crashes + 1"
		" ELSE 1 END, crashed_at = $1 RETURNING crashes",
		&st, e) != 0)
		return -1;
	db_bind_int(st, 1, position);
	if (db_step(st, e) != 1)
		return -1;
	*crashes = db_int(st, 0);
	return db_run(st, e);
}

/* --- sources --- */

static int
add_unread(struct db *d, const struct reading *r, enum codec_status status, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(d,
		"INSERT INTO reading_unread (institution, node, source, reason, lines)"
		" VALUES ($1, $2, $3, $4, $5) ON CONFLICT (institution, node, source, reason)"
		" DO UPDATE SET lines = reading_unread.lines + excluded.lines",
		&st, e) != 0)
		return -1;
	db_bind_text(st, 1, r->institution);
	db_bind_text(st, 2, r->node);
	db_bind_text(st, 3, r->source);
	db_bind_text(st, 4, slice_str(codec_status_name(status)));
	db_bind_int(st, 5, (int64_t)r->unread[status]);
	return db_run(st, e);
}

static bool
is_unread(int status)
{
	return status != CODEC_EVENT && status != CODEC_NOTHING;
}

int
reading_add(struct db *d, const struct reading *r, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(d,
		"INSERT INTO reading (institution, node, source, codec, batches, lines, events,"
		" no_event, last_batch, last_event) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, "
		"$9, $10)"
		" ON CONFLICT (institution, node, source) DO UPDATE SET"
		" codec = COALESCE(excluded.codec, reading.codec),"
		" batches = reading.batches + excluded.batches,"
		" lines = reading.lines + excluded.lines,"
		" events = reading.events + excluded.events,"
		" no_event = reading.no_event + excluded.no_event,"
		" last_batch = CASE WHEN reading.last_batch > excluded.last_batch"
		" THEN reading.last_batch ELSE excluded.last_batch END,"
		" last_event = CASE WHEN reading.last_event > excluded.last_event"
		" THEN reading.last_event ELSE excluded.last_event END",
		&st, e) != 0)
		return -1;
	db_bind_text(st, 1, r->institution);
	db_bind_text(st, 2, r->node);
	db_bind_text(st, 3, r->source);
	db_bind_text(st, 4, r->codec);
	db_bind_int(st, 5, (int64_t)r->batches);
	db_bind_int(st, 6, (int64_t)r->lines);
	db_bind_int(st, 7, (int64_t)r->events);
	db_bind_int(st, 8, (int64_t)r->nothing);
	db_bind_int(st, 9, r->last_batch.us);
	db_bind_int(st, 10, r->last_event.us);
	if (db_run(st, e) != 0)
		return -1;
	for (int s = 0; s < CODEC_STATUS_COUNT; s++)
		if (is_unread(s) && r->unread[s] > 0 &&
		    add_unread(d, r, (enum codec_status)s, e) != 0)
			return -1;
	return 0;
}

/* A reason that an older or newer program wrote and we do not know is left out. */
static int
read_unread(struct db *d, struct reading *r, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(d,
		"SELECT reason, lines FROM reading_unread"
		" WHERE institution = $1 AND node = $2 AND source = $3",
		&st, e) != 0)
		return -1;
	db_bind_text(st, 1, r->institution);
	db_bind_text(st, 2, r->node);
	db_bind_text(st, 3, r->source);
	while ((rc = db_step(st, e)) == 1)
		for (int s = 0; s < CODEC_STATUS_COUNT; s++)
			if (is_unread(s) &&
			    slice_is(db_text(st, 0), codec_status_name((enum codec_status)s)))
				r->unread[s] = (uint64_t)db_int(st, 1);
	return rc;
}

int
reading_each(struct db *d, const struct scope *scope, struct slice institution,
    reading_on_source *fn, void *ctx, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(d,
		"SELECT institution, node, source, codec, batches, lines, events, no_event,"
		" last_batch, last_event FROM reading WHERE" SCOPE_SQL(
		    "$1", "$2", "institution") "AND ($3 IS NULL OR institution = $3) ORDER BY "
					       "institution, node, source",
		&st, e) != 0)
		return -1;
	scope_bind(st, 1, scope);
	db_bind_text(st, 3, institution);
	while ((rc = db_step(st, e)) == 1) {
		struct reading r = {
		    .institution = db_text(st, 0),
		    .node = db_text(st, 1),
		    .source = db_text(st, 2),
		    .codec = db_text(st, 3),
		    .batches = (uint64_t)db_int(st, 4),
		    .lines = (uint64_t)db_int(st, 5),
		    .events = (uint64_t)db_int(st, 6),
		    .nothing = (uint64_t)db_int(st, 7),
		    .last_batch = {db_int(st, 8)},
		    .last_event = {db_int(st, 9)},
		};

		if (read_unread(d, &r, e) != 0 || fn(ctx, &r, e) != 0) {
			db_reset(st);
			return -1;
		}
	}
	return rc;
}

/* --- refused batches --- */

int
reading_add_refused(struct db *d, const struct reading_refused *r, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(d,
		"INSERT INTO reading_refused (position, institution, node, source, sequence, "
		"at, reason)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (position) DO NOTHING",
		&st, e) != 0)
		return -1;
	db_bind_int(st, 1, r->position);
	db_bind_text(st, 2, r->institution.ptr == NULL ? SLICE("") : r->institution);
	db_bind_text(st, 3, r->node.ptr == NULL ? SLICE("") : r->node);
	db_bind_text(st, 4, r->source.ptr == NULL ? SLICE("") : r->source);
	db_bind_int(st, 5, (int64_t)r->sequence);
	db_bind_int(st, 6, r->at.us);
	db_bind_text(st, 7, utf8_cut(r->reason, REASON_MAX));
	return db_run(st, e);
}

int
reading_each_refused(struct db *d, const struct scope *scope, unsigned limit,
    reading_on_refused *fn, void *ctx, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(d,
		"SELECT position, institution, node, source, sequence, at, reason FROM "
		"reading_refused"
		" WHERE" SCOPE_SQL("$1", "$2", "institution") "ORDER BY position DESC LIMIT $3",
		&st, e) != 0)
		return -1;
	scope_bind(st, 1, scope);
	db_bind_int(st, 3, limit);
	while ((rc = db_step(st, e)) == 1) {
		struct reading_refused r = {
		    .position = db_int(st, 0),
		    .institution = db_text(st, 1),
		    .node = db_text(st, 2),
		    .source = db_text(st, 3),
		    .sequence = (uint64_t)db_int(st, 4),
		    .at = {db_int(st, 5)},
		    .reason = db_text(st, 6),
		};

		if (fn(ctx, &r, e) != 0) {
			db_reset(st);
			return -1;
		}
	}
	return rc;
}

/* --- content --- */

int
content_status_loaded(struct db *d, const struct content_status *s, struct err *e)
{
	struct db_stmt *st;
	struct slice notes = utf8_cut(s->notes, CONTENT_NOTES_MAX);

	if (db_prepare(d,
		"UPDATE content_status SET loaded_at = $1, rules = $2, rules_unusable = $3,"
		" indicators = $4, indicators_refused = $5, notes = $6, failed_at = 0, failure "
		"= ''",
		&st, e) != 0)
		return -1;
	db_bind_int(st, 1, s->loaded_at.us);
	db_bind_int(st, 2, (int64_t)s->rules);
	db_bind_int(st, 3, (int64_t)s->rules_unusable);
	db_bind_int(st, 4, (int64_t)s->indicators);
	db_bind_int(st, 5, (int64_t)s->indicators_refused);
	db_bind_text(st, 6, notes.ptr == NULL ? SLICE("") : notes);
	return db_run(st, e);
}

int
content_status_failed(struct db *d, struct instant at, struct slice failure, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(d, "UPDATE content_status SET failed_at = $1, failure = $2", &st, e) !=
	    0)
		return -1;
	db_bind_int(st, 1, at.us);
	db_bind_text(st, 2, utf8_cut(failure, REASON_MAX));
	return db_run(st, e);
}

int
content_status_get(struct db *d, content_on_status *fn, void *ctx, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(d,
		"SELECT loaded_at, rules, rules_unusable, indicators, indicators_refused, "
		"notes,"
		" failed_at, failure FROM content_status",
		&st, e) != 0 ||
	    db_step(st, e) != 1)
		return -1;
	struct content_status s = {
	    .loaded_at = {db_int(st, 0)},
	    .rules = (uint64_t)db_int(st, 1),
	    .rules_unusable = (uint64_t)db_int(st, 2),
	    .indicators = (uint64_t)db_int(st, 3),
	    .indicators_refused = (uint64_t)db_int(st, 4),
	    .notes = db_text(st, 5),
	    .failed_at = {db_int(st, 6)},
	    .failure = db_text(st, 7),
	};
	rc = fn(ctx, &s, e);
	db_reset(st);
	return rc;
}
