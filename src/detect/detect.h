/*
 * detect.h - the engine: everything that looks at events, run over one batch.
 *
 * Content (rules and indicators) is compiled into an immutable, counted
 * struct content that threads share and that is swapped whole.  A detector is
 * one thread's scratch.  Running is a pure function of (content, batch).
 */
#ifndef HINOMI_DETECT_DETECT_H
#define HINOMI_DETECT_DETECT_H

#include "base/err.h"
#include "detect/alert.h"
#include "detect/finding.h"
#include "detect/indicator/indicator.h"
#include "detect/sigma/sigma.h"
#include "event/batch.h"

struct content;

/* Takes over both sets (either may be NULL).  NULL without memory: then they stay the caller's.
 */
struct content *content_new(struct sigma_set *rules, struct indicator_set *indicators);
struct content *content_ref(struct content *c);
void content_unref(struct content *c); /* NULL is welcome */
const struct sigma_set *content_rules(const struct content *c);
const struct indicator_set *content_indicators(const struct content *c);

/* What happened to one batch's lines. */
struct detect_counts {
	uint64_t lines; /* every line, read or not */
	uint64_t events;
	uint64_t nothing; /* understood, and no event: comments, headers, empty */
	uint64_t unread[CODEC_STATUS_COUNT];
	struct instant first, last; /* event times; both zero without events */
};

struct detector;

/* Holds a reference on the content.  NULL without memory. */
struct detector *detector_new(struct content *c);
void detector_free(struct detector *d);

/* Give it new content between batches; -1 leaves the old in place. */
int detector_set_content(struct detector *d, struct content *c, struct err *e);

/*
 * Detect in one batch and add what was found to `alerts` (which outlive the
 * content).  `r` is the source's reader.  -1 where the machine refused, never for
 * what the lines say; `alerts` may then hold part of the batch's findings.
 */
int detector_run(struct detector *d, struct reader *r, const struct batch *b,
    struct alert_set *alerts, struct detect_counts *counts, struct err *e);

/* As sigma_run_troubles(), for the content in use: the rules whose regular expression gave up.
 */
size_t detector_troubles(const struct detector *d, size_t from, struct sigma_trouble *out);

#endif
