/*
 * stix_pattern.h - the values that a STIX 2.1 pattern looks for.
 *
 * A pattern is read as the standard's grammar has it, and boiled down to "any of
 * these values", which is what can be looked up.  What asks for more (AND of
 * different things, an order, a number of times, a comparison other than
 * equality) is said to be unusable, with the reason; where only a part joined
 * by OR is unusable, the others are still given.  Pure.
 */
#ifndef HINOMI_DETECT_INDICATOR_STIX_PATTERN_H
#define HINOMI_DETECT_INDICATOR_STIX_PATTERN_H

#include "detect/indicator/value.h"

#define STIX_PATTERN_MAX 65536 /* bytes */
#define STIX_VALUES_MAX	 4096

struct stix_value {
	enum indicator_kind want;
	struct slice text; /* unescaped, in the pattern's scratch */
};

struct stix_pattern {
	unsigned n;
	struct stix_value values[STIX_VALUES_MAX];
	unsigned unusable; /* parts that cannot be looked up */
	enum refusal why;  /* the first of them */
	char text[STIX_PATTERN_MAX];
	size_t used;
};

/*
 * REFUSED_NOT: there are values (and perhaps unusable parts).  Anything else:
 * the pattern as a whole cannot be used, and why.
 */
enum refusal stix_pattern_read(struct slice pattern, struct stix_pattern *out);

#endif
