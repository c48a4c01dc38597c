/* registry_db.c - see registry.h: all SQL about institutions, nodes, sources and tokens. */
#include "registry/registry.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include <sodium.h>

#include "base/utf8.h"
#include "sys/random.h"

bool
institution_id_valid(struct slice id)
{
	if (id.len == 0 || id.len > INSTITUTION_ID_MAX || id.ptr[0] == '-')
		return false;
	for (size_t i = 0; i < id.len; i++) {
		uint8_t c = id.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return true;
}

void
institution_make_id(char id[INSTITUTION_ID_MAX + 1])
{
	snprintf(id, INSTITUTION_ID_MAX + 1, "i-%016llx", (unsigned long long)random_u64());
}

/* Hashes of tokens; a token has 256 random bits, so a plain hash is enough. */
static struct slice
hash_token(struct slice token, uint8_t out[crypto_hash_sha256_BYTES])
{
	crypto_hash_sha256(out, token.ptr, token.len);
	return slice_of(out, crypto_hash_sha256_BYTES);
}

/*
 * Read all rows of a prepared statement into an array that grows in the arena.
 * `read` fills one element from the current row.
 */
static int
read_rows(struct db_stmt *st, struct arena *mem, size_t size,
    void (*read)(struct db_stmt *, struct arena *, void *), void *out_at, size_t *out_n,
    struct err *e)
{
	uint8_t *rows = NULL;
	size_t n = 0, cap = 0;
	int rc;

	while ((rc = db_step(st, e)) == 1) {
		if (n == cap) {
			uint8_t *more = arena_array(mem, cap == 0 ? 16 : cap * 2, size);

			if (more == NULL) {
				db_reset(st);
				return err_set(e, "the answer is too large");
			}
			if (n > 0)
				memcpy(more, rows, n * size);
			rows = more;
			cap = cap == 0 ? 16 : cap * 2;
		}
		memset(rows + n * size, 0, size);
		read(st, mem, rows + n * size);
		n++;
	}
	if (rc == 0 && arena_full(mem))
		rc = err_set(e, "the answer is too large");
	memcpy(out_at, &rows, sizeof(rows));
	*out_n = n;
	return rc;
}

/* 1, 0 or -1 as lookups answer; a second row is left unread. */
static int
read_one(struct db_stmt *st, struct arena *mem,
    void (*read)(struct db_stmt *, struct arena *, void *), void *out, struct err *e)
{
	int rc = db_step(st, e);

	if (rc == 1) {
		read(st, mem, out);
		db_reset(st);
		if (arena_full(mem))
			return err_set(e, "the answer is too large");
	}
	return rc;
}

/* -- institutions ------------------------------------------------------------ */

int
registry_add_institution(
    struct db *db, const struct institution *in, struct instant now, struct err *e)
{
	struct db_stmt *st;

	if (!institution_id_valid(in->id))
		return err_set(e,
		    "an institution's id is 1 to %d lower-case letters, digits and '-', not "
		    "\"%.*s\"",
		    INSTITUTION_ID_MAX, SLICE_ARG(in->id));
	if (in->name.len == 0 || in->name.len > INSTITUTION_NAME_MAX || !utf8_valid(in->name))
		return err_set(
		    e, "an institution's name is 1 to %d bytes of UTF-8", INSTITUTION_NAME_MAX);
	if (db_prepare(db,
		"INSERT INTO institution (id, name, kana, beds, prefecture, contacts, created) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
		&st, e) != 0)
		return -1;
	db_bind_text(st, 1, in->id);
	db_bind_text(st, 2, in->name);
	db_bind_text(st, 3, in->kana);
	if (in->beds < 0)
		db_bind_null(st, 4);
	else
		db_bind_int(st, 4, in->beds);
	db_bind_text(st, 5, in->prefecture);
	db_bind_text(st, 6, in->contacts);
	db_bind_int(st, 7, now.us);
	if (db_run(st, e) != 0)
		return -1;
	if (db_changes(db) == 0)
		return err_set(
		    e, "there is an institution \"%.*s\" already", SLICE_ARG(in->id));
	return 0;
}

#define INSTITUTION_COLUMNS                                                                    \
	"SELECT i.id, i.name, i.kana, i.beds, i.prefecture, i.contacts, "                      \
	"(SELECT count(*) FROM node n WHERE n.institution = i.id AND n.revoked IS NULL), "     \
	"(SELECT count(*) FROM source s WHERE s.institution = i.id) FROM institution i "

static void
read_institution(struct db_stmt *st, struct arena *mem, void *out)
{
	struct institution *i = out;

	i->id = arena_dup(mem, db_text(st, 0));
	i->name = arena_dup(mem, db_text(st, 1));
	i->kana = arena_dup(mem, db_text(st, 2));
	i->beds = db_is_null(st, 3) ? -1 : db_int(st, 3);
	i->prefecture = arena_dup(mem, db_text(st, 4));
	i->contacts = arena_dup(mem, db_text(st, 5));
	i->n_nodes = db_int(st, 6);
	i->n_sources = db_int(st, 7);
}

int
registry_find_institution(struct db *db, const struct scope *scope, struct slice id,
    struct arena *mem, struct institution *out, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(db,
		INSTITUTION_COLUMNS "WHERE i.id = $1 AND " SCOPE_SQL("$2", "$3", "i.id"), &st,
		e) != 0)
		return -1;
	db_bind_text(st, 1, id);
	scope_bind(st, 2, scope);
	return read_one(st, mem, read_institution, out, e);
}

