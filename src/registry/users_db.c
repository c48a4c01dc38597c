/* users_db.c - see users.h: all SQL about people and their sessions. */
#include "registry/users.h"

#include <assert.h>

#include <sodium.h>

#include "sys/random.h"

static const struct role {
	const char *name;
	bool see, handle, manage;
} roles[ROLE_COUNT] = {
#define ROLE(id, text, sees, handles, manages)                                                 \
	[ROLE_##id] = {.name = (text), .see = (sees), .handle = (handles), .manage = (manages)},
#include "registry/roles.def"
#undef ROLE
};

const char *
role_name(enum user_role r)
{
	assert(r < ROLE_COUNT);
	return roles[r].name;
}

bool
role_by_name(struct slice name, enum user_role *out)
{
	for (int r = 0; r < ROLE_COUNT; r++)
		if (slice_is(name, roles[r].name)) {
			*out = r;
			return true;
		}
	return false;
}

bool
role_sees(enum user_role r)
{
	return roles[r].see;
}

bool
role_handles(enum user_role r)
{
	return roles[r].handle;
}

bool
role_manages(enum user_role r)
{
	return roles[r].manage;
}

bool
user_name_valid(struct slice name)
{
	if (name.len == 0 || name.len > USER_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' || c == '@'))
			return false;
	}
	return true;
}

int
users_add(struct db *db, const struct user *u, struct instant now, struct err *e)
{
	struct db_stmt *st;

	if (!user_name_valid(u->name))
		return err_set(e,
		    "a user's name is 1 to %d letters, digits, '.', '_', '-' or '@'",
		    USER_NAME_MAX);
	if (db_prepare(db,
		"INSERT INTO person (name, role, scope, language, password, created) "
		"VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING",
		&st, e) != 0)
		return -1;
	db_bind_text(st, 1, u->name);
	db_bind_text(st, 2, slice_str(role_name(u->role)));
	db_bind_text(st, 3, u->scope.all ? (struct slice){0} : u->scope.list);
	db_bind_text(st, 4, u->language);
	db_bind_text(st, 5, u->password);
	db_bind_int(st, 6, now.us);
	if (db_run(st, e) != 0)
		return -1;
	if (db_changes(db) == 0)
		return err_set(e, "there is a user \"%.*s\" already", SLICE_ARG(u->name));
	return 0;
}

#define USER_COLUMNS "p.name, p.role, p.scope, p.language, p.password, p.created, p.disabled"

/* From the first seven columns.  False for a role that this version does not know. */
static bool
read_user(struct db_stmt *st, struct arena *mem, struct user *out)
{
	if (!role_by_name(db_text(st, 1), &out->role))
		return false;
	out->name = arena_dup(mem, db_text(st, 0));
	out->scope.all = db_is_null(st, 2);
	out->scope.list = arena_dup(mem, db_text(st, 2));
	out->language = arena_dup(mem, db_text(st, 3));
	out->password = arena_dup(mem, db_text(st, 4));
	out->created.us = db_int(st, 5);
	out->disabled = !db_is_null(st, 6);
	/* An arena that is full must not turn a narrow scope into another one. */
	return !arena_full(mem);
}

int
users_find(struct db *db, struct slice name, struct arena *mem, struct user *out, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(db, "SELECT " USER_COLUMNS " FROM person p WHERE p.name = $1", &st, e) !=
	    0)
		return -1;
	db_bind_text(st, 1, name);
	if ((rc = db_step(st, e)) != 1)
		return rc;
	if (!read_user(st, mem, out))
		rc = err_set(e, "user \"%.*s\" can not be read", SLICE_ARG(name));
	db_reset(st);
	return rc;
}

