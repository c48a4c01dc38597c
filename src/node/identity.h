/*
 * identity.h - who this node is: DATA/pki/.
 *
 *	node.pem	our key and certificate, in one file so that it changes as one (0600)
 *	ca.crt		the center's CA, pinned at enrolment
 *	enrolled.json	where we were enrolled, and as what
 *	mask.key	the hospital's masking secret (0600), made when first needed
 */
#ifndef HINOMI_NODE_IDENTITY_H
#define HINOMI_NODE_IDENTITY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"
#include "node/mask.h"

struct identity {
	char pem_file[4200], ca_file[4200];
	char center[301]; /* https://HOST:PORT */
	char node[65];
	char institution_id[65], institution_name[513];
	struct instant from, until; /* of our certificate */
};

/* err.code is ENOENT where this node was never enrolled. */
int identity_load(struct identity *id, const char *data_dir, struct err *e);

/* Write what enrolment brought; the directory is made. */
int identity_save(const char *data_dir, const struct identity *id, struct slice key_pem,
    struct slice cert_pem, struct slice ca_pem, struct err *e);

/* Replace key and certificate after a renewal, once they belong together and to the pinned CA.
 */
int identity_renew(struct identity *id, struct slice key_pem, struct slice cert_pem,
    struct instant now, struct err *e);

/* The hospital's masking key; made where missing. */
int identity_mask_key(struct mask_key *key, const char *data_dir, bool make, struct err *e);

#endif
