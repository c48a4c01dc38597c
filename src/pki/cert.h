/*
 * cert.h - keys, requests and certificates as PEM text: what node and center share.
 *
 * This module (pki) is the one door to GnuTLS.  All keys are EC P-256.  PEM goes
 * in as slices and comes out in bufs; a buf that held a key is wiped with
 * cert_wipe() by whoever owns it.
 */
#ifndef HINOMI_PKI_CERT_H
#define HINOMI_PKI_CERT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"

#define CERT_PEM_MAX   (16 * 1024) /* largest request or certificate we look at */
#define CERT_PRINT_LEN 64	   /* SHA-256 of the DER form, hexadecimal */

/* A fresh private key, PKCS #8. */
int cert_make_key(struct buf *key_pem, struct err *e);

/* A request for that key; whoever signs it takes the key alone and chooses the name. */
int cert_make_request(
    struct slice key_pem, struct slice name, struct buf *csr_pem, struct err *e);

/* When a certificate is valid. */
int cert_read_life(
    struct slice cert_pem, struct instant *from, struct instant *until, struct err *e);

/* The common name of the subject: a node's id. */
int cert_read_name(struct slice cert_pem, struct buf *name, struct err *e);

/* Two thirds of its life are over. */
bool cert_is_due(struct instant from, struct instant until, struct instant now);

/* What a node pins: SHA-256 of the certificate's DER form. */
int cert_fingerprint(struct slice cert_pem, char hex[CERT_PRINT_LEN + 1], struct err *e);

/*
 * Check that `ca_pem` is the certificate with that fingerprint and is a CA's,
 * and (unless cert_pem is absent) that it signed cert_pem.  0 or -1 and why.
 */
int cert_check_pinned(struct slice ca_pem, const char *fingerprint, struct slice cert_pem,
    struct instant now, struct err *e);

/* Does this private key belong to this certificate? */
int cert_check_key(struct slice cert_pem, struct slice key_pem, struct err *e);

/* Overwrite and empty a buf that held a key. */
void cert_wipe(struct buf *b);

#endif
