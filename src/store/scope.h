/*
 * scope.h - the institutions that a person may see.
 *
 * Every query that serves a person takes a scope; it comes from the session and
 * from nowhere else.  The list is text, ",id,id,": institution ids are lower-case
 * letters, digits and '-', so neither ',' nor a LIKE wildcard occurs in one.
 */
#ifndef HINOMI_STORE_SCOPE_H
#define HINOMI_STORE_SCOPE_H

#include "base/slice.h"
#include "store/db.h"

struct scope {
	bool all;	   /* every institution, also those still to come */
	struct slice list; /* ",a,b,"; not looked at if all; empty sees nothing */
};

/*
 * For the WHERE of a query: SCOPE_SQL("$1", "$2", "a.institution"), then
 * scope_bind(st, 1, scope) binds both parameters.
 */
#define SCOPE_SQL(p1, p2, column) " (" p1 " = 1 OR " p2 " LIKE '%,' || " column " || ',%') "

static inline void
scope_bind(struct db_stmt *st, int at, const struct scope *s)
{
	db_bind_int(st, at, s->all);
	db_bind_text(st, at + 1, s->list.ptr == NULL ? SLICE("") : s->list);
}

/* For what is in memory already. */
static inline bool
scope_covers(const struct scope *s, struct slice institution)
{
	struct slice rest = s->list, part;

	if (s->all)
		return true;
	while (institution.len > 0 && slice_cut(&rest, ',', &part))
		if (slice_equal(part, institution))
			return true;
	return false;
}

#endif
