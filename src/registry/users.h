/*
 * users.h - the people of a center: roles, passwords, sessions.
 *
 * A person has a name, a role, a scope and a language.  SQL is in users_db.c and
 * follows registry.h's conventions.  A session's secret is 32 random bytes that
 * only the browser keeps; the store has a hash of it, so a stolen store opens no
 * session.
 */
#ifndef HINOMI_REGISTRY_USERS_H
#define HINOMI_REGISTRY_USERS_H

#include "base/arena.h"
#include "base/instant.h"
#include "store/db.h"
#include "store/scope.h"

#define USER_NAME_MAX	    64
#define PASSWORD_MIN	    12	 /* characters, not bytes */
#define PASSWORD_MAX	    1024 /* bytes */
#define PASSWORD_STORED_MAX 160
#define SESSION_SECRET_LEN  43 /* base64url of 32 random bytes */
#define SESSION_HASH_BYTES  32
#define SESSION_IDLE	    SPAN_HOURS(12)
#define SESSION_LIFE	    SPAN_DAYS(7)
#define SESSIONS_MAX	    20 /* per person: the oldest goes */

enum user_role {
#define ROLE(id, name, see, handle, manage) ROLE_##id,
#include "registry/roles.def"
#undef ROLE
	ROLE_COUNT,
};

const char *role_name(enum user_role r);
bool role_by_name(struct slice name, enum user_role *out);
/* What a role may do, from roles.def. */
bool role_sees(enum user_role r);    /* alerts and institutions in the scope */
bool role_handles(enum user_role r); /* close and reopen alerts */
bool role_manages(enum user_role r); /* see how the center itself is */

struct user {
	struct slice name;
	enum user_role role;
	struct scope scope;
	struct slice language; /* "ja" or "en" */
	struct slice password; /* as password_store() made it */
	struct instant created;
	bool disabled;
};

struct user_list {
	size_t n;
	struct user *at;
};

/* Letters, digits, '.', '_', '-' and '@', at most USER_NAME_MAX. */
bool user_name_valid(struct slice name);

/* -1 with a sentence where the name is taken or not acceptable. */
int users_add(struct db *db, const struct user *u, struct instant now, struct err *e);
int users_find(
    struct db *db, struct slice name, struct arena *mem, struct user *out, struct err *e);
int users_list(struct db *db, struct arena *mem, struct user_list *out, struct err *e);
/* Also ends all sessions of that person.  1, 0 or -1. */
int users_set_password(struct db *db, struct slice name, struct slice stored, struct err *e);

/* -- passwords (password.c): no store, no clock ------------------------------- */

/* NULL: fine.  Otherwise what is wrong with it, as a sentence in that language ("ja", "en"). */
const char *password_complaint(struct slice password, struct slice name, const char *language);

/* Argon2id; takes a good part of a second and 64 MiB on purpose. */
int password_store(struct slice password, char stored[PASSWORD_STORED_MAX], struct err *e);
/* The same cost when `stored` is NULL (nobody of that name): then false. */
bool password_matches(const char *stored, struct slice password);
/* A random one for --generate: 24 characters. */
void password_generate(char out[25]);

/* -- sessions ---------------------------------------------------------------- */

struct session {
	struct user user;
	struct instant created, used,
	    expires; /* expires: the sooner of idle and absolute end */
	uint8_t hash[SESSION_HASH_BYTES];
};

void session_hash(struct slice secret, uint8_t hash[SESSION_HASH_BYTES]);
/* What Hinomi-Csrf must say: derived from the secret, so it need not be stored. */
#define CSRF_LEN 43
void session_csrf(struct slice secret, char csrf[CSRF_LEN + 1]);

/* Begin; the secret leaves once.  Old and excess sessions of that person go. */
int session_begin(struct db *db, struct slice user, struct slice address, struct instant now,
    char secret[SESSION_SECRET_LEN + 1], struct err *e);
/* 1: open, and its idle time begins anew; 0: there is none (any more). */
int session_find(struct db *db, struct slice secret, struct instant now, struct arena *mem,
    struct session *out, struct err *e);
/* Is it still open?  For a stream that looks now and then; does not count as use. */
int session_is_open(
    struct db *db, const uint8_t hash[SESSION_HASH_BYTES], struct instant now, struct err *e);
int session_end(struct db *db, const uint8_t hash[SESSION_HASH_BYTES], struct err *e);
/* Who is signed in, newest first; fn's -1 stops.  Slices live until it returns. */
typedef int session_on_row(void *ctx, struct slice user, struct slice address,
    struct instant created, struct instant used, struct err *e);
int session_each(
    struct db *db, struct instant now, session_on_row *fn, void *ctx, struct err *e);
/* Drop what is over: 0 or -1. */
int session_sweep(struct db *db, struct instant now, struct err *e);

#endif
