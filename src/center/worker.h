/*
 * worker.h - batches to alerts: the detect role's work, without its loop.
 *
 * One step takes the batches after the cursor, detects in them, and commits the
 * alerts, the counters of the sources and the cursor in one transaction: so
 * however often the process dies, each batch counts once.
 */
#ifndef HINOMI_CENTER_WORKER_H
#define HINOMI_CENTER_WORKER_H

#include "detect/detect.h"
#include "store/batchlog.h"
#include "store/db.h"

/* At most so many batches are committed together: 16 MiB of lines. */
#define WORKER_BATCHES_MAX 64

struct worker;

/* Store and log stay the caller's; a reference on the content is held. */
int worker_new(struct worker **out, struct db *store, struct batchlog *log, struct content *c,
    struct err *e);
void worker_free(struct worker *w); /* NULL is welcome */

/* Detect with this from the next batch on; -1 leaves the old in place. */
int worker_set_content(struct worker *w, struct content *c, struct err *e);

/* As detector_troubles(). */
size_t worker_troubles(const struct worker *w, size_t from, struct sigma_trouble *out);

/* What a step did. */
struct worker_done {
	unsigned batches; /* 0: there was none */
	unsigned refused; /* of them could not be read: recorded, and passed over */
	size_t alerts;	  /* raised or grown */
	uint64_t lines;
	char refusal[300]; /* about the first refused one, for the log; "" if none */
};

/*
 * -1: nothing was committed (a full disk, a lock held too long): call again
 * later.  A batch that fails alone ten times in a row, and not for want of disk or
 * a lock, is refused: so nothing stands still.
 */
int worker_step(struct worker *w, struct instant now, struct worker_done *done, struct err *e);

/*
 * The process before this one died by its own fault.  After WORKER_CRASHES_MAX
 * such deaths at one cursor the next batch is taken for one that kills its
 * reader, and is refused.
 */
#define WORKER_CRASHES_MAX 3
int worker_note_crash(struct worker *w, struct err *e);

/* The position up to which all is detected. */
int64_t worker_cursor(const struct worker *w);

#endif