int
registry_name_institution(struct db *db, const struct scope *scope, struct slice id_or_name,
    struct arena *mem, struct institution *out, struct err *e)
{
	struct institution_list found = {0};
	struct db_stmt *st;
	int rc;

	if ((rc = registry_find_institution(db, scope, id_or_name, mem, out, e)) != 0)
		return rc;
	if (db_prepare(db,
		INSTITUTION_COLUMNS
		"WHERE i.name = $1 AND " SCOPE_SQL("$2", "$3", "i.id") "ORDER BY i.id LIMIT 2",
		&st, e) != 0)
		return -1;
	db_bind_text(st, 1, id_or_name);
	scope_bind(st, 2, scope);
	if (read_rows(st, mem, sizeof(*found.at), read_institution, &found.at, &found.n, e) !=
	    0)
		return -1;
	if (found.n > 1)
		return err_set(e, "several institutions are named \"%.*s\": give the id",
		    SLICE_ARG(id_or_name));
	if (found.n == 1)
		*out = found.at[0];
	return (int)found.n;
}

int
registry_list_institutions(struct db *db, const struct scope *scope, struct arena *mem,
    struct institution_list *out, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(db,
		INSTITUTION_COLUMNS "WHERE " SCOPE_SQL(
		    "$1", "$2", "i.id") "ORDER BY coalesce(i.kana, i.name), i.id",
		&st, e) != 0)
		return -1;
	scope_bind(st, 1, scope);
	return read_rows(st, mem, sizeof(*out->at), read_institution, &out->at, &out->n, e);
}

/* -- nodes ------------------------------------------------------------------- */

#define NODE_COLUMNS                                                                           \
	"SELECT id, institution, version, spool, enrolled, certificate_until, seen, revoked "  \
	"FROM node "

static void
read_node(struct db_stmt *st, struct arena *mem, void *out)
{
	struct node *n = out;

	n->id = arena_dup(mem, db_text(st, 0));
	n->institution = arena_dup(mem, db_text(st, 1));
	n->version = arena_dup(mem, db_text(st, 2));
	n->spool = arena_dup(mem, db_text(st, 3));
	n->enrolled.us = db_int(st, 4);
	n->certificate_until.us = db_int(st, 5);
	n->seen.us = db_int(st, 6);
	n->revoked.us = db_int(st, 7);
}

int
registry_find_node(struct db *db, const struct scope *scope, struct slice id, struct arena *mem,
    struct node *out, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(db,
		NODE_COLUMNS "WHERE id = $1 AND " SCOPE_SQL("$2", "$3", "institution"), &st,
		e) != 0)
		return -1;
	db_bind_text(st, 1, id);
	scope_bind(st, 2, scope);
	return read_one(st, mem, read_node, out, e);
}

int
registry_list_nodes(struct db *db, const struct scope *scope, struct slice institution,
    struct arena *mem, struct node_list *out, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(db,
		NODE_COLUMNS
		"WHERE (CAST($1 AS TEXT) IS NULL OR institution = $1) AND " SCOPE_SQL(
		    "$2", "$3", "institution") "ORDER BY institution, enrolled, id",
		&st, e) != 0)
		return -1;
	db_bind_text(st, 1, institution);
	scope_bind(st, 2, scope);
	return read_rows(st, mem, sizeof(*out->at), read_node, &out->at, &out->n, e);
}

