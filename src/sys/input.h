/*
 * input.h - a log file as a stream of bytes: plain, gzip or zstd, or standard input.
 *
 * Compression is recognised by the first bytes, not by the name.  Concatenated
 * gzip members and zstd frames read as one.
 */
#ifndef HINOMI_SYS_INPUT_H
#define HINOMI_SYS_INPUT_H

#include "base/err.h"
#include "base/slice.h"

struct input;

/* "-" is standard input.  Owned by the caller: input_close(). */
int input_open(struct input **out, const char *path, struct err *e);
void input_close(struct input *in); /* NULL is welcome */

/*
 * Up to len bytes into buf; *got is 0 only at the end.  -1 for an unreadable
 * file and for compressed data that is damaged or cut short (says which).
 */
int input_read(struct input *in, void *buf, size_t len, size_t *got, struct err *e);

/* For progress: bytes of the file taken so far, and its size (0 when unknown). */
uint64_t input_position(const struct input *in);
uint64_t input_size(const struct input *in);

#endif
