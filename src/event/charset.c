/* charset.c - see charset.h. */
#include "event/charset.h"

#include "cp932_table.h"

#define CELLS	    94
#define REPLACEMENT 0xfffd

static const struct {
	const char *name;
	enum charset charset;
} names[] = {
    {"utf8", CHARSET_UTF8},
    {"ascii", CHARSET_UTF8},
    {"shiftjis", CHARSET_SHIFT_JIS},
    {"sjis", CHARSET_SHIFT_JIS},
    {"cp932", CHARSET_SHIFT_JIS},
    {"windows31j", CHARSET_SHIFT_JIS},
    {"mskanji", CHARSET_SHIFT_JIS},
    {"eucjp", CHARSET_EUC_JP},
    {"ujis", CHARSET_EUC_JP},
    {"cp51932", CHARSET_EUC_JP},
    {"eucjpms", CHARSET_EUC_JP},
};

bool
charset_by_name(const char *name, enum charset *out)
{
	char plain[16];
	size_t n = 0;

	if (name == NULL) {
		*out = CHARSET_UTF8;
		return true;
	}
	for (; *name != '\0'; name++) {
		if (*name == '-' || *name == '_')
			continue;
		if (n + 1 == sizeof(plain))
			return false;
		plain[n++] = *name >= 'A' && *name <= 'Z' ? (char)(*name | 0x20) : *name;
	}
	plain[n] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, plain) == 0) {
			*out = names[i].charset;
			return true;
		}
	return false;
}

static unsigned
lookup(unsigned row, unsigned cell)
{
	size_t i = (size_t)row * CELLS + cell;

	if (cell >= CELLS || i >= sizeof(cp932) / sizeof(cp932[0]) || cp932[i] == 0)
		return REPLACEMENT;
	return cp932[i];
}

/*
 * Each decoder reads the character that starts at p, a byte above 0x7f, and says
 * how many bytes it took.  A lead byte with an ASCII byte after it that cannot
 * follow is taken alone, so a cut character never swallows a quote or a space.
 */
static size_t
decode_shift_jis(const uint8_t *p, const uint8_t *end, unsigned *out)
{
	unsigned lead = p[0], trail, row;

	*out = REPLACEMENT;
	if (lead >= 0xa1 && lead <= 0xdf) {
		*out = 0xff61 + lead - 0xa1;
		return 1;
	}
	if (lead == 0x80 || lead == 0xa0 || lead > 0xfc || end - p < 2)
		return 1;
	trail = p[1];
	if (trail < 0x40 || trail == 0x7f || trail > 0xfc)
		return 1;
	row = 2 * (lead < 0xa0 ? lead - 0x81 : lead - 0xc1);
	if (trail >= 0x9f)
		*out = lookup(row + 1, trail - 0x9f);
	else
		*out = lookup(row, trail - (trail < 0x7f ? 0x40 : 0x41));
	return *out == REPLACEMENT && trail < 0x80 ? 1 : 2;
}

static size_t
decode_euc_jp(const uint8_t *p, const uint8_t *end, unsigned *out)
{
	*out = REPLACEMENT;
	if (end - p < 2 || p[1] < 0xa1 || p[1] == 0xff)
		return 1;
	if (p[0] == 0x8e) {
		if (p[1] > 0xdf)
			return 1;
		*out = 0xff61 + p[1] - 0xa1u;
		return 2;
	}
	if (p[0] == 0x8f) /* JIS X 0212, which the table lacks: one unknown character */
		return end - p >= 3 && p[2] >= 0xa1 ? 3 : 1;
	if (p[0] < 0xa1 || p[0] == 0xff)
		return 1;
	*out = lookup(p[0] - 0xa1u, p[1] - 0xa1u);
	return 2;
}

static uint8_t *
encode(uint8_t *to, unsigned c)
{
	if (c < 0x80) {
		*to++ = (uint8_t)c;
	} else if (c < 0x800) {
		*to++ = (uint8_t)(0xc0 | c >> 6);
		*to++ = (uint8_t)(0x80 | (c & 0x3f));
	} else {
		*to++ = (uint8_t)(0xe0 | c >> 12);
		*to++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		*to++ = (uint8_t)(0x80 | (c & 0x3f));
	}
	return to;
}

static bool
is_ascii(struct slice s)
{
	uint8_t seen = 0;

	for (size_t i = 0; i < s.len; i++)
		seen |= s.ptr[i];
	return seen < 0x80;
}

struct slice
charset_to_utf8(enum charset c, struct slice s, struct arena *mem)
{
	const uint8_t *p = s.ptr, *end = s.ptr + s.len;
	uint8_t *text, *to;

	if (c == CHARSET_UTF8 || is_ascii(s))
		return s;
	text = arena_array(mem, s.len, 3);
	if (text == NULL)
		return (struct slice){0};
	for (to = text; p < end;) {
		unsigned v = *p;
		size_t took = 1;
		if (v >= 0x80)
			took = c == CHARSET_SHIFT_JIS ? decode_shift_jis(p, end, &v)
						      : decode_euc_jp(p, end, &v);
		to = encode(to, v);
		p += took;
	}
	arena_shrink_last(mem, text, s.len * 3, (size_t)(to - text));
	return slice_of(text, (size_t)(to - text));
}
