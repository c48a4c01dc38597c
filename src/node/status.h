/* status.h - what a node says about itself: to the center every ten seconds, and to `hinomi
 * node status`. */
#ifndef HINOMI_NODE_STATUS_H
#define HINOMI_NODE_STATUS_H

#include "node/forward.h"
#include "node/source.h"

struct status {
	const char *version;
	struct instant now;
	struct spool_counts spool;
	const struct forward_health *link;
	const char *trouble; /* with the disk; "" if none */
	struct {
		const struct source *source;
		uint64_t lag_bytes;
	} sources[256];
	size_t n_sources;
};

/* The body of POST /v1/status, and with `local` more that only this machine needs. */
void status_write(const struct status *s, bool local, struct buf *out);

#endif
