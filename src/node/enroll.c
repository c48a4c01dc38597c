/*
 * enroll.c - a one-time token becomes a certificate.
 *
 * The center's CA is fetched over a connection that trusts nobody, then compared
 * with the fingerprint in the token; only to a server that this CA vouches for
 * is the token's secret sent.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/identity.h"
#include "node/node.h"
#include "node/web.h"
#include "pki/cert.h"
#include "sys/file.h"
#include "text/json.h"

#define TIMEOUT SPAN_SECONDS(30)

struct exchange {
	struct loop *loop;
	long status;
	struct buf body;
	struct err err;
};

static void
on_answer(void *ctx, const struct web_answer *a)
{
	struct exchange *x = ctx;

	x->status = a->status;
	x->err = a->err;
	buf_add(&x->body, a->body);
	loop_stop(x->loop);
}

/* Send it and wait; 0 for a 200. */
static int
exchange(struct web *w, struct exchange *x, struct web_request *r, struct err *e)
{
	struct json *root = NULL;
	struct slice detail = {0};

	buf_reset(&x->body);
	r->fn = on_answer;
	r->ctx = x;
	r->timeout = TIMEOUT;
	if (web_send(w, r, e) != 0)
		return -1;
	loop_run(x->loop);
	if (x->status == 200)
		return 0;
	if (x->status == 0)
		return err_set(e, "%s: %.800s", r->url, x->err.text);
	if (json_parse(&root, buf_slice(&x->body), WEB_ANSWER_MAX, NULL) == 0)
		json_want_string(root, "detail", 600, &detail, NULL);
	err_set(e, "%s answered %ld%s%.*s", r->url, x->status, detail.len > 0 ? ": " : "",
	    SLICE_ARG(detail));
	json_free(root);
	return -1;
}

/* What the center gave us, checked, and written to disk. */
static int
accept_answer(const char *data_dir, struct identity *id, struct slice text, struct slice key,
    struct slice ca, const char *fingerprint, struct err *e)
{
	struct json *root = NULL;
	struct slice cert;
	int rc = -1;

	if (json_parse(&root, text, WEB_ANSWER_MAX, e) == 0 &&
	    json_need_string(root, "certificate", CERT_PEM_MAX, &cert, e) == 0 &&
	    json_need_chars(root, "node", id->node, sizeof(id->node), e) == 0 &&
	    json_need_chars(root, "institution.id", id->institution_id,
		sizeof(id->institution_id), e) == 0 &&
	    json_need_chars(root, "institution.name", id->institution_name,
		sizeof(id->institution_name), e) == 0 &&
	    cert_check_pinned(ca, fingerprint, cert, clock_now(), e) == 0 &&
	    cert_check_key(cert, key, e) == 0)
		rc = identity_save(data_dir, id, key, cert, ca, e);
	json_free(root);
	return rc;
}

/* "<secret>.<64 hexadecimal digits>" */
static int
split_token(const char *token, char fingerprint[CERT_PRINT_LEN + 1], struct err *e)
{
	const char *dot = strchr(token, '.');

	if (dot == NULL || strlen(dot + 1) != CERT_PRINT_LEN ||
	    strspn(dot + 1, "0123456789abcdef") != CERT_PRINT_LEN)
		return err_set(e,
		    "this is not a token: copy it whole, as `hinomi admin token` printed it");
	memcpy(fingerprint, dot + 1, CERT_PRINT_LEN + 1);
	return 0;
}

static int
write_request(const char *token, const char *version, struct slice csr, struct buf *out)
{
	struct json_out o = json_out_to(out);

	json_open_object(&o, NULL);
	json_put_str(&o, "token", token);
	json_put_string(&o, "csr", csr);
	json_put_str(&o, "version", version);
	json_close_object(&o);
	return out->failed ? -1 : 0;
}

static int
check_new(const char *data_dir, const char *center, struct err *e)
{
	struct identity id;
	struct err why;

	if (strncmp(center, "https://", 8) != 0 || strlen(center) > 300)
		return err_set(e, "\"%s\": the center's address is https://HOST:PORT", center);
	if (identity_load(&id, data_dir, &why) == 0)
		return err_set(e,
		    "this node is enrolled already (as %s of %s); to enrol it anew, move "
		    "%s/pki away first",
		    id.node, id.institution_name, data_dir);
	return 0;
}

int
node_enroll(const char *data_dir, const char *center, const char *token, const char *proxy,
    const char *version, struct err *e)
{
	static const char *const json_headers[] = {"Content-Type: application/json", NULL};
	struct exchange x = {.body = BUF_INIT(WEB_ANSWER_MAX)};
	struct identity id = {0};
	struct buf key = BUF_INIT(CERT_PEM_MAX), csr = BUF_INIT(CERT_PEM_MAX),
		   ca = BUF_INIT(CERT_PEM_MAX), body = BUF_INIT(4 * CERT_PEM_MAX);
	struct web *w = NULL;
	char fingerprint[CERT_PRINT_LEN + 1], url[400], ca_file[4200] = "", dir[4200];
	struct web_request fetch = {.url = url, .proxy = proxy}, send = fetch;
	int rc = -1;

	if (check_new(data_dir, center, e) != 0 || split_token(token, fingerprint, e) != 0)
		goto out;
	snprintf(id.center, sizeof(id.center), "%s", center);
	if (id.center[strlen(id.center) - 1] == '/')
		id.center[strlen(id.center) - 1] = '\0';
	if (loop_new(&x.loop, e) != 0 || web_new(&w, x.loop, 2, e) != 0)
		goto out;
	snprintf(url, sizeof(url), "%s/v1/ca", id.center);
	if (exchange(w, &x, &fetch, e) != 0)
		goto out;
	buf_add(&ca, buf_slice(&x.body));
	if (cert_check_pinned(buf_slice(&ca), fingerprint, (struct slice){0}, clock_now(), e) !=
	    0) {
		err_wrap(e, "%s is not the center that made this token", id.center);
		goto out;
	}
	snprintf(dir, sizeof(dir), "%s/pki", data_dir);
	snprintf(ca_file, sizeof(ca_file), "%.4100s/pki/ca.new", data_dir);
	if (file_make_dirs(dir, 0700, e) != 0 ||
	    file_write_atomic(ca_file, buf_slice(&ca), 0644, e) != 0 ||
	    cert_make_key(&key, e) != 0 ||
	    cert_make_request(buf_slice(&key), SLICE("node"), &csr, e) != 0)
		goto out;
	if (write_request(token, version, buf_slice(&csr), &body) != 0) {
		err_set(e, "the token is too long");
		goto out;
	}
	snprintf(url, sizeof(url), "%s/v1/enroll", id.center);
	send.body = buf_slice(&body);
	send.headers = json_headers;
	send.ca_file = ca_file;
	send.fresh = true; /* the first connection was verified by nobody */
	if (exchange(w, &x, &send, e) != 0)
		goto out;
	rc = accept_answer(
	    data_dir, &id, buf_slice(&x.body), buf_slice(&key), buf_slice(&ca), fingerprint, e);
out:
	if (ca_file[0] != '\0')
		unlink(ca_file);
	web_free(w);
	if (x.loop != NULL)
		loop_free(x.loop);
	cert_wipe(&key);
	cert_wipe(&body);
	buf_release(&csr);
	buf_release(&ca);
	buf_release(&x.body);
	return rc;
}
