/*
 * stream.h - the server's side of a TLS connection on a non-blocking socket.
 *
 * For listeners that are not HTTP: each has a certificate of its own.  Peers are
 * not asked for certificates.
 */
#ifndef HINOMI_PKI_STREAM_H
#define HINOMI_PKI_STREAM_H

#include "base/err.h"
#include "base/slice.h"

struct tls_server; /* what a listener shows; outlives its streams */
struct tls_stream;

int tls_server_new(
    struct tls_server **out, struct slice chain_pem, struct slice key_pem, struct err *e);
void tls_server_free(struct tls_server *s); /* NULL is welcome */

/* Over an accepted socket, which stays the caller's.  NULL without memory. */
struct tls_stream *tls_stream_new(const struct tls_server *s, int fd);
void tls_stream_free(struct tls_stream *t); /* NULL is welcome */

enum tls_status {
	TLS_BYTES,	/* *got bytes were read */
	TLS_WAIT,	/* come back when the socket can be read */
	TLS_WAIT_WRITE, /* come back when it can be written (during the handshake) */
	TLS_END,	/* the other side ended it in order */
	TLS_BROKEN,	/* the handshake failed, or the stream was cut */
};

/* Shakes hands first.  Call until TLS_WAIT: bytes may be buffered inside. */
enum tls_status tls_stream_read(struct tls_stream *t, void *buf, size_t len, size_t *got);

#endif
