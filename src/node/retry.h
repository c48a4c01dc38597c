/* retry.h - how long to wait after a failure: longer each time, and not all nodes at once.
 * Pure. */
#ifndef HINOMI_NODE_RETRY_H
#define HINOMI_NODE_RETRY_H

#include "base/instant.h"

#define RETRY_FIRST    SPAN_MS(500)
#define RETRY_LONGEST  SPAN_SECONDS(60)
#define RETRY_SAID_MAX SPAN_SECONDS(600) /* the most that a Retry-After may ask for */

/*
 * The pause after the n-th failure in a row (from 1): half a second, doubled up
 * to a minute, of which the upper half is chosen by `random`.  Never less than
 * the other side asked for.
 */
static inline struct span
retry_pause(unsigned failures, struct span said, uint64_t random)
{
	int64_t most = RETRY_FIRST.us << (failures > 8 ? 7 : failures == 0 ? 0 : failures - 1);
	int64_t us;

	if (most > RETRY_LONGEST.us)
		most = RETRY_LONGEST.us;
	us = most / 2 + (int64_t)(random % (uint64_t)(most / 2 + 1));
	if (said.us > RETRY_SAID_MAX.us)
		said = RETRY_SAID_MAX;
	return (struct span){us > said.us ? us : said.us};
}

/* What an answer of the center means for a batch. */
enum retry_answer {
	RETRY_DONE,   /* durable there */
	RETRY_LATER,  /* keep it; the center or the link is not ready */
	RETRY_NEVER,  /* this batch is refused for good: set it aside */
	RETRY_BARRED, /* it is this node that is refused: keep all, and tell people */
};

static inline enum retry_answer
retry_read_status(long status)
{
	if (status == 200)
		return RETRY_DONE;
	if (status == 401 || status == 403)
		return RETRY_BARRED;
	switch (status) {
	case 400: /* lies about its count or size, or is damaged */
	case 409: /* another batch has its number */
	case 411:
	case 413:
	case 415:
	case 422:
	case 431:
		return RETRY_NEVER;
	default: /* 404 and 405 too: that is no center, so it says nothing about the batch */
		return RETRY_LATER;
	}
}

#endif
