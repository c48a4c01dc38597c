/* host.c - see host.h. */
#include "detect/indicator/host.h"

#include <idn2.h>
#include <stdlib.h>

/* What each byte is in a host name; together they say what kind of name it is. */
enum { BAD = 0, LOWER = 1, UPPER = 2, DOT = 4, FOREIGN = 8 };

static const uint8_t ascii_class[128] = {
    ['a'] = LOWER,
    ['b'] = LOWER,
    ['c'] = LOWER,
    ['d'] = LOWER,
    ['e'] = LOWER,
    ['f'] = LOWER,
    ['g'] = LOWER,
    ['h'] = LOWER,
    ['i'] = LOWER,
    ['j'] = LOWER,
    ['k'] = LOWER,
    ['l'] = LOWER,
    ['m'] = LOWER,
    ['n'] = LOWER,
    ['o'] = LOWER,
    ['p'] = LOWER,
    ['q'] = LOWER,
    ['r'] = LOWER,
    ['s'] = LOWER,
    ['t'] = LOWER,
    ['u'] = LOWER,
    ['v'] = LOWER,
    ['w'] = LOWER,
    ['x'] = LOWER,
    ['y'] = LOWER,
    ['z'] = LOWER,
    ['0'] = LOWER,
    ['1'] = LOWER,
    ['2'] = LOWER,
    ['3'] = LOWER,
    ['4'] = LOWER,
    ['5'] = LOWER,
    ['6'] = LOWER,
    ['7'] = LOWER,
    ['8'] = LOWER,
    ['9'] = LOWER,
    ['-'] = LOWER,
    ['_'] = LOWER,
    ['A'] = UPPER,
    ['B'] = UPPER,
    ['C'] = UPPER,
    ['D'] = UPPER,
    ['E'] = UPPER,
    ['F'] = UPPER,
    ['G'] = UPPER,
    ['H'] = UPPER,
    ['I'] = UPPER,
    ['J'] = UPPER,
    ['K'] = UPPER,
    ['L'] = UPPER,
    ['M'] = UPPER,
    ['N'] = UPPER,
    ['O'] = UPPER,
    ['P'] = UPPER,
    ['Q'] = UPPER,
    ['R'] = UPPER,
    ['S'] = UPPER,
    ['T'] = UPPER,
    ['U'] = UPPER,
    ['V'] = UPPER,
    ['W'] = UPPER,
    ['X'] = UPPER,
    ['Y'] = UPPER,
    ['Z'] = UPPER,
    ['.'] = DOT,
};

/* Every label has 1 to 63 bytes. */
static bool
labels_fit(struct slice s)
{
	size_t run = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] != '.') {
			run++;
			continue;
		}
		if (run == 0 || run > 63)
			return false;
		run = 0;
	}
	return run > 0 && run <= 63;
}

/* RFC 5891 after the mapping of UTS 46: as browsers read what people type. */
static struct slice
to_ascii(struct slice s, char buf[HOST_MAX + 1])
{
	char text[4 * HOST_MAX + 1];
	uint8_t *out = NULL;
	size_t n;

	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	if (idn2_lookup_u8(
		(const uint8_t *)text, &out, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return (struct slice){0};
	n = strlen((char *)out);
	if (n > 0 && out[n - 1] == '.')
		n--;
	if (n > HOST_MAX)
		n = 0;
	memcpy(buf, out, n);
	idn2_free(out);
	s = slice_of(buf, n);
	return labels_fit(s) ? s : (struct slice){0};
}

struct slice
host_normalise(struct slice s, char buf[HOST_MAX + 1])
{
	uint8_t seen = 0;

	if (s.len > 0 && s.ptr[s.len - 1] == '.')
		s.len--;
	if (s.len == 0 || s.len > 4 * HOST_MAX)
		return (struct slice){0};
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i], class = c < 0x80 ? ascii_class[c] : FOREIGN;

		if (class == BAD)
			return (struct slice){0};
		seen |= class;
	}
	if (seen & FOREIGN)
		return to_ascii(s, buf);
	if (s.len > HOST_MAX || !labels_fit(s))
		return (struct slice){0};
	if (seen & UPPER) {
		for (size_t i = 0; i < s.len; i++)
			buf[i] =
			    (char)(ascii_class[s.ptr[i]] == UPPER ? s.ptr[i] | 0x20 : s.ptr[i]);
		s.ptr = (const uint8_t *)buf;
	}
	return s;
}

#define LANES(byte) (0x0101010101010101u * (byte))

/* Of eight bytes: a top bit for each that is a capital letter or not ASCII. */
static inline uint64_t
needs_folding(uint64_t w)
{
	uint64_t seven = w & LANES(0x7f);

	return (w | ((seven + LANES(0x80 - 'A')) & ~(seven + LANES(0x80 - 'Z' - 1)))) &
	       LANES(0x80);
}

struct slice
host_fold(struct slice s, char buf[HOST_MAX + 1])
{
	uint64_t w = 0, any = 0;

	if (s.len > 0 && s.ptr[s.len - 1] == '.')
		s.len--;
	if (s.len < 8) {
		memcpy(&w, s.ptr, s.len);
		any = needs_folding(w);
	} else {
		/* The last eight may be seen twice. */
		for (size_t i = 0; i + 8 < s.len; i += 8) {
			memcpy(&w, s.ptr + i, 8);
			any |= needs_folding(w);
		}
		memcpy(&w, s.ptr + s.len - 8, 8);
		any |= needs_folding(w);
	}
	return any == 0 && s.len <= HOST_MAX ? s : host_normalise(s, buf);
}
