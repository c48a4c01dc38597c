/*
 * fuzz_mask.c - masking any line that any codec reads.
 *
 * A line is either refused or loses its values: reading the masked line again
 * must not give the user's name that the original gave.
 */
#include <assert.h>
#include <stdlib.h>

#include "event/batch.h"
#include "node/mask.h"

#define NAME_MIN 6 /* shorter ones stand in a line by chance */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t secret[MASK_SECRET_BYTES] = {7};
	static const struct mask_settings what = {.user = true, .query = true};
	static struct event ev;
	struct codec_config cfg = {0};
	struct reader *r = NULL;
	struct arena *mem = arena_new(1 << 20);
	struct buf out = BUF_INIT(8 << 20);
	struct slice rest = slice_of(data, size), line;
	struct batch b = {.lines = rest, .config = &cfg};
	struct mask_key k;

	mask_key_init(&k, secret);
	if (mem == NULL || reader_new(&r, &cfg, NULL) != 0)
		abort();
	reader_start(r, &b);
	while (slice_cut_line(&rest, &line)) {
		struct slice name;

		arena_reset(mem);
		buf_reset(&out);
		if (reader_read(r, line, mem, &ev) != CODEC_EVENT)
			continue;
		ev.raw = line;
		if (!mask_event(&k, what, &ev, &out)) {
			assert(out.len == 0);
			continue;
		}
		name = event_get(&ev, FIELD_USER_NAME);
		if (name.len >= NAME_MIN && name.ptr >= line.ptr &&
		    name.ptr < line.ptr + line.len)
			assert(slice_search(buf_slice(&out), SLICE("~")) != SIZE_MAX);
	}
	reader_free(r);
	arena_free(mem);
	buf_release(&out);
	return 0;
}
