/* worker.c - see worker.h. */
#include "center/worker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "center/batch_open.h"
#include "center/readers.h"
#include "incident/alert_db.h"
#include "observe/reading_db.h"

#define READERS_MAX   512
#define ALERTS_MAX    2000 /* a group ends when its alerts are so many */
#define GROUP_MEMORY  ((size_t)64 << 20)
#define UPSERT_MEMORY ((size_t)64 << 20)
#define FAILURES_MAX  10 /* with pauses between: about a minute */

/* After a crash, batches are committed one by one for a while: so the next crash is at the one
 * that causes it. */
#define CAREFUL_BATCHES (2 * WORKER_BATCHES_MAX)

struct worker {
	struct db *store;
	struct batchlog *log;
	struct detector *detector;
	struct batch_opener *opener;
	struct readers *readers;

	int64_t cursor;
	unsigned careful;    /* batches still to be committed one by one */
	bool refuse_next;    /* the batch after the cursor has killed its readers */
	int64_t failed_at;   /* the position at which the machine refused, */
	unsigned n_failures; /* so many times in a row */

	/* the group that is being read; all of it in mem but for the alerts */
	struct arena *mem, *scratch;
	struct alert_set *alerts;
	unsigned n_batches, n_refused;
	uint64_t lines;
	int64_t last; /* position */
	struct reading readings[WORKER_BATCHES_MAX];
	struct reading_refused refused[WORKER_BATCHES_MAX];
};

int
worker_new(struct worker **out, struct db *store, struct batchlog *log, struct content *c,
    struct err *e)
{
	struct worker *w = calloc(1, sizeof(*w));
	int rc = -1;

	if (w == NULL || (w->mem = arena_new(GROUP_MEMORY)) == NULL ||
	    (w->scratch = arena_new(UPSERT_MEMORY)) == NULL ||
	    (w->alerts = alert_set_new()) == NULL || (w->opener = batch_opener_new()) == NULL ||
	    (w->readers = readers_new(READERS_MAX)) == NULL ||
	    (w->detector = detector_new(c)) == NULL) {
		err_errno(e, ENOMEM, "preparing detection");
		goto out;
	}
	w->store = store;
	w->log = log;
	if (reading_get_cursor(store, &w->cursor, e) != 0)
		goto out;
	*out = w;
	w = NULL;
	rc = 0;
out:
	worker_free(w);
	return rc;
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	detector_free(w->detector);
	batch_opener_free(w->opener);
	readers_free(w->readers);
	alert_set_free(w->alerts);
	arena_free(w->mem);
	arena_free(w->scratch);
	free(w);
}

int
worker_set_content(struct worker *w, struct content *c, struct err *e)
{
	return detector_set_content(w->detector, c, e);
}

size_t
worker_troubles(const struct worker *w, size_t from, struct sigma_trouble *out)
{
	return detector_troubles(w->detector, from, out);
}

int64_t
worker_cursor(const struct worker *w)
{
	return w->cursor;
}

int
worker_note_crash(struct worker *w, struct err *e)
{
	int64_t crashes;

	if (reading_note_crash(w->store, w->cursor, &crashes, e) != 0)
		return -1;
	w->refuse_next = crashes >= WORKER_CRASHES_MAX;
	w->careful = CAREFUL_BATCHES;
	return 0;
}

/* --- reading a group --- */

static void
refuse(struct worker *w, const struct batch_record *r, struct instant now, struct slice reason)
{
	w->refused[w->n_refused++] = (struct reading_refused){
	    .position = r->position,
	    .institution = r->institution,
	    .node = r->node,
	    .source = r->source,
	    .sequence = r->sequence,
	    .at = now,
	    .reason = arena_dup(w->mem, reason),
	};
}

static struct reading *
reading_of(struct worker *w, const struct batch_record *r)
{
	struct reading *reading = &w->readings[w->n_batches];

	*reading = (struct reading){
	    .institution = r->institution,
	    .node = r->node,
	    .source = r->source,
	    .batches = 1,
	    .last_batch = r->received,
	};
	return reading;
}

/* Its lines stay in the log and are counted, as lines nobody could read. */
static void
count_refused(struct worker *w, const struct batch_record *r)
{
	struct reading *reading = reading_of(w, r);

	reading->lines = reading->unread[CODEC_UNKNOWN] = r->lines;
}

static void
count_read(struct worker *w, const struct batch_record *r, const struct reader *reader,
    const struct detect_counts *counts)
{
	struct reading *reading = reading_of(w, r);
	const struct codec *codec = reader_codec(reader);

	reading->codec = codec == NULL ? (struct slice){0} : slice_str(codec->id);
	reading->lines = counts->lines;
	reading->events = counts->events;
	reading->nothing = counts->nothing;
	memcpy(reading->unread, counts->unread, sizeof(reading->unread));
	reading->last_event = counts->last;
	w->lines += counts->lines;
}

/* True: detect in it no more, it has failed too often. */
static bool
is_hopeless(struct worker *w, int64_t position)
{
	if (w->refuse_next && w->n_batches == 0)
		return true;
	return position == w->failed_at && w->n_failures >= FAILURES_MAX;
}

