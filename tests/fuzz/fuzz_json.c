/* fuzz_json.c - what parses can be walked and written, and what is written parses again. */
#include <assert.h>
#include <stdlib.h>

#include "text/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json *root = NULL, *again = NULL;
	struct buf b = BUF_INIT(1 << 24);
	struct slice s;

	if (json_parse(&root, slice_of(data, size), 1 << 20, NULL) != 0)
		return 0;
	json_want_string(root, "a.b", 10, &s, NULL);
	json_write(&b, root);
	assert(!b.failed);
	assert(json_parse(&again, buf_slice(&b), b.len, NULL) == 0);
	json_free(root);
	json_free(again);
	buf_release(&b);
	return 0;
}
