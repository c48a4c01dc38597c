/*
 * alert_search.h - what words are looked for in, and looking for them.  Pure.
 */
#ifndef HINOMI_INCIDENT_ALERT_SEARCH_H
#define HINOMI_INCIDENT_ALERT_SEARCH_H

#include "base/arena.h"
#include "detect/alert.h"

#define ALERT_SEARCH_MAX 8192
#define ALERT_SEARCH_RAW 2048 /* of the raw line */

/*
 * One text a line, in (ASCII) lower case: the rule's id and titles, the entity,
 * ATT&CK ids, sources, the values that matched, and the start of the first raw
 * line.  Cut where out is full.
 */
void alert_write_search(struct buf *out, const struct alert *a);

#define ALERT_WORDS_MAX 32

struct alert_words {
	size_t n;
	struct slice at[ALERT_WORDS_MAX];
};

/* In lower case, in mem.  White space divides, and U+3000, the wide space of Japanese
 * keyboards. */
void alert_split_words(struct slice text, struct arena *mem, struct alert_words *out);

/* Does each occur in what alert_write_search() wrote? */
bool alert_has_words(struct slice search, const struct alert_words *words);

#endif
