/*
 * hash.h - a fast 64-bit hash for tables in memory.  Pure.
 *
 * Not for anything kept on disk or sent (its values may change between
 * versions) and not a secret: tables keyed by hostile input seed it with random
 * bytes from the shell.  Content identities use SHA-256 (libsodium).
 */
#ifndef HINOMI_BASE_HASH_H
#define HINOMI_BASE_HASH_H

#include "base/slice.h"

uint64_t hash_bytes(struct slice s, uint64_t seed);

/* Mix one number (the finaliser of splitmix64). */
static inline uint64_t
hash_u64(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

#endif
