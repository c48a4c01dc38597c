/* words.c - see words.h. */
#include "event/words.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* One bit for each of 64 bytes, set where it is not a space. */
static inline uint64_t
not_spaces(const uint8_t *p)
{
#ifdef __SSE2__
	uint64_t mask = 0;
	const __m128i space = _mm_set1_epi8(' ');

	for (int i = 0; i < 4; i++) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
		uint64_t m = (uint16_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, space));
		mask |= m << (16 * i);
	}
	return ~mask;
#else
	uint64_t mask = 0;

	for (int i = 0; i < 64; i++)
		mask |= (uint64_t)(p[i] != ' ') << i;
	return mask;
#endif
}

/* Without an instruction for it in the baseline of amd64, this beats the library's table. */
static inline unsigned
count_bits(uint64_t v)
{
	v -= v >> 1 & 0x5555555555555555u;
	v = (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (unsigned)(v * 0x0101010101010101u >> 56);
}

/* Write the positions of all bits, eight at a time: what is written past the last is
 * overwritten. */
static inline unsigned
write_edges(uint32_t *to, uint64_t edges, uint32_t base)
{
	unsigned n = count_bits(edges);

	for (unsigned done = 0; done < n; done += 8)
		for (int i = 0; i < 8; i++) {
			*to++ = base + (uint32_t)__builtin_ctzll(edges | (uint64_t)1 << 63);
			edges &= edges - 1;
		}
	return n;
}

void
words_find(struct slice line, struct words *w)
{
	uint64_t carry = 0; /* was the byte before this block part of a word? */
	unsigned n = 0;

	for (size_t at = 0; at < line.len && n < 2 * WORDS_MAX; at += 64) {
		uint64_t in_word;

		if (line.len - at >= 64) {
			in_word = not_spaces(line.ptr + at);
		} else if (line.len >=
			   64) { /* look at the last 64 bytes, drop those seen before */
			in_word =
			    not_spaces(line.ptr + line.len - 64) >> (64 - (line.len - at));
		} else {
			uint8_t tail[64];
			memset(tail, ' ', sizeof(tail));
			memcpy(tail, line.ptr + at, line.len - at);
			in_word = not_spaces(tail);
		}
		n += write_edges(w->edge + n, in_word ^ (in_word << 1 | carry), (uint32_t)at);
		carry = in_word >> 63;
	}
	if (n % 2 == 1)
		w->edge[n++] = (uint32_t)line.len;
	w->n = n / 2 < WORDS_MAX ? n / 2 : WORDS_MAX;
}
