/*
 * registry.h - who takes part: institutions, their nodes and sources, enrolment tokens.
 *
 * All SQL of this is in registry_db.c.  Times come in as arguments.  What is read
 * lives in the caller's arena.  Functions that look something up return 1 (found),
 * 0 (none, or outside the scope) or -1 (the store refused).  What changes state
 * expects to run inside the caller's transaction, together with its audit row.
 */
#ifndef HINOMI_REGISTRY_REGISTRY_H
#define HINOMI_REGISTRY_REGISTRY_H

#include "base/arena.h"
#include "base/instant.h"
#include "store/db.h"
#include "store/scope.h"

#define INSTITUTION_ID_MAX   64
#define INSTITUTION_NAME_MAX 400
#define NODE_ID_LEN	     18 /* "n-" and 16 hexadecimal digits */
#define SOURCE_NAME_MAX	     128
#define SOURCES_PER_NODE_MAX 256 /* a node can not fill the store with names */

struct institution {
	struct slice id, name;
	struct slice kana, prefecture, contacts; /* absent where not known */
	int64_t beds;				 /* -1: not known */
	int64_t n_nodes, n_sources;
};

struct institution_list {
	size_t n;
	struct institution *at;
};

/* Lower-case letters, digits and '-', not at the start: so it can stand in a scope's list. */
bool institution_id_valid(struct slice id);

/* A fresh random one. */
void institution_make_id(char id[INSTITUTION_ID_MAX + 1]);

/* -1 with a sentence where the id is taken or a member is not acceptable. */
int registry_add_institution(
    struct db *db, const struct institution *in, struct instant now, struct err *e);
int registry_find_institution(struct db *db, const struct scope *scope, struct slice id,
    struct arena *mem, struct institution *out, struct err *e);
/* By id, else by exact name; more than one of that name is -1. */
int registry_name_institution(struct db *db, const struct scope *scope, struct slice id_or_name,
    struct arena *mem, struct institution *out, struct err *e);
int registry_list_institutions(struct db *db, const struct scope *scope, struct arena *mem,
    struct institution_list *out, struct err *e);

/* -- nodes ------------------------------------------------------------------- */

struct node {
	struct slice id, institution;
	struct slice version; /* "" before the first status */
	struct slice spool;   /* JSON object of the last status; absent before it */
	struct instant enrolled, certificate_until;
	struct instant seen;	/* the last status; 0 before it */
	struct instant revoked; /* 0: not */
};

struct node_list {
	size_t n;
	struct node *at;
};

int registry_find_node(struct db *db, const struct scope *scope, struct slice id,
    struct arena *mem, struct node *out, struct err *e);
/* All of one institution, or of the whole scope if the institution is absent. */
int registry_list_nodes(struct db *db, const struct scope *scope, struct slice institution,
    struct arena *mem, struct node_list *out, struct err *e);
/* 1: done; 0: no such node. */
int registry_revoke_node(struct db *db, struct slice id, struct instant now, struct err *e);
int registry_renew_node(struct db *db, struct slice id, struct instant until, struct err *e);
/* What the node said of itself. */
int registry_note_status(struct db *db, struct slice id, struct slice version,
    struct slice spool, struct instant now, struct err *e);

/* -- sources ----------------------------------------------------------------- */

/* What the node reports of a source; what the center counts is the batch log's and detect's. */
struct source {
	struct slice institution, node, name;
	struct slice codec;  /* absent: none set or recognised */
	struct slice errors; /* JSON array of sentences */
	int64_t lag_bytes, dropped_lines, lines, read_bytes;
	struct instant last_line; /* 0: never */
};

struct source_list {
	size_t n;
	struct source *at;
};

/* Adds or changes; -1 with err.code ENOSPC beyond SOURCES_PER_NODE_MAX. */
int registry_note_source(struct db *db, const struct source *s, struct err *e);
int registry_list_sources(struct db *db, const struct scope *scope, struct slice institution,
    struct arena *mem, struct source_list *out, struct err *e);

/* -- enrolment tokens -------------------------------------------------------- */

#define TOKEN_LIFE SPAN_HOURS(24)
#define TOKEN_LEN  43 /* base64url of 32 random bytes */

/* The token's text leaves once, here; the store keeps its hash. */
int registry_add_token(struct db *db, struct slice institution, struct instant now,
    char token[TOKEN_LEN + 1], struct err *e);

enum token_answer {
	TOKEN_TAKEN, /* used up by this call; the node's row is made */
	TOKEN_UNKNOWN,
	TOKEN_USED,
	TOKEN_EXPIRED,
	TOKEN_FAILED, /* the store refused */
};

/*
 * Use a token up: makes a node of its institution, whose id goes to node_id.
 * Inside the caller's transaction, which it rolls back if signing then fails: so
 * a bad request does not cost the token.
 */
enum token_answer registry_use_token(struct db *db, struct slice token, struct instant now,
    struct instant until, char node_id[NODE_ID_LEN + 1], struct arena *mem,
    struct institution *out, struct err *e);

#endif
