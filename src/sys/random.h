/* random.h - unpredictable bytes from the kernel, by libsodium. */
#ifndef HINOMI_SYS_RANDOM_H
#define HINOMI_SYS_RANDOM_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include <sodium.h>

static inline void
random_bytes(void *out, size_t n)
{
	int ready = sodium_init();

	assert(ready >= 0);
	randombytes_buf(out, n);
}

static inline uint64_t
random_u64(void)
{
	uint64_t v;

	random_bytes(&v, sizeof(v));
	return v;
}

#endif
