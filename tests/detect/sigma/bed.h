/*
 * bed.h - what the tests of Sigma share: rules from text, events from text, findings as ids.
 */
#ifndef HINOMI_TESTS_DETECT_SIGMA_BED_H
#define HINOMI_TESTS_DETECT_SIGMA_BED_H

#include "detect/sigma/sigma.h"

/* Log source {category: test} is class "other", and fields go by their own names. */
extern const char bed_mapping[];

struct bed {
	struct sigma_loader *loader;
	struct sigma_set *set;
	struct sigma_run *run;
	struct arena *mem;
	struct findings found;
	struct event *events; /* given to bed_see(), in order */
	size_t n_events, cap_events;
	struct err err;
};

void bed_open(struct bed *b);
void bed_close(struct bed *b);

/* Add a rule file; and build the set, after which reports and runs can be had. */
void bed_add(struct bed *b, const char *file, struct slice yaml);
void bed_compile(struct bed *b);

/* A rule document with this detection block (indented by the caller). */
const char *bed_rule(struct bed *b, const char *id, const char *detection);

/*
 * An event of class "other" from lines "name=value"; a value may hold \n, \0 and
 * \xHH.  Its raw line is the text itself.
 */
struct event *bed_event(struct bed *b, const char *text);

/* Run all events given since the last time as one batch; findings are in b->found. */
void bed_run(struct bed *b);

/* How often this rule was found in the last run. */
unsigned bed_count(const struct bed *b, const char *id);

/* Take the report of the first (or n-th) document. */
struct sigma_report bed_report(const struct bed *b, size_t i);

#endif
