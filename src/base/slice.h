/*
 * slice.h - borrowed bytes: a pointer and a length, never NUL-terminated.
 *
 * The zero slice is empty.  A slice with a NULL pointer means "absent" where a
 * caller distinguishes absent from empty.  Pure: no allocation, no I/O.
 */
#ifndef HINOMI_BASE_SLICE_H
#define HINOMI_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const uint8_t *ptr;
	size_t len;
};

/* A slice over a string literal; usable in static initialisers. */
#define SLICE_LITERAL(s)                                                                       \
	{                                                                                      \
		(const uint8_t *)("" s), sizeof(s) - 1                                         \
	}
#define SLICE(s) ((struct slice)SLICE_LITERAL(s))

/* printf("%.*s", SLICE_ARG(s)) */
#define SLICE_ARG(s) (int)(s).len, (const char *)(s).ptr

static inline struct slice
slice_of(const void *ptr, size_t len)
{
	return (struct slice){ptr, len};
}

/* Borrow a C string; NULL gives the absent slice. */
static inline struct slice
slice_str(const char *s)
{
	return (struct slice){(const uint8_t *)s, s == NULL ? 0 : strlen(s)};
}

static inline bool
slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool
slice_is(struct slice a, const char *s)
{
	return slice_equal(a, slice_str(s));
}

/* ASCII case folding only; other bytes compare as they are. */
bool slice_equal_nocase(struct slice a, struct slice b);
bool slice_starts_nocase(struct slice s, struct slice prefix);
bool slice_starts(struct slice s, struct slice prefix);
bool slice_ends(struct slice s, struct slice suffix);

/* Bytewise order, shorter first among equals: <0, 0, >0. */
int slice_compare(struct slice a, struct slice b);

/* Bytes from `from` on; from past the end gives an empty slice at the end. */
static inline struct slice
slice_from(struct slice s, size_t from)
{
	if (from > s.len)
		from = s.len;
	return (struct slice){s.ptr == NULL ? NULL : s.ptr + from, s.len - from};
}

/* At most the first n bytes. */
static inline struct slice
slice_first(struct slice s, size_t n)
{
	return (struct slice){s.ptr, n < s.len ? n : s.len};
}

/* Position of the first c, or SIZE_MAX. */
static inline size_t
slice_find(struct slice s, uint8_t c)
{
	const uint8_t *p = s.len == 0 ? NULL : memchr(s.ptr, c, s.len);
	return p == NULL ? SIZE_MAX : (size_t)(p - s.ptr);
}

/* Position of the first occurrence of needle, or SIZE_MAX; an empty needle is found at 0. */
size_t slice_search(struct slice s, struct slice needle);

static inline bool
slice_has(struct slice s, const char *text)
{
	return slice_search(s, slice_str(text)) != SIZE_MAX;
}

/* Without ASCII white space (space, tab, CR, LF, VT, FF) at either end. */
struct slice slice_trim(struct slice s);

/*
 * Cut the part before the first c off *rest into *part; *rest then starts after
 * that c.  Without a c, *part is all of *rest and *rest becomes absent.  False
 * once *rest is absent: so a loop sees the last, perhaps empty, part too.
 */
bool slice_cut(struct slice *rest, uint8_t c, struct slice *part);

/*
 * Cut one line off *rest: up to '\n', which is removed together with one '\r'
 * before it.  False when *rest is empty.
 */
bool slice_cut_line(struct slice *rest, struct slice *line);

/* Decimal digits only, no sign, no overflow; false leaves *out alone. */
bool slice_to_u64(struct slice s, uint64_t *out);

/* Optional sign, digits, optional fraction and exponent. */
bool slice_to_double(struct slice s, double *out);

#endif