static void
note_failure(struct worker *w, int64_t position)
{
	w->n_failures = position == w->failed_at ? w->n_failures + 1 : 1;
	w->failed_at = position;
}

/* 0: it is part of the group, read or refused; -1: the machine refused. */
static int
read_batch(struct worker *w, const struct batch_record *r, struct instant now, struct err *e)
{
	struct detect_counts counts;
	struct reader *reader;
	struct batch batch;
	struct err why = {0};

	if (is_hopeless(w, r->position)) {
		refuse(w, r, now, SLICE("detection has failed on it again and again"));
		count_refused(w, r);
		return 0;
	}
	if (batch_open(w->opener, r, w->mem, &batch, &why) != 0 ||
	    readers_get(w->readers, &batch, r->node, r->config, &reader, &why) != 0) {
		refuse(w, r, now, slice_str(why.text));
		count_refused(w, r);
		return 0;
	}
	if (detector_run(w->detector, reader, &batch, w->alerts, &counts, e) != 0) {
		note_failure(w, r->position);
		return err_wrap(e, "detecting in batch %" PRId64, r->position);
	}
	count_read(w, r, reader, &counts);
	return 0;
}

/* 1: one more batch is in the group; 0: there is none; -1. */
static int
take_batch(struct worker *w, struct instant now, struct err *e)
{
	struct batch_record r;
	struct err why = {0};
	int rc = batchlog_take_next(w->log, w->last, w->mem, &r, &why);

	if (rc == 0)
		return 0;
	if (rc < 0 && (why.code != EUCLEAN || r.position == 0)) {
		if (e != NULL)
			*e = why;
		return -1;
	}
	if (rc < 0) {
		refuse(w, &r, now, slice_str(why.text));
		count_refused(w, &r);
	} else if (read_batch(w, &r, now, e) != 0)
		return -1;
	w->n_batches++;
	w->last = r.position;
	return 1;
}

static unsigned
group_size(const struct worker *w)
{
	return w->careful > 0 || w->n_failures > 0 ? 1 : WORKER_BATCHES_MAX;
}

static int
read_group(struct worker *w, struct instant now, struct err *e)
{
	int rc = 1;

	arena_reset(w->mem);
	alert_set_clear(w->alerts);
	w->n_batches = w->n_refused = 0;
	w->lines = 0;
	w->last = w->cursor;
	while (rc == 1 && w->n_batches < group_size(w) &&
	       alert_set_count(w->alerts) < ALERTS_MAX && arena_used(w->mem) < GROUP_MEMORY / 2)
		rc = take_batch(w, now, e);
	return rc < 0 ? -1 : 0;
}

/* --- committing it --- */

static int
write_group(struct worker *w, struct instant now, struct err *e)
{
	for (size_t i = 0; i < alert_set_count(w->alerts); i++) {
		arena_reset(w->scratch);
		if (alert_db_upsert(w->store, alert_set_at(w->alerts, i), now, w->scratch, e) !=
		    0)
			return -1;
	}
	for (unsigned i = 0; i < w->n_batches; i++)
		if (reading_add(w->store, &w->readings[i], e) != 0)
			return -1;
	for (unsigned i = 0; i < w->n_refused; i++)
		if (reading_add_refused(w->store, &w->refused[i], e) != 0)
			return -1;
	return reading_move_cursor(w->store, w->cursor, w->last, e);
}

static int
commit_group(struct worker *w, struct instant now, struct err *e)
{
	if (db_begin(w->store, e) != 0)
		return -1;
	if (write_group(w, now, e) != 0 || db_commit(w->store, e) != 0) {
		db_rollback(w->store);
		return -1;
	}
	w->cursor = w->last;
	w->careful = w->careful > w->n_batches ? w->careful - w->n_batches : 0;
	w->refuse_next = false;
	w->n_failures = 0;
	return 0;
}

static void
tell(const struct worker *w, struct worker_done *done)
{
	const struct reading_refused *r = &w->refused[0];

	*done = (struct worker_done){
	    .batches = w->n_batches,
	    .refused = w->n_refused,
	    .alerts = alert_set_count(w->alerts),
	    .lines = w->lines,
	};
	if (w->n_refused > 0)
		snprintf(done->refusal, sizeof(done->refusal),
		    "batch %" PRId64 " (institution %.*s, source %.*s) can not be read: %.*s",
		    r->position, SLICE_ARG(r->institution), SLICE_ARG(r->source),
		    SLICE_ARG(r->reason));
}

int
worker_step(struct worker *w, struct instant now, struct worker_done *done, struct err *e)
{
	struct err why = {0};

	*done = (struct worker_done){0};
	if (read_group(w, now, e) != 0)
		return -1;
	if (w->n_batches == 0)
		return 0;
	if (commit_group(w, now, &why) != 0) {
		/* A full disk or a lock says nothing about the batch. */
		if (why.code == 0)
			note_failure(w, w->last);
		if (e != NULL)
			*e = why;
		return -1;
	}
	tell(w, done);
	return 0;
}
