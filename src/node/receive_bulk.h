/*
 * receive_bulk.h - take what Elasticsearch's _bulk takes: Filebeat, Winlogbeat, Vector,
 * Logstash.
 *
 * A small part of its API: enough that such senders believe to speak with it.
 * One listener may serve several sources, told apart by index.  A request is
 * answered 200 only after its documents are durable in the spool, and 429 while
 * there is no room: then the sender keeps them.
 */
#ifndef HINOMI_NODE_RECEIVE_BULK_H
#define HINOMI_NODE_RECEIVE_BULK_H

#include "node/intake.h"
#include "sys/loop.h"

struct bulk_listener;

/* The sources of one listener; an intake of its own each. */
struct bulk_route {
	const char *index; /* NULL: what no other route takes */
	struct intake *intake;
};

struct bulk_options {
	const char *address;
	const struct bulk_route *routes; /* copied */
	size_t n_routes;
	struct slice user,
	    secret; /* Basic, or with an empty user an API key; both empty: anyone */
	void (*on_lines)(void *ctx);
	void *ctx;
};

int bulk_listener_open(
    struct bulk_listener **out, struct loop *l, const struct bulk_options *o, struct err *e);
void bulk_listener_close(struct bulk_listener *b); /* NULL is welcome */

/* The transaction with everything in the intakes was committed: answer who waits. */
void bulk_listener_committed(struct bulk_listener *b);

/* It failed: who waits is told to come again, and what they sent is forgotten here. */
void bulk_listener_rolled_back(struct bulk_listener *b);

/* Refuse from now on (or no more): the spool takes nothing. */
void bulk_listener_hold(struct bulk_listener *b, bool hold);

#endif
