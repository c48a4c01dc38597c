/*
 * set.h - a compiled set: rules, where their fields are, and the one database to search with.
 */
#ifndef HINOMI_DETECT_SIGMA_SET_H
#define HINOMI_DETECT_SIGMA_SET_H

#include <hs.h>

#include "detect/sigma/detection.h"
#include "detect/sigma/model.h"
#include "detect/sigma/sigma.h"

/* Bounds a value in the scan buffer, so that an anchored key is a literal; no UTF-8 text holds
 * it. */
#define EDGE 0xff

/* A rule asks for a literal at this place. */
struct hit {
	uint32_t place;
	uint32_t rule;
};

/* What one class of events needs done. */
struct plan {
	uint32_t n_fields; /* that some key looks into */
	enum field_id *fields;
	uint64_t *places;  /* bits: these and named ones */
	bool raw;	   /* keywords are looked for */
	uint32_t n_direct; /* rules without a key: evaluated on every event */
	uint32_t *direct;
};

/* Extras are found by name. */
struct named {
	struct slice name; /* absent: free */
	uint32_t place;
};

struct sigma_set {
	struct arena *mem;
	uint32_t n_columns;
	const struct column *columns;
	struct regexes regexes;
	struct rule *rules; /* by id */
	uint32_t n_rules;
	struct sigma_report *reports;
	size_t n_reports;

	hs_database_t *db; /* NULL where no rule has a key */
	uint32_t n_literals;
	uint32_t *first_hit; /* n_literals + 1 */
	struct hit *hits;
	struct plan plans[EVENT_CLASS_COUNT];
	uint32_t n_places;
	struct named *named; /* open addressing, a power of two */
	uint32_t named_size;
};

/* Keys, literals, plans and the database, from rules and columns that are there already. */
int set_index(struct sigma_set *s, struct err *e);

/* The entry of an extra's name, or the free one where it would be. */
struct named *set_named(const struct sigma_set *s, struct slice name);

#endif
