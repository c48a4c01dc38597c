/*
 * pattern.h - a Sigma string value: text with the wildcards "*" and "?".
 *
 * Escapes are undone when a pattern is read, so what is left is text, wildcards
 * and the "any dash" of |windash.  Matching is exact, bytewise, and folds the
 * case of ASCII letters unless asked not to.  Pure; everything lives in an arena.
 */
#ifndef HINOMI_DETECT_SIGMA_PATTERN_H
#define HINOMI_DETECT_SIGMA_PATTERN_H

#include "base/arena.h"

enum part_kind {
	PART_TEXT,
	PART_ANY,	  /* "*": any bytes, also none */
	PART_ONE,	  /* "?": one character */
	PART_DASH,	  /* |windash: any of - / and three long dashes */
	PART_PLACEHOLDER, /* %name% under |expand: gone before matching */
};

struct part {
	enum part_kind kind;
	struct slice text; /* of PART_TEXT and PART_PLACEHOLDER */
};

/*
 * Invariants of a finished pattern: no two texts or "*" stand side by side, none
 * is first or last "*" (that is what the two flags say), caseless text is folded
 * to lower case.
 */
struct pattern {
	bool at_start; /* the value begins with the first part */
	bool at_end;   /* the value ends with the last part */
	bool cased;
	unsigned n;
	const struct part *parts;
};

/* The dashes that Windows programs take for each other, ended by NULL. */
extern const char *const pattern_dashes[];

/*
 * Read a value as written in a rule.  With `placeholders`, %name% becomes a part
 * and \% a plain percent sign.  *n parts in mem; NULL at the arena's ceiling.
 */
struct part *pattern_parse(struct slice s, bool placeholders, struct arena *mem, unsigned *n);

/* One text and no wildcards: what encodings can be applied to. */
bool pattern_is_text(const struct part *parts, unsigned n);

/* Dashes that begin a command line's flag become PART_DASH. */
struct part *pattern_windash(
    const struct part *parts, unsigned n, struct arena *mem, unsigned *out_n);

/* Bring parts into the finished form; `before` and `after` stand for "*" on that side. */
bool pattern_finish(struct pattern *p, const struct part *parts, unsigned n, bool before,
    bool after, bool cased, struct arena *mem);

bool pattern_match(const struct pattern *p, struct slice value);

/* Encodings of whole texts. The absent slice at the arena's ceiling. */
struct slice encode_base64(struct slice s, struct arena *mem);
/* What base64 makes of s wherever it stands behind `shift` (0 to 2) bytes modulo 3. */
struct slice encode_base64_offset(struct slice s, unsigned shift, struct arena *mem);
/* UTF-16 without a byte order mark; bytes that are not UTF-8 become U+FFFD. */
struct slice encode_utf16(struct slice s, bool big_endian, bool mark, struct arena *mem);

static inline uint8_t
fold_case(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

#endif
