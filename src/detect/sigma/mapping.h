/*
 * mapping.h - which log source is which event class, and which Sigma field is which of ours.
 *
 * Read from the files of content/mapping; the format is told in docs/sigma.md.
 */
#ifndef HINOMI_DETECT_SIGMA_MAPPING_H
#define HINOMI_DETECT_SIGMA_MAPPING_H

#include "detect/sigma/model.h"
#include "text/yaml.h"

struct mapping;

struct logsource {
	struct slice category, product, service; /* absent where not named */
};

/* One entry of a mapping file: how rules of a log source are bound. */
struct route {
	struct logsource source;
	uint32_t classes; /* bits of enum event_class; 0: no codec gives such events */
	struct slice dataset;
	const struct yaml_node *where;	/* a condition that every rule of it gets, or NULL */
	const struct yaml_node *fields; /* of this entry, or NULL */
	const struct yaml_node *shared; /* of its file, or NULL */
	unsigned index;
};

/* NULL without memory. */
struct mapping *mapping_new(void);
void mapping_free(struct mapping *m);

/* Take a file in; what was there before stays, and wins where equally specific. */
int mapping_add(struct mapping *m, struct slice name, struct slice yaml, struct err *e);

/* Read category, product and service; other members are for people. */
int logsource_read(const struct yaml_node *n, struct logsource *out, struct err *e);

/* Does everything that `general` names hold of `special`? */
bool logsource_covers(const struct logsource *general, const struct logsource *special);

/* The most specific entry that covers it.  NULL if there is none. */
const struct route *mapping_route(const struct mapping *m, const struct logsource *source);

/* The columns of one set: interned, so rules of one log source share them. */
struct columns;
struct columns *columns_new(struct arena *mem);
void columns_free(struct columns *c);

/* The column of a Sigma field under this route (NULL: fields go by their own names). */
bool columns_find(struct columns *c, const struct route *r, struct slice field, uint32_t *out);
const struct column *columns_all(const struct columns *c, uint32_t *n);

/* How many places there are, PLACE_RAW among them: ids are below. */
uint32_t columns_places(const struct columns *c);

#endif
