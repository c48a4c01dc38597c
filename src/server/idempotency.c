/* idempotency.c - see idempotency.h. */
#include "server/idempotency.h"

#include <sodium.h>

#define KEY_MIN 8
#define KEY_MAX 128
#define KEEP	SPAN_HOURS(24)

static struct slice
key_of(struct visit *v)
{
	return request_header(v->r, "Idempotency-Key", NULL);
}

static bool
key_valid(struct slice key)
{
	if (key.len < KEY_MIN || key.len > KEY_MAX)
		return false;
	for (size_t i = 0; i < key.len; i++) {
		uint8_t c = key.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '_' || c == '-'))
			return false;
	}
	return true;
}

/* Address and body: the same key for anything else is a mistake. */
static struct slice
hash_request(struct visit *v, uint8_t out[32])
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, NULL, 0, 32);
	crypto_generichash_update(&st, v->r->path.ptr, v->r->path.len);
	crypto_generichash_update(&st, (const uint8_t *)"\n", 1);
	crypto_generichash_update(&st, v->r->body.ptr, v->r->body.len);
	crypto_generichash_final(&st, out, 32);
	return slice_of(out, 32);
}

bool
idempotency_answer(struct visit *v)
{
	struct slice key = key_of(v);
	uint8_t hash[32];
	struct db_stmt *st;
	struct err e = {0};
	int rc;

	if (key.ptr == NULL)
		return false;
	if (!key_valid(key)) {
		problem_answer(v->r, PROBLEM_BAD_PARAMETER,
		    "Idempotency-Key must be 8 to 128 letters, digits, '-' or '_'.",
		    "Idempotency-Key は 8〜128 文字の英数字、「-」「_」にしてください。");
		return true;
	}
	if (db_prepare(v->serve->db,
		"SELECT request, status, body FROM idempotency "
		"WHERE person = $1 AND key = $2 AND at > $3",
		&st, &e) != 0) {
		visit_fail(v, &e);
		return true;
	}
	db_bind_text(st, 1, v->session.user.name);
	db_bind_text(st, 2, key);
	db_bind_int(st, 3, clock_now().us - KEEP.us);
	if ((rc = db_step(st, &e)) < 0)
		visit_fail(v, &e);
	else if (rc == 1 && !slice_equal(db_blob(st, 0), hash_request(v, hash)))
		problem_answer(v->r, PROBLEM_IDEMPOTENCY_CONFLICT, NULL, NULL);
	else if (rc == 1)
		request_answer(
		    v->r, (unsigned)db_int(st, 1), "application/json", db_text(st, 2));
	db_reset(st);
	return request_is_answered(v->r);
}

int
idempotency_keep(struct visit *v, unsigned status, struct slice body, struct err *e)
{
	struct slice key = key_of(v);
	uint8_t hash[32];
	struct db_stmt *st;

	if (key.ptr == NULL)
		return 0;
	if (db_prepare(v->serve->db,
		"INSERT INTO idempotency (person, key, request, status, body, at) "
		"VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (person, key) DO UPDATE SET "
		"request = $3, status = $4, body = $5, at = $6",
		&st, e) != 0)
		return -1;
	db_bind_text(st, 1, v->session.user.name);
	db_bind_text(st, 2, key);
	db_bind_blob(st, 3, hash_request(v, hash));
	db_bind_int(st, 4, status);
	db_bind_text(st, 5, body);
	db_bind_int(st, 6, clock_now().us);
	return db_run(st, e);
}

int
idempotency_sweep(struct db *db, struct instant now, struct err *e)
{
	struct db_stmt *st;

	if (db_prepare(db, "DELETE FROM idempotency WHERE at <= $1", &st, e) != 0)
		return -1;
	db_bind_int(st, 1, now.us - KEEP.us);
	return db_run(st, e);
}
