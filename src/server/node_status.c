/*
 * node_status.c - POST /v1/status: what a node says about itself every few seconds.
 *
 * All of it is what the hospital's machine claims: shown to people, bounded, and
 * never decided by.
 */
#include "server/handlers.h"
#include "server/serve.h"
#include "text/json.h"

#define BODY_MAX   (256 * 1024)
#define ERRORS_MAX 16
#define ERROR_MAX  400

/* The spool's numbers, written anew so that nothing else comes along. */
static int
read_spool(const struct json *root, struct buf *out, struct err *e)
{
	const struct json *spool = NULL;
	struct json_out o = json_out_to(out);
	int64_t bytes = 0, batches = 0, limit = 0;
	struct instant oldest = {0};

	if (json_want_object(root, "spool", &spool, e) != 0)
		return -1;
	if (spool == NULL)
		return 0;
	if (json_need_int(spool, "bytes", 0, INT64_MAX, &bytes, e) != 0 ||
	    json_need_int(spool, "batches", 0, INT64_MAX, &batches, e) != 0 ||
	    json_need_int(spool, "limit", 0, INT64_MAX, &limit, e) != 0 ||
	    json_want_instant(spool, "oldest", &oldest, e) != 0)
		return err_wrap(e, "\"spool\"");
	json_open_object(&o, NULL);
	json_put_int(&o, "bytes", bytes);
	json_put_int(&o, "batches", batches);
	if (oldest.us == 0)
		json_put_null(&o, "oldest");
	else
		json_put_instant(&o, "oldest", oldest);
	json_put_int(&o, "limit", limit);
	json_close_object(&o);
	return 0;
}

static int
read_errors(const struct json *item, struct buf *out, struct err *e)
{
	const struct json *list = NULL;
	struct json_out o = json_out_to(out);

	if (json_want_array(item, "errors", ERRORS_MAX, &list, e) != 0)
		return -1;
	json_open_array(&o, NULL);
	for (size_t i = 0; i < json_count(list); i++) {
		struct slice text = json_text(json_item(list, i));

		json_put_string(
		    &o, NULL, slice_first(text.ptr == NULL ? SLICE("") : text, ERROR_MAX));
	}
	json_close_array(&o);
	return out->failed ? err_set(e, "\"errors\" is too large") : 0;
}

static int
read_source(struct visit *v, const struct json *item, struct source *out, struct err *e)
{
	struct buf errors = BUF_INIT(2 * ERRORS_MAX * ERROR_MAX + 1024);
	struct source s = {.institution = v->node.institution, .node = v->node.id};
	int rc = -1;

	if (json_need_string(item, "name", SOURCE_NAME_MAX, &s.name, e) == 0 &&
	    json_want_string(item, "codec", 64, &s.codec, e) == 0 &&
	    json_want_int(item, "lines", 0, INT64_MAX, &s.lines, e) == 0 &&
	    json_want_int(item, "read_bytes", 0, INT64_MAX, &s.read_bytes, e) == 0 &&
	    json_want_int(item, "lag_bytes", 0, INT64_MAX, &s.lag_bytes, e) == 0 &&
	    json_want_int(item, "dropped_lines", 0, INT64_MAX, &s.dropped_lines, e) == 0 &&
	    json_want_instant(item, "last_line", &s.last_line, e) == 0 &&
	    read_errors(item, &errors, e) == 0) {
		if (s.name.len == 0 || s.name.len > SOURCE_NAME_MAX)
			err_set(e, "\"name\" must have 1 to %d bytes", SOURCE_NAME_MAX);
		else {
			s.errors = arena_dup(v->r->mem, buf_slice(&errors));
			*out = s;
			rc = 0;
		}
	}
	buf_release(&errors);
	return rc;
}

/* A whole report, read before anything of it is stored. */
struct report {
	struct slice version;
	struct buf spool;
	size_t n;
	struct source sources[SOURCES_PER_NODE_MAX];
};

static int
read_report(struct visit *v, const struct json *root, struct report *out, struct err *e)
{
	const struct json *sources = NULL;

	out->version = SLICE("");
	out->spool = BUF_INIT(1024);
	if (json_want_string(root, "version", 64, &out->version, e) != 0 ||
	    json_want_array(root, "sources", SOURCES_PER_NODE_MAX, &sources, e) != 0 ||
	    read_spool(root, &out->spool, e) != 0)
		return -1;
	for (; out->n < json_count(sources); out->n++)
		if (read_source(v, json_item(sources, out->n), &out->sources[out->n], e) != 0)
			return err_wrap(e, "source %zu", out->n + 1);
	return 0;
}

static int
store_report(struct visit *v, const struct report *rep, struct err *e)
{
	struct db *db = v->serve->db;

	if (db_begin(db, e) != 0)
		return -1;
	if (registry_note_status(
		db, v->node.id, rep->version, buf_slice(&rep->spool), clock_now(), e) < 0)
		goto failed;
	for (size_t i = 0; i < rep->n; i++)
		if (registry_note_source(db, &rep->sources[i], e) != 0)
			goto failed;
	if (db_commit(db, e) == 0)
		return 0;
failed:
	db_rollback(db);
	return -1;
}

void
node_status_on_post(struct visit *v)
{
	struct json *root = visit_json(v, BODY_MAX);
	struct report *rep;
	struct err e = {0};

	if (root == NULL)
		return;
	if ((rep = arena_zalloc(v->r->mem, sizeof(*rep))) == NULL)
		problem_answer(v->r, PROBLEM_UNAVAILABLE, NULL, NULL);
	else if (read_report(v, root, rep, &e) != 0)
		visit_refuse_body(v, &e);
	else if (store_report(v, rep, &e) != 0)
		visit_fail(v, &e);
	else
		request_answer_static(v->r, 200, "application/json", SLICE("{}"));
	if (rep != NULL)
		buf_release(&rep->spool);
	json_free(root);
}
