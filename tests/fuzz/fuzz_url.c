/* fuzz_url.c - the parts of a URL lie in it, in order, and none overlaps another. */
#include <assert.h>

#include "event/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_order(struct slice whole, struct slice part, const uint8_t **after)
{
	if (part.ptr == NULL)
		return;
	assert(part.ptr >= *after && part.ptr + part.len <= whole.ptr + whole.len);
	*after = part.ptr + part.len;
}

static void
check(struct slice s, const struct url *u)
{
	const uint8_t *after = s.ptr;

	check_order(s, u->scheme, &after);
	check_order(s, u->domain, &after);
	check_order(s, u->port, &after);
	check_order(s, u->path, &after);
	check_order(s, u->query, &after);
	assert(u->path.ptr == NULL || u->path.ptr[0] == '/');
	assert(slice_find(u->path, '?') == SIZE_MAX && slice_find(u->path, '#') == SIZE_MAX);
	assert(slice_find(u->extension, '.') == SIZE_MAX &&
	       slice_find(u->extension, '/') == SIZE_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice s = slice_of(data, size);
	struct url u;

	if (url_split(s, &u))
		check(s, &u);
	if (url_split_authority(s, &u))
		check(s, &u);
	return 0;
}
