/* set.h - what an indicator_set is made of; for this directory only. */
#ifndef HINOMI_DETECT_INDICATOR_SET_H
#define HINOMI_DETECT_INDICATOR_SET_H

#include "detect/indicator/rule.h"
#include "detect/indicator/table.h"

/* Immutable once built, but for the rules that hits leave in the cache. */
struct indicator_set {
	struct arena *texts; /* of the origins */
	struct table bad;
	struct table allow;
	struct rule_cache *rules;
};

#endif
