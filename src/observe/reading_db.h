/*
 * reading_db.h - how reading goes: how far detection has come, what it read of each
 * source and what it could not, and which content it detects with.
 *
 * Written by the detect role in the transaction that stores a batch's alerts, so
 * counters, alerts and the cursor always tell the same story.
 */
#ifndef HINOMI_OBSERVE_READING_DB_H
#define HINOMI_OBSERVE_READING_DB_H

#include "base/instant.h"
#include "event/codec.h"
#include "store/db.h"
#include "store/scope.h"

/* --- the cursor: the position in the batch log up to which all is detected --- */

int reading_get_cursor(struct db *d, int64_t *out, struct err *e);

/* -1 as well where the cursor is not at `from` any more: another process moves it (err.code
 * EAGAIN). */
int reading_move_cursor(struct db *d, int64_t from, int64_t to, struct err *e);

/*
 * A process has died by its own fault (a crash, not a kill from outside) while it
 * read from this cursor.  Returns in *crashes how often in a row that was so: a
 * batch that kills its reader must not do so for ever.
 */
int reading_note_crash(struct db *d, int64_t position, int64_t *crashes, struct err *e);

/* --- sources --- */

/* What one source's batches gave; counts add up, times take the later. */
struct reading {
	struct slice institution, node, source;
	struct slice codec; /* absent: none recognised */
	uint64_t batches, lines, events, nothing;
	uint64_t unread[CODEC_STATUS_COUNT];
	struct instant last_batch; /* when the node made it */
	struct instant last_event; /* 0: no line said when yet */
};

/* Add to what is stored. */
int reading_add(struct db *d, const struct reading *r, struct err *e);

/*
 * Every source in scope, or of one institution of it (absent: all), sorted by
 * institution, node, source.  Slices live until fn returns; its -1 stops.
 */
typedef int reading_on_source(void *ctx, const struct reading *r, struct err *e);
int reading_each(struct db *d, const struct scope *scope, struct slice institution,
    reading_on_source *fn, void *ctx, struct err *e);

/* --- batches that could not be read at all --- */

struct reading_refused {
	int64_t position;
	struct slice institution, node, source;
	uint64_t sequence;
	struct instant at;
	struct slice reason; /* a sentence */
};

/* The same position again changes nothing. */
int reading_add_refused(struct db *d, const struct reading_refused *r, struct err *e);

typedef int reading_on_refused(void *ctx, const struct reading_refused *r, struct err *e);
/* Newest first. */
int reading_each_refused(struct db *d, const struct scope *scope, unsigned limit,
    reading_on_refused *fn, void *ctx, struct err *e);

/* --- content --- */

struct content_status {
	struct instant loaded_at; /* 0: never */
	uint64_t rules, rules_unusable, indicators, indicators_refused;
	struct slice notes;	  /* a line for every file that was not used as a whole */
	struct instant failed_at; /* of the last attempt, if that failed; else 0 */
	struct slice failure;	  /* why */
};

#define CONTENT_NOTES_MAX 65536

/* A set was loaded: forgets an earlier failure. */
int content_status_loaded(struct db *d, const struct content_status *s, struct err *e);
/* An attempt failed: what is in use, and its counts, stay. */
int content_status_failed(struct db *d, struct instant at, struct slice failure, struct err *e);
/* Slices live until fn returns. */
typedef int content_on_status(void *ctx, const struct content_status *s, struct err *e);
int content_status_get(struct db *d, content_on_status *fn, void *ctx, struct err *e);

#endif
