/*
 * cursor.h - read fields from a slice without ever running past its end.
 *
 * A read beyond the end gives zero (or an empty slice) and sets `bad`, which
 * stays set: decode a whole structure, then ask once.  Pure.
 */
#ifndef HINOMI_BASE_CURSOR_H
#define HINOMI_BASE_CURSOR_H

#include "base/slice.h"

struct cursor {
	struct slice rest;
	bool bad;
};

static inline struct cursor
cursor_over(struct slice s)
{
	return (struct cursor){.rest = s};
}

/* The next n bytes, borrowed. */
static inline struct slice
cursor_bytes(struct cursor *c, size_t n)
{
	struct slice s = {0};

	if (c->bad || n > c->rest.len) {
		c->bad = true;
		return s;
	}
	s = slice_first(c->rest, n);
	c->rest = slice_from(c->rest, n);
	return s;
}

/* Unsigned integers, most significant byte first. */
static inline uint64_t
cursor_be(struct cursor *c, size_t n)
{
	struct slice s = cursor_bytes(c, n);
	uint64_t v = 0;

	for (size_t i = 0; i < s.len; i++)
		v = v << 8 | s.ptr[i];
	return v;
}

static inline uint8_t
cursor_u8(struct cursor *c)
{
	return (uint8_t)cursor_be(c, 1);
}

static inline uint16_t
cursor_u16(struct cursor *c)
{
	return (uint16_t)cursor_be(c, 2);
}

static inline uint32_t
cursor_u32(struct cursor *c)
{
	return (uint32_t)cursor_be(c, 4);
}

static inline uint64_t
cursor_u64(struct cursor *c)
{
	return cursor_be(c, 8);
}

#endif
