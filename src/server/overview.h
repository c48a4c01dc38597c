/*
 * overview.h - how institutions, nodes and sources are: three books read as one.
 *
 * The registry knows who there is and what nodes say of themselves, the batch log
 * what arrived, detection what could be read.  Everything lives in the caller's
 * arena and lies within the given scope.
 */
#ifndef HINOMI_SERVER_OVERVIEW_H
#define HINOMI_SERVER_OVERVIEW_H

#include "event/codec.h"
#include "registry/registry.h"
#include "store/batchlog.h"

/* From well to worst. */
enum health { HEALTH_OK, HEALTH_NEW, HEALTH_LATE, HEALTH_SILENT, HEALTH_COUNT };

const char *health_name(enum health h);

#define HEALTH_LATE_AFTER    SPAN_SECONDS(60)
#define HEALTH_NODE_SILENT   SPAN_SECONDS(60)
#define HEALTH_SOURCE_SILENT SPAN_MINUTES(15)

struct node_view {
	struct node node;
	struct instant spool_oldest; /* 0: nothing waits */
	enum health health;
};

struct source_view {
	struct slice institution, node, name;
	struct slice codec;  /* as detection recognised it, else as the node says; or absent */
	struct slice errors; /* JSON array; absent before the first status */
	struct instant last_batch; /* made by the node; 0: none */
	struct instant last_stored;
	struct instant last_event;
	int64_t lag_bytes, dropped_lines;
	uint64_t lines, events, nothing, unread[CODEC_STATUS_COUNT];
	bool revoked; /* its node is */
	enum health health;
};

struct overview {
	struct instant now;
	size_t n_nodes, n_sources;
	struct node_view *nodes;     /* by institution */
	struct source_view *sources; /* by institution, name, node */
};

/* Of one institution, or of the whole scope if it is absent. */
int overview_read(struct db *db, struct batchlog *log, const struct scope *scope,
    struct slice institution, struct instant now, struct arena *mem, struct overview *out,
    struct err *e);

/* The worst of its parts (revoked nodes do not count); new without any. */
enum health overview_institution_health(const struct overview *o, struct slice institution);
struct instant overview_last_batch(const struct overview *o, struct slice institution);

/* Pure: what overview_read() decides by. */
enum health health_of_node(const struct node_view *n, struct instant now);
enum health health_of_source(
    const struct source_view *s, const struct node_view *n, struct instant now);

#endif
