/*
 * spool.h - what was read and is not yet safe at the center: one SQLite file.
 *
 * Batches and the marks of the files they came from are written in one
 * transaction, so a kill at any point loses no line and doubles none.  Sequence
 * numbers and stream offsets of a source are given here, at commit.  A batch
 * leaves the spool after the center said that it is durable there.
 *
 * The spool is bounded.  When it is full it either takes nothing more (what is
 * in files stays in the files) or drops the oldest batches and counts them.
 *
 * Writing goes: spool_begin(), any number of spool_put() and marks, then
 * spool_commit().  When any of these fails, spool_rollback(): everything since
 * begin is undone, numbers included, and the caller forgets its share too.
 */
#ifndef HINOMI_NODE_SPOOL_H
#define HINOMI_NODE_SPOOL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"
#include "node/follow.h"

#define SPOOL_QUARANTINE_MAX (64 * 1024 * 1024) /* bytes; beyond it the oldest goes */

struct spool;

struct spool_options {
	const char *path;
	int64_t limit;	  /* bytes of compressed batches */
	bool keep_newest; /* when full: drop the oldest instead of taking nothing */
};

int spool_open(struct spool **out, const struct spool_options *o, struct err *e);
void spool_close(struct spool *sp); /* NULL is welcome */

/* What the spool remembers of a source, as of the last commit or put. */
struct spool_source {
	int64_t id;
	uint64_t sequence; /* of the last batch */
	uint64_t offset;   /* bytes of its stream so far */
	uint64_t lines;
	uint64_t dropped_lines, dropped_batches; /* by keep_newest */
	struct instant since;			 /* when it was first configured */
};

/* Find or make the source; the pointer lives as long as the spool. */
int spool_need_source(struct spool *sp, struct slice name, struct instant now,
    const struct spool_source **out, struct err *e);

int spool_begin(struct spool *sp, struct err *e);
int spool_commit(struct spool *sp, struct err *e);
void spool_rollback(struct spool *sp); /* harmless without a transaction */

/* A batch on its way in. */
struct spool_batch {
	uint64_t bytes, lines; /* raw */
	struct instant received;
	struct slice config;   /* JSON */
	struct slice preamble; /* "" if none */
	struct slice body;     /* the zstd frame */
};
int spool_put(struct spool *sp, int64_t source, const struct spool_batch *b, struct err *e);

/* False when spool_put() would exceed the limit, unless the oldest gives way. */
bool spool_has_room(const struct spool *sp);

/* One file's mark; id 0 makes a new one and sets it. */
struct spool_mark {
	int64_t id;
	struct follow_mark mark;
	struct slice path;     /* for people */
	struct slice preamble; /* in force at the mark */
};
int spool_save_mark(struct spool *sp, int64_t source, struct spool_mark *m, struct err *e);
int spool_delete_mark(struct spool *sp, int64_t id, struct err *e);

/* Every mark of the source, oldest first; slices live during the call. */
typedef int spool_on_mark(void *ctx, const struct spool_mark *m, struct err *e);
int spool_each_mark(
    struct spool *sp, int64_t source, spool_on_mark *fn, void *ctx, struct err *e);

/* A batch on its way out; owns its bytes: spool_item_release(). */
struct spool_item {
	int64_t id; /* larger than that of every batch put before it */
	int64_t source_id;
	char source[512];
	uint64_t sequence, offset, bytes, lines;
	struct instant received;
	struct buf config, preamble, body;
};
void spool_item_release(struct spool_item *it);

/* The first batch after id `after`: 1, 0 if there is none, -1. */
int spool_next(struct spool *sp, int64_t after, struct spool_item *it, struct err *e);

/* The center has it: gone at the next commit. */
void spool_acknowledge(struct spool *sp, int64_t id);

/* Batches up to this id are being sent: keep_newest leaves them alone. */
void spool_protect(struct spool *sp, int64_t id);

/* The center refused it for good: kept aside, with the reason.  A transaction of its own. */
int spool_quarantine(struct spool *sp, int64_t id, long status, struct slice reason,
    struct instant now, struct err *e);

/* Bring everything quarantined back into line; returns how many by *n. */
int spool_requeue(struct spool *sp, uint64_t *n, struct err *e);

struct spool_counts {
	int64_t bytes; /* compressed */
	int64_t batches;
	int64_t quarantined;
	int64_t limit;
	struct instant oldest; /* received; 0 when empty */
};
int spool_count(struct spool *sp, struct spool_counts *out, struct err *e);

/* Acknowledged batches that the next commit will remove. */
bool spool_has_acknowledged(const struct spool *sp);

#endif
