/*
 * forward.h - from the spool to the center, and what the two say to each other.
 *
 * Several batches travel at once, each over its own kept connection; their order
 * does not matter, because they carry numbers.  A batch leaves the spool only
 * after 200.  While the center cannot be reached, one batch knocks with growing
 * pauses and the others wait.
 */
#ifndef HINOMI_NODE_FORWARD_H
#define HINOMI_NODE_FORWARD_H

#include "node/identity.h"
#include "node/spool.h"
#include "node/web.h"

struct forward;

struct forward_options {
	struct identity *identity; /* renewed in place */
	const char *center;	   /* https://HOST:PORT */
	const char *proxy;	   /* or NULL */
	unsigned connections;
	struct span timeout;
	const char *version;
	/* Batches were acknowledged: a transaction is due. */
	void (*on_acknowledged)(void *ctx);
	void *ctx;
};

int forward_open(struct forward **out, struct loop *l, struct spool *sp,
    const struct forward_options *o, struct err *e);
void forward_close(struct forward *f); /* NULL is welcome */

/* Batches were committed: send them.  Never inside a transaction. */
void forward_kick(struct forward *f);

/* Post a status report (JSON, copied), unless the last is still on its way. */
void forward_post_status(struct forward *f, struct slice json);

/* Ask for a new certificate if ours is due; call it every minute or so. */
void forward_renew_if_due(struct forward *f);

struct forward_health {
	bool connected;		/* the last exchange worked */
	struct instant since;	/* of that state */
	uint64_t sent, refused; /* batches since the start */
	struct span
	    clock_ahead;   /* our clock minus the center's, where they differ by seconds */
	char trouble[400]; /* "" when all is well */
};
const struct forward_health *forward_health(const struct forward *f);

#endif