/* Run an UPDATE of one row: 1 done, 0 no such row. */
static int
run_update(struct db *db, struct db_stmt *st, struct err *e)
{
	if (db_run(st, e) != 0)
		return -1;
	return db_changes(db) > 0;
}

int
registry_revoke_node(struct db *db, struct slice id, struct instant now, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(db, "UPDATE node SET revoked = coalesce(revoked, $2) WHERE id = $1", &st,
		e) != 0)
		return -1;
	db_bind_text(st, 1, id);
	db_bind_int(st, 2, now.us);
	return run_update(db, st, e);
}

int
registry_renew_node(struct db *db, struct slice id, struct instant until, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(db, "UPDATE node SET certificate_until = $2 WHERE id = $1", &st, e) != 0)
		return -1;
	db_bind_text(st, 1, id);
	db_bind_int(st, 2, until.us);
	return run_update(db, st, e);
}

int
registry_note_status(struct db *db, struct slice id, struct slice version, struct slice spool,
    struct instant now, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(db, "UPDATE node SET version = $2, spool = $3, seen = $4 WHERE id = $1",
		&st, e) != 0)
		return -1;
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, version);
	db_bind_text(st, 3, spool);
	db_bind_int(st, 4, now.us);
	return run_update(db, st, e);
}

/* -- sources ----------------------------------------------------------------- */

static int
count_sources(struct db *db, struct slice node, int64_t *out, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(db, "SELECT count(*) FROM source WHERE node = $1", &st, e) != 0)
		return -1;
	db_bind_text(st, 1, node);
	if (db_step(st, e) != 1)
		return -1;
	*out = db_int(st, 0);
	db_reset(st);
	return 0;
}

static void
bind_source(struct db_stmt *st, const struct source *s)
{
	db_bind_text(st, 1, s->institution);
	db_bind_text(st, 2, s->name);
	db_bind_text(st, 3, s->node);
	db_bind_text(st, 4, s->codec);
	db_bind_text(st, 5, s->errors.ptr == NULL ? SLICE("[]") : s->errors);
	db_bind_int(st, 6, s->lag_bytes);
	db_bind_int(st, 7, s->dropped_lines);
	db_bind_int(st, 8, s->lines);
	db_bind_int(st, 9, s->read_bytes);
	db_bind_int(st, 10, s->last_line.us);
}

