/*
 * alert_db.c - the alerts' SQL.
 *
 * `alert` holds what lists need, `alert_body` the whole as JSON: lists read
 * little.  Three indexes carry the three ways through a list (all, by status, by
 * institution), each with the columns that filters look at, so a row itself is
 * read only when it is shown.  Words are looked for in `search`, made of lower
 * case once when the alert is written.  `alert_tally` counts open alerts, so the
 * console's header costs nothing however many there are.
 */
#include "incident/alert_db.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/utf8.h"
#include "store/audit.h"
#include "text/json.h"

#define JSON_MAX   (8 * 1024 * 1024)
#define SEARCH_MAX 8192
#define WORDS_MAX  32

/* --- versions and tallies --- */

static int
next_version(struct db *d, int64_t *out, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(d, "UPDATE alert_version SET version = version + 1 RETURNING version", &st, e) != 0 ||
	    db_step(st, e) != 1)
		return -1;
	*out = db_int(st, 0);
	return db_run(st, e);
}

int
alert_db_version(struct db *d, int64_t *out, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(d, "SELECT version FROM alert_version", &st, e) != 0 || db_step(st, e) != 1)
		return -1;
	*out = db_int(st, 0);
	db_reset(st);
	return 0;
}

static int
tally(struct db *d, struct slice institution, enum level level, int more, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(d,
		"INSERT INTO alert_tally (institution, level, open) VALUES ($1, $2, $3)"
		" ON CONFLICT (institution, level) DO UPDATE SET open = alert_tally.open + excluded.open",
		&st, e) != 0)
		return -1;
	db_bind_text(st, 1, institution);
	db_bind_int(st, 2, level);
	db_bind_int(st, 3, more);
	return db_run(st, e);
}

int
alert_db_count_open(struct db *d, const struct scope *scope, struct slice institution,
    uint64_t count[LEVEL_CRITICAL + 1], struct err *e)
{
	struct db_stmt *st;
	int rc;

	memset(count, 0, (LEVEL_CRITICAL + 1) * sizeof(*count));
	if (db_prepare(d,
		"SELECT level, SUM(open) FROM alert_tally WHERE" SCOPE_SQL("$1", "$2", "institution")
		"AND ($3 IS NULL OR institution = $3) GROUP BY level",
		&st, e) != 0)
		return -1;
	scope_bind(st, 1, scope);
	db_bind_text(st, 3, institution);
	while ((rc = db_step(st, e)) == 1)
		if (db_int(st, 0) >= 0 && db_int(st, 0) <= LEVEL_CRITICAL)
			count[db_int(st, 0)] = (uint64_t)db_int(st, 1);
	return rc;
}

/* --- raising --- */

static struct slice
or_empty(struct slice s)
{
	return s.ptr == NULL ? SLICE("") : s;
}

static void
lower(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] |= 0x20;
}

static void
add_word(struct buf *b, struct slice s)
{
	if (s.len > 0 && b->len < b->max) {
		buf_add(b, utf8_cut(s, b->max - b->len));
		if (b->len < b->max)
			buf_add_byte(b, '\n');
	}
}

