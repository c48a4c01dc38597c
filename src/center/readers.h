/*
 * readers.h - the readers of many sources, made when needed and kept within a number.
 *
 * A reader remembers little (compiled formats, the columns a header named), so
 * one that was dropped and made again reads the next batch the same way: each
 * batch brings its own preamble.
 */
#ifndef HINOMI_CENTER_READERS_H
#define HINOMI_CENTER_READERS_H

#include "event/batch.h"

struct readers;

/* Keeps at most `most`, dropping the one that was used longest ago.  NULL without memory. */
struct readers *readers_new(size_t most);
void readers_free(struct readers *r);

/* The reader of this node's source under these settings (b->config and their text).  Owned by
 * us. */
int readers_get(struct readers *r, const struct batch *b, struct slice node,
    struct slice config_text, struct reader **out, struct err *e);

size_t readers_count(const struct readers *r);

#endif
