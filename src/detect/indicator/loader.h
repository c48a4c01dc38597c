/*
 * loader.h - what the readers of the list formats share; for this directory only.
 *
 * A reader walks through one file and offers each row to reading_offer(), which
 * takes or refuses it and keeps the report.  Readers return -1 only where the
 * machine refuses or the file as a whole cannot be read.
 */
#ifndef HINOMI_DETECT_INDICATOR_LOADER_H
#define HINOMI_DETECT_INDICATOR_LOADER_H

#include "detect/indicator/set.h"
#include "text/json.h"

#define NOTE_MAX   200	 /* bytes of what a list says about a row */
#define NOTE_SLOTS 65536 /* different notes kept per file: three quarters of this */

struct note_slot {
	uint32_t origin; /* plus one; 0: empty */
	uint64_t hash;
};

struct indicator_loader {
	struct indicator_settings settings;
	struct arena *texts;
	struct table bad;
	struct table allow;
	struct note_slot notes[NOTE_SLOTS]; /* of the file being read */
	size_t n_notes;
	struct value value; /* scratch */
};

struct reading {
	struct indicator_loader *l;
	struct table *table;
	struct value_rules rules;
	struct indicator_report *report;
	struct origin base; /* of rows that say nothing more */
	bool base_known;
	uint32_t base_id;
	enum indicator_kind want; /* of rows that do not say; JA3 for lists of them */
	struct err *e;
};

/* A row that is no indicator. */
void reading_refuse(struct reading *r, unsigned line, enum refusal why);

/*
 * The origin of rows with this note (may be empty) and grade (may be NULL); the
 * plain one when there are too many different ones.
 */
int reading_origin(
    struct reading *r, struct slice note, const enum level *grade, uint32_t *out);

/* An origin of its own, for one object of a bundle; its texts are copied. */
int reading_own_origin(struct reading *r, struct origin o, uint32_t *out);

/* A list that is given another name or level from inside. */
void reading_call(struct reading *r, struct slice name);
void reading_grade(struct reading *r, enum level level);

/* Take the value or refuse it with this line.  `exact`: a domain does not cover what is below
 * it. */
int reading_offer(struct reading *r, unsigned line, struct slice text, enum indicator_kind want,
    bool exact, uint32_t origin);

static inline bool
is_one_of(uint8_t c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* The readers. */
int read_list(struct reading *r, struct slice bytes);

struct csv_shape;
bool csv_recognise(struct slice bytes, struct reading *r, struct csv_shape *shape);
int read_csv(struct reading *r, struct slice bytes, const struct csv_shape *shape);

/* Objects with "list" (warning lists), or "Event" or "response" (events). */
bool misp_recognise(const struct json *root);
int read_misp(struct reading *r, const struct json *root);

/* A bundle, a TAXII envelope, or an array of objects or bundles. */
bool stix_recognise(const struct json *root);
int read_stix(struct reading *r, const struct json *root);

#endif
