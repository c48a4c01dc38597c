/*
 * rule_troubles.h - when to say again that a rule's regular expression gives up.
 *
 * A rule that gives up does so on every such line: it is told once an hour, and
 * only if it has happened since.  Pure.
 */
#ifndef HINOMI_CENTER_RULE_TROUBLES_H
#define HINOMI_CENTER_RULE_TROUBLES_H

#include "base/instant.h"
#include "detect/sigma/sigma.h"

#define RULE_TROUBLES_MAX   128 /* rules that are kept apart; those beyond are not told */
#define RULE_TROUBLES_EVERY SPAN_SECONDS(3600)

/* The zero value is empty.  Rules belong to the content in use: empty it where that changes. */
struct rule_troubles {
	size_t n;
	struct {
		const struct rule_info *rule;
		uint64_t count; /* when it was told */
		struct span at;
	} told[RULE_TROUBLES_MAX];
};

/* Whether to tell this trouble now (on any clock that never goes back); then it counts as told.
 */
bool rule_troubles_due(struct rule_troubles *r, const struct sigma_trouble *t, struct span now);

#endif
