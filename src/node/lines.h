/*
 * lines.h - from bytes to the whole lines of one batch.  Pure.
 *
 * Batches keep a source's bytes as they are: a line longer than BATCH_LINE_MAX
 * is cut by ending the batch inside it, so putting the batches of a source one
 * after the other gives its stream again, byte for byte.
 */
#ifndef HINOMI_NODE_LINES_H
#define HINOMI_NODE_LINES_H

#include "base/buf.h"
#include "base/slice.h"

#define PREAMBLE_MAX (8 * 1024)

/*
 * How much of `in` makes the next batch: as many whole lines as fit in max
 * bytes, at most one cut piece at the end.  With `last`, what follows the last
 * newline is a line too.  *lines counts a last line without a newline.  Zero
 * when there is no whole line yet.
 */
size_t lines_take(struct slice in, size_t max, bool last, uint64_t *lines);

/*
 * Directive lines (ELFF "#Fields: ...") that the lines after them need.  See
 * every batch's bytes in order; *preamble is then what is in force after them,
 * one line for each kind of directive, the newest.  What does not fit in
 * PREAMBLE_MAX is left out.  True when it changed.
 */
bool lines_see_directives(struct slice bytes, struct buf *preamble);

/*
 * Append a received record as one line: newlines inside become "\n" (a
 * backslash and an n), trailing ones go.  Longer than BATCH_LINE_MAX: further
 * lines.  Returns how many.
 */
uint64_t lines_add_record(struct buf *to, struct slice record);

#endif
