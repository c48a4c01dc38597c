/*
 * bulk.h - the body of an Elasticsearch _bulk request, item by item.
 *
 * Newline-delimited JSON: an action line ({"create": {"_index": "x"}}) and, for
 * index, create and update, a document line.  A document is taken as the one
 * line it is; whether it can be read is its codec's question.  Pure.
 */
#ifndef HINOMI_NODE_BULK_H
#define HINOMI_NODE_BULK_H

#include "base/buf.h"
#include "base/err.h"

#define BULK_ACTION_MAX 4096 /* bytes of an action line */
#define BULK_NAME_MAX	255  /* of an index name, as Elasticsearch has it */
#define BULK_ID_MAX	512

enum bulk_action { BULK_INDEX, BULK_CREATE, BULK_UPDATE, BULK_DELETE };

struct bulk_item {
	enum bulk_action action;
	char index[BULK_NAME_MAX + 1]; /* "": neither the action nor the path named one */
	char id[BULK_ID_MAX + 1];      /* "": none given */
	struct slice document;	       /* borrowed from the body; absent for a delete */
};

enum bulk_status { BULK_ITEM, BULK_END, BULK_BAD };

struct bulk {
	struct slice rest;
	struct slice index; /* from the request's path, "" if none */
	uint64_t line;	    /* of the last line read, from 1 */
};

static inline struct bulk
bulk_over(struct slice body, struct slice index)
{
	return (struct bulk){.rest = body, .index = index};
}

/* The next item.  On BULK_BAD, e says which line and why, and nothing after it can be read. */
enum bulk_status bulk_next(struct bulk *b, struct bulk_item *item, struct err *e);

/* Do we take what this action asks for?  A log is only added to. */
bool bulk_takes(enum bulk_action a);

/*
 * Append one element of the answer's "items".  An item that was not taken needs
 * a reason for people.  number makes up an id where none was given.
 */
void bulk_add_answer(
    struct buf *out, const struct bulk_item *item, uint64_t number, const char *refused);

#endif
