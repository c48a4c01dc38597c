/*
 * alert_db.c - the alerts' SQL for writing: raising, growing, closing, reopening.
 *
 * `alert` holds what lists need, `alert_body` the whole as JSON: lists read
 * little.  Words are looked for in `search`, made of lower case once when the
 * alert is written; `alert_tally` counts open alerts.
 */
#include "incident/alert_db.h"

#include <stdio.h>

#include "incident/alert_search.h"
#include "store/audit.h"
#include "text/json.h"

#define JSON_MAX (8 * 1024 * 1024)

/* --- versions and tallies --- */

static int
next_version(struct db *d, int64_t *out, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(d, "UPDATE alert_version SET version = version + 1 RETURNING version",
		&st, e) != 0 ||
	    db_step(st, e) != 1)
		return -1;
	*out = db_int(st, 0);
	return db_run(st, e);
}

static int
tally(struct db *d, struct slice institution, enum level level, int more, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(d,
		"INSERT INTO alert_tally (institution, level, open) VALUES ($1, $2, $3)"
		" ON CONFLICT (institution, level) DO UPDATE SET open = alert_tally.open + "
		"excluded.open",
		&st, e) != 0)
		return -1;
	db_bind_text(st, 1, institution);
	db_bind_int(st, 2, level);
	db_bind_int(st, 3, more);
	return db_run(st, e);
}

/* --- raising --- */

static struct slice
or_empty(struct slice s)
{
	return s.ptr == NULL ? SLICE("") : s;
}

static void
write_attack(struct buf *b, const struct rule_info *r)
{
	struct json_out o = json_out_to(b);

	json_open_array(&o, NULL);
	for (unsigned i = 0; i < r->n_attack; i++)
		json_put_string(&o, NULL, r->attack[i]);
	json_close_array(&o);
}

/* 1: *out holds the stored alert; 0: it is new; -1. */
static int
read_stored(struct db *d, const char *id, struct arena *mem, struct alert *out, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(d, "SELECT json FROM alert_body WHERE id = $1", &st, e) != 0)
		return -1;
	db_bind_text(st, 1, slice_str(id));
	if ((rc = db_step(st, e)) == 1 && alert_read_json(db_text(st, 0), mem, out, e) != 0)
		rc = -1;
	db_reset(st);
	return rc;
}

static int
write_body(struct db *d, const struct alert *a, struct err *e)
{
	struct buf json = BUF_INIT(JSON_MAX);
	struct db_stmt *st;
	int rc = -1;

	alert_write_json(&json, a);
	if (json.failed)
		err_set(e, "alert %s does not fit %d bytes", a->id, JSON_MAX);
	else if (db_prepare(d,
		     "INSERT INTO alert_body (id, json) VALUES ($1, $2)"
		     " ON CONFLICT (id) DO UPDATE SET json = excluded.json",
		     &st, e) == 0) {
		db_bind_text(st, 1, slice_str(a->id));
		db_bind_text(st, 2, buf_slice(&json));
		rc = db_run(st, e);
	}
	buf_release(&json);
	return rc;
}

static int
insert_row(struct db *d, const struct alert *a, struct instant now, int64_t version,
    struct slice search, struct err *e)
{
	struct buf attack = BUF_INIT(64 * 1024);
	struct db_stmt *st;
	int rc = -1;

	write_attack(&attack, a->rule);
	if (db_prepare(d,
		"INSERT INTO alert (id, status, first_seen, last_seen, raised, count, version,"
		" institution, source, detector, rule_id, title_en, title_ja, level, severity, "
		"attack,"
		" entity_kind, entity, search) VALUES ($1, 0, $2, $3, $4, $5, $6, $7, $8, $9, "
		"$10, $11,"
		" $12, $13, $14, $15, $16, $17, $18)",
		&st, e) != 0)
		goto out;
	db_bind_text(st, 1, slice_str(a->id));
	db_bind_int(st, 2, a->first_seen.us);
	db_bind_int(st, 3, a->last_seen.us);
	db_bind_int(st, 4, now.us);
	db_bind_int(st, 5, (int64_t)a->count);
	db_bind_int(st, 6, version);
	db_bind_text(st, 7, or_empty(a->institution));
	db_bind_text(st, 8, or_empty(a->lines[0].source));
	db_bind_text(st, 9, slice_str(a->rule->detector));
	db_bind_text(st, 10, or_empty(a->rule->id));
	db_bind_text(st, 11, or_empty(a->rule->title.en));
	db_bind_text(st, 12, a->rule->title.ja);
	db_bind_int(st, 13, a->rule->level);
	db_bind_int(st, 14, a->rule->severity);
	db_bind_text(st, 15, buf_slice(&attack));
	db_bind_text(st, 16, or_empty(a->entity_kind));
	db_bind_text(st, 17, or_empty(a->entity));
	db_bind_text(st, 18, or_empty(search));
	if (db_run(st, e) == 0)
		rc = tally(d, or_empty(a->institution), a->rule->level, 1, e);
out:
	buf_release(&attack);
	return rc;
}

