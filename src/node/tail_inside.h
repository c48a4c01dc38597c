/* tail_inside.h - shared by tail.c (reading) and tail_scan.c (looking) only. */
#ifndef HINOMI_NODE_TAIL_INSIDE_H
#define HINOMI_NODE_TAIL_INSIDE_H

#include "node/tail.h"
#include "sys/input.h"

/*
 * One file, known by its mark.  `mark` is as committed, `next` as collected;
 * they differ only inside a transaction.  So do `preamble` and `ahead`.
 */
struct tail_file {
	int64_t id;	  /* of the mark; 0: not saved yet */
	int64_t saved_id; /* the same, within a transaction */
	struct follow_mark mark, next;
	char *path;
	struct buf preamble, ahead;
	bool dirty;	/* the mark is to be saved with the next transaction */
	bool final;	/* rotated or without a name: nobody is expected to write to it */
	bool finished;	/* read to its end: closed when that is committed */
	bool forgotten; /* the mark is to be deleted */

	int fd; /* -1: not open */
	uint64_t size;
	struct instant grown; /* when it last changed, or was found */

	/* of a compressed file: its stream, and the bytes of it that are not consumed */
	struct input *packed;
	struct buf carry;
	uint64_t carry_at; /* their position in the stream */
	struct buf head;
};

struct tail {
	struct source *source;
	struct tail_file **files;
	size_t n_files, room_files;
	char **directories; /* ended by NULL */
	size_t n_directories;
	int64_t *directory_changed; /* mtime of each at the last look, nanoseconds */
	struct instant looked;
	bool suspect; /* a file does not hold what we read of it: look */
	bool fresh;   /* a source never seen before: from_end counts */
	bool collecting;
	struct span flush_after, close_after;
	uint8_t *scratch; /* BATCH_BYTES_MAX */
};

struct tail_file *tail_file_add(struct tail *t, const char *path);
void tail_file_close(struct tail_file *f);
bool tail_file_is_open(const struct tail_file *f);

/* Read up to len bytes at `at`; -1 only for an error. */
ssize_t tail_read_at(int fd, void *buf, size_t len, uint64_t at);

#endif
