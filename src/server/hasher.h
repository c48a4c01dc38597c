/*
 * hasher.h - one thread that checks passwords, so that the loop never waits for Argon2id.
 *
 * The thread sees a password, its stored form and nothing else.  Results come
 * back through the loop, in order.
 */
#ifndef HINOMI_SERVER_HASHER_H
#define HINOMI_SERVER_HASHER_H

#include "registry/users.h"
#include "sys/loop.h"

struct hasher;

#define HASHER_QUEUE 16

typedef void hasher_on_done(void *ctx, bool matches);

/* Starts the thread: before the process enters its sandbox. */
int hasher_open(struct hasher **out, struct loop *loop, struct err *e);
/* Waits for the thread; callbacks of unfinished jobs do not come. */
void hasher_close(struct hasher *h);

/*
 * Compare; `stored` may be absent (nobody of that name: same cost, never
 * matches).  False when HASHER_QUEUE jobs are waiting.
 */
bool hasher_check(struct hasher *h, struct slice stored, struct slice password,
    hasher_on_done *fn, void *ctx);
/* The callback with this ctx does not come any more. */
void hasher_forget(struct hasher *h, void *ctx);

#endif
