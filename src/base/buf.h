/*
 * buf.h - a growing byte builder with a largest size set at birth.
 *
 * Append freely and ask once at the end: after running out of memory or past
 * its largest size a buf is `failed`, keeps what it had, and ignores the rest.
 */
#ifndef HINOMI_BASE_BUF_H
#define HINOMI_BASE_BUF_H

#include "base/slice.h"

struct buf {
	uint8_t *ptr;
	size_t len;
	size_t cap;
	size_t max;
	bool failed;
};

#define BUF_INIT(largest) ((struct buf){.max = (largest)})

void buf_release(struct buf *b);

/* Empty it and forgive a failure; the memory is kept. */
void buf_reset(struct buf *b);

void buf_add(struct buf *b, struct slice s);
void buf_add_str(struct buf *b, const char *s);
void buf_add_byte(struct buf *b, uint8_t c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Append s as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void buf_add_json(struct buf *b, struct slice s);

/* Room for n more bytes at the end, or NULL; then buf_added(b, used). */
uint8_t *buf_room(struct buf *b, size_t n);
void buf_added(struct buf *b, size_t n);

static inline struct slice
buf_slice(const struct buf *b)
{
	return (struct slice){b->ptr, b->len};
}

/* NUL-terminated view (the NUL is not counted), or NULL if the buf failed. */
const char *buf_str(struct buf *b);

#endif
