/*
 * declared.h - a log format as data: names of values, what each means, and how a
 * line's own words for what kind it is become a class.
 *
 * For formats that write "name, value, name, value" in some way (pairs.h) or
 * columns by position.  A codec of this kind is a recogniser and tables.  What a
 * table does not know becomes an extra of the log's own name; so does what does
 * not fit its field's kind (a word where an address belongs).  Pure.
 */
#ifndef HINOMI_EVENT_DECLARED_H
#define HINOMI_EVENT_DECLARED_H

#include "event/codec.h"
#include "event/stamp.h"

/* What to do with a value. */
enum declared_take {
	DECLARED_PUT,
	DECLARED_LOWER,	    /* in lower case */
	DECLARED_HOST,	    /* of an IP field: an address, or a name for the field beside it */
	DECLARED_ENDPOINT,  /* of an IP field: "address:port:interface:name", the rest optional
			     */
	DECLARED_PROTOCOL,  /* network.transport: "6" is "tcp"; what follows a slash is the
			       service */
	DECLARED_SECONDS,   /* to milliseconds */
	DECLARED_VERSION,   /* without "HTTP/" */
	DECLARED_URL,	    /* whole, or without scheme, or a path beside a host name */
	DECLARED_TIME,	    /* a whole point in time, in any of many spellings */
	DECLARED_TIME_BEST, /* the same, and more exact than the others of its line */
	DECLARED_DATE,	    /* half of one */
	DECLARED_CLOCK,	    /* the other half */
	DECLARED_ZONE,	    /* of both: "+0900", or a name */
	DECLARED_KIND, /* decides the class, as do the next two; put into the field, if any */
	DECLARED_SUBKIND,
	DECLARED_ACTION,
	DECLARED_OUTCOME, /* success, failure or the log's own word */
	DECLARED_DROP,
};

struct declared_row {
	const char *name;
	enum declared_take take;
	enum field_id field; /* FIELD_NONE: an extra of the name */
};

/* The first row that fits decides; "" fits everything.  Letters' case does not matter. */
struct declared_kind {
	const char *kind, *subkind, *action;
	enum event_class class;
	struct slice dataset;
	const char *outcome; /* NULL: by the line's own words */
};

struct declared_line;

/* Takes a line apart and calls declared_put() for each value. */
typedef enum codec_status (*declared_cut)(struct slice line, struct declared_line *l);

struct declared {
	declared_cut cut;
	const struct declared_row *row;
	size_t n_row;
	const struct declared_kind *kind;
	size_t n_kind;
	struct slice
	    dataset; /* where no kind fits: the class is what cut set, or by the fields */
};

/* The rows, ready for looking up.  Names that come twice: the later row wins. */
struct declared_table;

struct declared_table *declared_table_new(const struct declared *d); /* NULL without memory */
void declared_table_free(struct declared_table *t);

/* One line on its way into an event. */
struct declared_line {
	const struct declared_table *table;
	struct stamp_cache *cache;
	struct span zone; /* of times that do not say */
	struct instant received;
	struct arena *mem;
	struct event *ev;
	bool timed; /* by the line, not by what is around it */
	struct slice date, clock, clock_zone, url;
	struct slice kind, subkind, action, outcome;
	const char *meant; /* the outcome that its kind means */
};

/* Begin a line; the members above `timed` are the caller's to set. */
void declared_put(struct declared_line *l, struct slice name, struct slice value);

/* What values together say: the time, the URL, the class.  CODEC_EVENT or CODEC_BAD_TIME. */
enum codec_status declared_finish(struct declared_line *l);

/* name=value name="value" ..., as pairs_cut_quoted() has it. */
enum codec_status declared_cut_pairs(struct slice line, struct declared_line *l);

/* For codecs whose state is only a declaration: the parts of struct codec. */
int declared_state_new(struct codec_state **out, const struct declared *d, struct err *e);
void declared_state_free(struct codec_state *st);
enum codec_status declared_read(struct codec_state *st, const struct codec_config *cfg,
    struct slice line, struct instant received, struct arena *mem, struct event *ev);

#endif
