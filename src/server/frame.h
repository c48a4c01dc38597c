/*
 * frame.h - is a batch what its headers say?  Pure but for scratch memory.
 *
 * A batch is one zstd frame that states its content's size.  It is decompressed
 * once, into memory of a fixed size, before anything is stored: a bomb, a lie or
 * bytes after the frame's end never get further than this.
 */
#ifndef HINOMI_SERVER_FRAME_H
#define HINOMI_SERVER_FRAME_H

#include "base/err.h"
#include "base/slice.h"

struct frame_check;

/* The scratch: a decompressor and BATCH_BYTES_MAX of room.  NULL without memory. */
struct frame_check *frame_check_new(void);
void frame_check_free(struct frame_check *c);

/* NULL: it is.  Otherwise what is wrong, as a sentence (a literal). */
const char *frame_check_run(
    struct frame_check *c, struct slice frame, uint64_t bytes, uint64_t lines);

/* Lines in these bytes; a last one without '\n' counts.  Pure. */
uint64_t frame_count_lines(struct slice raw);

#endif
