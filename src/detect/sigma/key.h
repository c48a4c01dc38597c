/*
 * key.h - what to search for: texts of which an event must hold one for a rule to be true of
 * it.
 */
#ifndef HINOMI_DETECT_SIGMA_KEY_H
#define HINOMI_DETECT_SIGMA_KEY_H

#include "detect/sigma/model.h"

/* A text, lower case, in a column; anchored where it must begin or end the value. */
struct factor {
	uint32_t column;
	bool at_start, at_end;
	struct slice text;
};

#define FACTOR_TEXT_MAX 64

/* Called for each factor of a key; false stops the search. */
typedef bool key_see(void *ctx, const struct factor *f);

/*
 * The guessed share of events that hold the best key of this tree; 1 where it
 * has none.  A NOT has no key, an OR needs one of every branch, an AND takes its
 * most selective branch.
 */
double key_probability(const struct node *n, struct arena *scratch);

/* Tell every factor of that key.  Texts live in scratch. */
bool key_each(const struct node *n, struct arena *scratch, key_see *see, void *ctx);

#endif
