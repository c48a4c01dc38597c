/* throttle.c - see throttle.h. */
#include "registry/throttle.h"

#include <stdlib.h>

#include "base/hash.h"

#define SETS	     1024
#define WAYS	     4
#define FREE_TRIES   3
#define FREE_ADDRESS 30
#define WAIT_MAX     SPAN_MINUTES(5)
#define FORGET_AFTER SPAN_MINUTES(30)

struct row {
	uint64_t key; /* 0: free */
	unsigned failures;
	struct instant last;
};

struct throttle {
	uint64_t seed;
	struct row rows[SETS][WAYS];
};

struct throttle *
throttle_new(uint64_t seed)
{
	struct throttle *t = calloc(1, sizeof(*t));

	if (t != NULL)
		t->seed = seed;
	return t;
}

void
throttle_free(struct throttle *t)
{
	free(t);
}

/* An absent name stands for "any name from this address". */
static uint64_t
key_of(const struct throttle *t, struct slice name, struct slice address)
{
	uint64_t h = hash_bytes(address, t->seed);

	if (name.ptr != NULL)
		h = hash_bytes(name, h);
	return h | 1;
}

static const struct row *
find_row(const struct throttle *t, uint64_t key)
{
	const struct row *set = t->rows[(key >> 8) % SETS];

	for (int i = 0; i < WAYS; i++)
		if (set[i].key == key)
			return &set[i];
	return NULL;
}

/* The row of this key, or the least recently failed one of its set, begun anew. */
static struct row *
take_row(struct throttle *t, uint64_t key)
{
	struct row *set = t->rows[(key >> 8) % SETS], *oldest = set;

	for (int i = 0; i < WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (instant_before(set[i].last, oldest->last))
			oldest = &set[i];
	}
	*oldest = (struct row){.key = key};
	return oldest;
}

static struct span
wait_of(const struct row *r, unsigned free_tries, struct instant now)
{
	struct span wait, since;
	unsigned beyond;

	if (r == NULL || r->failures < free_tries)
		return SPAN_SECONDS(0);
	since = instant_since(now, r->last);
	if (since.us >= FORGET_AFTER.us)
		return SPAN_SECONDS(0);
	beyond = r->failures - free_tries;
	wait = beyond > 9 ? WAIT_MAX : SPAN_SECONDS(1u << beyond);
	if (wait.us > WAIT_MAX.us)
		wait = WAIT_MAX;
	return since.us >= wait.us ? SPAN_SECONDS(0) : (struct span){wait.us - since.us};
}

struct span
throttle_wait(
    const struct throttle *t, struct slice name, struct slice address, struct instant now)
{
	const struct slice any = {0};
	struct span a = wait_of(find_row(t, key_of(t, name, address)), FREE_TRIES, now);
	struct span b = wait_of(find_row(t, key_of(t, any, address)), FREE_ADDRESS, now);

	return a.us > b.us ? a : b;
}

static void
count_failure(struct throttle *t, uint64_t key, struct instant now)
{
	struct row *r = take_row(t, key);

	if (instant_since(now, r->last).us >= FORGET_AFTER.us)
		r->failures = 0;
	if (r->failures < 1000)
		r->failures++;
	r->last = now;
}

void
throttle_note_failure(
    struct throttle *t, struct slice name, struct slice address, struct instant now)
{
	const struct slice any = {0};

	count_failure(t, key_of(t, name, address), now);
	count_failure(t, key_of(t, any, address), now);
}

void
throttle_note_success(struct throttle *t, struct slice name, struct slice address)
{
	uint64_t key = key_of(t, name, address);

	if (find_row(t, key) != NULL)
		take_row(t, key)->failures = 0;
}
