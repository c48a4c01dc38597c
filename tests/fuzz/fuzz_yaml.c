/* fuzz_yaml.c - whatever the bytes, a document's tree stays within its bounds and its keys
 * differ. */
#include <assert.h>

#include "text/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Returns how many nodes there are, aliases written out. */
static size_t
walk(const struct yaml_node *n, unsigned depth)
{
	size_t total = 1;

	assert(depth <= 16);
	if (n->kind == YAML_SCALAR) {
		assert(n->count == 0);
		return 1;
	}
	for (size_t i = 0; i < n->count; i++) {
		assert((n->items[i].key.ptr != NULL) == (n->kind == YAML_MAPPING));
		assert(yaml_get(n, "\x01") == NULL);
		if (n->kind == YAML_MAPPING)
			total++;
		total += walk(&n->items[i], depth + 1);
	}
	return total;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct yaml_limits limits = {
	    .bytes = 64 * 1024, .depth = 16, .nodes = 2000};
	struct arena *mem = arena_new(8 << 20);
	struct yaml_reader *r = yaml_reader_new("fuzz", slice_of(data, size), &limits, mem);
	const struct yaml_node *root;
	struct err e;
	int rc;

	while ((rc = yaml_reader_next(r, &root, &e)) != 0)
		if (rc == 1)
			assert(walk(root, 0) <= limits.nodes);
		else
			assert(yaml_reader_line(r) > 0);
	yaml_reader_free(r);
	arena_free(mem);
	return 0;
}
