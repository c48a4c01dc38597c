/*
 * sigma.h - Sigma rules, as SigmaHQ publishes them, over a batch of events.
 *
 * A sigma_set is compiled once from rule files and mapping files and is then
 * immutable: any number of threads may run it.  All its strings and regular
 * expressions sit in one Vectorscan database that finds candidate (event, rule)
 * pairs; a candidate is then confirmed exactly, with PCRE2 where needed.
 * Specification: https://sigmahq.io/sigma-specification/ (version 2).
 */
#ifndef HINOMI_DETECT_SIGMA_SIGMA_H
#define HINOMI_DETECT_SIGMA_SIGMA_H

#include "base/err.h"
#include "detect/finding.h"

struct sigma_loader;
struct sigma_set;
struct sigma_run;

enum sigma_standing {
	SIGMA_LOADED,	/* in use */
	SIGMA_UNROUTED, /* compiled, but no codec gives events of its log source */
	SIGMA_UNUSABLE, /* the reason says which line and why */
};

/* One document of one file, for `hinomi rules check`. */
struct sigma_report {
	struct slice file;
	struct slice id;
	struct slice title;
	struct slice logsource; /* "proxy", "windows/process_creation" */
	enum level level;
	enum sigma_standing standing;
	bool direct;   /* loaded, but judged on every event of its class: no rare text to search
			  for */
	unsigned line; /* where the trouble is, 0 if nowhere in particular */
	struct slice reason; /* a sentence; empty when loaded */
};

/* NULL when memory is out.  Owned by the caller. */
struct sigma_loader *sigma_loader_new(void);
void sigma_loader_free(struct sigma_loader *l);

/* A file of content/mapping: which log source is which event class, which field is which. */
int sigma_add_mapping(
    struct sigma_loader *l, struct slice name, struct slice yaml, struct err *e);

/* content/advice.yaml: advice by ATT&CK tactic for rules that carry none. */
int sigma_add_advice(
    struct sigma_loader *l, struct slice name, struct slice yaml, struct err *e);

/* Values for |expand placeholders. */
int sigma_add_placeholders(
    struct sigma_loader *l, struct slice name, struct slice yaml, struct err *e);

/*
 * A rule file of any number of YAML documents (rules and filters).  Bytes are
 * copied.  What cannot be used is reported, never fatal; -1 only without memory.
 */
int sigma_add_rules(
    struct sigma_loader *l, struct slice name, struct slice yaml, struct err *e);

/* A file that its reader had to give up (too large, unreadable): it gets an unusable report
 * with this reason. */
int sigma_refuse_file(
    struct sigma_loader *l, struct slice name, struct slice reason, struct err *e);

/* Build the set.  The loader may be freed afterwards.  Fails as a whole or gives a working set.
 */
int sigma_compile(struct sigma_loader *l, struct sigma_set **out, struct err *e);
void sigma_set_free(struct sigma_set *s);

size_t sigma_report_count(const struct sigma_set *s);
struct sigma_report sigma_report_at(const struct sigma_set *s, size_t i);
size_t sigma_rule_count(const struct sigma_set *s); /* loaded ones */

/* The scratch of one thread: scan buffer, Vectorscan scratch, PCRE2 match data.  NULL without
 * memory. */
struct sigma_run *sigma_run_new(const struct sigma_set *s);
void sigma_run_free(struct sigma_run *r);

/*
 * Read the line that was seen under this number again; false if it cannot be.
 * Candidates are few, so events are not kept but read again from their line.
 */
typedef bool sigma_reread(void *ctx, uint32_t line, struct event *ev, uint64_t *offset);

/* Start a batch. */
void sigma_run_start(
    struct sigma_run *r, sigma_reread *reread, void *ctx, struct findings *out);

/* One event; lines are numbered upwards within the batch.  Its values are copied into the scan
 * buffer. */
void sigma_run_see(struct sigma_run *r, const struct event *ev, uint32_t line);

/* The batch is over: all its findings are in `out` afterwards, in the order of lines, then
 * rules. */
int sigma_run_finish(struct sigma_run *r, struct err *e);

/*
 * Rules whose regular expression took more steps than it may and was taken as no
 * match, counted since the run was made.  Call with 0, then with what it
 * returned, until that is 0.
 */
struct sigma_trouble {
	const struct rule_info *rule;
	uint64_t count;
};
size_t sigma_run_troubles(const struct sigma_run *r, size_t from, struct sigma_trouble *out);

#endif