int
registry_note_source(struct db *db, const struct source *s, struct err *e)
{
	struct db_stmt *st;
	int64_t n;

	assert(s->name.len <= SOURCE_NAME_MAX);
	if (db_prepare(db,
		"UPDATE source SET institution = $1, codec = $4, errors = $5, lag_bytes = $6, "
		"dropped_lines = $7, lines = $8, read_bytes = $9, last_line = $10 "
		"WHERE node = $3 AND name = $2",
		&st, e) != 0)
		return -1;
	bind_source(st, s);
	if (db_run(st, e) != 0)
		return -1;
	if (db_changes(db) > 0)
		return 0;
	if (count_sources(db, s->node, &n, e) != 0)
		return -1;
	if (n >= SOURCES_PER_NODE_MAX) {
		err_set(e, "node \"%.*s\" has %d sources already", SLICE_ARG(s->node),
		    SOURCES_PER_NODE_MAX);
		if (e != NULL)
			e->code = ENOSPC;
		return -1;
	}
	if (db_prepare(db,
		"INSERT INTO source (institution, name, node, codec, errors, lag_bytes, "
		"dropped_lines, lines, read_bytes, last_line) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		&st, e) != 0)
		return -1;
	bind_source(st, s);
	return db_run(st, e);
}

static void
read_source(struct db_stmt *st, struct arena *mem, void *out)
{
	struct source *s = out;

	s->institution = arena_dup(mem, db_text(st, 0));
	s->name = arena_dup(mem, db_text(st, 1));
	s->node = arena_dup(mem, db_text(st, 2));
	s->codec = arena_dup(mem, db_text(st, 3));
	s->errors = arena_dup(mem, db_text(st, 4));
	s->lag_bytes = db_int(st, 5);
	s->dropped_lines = db_int(st, 6);
	s->lines = db_int(st, 7);
	s->read_bytes = db_int(st, 8);
	s->last_line.us = db_int(st, 9);
}

int
registry_list_sources(struct db *db, const struct scope *scope, struct slice institution,
    struct arena *mem, struct source_list *out, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(db,
		"SELECT institution, name, node, codec, errors, lag_bytes, dropped_lines, "
		"lines, "
		"read_bytes, last_line FROM source "
		"WHERE (CAST($1 AS TEXT) IS NULL OR institution = $1) AND " SCOPE_SQL(
		    "$2", "$3", "institution") "ORDER BY institution, name, node",
		&st, e) != 0)
		return -1;
	db_bind_text(st, 1, institution);
	scope_bind(st, 2, scope);
	return read_rows(st, mem, sizeof(*out->at), read_source, &out->at, &out->n, e);
}

/* -- enrolment tokens -------------------------------------------------------- */

int
registry_add_token(struct db *db, struct slice institution, struct instant now,
    char token[TOKEN_LEN + 1], struct err *e)
{
	uint8_t secret[32], hash[crypto_hash_sha256_BYTES];
	struct db_stmt *st;

	random_bytes(secret, sizeof(secret));
	sodium_bin2base64(token, TOKEN_LEN + 1, secret, sizeof(secret),
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(secret, sizeof(secret));
	if (db_prepare(db,
		"INSERT INTO token (hash, institution, created, expires) VALUES ($1, $2, $3, "
		"$4)",
		&st, e) != 0)
		return -1;
	db_bind_blob(st, 1, hash_token(slice_str(token), hash));
	db_bind_text(st, 2, institution);
	db_bind_int(st, 3, now.us);
	db_bind_int(st, 4, instant_add(now, TOKEN_LIFE).us);
	return db_run(st, e);
}

static int
add_node(struct db *db, struct slice id, struct slice institution, struct instant now,
    struct instant until, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(db,
		"INSERT INTO node (id, institution, version, enrolled, certificate_until, "
		"seen) "
		"VALUES ($1, $2, '', $3, $4, 0)",
		&st, e) != 0)
		return -1;
	db_bind_text(st, 1, id);
	db_bind_text(st, 2, institution);
	db_bind_int(st, 3, now.us);
	db_bind_int(st, 4, until.us);
	return db_run(st, e);
}

static int
mark_used(
    struct db *db, struct slice hash, struct slice node, struct instant now, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(db, "UPDATE token SET used = $2, node = $3 WHERE hash = $1", &st, e) !=
	    0)
		return -1;
	db_bind_blob(st, 1, hash);
	db_bind_int(st, 2, now.us);
	db_bind_text(st, 3, node);
	return db_run(st, e);
}

enum token_answer
registry_use_token(struct db *db, struct slice token, struct instant now, struct instant until,
    char node_id[NODE_ID_LEN + 1], struct arena *mem, struct institution *out, struct err *e)
{
	const struct scope everyone = {.all = true};
	uint8_t bytes[crypto_hash_sha256_BYTES];
	struct slice hash = hash_token(token, bytes), institution;
	struct db_stmt *st;
	int64_t expires;
	bool used;
	int rc;

	if (db_prepare(db, "SELECT institution, expires, used FROM token WHERE hash = $1", &st,
		e) != 0)
		return TOKEN_FAILED;
	db_bind_blob(st, 1, hash);
	if ((rc = db_step(st, e)) != 1)
		return rc == 0 ? TOKEN_UNKNOWN : TOKEN_FAILED;
	institution = arena_dup(mem, db_text(st, 0));
	expires = db_int(st, 1);
	used = !db_is_null(st, 2);
	db_reset(st);
	if (used)
		return TOKEN_USED;
	if (now.us >= expires)
		return TOKEN_EXPIRED;
	if (registry_find_institution(db, &everyone, institution, mem, out, e) != 1)
		return TOKEN_FAILED;
	snprintf(node_id, NODE_ID_LEN + 1, "n-%016llx", (unsigned long long)random_u64());
	if (add_node(db, slice_str(node_id), institution, now, until, e) != 0 ||
	    mark_used(db, hash, slice_str(node_id), now, e) != 0)
		return TOKEN_FAILED;
	return TOKEN_TAKEN;
}
