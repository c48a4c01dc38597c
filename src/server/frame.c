/* frame.c - see frame.h. */
#include "server/frame.h"

#include <stdlib.h>

#include <zstd.h>

#include "event/batch.h"

struct frame_check {
	ZSTD_DCtx *zstd;
	uint8_t raw[BATCH_BYTES_MAX];
};

struct frame_check *
frame_check_new(void)
{
	struct frame_check *c = malloc(sizeof(*c));

	if (c == NULL)
		return NULL;
	if ((c->zstd = ZSTD_createDCtx()) == NULL) {
		free(c);
		return NULL;
	}
	return c;
}

void
frame_check_free(struct frame_check *c)
{
	if (c == NULL)
		return;
	ZSTD_freeDCtx(c->zstd);
	free(c);
}

uint64_t
frame_count_lines(struct slice raw)
{
	uint64_t n = 0;
	size_t at;

	while (raw.len > 0) {
		n++;
		at = slice_find(raw, '\n');
		raw = slice_from(raw, at == SIZE_MAX ? raw.len : at + 1);
	}
	return n;
}

const char *
frame_check_run(struct frame_check *c, struct slice frame, uint64_t bytes, uint64_t lines)
{
	unsigned long long size = ZSTD_getFrameContentSize(frame.ptr, frame.len);
	size_t n;

	if (size == ZSTD_CONTENTSIZE_ERROR)
		return "The body is not a zstd frame.";
	if (size == ZSTD_CONTENTSIZE_UNKNOWN)
		return "The zstd frame does not state its content's size.";
	if (size > BATCH_BYTES_MAX)
		return "The zstd frame holds more than 256 KiB.";
	if (size != bytes)
		return "Hinomi-Bytes is not the size that the zstd frame states.";
	n = ZSTD_findFrameCompressedSize(frame.ptr, frame.len);
	if (ZSTD_isError(n))
		return "The zstd frame is damaged or cut off.";
	if (n != frame.len)
		return "There are bytes after the end of the zstd frame.";
	/* The room bounds it, whatever the frame claims. */
	n = ZSTD_decompressDCtx(c->zstd, c->raw, sizeof(c->raw), frame.ptr, frame.len);
	if (ZSTD_isError(n))
		return "The zstd frame is damaged.";
	if (n != bytes)
		return "The zstd frame holds another number of bytes than it states.";
	if (frame_count_lines(slice_of(c->raw, n)) != lines)
		return "Hinomi-Lines is not the number of lines in the batch.";
	return NULL;
}
