/*
 * batchlog.h - the log of batches: everything hospitals sent, in the order it became durable.
 *
 * A file of its own (DATA/store/batches.db), so that ingest, which appends, and
 * detection, which reads here and writes to the store, never wait for each
 * other.  One process appends; any number read.  A batch is kept as it came: the
 * node's zstd frame, and what the node said about it.
 */
#ifndef HINOMI_STORE_BATCHLOG_H
#define HINOMI_STORE_BATCHLOG_H

#include "base/arena.h"
#include "base/err.h"
#include "base/instant.h"

#define BATCHLOG_DIGEST_LEN 32 /* BLAKE2b-256 of the frame */

struct batchlog;

struct batch_record {
	int64_t position; /* in the log, from 1, upwards; given by append */
	struct slice institution, node, source;
	uint64_t sequence; /* per (node, source), from 1 */
	uint64_t offset;   /* bytes of the source's stream before this batch */
	uint64_t bytes;	   /* of raw lines */
	uint64_t lines;
	struct instant received;	     /* when the node made it */
	struct instant stored;		     /* when the center stored it */
	struct slice config;		     /* JSON object; may be empty */
	struct slice preamble;		     /* may be empty */
	struct slice frame;		     /* zstd */
	uint8_t digest[BATCHLOG_DIGEST_LEN]; /* given by append */
};

enum batchlog_fate {
	BATCHLOG_NEW,	    /* durable now */
	BATCHLOG_REPEAT,    /* the same was durable already (or was, and has aged out) */
	BATCHLOG_DIFFERENT, /* this sequence number holds another frame; nothing was stored */
};

/* Makes the file where missing. */
int batchlog_open(struct batchlog **out, const char *path, struct err *e);
void batchlog_close(struct batchlog *l); /* NULL is welcome */

/*
 * All records in one durable transaction: when this returns 0 they are on disk
 * and fate[i] says what became of records[i] (its position and digest are
 * filled in; of a repeat, those of the first).  -1: nothing was stored.
 * err.code ENOSPC: the disk is full, try again later.
 */
int batchlog_append(struct batchlog *l, struct batch_record *records, enum batchlog_fate *fate,
    size_t n, struct err *e);

/*
 * The first batch after position `after` (0: from the start), in commit order,
 * copied into mem.  1: *out holds it; 0: none yet; -1.  EUCLEAN: its frame is
 * not what was stored; out->position is then set, so a reader can go on behind it.
 */
int batchlog_take_next(struct batchlog *l, int64_t after, struct arena *mem,
    struct batch_record *out, struct err *e);

/* One batch by its position: 1, 0 (not there, or aged out), -1. */
int batchlog_get(struct batchlog *l, int64_t position, struct arena *mem,
    struct batch_record *out, struct err *e);

/* Which batches: absent names mean any, zero times mean open ends. */
struct batchlog_range {
	struct slice institution, source;
	struct instant from, to; /* of `received`: from <= received < to */
};

/* Like take_next, but only batches in the range. */
int batchlog_take_in(struct batchlog *l, const struct batchlog_range *range, int64_t after,
    struct arena *mem, struct batch_record *out, struct err *e);

/* What one source has sent so far, whatever has aged out since. */
struct batchlog_source {
	struct slice institution, node, source;
	uint64_t batches, lines, bytes, frame_bytes;
	uint64_t last_sequence;	      /* the highest */
	struct instant last_received; /* of the newest by `received` */
	struct instant last_stored;
};

/* Each source, sorted by institution, node, source; the callback's -1 stops. */
typedef int batchlog_on_source(void *ctx, const struct batchlog_source *s, struct err *e);
int batchlog_each_source(struct batchlog *l, batchlog_on_source *fn, void *ctx, struct err *e);

struct batchlog_stats {
	int64_t first, last;		/* positions; 0 where the log is empty */
	struct instant oldest;		/* `stored` of the first */
	int64_t used_bytes, idle_bytes; /* of the file */
};
int batchlog_stats(struct batchlog *l, struct batchlog_stats *out, struct err *e);

/*
 * Retention.  Delete, oldest first, at most `batches_max` batches stored before
 * `before` (zero: no limit by age) or beyond `bytes_max` of file in use (0: no
 * limit by size), but never one after position `keep_after`, which detection has
 * not seen.  Returns how many were deleted, or -1; idle space goes back to the
 * file system piece by piece.  Call it again later for the rest.
 */
struct batchlog_keep {
	struct instant before;
	int64_t bytes_max;
	int64_t keep_after;
};
int batchlog_trim(
    struct batchlog *l, const struct batchlog_keep *keep, unsigned batches_max, struct err *e);

/* Read all of it: the file's structure and each frame's digest; -1 with the first that is
 * wrong. */
int batchlog_check(struct batchlog *l, struct err *e);

#endif
