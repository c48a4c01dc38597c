/*
 * detection.h - the detection part of a rule: search identifiers and conditions, into a tree.
 */
#ifndef HINOMI_DETECT_SIGMA_DETECTION_H
#define HINOMI_DETECT_SIGMA_DETECTION_H

#include "detect/sigma/mapping.h"
#include "detect/sigma/model.h"
#include "text/yaml.h"

/* Compiled expressions, owned together. */
struct regexes {
	struct regex **list;
	size_t n, cap;
};

void regexes_release(struct regexes *r);

/* What reading needs; the tree goes into mem, what is only on its way into scratch. */
struct builder {
	struct arena *mem;
	struct arena *scratch;
	struct columns *columns;
	struct regexes *regexes;
	const struct yaml_node *placeholders; /* mapping of name to values, or NULL */
	const struct route *route;	      /* or NULL */
	size_t budget;			      /* nodes that may still be made for this rule */
};

#define RULE_NODES_MAX 100000

/*
 * Read the search identifiers of `map` (a rule's "detection" or a filter's
 * "filter") and its condition.  Members named in `skip` are none.  -1 with
 * "FILE:LINE: reason".
 */
int detection_read(struct builder *b, const struct yaml_node *map, const char *const *skip,
    const struct node **out, struct err *e);

/* One search identifier: a map, a list of maps, a list of keywords. */
int selection_read(
    struct builder *b, const struct yaml_node *n, const struct node **out, struct err *e);

/* A named search identifier, while its rule is read. */
struct search {
	struct slice name;
	const struct node *tree;
	size_t size; /* nodes of its tree */
};

/* One condition: "selection and not 1 of filter_*".  `at` is where it stands in the file. */
int condition_read(struct builder *b, struct slice text, const struct yaml_node *at,
    const struct search *searches, size_t n, const struct node **out, struct err *e);

/* NULL when the rule's budget or memory is out: out_of_room() tells. */
const struct node *node_atom(struct builder *b, const struct atom *a);
const struct node *node_not(struct builder *b, const struct node *kid);
/* Of one kid: the kid itself. */
const struct node *node_many(
    struct builder *b, enum node_kind kind, const struct node *const *kids, size_t n);
int out_of_room(const struct builder *b, const struct yaml_node *at, struct err *e);

#endif
