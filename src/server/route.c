/* route.c - see route.h. */
#include "server/route.h"

#include "server/handlers.h"

const struct route route_all[] = {
#define ROUTE(on, verb, path, may, most, fn)                                                   \
	{.listener = ROUTE_##on,                                                               \
	    .method = HTTP_##verb,                                                             \
	    .pattern = (path),                                                                 \
	    .who = WHO_##may,                                                                  \
	    .body_max = (most),                                                                \
	    .handle = (fn),                                                                    \
	    .name = #verb " " path},
#include "server/routes.def"
#undef ROUTE
};

const size_t route_count = sizeof(route_all) / sizeof(route_all[0]);

/* Compare part by part; a "{x}" takes one part, which may not be empty. */
static bool
fits(const char *pattern, struct slice path, struct slice parts[ROUTE_PARTS_MAX])
{
	struct slice want = slice_str(pattern + 1), got = slice_from(path, 1), w, g;
	unsigned n = 0;

	while (slice_cut(&want, '/', &w)) {
		if (w.len > 0 && w.ptr[0] == '{' && slice_ends(w, SLICE("...}"))) {
			parts[n] = got.ptr == NULL ? SLICE("") : got;
			return true;
		}
		if (!slice_cut(&got, '/', &g))
			return false;
		if (w.len > 0 && w.ptr[0] == '{') {
			if (g.len == 0)
				return false;
			parts[n++] = g;
		} else if (!slice_equal(w, g))
			return false;
	}
	return got.ptr == NULL;
}

enum route_answer
route_find(enum route_listener listener, enum http_method method, struct slice path,
    const struct route **out, struct slice parts[ROUTE_PARTS_MAX])
{
	bool other_method = false;

	if (path.len == 0 || path.ptr[0] != '/')
		return ROUTE_NO_PATH;
	for (size_t i = 0; i < route_count; i++) {
		const struct route *r = &route_all[i];

		if (r->listener != listener || !fits(r->pattern, path, parts))
			continue;
		if (r->method == method) {
			*out = r;
			return ROUTE_FOUND;
		}
		other_method = true;
	}
	return other_method ? ROUTE_NO_METHOD : ROUTE_NO_PATH;
}
