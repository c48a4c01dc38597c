/* utf8.c - table 3-7 of the Unicode standard, "Well-Formed UTF-8 Byte Sequences". */
#include "base/utf8.h"

static bool
between(uint8_t c, uint8_t low, uint8_t high)
{
	return c >= low && c <= high;
}

size_t
utf8_length(struct slice s)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t n;

	if (s.len == 0)
		return 0;
	uint8_t c = s.ptr[0];
	if (c < 0x80)
		return 1;
	if (between(c, 0xc2, 0xdf))
		n = 2;
	else if (between(c, 0xe0, 0xef))
		n = 3;
	else if (between(c, 0xf0, 0xf4))
		n = 4;
	else
		return 0;
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	if (s.len < n || !between(s.ptr[1], low, high))
		return 0;
	for (size_t i = 2; i < n; i++)
		if (!between(s.ptr[i], 0x80, 0xbf))
			return 0;
	return n;
}

bool
utf8_valid(struct slice s)
{
	while (s.len > 0) {
		size_t n = utf8_length(s);
		if (n == 0)
			return false;
		s = slice_from(s, n);
	}
	return true;
}

struct slice
utf8_cut(struct slice s, size_t max)
{
	if (s.len <= max)
		return s;
	s.len = max;
	for (size_t back = 1; back <= 3 && back <= s.len; back++) {
		uint8_t c = s.ptr[s.len - back];
		if (c < 0x80)
			break;
		if (c >= 0xc0) { /* a leading byte: keep it only with all that follows */
			if (utf8_length(slice_from(s, s.len - back)) == 0)
				s.len -= back;
			break;
		}
	}
	return s;
}
