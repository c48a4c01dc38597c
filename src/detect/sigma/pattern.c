/* pattern.c - reading, finishing and matching Sigma's string values. */
#include "detect/sigma/pattern.h"

#include <assert.h>

#include "base/utf8.h"

const char *const pattern_dashes[] = {
    "-", "/", "\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x80\x95", NULL};

static bool
is_special(uint8_t c, bool placeholders)
{
	return c == '*' || c == '?' || (c == '%' && placeholders);
}

/* The name between two percent signs at the start of s, or absent. */
static struct slice
placeholder_name(struct slice s)
{
	size_t i = 1;

	while (i < s.len && s.ptr[i] != '%' && s.ptr[i] != ' ' && s.ptr[i] != '*' &&
	       s.ptr[i] != '?')
		i++;
	if (i == 1 || i >= s.len || s.ptr[i] != '%')
		return (struct slice){0};
	return slice_of(s.ptr + 1, i - 1);
}

struct part *
pattern_parse(struct slice s, bool placeholders, struct arena *mem, unsigned *n)
{
	/* At most one part more than there are bytes; text only becomes shorter. */
	struct part *parts = arena_array(mem, s.len + 1, sizeof(*parts));
	uint8_t *text = arena_alloc(mem, s.len);
	unsigned count = 0;

	if (parts == NULL || text == NULL)
		return NULL;
	for (size_t i = 0; i < s.len;) {
		uint8_t c = s.ptr[i], next = i + 1 < s.len ? s.ptr[i + 1] : 0;
		struct slice name = {0};

		if (c == '*' || c == '?') {
			parts[count++].kind = c == '*' ? PART_ANY : PART_ONE;
			i++;
			continue;
		}
		if (placeholders && c == '%')
			name = placeholder_name(slice_from(s, i));
		if (name.ptr != NULL) {
			parts[count++] = (struct part){PART_PLACEHOLDER, name};
			i += name.len + 2;
			continue;
		}
		/* A backslash escapes a special or another backslash, and is itself otherwise.
		 */
		if (c == '\\' && (next == '\\' || is_special(next, placeholders))) {
			c = next;
			i++;
		}
		i++;
		if (count == 0 || parts[count - 1].kind != PART_TEXT)
			parts[count++] = (struct part){PART_TEXT, {text, 0}};
		*text++ = c;
		parts[count - 1].text.len++;
	}
	*n = count;
	return parts;
}

bool
pattern_is_text(const struct part *parts, unsigned n)
{
	return n == 0 || (n == 1 && parts[0].kind == PART_TEXT);
}

