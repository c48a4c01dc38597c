/* json_scan.c - see json_scan.h. */
#include "event/json_scan.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "event/unescape.h"

static bool
fail(struct json_scan *j, enum scan_error why)
{
	if (j->error == SCAN_FINE)
		j->error = why;
	j->p = j->end; /* nothing more will be found */
	return false;
}

static inline void
skip_space(struct json_scan *j)
{
	while (j->p < j->end && *j->p <= ' ' &&
	       (*j->p == ' ' || *j->p == '\t' || *j->p == '\n' || *j->p == '\r'))
		j->p++;
}

/* The first '"', '\' or control byte from p on, or end. */
static inline const uint8_t *
find_special(const uint8_t *p, const uint8_t *end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
	const __m128i control = _mm_set1_epi8(0x1f);

	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i hit = _mm_or_si128(
		    _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, backslash)),
		    _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
		int mask = _mm_movemask_epi8(hit);
		if (mask != 0)
			return p + __builtin_ctz((unsigned)mask);
	}
#endif
	while (p < end && *p != '"' && *p != '\\' && *p >= 0x20)
		p++;
	return p;
}

/* Four hexadecimal digits at p, or -1. */
static int
hex4(const uint8_t *p, const uint8_t *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int d = unescape_hex(p[i]);
		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

static uint8_t *
encode_utf8(uint8_t *to, unsigned c)
{
	if (c < 0x80) {
		*to++ = (uint8_t)c;
	} else if (c < 0x800) {
		*to++ = (uint8_t)(0xc0 | c >> 6);
		*to++ = (uint8_t)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*to++ = (uint8_t)(0xe0 | c >> 12);
		*to++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		*to++ = (uint8_t)(0x80 | (c & 0x3f));
	} else {
		*to++ = (uint8_t)(0xf0 | c >> 18);
		*to++ = (uint8_t)(0x80 | (c >> 12 & 0x3f));
		*to++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		*to++ = (uint8_t)(0x80 | (c & 0x3f));
	}
	return to;
}

/*
 * Decode the escape at *p (a backslash) to *to and advance both; false when it is
 * not one.  Decoded text is never longer than its escape.
 */
static bool
decode_escape(const uint8_t **p, const uint8_t *end, uint8_t **to)
{
	static const char from[] = "\"\\/bfnrt", plain[] = "\"\\/\b\f\n\r\t";
	const uint8_t *q = *p + 1;
	const char *at;
	int c, low;

	if (q >= end || *q == 0)
		return false;
	if (*q != 'u') {
		if ((at = strchr(from, *q)) == NULL)
			return false;
		*(*to)++ = (uint8_t)plain[at - from];
		*p = q + 1;
		return true;
	}
	if ((c = hex4(q + 1, end)) < 0)
		return false;
	q += 5;
	if (c >= 0xd800 && c <= 0xdbff && end - q >= 6 && q[0] == '\\' && q[1] == 'u' &&
	    (low = hex4(q + 2, end)) >= 0xdc00 && low <= 0xdfff) {
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		q += 6;
	} else if (c >= 0xd800 && c <= 0xdfff)
		c = 0xfffd;
	*to = encode_utf8(*to, (unsigned)c);
	*p = q;
	return true;
}

/* The string from `from` on, which has its first backslash at p. */
static bool
decode_string(struct json_scan *j, const uint8_t *from, const uint8_t *p, struct slice *v)
{
	const uint8_t *close = p;
	uint8_t *text, *to;
	size_t room;

	while (close < j->end && *close != '"') {
		size_t step = *close == '\\' ? 2 : 1;
		if ((size_t)(j->end - close) <= step)
			return fail(j, SCAN_SYNTAX);
		close = find_special(close + step, j->end);
	}
	if (close == j->end)
		return fail(j, SCAN_SYNTAX);
	room = (size_t)(close - from);
	if ((text = arena_alloc(j->mem, room)) == NULL)
		return fail(j, SCAN_NO_MEMORY);
	to = text;
	while (from < close) {
		size_t plain = (size_t)(p - from);
		memcpy(to, from, plain);
		to += plain;
		if (p == close)
			break;
		if (*p != '\\' || !decode_escape(&p, close, &to))
			return fail(j, SCAN_SYNTAX);
		from = p;
		p = find_special(p, close);
	}
	arena_shrink_last(j->mem, text, room, (size_t)(to - text));
	*v = slice_of(text, (size_t)(to - text));
	j->p = close + 1;
	return true;
}

/* A string; j->p is at its opening quote. */
static inline bool
read_string(struct json_scan *j, struct slice *v)
{
	const uint8_t *from = j->p + 1, *p = find_special(from, j->end);

	if (p < j->end && *p == '"') {
		*v = slice_of(from, (size_t)(p - from));
		j->p = p + 1;
		return true;
	}
	if (p < j->end && *p == '\\')
		return decode_string(j, from, p, v);
	return fail(j, SCAN_SYNTAX);
}

static inline const uint8_t *
skip_digits(const uint8_t *p, const uint8_t *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
static bool
read_number(struct json_scan *j, struct slice *v)
{
	const uint8_t *p = j->p, *end = j->end, *digits;

	if (*p == '-')
		p++;
	digits = p;
	p = skip_digits(p, end);
	if (p == digits || (*digits == '0' && p - digits > 1))
		return fail(j, SCAN_SYNTAX);
	if (p < end && *p == '.') {
		digits = ++p;
		if ((p = skip_digits(p, end)) == digits)
			return fail(j, SCAN_SYNTAX);
	}
	if (p < end && (*p | 0x20) == 'e') {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		digits = p;
		if ((p = skip_digits(p, end)) == digits)
			return fail(j, SCAN_SYNTAX);
	}
	*v = slice_of(j->p, (size_t)(p - j->p));
	j->p = p;
	return true;
}

static bool
read_word(struct json_scan *j, const char *word, size_t len, struct slice *v)
{
	if ((size_t)(j->end - j->p) < len || memcmp(j->p, word, len) != 0)
		return fail(j, SCAN_SYNTAX);
	*v = slice_of(j->p, len);
	j->p += len;
	return true;
}

static bool
open_container(struct json_scan *j)
{
	if (j->depth == SCAN_DEPTH_MAX)
		return fail(j, SCAN_TOO_DEEP);
	j->depth++;
	j->p++;
	j->first = true;
	return true;
}

enum scan_kind
json_scan_value(struct json_scan *j, struct slice *v)
{
	enum scan_kind kind;
	bool read;

	skip_space(j);
	if (j->p >= j->end) {
		fail(j, SCAN_SYNTAX);
		return SCAN_NOTHING;
	}
	switch (*j->p) {
	case '"':
		read = read_string(j, v);
		kind = SCAN_STRING;
		break;
	case '{':
		return open_container(j) ? SCAN_OBJECT : SCAN_NOTHING;
	case '[':
		return open_container(j) ? SCAN_ARRAY : SCAN_NOTHING;
	case 't':
		read = read_word(j, "true", 4, v);
		kind = SCAN_TRUE;
		break;
	case 'f':
		read = read_word(j, "false", 5, v);
		kind = SCAN_FALSE;
		break;
	case 'n':
		read = read_word(j, "null", 4, v);
		kind = SCAN_NULL;
		break;
	default:
		read = read_number(j, v);
		kind = SCAN_NUMBER;
	}
	j->first = false;
	return read ? kind : SCAN_NOTHING;
}

/* Past the comma before all but the first member; false at `close`, which is taken. */
static inline bool
next_member(struct json_scan *j, uint8_t close)
{
	skip_space(j);
	if (j->p >= j->end)
		return fail(j, SCAN_SYNTAX);
	if (*j->p == close) {
		j->p++;
		j->depth--;
		j->first = false;
		return false;
	}
	if (!j->first) {
		if (*j->p != ',')
			return fail(j, SCAN_SYNTAX);
		j->p++;
		skip_space(j);
	}
	j->first = false;
	return true;
}

bool
json_scan_key(struct json_scan *j, struct slice *key)
{
	if (!next_member(j, '}'))
		return false;
	if (j->p >= j->end || *j->p != '"' || !read_string(j, key))
		return fail(j, SCAN_SYNTAX);
	skip_space(j);
	if (j->p >= j->end || *j->p != ':')
		return fail(j, SCAN_SYNTAX);
	j->p++;
	return true;
}

bool
json_scan_item(struct json_scan *j)
{
	return next_member(j, ']');
}

void
json_scan_skip(struct json_scan *j, enum scan_kind kind)
{
	struct slice v;

	if (kind == SCAN_OBJECT)
		while (json_scan_key(j, &v))
			json_scan_skip(j, json_scan_value(j, &v));
	else if (kind == SCAN_ARRAY)
		while (json_scan_item(j))
			json_scan_skip(j, json_scan_value(j, &v));
}

bool
json_scan_end(struct json_scan *j)
{
	skip_space(j);
	if (j->p < j->end || j->depth > 0)
		fail(j, SCAN_SYNTAX);
	return j->error == SCAN_FINE;
}
