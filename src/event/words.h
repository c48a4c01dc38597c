/*
 * words.h - where the words of a line begin and end, words being parted by spaces.
 *
 * Compares 64 bytes at a time and visits only the edges, which is what makes
 * space-separated logs cheap to read.  Pure.
 */
#ifndef HINOMI_EVENT_WORDS_H
#define HINOMI_EVENT_WORDS_H

#include "base/slice.h"

#define WORDS_MAX 32

struct words {
	unsigned n;			       /* whole words found, at most WORDS_MAX */
	uint32_t edge[2 * WORDS_MAX + 64 + 8]; /* begin, end, begin, end ... */
};

/* Words beyond WORDS_MAX are not looked for. */
void words_find(struct slice line, struct words *w);

static inline struct slice
words_at(const struct words *w, struct slice line, unsigned i)
{
	return slice_of(line.ptr + w->edge[2 * i], w->edge[2 * i + 1] - w->edge[2 * i]);
}

/* From the beginning of word i to the end of word j. */
static inline struct slice
words_span(const struct words *w, struct slice line, unsigned i, unsigned j)
{
	return slice_of(line.ptr + w->edge[2 * i], w->edge[2 * j + 1] - w->edge[2 * i]);
}

#endif
