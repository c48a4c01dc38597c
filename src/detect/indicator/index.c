/* index.c - see index.h. */
#include "detect/indicator/index.h"

#include <stdlib.h>
#include <string.h>

/* Slots in use of a hundred: fuller saves memory, and more keys spill. */
#define LOAD 84
#define FULL 94 /* no more is taken: chains of full buckets would get long */

_Static_assert(sizeof(struct index_tags) == 64, "a bucket's tags are one cache line");

bool
index_init(struct index *x, size_t keys)
{
	size_t n = keys * 100 / LOAD / INDEX_SLOTS + 2;

	*x = (struct index){.tags = aligned_alloc(64, n * sizeof(*x->tags)),
	    .places = calloc(n * INDEX_SLOTS, sizeof(*x->places))};
	if (x->tags == NULL || x->places == NULL) {
		index_release(x);
		return false;
	}
	memset(x->tags, 0, n * sizeof(*x->tags));
	x->n_buckets = n;
	x->room = n * INDEX_SLOTS * FULL / 100;
	return true;
}

void
index_release(struct index *x)
{
	free(x->tags);
	free(x->places);
	*x = (struct index){0};
}

static unsigned
tag_at(const struct index_tags *t, unsigned slot)
{
	return t->word[slot / 4] >> (slot % 4 * 16) & 0xffff;
}

bool
index_add(struct index *x, uint64_t hash, uint32_t place)
{
	size_t bucket = index_bucket_of(x, hash);
	unsigned slot;

	if (x->used == x->room)
		return false;
	for (;; bucket = bucket + 1 == x->n_buckets ? 0 : bucket + 1) {
		struct index_tags *t = &x->tags[bucket];

		for (slot = 0; slot < INDEX_SLOTS && tag_at(t, slot) != 0;)
			slot++;
		if (slot < INDEX_SLOTS)
			break;
		if (tag_at(t, INDEX_SLOTS) < 0xffff)
			t->word[INDEX_WORDS - 1] += (uint64_t)1 << 48;
	}
	x->tags[bucket].word[slot / 4] |= index_tag(hash) << (slot % 4 * 16);
	x->places[bucket * INDEX_SLOTS + slot] = place;
	x->used++;
	return true;
}

void
index_redirect(struct index *x, uint64_t hash, uint32_t from, uint32_t to)
{
	size_t bucket = index_bucket_of(x, hash);

	for (;; bucket = bucket + 1 == x->n_buckets ? 0 : bucket + 1) {
		for (unsigned slot = 0; slot < INDEX_SLOTS; slot++)
			if (tag_at(&x->tags[bucket], slot) == index_tag(hash) &&
			    x->places[bucket * INDEX_SLOTS + slot] == from)
				x->places[bucket * INDEX_SLOTS + slot] = to;
		if (!index_spilled(x, bucket))
			return;
	}
}
