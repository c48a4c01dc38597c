/* unescape.c - see unescape.h. */
#include "event/unescape.h"

/* Two hexadecimal digits at p, or -1. */
static int
hex_pair(const uint8_t *p, const uint8_t *end)
{
	int high, low;

	if (end - p < 2 || (high = unescape_hex(p[0])) < 0 || (low = unescape_hex(p[1])) < 0)
		return -1;
	return high << 4 | low;
}

/* Decode the escape that starts at p (a backslash); how many bytes it took, 0 if it is none. */
static size_t
decode_backslash(const uint8_t *p, const uint8_t *end, uint8_t *out)
{
	static const char from[] = "\"\\'nrtbvf";
	static const char to[] = "\"\\'\n\r\t\b\v\f";
	const char *at;
	int v;

	if (end - p < 2 || p[1] == 0)
		return 0;
	if (p[1] == 'x') {
		if ((v = hex_pair(p + 2, end)) < 0)
			return 0;
		*out = (uint8_t)v;
		return 4;
	}
	at = strchr(from, p[1]);
	if (at == NULL)
		return 0;
	*out = (uint8_t)to[at - from];
	return 2;
}

static size_t
decode_percent(const uint8_t *p, const uint8_t *end, uint8_t *out)
{
	int v = hex_pair(p + 1, end);

	if (v < 0)
		return 0;
	*out = (uint8_t)v;
	return 3;
}

static size_t
decode_plus(const uint8_t *p, const uint8_t *end, uint8_t *out)
{
	*out = ' ';
	return 1;
}

static struct slice
decode(struct slice s, uint8_t mark, struct arena *mem,
    size_t (*one)(const uint8_t *, const uint8_t *, uint8_t *))
{
	const uint8_t *p = s.ptr, *end = s.ptr + s.len;
	size_t first = slice_find(s, mark);
	uint8_t *text, *to;

	if (first == SIZE_MAX)
		return s;
	text = arena_alloc(mem, s.len);
	if (text == NULL)
		return (struct slice){0};
	memcpy(text, p, first);
	to = text + first;
	p += first;
	while (p < end) {
		size_t took = *p == mark ? one(p, end, to) : 0;
		if (took == 0) {
			*to = *p;
			took = 1;
		}
		to++;
		p += took;
	}
	arena_shrink_last(mem, text, s.len, (size_t)(to - text));
	return slice_of(text, (size_t)(to - text));
}

struct slice
unescape_backslash(struct slice s, struct arena *mem)
{
	return decode(s, '\\', mem, decode_backslash);
}

struct slice
unescape_percent(struct slice s, struct arena *mem)
{
	return decode(s, '%', mem, decode_percent);
}

struct slice
unescape_plus(struct slice s, struct arena *mem)
{
	return decode(s, '+', mem, decode_plus);
}
