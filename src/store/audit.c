/*
 * audit.c - see audit.h.
 *
 * A record's hash is SHA-256 over the hash before it (zeroes for the first), the
 * sequence number, the time, and each text behind its length, all numbers as
 * eight bytes, most significant first.  Lengths keep neighbouring texts apart.
 */
#include "store/audit.h"

#include <assert.h>

#include <sodium.h>

static void
hash_u64_be(crypto_hash_sha256_state *h, uint64_t v)
{
	uint8_t b[8];

	for (int i = 0; i < 8; i++)
		b[i] = (uint8_t)(v >> (56 - 8 * i));
	crypto_hash_sha256_update(h, b, sizeof(b));
}

static void
hash_text(crypto_hash_sha256_state *h, struct slice s)
{
	hash_u64_be(h, s.len);
	crypto_hash_sha256_update(h, s.ptr, s.len);
}

static void
hash_record(const uint8_t before[AUDIT_HASH_LEN], int64_t sequence,
    const struct audit_entry *entry, uint8_t out[AUDIT_HASH_LEN])
{
	crypto_hash_sha256_state h;

	crypto_hash_sha256_init(&h);
	crypto_hash_sha256_update(&h, before, AUDIT_HASH_LEN);
	hash_u64_be(&h, (uint64_t)sequence);
	hash_u64_be(&h, (uint64_t)entry->at.us);
	hash_text(&h, entry->actor);
	hash_text(&h, entry->action);
	hash_text(&h, entry->object);
	hash_text(&h, entry->detail);
	crypto_hash_sha256_final(&h, out);
}

static int
read_head(struct db *d, struct audit_head *out, struct err *e)
{
	struct db_stmt *st;
	int rc;

	*out = (struct audit_head){0};
	if (db_prepare(d, "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1",
		&st, e) != 0)
		return -1;
	if ((rc = db_step(st, e)) == 1) {
		struct slice hash = db_blob(st, 1);

		out->sequence = db_int(st, 0);
		if (hash.len == AUDIT_HASH_LEN)
			memcpy(out->hash, hash.ptr, AUDIT_HASH_LEN);
		db_reset(st);
	}
	return rc < 0 ? -1 : 0;
}

int
audit_append(struct db *d, const struct audit_entry *entry, struct err *e)
{
	struct db_stmt *st;
	struct audit_head head;
	uint8_t hash[AUDIT_HASH_LEN];

	assert(db_in_transaction(d));
	if (read_head(d, &head, e) != 0)
		return -1;
	hash_record(head.hash, head.sequence + 1, entry, hash);
	if (db_prepare(d,
		"INSERT INTO audit (sequence, at, actor, action, object, detail, hash)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7)",
		&st, e) != 0)
		return -1;
	db_bind_int(st, 1, head.sequence + 1);
	db_bind_int(st, 2, entry->at.us);
	db_bind_text(st, 3, entry->actor.ptr == NULL ? SLICE("") : entry->actor);
	db_bind_text(st, 4, entry->action.ptr == NULL ? SLICE("") : entry->action);
	db_bind_text(st, 5, entry->object.ptr == NULL ? SLICE("") : entry->object);
	db_bind_text(st, 6, entry->detail.ptr == NULL ? SLICE("") : entry->detail);
	db_bind_blob(st, 7, slice_of(hash, sizeof(hash)));
	return db_run(st, e);
}

static struct audit_entry
entry_of(struct db_stmt *st)
{
	return (struct audit_entry){
	    .at = {db_int(st, 1)},
	    .actor = db_text(st, 2),
	    .action = db_text(st, 3),
	    .object = db_text(st, 4),
	    .detail = db_text(st, 5),
	};
}

/* Does this row follow the head?  If not, *out says why. */
static bool
follows(const struct audit_head *head, struct db_stmt *st, uint8_t hash[AUDIT_HASH_LEN],
    struct audit_verdict *out)
{
	struct audit_entry entry = entry_of(st);

	if (db_int(st, 0) != head->sequence + 1) {
		out->reason = "records are missing before this one";
		out->reason_ja = "この記録の前の記録がありません";
		return false;
	}
	hash_record(head->hash, db_int(st, 0), &entry, hash);
	if (!slice_equal(db_blob(st, 6), slice_of(hash, AUDIT_HASH_LEN))) {
		out->reason = "this record or the one before it was altered";
		out->reason_ja = "この記録か一つ前の記録が書き換えられています";
		return false;
	}
	return true;
}

int
audit_verify(struct db *d, struct audit_verdict *out, struct err *e)
{
	struct db_stmt *st;
	uint8_t hash[AUDIT_HASH_LEN];
	int rc;

	*out = (struct audit_verdict){0};
	if (db_prepare(d,
		"SELECT sequence, at, actor, action, object, detail, hash FROM audit ORDER BY "
		"sequence",
		&st, e) != 0)
		return -1;
	while ((rc = db_step(st, e)) == 1) {
		if (!follows(&out->head, st, hash, out)) {
			out->broken = db_int(st, 0);
			db_reset(st);
			return 0;
		}
		out->head.sequence = db_int(st, 0);
		memcpy(out->head.hash, hash, sizeof(hash));
	}
	return rc;
}

int
audit_list(
    struct db *d, int64_t before, unsigned limit, audit_on_entry *fn, void *ctx, struct err *e)
{
	struct db_stmt *st;
	int rc;

	if (db_prepare(d,
		"SELECT sequence, at, actor, action, object, detail FROM audit"
		" WHERE sequence < $1 ORDER BY sequence DESC LIMIT $2",
		&st, e) != 0)
		return -1;
	db_bind_int(st, 1, before == 0 ? INT64_MAX : before);
	db_bind_int(st, 2, limit);
	while ((rc = db_step(st, e)) == 1) {
		struct audit_entry entry = entry_of(st);

		if (fn(ctx, db_int(st, 0), &entry, e) != 0) {
			db_reset(st);
			return -1;
		}
	}
	return rc;
}
