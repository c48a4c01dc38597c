/*
 * rule.h - what a rule says of itself: title, level, tags, texts in both languages.
 */
#ifndef HINOMI_DETECT_SIGMA_RULE_H
#define HINOMI_DETECT_SIGMA_RULE_H

#include "detect/sigma/mapping.h"
#include "detect/sigma/model.h"
#include "text/yaml.h"

/*
 * Read a rule document's metadata into *info, all of it copied into mem.
 * `advice` is advice.yaml's mapping or NULL.  `id` of a rule without one is made
 * from its title.  -1 with "FILE:LINE: reason".
 */
int rule_read_info(const struct yaml_node *doc, const struct yaml_node *advice,
    struct arena *mem, struct rule_info *info, struct err *e);

/* Only id, title and level, as far as they can be read: for reports of rules that cannot be
 * used. */
void rule_read_name(const struct yaml_node *doc, struct arena *mem, struct slice *id,
    struct slice *title, enum level *level);

#endif
