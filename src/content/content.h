/*
 * content.h - from files to running detection: what is built in and what an operator adds.
 *
 * The one place that decides where rules, mappings, advice, indicators and
 * allow-lists come from; `scan` and the detect role both use it.
 */
#ifndef HINOMI_CONTENT_CONTENT_H
#define HINOMI_CONTENT_CONTENT_H

#include "base/buf.h"
#include "base/err.h"
#include "detect/detect.h"

/*
 * Files or folders.  Mappings, advice and allow-lists are always built in; rules
 * are, unless some are named here.  Lists end with NULL; a NULL list is empty.
 */
struct content_sources {
	const char *const *rules;
	const char *const *indicators;
	const char *const *allow;
	const char *const *placeholders; /* a later file's value replaces an earlier one's */
	bool no_builtin_rules;
	bool japanese;	       /* of the notes */
	bool missing_is_empty; /* a folder that is not there holds nothing (an operator's, not
				  yet made) */
	bool bad_files_are_notes; /* better a part than nothing: for a start, where nothing is
				     in use yet */
};

/* What loading said, for a line to a person and for the console. */
struct content_summary {
	size_t rules, rules_unusable, indicators, indicators_refused;
	struct buf
	    notes; /* a line for every file that was not used as a whole; buf_release() */
};

/*
 * Load everything and compile it.  One bad rule or row is a note, and so is a
 * rule file of a folder that cannot be read or is too large.  A list that cannot be read (its
 * old rows are better than none), a file that was named itself, or a set that cannot be
 * compiled fails the whole and says why: then *out is untouched.
 */
int content_load(const struct content_sources *from, struct content **out,
    struct content_summary *summary, struct err *e);

/* Only the rules, as a set of its own: what `rules check` reports on. */
int content_load_rules(
    const struct content_sources *from, struct sigma_set **out, struct err *e);

#endif
