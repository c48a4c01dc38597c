/*
 * rule.h - the rule_info of an indicator, made when it is first hit.
 *
 * Alerts point at their rule for as long as the set lives, and few of millions
 * of rows are ever hit: so each hit one gets its texts once, kept in a table
 * that any number of threads may read and add to without a lock.
 */
#ifndef HINOMI_DETECT_INDICATOR_RULE_H
#define HINOMI_DETECT_INDICATOR_RULE_H

#include <stdatomic.h>

#include "detect/indicator/table.h"

/* So many different indicators get texts of their own; a flood beyond them shares one rule a
 * kind. */
#define RULES_MAX 262144

#define RULE_HEADS 16384 /* a power of two */

struct rule_node;

struct rule_cache {
	_Atomic(struct rule_node *) heads[RULE_HEADS];
	_Atomic size_t count;
	struct rule_info overflow[INDICATOR_KIND_COUNT];
};

/* NULL without memory. */
struct rule_cache *rule_cache_new(void);
void rule_cache_free(struct rule_cache *c);

/* The rule of the entry at that place of the table; *text is its value for people.  NULL
 * without memory. */
const struct rule_info *rule_of_entry(
    struct rule_cache *c, const struct table *t, uint32_t place, struct slice *text);

const char *indicator_kind_name(enum indicator_kind k);

#endif
