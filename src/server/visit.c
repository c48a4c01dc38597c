/* visit.c - what handlers share: see serve.h. */
#include <errno.h>
#include <stdio.h>

#include "server/serve.h"
#include "sys/log.h"
#include "text/json.h"

void
visit_fail(struct visit *v, const struct err *e)
{
	if (request_is_answered(v->r))
		return;
	log_error("%s: %s", v->route->name, e->text);
	v->serve->metrics.requests_failed++;
	if (e->code == ENOSPC || e->code == EROFS || e->code == EBUSY || e->code == EDQUOT)
		problem_answer_later(v->r, PROBLEM_UNAVAILABLE, 5);
	else
		problem_answer(v->r, PROBLEM_INTERNAL, NULL, NULL);
}

void
visit_refuse_body(struct visit *v, const struct err *e)
{
	problem_answer(v->r, PROBLEM_BAD_BODY, e->text, NULL);
}

struct json *
visit_json(struct visit *v, size_t bytes_max)
{
	struct slice type = request_header(v->r, "Content-Type", NULL), bare;
	struct json *root = NULL;
	struct err e = {0};

	/* Other sites' forms can not send this type without asking first. */
	if (!slice_cut(&type, ';', &bare) ||
	    !slice_equal_nocase(slice_trim(bare), SLICE("application/json"))) {
		problem_answer(v->r, PROBLEM_BAD_BODY, NULL, NULL);
		return NULL;
	}
	if (json_parse(&root, v->r->body, bytes_max, &e) != 0) {
		visit_refuse_body(v, &e);
		return NULL;
	}
	if (json_kind_of(root) != JSON_IS_OBJECT) {
		problem_answer(v->r, PROBLEM_BAD_BODY, "The body must be a JSON object.",
		    "本文は JSON オブジェクトにしてください。");
		json_free(root);
		return NULL;
	}
	return root;
}

void
visit_answer_json(struct visit *v, unsigned status, struct buf *json)
{
	const struct err too_large = {.text = "the answer is too large"};

	if (json->failed)
		visit_fail(v, &too_large);
	else
		request_answer_buf(v->r, status, "application/json", json);
	buf_release(json);
}

int
visit_audit(struct visit *v, const char *action, const char *object_kind, struct slice object,
    struct slice detail, struct err *e)
{
	struct audit_entry entry = {
	    .at = clock_now(), .action = slice_str(action), .detail = detail};
	char *actor, *of;

	if (v->node.id.len > 0)
		actor = arena_printf(v->r->mem, "node:%.*s", SLICE_ARG(v->node.id));
	else if (v->session.user.name.len > 0)
		actor = arena_printf(v->r->mem, "user:%.*s", SLICE_ARG(v->session.user.name));
	else
		actor = arena_printf(v->r->mem, "address:%s", v->r->address);
	of = arena_printf(v->r->mem, "%s:%.*s", object_kind, SLICE_ARG(object));
	if (actor == NULL || of == NULL)
		return err_set(e, "out of memory");
	entry.actor = slice_str(actor);
	entry.object = slice_str(of);
	return audit_append(v->serve->db, &entry, e);
}
