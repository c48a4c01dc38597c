/*
 * front.c - what every request passes before its handler sees it.
 *
 * In this order: a name that is ours (against DNS rebinding), a route, a body
 * that is neither too large nor of unknown size, and whoever the route's row asks
 * for.  All of it is decided from the head, before a byte of the body is kept.
 */
#include <sodium.h>

#include "server/serve.h"
#include "sys/log.h"

#define COOKIE "__Host-hinomi"

/* "center.example:8440" or "[::1]:8440" without its port. */
static struct slice
strip_port(struct slice host)
{
	size_t at;

	if (host.len > 0 && host.ptr[0] == '[') {
		at = slice_find(host, ']');
		return at == SIZE_MAX ? host : slice_of(host.ptr + 1, at - 1);
	}
	at = slice_find(host, ':');
	return at == SIZE_MAX ? host : slice_first(host, at);
}

static bool
host_is_ours(const struct serve *s, struct request *r)
{
	bool repeated = false;
	struct slice host = strip_port(request_header(r, "Host", &repeated));

	for (size_t i = 0; i < s->n_hosts && !repeated; i++)
		if (slice_equal_nocase(host, s->hosts[i]))
			return true;
	return false;
}

/* -- who ---------------------------------------------------------------------- */

static void
admit_node(struct visit *v)
{
	const struct scope everyone = {.all = true};
	const struct tls_peer *peer = request_peer(v->r, clock_now());
	struct err e = {0};
	int rc;

	switch (peer->status) {
	case TLS_PEER_NONE:
		problem_answer(v->r, PROBLEM_NO_CERTIFICATE, NULL, NULL);
		return;
	case TLS_PEER_FOREIGN:
		problem_answer(v->r, PROBLEM_FOREIGN_CERTIFICATE, NULL, NULL);
		return;
	case TLS_PEER_EXPIRED:
		problem_answer(v->r, PROBLEM_CERTIFICATE_EXPIRED, NULL, NULL);
		return;
	case TLS_PEER_TRUSTED:
		break;
	}
	rc = registry_find_node(
	    v->serve->db, &everyone, slice_str(peer->name), v->r->mem, &v->node, &e);
	if (rc < 0)
		visit_fail(v, &e);
	else if (rc == 0 || v->node.revoked.us != 0)
		problem_answer(v->r, PROBLEM_NODE_REVOKED, NULL, NULL);
}

/* Fills in the session; true if there is one.  Answers where the store fails. */
static bool
find_session(struct visit *v)
{
	struct err e = {0};
	int rc;

	v->secret = arena_dup(v->r->mem, request_cookie(v->r, COOKIE));
	if (v->secret.len == 0)
		return false;
	rc = session_find(v->serve->db, v->secret, clock_now(), v->r->mem, &v->session, &e);
	if (rc < 0)
		visit_fail(v, &e);
	return rc == 1;
}

static bool
csrf_matches(struct visit *v)
{
	struct slice said = request_header(v->r, "Hinomi-Csrf", NULL);
	char want[CSRF_LEN + 1];

	session_csrf(v->secret, want);
	return said.len == CSRF_LEN && sodium_memcmp(said.ptr, want, CSRF_LEN) == 0;
}

static void
admit_user(struct visit *v)
{
	enum user_role role;

	if (!find_session(v)) {
		if (!request_is_answered(v->r))
			problem_answer(v->r, PROBLEM_NOT_SIGNED_IN, NULL, NULL);
		return;
	}
	role = v->session.user.role;
	if (v->route->method != HTTP_GET && !csrf_matches(v))
		problem_answer(v->r, PROBLEM_CSRF, NULL, NULL);
	else if ((v->route->who == WHO_SEES && !role_sees(role)) ||
		 (v->route->who == WHO_HANDLES && !role_handles(role)))
		problem_answer(v->r, PROBLEM_FORBIDDEN, NULL, NULL);
}

static void
admit_monitor(struct visit *v)
{
	const struct setting_texts *list = &v->serve->config.monitors;

	for (size_t i = 0; i < list->n; i++)
		if (slice_is(list->at[i], v->r->address))
			return;
	if (find_session(v) && role_manages(v->session.user.role))
		return;
	if (!request_is_answered(v->r))
		problem_answer(v->r, PROBLEM_FORBIDDEN, NULL, NULL);
}

static void
admit(struct visit *v)
{
	switch (v->route->who) {
	case WHO_ANYONE:
		break;
	case WHO_NODE:
		admit_node(v);
		break;
	case WHO_MONITOR:
		admit_monitor(v);
		break;
	case WHO_USER:
	case WHO_SEES:
	case WHO_HANDLES:
		admit_user(v);
		break;
	}
}

/* -- the passage -------------------------------------------------------------- */

static void
take_head(struct serve *s, struct request *r, enum route_listener listener)
{
	struct visit *v = arena_zalloc(r->mem, sizeof(*v));
	enum route_answer found;

	if (v == NULL) {
		problem_answer(r, PROBLEM_UNAVAILABLE, NULL, NULL);
		return;
	}
	v->serve = s;
	v->r = r;
	r->owner = v;
	if (listener == ROUTE_CONSOLE && !host_is_ours(s, r)) {
		problem_answer(r, PROBLEM_WRONG_HOST, NULL, NULL);
		return;
	}
	found = route_find(listener, r->method, r->path, &v->route, v->part);
	if (found != ROUTE_FOUND)
		problem_answer(r,
		    found == ROUTE_NO_PATH ? PROBLEM_NOT_FOUND : PROBLEM_METHOD_NOT_ALLOWED,
		    NULL, NULL);
	else if (r->length == HTTP_LENGTH_NOT_SAID)
		problem_answer(r, PROBLEM_LENGTH_REQUIRED, NULL, NULL);
	else if ((uint64_t)r->length > v->route->body_max)
		problem_answer(r, PROBLEM_TOO_LARGE, NULL, NULL);
	else {
		r->body_max = v->route->body_max;
		admit(v);
	}
	if (request_is_answered(r))
		s->metrics.requests_refused++;
}

static void
node_head(void *ctx, struct request *r)
{
	take_head(ctx, r, ROUTE_NODE);
}

static void
console_head(void *ctx, struct request *r)
{
	take_head(ctx, r, ROUTE_CONSOLE);
}

static void
take_whole(void *ctx, struct request *r)
{
	struct visit *v = r->owner;

	v->serve->metrics.requests++;
	v->route->handle(v);
}

static void
forget(void *ctx, struct request *r)
{
	struct visit *v = r->owner;

	if (v != NULL && v->on_gone != NULL)
		v->on_gone(v);
}

struct http_owner
front_node(struct serve *s)
{
	return (struct http_owner){s, node_head, take_whole, forget};
}

struct http_owner
front_console(struct serve *s)
{
	return (struct http_owner){s, console_head, take_whole, forget};
}