int
users_list(struct db *db, struct arena *mem, struct user_list *out, struct err *e)
{
	struct db_stmt *st;
	size_t cap;
	int rc;

	if (db_prepare(db, "SELECT count(*) FROM person", &st, e) != 0 || db_step(st, e) != 1)
		return -1;
	cap = (size_t)db_int(st, 0);
	db_reset(st);
	*out = (struct user_list){.at = arena_array(mem, cap + 1, sizeof(*out->at))};
	if (out->at == NULL)
		return err_set(e, "too many users");
	if (db_prepare(db, "SELECT " USER_COLUMNS " FROM person p ORDER BY p.name LIMIT $1",
		&st, e) != 0)
		return -1;
	db_bind_int(st, 1, (int64_t)cap);
	while ((rc = db_step(st, e)) == 1)
		if (out->n < cap && read_user(st, mem, &out->at[out->n]))
			out->n++;
	return rc;
}

static int
end_sessions_of(struct db *db, struct slice name, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(db, "DELETE FROM session WHERE person = $1", &st, e) != 0)
		return -1;
	db_bind_text(st, 1, name);
	return db_run(st, e);
}

int
users_set_password(struct db *db, struct slice name, struct slice stored, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(db, "UPDATE person SET password = $2 WHERE name = $1", &st, e) != 0)
		return -1;
	db_bind_text(st, 1, name);
	db_bind_text(st, 2, stored);
	if (db_run(st, e) != 0)
		return -1;
	if (db_changes(db) == 0)
		return 0;
	return end_sessions_of(db, name, e) == 0 ? 1 : -1;
}

/* -- sessions ---------------------------------------------------------------- */

void
session_hash(struct slice secret, uint8_t hash[SESSION_HASH_BYTES])
{
	crypto_generichash(hash, SESSION_HASH_BYTES, secret.ptr, secret.len,
	    (const uint8_t *)"hinomi session id", 17);
}