/* What words are looked for in: one text a line, lower case. */
static void
write_search(struct buf *b, const struct alert *a)
{
	add_word(b, a->rule->id);
	add_word(b, a->rule->title.en);
	add_word(b, a->rule->title.ja);
	add_word(b, a->entity);
	for (unsigned i = 0; i < a->rule->n_attack; i++)
		add_word(b, a->rule->attack[i]);
	for (unsigned i = 0; i < a->n_lines; i++) {
		add_word(b, a->lines[i].source);
		for (unsigned k = 0; k < a->lines[i].n_fields; k++)
			add_word(b, a->lines[i].fields[k].value);
	}
	lower(b->ptr, b->len);
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
		" institution, source, detector, rule_id, title_en, title_ja, level, severity, attack,"
		" entity_kind, entity, search) VALUES ($1, 0, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
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
update_row(struct db *d, const struct alert *a, int64_t version, struct slice search, struct err *e)
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
alert_db_upsert(struct db *d, const struct alert *a, struct instant now, struct arena *mem,
    struct err *e)
{
	struct alert stored;
	struct buf search = BUF_INIT(SEARCH_MAX);
	const struct alert *whole = a;
	int64_t version;
	int known, rc = -1;

	if ((known = read_stored(d, a->id, mem, &stored, e)) < 0 || next_version(d, &version, e) != 0)
		goto out;
	if (known) {
		alert_merge(&stored, a);
		whole = &stored;
	}
	write_search(&search, whole);
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

/* --- reading rows --- */

#define ROW_COLUMNS                                                                                \
	"a.id, a.status, a.first_seen, a.last_seen, a.raised, a.count, a.version, a.institution,"  \
	" a.source, a.detector, a.rule_id, a.title_en, a.title_ja, a.level, a.severity, a.attack," \
	" a.entity_kind, a.entity, a.closed_at, a.closed_by, a.closed_reason, a.closed_comment"
#define ROW_COLUMN_COUNT 22

/* The row as it stands in the statement; its slices die with the next step. */
static void
borrow_row(struct db_stmt *st, struct alert_row *r)
{
	struct slice id = slice_first(db_text(st, 0), ALERT_ID_LEN);

	*r = (struct alert_row){
	    .status = (enum alert_status)db_int(st, 1),
	    .first_seen = {db_int(st, 2)},
	    .last_seen = {db_int(st, 3)},
	    .raised = {db_int(st, 4)},
	    .count = (uint64_t)db_int(st, 5),
	    .version = db_int(st, 6),
	    .institution = db_text(st, 7),
	    .source = db_text(st, 8),
	    .detector = db_text(st, 9),
	    .rule_id = db_text(st, 10),
	    .title_en = db_text(st, 11),
	    .title_ja = db_text(st, 12),
	    .level = (enum level)db_int(st, 13),
	    .severity = (unsigned)db_int(st, 14),
	    .attack = db_text(st, 15),
	    .entity_kind = db_text(st, 16),
	    .entity = db_text(st, 17),
	    .closed_at = {db_int(st, 18)},
	    .closed_by = db_text(st, 19),
	    .closed_reason = db_text(st, 20),
	    .closed_comment = db_text(st, 21),
	};
	if (id.len > 0)
		memcpy(r->id, id.ptr, id.len);
}

static void
keep_row(struct alert_row *r, struct arena *mem)
{
	struct slice *const texts[] = {&r->institution, &r->source, &r->detector, &r->rule_id,
	    &r->title_en, &r->title_ja, &r->attack, &r->entity_kind, &r->entity, &r->closed_by,
	    &r->closed_reason, &r->closed_comment};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		*texts[i] = arena_dup(mem, *texts[i]);
}

int
alert_db_get(struct db *d, const struct scope *scope, struct slice id, struct arena *mem,
    struct alert_row *out, struct slice *json, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(d,
		"SELECT " ROW_COLUMNS ", b.json FROM alert a JOIN alert_body b ON b.id = a.id"
		" WHERE a.id = $1 AND" SCOPE_SQL("$2", "$3", "a.institution"),
		&st, e) != 0)
		return -1;
	db_bind_text(st, 1, id);
	scope_bind(st, 2, scope);
	if ((rc = db_step(st, e)) == 1) {
		borrow_row(st, out);
		keep_row(out, mem);
		if (json != NULL)
			*json = arena_dup(mem, db_text(st, ROW_COLUMN_COUNT));
		if (arena_full(mem))
			rc = err_errno(e, ENOMEM, "reading an alert");
	}
	db_reset(st);
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
	if (rc != 0 ||
	    record_change(d, to == ALERT_OPEN ? "alert.reopen" : "alert.close", id, actor, reason,
		comment, now, e) != 0)
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

/* --- lists --- */

struct place {
	int64_t last_seen;
	struct slice id;
};

char *
alert_cursor_format(const struct alert_row *last, char buf[ALERT_CURSOR_MAX])
{
	snprintf(buf, ALERT_CURSOR_MAX, "%016" PRIx64 "%s", (uint64_t)last->last_seen.us, last->id);
	return buf;
}

static bool
read_cursor(struct slice cursor, struct place *out)
{
	uint64_t v = 0;

	if (cursor.len != 16 + ALERT_ID_LEN)
		return false;
	for (size_t i = 0; i < cursor.len; i++) {
		uint8_t c = cursor.ptr[i];
		unsigned digit = 16;

		if (c >= '0' && c <= '9')
			digit = c - (unsigned)'0';
		else if (c >= 'a' && c <= 'f')
			digit = c - (unsigned)'a' + 10;
		if (digit == 16)
			return false;
		if (i < 16)
			v = v << 4 | digit;
	}
	*out = (struct place){(int64_t)v, slice_from(cursor, 16)};
	return true;
}

bool
alert_cursor_valid(struct slice cursor)
{
	struct place p;

	return read_cursor(cursor, &p);
}

struct words {
	size_t n;
	struct slice at[WORDS_MAX];
};

static bool
is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* In lower case, in mem.  U+3000, the wide space of Japanese keyboards, divides too. */
static void
split_words(struct slice text, struct arena *mem, struct words *out)
{
	struct slice rest = arena_dup(mem, text);

	out->n = 0;
	if (rest.ptr != NULL)
		lower((uint8_t *)(uintptr_t)rest.ptr, rest.len);
	while (rest.len > 0 && out->n < WORDS_MAX) {
		size_t n = 0;

		while (n < rest.len && !is_space(rest.ptr[n]) &&
		    !slice_starts(slice_from(rest, n), SLICE("\xe3\x80\x80")))
			n++;
		if (n > 0)
			out->at[out->n++] = slice_first(rest, n);
		rest = slice_from(rest, n);
		if (rest.len > 0)
			rest = slice_from(rest, is_space(rest.ptr[0]) ? 1 : 3);
	}
}

static bool
has_words(struct slice search, const struct words *words)
{
	for (size_t i = 0; i < words->n; i++)
		if (slice_search(search, words->at[i]) == SIZE_MAX)
			return false;
	return true;
}

#define LIST_HEAD "SELECT " ROW_COLUMNS ", a.search FROM alert a WHERE"
#define LIST_TAIL                                                                                  \
	" AND (a.last_seen, a.id) < ($3, $4) AND (($5 >> a.level) & 1) = 1"                        \
	" AND ($6 IS NULL OR a.detector = $6) ORDER BY a.last_seen DESC, a.id DESC"

/* One text for each way through the list, so that each finds its index. */
static const char *const list_sql[2][2] = {
    {LIST_HEAD SCOPE_SQL("$1", "$2", "a.institution") LIST_TAIL,
	LIST_HEAD SCOPE_SQL("$1", "$2", "a.institution") " AND a.status = $7" LIST_TAIL},
    {LIST_HEAD SCOPE_SQL("$1", "$2", "a.institution") " AND a.institution = $8" LIST_TAIL,
	LIST_HEAD SCOPE_SQL("$1", "$2", "a.institution") " AND a.institution = $8 AND a.status = $7"
							 LIST_TAIL},
};

/* The one institution that can be in the list, if there is only one; else absent. */
static struct slice
only_institution(const struct scope *scope, const struct alert_filter *filter)
{
	struct slice inner = scope->list;

	if (filter->institution.ptr != NULL)
		return filter->institution;
	if (scope->all || inner.len < 3)
		return (struct slice){0};
	inner = slice_first(slice_from(inner, 1), inner.len - 2); /* ",a," */
	return slice_find(inner, ',') == SIZE_MAX ? inner : (struct slice){0};
}

static int
prepare_list(struct db *d, const struct scope *scope, const struct alert_filter *filter,
    struct slice cursor, struct db_stmt **out, struct err *e)
{
	struct place from = {INT64_MAX, SLICE("~")}; /* beyond any time and id */
	struct slice institution = only_institution(scope, filter);
	bool one = institution.ptr != NULL, by_status = filter->only_open != filter->only_closed;
	struct db_stmt *st;

	if (cursor.ptr != NULL && !read_cursor(cursor, &from))
		return err_set(e, "this is no cursor of an alert list");
	if (db_prepare(d, list_sql[one][by_status], &st, e) != 0)
		return -1;
	scope_bind(st, 1, scope);
	db_bind_int(st, 3, from.last_seen);
	db_bind_text(st, 4, from.id);
	db_bind_int(st, 5, filter->levels == 0 ? ~0u : filter->levels);
	db_bind_text(st, 6, filter->detector);
	if (by_status)
		db_bind_int(st, 7, filter->only_open ? ALERT_OPEN : ALERT_CLOSED);
	if (one)
		db_bind_text(st, 8, institution);
	*out = st;
	return 0;
}

int
alert_db_list(struct db *d, const struct scope *scope, const struct alert_filter *filter,
    struct slice cursor, unsigned limit, struct arena *mem, struct alert_page *out, struct err *e)
{
	struct words words;
	struct db_stmt *st = NULL;
	unsigned scanned = 0;
	struct alert_row last; /* looked at */
	int rc;

	out->n = 0;
	out->next[0] = '\0';
	if (limit > ALERT_PAGE_MAX)
		limit = ALERT_PAGE_MAX;
	split_words(filter->words, mem, &words);
	if (prepare_list(d, scope, filter, cursor, &st, e) != 0)
		return -1;
	while ((rc = db_step(st, e)) == 1) {
		if (out->n == limit || scanned++ == ALERT_SCAN_MAX) {
			alert_cursor_format(&last, out->next);
			break;
		}
		borrow_row(st, &last);
		if (!has_words(db_text(st, ROW_COLUMN_COUNT), &words))
			continue;
		out->rows[out->n] = last;
		keep_row(&out->rows[out->n++], mem);
	}
	if (rc >= 0)
		rc = arena_full(mem) ? err_errno(e, ENOMEM, "listing alerts") : 0;
	db_reset(st);
	return rc;
}

int
alert_db_changes(struct db *d, const struct scope *scope, int64_t after, unsigned limit,
    alert_on_row *fn, void *ctx, struct err *e)
{
	struct alert_row row;
	struct db_stmt *st;
	int rc;

	if (db_prepare(d,
		"SELECT " ROW_COLUMNS " FROM alert a WHERE a.version > $3 AND" SCOPE_SQL(
		    "$1", "$2", "a.institution") "ORDER BY a.version LIMIT $4",
		&st, e) != 0)
		return -1;
	scope_bind(st, 1, scope);
	db_bind_int(st, 3, after);
	db_bind_int(st, 4, limit);
	while ((rc = db_step(st, e)) == 1) {
		borrow_row(st, &row);
		if (fn(ctx, &row, e) != 0) {
			db_reset(st);
			return -1;
		}
	}
	return rc;
}
