/* alerts_api.c - the queue of alerts, one alert, closing and reopening it. */
#include "incident/alert_db.h"
#include "server/handlers.h"
#include "server/idempotency.h"
#include "server/serve.h"
#include "server/streams.h"
#include "server/write.h"
#include "text/json.h"

#define ANSWER_MAX    (16 * 1024 * 1024)
#define BODY_MAX      (16 * 1024)
#define COMMENT_MAX   2000
#define WORDS_MAX     800 /* bytes: 200 characters */
#define LIMIT_DEFAULT 50

/* -- listing -------------------------------------------------------------------- */

static bool
read_levels(struct slice text, unsigned *out)
{
	struct slice part;
	enum level l;

	if (text.ptr == NULL)
		return true;
	while (slice_cut(&text, ',', &part)) {
		if (!level_by_name(part, &l))
			return false;
		*out |= 1u << l;
	}
	return true;
}

/* NULL, or the parameter that is wrong. */
static const char *
read_filter(struct request *r, struct alert_filter *out, unsigned *limit)
{
	struct slice status = request_query(r, "status"), count = request_query(r, "limit");
	uint64_t n = LIMIT_DEFAULT;

	*out = (struct alert_filter){0};
	if (status.ptr == NULL || slice_is(status, "open"))
		out->only_open = true;
	else if (slice_is(status, "closed"))
		out->only_closed = true;
	else if (!slice_is(status, "all"))
		return "status";
	if (!read_levels(request_query(r, "level"), &out->levels))
		return "level";
	out->institution = request_query(r, "institution");
	if (out->institution.ptr != NULL && !institution_id_valid(out->institution))
		return "institution";
	out->detector = request_query(r, "detector");
	if (out->detector.ptr != NULL && (out->detector.len == 0 || out->detector.len > 32))
		return "detector";
	out->words = request_query(r, "q");
	if (out->words.len > WORDS_MAX)
		return "q";
	if (count.ptr != NULL && (!slice_to_u64(count, &n) || n < 1 || n > ALERT_PAGE_MAX))
		return "limit";
	*limit = (unsigned)n;
	return NULL;
}

static void
refuse_parameter(struct visit *v, const char *name)
{
	char *en = arena_printf(
	    v->r->mem, "The parameter \"%s\" has a value that is not allowed.", name);
	char *ja = arena_printf(v->r->mem, "パラメーター「%s」の値が許されない値です。", name);

	problem_answer(v->r, PROBLEM_BAD_PARAMETER, en, ja);
}

/* Institutions have few names and a page many rows: look among those read once. */
static struct slice
name_of(const struct institution_list *list, struct slice id)
{
	for (size_t i = 0; i < list->n; i++)
		if (slice_equal(list->at[i].id, id))
			return list->at[i].name;
	return id;
}

void
alerts_on_list(struct visit *v)
{
	struct slice cursor = request_query(v->r, "cursor");
	struct buf body = BUF_INIT(ANSWER_MAX);
	struct json_out o = json_out_to(&body);
	struct alert_page *page = arena_alloc(v->r->mem, sizeof(*page));
	struct institution_list names;
	struct alert_filter filter;
	struct err e = {0};
	unsigned limit;
	const char *wrong = read_filter(v->r, &filter, &limit);

	if (wrong != NULL) {
		refuse_parameter(v, wrong);
		return;
	}
	if (cursor.ptr != NULL && !alert_cursor_valid(cursor)) {
		problem_answer(v->r, PROBLEM_BAD_CURSOR, NULL, NULL);
		return;
	}
	if (page == NULL ||
	    registry_list_institutions(v->serve->db, visit_scope(v), v->r->mem, &names, &e) !=
		0 ||
	    alert_db_list(v->serve->db, visit_scope(v), &filter, cursor, limit, v->r->mem, page,
		&e) != 0) {
		visit_fail(v, &e);
		return;
	}
	json_open_object(&o, NULL);
	json_open_array(&o, "items");
	for (size_t i = 0; i < page->n; i++)
		write_alert_summary(
		    &o, &page->rows[i], name_of(&names, page->rows[i].institution));
	json_close_array(&o);
	json_put_str(&o, "next", page->next[0] == '\0' ? NULL : page->next);
	json_close_object(&o);
	visit_answer_json(v, 200, &body);
}

