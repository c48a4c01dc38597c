/* slice.c - see slice.h. */
#define _GNU_SOURCE /* memmem */
#include "base/slice.h"

#include <stdlib.h>

static inline uint8_t
fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

bool
slice_starts_nocase(struct slice s, struct slice prefix)
{
	if (s.len < prefix.len)
		return false;
	for (size_t i = 0; i < prefix.len; i++)
		if (fold(s.ptr[i]) != fold(prefix.ptr[i]))
			return false;
	return true;
}

bool
slice_equal_nocase(struct slice a, struct slice b)
{
	return a.len == b.len && slice_starts_nocase(a, b);
}

bool
slice_starts(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len && slice_equal(slice_first(s, prefix.len), prefix);
}

bool
slice_ends(struct slice s, struct slice suffix)
{
	return s.len >= suffix.len && slice_equal(slice_from(s, s.len - suffix.len), suffix);
}

int
slice_compare(struct slice a, struct slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);

	return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

size_t
slice_search(struct slice s, struct slice needle)
{
	const uint8_t *p;

	if (needle.len == 0)
		return 0;
	p = s.len == 0 ? NULL : memmem(s.ptr, s.len, needle.ptr, needle.len);
	return p == NULL ? SIZE_MAX : (size_t)(p - s.ptr);
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice
slice_trim(struct slice s)
{
	while (s.len > 0 && is_space(s.ptr[0]))
		s = slice_from(s, 1);
	while (s.len > 0 && is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

bool
slice_cut(struct slice *rest, uint8_t c, struct slice *part)
{
	size_t at;

	if (rest->ptr == NULL)
		return false;
	at = slice_find(*rest, c);
	if (at == SIZE_MAX) {
		*part = *rest;
		*rest = (struct slice){0};
	} else {
		*part = slice_first(*rest, at);
		*rest = slice_from(*rest, at + 1);
	}
	return true;
}

bool
slice_cut_line(struct slice *rest, struct slice *line)
{
	size_t at;

	if (rest->len == 0)
		return false;
	at = slice_find(*rest, '\n');
	if (at == SIZE_MAX) {
		*line = *rest;
		*rest = slice_from(*rest, rest->len);
	} else {
		*line = slice_first(*rest, at);
		*rest = slice_from(*rest, at + 1);
	}
	if (line->len > 0 && line->ptr[line->len - 1] == '\r')
		line->len--;
	return true;
}

bool
slice_to_u64(struct slice s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned d = (unsigned)s.ptr[i] - '0';
		if (d > 9 || v > (UINT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	*out = v;
	return true;
}

bool
slice_to_double(struct slice s, double *out)
{
	char text[64];
	char *end;
	double v;

	/* strtod also takes "inf", "nan" and hexadecimal: numbers in logs do not. */
	if (s.len == 0 || s.len >= sizeof(text))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		if (!((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'e' ||
			c == 'E'))
			return false;
		text[i] = (char)c;
	}
	text[s.len] = '\0';
	v = strtod(text, &end);
	if (end != text + s.len)
		return false;
	*out = v;
	return true;
}
