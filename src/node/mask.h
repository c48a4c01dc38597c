/*
 * mask.h - personal data becomes keyed pseudonyms before it leaves the hospital.
 *
 * A pseudonym is "u~" (user names) or "q~" (URL queries) and base32 in lower
 * case: the value encrypted under a key that stays in the hospital.  Encryption
 * is deterministic and authenticated in the manner of SIV (P. Rogaway and T.
 * Shrimpton, 2006): the first 16 bytes are a keyed BLAKE2b of the value and serve
 * as the nonce of XChaCha20.  So the same value always gives the same pseudonym
 * (the center can correlate), two hospitals' pseudonyms have nothing in common,
 * and who holds the key can open one and knows that it is genuine.  Values are
 * padded to multiples of 16 bytes, so that only that much of their length shows.
 *
 * Pure: libsodium computes, the key comes from the shell.
 */
#ifndef HINOMI_NODE_MASK_H
#define HINOMI_NODE_MASK_H

#include "base/buf.h"
#include "base/err.h"
#include "event/event.h"

#define MASK_SECRET_BYTES 32

/* Wiped with mask_key_wipe(). */
struct mask_key {
	uint8_t tag[32];
	uint8_t stream[32];
};

void mask_key_init(struct mask_key *k, const uint8_t secret[MASK_SECRET_BYTES]);
void mask_key_wipe(struct mask_key *k);

enum mask_kind { MASK_USER = 'u', MASK_QUERY = 'q' };

void mask_add_pseudonym(
    const struct mask_key *k, enum mask_kind kind, struct slice value, struct buf *out);

/* The value behind a pseudonym; -1 if it is none, was changed, or another key made it. */
int mask_open_pseudonym(
    const struct mask_key *k, struct slice pseudonym, struct buf *out, struct err *e);

struct mask_settings {
	bool user;
	bool query;
};

/*
 * Append the event's line (without a newline) with its values replaced.  False,
 * and nothing appended, when a value that must be hidden cannot be found in the
 * line: then the line must not leave as it is.
 */
bool mask_event(const struct mask_key *k, struct mask_settings what, const struct event *ev,
    struct buf *out);

/* What leaves in the place of a line that could not be masked. */
void mask_add_dropped(struct slice line, struct buf *out);

#endif
