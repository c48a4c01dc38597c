/* index.c - see index.h. */
#include "detect/indicator/index.h"

#include <stdlib.h>
#include <string.h>

/* Slots in use of a hundred: fuller saves memory, and more keys spill. */
#define LOAD 84

_Static_assert(sizeof(struct index_bucket) == 64, "a bucket is one cache line");

bool
index_init(struct index *x, size_t keys)
{
	size_t n = keys / INDEX_SLOTS * 100 / LOAD + 2;

	*x = (struct index){0};
	if ((x->buckets = aligned_alloc(64, n * sizeof(*x->buckets))) == NULL)
		return false;
	memset(x->buckets, 0, n * sizeof(*x->buckets));
	x->n_buckets = n;
	x->room = n * INDEX_SLOTS;
	return true;
}

void
index_release(struct index *x)
{
	free(x->buckets);
	*x = (struct index){0};
}

/* The first empty slot of a bucket, or INDEX_SLOTS. */
static unsigned
empty_slot(const struct index_bucket *b)
{
	for (unsigned i = 0; i < 8; i++)
		if ((b->tag8[i / 4] >> (i % 4 * 16) & 0xffff) == 0)
			return i;
	for (unsigned i = 0; i < 2; i++)
		if ((b->tag2 >> (i * 16) & 0xffff) == 0)
			return 8 + i;
	return INDEX_SLOTS;
}

bool
index_add(struct index *x, uint64_t hash, uint32_t place)
{
	struct index_bucket *b;
	unsigned slot;

	if (x->used == x->room)
		return false;
	b = &x->buckets[index_bucket_of(x, hash)];
	while ((slot = empty_slot(b)) == INDEX_SLOTS) {
		b->spill++;
		if (++b == x->buckets + x->n_buckets)
			b = x->buckets;
	}
	if (slot < 8)
		b->tag8[slot / 4] |= (uint64_t)index_tag(hash) << (slot % 4 * 16);
	else
		b->tag2 |= (uint32_t)index_tag(hash) << ((slot - 8) * 16);
	b->place[slot] = place;
	x->used++;
	return true;
}
