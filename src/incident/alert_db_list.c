/*
 * alert_db_list.c - the alerts' SQL for reading: one, lists, changes, counts.
 *
 * Three indexes carry the three ways through a list (all, by status, by
 * institution), each with the columns that filters look at, so a row itself is
 * read only when it is shown.  `alert_tally` has the counts, so the console's
 * header costs nothing however many alerts there are.
 */
#include "incident/alert_db.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "incident/alert_search.h"

/* --- reading rows --- */

#define ROW_COLUMNS                                                                            \
	"a.id, a.status, a.first_seen, a.last_seen, a.raised, a.count, a.version, "            \
	"a.institution,"                                                                       \
	" a.source, a.detector, a.rule_id, a.title_en, a.title_ja, a.level, a.severity, "      \
	"a.attack,"                                                                            \
	" a.entity_kind, a.entity, a.closed_at, a.closed_by, a.closed_reason, "                \
	"a.closed_comment"
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

int
alert_db_version(struct db *d, int64_t *out, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(d, "SELECT version FROM alert_version", &st, e) != 0 ||
	    db_step(st, e) != 1)
		return -1;
	*out = db_int(st, 0);
	db_reset(st);
	return 0;
}

int
alert_db_count_open(struct db *d, const struct scope *scope, struct slice institution,
    uint64_t count[LEVEL_CRITICAL + 1], struct err *e)
{
	struct db_stmt *st;
	int rc;

	memset(count, 0, (LEVEL_CRITICAL + 1) * sizeof(*count));
	if (db_prepare(d,
		"SELECT level, SUM(open) FROM alert_tally WHERE" SCOPE_SQL("$1", "$2",
		    "institution") "AND ($3 IS NULL OR institution = $3) GROUP BY level",
		&st, e) != 0)
		return -1;
	scope_bind(st, 1, scope);
	db_bind_text(st, 3, institution);
	while ((rc = db_step(st, e)) == 1)
		if (db_int(st, 0) >= 0 && db_int(st, 0) <= LEVEL_CRITICAL)
			count[db_int(st, 0)] = (uint64_t)db_int(st, 1);
	return rc;
}

/* --- lists --- */

struct place {
	int64_t last_seen;
	struct slice id;
};

char *
alert_cursor_format(const struct alert_row *last, char buf[ALERT_CURSOR_MAX])
{
	snprintf(
	    buf, ALERT_CURSOR_MAX, "%016" PRIx64 "%s", (uint64_t)last->last_seen.us, last->id);
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

#define LIST_HEAD "SELECT " ROW_COLUMNS ", a.search FROM alert a WHERE"
#define LIST_TAIL                                                                              \
	" AND (a.last_seen, a.id) < ($3, $4) AND (($5 >> a.level) & 1) = 1"                    \
	" AND ($6 IS NULL OR a.detector = $6) ORDER BY a.last_seen DESC, a.id DESC"

/* One text for each way through the list, so that each finds its index. */
static const char *const list_sql[2][2] = {
    {LIST_HEAD SCOPE_SQL("$1", "$2", "a.institution") LIST_TAIL,
	LIST_HEAD SCOPE_SQL("$1", "$2", "a.institution") " AND a.status = $7" LIST_TAIL},
    {LIST_HEAD SCOPE_SQL("$1", "$2", "a.institution") " AND a.institution = $8" LIST_TAIL,
	LIST_HEAD SCOPE_SQL(
	    "$1", "$2", "a.institution") " AND a.institution = $8 AND a.status = $7" LIST_TAIL},
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
	bool one = institution.ptr != NULL,
	     by_status = filter->only_open != filter->only_closed;
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
    struct slice cursor, unsigned limit, struct arena *mem, struct alert_page *out,
    struct err *e)
{
	struct alert_words words;
	struct db_stmt *st = NULL;
	unsigned scanned = 0;
	struct alert_row last; /* looked at */
	int rc;

	out->n = 0;
	out->next[0] = '\0';
	if (limit > ALERT_PAGE_MAX)
		limit = ALERT_PAGE_MAX;
	alert_split_words(filter->words, mem, &words);
	if (prepare_list(d, scope, filter, cursor, &st, e) != 0)
		return -1;
	while ((rc = db_step(st, e)) == 1) {
		if (out->n == limit || scanned++ == ALERT_SCAN_MAX) {
			alert_cursor_format(&last, out->next);
			break;
		}
		borrow_row(st, &last);
		if (!alert_has_words(db_text(st, ROW_COLUMN_COUNT), &words))
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
