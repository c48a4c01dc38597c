/*
 * web.h - the one door to libcurl: HTTPS requests inside our loop.
 *
 * Connections are kept and used again.  A request is answered exactly once, by
 * its callback, from the loop; after web_free() no callback comes any more.
 */
#ifndef HINOMI_NODE_WEB_H
#define HINOMI_NODE_WEB_H

#include "base/err.h"
#include "base/instant.h"
#include "base/slice.h"
#include "sys/loop.h"

#define WEB_ANSWER_MAX	(256 * 1024) /* bytes of an answer's body; a longer one is a failure */
#define WEB_HEADERS_MAX 16

struct web;

struct web_answer {
	long status; /* 0: there was none, and `err` says why */
	struct slice body;
	struct span retry_after; /* 0: not said */
	struct instant date;	 /* of the server's clock; 0: not said */
	struct err err;
};

typedef void web_on_answer(void *ctx, const struct web_answer *a);

/* Everything is copied but `body`, which must live until the answer. */
struct web_request {
	const char *url;
	struct slice body;	    /* absent: GET, otherwise POST */
	const char *const *headers; /* "Name: value", ended by NULL */
	const char *ca_file;	    /* the only CA to trust; NULL: nobody is verified */
	const char *client_file;    /* PEM with our certificate and its key, or NULL */
	const char *proxy;	    /* or NULL */
	struct span timeout;
	bool fresh; /* do not use a kept connection */
	web_on_answer *fn;
	void *ctx;
};

int web_new(struct web **out, struct loop *l, unsigned connections, struct err *e);
void web_free(struct web *w); /* NULL is welcome */

/* -1: not sent, and no callback will come. */
int web_send(struct web *w, const struct web_request *r, struct err *e);

/* "a b" to "a%20b"; false when it does not fit. */
bool web_escape(struct slice s, char *out, size_t size);

#endif
