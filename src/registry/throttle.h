/*
 * throttle.h - slow down guessing: how long a login by this name from this address must wait.
 *
 * Three free tries, then 1, 2, 4 ... seconds up to five minutes per name and
 * address, and the same with thirty free tries per address alone, so one machine
 * can not walk through all names.  Nobody can lock somebody else out: another
 * address is another row.  A fixed table in memory, oldest out; pure but for it.
 */
#ifndef HINOMI_REGISTRY_THROTTLE_H
#define HINOMI_REGISTRY_THROTTLE_H

#include "base/instant.h"

struct throttle;

/* `seed` is random: it keeps hostile names from colliding on purpose.  NULL without memory. */
struct throttle *throttle_new(uint64_t seed);
void throttle_free(struct throttle *t);

/* Zero: go ahead; otherwise wait so long.  Does not count as a try. */
struct span throttle_wait(
    const struct throttle *t, struct slice name, struct slice address, struct instant now);
void throttle_note_failure(
    struct throttle *t, struct slice name, struct slice address, struct instant now);
/* The right password forgives this name at this address. */
void throttle_note_success(struct throttle *t, struct slice name, struct slice address);

#endif
