/*
 * intake.h - lines that were received and wait for the next transaction.
 *
 * Bounded: when it is full its owner stops reading, and the sender feels it.
 */
#ifndef HINOMI_NODE_INTAKE_H
#define HINOMI_NODE_INTAKE_H

#include "node/source.h"

#define INTAKE_SYSLOG_MAX (4 * 1024 * 1024)
#define INTAKE_BULK_MAX	  (48 * 1024 * 1024) /* more than the largest request */

struct intake {
	struct source *source;
	struct buf waiting;
	size_t collected; /* of `waiting`, within a transaction */
	struct buf preamble, ahead;
};

void intake_init(struct intake *in, struct source *source, size_t bytes_max);
void intake_release(struct intake *in);

/* One record becomes a line (lines.h).  False: no room, nothing was added. */
bool intake_add(struct intake *in, struct slice record);

/* Is there room for another record of the longest kind? */
bool intake_has_room(const struct intake *in);

static inline size_t
intake_waiting(const struct intake *in)
{
	return in->waiting.len;
}

/* Put all that waits into the transaction; -1: the spool refused. */
int intake_collect(struct intake *in, struct spool *sp, struct instant now, struct err *e);
void intake_committed(struct intake *in);
void intake_rolled_back(struct intake *in); /* it goes on waiting */
void intake_discard(struct intake *in);	    /* its senders are told to send it again */

#endif
