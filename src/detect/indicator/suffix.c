/* suffix.c - see suffix.h. */
#include "detect/indicator/suffix.h"

#include <libpsl.h>

#include "detect/indicator/host.h"

static bool
listed(struct slice first, struct slice rest, int type)
{
	char text[HOST_MAX + 8];

	memcpy(text, first.ptr, first.len);
	memcpy(text + first.len, rest.ptr, rest.len);
	text[first.len + rest.len] = '\0';
	return psl_is_public_suffix2(psl_builtin(), text, type) == 1;
}

bool
suffix_is_public(struct slice host)
{
	size_t dot = slice_find(host, '.');
	struct slice rest = slice_from(host, dot);

	if (host.len == 0 || host.len > HOST_MAX)
		return false;
	if (dot == SIZE_MAX || listed(SLICE(""), host, PSL_TYPE_ICANN))
		return true;
	/* Any other label would do as well: then a wildcard says so, of customers. */
	return listed(SLICE(""), host, PSL_TYPE_PRIVATE) &&
	       !listed(SLICE("0-0"), rest, PSL_TYPE_PRIVATE);
}
