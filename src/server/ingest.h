/*
 * ingest.h - POST /v1/batches: what nodes send becomes durable, then they are told.
 *
 * All batches that arrive during one turn of the loop are appended in one durable
 * transaction before the loop sleeps; while the disk syncs the next ones gather
 * in the sockets.  So the cost of a sync is shared by as many nodes as wait.
 */
#ifndef HINOMI_SERVER_INGEST_H
#define HINOMI_SERVER_INGEST_H

#include "base/err.h"

struct serve;
struct ingest;

/* Open; the batch log must be open already. */
int ingest_open(struct ingest **out, struct serve *s, struct err *e);
void ingest_free(struct ingest *g);

/* Commit and answer what waits.  Returns how many; before each sleep. */
unsigned ingest_commit(struct ingest *g);

/* NULL: the last commit worked; otherwise why it did not (a line for /healthz). */
const char *ingest_trouble(const struct ingest *g);

#endif
