/*
 * problem.h - refusals that people and programs can read (RFC 9457), in their language.
 *
 * `detail` is in the language of Accept-Language, Japanese unless English is
 * preferred; `detail_ja` is always there for programs that show both.
 */
#ifndef HINOMI_SERVER_PROBLEM_H
#define HINOMI_SERVER_PROBLEM_H

#include "http/http.h"

enum problem_id {
#define PROBLEM(id, ...) PROBLEM_##id,
#include "server/problems.def"
#undef PROBLEM
	PROBLEM_COUNT,
};

/* Does this value of Accept-Language prefer English to Japanese?  Pure. */
bool problem_prefers_english(struct slice accept_language);

/* Answer with it; details may be NULL: then the table's. */
void problem_answer(struct request *r, enum problem_id id, const char *en, const char *ja);

/* The same with a Retry-After of so many seconds. */
void problem_answer_later(struct request *r, enum problem_id id, unsigned seconds);

#endif
