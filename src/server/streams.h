/*
 * streams.h - what changes, told to open console pages as it changes (server-sent events).
 *
 * Alerts have a version that only grows, which is the id of their events: a page
 * that comes back says the last it saw and gets what changed since.  Sources are
 * compared every five seconds and told where they differ; a page that comes back
 * is told all of them.  Each page hears of its person's scope only.
 */
#ifndef HINOMI_SERVER_STREAMS_H
#define HINOMI_SERVER_STREAMS_H

#include "base/err.h"

struct serve;
struct streams;

int streams_open(struct streams **out, struct serve *s, struct err *e);
/* After the console's listener is closed, and with it every stream. */
void streams_close(struct streams *t);

/* Alerts may have changed: look soon. */
void streams_look(struct streams *t);

unsigned streams_count(const struct streams *t);

#endif