void
session_csrf(struct slice secret, char csrf[CSRF_LEN + 1])
{
	uint8_t hash[32];

	crypto_generichash(hash, sizeof(hash), secret.ptr, secret.len,
	    (const uint8_t *)"hinomi session csrf", 19);
	sodium_bin2base64(
	    csrf, CSRF_LEN + 1, hash, sizeof(hash), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* Keep the newest SESSIONS_MAX - 1, so that one more fits. */
static int
trim_sessions(struct db *db, struct slice user, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(db,
		"DELETE FROM session WHERE person = $1 AND hash NOT IN (SELECT hash FROM "
		"session "
		"WHERE person = $1 ORDER BY created DESC, hash LIMIT $2)",
		&st, e) != 0)
		return -1;
	db_bind_text(st, 1, user);
	db_bind_int(st, 2, SESSIONS_MAX - 1);
	return db_run(st, e);
}

int
session_begin(struct db *db, struct slice user, struct slice address, struct instant now,
    char secret[SESSION_SECRET_LEN + 1], struct err *e)
{
	uint8_t bytes[32], hash[SESSION_HASH_BYTES];
	struct db_stmt *st;

	random_bytes(bytes, sizeof(bytes));
	sodium_bin2base64(secret, SESSION_SECRET_LEN + 1, bytes, sizeof(bytes),
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(bytes, sizeof(bytes));
	if (trim_sessions(db, user, e) != 0)
		return -1;
	if (db_prepare(db,
		"INSERT INTO session (hash, person, address, created, used) "
		"VALUES ($1, $2, $3, $4, $4)",
		&st, e) != 0)
		return -1;
	session_hash(slice_str(secret), hash);
	db_bind_blob(st, 1, slice_of(hash, sizeof(hash)));
	db_bind_text(st, 2, user);
	db_bind_text(st, 3, address);
	db_bind_int(st, 4, now.us);
	return db_run(st, e);
}

/* Idle time is written back at most once a minute: reading must not mean writing. */
static int
touch_session(struct db *db, const struct session *s, struct instant now, struct err *e)
{
	struct db_stmt *st;

	if (instant_since(now, s->used).us < SPAN_MINUTES(1).us)
		return 0;
	if (db_prepare(db, "UPDATE session SET used = $2 WHERE hash = $1", &st, e) != 0)
		return -1;
	db_bind_blob(st, 1, slice_of(s->hash, sizeof(s->hash)));
	db_bind_int(st, 2, now.us);
	return db_run(st, e);
}

#define SESSION_OPEN_SQL "s.used > $2 AND s.created > $3 AND p.disabled IS NULL"

static void
bind_open(struct db_stmt *st, const uint8_t *hash, struct instant now)
{
	db_bind_blob(st, 1, slice_of(hash, SESSION_HASH_BYTES));
	db_bind_int(st, 2, now.us - SESSION_IDLE.us);
	db_bind_int(st, 3, now.us - SESSION_LIFE.us);
}

int
session_find(struct db *db, struct slice secret, struct instant now, struct arena *mem,
    struct session *out, struct err *e)
{
	struct db_stmt *st;
	int64_t idle_end, end;
	int rc;

	if (secret.len != SESSION_SECRET_LEN)
		return 0;
	session_hash(secret, out->hash);
	if (db_prepare(db,
		"SELECT " USER_COLUMNS ", s.created, s.used FROM session s "
		"JOIN person p ON p.name = s.person WHERE s.hash = $1 AND " SESSION_OPEN_SQL,
		&st, e) != 0)
		return -1;
	bind_open(st, out->hash, now);
	if ((rc = db_step(st, e)) != 1)
		return rc;
	if (!read_user(st, mem, &out->user)) {
		db_reset(st);
		return err_set(e, "a session's user can not be read");
	}
	out->created.us = db_int(st, 7);
	out->used.us = db_int(st, 8);
	db_reset(st);
	idle_end = now.us + SESSION_IDLE.us;
	end = out->created.us + SESSION_LIFE.us;
	out->expires.us = idle_end < end ? idle_end : end;
	/* A store that can not be written to (full disk) still lets people look. */
	(void)touch_session(db, out, now, NULL);
	return 1;
}

int
session_is_open(
    struct db *db, const uint8_t hash[SESSION_HASH_BYTES], struct instant now, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(db,
		"SELECT 1 FROM session s JOIN person p ON p.name = s.person "
		"WHERE s.hash = $1 AND " SESSION_OPEN_SQL,
		&st, e) != 0)
		return -1;
	bind_open(st, hash, now);
	rc = db_step(st, e);
	db_reset(st);
	return rc;
}

int
session_end(struct db *db, const uint8_t hash[SESSION_HASH_BYTES], struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(db, "DELETE FROM session WHERE hash = $1", &st, e) != 0)
		return -1;
	db_bind_blob(st, 1, slice_of(hash, SESSION_HASH_BYTES));
	return db_run(st, e);
}

int
session_each(struct db *db, struct instant now, session_on_row *fn, void *ctx, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(db,
		"SELECT s.person, s.address, s.created, s.used FROM session s "
		"JOIN person p ON p.name = s.person "
		"WHERE s.used > $1 AND s.created > $2 AND p.disabled IS NULL "
		"ORDER BY s.created DESC, s.hash",
		&st, e) != 0)
		return -1;
	db_bind_int(st, 1, now.us - SESSION_IDLE.us);
	db_bind_int(st, 2, now.us - SESSION_LIFE.us);
	while ((rc = db_step(st, e)) == 1)
		if (fn(ctx, db_text(st, 0), db_text(st, 1), (struct instant){db_int(st, 2)},
			(struct instant){db_int(st, 3)}, e) != 0) {
			db_reset(st);
			return -1;
		}
	return rc;
}

int
session_sweep(struct db *db, struct instant now, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(db, "DELETE FROM session WHERE used <= $1 OR created <= $2", &st, e) !=
	    0)
		return -1;
	db_bind_int(st, 1, now.us - SESSION_IDLE.us);
	db_bind_int(st, 2, now.us - SESSION_LIFE.us);
	return db_run(st, e);
}
