/*
 * index.h - from a 64-bit hash to the places that may hold its key, in about one cache miss.
 *
 * A bucket is one cache line of tags, 16 bits of hash each, and as many places
 * in an array beside it, which is read only when a tag fits.
 *
 *	tags	| tag 0 | tag 1 | ...		| tag 30 | spill |	64 bytes
 *	places	| place 0   | place 1   | ...	| place 30   |
 *
 * A key goes into the first bucket with room, from the one its hash names on;
 * `spill` counts the keys that wanted this bucket and went on.  Looking up
 * compares all tags of a line at once and goes on only while keys have spilled.
 * A key that is not there usually costs one line, and meets a wrong tag once in
 * some thousand times.  The caller compares the key itself, so nothing is ever
 * found falsely.
 */
#ifndef HINOMI_DETECT_INDICATOR_INDEX_H
#define HINOMI_DETECT_INDICATOR_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INDEX_SLOTS 31
#define INDEX_WORDS 8 /* of four tags; the last tag of the last one is the spill count */

struct index_tags {
	_Alignas(64) uint64_t word[INDEX_WORDS]; /* a tag of 0: the slot is empty */
};

struct index {
	struct index_tags *tags;
	uint32_t *places; /* INDEX_SLOTS a bucket */
	size_t n_buckets;
	size_t used; /* slots */
	size_t room; /* slots that may be used */
};

/* Room for so many keys.  False without memory.  The zero value is an empty index without room.
 */
bool index_init(struct index *x, size_t keys);
void index_release(struct index *x);

/* False when there is no room left. */
bool index_add(struct index *x, uint64_t hash, uint32_t place);

/* Let slots with this hash that lead to one place lead to another. */
void index_redirect(struct index *x, uint64_t hash, uint32_t from, uint32_t to);

#define INDEX_LOW  0x0001000100010001u
#define INDEX_HIGH 0x8000800080008000u
#define INDEX_LAST                                                                             \
	0x0000800080008000u /* of the last word: its tags without the spill count              \
			     */

static inline uint64_t
index_tag(uint64_t hash)
{
	uint16_t tag = (uint16_t)hash;

	return tag == 0 ? 1 : tag;
}

static inline size_t
index_bucket_of(const struct index *x, uint64_t hash)
{
	__extension__ unsigned __int128 p = (unsigned __int128)hash * x->n_buckets;

	return (size_t)(p >> 64);
}

/* The top bit of each 16-bit lane that is zero; a lane after one may be marked falsely. */
static inline uint64_t
index_zero_lanes(uint64_t x)
{
	return (x - INDEX_LOW) & ~x & INDEX_HIGH;
}

static inline uint64_t
index_match(const struct index *x, size_t bucket, unsigned w, uint64_t tags)
{
	return index_zero_lanes(x->tags[bucket].word[w] ^ tags) &
	       (w == INDEX_WORDS - 1 ? INDEX_LAST : INDEX_HIGH);
}

static inline bool
index_spilled(const struct index *x, size_t bucket)
{
	return x->tags[bucket].word[INDEX_WORDS - 1] >> 48 != 0;
}

static inline void
index_prefetch(const struct index *x, uint64_t hash)
{
	__builtin_prefetch(&x->tags[index_bucket_of(x, hash)]);
}

/* The usual answer, quickly: false when nothing with this hash is there. */
static inline bool
index_may_hold(const struct index *x, uint64_t hash)
{
	size_t bucket = index_bucket_of(x, hash);
	uint64_t tags = index_tag(hash) * INDEX_LOW, any = 0;

	for (unsigned w = 0; w < INDEX_WORDS; w++)
		any |= index_match(x, bucket, w, tags);
	return any != 0 || index_spilled(x, bucket);
}

/* A look-up under way. */
struct index_probe {
	uint64_t tags; /* the tag, four times */
	size_t bucket;
	unsigned word;
	uint64_t hits; /* of this word, not yet given */
};

static inline struct index_probe
index_find(const struct index *x, uint64_t hash)
{
	struct index_probe p = {.tags = index_tag(hash) * INDEX_LOW};

	p.bucket = index_bucket_of(x, hash);
	p.hits = index_match(x, p.bucket, 0, p.tags);
	return p;
}

/* The next place that may hold the key; false when there is none. */
static inline bool
index_next(const struct index *x, struct index_probe *p, uint32_t *place)
{
	while (p->hits == 0) {
		if (++p->word == INDEX_WORDS) {
			if (!index_spilled(x, p->bucket))
				return false;
			p->word = 0;
			if (++p->bucket == x->n_buckets)
				p->bucket = 0;
		}
		p->hits = index_match(x, p->bucket, p->word, p->tags);
	}
	*place = x->places[p->bucket * INDEX_SLOTS + p->word * 4 +
			   (unsigned)__builtin_ctzll(p->hits) / 16];
	p->hits &= p->hits - 1;
	return true;
}

#endif
