/*
 * route.h - which handler an address belongs to, and who may use it.  Pure.
 */
#ifndef HINOMI_SERVER_ROUTE_H
#define HINOMI_SERVER_ROUTE_H

#include "http/http.h"

#define ROUTE_PARTS_MAX 2
#define BATCH_BODY_MAX	(300 * 1024)

enum route_listener { ROUTE_NODE, ROUTE_CONSOLE };

enum route_who {
	WHO_ANYONE,
	WHO_NODE,    /* shows a certificate of ours, and the registry knows it */
	WHO_MONITOR, /* an address of the setting "monitors", or an administrator */
	WHO_USER,    /* signed in */
	WHO_SEES,    /* and the role may see alerts and institutions */
	WHO_HANDLES, /* and may close alerts */
};

struct visit;

struct route {
	enum route_listener listener;
	enum http_method method;
	const char *pattern;
	enum route_who who;
	size_t body_max;
	void (*handle)(struct visit *v);
	const char *name; /* "POST /v1/batches" */
};

extern const struct route route_all[];
extern const size_t route_count;

enum route_answer { ROUTE_FOUND, ROUTE_NO_PATH, ROUTE_NO_METHOD };

/* parts[i] is what stood for the i-th "{...}": a slice of path. */
enum route_answer route_find(enum route_listener listener, enum http_method method,
    struct slice path, const struct route **out, struct slice parts[ROUTE_PARTS_MAX]);

#endif
