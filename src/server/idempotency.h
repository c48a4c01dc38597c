/*
 * idempotency.h - a write that is sent twice happens once (Idempotency-Key).
 *
 * Successful answers are kept for a day per person and key, in the transaction of
 * the write itself.  Refusals are not: they changed nothing and may be tried again.
 */
#ifndef HINOMI_SERVER_IDEMPOTENCY_H
#define HINOMI_SERVER_IDEMPOTENCY_H

#include "server/serve.h"

/* True: the visit is answered (as the first time, or refused).  False: go on. */
bool idempotency_answer(struct visit *v);

/* Inside the write's transaction; harmless without a key. */
int idempotency_keep(struct visit *v, unsigned status, struct slice body, struct err *e);

/* Forget what is older than a day. */
int idempotency_sweep(struct db *db, struct instant now, struct err *e);

#endif
