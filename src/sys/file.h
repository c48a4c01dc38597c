/*
 * file.h - whole files: read with a bound, map, write so that a crash leaves old or new, walk a
 * tree.
 */
#ifndef HINOMI_SYS_FILE_H
#define HINOMI_SYS_FILE_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Append the whole file to *out.  A file larger than out->max is refused with a
 * sentence; a directory too.
 */
int file_read(struct buf *out, const char *path, struct err *e);

/*
 * A read-only view of a regular file.  The zero map is empty and may be unmapped.
 * Only for files that nobody shortens meanwhile: reading past the end of a
 * shortened file kills the process.
 */
struct file_map {
	struct slice bytes;
};
int file_map_read(struct file_map *map, const char *path, struct err *e);
void file_unmap(struct file_map *map);

/*
 * Replace the file: write beside it, fsync, rename, fsync the directory.  After
 * a crash the file is the old one or the new one, whole.  The mode is set before
 * the first byte is written, so a secret is never readable by others.
 */
int file_write_atomic(const char *path, struct slice bytes, mode_t mode, struct err *e);

/* The directory and the ones above it that are missing, all with this mode. */
int file_make_dirs(const char *path, mode_t mode, struct err *e);

/*
 * Take an exclusive lock on a file, made where missing (mode 0600).  Returns the
 * descriptor to keep open, or -1; err.code is EWOULDBLOCK where another process
 * holds it.
 */
int file_lock(const char *path, struct err *e);

/* What a walk may do at most; beyond it, the walk fails with a sentence. */
struct file_walk_limits {
	unsigned depth;
	size_t files;
};
#define FILE_WALK_DEFAULT ((struct file_walk_limits){.depth = 32, .files = 200000})

/* -1 stops the walk, which then fails with the same story. */
typedef int file_on_walk(void *ctx, const char *path, struct err *e);

/*
 * Call fn for every regular file below `path` (or for `path` itself where it is
 * a file), bytewise sorted within each directory, so the order is the same
 * everywhere.  Names starting with "." are passed over.  Symbolic links are
 * followed, but never into a directory that the walk is already inside of.
 */
int file_walk(const char *path, struct file_walk_limits limits, file_on_walk *fn, void *ctx,
    struct err *e);

#endif
