/*
 * alert_db.h - alerts as the store keeps them: raised, growing, closed, reopened.
 *
 * Detection raises alerts; the same alert (by id) merges by alert_merge(), so
 * replaying a batch in a rolled-back transaction changes nothing and a later
 * batch makes it grow.  People close and reopen.  A closed alert that grows
 * within its own window stays closed and counts on: whoever closed it has judged
 * this hour's activity.  What goes on in the next hour is another alert, and open.
 *
 * Every change takes the next number of one counter, an alert's `version`, in
 * commit order: a stream of changes resumes at any number.
 *
 * All functions run inside the caller's transaction where they write; whatever
 * serves a person takes that person's scope.
 */
#ifndef HINOMI_INCIDENT_ALERT_DB_H
#define HINOMI_INCIDENT_ALERT_DB_H

#include "base/arena.h"
#include "detect/alert.h"
#include "store/db.h"
#include "store/scope.h"

#define ALERT_PAGE_MAX 200

enum alert_status { ALERT_OPEN, ALERT_CLOSED };

/* One row of a list.  Slices live in the caller's arena. */
struct alert_row {
	char id[ALERT_ID_LEN + 1];
	enum alert_status status;
	struct instant first_seen, last_seen;
	struct instant raised; /* when the center first stored it */
	uint64_t count;
	int64_t version;
	struct slice institution, source, detector;
	struct slice rule_id, title_en, title_ja; /* title_ja is absent where there is none */
	enum level level;
	unsigned severity;
	struct slice attack; /* a JSON array of technique ids */
	struct slice entity_kind, entity;

	/* of a closed one; absent and zero otherwise */
	struct instant closed_at;
	struct slice closed_by, closed_reason, closed_comment;
};

/* --- detection --- */

/* Raise or grow.  `now` becomes `raised` of a new one.  `mem` is scratch. */
int alert_db_upsert(
    struct db *d, const struct alert *a, struct instant now, struct arena *mem, struct err *e);

/* --- people --- */

enum alert_answer {
	ALERT_DONE,
	ALERT_UNKNOWN, /* no such alert in this scope */
	ALERT_ALREADY, /* closed already; or not closed */
	ALERT_FAILED,  /* the store refused: see err */
};

/* "true_positive", "false_positive", "benign", "duplicate" */
bool alert_reason_known(struct slice reason);

/* Both write the audit record, with reason and comment.  actor: "user:suzuki". */
enum alert_answer alert_db_close(struct db *d, const struct scope *scope, struct slice id,
    struct slice actor, struct slice reason, struct slice comment, struct instant now,
    struct err *e);
enum alert_answer alert_db_reopen(struct db *d, const struct scope *scope, struct slice id,
    struct slice actor, struct instant now, struct err *e);

/*
 * One alert: its row and, where `json` is not NULL, the whole as alert_write_json()
 * wrote it.  1; 0: no such alert in this scope; -1.
 */
int alert_db_get(struct db *d, const struct scope *scope, struct slice id, struct arena *mem,
    struct alert_row *out, struct slice *json, struct err *e);

/* A place in the list: after the alert with this time and id.  Opaque outside. */
#define ALERT_CURSOR_MAX 64
char *alert_cursor_format(const struct alert_row *last, char buf[ALERT_CURSOR_MAX]);
bool alert_cursor_valid(struct slice cursor);

/* What to list; the zero value lists all. */
struct alert_filter {
	bool only_open, only_closed;
	unsigned levels;	  /* a bit each, 1 << LEVEL_HIGH; 0: any */
	struct slice institution; /* absent: any in scope */
	struct slice detector;	  /* absent: any */
	struct slice
	    words; /* each must occur, whatever its (ASCII) case, in the rule's id or title,
		      the entity, a source's name, an ATT&CK id or a matched value */
};

struct alert_page {
	size_t n;
	struct alert_row rows[ALERT_PAGE_MAX];
	char next[ALERT_CURSOR_MAX]; /* "" on the last page */
};

/*
 * One page of at most `limit` (up to ALERT_PAGE_MAX), by (last_seen, id), both
 * descending.  An absent cursor starts at the newest; the caller has asked
 * alert_cursor_valid().  To look for words at most ALERT_SCAN_MAX alerts are
 * read: a page may then hold fewer than asked for and still have a next.
 */
#define ALERT_SCAN_MAX 100000
int alert_db_list(struct db *d, const struct scope *scope, const struct alert_filter *filter,
    struct slice cursor, unsigned limit, struct arena *mem, struct alert_page *out,
    struct err *e);

/*
 * Alerts changed after this version, in the order of their last change, each
 * once, at most `limit`: fn gets each row (its slices live until it returns).
 * Its -1 stops.
 */
typedef int alert_on_row(void *ctx, const struct alert_row *row, struct err *e);
int alert_db_changes(struct db *d, const struct scope *scope, int64_t after, unsigned limit,
    alert_on_row *fn, void *ctx, struct err *e);

/* The newest version given; 0 in an empty store. */
int alert_db_version(struct db *d, int64_t *out, struct err *e);

/* Open alerts by level: in the whole scope, or of one institution of it. */
int alert_db_count_open(struct db *d, const struct scope *scope, struct slice institution,
    uint64_t count[LEVEL_CRITICAL + 1], struct err *e);

#endif
