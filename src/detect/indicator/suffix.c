/* suffix.c - see suffix.h. */
#include "detect/indicator/suffix.h"

#include <libpsl.h>

#include "detect/indicator/host.h"

bool
suffix_is_public(struct slice host)
{
	char text[HOST_MAX + 1];

	if (host.len == 0 || host.len > HOST_MAX)
		return false;
	memcpy(text, host.ptr, host.len);
	text[host.len] = '\0';
	return psl_is_public_suffix2(psl_builtin(), text, PSL_TYPE_ANY) == 1;
}