static int
update_row(
    struct db *d, const struct alert *a, int64_t version, struct slice search, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(d,
		"UPDATE alert SET first_seen = $2, last_seen = $3, count = $4, version = $5,"
		" source = $6, search = $7 WHERE id = $1",
		&st, e) != 0)
		return -1;
	db_bind_text(st, 1, slice_str(a->id));
	db_bind_int(st, 2, a->first_seen.us);
	db_bind_int(st, 3, a->last_seen.us);
	db_bind_int(st, 4, (int64_t)a->count);
	db_bind_int(st, 5, version);
	db_bind_text(st, 6, or_empty(a->lines[0].source));
	db_bind_text(st, 7, or_empty(search));
	return db_run(st, e);
}

int
alert_db_upsert(
    struct db *d, const struct alert *a, struct instant now, struct arena *mem, struct err *e)
{
	struct alert stored;
	struct buf search = BUF_INIT(ALERT_SEARCH_MAX);
	const struct alert *whole = a;
	int64_t version;
	int known, rc = -1;

	if ((known = read_stored(d, a->id, mem, &stored, e)) < 0 ||
	    next_version(d, &version, e) != 0)
		goto out;
	if (known) {
		alert_merge(&stored, a);
		whole = &stored;
	}
	alert_write_search(&search, whole);
	if (known)
		rc = update_row(d, whole, version, buf_slice(&search), e);
	else
		rc = insert_row(d, whole, now, version, buf_slice(&search), e);
	if (rc == 0)
		rc = write_body(d, whole, e);
out:
	if (rc != 0)
		err_wrap(e, "storing alert %s", a->id);
	buf_release(&search);
	return rc;
}

/* --- closing and reopening --- */

static const char *const reasons[] = {"true_positive", "false_positive", "benign", "duplicate"};

bool
alert_reason_known(struct slice reason)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (slice_is(reason, reasons[i]))
			return true;
	return false;
}

static int
record_change(struct db *d, const char *action, struct slice id, struct slice actor,
    struct slice reason, struct slice comment, struct instant now, struct err *e)
{
	struct buf detail = BUF_INIT(64 * 1024);
	struct json_out o = json_out_to(&detail);
	char object[64];
	int rc = -1;

	json_open_object(&o, NULL);
	if (reason.ptr != NULL) {
		json_put_string(&o, "reason", reason);
		json_put_string(&o, "comment", or_empty(comment));
	}
	json_close_object(&o);
	snprintf(object, sizeof(object), "alert:%.*s", SLICE_ARG(id));
	if (detail.failed)
		err_set(e, "the comment is too long");
	else
		rc = audit_append(d,
		    &(struct audit_entry){
			.at = now,
			.actor = actor,
			.action = slice_str(action),
			.object = slice_str(object),
			.detail = buf_slice(&detail),
		    },
		    e);
	buf_release(&detail);
	return rc;
}

/*
 * Change the status where it is not `to` yet.  Closing sets who and why;
 * reopening clears them (the audit log keeps them).
 */
static enum alert_answer
change_status(struct db *d, const struct scope *scope, struct slice id, enum alert_status to,
    struct slice actor, struct slice reason, struct slice comment, struct instant now,
    struct err *e)
{
	struct db_stmt *st;
	int64_t version;
	enum level level;
	enum alert_status was;
	int rc;

	if (db_prepare(d,
		"SELECT a.status, a.level FROM alert a WHERE a.id = $1 AND" SCOPE_SQL(
		    "$2", "$3", "a.institution"),
		&st, e) != 0)
		return ALERT_FAILED;
	db_bind_text(st, 1, id);
	scope_bind(st, 2, scope);
	if ((rc = db_step(st, e)) != 1)
		return rc == 0 ? ALERT_UNKNOWN : ALERT_FAILED;
	was = (enum alert_status)db_int(st, 0);
	level = (enum level)db_int(st, 1);
	db_reset(st);
	if (was == to)
		return ALERT_ALREADY;
	if (next_version(d, &version, e) != 0 ||
	    db_prepare(d,
		"UPDATE alert SET status = $2, version = $3, closed_at = $4, closed_by = $5,"
		" closed_reason = $6, closed_comment = $7 WHERE id = $1 RETURNING institution",
		&st, e) != 0)
		return ALERT_FAILED;
	db_bind_text(st, 1, id);
	db_bind_int(st, 2, to);
	db_bind_int(st, 3, version);
	if (to == ALERT_CLOSED) {
		db_bind_int(st, 4, now.us);
		db_bind_text(st, 5, actor);
		db_bind_text(st, 6, reason);
		db_bind_text(st, 7, or_empty(comment));
	}
	if (db_step(st, e) != 1)
		return ALERT_FAILED;
	rc = tally(d, db_text(st, 0), level, to == ALERT_OPEN ? 1 : -1, e);
	db_reset(st);
	if (rc != 0 || record_change(d, to == ALERT_OPEN ? "alert.reopen" : "alert.close", id,
			   actor, reason, comment, now, e) != 0)
		return ALERT_FAILED;
	return ALERT_DONE;
}

enum alert_answer
alert_db_close(struct db *d, const struct scope *scope, struct slice id, struct slice actor,
    struct slice reason, struct slice comment, struct instant now, struct err *e)
{
	return change_status(d, scope, id, ALERT_CLOSED, actor, reason, comment, now, e);
}

enum alert_answer
alert_db_reopen(struct db *d, const struct scope *scope, struct slice id, struct slice actor,
    struct instant now, struct err *e)
{
	return change_status(
	    d, scope, id, ALERT_OPEN, actor, (struct slice){0}, (struct slice){0}, now, e);
}
