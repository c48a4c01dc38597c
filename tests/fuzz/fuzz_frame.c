/* fuzz_frame.c - whatever a node sends as a batch: refused, or exactly what was promised. */
#include <assert.h>
#include <stdlib.h>

#include "event/batch.h"
#include "server/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct frame_check *check;
	uint64_t bytes, lines;

	if (check == NULL && (check = frame_check_new()) == NULL)
		abort();
	if (size < 4)
		return 0;
	/* The first four bytes are what the headers claim. */
	bytes = (uint64_t)data[0] | (uint64_t)data[1] << 8;
	lines = (uint64_t)data[2] | (uint64_t)data[3] << 8;
	if (frame_check_run(check, slice_of(data + 4, size - 4), bytes, lines) == NULL)
		assert(bytes <= BATCH_BYTES_MAX && lines <= bytes);
	return 0;
}
