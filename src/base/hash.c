/*
 * hash.c - multiply-and-fold over 16 bytes a step, after the idea of wyhash
 * (Wang Yi): the 128-bit product of two words, its halves xored.
 */
#include "base/hash.h"

#define K0 0x9e3779b97f4a7c15u
#define K1 0xe7037ed1a0b428dbu
#define K2 0x8ebc6af09c88c6e3u

static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 p = (unsigned __int128)a * b;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t
load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

uint64_t
hash_bytes(struct slice s, uint64_t seed)
{
	const uint8_t *p = s.ptr;
	size_t n = s.len;
	uint64_t h = seed ^ K0;
	uint64_t a = 0, b = 0;

	for (; n > 16; n -= 16, p += 16)
		h = fold(load64(p) ^ K1, load64(p + 8) ^ h);
	if (n >= 8) {
		a = load64(p);
		b = load64(p + n - 8);
	} else if (n >= 4) {
		a = load32(p);
		b = load32(p + n - 4);
	} else if (n > 0)
		a = (uint64_t)p[0] << 16 | (uint64_t)p[n / 2] << 8 | p[n - 1];
	return fold(fold(a ^ K1, b ^ h) ^ K2, s.len ^ K0);
}
