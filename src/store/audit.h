/*
 * audit.h - who changed what: a log whose records carry the hash of the one before.
 *
 * Whatever changes state appends in the same transaction, so there is no change
 * without its record and no record without its change.  Altering, removing or
 * inserting a record breaks the chain at that place.  Cutting off the newest
 * records leaves a whole but shorter chain: who wants to notice that keeps a
 * head (sequence and hash, as `hinomi audit verify` prints it) somewhere else.
 */
#ifndef HINOMI_STORE_AUDIT_H
#define HINOMI_STORE_AUDIT_H

#include "base/instant.h"
#include "store/db.h"

#define AUDIT_HASH_LEN 32 /* SHA-256 */

struct audit_entry {
	struct instant at;
	struct slice actor;  /* "user:suzuki", "node:…", "cli:root", "system" */
	struct slice action; /* "alert.close" */
	struct slice object; /* "alert:3f…" */
	struct slice detail; /* a JSON object, or empty */
};

/* Inside the caller's transaction (asserted). */
int audit_append(struct db *d, const struct audit_entry *entry, struct err *e);

struct audit_head {
	int64_t sequence; /* 0: an empty log */
	uint8_t hash[AUDIT_HASH_LEN];
};

/* What the verifier found.  `broken` is the first wrong record's sequence, 0 where the chain is
 * whole. */
struct audit_verdict {
	struct audit_head head; /* the last good record */
	int64_t broken;
	const char *reason, *reason_ja; /* literal sentences */
};

/* -1 only where the store cannot be read. */
int audit_verify(struct db *d, struct audit_verdict *out, struct err *e);

/* Newest first, those before sequence `before` (0: from the newest); the callback's -1 stops.
 */
typedef int audit_on_entry(
    void *ctx, int64_t sequence, const struct audit_entry *entry, struct err *e);
int audit_list(
    struct db *d, int64_t before, unsigned limit, audit_on_entry *fn, void *ctx, struct err *e);

#endif