static bool
is_word(uint8_t c)
{
	return c == '_' || c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* The length of the dash that s begins with, 0 if it begins with none. */
static size_t
dash_length(struct slice s)
{
	for (size_t i = 0; pattern_dashes[i] != NULL; i++)
		if (slice_starts(s, slice_str(pattern_dashes[i])))
			return strlen(pattern_dashes[i]);
	return 0;
}

struct part *
pattern_windash(const struct part *parts, unsigned n, struct arena *mem, unsigned *out_n)
{
	struct part *out;
	size_t most = n;
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		most += parts[i].kind == PART_TEXT ? 2 * parts[i].text.len : 0;
	if ((out = arena_array(mem, most, sizeof(*out))) == NULL)
		return NULL;
	for (unsigned i = 0; i < n; i++) {
		struct slice t = parts[i].text;
		size_t from = 0;

		if (parts[i].kind != PART_TEXT) {
			out[count++] = parts[i];
			continue;
		}
		for (size_t k = 0; k < t.len; k++) {
			size_t dash = dash_length(slice_from(t, k));

			/* A flag's dash: no word before it, a word behind it. */
			if (dash == 0 || (k > 0 && is_word(t.ptr[k - 1])) ||
			    k + dash >= t.len || !is_word(t.ptr[k + dash]))
				continue;
			if (k > from)
				out[count++] =
				    (struct part){PART_TEXT, slice_of(t.ptr + from, k - from)};
			out[count++].kind = PART_DASH;
			from = k + dash;
			k = from - 1;
		}
		if (from < t.len)
			out[count++] = (struct part){PART_TEXT, slice_from(t, from)};
	}
	*out_n = count;
	return out;
}

bool
pattern_finish(struct pattern *p, const struct part *parts, unsigned n, bool before, bool after,
    bool cased, struct arena *mem)
{
	struct part *out;
	unsigned count = 0;

	while (n > 0 && parts[0].kind == PART_ANY) {
		before = true;
		parts++;
		n--;
	}
	while (n > 0 && parts[n - 1].kind == PART_ANY) {
		after = true;
		n--;
	}
	if ((out = arena_array(mem, n, sizeof(*out))) == NULL)
		return false;
	for (unsigned i = 0; i < n; i++) {
		struct slice t = parts[i].text;
		uint8_t *copy;

		if (parts[i].kind == PART_ANY && count > 0 && out[count - 1].kind == PART_ANY)
			continue;
		out[count] = parts[i];
		if (parts[i].kind == PART_TEXT) {
			if (t.len == 0)
				continue;
			if ((copy = arena_alloc(mem, t.len)) == NULL)
				return false;
			for (size_t k = 0; k < t.len; k++)
				copy[k] = cased ? t.ptr[k] : fold_case(t.ptr[k]);
			out[count].text.ptr = copy;
		}
		count++;
	}
	*p = (struct pattern){!before, !after, cased, count, out};
	return true;
}

static inline bool
text_at(const uint8_t *v, struct slice text, bool cased)
{
	if (cased)
		return memcmp(v, text.ptr, text.len) == 0;
	for (size_t i = 0; i < text.len; i++)
		if (fold_case(v[i]) != text.ptr[i])
			return false;
	return true;
}

/* Where `text` first stands in v at or after `from`, SIZE_MAX if nowhere. */
static size_t
find_text(struct slice v, size_t from, struct slice text, bool cased)
{
	uint8_t low = text.ptr[0];
	uint8_t high = !cased && low >= 'a' && low <= 'z' ? low & 0xdf : low;

	if (v.len < text.len)
		return SIZE_MAX;
	for (size_t last = v.len - text.len; from <= last; from++)
		if ((v.ptr[from] == low || v.ptr[from] == high) &&
		    text_at(v.ptr + from, text, cased))
			return from;
	return SIZE_MAX;
}

/* Match parts (no "*" among them) at `at`; the position behind them, or SIZE_MAX. */
static size_t
match_here(const struct part *parts, unsigned n, bool cased, struct slice v, size_t at)
{
	for (unsigned i = 0; i < n; i++) {
		struct slice rest = slice_from(v, at);
		size_t len = 0;

		switch (parts[i].kind) {
		case PART_TEXT:
			if (rest.len < parts[i].text.len ||
			    !text_at(rest.ptr, parts[i].text, cased))
				return SIZE_MAX;
			len = parts[i].text.len;
			break;
		case PART_ONE:
			if (rest.len == 0)
				return SIZE_MAX;
			len = utf8_length(rest);
			len = len == 0 ? 1 : len;
			break;
		case PART_DASH:
			if ((len = dash_length(rest)) == 0)
				return SIZE_MAX;
			break;
		case PART_ANY:
		case PART_PLACEHOLDER:
			assert(!"not inside a segment");
		}
		at += len;
	}
	return at;
}

/*
 * The parts between two "*" are a segment.  Taking each segment at the first
 * place it fits leaves the most for those behind it, so no backtracking is needed.
 */
bool
pattern_match(const struct pattern *p, struct slice v)
{
	size_t at = 0;

	if (p->n == 0)
		return !(p->at_start && p->at_end) || v.len == 0;
	if (p->n == 1 && p->parts[0].kind == PART_TEXT) {
		struct slice t = p->parts[0].text;

		if (v.len < t.len || (p->at_start && p->at_end && v.len != t.len))
			return false;
		if (p->at_start)
			return text_at(v.ptr, t, p->cased);
		if (p->at_end)
			return text_at(v.ptr + v.len - t.len, t, p->cased);
		return find_text(v, 0, t, p->cased) != SIZE_MAX;
	}
	for (unsigned i = 0; i < p->n;) {
		unsigned n = 0;
		bool first = i == 0, last;
		size_t end = SIZE_MAX;

		while (i + n < p->n && p->parts[i + n].kind != PART_ANY)
			n++;
		last = i + n == p->n;
		for (; at <= v.len; at++) {
			if (p->parts[i].kind == PART_TEXT && !(first && p->at_start))
				if ((at = find_text(v, at, p->parts[i].text, p->cased)) ==
				    SIZE_MAX)
					return false;
			end = match_here(p->parts + i, n, p->cased, v, at);
			if (end != SIZE_MAX && last && p->at_end && end != v.len)
				end = SIZE_MAX;
			if (end != SIZE_MAX || (first && p->at_start))
				break;
		}
		if (end == SIZE_MAX)
			return false;
		at = end;
		i += n + 1;
	}
	return true;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct slice
encode_base64(struct slice s, struct arena *mem)
{
	size_t len = (s.len + 2) / 3 * 4;
	uint8_t *out = arena_alloc(mem, len), *o = out;

	if (out == NULL)
		return (struct slice){0};
	for (size_t i = 0; i < s.len; i += 3) {
		size_t n = s.len - i < 3 ? s.len - i : 3;
		uint32_t v = (uint32_t)s.ptr[i] << 16 |
			     (n > 1 ? (uint32_t)s.ptr[i + 1] << 8 : 0) |
			     (n > 2 ? s.ptr[i + 2] : 0);

		for (size_t k = 0; k < 4; k++)
			*o++ = k <= n ? (uint8_t)base64_digits[v >> (18 - 6 * k) & 63] : '=';
	}
	return slice_of(out, len);
}

struct slice
encode_base64_offset(struct slice s, unsigned shift, struct arena *mem)
{
	/* Digits that also hold bits of what stands before or behind s are cut off. */
	static const size_t head[] = {0, 2, 3}, tail[] = {0, 3, 2};
	uint8_t *padded = arena_alloc(mem, s.len + shift);
	struct slice all;
	size_t cut;

	if (padded == NULL)
		return (struct slice){0};
	memset(padded, ' ', shift);
	memcpy(padded + shift, s.ptr, s.len);
	all = encode_base64(slice_of(padded, s.len + shift), mem);
	cut = head[shift] + tail[(s.len + shift) % 3];
	if (all.ptr == NULL || all.len < cut)
		return slice_first(all, 0);
	return slice_of(all.ptr + head[shift], all.len - cut);
}

static uint32_t
next_character(struct slice *s)
{
	static const uint8_t lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	size_t n = utf8_length(*s);
	uint32_t c;

	if (n == 0) {
		*s = slice_from(*s, 1);
		return 0xfffd;
	}
	c = s->ptr[0] & lead[n];
	for (size_t i = 1; i < n; i++)
		c = c << 6 | (s->ptr[i] & 0x3f);
	*s = slice_from(*s, n);
	return c;
}

struct slice
encode_utf16(struct slice s, bool big_endian, bool mark, struct arena *mem)
{
	uint8_t *out = arena_alloc(mem, 2 * s.len + 4), *o = out;
	uint16_t units[2];

	if (out == NULL)
		return (struct slice){0};
	while (s.len > 0 || mark) {
		uint32_t c = mark ? 0xfeff : next_character(&s);
		unsigned n = 1;

		mark = false;
		units[0] = (uint16_t)c;
		if (c > 0xffff) {
			units[0] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
			units[1] = (uint16_t)(0xdc00 + ((c - 0x10000) & 0x3ff));
			n = 2;
		}
		for (unsigned i = 0; i < n; i++) {
			*o++ = (uint8_t)(big_endian ? units[i] >> 8 : units[i]);
			*o++ = (uint8_t)(big_endian ? units[i] : units[i] >> 8);
		}
	}
	return slice_of(out, (size_t)(o - out));
}
