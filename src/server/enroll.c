/*
 * enroll.c - how a hospital's machine becomes a node: enrolment, renewal, the CA's certificate.
 *
 * A token enrols one node.  Using it up, making the node's row and the audit
 * record are one transaction, committed only after the certificate is signed: a
 * bad request does not cost the token, and a crash leaves no node without one.
 */
#include "server/handlers.h"
#include "server/serve.h"
#include "sys/log.h"
#include "text/json.h"

#define BODY_MAX (32 * 1024)

/* Guessing tokens is hopeless (256 bits), but need not be fast either. */
static const struct slice throttle_name = SLICE_LITERAL("(enrolment)");

void
enroll_on_ca(struct visit *v)
{
	request_answer(v->r, 200, "application/x-pem-file", ca_certificate(v->serve->ca));
}

static void
answer_certificate(
    struct visit *v, struct slice cert_pem, const struct institution *i, const char *node_id)
{
	struct buf body = BUF_INIT(64 * 1024);
	struct json_out o = json_out_to(&body);

	json_open_object(&o, NULL);
	json_put_string(&o, "certificate", cert_pem);
	json_put_string(&o, "ca", ca_certificate(v->serve->ca));
	if (i != NULL) {
		json_put_str(&o, "node", node_id);
		json_open_object(&o, "institution");
		json_put_string(&o, "id", i->id);
		json_put_string(&o, "name", i->name);
		json_close_object(&o);
	}
	json_close_object(&o);
	visit_answer_json(v, 200, &body);
}

static void
refuse_token(struct visit *v, enum token_answer answer)
{
	throttle_note_failure(
	    v->serve->throttle, throttle_name, slice_str(v->r->address), clock_now());
	log_warning("enrolment from %s refused: the token is %s", v->r->address,
	    answer == TOKEN_UNKNOWN ? "unknown"
	    : answer == TOKEN_USED  ? "used"
				    : "expired");
	problem_answer(v->r,
	    answer == TOKEN_UNKNOWN ? PROBLEM_TOKEN_REFUSED
	    : answer == TOKEN_USED  ? PROBLEM_TOKEN_USED
				    : PROBLEM_TOKEN_EXPIRED,
	    NULL, NULL);
}

/* Inside the transaction: 1 done, 0 refused and answered, -1 failed. */
static int
enroll(struct visit *v, struct slice token, struct slice csr, struct buf *cert, char *node_id,
    struct institution *i, struct err *e)
{
	struct serve *s = v->serve;
	struct instant now = clock_now();
	enum token_answer answer = registry_use_token(s->db, token, now,
	    instant_add(now, s->config.node_certificate_life), node_id, v->r->mem, i, e);

	if (answer == TOKEN_FAILED)
		return -1;
	if (answer != TOKEN_TAKEN) {
		refuse_token(v, answer);
		return 0;
	}
	switch (ca_sign_node(s->ca, csr, slice_str(node_id), now, cert, e)) {
	case CA_SIGNED:
		break;
	case CA_BAD_REQUEST:
		visit_refuse_body(v, e);
		return 0;
	case CA_FAILED:
		return -1;
	}
	return visit_audit(v, "node.enroll", "node", slice_str(node_id), SLICE(""), e) == 0
		   ? 1
		   : -1;
}

static int
read_enrolment(struct json *root, struct slice *token, struct slice *csr, struct err *e)
{
	struct slice version = {0}, whole, print;

	if (json_need_string(root, "token", 200, &whole, e) != 0 ||
	    json_need_string(root, "csr", CERT_PEM_MAX, csr, e) != 0 ||
	    json_want_string(root, "version", 64, &version, e) != 0)
		return -1;
	/* The part after the dot is the node's business: it pins our certificate by it. */
	print = whole;
	slice_cut(&print, '.', token);
	return 0;
}

void
enroll_on_post(struct visit *v)
{
	struct serve *s = v->serve;
	struct json *root = NULL;
	struct buf cert = BUF_INIT(CERT_PEM_MAX);
	struct institution i = {0};
	char node_id[NODE_ID_LEN + 1];
	struct slice token, csr;
	struct err e = {0};
	struct span wait =
	    throttle_wait(s->throttle, throttle_name, slice_str(v->r->address), clock_now());
	int rc = -1;

	if (wait.us > 0) {
		problem_answer_later(
		    v->r, PROBLEM_SLOW_DOWN, (unsigned)(wait.us / 1000000) + 1);
		return;
	}
	if ((root = visit_json(v, BODY_MAX)) == NULL)
		return;
	if (read_enrolment(root, &token, &csr, &e) != 0) {
		visit_refuse_body(v, &e);
		goto out;
	}
	if (db_begin(s->db, &e) == 0)
		rc = enroll(v, token, csr, &cert, node_id, &i, &e);
	if (rc == 1 && db_commit(s->db, &e) != 0)
		rc = -1;
	if (rc != 1)
		db_rollback(s->db);
	if (rc < 0)
		visit_fail(v, &e);
	if (rc == 1) {
		s->metrics.enrolments++;
		throttle_note_success(s->throttle, throttle_name, slice_str(v->r->address));
		log_info("enrolled node %s of %.*s", node_id, SLICE_ARG(i.id));
		answer_certificate(v, buf_slice(&cert), &i, node_id);
	}
out:
	buf_release(&cert);
	json_free(root);
}

static int
renew(struct visit *v, struct slice csr, struct buf *cert, struct err *e)
{
	struct serve *s = v->serve;
	struct instant now = clock_now();

	switch (ca_sign_node(s->ca, csr, v->node.id, now, cert, e)) {
	case CA_SIGNED:
		break;
	case CA_BAD_REQUEST:
		visit_refuse_body(v, e);
		return 0;
	case CA_FAILED:
		return -1;
	}
	if (registry_renew_node(
		s->db, v->node.id, instant_add(now, s->config.node_certificate_life), e) < 0 ||
	    visit_audit(v, "node.renew", "node", v->node.id, SLICE(""), e) != 0)
		return -1;
	return 1;
}

void
enroll_on_renew(struct visit *v)
{
	struct serve *s = v->serve;
	struct json *root = visit_json(v, BODY_MAX);
	struct buf cert = BUF_INIT(CERT_PEM_MAX);
	struct slice csr;
	struct err e = {0};
	int rc = -1;

	if (root == NULL)
		return;
	if (json_need_string(root, "csr", CERT_PEM_MAX, &csr, &e) != 0) {
		visit_refuse_body(v, &e);
		goto out;
	}
	if (db_begin(s->db, &e) == 0)
		rc = renew(v, csr, &cert, &e);
	if (rc == 1 && db_commit(s->db, &e) != 0)
		rc = -1;
	if (rc != 1)
		db_rollback(s->db);
	if (rc < 0)
		visit_fail(v, &e);
	if (rc == 1) {
		s->metrics.renewals++;
		log_info("renewed the certificate of node %.*s", SLICE_ARG(v->node.id));
		answer_certificate(v, buf_slice(&cert), NULL, NULL);
	}
out:
	buf_release(&cert);
	json_free(root);
}
