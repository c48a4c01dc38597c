/* stream.c - see stream.h. */
#include "pki/stream.h"

#include <stdlib.h>

#include "pki/gnu.h"
#include "pki/tls.h"

struct tls_server {
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priorities;
};

struct tls_stream {
	gnutls_session_t session;
	bool shaken;
};

int
tls_server_new(
    struct tls_server **out, struct slice chain_pem, struct slice key_pem, struct err *e)
{
	struct tls_server *s = calloc(1, sizeof(*s));
	gnutls_datum_t chain = gnu_datum(chain_pem), key = gnu_datum(key_pem);
	int rc;

	if (s == NULL)
		return err_set(e, "preparing TLS: out of memory");
	if ((rc = gnutls_certificate_allocate_credentials(&s->credentials)) < 0 ||
	    (rc = gnutls_priority_init(&s->priorities, TLS_PRIORITIES, NULL)) < 0 ||
	    (rc = gnutls_certificate_set_x509_key_mem(
		 s->credentials, &chain, &key, GNUTLS_X509_FMT_PEM)) < 0) {
		tls_server_free(s);
		return gnu_err(e, rc, "preparing TLS with this certificate and key");
	}
	*out = s;
	return 0;
}

void
tls_server_free(struct tls_server *s)
{
	if (s == NULL)
		return;
	if (s->credentials != NULL)
		gnutls_certificate_free_credentials(s->credentials);
	if (s->priorities != NULL)
		gnutls_priority_deinit(s->priorities);
	free(s);
}

struct tls_stream *
tls_stream_new(const struct tls_server *s, int fd)
{
	struct tls_stream *t = calloc(1, sizeof(*t));

	if (t == NULL || gnutls_init(&t->session, GNUTLS_SERVER | GNUTLS_NONBLOCK) < 0) {
		free(t);
		return NULL;
	}
	if (gnutls_priority_set(t->session, s->priorities) < 0 ||
	    gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, s->credentials) < 0) {
		tls_stream_free(t);
		return NULL;
	}
	gnutls_certificate_server_set_request(t->session, GNUTLS_CERT_IGNORE);
	gnutls_transport_set_int(t->session, fd);
	return t;
}

void
tls_stream_free(struct tls_stream *t)
{
	if (t == NULL)
		return;
	gnutls_deinit(t->session);
	free(t);
}

static enum tls_status
status_of(struct tls_stream *t, int rc)
{
	if (rc != GNUTLS_E_AGAIN && rc != GNUTLS_E_INTERRUPTED)
		return TLS_BROKEN;
	return gnutls_record_get_direction(t->session) == 1 ? TLS_WAIT_WRITE : TLS_WAIT;
}

enum tls_status
tls_stream_read(struct tls_stream *t, void *buf, size_t len, size_t *got)
{
	ssize_t n;
	int rc;

	if (!t->shaken) {
		do
			rc = gnutls_handshake(t->session);
		while (rc < 0 && rc != GNUTLS_E_AGAIN && gnutls_error_is_fatal(rc) == 0);
		if (rc < 0)
			return status_of(t, rc);
		t->shaken = true;
	}
	n = gnutls_record_recv(t->session, buf, len);
	if (n < 0)
		return status_of(t, (int)n);
	*got = (size_t)n;
	return n == 0 ? TLS_END : TLS_BYTES;
}
