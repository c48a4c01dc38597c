/*
 * alert.h - findings grouped by (rule, institution, entity, window): what people see.
 *
 * An alert's id is a hash of that group, so the same input gives the same alert
 * however it was cut into batches, replayed or spread over machines.  Merging is
 * commutative and associative: counts add, times widen, and the few lines kept
 * as evidence are always the earliest.  Pure.
 */
#ifndef HINOMI_DETECT_ALERT_H
#define HINOMI_DETECT_ALERT_H

#include "base/buf.h"
#include "base/err.h"
#include "detect/finding.h"
#include "event/batch.h"

#define ALERT_LINES_MAX	 8
#define ALERT_FIELDS_MAX 16
#define ALERT_ID_LEN	 32 /* hexadecimal digits: 128 bits of SHA-256 */

/* Findings of one rule and entity within the same clock hour are one alert. */
#define ALERT_WINDOW SPAN_HOURS(1)

struct alert_line {
	struct slice batch; /* file path, or the batch's id */
	struct slice source;
	uint64_t offset; /* in the source's stream: the same however batches are cut */
	struct instant at;
	struct slice raw;
	unsigned n_fields; /* what matched on this line */
	struct matched_field *fields;
};

struct alert {
	char id[ALERT_ID_LEN + 1];
	struct instant first_seen, last_seen;
	uint64_t count;
	struct slice institution;
	const struct rule_info *rule;
	struct slice entity_kind, entity;
	unsigned n_lines; /* at least one; the earliest by (at, source, offset, raw) */
	struct alert_line lines[ALERT_LINES_MAX];
};

/*
 * A growing set of alerts.  Everything is copied in: findings, and each rule's
 * texts once.  NULL without memory.
 */
struct alert_set;
struct alert_set *alert_set_new(void);
void alert_set_free(struct alert_set *s);
void alert_set_clear(struct alert_set *s);

/* -1 only without memory. */
int alert_set_add(
    struct alert_set *s, const struct batch *b, const struct finding *f, struct err *e);

/* Everything of `from` joins `to`.  -1 only without memory. */
int alert_set_merge(struct alert_set *to, struct alert_set *from, struct err *e);

size_t alert_set_count(const struct alert_set *s);
/* Sorted by first_seen, then id; valid until the set changes. */
const struct alert *alert_set_at(struct alert_set *s, size_t i);

/*
 * One JSON object (no newline): the contract's alert line.  `time` is last_seen;
 * "lines" holds batch, source, offset, time, raw; "fields" the first line's
 * matches.  Bytes that are not UTF-8 stand as \xHH.
 */
void alert_write_json(struct buf *out, const struct alert *a);

/* Read back what alert_write_json() wrote; everything in mem. */
int alert_read_json(struct slice json, struct arena *mem, struct alert *out, struct err *e);

/* Merge two of the same id (from different batches) into *into; slices of `from` are then
 * shared. */
void alert_merge(struct alert *into, const struct alert *from);

#endif