/* -- one ------------------------------------------------------------------------ */

/* 1 with the alert's JSON in *body; 0: not there; -1. */
static int
read_alert(struct visit *v, struct buf *body, struct err *e)
{
	struct db *db = v->serve->db;
	struct institution i;
	struct alert_row row;
	struct slice stored;
	int rc = alert_db_get(db, visit_scope(v), v->part[0], v->r->mem, &row, &stored, e);

	if (rc != 1)
		return rc;
	if ((rc = registry_find_institution(
		 db, visit_scope(v), row.institution, v->r->mem, &i, e)) < 0)
		return rc;
	write_alert(body, &row, stored, rc == 1 ? i.name : row.institution);
	return body->failed ? err_set(e, "the alert is too large") : 1;
}

void
alerts_on_get(struct visit *v)
{
	struct buf body = BUF_INIT(ANSWER_MAX);
	struct err e = {0};
	int rc = read_alert(v, &body, &e);

	if (rc == 1) {
		visit_answer_json(v, 200, &body);
		return;
	}
	buf_release(&body);
	if (rc < 0)
		visit_fail(v, &e);
	else
		problem_answer(v->r, PROBLEM_NOT_FOUND, NULL, NULL);
}

/* -- closing and reopening ------------------------------------------------------- */

struct change {
	bool close;
	struct slice reason, comment;
};

static enum alert_answer
apply(struct visit *v, const struct change *c, struct err *e)
{
	struct db *db = v->serve->db;
	char *actor = arena_printf(v->r->mem, "user:%.*s", SLICE_ARG(v->session.user.name));

	if (actor == NULL) {
		err_set(e, "out of memory");
		return ALERT_FAILED;
	}
	if (c->close)
		return alert_db_close(db, visit_scope(v), v->part[0], slice_str(actor),
		    c->reason, c->comment, clock_now(), e);
	return alert_db_reopen(
	    db, visit_scope(v), v->part[0], slice_str(actor), clock_now(), e);
}

static void
answer_refusal(
    struct visit *v, const struct change *c, enum alert_answer answer, const struct err *e)
{
	if (answer == ALERT_UNKNOWN)
		problem_answer(v->r, PROBLEM_NOT_FOUND, NULL, NULL);
	else if (answer == ALERT_ALREADY)
		problem_answer(
		    v->r, c->close ? PROBLEM_ALREADY_CLOSED : PROBLEM_NOT_CLOSED, NULL, NULL);
	else
		visit_fail(v, e);
}

/* The change, its audit record and its answer's copy are one transaction. */
static void
change_alert(struct visit *v, const struct change *c)
{
	struct db *db = v->serve->db;
	struct buf body = BUF_INIT(ANSWER_MAX);
	enum alert_answer answer = ALERT_FAILED;
	struct err e = {0};

	if (idempotency_answer(v))
		return;
	if (db_begin(db, &e) == 0)
		answer = apply(v, c, &e);
	if (answer == ALERT_DONE &&
	    (read_alert(v, &body, &e) != 1 ||
		idempotency_keep(v, 200, buf_slice(&body), &e) != 0 || db_commit(db, &e) != 0))
		answer = ALERT_FAILED;
	if (answer == ALERT_DONE) {
		streams_look(v->serve->streams);
		visit_answer_json(v, 200, &body);
		return;
	}
	db_rollback(db);
	buf_release(&body);
	answer_refusal(v, c, answer, &e);
}

void
alerts_on_close(struct visit *v)
{
	struct json *root = visit_json(v, BODY_MAX);
	struct change c = {.close = true, .comment = SLICE("")};
	struct err e = {0};

	if (root == NULL)
		return;
	if (json_need_string(root, "reason", 32, &c.reason, &e) != 0 ||
	    json_want_string(root, "comment", COMMENT_MAX, &c.comment, &e) != 0)
		visit_refuse_body(v, &e);
	else if (!alert_reason_known(c.reason))
		problem_answer(v->r, PROBLEM_BAD_BODY,
		    "\"reason\" must be true_positive, false_positive, benign or duplicate.",
		    "reason は true_positive、false_positive、benign、duplicate "
		    "のいずれかです。");
	else
		change_alert(v, &c);
	json_free(root);
}

void
alerts_on_reopen(struct visit *v)
{
	const struct change c = {.close = false};

	change_alert(v, &c);
}
