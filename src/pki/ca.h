/*
 * ca.h - the center as its own small certificate authority.
 *
 * DIR/ca.key and DIR/ca.crt are the root, made at the first start (EC P-256, 20
 * years, keys 0600); DIR/server.key and DIR/server.crt are what both listeners
 * show, issued by the root for the names the settings give and renewed here when
 * two thirds of its life are over or the names change.
 */
#ifndef HINOMI_PKI_CA_H
#define HINOMI_PKI_CA_H

#include "pki/cert.h"

struct ca;

struct ca_options {
	const char *dir;
	const struct slice *names; /* host names and addresses for the server's certificate */
	size_t n_names;
	struct span server_life;
	struct span node_life;
};

/* Open, making what is missing or due.  Options are copied. */
int ca_open(struct ca **out, const struct ca_options *o, struct instant now, struct err *e);
void ca_free(struct ca *ca);

/* Open the root certificate alone, for its fingerprint: needs no private key. */
int ca_read_fingerprint(const char *dir, char hex[CERT_PRINT_LEN + 1], struct err *e);

struct slice ca_certificate(const struct ca *ca); /* PEM, lives as long as the ca */
const char *ca_fingerprint(const struct ca *ca);

/* What the server shows: leaf and root, and its key. */
struct slice ca_server_chain(const struct ca *ca);
struct slice ca_server_key(const struct ca *ca);
struct instant ca_server_until(const struct ca *ca);

/* Renew the server's certificate if it is due; 1: renewed, 0: not due, -1: failed, the old
 * stays. */
int ca_renew_server(struct ca *ca, struct instant now, struct err *e);

enum ca_answer {
	CA_SIGNED,
	CA_BAD_REQUEST, /* no request, a wrong signature, a key we do not take: e says which */
	CA_FAILED,
};

/* From the request only the key is taken, after its signature was checked. */
enum ca_answer ca_sign_node(struct ca *ca, struct slice csr_pem, struct slice node_id,
    struct instant now, struct buf *cert_pem, struct err *e);

#endif
