/*
 * finding.h - one match of one detector on one line, before grouping.
 */
#ifndef HINOMI_DETECT_FINDING_H
#define HINOMI_DETECT_FINDING_H

#include "base/arena.h"
#include "event/event.h"

enum level { LEVEL_INFORMATIONAL, LEVEL_LOW, LEVEL_MEDIUM, LEVEL_HIGH, LEVEL_CRITICAL };

/* Both languages; ja may be absent, then en stands for both. */
struct text2 {
	struct slice en;
	struct slice ja;
};

/* What an analyst is told about a detection.  Lives as long as the rule or indicator set. */
struct rule_info {
	const char *detector; /* "sigma", "indicator" */
	struct slice id;      /* stable: part of every alert's identity */
	struct text2 title;
	struct text2 description;
	struct text2 advice;	     /* what to do next */
	struct text2 falsepositives; /* when it is harmless */
	struct slice references;     /* one URL a line */
	struct slice author;	     /* of the rule, kept because licences ask for it */
	enum level level;
	unsigned severity; /* 0 to 100 */
	unsigned n_attack;
	const struct slice *attack; /* "T1071.001", sorted, each once */
};

/* A field that made the detector say yes. */
struct matched_field {
	struct slice name;    /* ECS name */
	struct slice value;   /* the event's value, whole */
	struct slice pattern; /* what it was compared with, for highlighting; may be empty */
};

struct finding {
	struct finding *next;
	const struct rule_info *rule;
	struct instant at;
	struct slice entity_kind; /* ECS name of the field: "source.ip" */
	struct slice entity;	  /* who did it; empty where the line names nobody */
	unsigned n_fields;
	struct matched_field *fields;
	uint64_t offset; /* of the line in its batch's bytes */
	struct slice raw;
};

/*
 * Where detectors put what they find.  With a sink, each finding is handed over
 * at once and its memory taken back, so that a batch in which every line matches
 * a hundred rules costs no more memory than one finding.  Without one, findings
 * stay in mem as a list, in the order they were added (tests look at it).
 */
struct findings {
	struct arena *mem;
	void (*sink)(void *ctx, const struct finding *f);
	void *ctx;
	struct finding *first;
	struct finding **last;
	size_t count;
};

static inline struct findings
findings_in(struct arena *mem)
{
	return (struct findings){.mem = mem};
}

/*
 * Add a finding for this event; the entity is chosen by the event's class.
 * Copies the event's values (they die with the line) but not rule or raw (they
 * live with the set and the batch).  What mem cannot hold any more is lost, which
 * arena_full(out->mem) tells; with a sink that takes one finding larger than mem.
 */
void findings_add(struct findings *out, const struct rule_info *rule, const struct event *ev,
    uint64_t offset, const struct matched_field *fields, unsigned n_fields);

const char *level_name(enum level l);
bool level_by_name(struct slice name, enum level *out);

/* 10, 25, 50, 75, 95: where a rule gives no severity of its own. */
unsigned level_severity(enum level l);

#endif
