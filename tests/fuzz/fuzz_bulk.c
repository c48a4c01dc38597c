/* fuzz_bulk.c - documents lie inside the body, and a refusal says why. */
#include <assert.h>

#include "node/bulk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bulk b = bulk_over(slice_of(data, size), SLICE("logs"));
	struct buf out = BUF_INIT(64 * 1024);
	struct bulk_item it;
	struct err e = {0};
	enum bulk_status st;

	while ((st = bulk_next(&b, &it, &e)) == BULK_ITEM) {
		struct slice d = it.document;

		assert(d.ptr == NULL || (d.ptr >= data && d.ptr + d.len <= data + size));
		assert((it.action == BULK_DELETE) == (d.ptr == NULL));
		assert(slice_find(d, '\n') == SIZE_MAX);
		buf_reset(&out);
		bulk_add_answer(&out, &it, b.line, bulk_takes(it.action) ? NULL : "no");
		assert(out.len > 0 && !out.failed);
	}
	assert(st == BULK_END || e.text[0] != '\0');
	buf_release(&out);
	return 0;
}
