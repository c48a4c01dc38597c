/*
 * index.h - from a 64-bit hash to the places that may hold its key, in about one cache miss.
 *
 * A bucket is one cache line of ten slots: a 16-bit tag and a 32-bit place each.
 *
 *	+--------+--------+----+-------+-------------------------------------+
 *	| tag8[0]  tag8[1] | tag2| spill | place[0] ... place[9]              |
 *	+--------+--------+----+-------+-------------------------------------+
 *	  8 tags of 16 bits, 2 more, how many keys wanted this bucket and went on
 *
 * A key goes into the first bucket with room, from the one its hash names on.
 * Looking up compares all tags of a bucket at once and goes on only while keys
 * have spilled: a key that is not there usually costs one line, and meets a
 * wrong tag once in some thousand times.  The caller compares the key itself,
 * so nothing is ever found falsely.
 */
#ifndef HINOMI_DETECT_INDICATOR_INDEX_H
#define HINOMI_DETECT_INDICATOR_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INDEX_SLOTS 10

struct index_bucket {
	_Alignas(64) uint64_t tag8[2]; /* a tag of 0: the slot is empty */
	uint32_t tag2;
	uint32_t spill;
	uint32_t place[INDEX_SLOTS];
};

struct index {
	struct index_bucket *buckets;
	size_t n_buckets;
	size_t used; /* slots */
	size_t room; /* slots it was made for */
};

/* Room for so many keys.  False without memory.  The zero value is an empty index without room.
 */
bool index_init(struct index *x, size_t keys);
void index_release(struct index *x);

/* False when there is no room left. */
bool index_add(struct index *x, uint64_t hash, uint32_t place);

/* A look-up under way. */
struct index_probe {
	const struct index_bucket *bucket;
	uint64_t tags; /* the tag, four times */
	uint64_t hit8[2];
	uint32_t hit2;
};

static inline uint16_t
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

static inline void
index_prefetch(const struct index *x, uint64_t hash)
{
	__builtin_prefetch(&x->buckets[index_bucket_of(x, hash)]);
}

#define INDEX_LOW  0x0001000100010001u
#define INDEX_HIGH 0x8000800080008000u

/* The top bit of each 16-bit lane that is zero; a lane after one may be marked falsely. */
static inline uint64_t
index_zero_lanes(uint64_t x)
{
	return (x - INDEX_LOW) & ~x & INDEX_HIGH;
}

static inline void
index_match(struct index_probe *p)
{
	p->hit8[0] = index_zero_lanes(p->bucket->tag8[0] ^ p->tags);
	p->hit8[1] = index_zero_lanes(p->bucket->tag8[1] ^ p->tags);
	p->hit2 =
	    (uint32_t)index_zero_lanes(p->bucket->tag2 ^ (p->tags & 0xffffffffu)) & 0x80008000u;
}

static inline struct index_probe
index_find(const struct index *x, uint64_t hash)
{
	struct index_probe p = {.tags = index_tag(hash) * INDEX_LOW};

	p.bucket = &x->buckets[index_bucket_of(x, hash)];
	index_match(&p);
	return p;
}

/* The next place that may hold the key; false when there is none. */
static inline bool
index_next(const struct index *x, struct index_probe *p, uint32_t *place)
{
	for (;;) {
		for (unsigned w = 0; w < 2; w++)
			if (p->hit8[w] != 0) {
				*place =
				    p->bucket
					->place[w * 4 +
						(unsigned)__builtin_ctzll(p->hit8[w]) / 16];
				p->hit8[w] &= p->hit8[w] - 1;
				return true;
			}
		if (p->hit2 != 0) {
			*place = p->bucket->place[8 + (unsigned)__builtin_ctz(p->hit2) / 16];
			p->hit2 &= p->hit2 - 1;
			return true;
		}
		if (p->bucket->spill == 0)
			return false;
		if (++p->bucket == x->buckets + x->n_buckets)
			p->bucket = x->buckets;
		index_match(p);
	}
}

#endif
