/* fuzz_syslog_frame.c - records lie inside the stream and come out the same wherever it was
 * cut. */
#include <assert.h>

#include "base/hash.h"
#include "node/frame.h"

/* A fingerprint of all records of in[0..end), fed in two pieces. */
static uint64_t
feed(struct slice all, size_t cut)
{
	enum frame_method method = FRAME_UNDECIDED;
	enum frame_status st = FRAME_MORE;
	struct slice in = slice_first(all, cut), rec = {0};
	uint64_t sum = 0;

	for (int piece = 0; piece < 2 && st != FRAME_BAD; piece++) {
		while ((st = frame_cut_record(&method, &in, &rec)) == FRAME_OK) {
			assert(rec.ptr >= all.ptr && rec.ptr + rec.len <= all.ptr + all.len);
			assert(rec.len <= FRAME_COUNT_MAX);
			sum = hash_bytes(rec, sum + 1);
		}
		in.len = (size_t)(all.ptr + all.len - in.ptr);
	}
	if (st == FRAME_BAD)
		return sum + 1;
	if (frame_cut_rest(method, &in, &rec))
		sum = hash_bytes(rec, sum + 2);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = slice_of(data, size);
	uint64_t whole = feed(all, size);

	for (size_t cut = 0; cut < size && cut < 64; cut++)
		assert(feed(all, cut) == whole);
	assert(feed(all, size / 2) == whole);
	return 0;
}
