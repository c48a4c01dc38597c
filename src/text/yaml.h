/*
 * yaml.h - the program's one door to YAML: a document becomes an immutable tree.
 *
 * For files that people write and that may be hostile: rules, settings, content.
 * Everything is bounded, and what could be misread is refused with a sentence
 * that names file and line: duplicate keys, merge keys ("<<"), tags other than
 * !!str, !!seq and !!map, keys that are no scalars.  An alias is an ordinary
 * part of the tree (its children are shared), counted as if it were written
 * out, so a "YAML bomb" meets the bound on nodes.  Over libyaml (YAML 1.1's
 * syntax); plain scalars are typed by whoever reads them, in YAML 1.2's core
 * forms: "no" is a word and 010 is ten.
 */
#ifndef HINOMI_TEXT_YAML_H
#define HINOMI_TEXT_YAML_H

#include "base/arena.h"
#include "base/err.h"
#include "base/instant.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

/*
 * Lives in the arena it was read into, as does all it points to.  A mapping's
 * items are its values in the order of the file; each knows its key.
 */
struct yaml_node {
	enum yaml_kind kind;
	bool plain;	   /* a scalar without quotes: may mean null, a number, a boolean */
	char style;	   /* of a scalar: ' " | > or : for plain */
	unsigned line;	   /* from 1; of an alias, where the alias stands */
	const char *file;  /* as given to the reader */
	struct slice key;  /* in a mapping; absent elsewhere */
	struct slice text; /* of a scalar, decoded */
	size_t count;
	const struct yaml_node *items;
};

/* A zero member means the default. */
struct yaml_limits {
	size_t bytes;	/* of one document, and of its text with aliases written out: 1 MiB */
	unsigned depth; /* 64 */
	unsigned nodes; /* with aliases written out: 100,000 */
};

struct yaml_reader;

/*
 * Read the documents of `text` one by one.  `text` is borrowed until the reader
 * is freed; `file` is copied into mem.  NULL without memory.
 */
struct yaml_reader *yaml_reader_new(
    const char *file, struct slice text, const struct yaml_limits *limits, struct arena *mem);
void yaml_reader_free(struct yaml_reader *r);

/*
 * 1: *root is the next document's tree.  0: there are no more.  -1: a document
 * cannot be read, e->text is "FILE:LINE: what is wrong"; the next call goes on
 * behind the next "---" line, so one bad document does not take others along.
 */
int yaml_reader_next(struct yaml_reader *r, const struct yaml_node **root, struct err *e);

/* The line of the trouble that yaml_reader_next() just told of. */
unsigned yaml_reader_line(const struct yaml_reader *r);

/* Exactly one document; an empty file is a null scalar.  Default limits. */
int yaml_parse(const char *file, struct slice text, struct arena *mem,
    const struct yaml_node **root, struct err *e);

/* The value of `key`; NULL where there is none or map is no mapping. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* Plain and empty, "~" or "null". */
bool yaml_is_null(const struct yaml_node *n);

/* e->text = "FILE:LINE: ..."; always -1. */
int yaml_err(const struct yaml_node *n, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Refuse keys that are not among `known` (ended by NULL), and what is no mapping. */
int yaml_check_keys(const struct yaml_node *map, const char *const *known, struct err *e);

/* The value of `key`, or -1 with a sentence that it is missing. */
int yaml_need(
    const struct yaml_node *map, const char *key, const struct yaml_node **out, struct err *e);

/*
 * Typed readers.  Absent (n is NULL) or null leaves *out as it was, so defaults
 * are set beforehand; anything that is not of the type or not within the bounds
 * gives -1 and a sentence that names file, line and key.
 *
 *	if (yaml_int(yaml_get(map, "port"), 1, 65535, &port, e) != 0)
 */
int yaml_text(const struct yaml_node *n, struct slice *out, struct err *e);
int yaml_bool(const struct yaml_node *n, bool *out, struct err *e);
int yaml_int(const struct yaml_node *n, int64_t min, int64_t max, int64_t *out, struct err *e);

/* A whole number and a unit: "250ms", "10s", "5m", "24h", "7d". */
int yaml_span(const struct yaml_node *n, struct span min, struct span max, struct span *out,
    struct err *e);

/* *out = index of the text among `names` (ended by NULL). */
int yaml_choice(const struct yaml_node *n, const char *const *names, int *out, struct err *e);

/* One text or a sequence of texts, as an array in mem. */
int yaml_texts(const struct yaml_node *n, struct arena *mem, const struct slice **out,
    size_t *count, struct err *e);

#endif
