/*
 * batch_open.h - a stored batch made readable: its frame unpacked, its settings understood.
 *
 * What the log holds was checked when it came in; it is checked again here, by
 * the process that parses it.  Nothing is unpacked beyond BATCH_BYTES_MAX.
 */
#ifndef HINOMI_CENTER_BATCH_OPEN_H
#define HINOMI_CENTER_BATCH_OPEN_H

#include "base/arena.h"
#include "event/batch.h"
#include "store/batchlog.h"

struct batch_opener;
struct batch_opener *batch_opener_new(void); /* NULL without memory */
void batch_opener_free(struct batch_opener *o);

/*
 * Slices point into `r`, into mem (the settings) and into the opener (the lines,
 * until the next batch).  -1 with a sentence where the batch can not be read.
 */
int batch_open(struct batch_opener *o, const struct batch_record *r, struct arena *mem,
    struct batch *out, struct err *e);

#endif
