/* rule_troubles.c - see rule_troubles.h. */
#include "center/rule_troubles.h"

bool
rule_troubles_due(struct rule_troubles *r, const struct sigma_trouble *t, struct span now)
{
	size_t i = 0;

	while (i < r->n && r->told[i].rule != t->rule)
		i++;
	if (i == RULE_TROUBLES_MAX)
		return false;
	if (i < r->n && (t->count == r->told[i].count ||
			    now.us - r->told[i].at.us < RULE_TROUBLES_EVERY.us))
		return false;
	if (i == r->n)
		r->n++;
	r->told[i].rule = t->rule;
	r->told[i].count = t->count;
	r->told[i].at = now;
	return true;
}
