/* value.c - see value.h. */
#include "event/value.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What a byte of an address can be, so that a sum over bytes counts each kind (45 at most). */
enum { DIGIT = 1, LETTER = 1 << 8, DOT = 1 << 16, COLON = 1 << 24 };

static const uint32_t kinds[256] = {
    ['.'] = DOT,
    [':'] = COLON,
    ['0'] = DIGIT,
    ['1'] = DIGIT,
    ['2'] = DIGIT,
    ['3'] = DIGIT,
    ['4'] = DIGIT,
    ['5'] = DIGIT,
    ['6'] = DIGIT,
    ['7'] = DIGIT,
    ['8'] = DIGIT,
    ['9'] = DIGIT,
    ['a'] = LETTER,
    ['b'] = LETTER,
    ['c'] = LETTER,
    ['d'] = LETTER,
    ['e'] = LETTER,
    ['f'] = LETTER,
    ['A'] = LETTER,
    ['B'] = LETTER,
    ['C'] = LETTER,
    ['D'] = LETTER,
    ['E'] = LETTER,
    ['F'] = LETTER,
};

bool
value_is_ip(struct slice v)
{
	uint32_t sum = 0;
	unsigned digits, letters, dots, colons;

	if (v.len < 2 || v.len > 45)
		return false;
	for (size_t i = 0; i < v.len; i++)
		sum += kinds[v.ptr[i]];
	digits = sum & 0xff;
	letters = sum >> 8 & 0xff;
	dots = sum >> 16 & 0xff;
	colons = sum >> 24;
	if (digits + letters + dots + colons != v.len)
		return false;
	if (colons == 0)
		return dots == 3 && letters == 0 && digits >= 4 && v.ptr[0] != '.' &&
		       v.ptr[v.len - 1] != '.';
	return colons >= 2 && colons <= 8 && (dots == 0 || dots == 3);
}

#ifdef __SSE2__
/* Digits and exactly three dots, none at either end and no two together. */
static inline bool
is_ipv4(const uint8_t *end, size_t len)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(end - 16));
	__m128i from_zero = _mm_sub_epi8(v, _mm_set1_epi8('0'));
	__m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(from_zero, _mm_set1_epi8(9)), from_zero);
	unsigned digits = (unsigned)_mm_movemask_epi8(digit) >> (16 - len);
	unsigned dots =
	    (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('.'))) >> (16 - len);
	unsigned two = dots & (dots - 1), one = two & (two - 1);

	return (digits | dots) == (1u << len) - 1 && one != 0 && (one & (one - 1)) == 0 &&
	       (dots & (dots << 1 | 1 | 1u << (len - 1))) == 0;
}
#endif

bool
value_is_ip_late(struct slice v)
{
#ifdef __SSE2__
	if (v.len >= 7 && v.len <= 15 && is_ipv4(v.ptr + v.len, v.len))
		return true;
#endif
	return value_is_ip(v);
}

void
value_put_host(struct event *ev, enum field_id ip, enum field_id name, struct slice v)
{
	if (!value_is_absent(v))
		event_set(ev, value_is_ip(v) ? ip : name, v);
}
