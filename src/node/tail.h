/*
 * tail.h - read log files as they grow, each line once, through whatever rotates them.
 *
 * A tail follows the files of one source.  tail_scan() looks at the disk and
 * decides (by follow.h) what each file is; tail_collect() reads what is new into
 * the spool's open transaction, marks included.  What was collected counts only
 * when the transaction was committed: the owner then calls tail_committed(), and
 * otherwise tail_rolled_back(), and the same bytes are read again.
 *
 * A last line without its newline waits for it; where the file was rotated away
 * it is taken as it is after a while.
 */
#ifndef HINOMI_NODE_TAIL_H
#define HINOMI_NODE_TAIL_H

#include "node/source.h"

struct tail;

/* Reads the source's marks from the spool.  `source` is borrowed. */
int tail_open(struct tail **out, struct source *source, struct spool *sp, struct err *e);
void tail_close(struct tail *t); /* NULL is welcome */

/* Look for files that came, went and moved.  Cheap when nothing did; `all` looks at everything.
 */
int tail_scan(struct tail *t, bool all, struct instant now, struct err *e);

/* Directories whose changes matter, for inotify; ended by NULL, valid until the next scan. */
const char *const *tail_directories(const struct tail *t);

/*
 * Read at most about `budget` bytes.  1: there is more to read at once; 0: no
 * more for now; -1: the spool refused (roll back).
 */
int tail_collect(
    struct tail *t, struct spool *sp, size_t budget, struct instant now, struct err *e);
void tail_committed(struct tail *t);
void tail_rolled_back(struct tail *t);

/* Bytes on disk that are not read yet (of plain files). */
uint64_t tail_lag(const struct tail *t);

/* Rotated files stay open this long without a new byte; tests shorten it. */
#define TAIL_FLUSH_AFTER SPAN_SECONDS(2) /* an unfinished last line is then taken */
#define TAIL_CLOSE_AFTER SPAN_SECONDS(60)
void tail_set_patience(struct tail *t, struct span flush_after, struct span close_after);

#endif
