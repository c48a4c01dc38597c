/*
 * model.h - a rule as it is kept: a boolean tree over atoms, each about one column.
 *
 * A column is a field as rules call it, bound to where events carry it.  All of
 * it lives in the set's arena and never changes after compilation.
 */
#ifndef HINOMI_DETECT_SIGMA_MODEL_H
#define HINOMI_DETECT_SIGMA_MODEL_H

#include "base/instant.h"
#include "base/ip.h"
#include "detect/finding.h"
#include "detect/sigma/pattern.h"
#include "detect/sigma/regex.h"

/* One place to look: a field of fields.def, or an extra of that name. */
struct place {
	enum field_id field; /* FIELD_NONE: by name */
	struct slice name;   /* ECS name, or the extra's */
	bool joined;	     /* looked at together with the place before it */
	uint32_t id;	     /* the same for the same place in all columns of a set; not 0 */
};
#define PLACE_RAW 0 /* of COLUMN_RAW, which has no places */

/* The first place that has a value is the one, with those joined to it. */
struct column {
	unsigned n;
	const struct place *places;
};

/* Columns that no mapping makes. */
enum {
	COLUMN_RAW,  /* keywords: the whole line, and values that were decoded out of it */
	COLUMN_TIME, /* "@timestamp": the event's time, for |hour and its like */
	COLUMN_FIRST,
	COLUMN_NONE = 0x7fffffff,
};

enum atom_kind {
	ATOM_PATTERN,
	ATOM_REGEX,
	ATOM_CIDR,
	ATOM_COMPARE, /* lt lte gt gte, of the value or of a part of its time */
	ATOM_EXISTS,
	ATOM_NULL,
	ATOM_FIELD, /* |fieldref */
};

enum compare_op { COMPARE_LT, COMPARE_LTE, COMPARE_GT, COMPARE_GTE, COMPARE_EQ };
enum time_part {
	TIME_NONE,
	TIME_MINUTE,
	TIME_HOUR,
	TIME_DAY,
	TIME_WEEK,
	TIME_MONTH,
	TIME_YEAR
};

struct atom {
	enum atom_kind kind;
	uint32_t column;
	struct slice shown; /* what it compares with, for people */
	union {
		struct pattern pattern;
		const struct regex *regex;
		struct ip_prefix cidr;
		struct {
			enum compare_op op;
			enum time_part part;
			double number;
		} compare;
		bool exists;
		struct {
			uint32_t column;
			bool at_start, at_end; /* like a pattern's */
			bool cased;
		} field;
	} u;
};

enum node_kind { NODE_ATOM, NODE_AND, NODE_OR, NODE_NOT };

/* An AND of none is true, an OR of none false.  A node may have several parents. */
struct node {
	enum node_kind kind;
	uint32_t n;
	uint32_t cost; /* of judging it, in comparisons; an AND looks at its cheapest first */
	uint32_t
	    needs; /* a column without whose value it is false; COLUMN_NONE if there is none */
	union {
		const struct atom *atom;
		const struct node *const *kids; /* one for NOT */
	} u;
};

struct rule {
	struct rule_info info;
	const struct node *tree;
	const struct node *where; /* what its log source demands, or NULL: common, so no key */
	uint32_t classes;	  /* bits of enum event_class */
	struct slice dataset;	  /* events' dataset begins with it; may be empty */
	size_t report;		  /* of this rule, in the set */
};

/* Evaluate exactly. */
#define VALUES_MAX 64

/* What a column holds in an event, and what it is called there. */
struct named_value {
	struct slice name;
	struct slice value;
};

struct evaluation {
	const struct column *columns;
	const struct event *ev;
	struct regex_run *regex;
	unsigned limits_met; /* regular expressions that gave up: taken as no match */

	/* The column asked for last: rules ask for one many times in a row. */
	uint32_t column;
	unsigned n_values;
	struct named_value values[VALUES_MAX];
	bool has_ip;  /* values[0] was read as an address already */
	struct ip ip; /* len 0: it is none */
};

/* Begin with an event. */
void evaluation_start(struct evaluation *x, const struct column *columns,
    const struct event *ev, struct regex_run *regex);

bool node_true(struct evaluation *x, const struct node *n);

/* Of a tree that is true: the atoms that made it so, at most max. */
unsigned node_matches(
    struct evaluation *x, const struct node *n, struct matched_field *out, unsigned max);

unsigned column_values(const struct column *columns, uint32_t column, const struct event *ev,
    struct named_value *out, unsigned max);

#endif
