/* tls.c - see tls.h. */
#include "pki/tls.h"

#include <stdlib.h>

#include "pki/gnu.h"

/* What is shown now.  GnuTLS asks without a context, hence one per process. */
static struct {
	gnutls_pcert_st chain[4];
	unsigned n;
	gnutls_privkey_t key;
} shown;

static int
retrieve(gnutls_session_t session, const gnutls_datum_t *rdn, int n_rdn,
    const gnutls_pk_algorithm_t *algorithms, int n_algorithms, gnutls_pcert_st **chain,
    unsigned *n, gnutls_privkey_t *key)
{
	if (shown.n == 0)
		return -1;
	*chain = shown.chain;
	*n = shown.n;
	*key = shown.key;
	return 0;
}

tls_function *
tls_retrieve_certificate(void)
{
	return (tls_function *)retrieve;
}

void
tls_serve_nothing(void)
{
	for (unsigned i = 0; i < shown.n; i++)
		gnutls_pcert_deinit(&shown.chain[i]);
	shown.n = 0;
	if (shown.key != NULL)
		gnutls_privkey_deinit(shown.key);
	shown.key = NULL;
}

int
tls_serve_certificate(struct slice chain_pem, struct slice key_pem, struct err *e)
{
	gnutls_pcert_st chain[4];
	gnutls_datum_t chain_text = gnu_datum(chain_pem), key_text = gnu_datum(key_pem);
	gnutls_privkey_t key = NULL;
	unsigned n = 4;
	int bad;

	if ((bad = gnutls_pcert_list_import_x509_raw(
		 chain, &n, &chain_text, GNUTLS_X509_FMT_PEM, 0)) < 0)
		return gnu_err(e, bad, "reading the server's certificate");
	if ((bad = gnutls_privkey_init(&key)) < 0 ||
	    (bad = gnutls_privkey_import_x509_raw(
		 key, &key_text, GNUTLS_X509_FMT_PEM, NULL, 0)) < 0) {
		for (unsigned i = 0; i < n; i++)
			gnutls_pcert_deinit(&chain[i]);
		if (key != NULL)
			gnutls_privkey_deinit(key);
		return gnu_err(e, bad, "reading the server's key");
	}
	tls_serve_nothing();
	memcpy(shown.chain, chain, n * sizeof(chain[0]));
	shown.n = n;
	shown.key = key;
	return 0;
}

/* The leaf is already verified; take its name and its end. */
static bool
read_leaf(const gnutls_datum_t *der, struct tls_peer *out)
{
	gnutls_x509_crt_t crt = NULL;
	size_t n = sizeof(out->name);
	bool good = false;

	if (gnutls_x509_crt_init(&crt) < 0)
		return false;
	if (gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER) == 0 &&
	    gnutls_x509_crt_get_dn_by_oid(
		crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, out->name, &n) == 0 &&
	    strlen(out->name) == n) {
		out->until.us = (int64_t)gnutls_x509_crt_get_expiration_time(crt) * 1000000;
		good = true;
	}
	gnutls_x509_crt_deinit(crt);
	return good;
}

void
tls_read_peer(void *session, struct tls_peer *out)
{
	gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
	    .data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT};
	const gnutls_datum_t *certs;
	unsigned n = 0, status = 0;

	*out = (struct tls_peer){.status = TLS_PEER_NONE};
	if ((certs = gnutls_certificate_get_peers(session, &n)) == NULL || n == 0)
		return;
	out->status = TLS_PEER_FOREIGN;
	if (gnutls_certificate_verify_peers(session, &purpose, 1, &status) < 0)
		return;
	/* "Expired" is only said of a certificate that is otherwise ours. */
	if (status != 0 && (status & ~(unsigned)(GNUTLS_CERT_INVALID | GNUTLS_CERT_EXPIRED |
						 GNUTLS_CERT_NOT_ACTIVATED)) == 0) {
		out->status = TLS_PEER_EXPIRED;
		return;
	}
	if (status == 0 && read_leaf(&certs[0], out))
		out->status = TLS_PEER_TRUSTED;
}
