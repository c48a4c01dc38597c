/*
 * session.c - signing in and out.
 *
 * An unknown name costs the same time and gets the same answer as a wrong
 * password.  A try counts as failed until it has succeeded, so sending many at
 * once gains nothing.
 */
#include <stdio.h>

#include <sodium.h>

#include "server/handlers.h"
#include "server/hasher.h"
#include "server/serve.h"
#include "sys/log.h"
#include "text/json.h"

#define BODY_MAX (8 * 1024)
#define COOKIE	 "__Host-hinomi"

/* A sign-in that waits for the password thread. */
struct login {
	struct slice name;
	struct user user;
	bool known;
};

static int
put_institutions(struct visit *v, const struct scope *scope, struct json_out *o, struct err *e)
{
	struct institution_list list;

	if (registry_list_institutions(v->serve->db, scope, v->r->mem, &list, e) != 0)
		return -1;
	json_open_array(o, "institutions");
	for (size_t i = 0; i < list.n; i++) {
		json_open_object(o, NULL);
		json_put_string(o, "id", list.at[i].id);
		json_put_string(o, "name", list.at[i].name);
		json_close_object(o);
	}
	json_close_array(o);
	return 0;
}

static void
answer_session(
    struct visit *v, const struct user *u, struct slice secret, struct instant expires)
{
	struct buf body = BUF_INIT(8 * 1024 * 1024);
	struct json_out o = json_out_to(&body);
	char csrf[CSRF_LEN + 1];
	struct err e = {0};

	session_csrf(secret, csrf);
	json_open_object(&o, NULL);
	json_open_object(&o, "user");
	json_put_string(&o, "name", u->name);
	json_put_str(&o, "role", role_name(u->role));
	json_put_string(&o, "language", u->language);
	json_close_object(&o);
	json_put_str(&o, "csrf", csrf);
	json_put_instant(&o, "expires", expires);
	if (put_institutions(v, &u->scope, &o, &e) != 0) {
		buf_release(&body);
		visit_fail(v, &e);
		return;
	}
	json_close_object(&o);
	visit_answer_json(v, 200, &body);
}

void
session_on_get(struct visit *v)
{
	answer_session(v, &v->session.user, v->secret, v->session.expires);
}

/* -- in ------------------------------------------------------------------------ */

static int
begin_session(struct visit *v, const struct login *l, char *secret, struct err *e)
{
	struct db *db = v->serve->db;

	if (db_begin(db, e) != 0)
		return -1;
	if (session_begin(db, l->name, slice_str(v->r->address), clock_now(), secret, e) == 0 &&
	    visit_audit(v, "session.begin", "user", l->name, SLICE(""), e) == 0 &&
	    db_commit(db, e) == 0)
		return 0;
	db_rollback(db);
	return -1;
}

static void
welcome(struct visit *v, const struct login *l)
{
	char secret[SESSION_SECRET_LEN + 1], cookie[200];
	struct err e = {0};

	if (begin_session(v, l, secret, &e) != 0) {
		visit_fail(v, &e);
		return;
	}
	throttle_note_success(v->serve->throttle, l->name, slice_str(v->r->address));
	v->serve->metrics.logins++;
	log_info("user %.*s signed in from %s", SLICE_ARG(l->name), v->r->address);
	snprintf(cookie, sizeof(cookie),
	    COOKIE "=%s; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=%lld", secret,
	    (long long)(SESSION_LIFE.us / 1000000));
	request_add_header(v->r, "Set-Cookie", cookie);
	answer_session(v, &l->user, slice_str(secret), instant_add(clock_now(), SESSION_IDLE));
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(cookie, sizeof(cookie));
}

static void
on_hashed(void *ctx, bool matches)
{
	struct visit *v = ctx;
	const struct login *l = v->waiting;

	v->on_gone = NULL;
	if (matches && l->known && !l->user.disabled) {
		welcome(v, l);
		return;
	}
	v->serve->metrics.logins_refused++;
	/* A name that is nobody's may be a password typed into the wrong field. */
	log_warning("sign-in as %.*s from %s refused",
	    SLICE_ARG(l->known ? l->name : SLICE("(unknown)")), v->r->address);
	problem_answer(v->r, PROBLEM_LOGIN_REFUSED, NULL, NULL);
}

static void
on_gone(struct visit *v)
{
	hasher_forget(v->serve->hasher, v);
}

static void
check_password(struct visit *v, struct slice name, struct slice password)
{
	struct serve *s = v->serve;
	struct login *l = arena_zalloc(v->r->mem, sizeof(*l));
	struct err e = {0};
	int rc;

	if (l == NULL) {
		problem_answer(v->r, PROBLEM_INTERNAL, NULL, NULL);
		return;
	}
	l->name = arena_dup(v->r->mem, name);
	if ((rc = users_find(s->db, name, v->r->mem, &l->user, &e)) < 0) {
		visit_fail(v, &e);
		return;
	}
	l->known = rc == 1;
	v->waiting = l;
	v->on_gone = on_gone;
	throttle_note_failure(s->throttle, name, slice_str(v->r->address), clock_now());
	if (!hasher_check(s->hasher, l->known ? l->user.password : (struct slice){0}, password,
		on_hashed, v)) {
		v->on_gone = NULL;
		problem_answer_later(v->r, PROBLEM_SLOW_DOWN, 2);
	}
}

void
session_on_post(struct visit *v)
{
	struct slice site = request_header(v->r, "Sec-Fetch-Site", NULL), name, password;
	struct json *root;
	struct err e = {0};
	struct span wait;

	/* Browsers say so when another site's page asks: nobody is signed in from there. */
	if (site.ptr != NULL && !slice_is(site, "same-origin") && !slice_is(site, "none")) {
		problem_answer(v->r, PROBLEM_CSRF, NULL, NULL);
		return;
	}
	if ((root = visit_json(v, BODY_MAX)) == NULL)
		return;
	if (json_need_string(root, "name", USER_NAME_MAX, &name, &e) != 0 ||
	    json_need_string(root, "password", PASSWORD_MAX, &password, &e) != 0 ||
	    name.len == 0 || password.len == 0 || password.len > PASSWORD_MAX)
		problem_answer(v->r, PROBLEM_BAD_BODY, e.text[0] == '\0' ? NULL : e.text, NULL);
	else if ((wait = throttle_wait(
		      v->serve->throttle, name, slice_str(v->r->address), clock_now()))
		     .us > 0) {
		v->serve->metrics.logins_slowed++;
		problem_answer_later(
		    v->r, PROBLEM_SLOW_DOWN, (unsigned)(wait.us / 1000000) + 1);
	} else
		check_password(v, name, password);
	json_free(root);
}

/* -- out ----------------------------------------------------------------------- */

void
session_on_delete(struct visit *v)
{
	struct db *db = v->serve->db;
	struct err e = {0};

	if (db_begin(db, &e) != 0 || session_end(db, v->session.hash, &e) != 0 ||
	    visit_audit(v, "session.end", "user", v->session.user.name, SLICE(""), &e) != 0 ||
	    db_commit(db, &e) != 0) {
		db_rollback(db);
		visit_fail(v, &e);
		return;
	}
	request_add_header(v->r, "Set-Cookie",
	    COOKIE "=; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=0");
	request_answer(v->r, 204, NULL, SLICE(""));
}
