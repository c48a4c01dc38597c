/*
 * serve.h - the serve role: what its parts share, and one request on its way through them.
 */
#ifndef HINOMI_SERVER_SERVE_H
#define HINOMI_SERVER_SERVE_H

#include "center/config.h"
#include "center/role.h"
#include "pki/ca.h"
#include "registry/registry.h"
#include "registry/throttle.h"
#include "registry/users.h"
#include "http/http.h"
#include "server/metrics.h"
#include "server/problem.h"
#include "server/route.h"
#include "store/audit.h"
#include "store/batchlog.h"

struct hasher;
struct ingest;
struct streams;

struct serve {
	const struct role_env *env;
	struct center_config config;
	struct loop *loop;
	struct db *db;
	struct batchlog *log;
	struct ca *ca;
	struct http *node, *console;
	const struct slice *hosts; /* names that the console answers for */
	size_t n_hosts;
	struct throttle *throttle;
	struct hasher *hasher;
	struct ingest *ingest;
	struct streams *streams;
	struct metrics metrics;
};

/*
 * A request that was let in: what the route's row promised is filled in.  Lives
 * in the request's arena.
 */
struct visit {
	struct serve *serve;
	struct request *r;
	const struct route *route;
	struct slice part[ROUTE_PARTS_MAX]; /* of the path, decoded */
	struct slice secret;		    /* of the session, if any */
	struct session session;		    /* WHO_USER and more */
	struct node node;		    /* WHO_NODE */

	/* Whoever keeps a visit until later is told when its request dies before. */
	void (*on_gone)(struct visit *v);
	void *waiting;
};

/* What the requests of both listeners pass first: front.c. */
struct http_owner front_node(struct serve *s);
struct http_owner front_console(struct serve *s);

/* The visit's scope: what its person may see. */
static inline const struct scope *
visit_scope(const struct visit *v)
{
	return &v->session.user.scope;
}

/* -- small things that handlers share: visit.c ------------------------------- */

/* Log the story and answer 500; or 503 where the store says that it is full or busy. */
void visit_fail(struct visit *v, const struct err *e);

/* The body as a JSON object, owned by the caller; NULL: refused, and answered. */
struct json;
struct json *visit_json(struct visit *v, size_t bytes_max);

/* 400 with this story (which names a member, never its value). */
void visit_refuse_body(struct visit *v, const struct err *e);

/* Answer 200 with what was built; 500 where it failed to fit. */
void visit_answer_json(struct visit *v, unsigned status, struct buf *json);

/* An audit row by this visitor, inside the open transaction. */
int visit_audit(struct visit *v, const char *action, const char *object_kind,
    struct slice object, struct slice detail, struct err *e);

#endif
