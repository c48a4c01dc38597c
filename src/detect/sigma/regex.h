/*
 * regex.h - |re values: PCRE2 with limits, and the literal texts a match must hold.
 */
#ifndef HINOMI_DETECT_SIGMA_REGEX_H
#define HINOMI_DETECT_SIGMA_REGEX_H

#include "base/arena.h"
#include "base/err.h"

struct regex;
struct regex_run;

enum regex_answer { REGEX_NO, REGEX_YES, REGEX_LIMIT };

/*
 * Compile; `flags` are sub-modifiers ("ims").  Refuses, with a sentence, what
 * PCRE2 does not take and what took more than its share of steps on short texts
 * made of the expression's own characters.  Owned by the caller.
 */
int regex_new(struct regex **out, struct slice source, const char *flags, struct err *e);
void regex_free(struct regex *r);

/* The scratch of one thread: match data and limits.  NULL without memory. */
struct regex_run *regex_run_new(void);
void regex_run_free(struct regex_run *r);

/* Does it match anywhere in the value?  REGEX_LIMIT: too many steps to know. */
enum regex_answer regex_match(const struct regex *r, struct regex_run *run, struct slice value);

/*
 * Texts (lower case) of which any match holds at least one, whatever its case:
 * *n of them in mem.  False where none could be found.
 */
bool regex_factors(struct slice source, struct arena *mem, struct slice **out, unsigned *n);

#endif
