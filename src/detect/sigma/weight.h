/*
 * weight.h - how rare is a text?  A guess at load time, for choosing what to search for.  Pure.
 */
#ifndef HINOMI_DETECT_SIGMA_WEIGHT_H
#define HINOMI_DETECT_SIGMA_WEIGHT_H

#include "base/slice.h"

/*
 * The guessed share of values that hold this text (lower case), or that begin
 * and end with it where so anchored.  An empty text is in every value.
 */
double weight_probability(struct slice text, bool at_start, bool at_end);

/* -log2(p), 0 for p of 1 or more. */
double weight_bits(double p);

#endif
