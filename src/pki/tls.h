/*
 * tls.h - the server's side of TLS: which certificate to show, who the peer is.
 *
 * `session` is a gnutls_session_t, opaque here so that callers need no GnuTLS.
 */
#ifndef HINOMI_PKI_TLS_H
#define HINOMI_PKI_TLS_H

#include "base/err.h"
#include "base/instant.h"
#include "base/slice.h"

/* TLS 1.2 and 1.3, forward secrecy and authenticated encryption only. */
#define TLS_PRIORITIES                                                                         \
	"NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AEAD:+ECDHE-ECDSA:+ECDHE-RSA:+AES-128-GCM:"           \
	"+AES-256-GCM:+CHACHA20-POLY1305:+SIGN-ALL:-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:+GROUP-"    \
	"X25519:"                                                                              \
	"+GROUP-SECP256R1:+GROUP-SECP384R1:+CTYPE-X509:+COMP-NULL:%SERVER_PRECEDENCE"

/*
 * Show this chain and key from the next handshake on.  Process-wide: the
 * callback through which GnuTLS asks carries no context.
 */
int tls_serve_certificate(struct slice chain_pem, struct slice key_pem, struct err *e);
void tls_serve_nothing(void);

/* A gnutls_certificate_retrieve_function2, for whoever makes the sessions. */
typedef void tls_function(void);
tls_function *tls_retrieve_certificate(void);

enum tls_peer_status {
	TLS_PEER_TRUSTED,
	TLS_PEER_NONE,	  /* showed no certificate */
	TLS_PEER_FOREIGN, /* not one that our CA signed for a node */
	TLS_PEER_EXPIRED, /* or not valid yet */
};

#define TLS_NAME_MAX 64

struct tls_peer {
	enum tls_peer_status status;
	char name[TLS_NAME_MAX + 1]; /* common name, if trusted */
	struct instant until;
};

/* Look at the certificate of the other side, verified against the session's trust list. */
void tls_read_peer(void *session, struct tls_peer *out);

#endif
