/*
 * fuzz_batch_open.c - whatever the log holds, a batch opens within its bounds or not at all.
 *
 * The input is the settings up to the first NUL, then the frame.
 */
#include <assert.h>

#include "center/batch_open.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct batch_opener *opener;
	struct slice rest = slice_of(data, size), config;
	struct arena *mem = arena_new(1 << 20);
	struct batch_record r = {.position = 1};
	struct batch b;

	if (opener == NULL)
		opener = batch_opener_new();
	assert(opener != NULL && mem != NULL);
	if (size > 0 && slice_cut(&rest, 0, &config)) {
		r.config = config;
		r.frame = rest;
		/* A lie about the size is refused, so try the sizes that seeds have as well. */
		for (r.bytes = 0; r.bytes < 64; r.bytes++) {
			arena_reset(mem);
			if (batch_open(opener, &r, mem, &b, NULL) != 0)
				continue;
			assert(b.lines.len == r.bytes);
			assert(b.config->utc_offset.us > -SPAN_DAYS(1).us &&
			       b.config->utc_offset.us < SPAN_DAYS(1).us);
		}
	}
	arena_free(mem);
	return 0;
}
