/*
 * follow.h - which file on disk is the one we were reading, after whatever happened to it.
 *
 * A log file is renamed, copied and cut to nothing, compressed, replaced, while
 * we read or while we are not there.  So a file is known by its device and inode
 * as long as they hold, and beyond that by its first bytes: those we consumed.
 * A mark says how far one file was read.  Whatever is seen on disk is compared
 * with the marks, and each file is then one of: gone on with, new, a copy of
 * another, or older than our watch.  Pure: the shell looks and reads.
 *
 * Rules that the plan keeps:
 * - a mark is read through one file at a time, and a file through one mark;
 * - bytes before a mark's offset are never read again;
 * - a file no mark knows is read from its start, unless it is a rotated one that
 *   was last written before the source was first followed.
 */
#ifndef HINOMI_NODE_FOLLOW_H
#define HINOMI_NODE_FOLLOW_H

#include "base/instant.h"
#include "base/slice.h"

#define FOLLOW_HEAD                                                                            \
	4096 /* first bytes that tell files apart: ELFF files may share a long header */
#define FOLLOW_PRINT 16 /* bytes of a fingerprint */
#define FOLLOW_NONE  SIZE_MAX

struct follow_mark {
	uint64_t device, inode; /* both 0: only its bytes are known (it was cut to nothing) */
	uint64_t offset;	/* bytes consumed */
	uint32_t head_len;	/* min(offset, FOLLOW_HEAD) */
	uint8_t print[FOLLOW_PRINT]; /* of the first head_len bytes */
	bool done;   /* read to its end after a rotation; nobody is expected to write to it */
	bool open;   /* the shell has it open, so it needs no name to be read on */
	size_t file; /* set by follow_plan(): the file it lives in now, or FOLLOW_NONE */
};

enum follow_what {
	FOLLOW_CONTINUE, /* read on at mark's offset */
	FOLLOW_NEW,	 /* make a mark and read from the start */
	FOLLOW_COPY,	 /* another file has these bytes: not now */
	FOLLOW_OLD,	 /* rotated before we came */
};

struct follow_file {
	uint64_t device, inode;
	uint64_t size; /* UINT64_MAX: unknown (compressed) */
	struct instant changed;
	struct slice
	    head; /* its first bytes (of what is inside, if compressed), up to FOLLOW_HEAD */
	bool rotated; /* beside a file of the source by its name, or compressed */
	/* set by follow_plan() */
	enum follow_what what;
	size_t mark; /* for FOLLOW_CONTINUE */
};

/*
 * Decide for every file.  Marks learn where they live now; a mark whose inode
 * holds other bytes by now loses its device and inode, and `open`.
 */
void follow_plan(struct follow_mark *marks, size_t n_marks, struct follow_file *files,
    size_t n_files, struct instant since);

/* Does the file that starts with `head` and has `size` bytes still hold what the mark consumed?
 */
bool follow_holds(const struct follow_mark *m, struct slice head, uint64_t size);

/* Consumed up to `offset`; head holds the first min(offset, FOLLOW_HEAD) bytes. */
void follow_advance(struct follow_mark *m, uint64_t offset, struct slice head);

/*
 * Is `name` a rotated generation of the log file `base` in the same directory
 * (access.log.1, access.log-20261123.gz, access-20261123.log)?
 */
bool follow_is_generation(struct slice base, struct slice name);

/* Compressed by gzip or zstd, to judge by the name. */
enum follow_packing { FOLLOW_PLAIN, FOLLOW_GZIP, FOLLOW_ZSTD, FOLLOW_UNREADABLE };
enum follow_packing follow_packing_of(struct slice name);

#endif
