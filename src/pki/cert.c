/* cert.c - see cert.h. */
#include "pki/cert.h"

#include <stdio.h>
#include <strings.h>

#include "pki/gnu.h"

int
gnu_read_cert(gnutls_x509_crt_t *out, struct slice pem, struct err *e)
{
	gnutls_datum_t text = gnu_datum(pem);
	int rc;

	*out = NULL;
	if (pem.len == 0 || pem.len > CERT_PEM_MAX)
		return err_set(e, "not a certificate: %zu bytes", pem.len);
	if ((rc = gnutls_x509_crt_init(out)) < 0)
		return gnu_err(e, rc, "certificate");
	if ((rc = gnutls_x509_crt_import(*out, &text, GNUTLS_X509_FMT_PEM)) < 0) {
		gnutls_x509_crt_deinit(*out);
		*out = NULL;
		return gnu_err(e, rc, "reading a certificate");
	}
	return 0;
}

int
gnu_read_key(gnutls_x509_privkey_t *out, struct slice pem, struct err *e)
{
	gnutls_datum_t text = gnu_datum(pem);
	int rc;

	*out = NULL;
	if ((rc = gnutls_x509_privkey_init(out)) < 0)
		return gnu_err(e, rc, "private key");
	if ((rc = gnutls_x509_privkey_import(*out, &text, GNUTLS_X509_FMT_PEM)) < 0) {
		gnutls_x509_privkey_deinit(*out);
		*out = NULL;
		return gnu_err(e, rc, "reading a private key");
	}
	return 0;
}

int
cert_make_key(struct buf *key_pem, struct err *e)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_datum_t pem = {0};
	int rc;

	if ((rc = gnutls_x509_privkey_init(&key)) < 0)
		goto out;
	if ((rc = gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
		 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0)) < 0)
		goto out;
	if ((rc = gnutls_x509_privkey_export2_pkcs8(
		 key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem)) < 0)
		goto out;
	buf_add(key_pem, gnu_slice(pem));
	rc = key_pem->failed ? GNUTLS_E_MEMORY_ERROR : 0;
out:
	if (rc < 0)
		gnu_err(e, rc, "making a private key");
	if (pem.data != NULL)
		gnutls_memset(pem.data, 0, pem.size);
	gnutls_free(pem.data);
	gnutls_x509_privkey_deinit(key);
	return rc < 0 ? -1 : 0;
}

int
cert_make_request(struct slice key_pem, struct slice name, struct buf *csr_pem, struct err *e)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crq_t crq = NULL;
	gnutls_datum_t pem = {0};
	int rc;

	if (gnu_read_key(&key, key_pem, e) != 0)
		return -1;
	if ((rc = gnutls_x509_crq_init(&crq)) < 0)
		goto out;
	if ((rc = gnutls_x509_crq_set_version(crq, 1)) < 0)
		goto out;
	if ((rc = gnutls_x509_crq_set_dn_by_oid(
		 crq, GNUTLS_OID_X520_COMMON_NAME, 0, name.ptr, (unsigned)name.len)) < 0)
		goto out;
	if ((rc = gnutls_x509_crq_set_key(crq, key)) < 0)
		goto out;
	if ((rc = gnutls_x509_crq_sign2(crq, key, GNUTLS_DIG_SHA256, 0)) < 0)
		goto out;
	if ((rc = gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_PEM, &pem)) < 0)
		goto out;
	buf_add(csr_pem, gnu_slice(pem));
	rc = csr_pem->failed ? GNUTLS_E_MEMORY_ERROR : 0;
out:
	if (rc < 0)
		gnu_err(e, rc, "making a certificate request");
	gnutls_free(pem.data);
	gnutls_x509_crq_deinit(crq);
	gnutls_x509_privkey_deinit(key);
	return rc < 0 ? -1 : 0;
}

int
cert_read_life(
    struct slice cert_pem, struct instant *from, struct instant *until, struct err *e)
{
	gnutls_x509_crt_t crt;

	if (gnu_read_cert(&crt, cert_pem, e) != 0)
		return -1;
	from->us = (int64_t)gnutls_x509_crt_get_activation_time(crt) * 1000000;
	until->us = (int64_t)gnutls_x509_crt_get_expiration_time(crt) * 1000000;
	gnutls_x509_crt_deinit(crt);
	return 0;
}

int
cert_read_name(struct slice cert_pem, struct buf *name, struct err *e)
{
	gnutls_x509_crt_t crt;
	char cn[256];
	size_t n = sizeof(cn);
	int rc;

	if (gnu_read_cert(&crt, cert_pem, e) != 0)
		return -1;
	rc = gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, cn, &n);
	gnutls_x509_crt_deinit(crt);
	if (rc < 0)
		return gnu_err(e, rc, "reading a certificate's name");
	buf_add(name, slice_of(cn, n));
	return name->failed ? err_set(e, "name too long") : 0;
}

bool
cert_is_due(struct instant from, struct instant until, struct instant now)
{
	return now.us - from.us >= (until.us - from.us) / 3 * 2;
}

static int
print_cert(gnutls_x509_crt_t crt, char hex[CERT_PRINT_LEN + 1], struct err *e)
{
	uint8_t digest[32];
	size_t n = sizeof(digest);
	int rc;

	if ((rc = gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, digest, &n)) < 0)
		return gnu_err(e, rc, "fingerprint");
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return 0;
}

int
cert_fingerprint(struct slice cert_pem, char hex[CERT_PRINT_LEN + 1], struct err *e)
{
	gnutls_x509_crt_t crt;
	int rc;

	if (gnu_read_cert(&crt, cert_pem, e) != 0)
		return -1;
	rc = print_cert(crt, hex, e);
	gnutls_x509_crt_deinit(crt);
	return rc;
}

int
cert_check_pinned(struct slice ca_pem, const char *fingerprint, struct slice cert_pem,
    struct instant now, struct err *e)
{
	gnutls_x509_crt_t ca = NULL, crt = NULL;
	char hex[CERT_PRINT_LEN + 1];
	unsigned critical, status = 0;
	int rc = -1, bad;

	if (gnu_read_cert(&ca, ca_pem, e) != 0 || print_cert(ca, hex, e) != 0)
		goto out;
	if (strcasecmp(hex, fingerprint) != 0) {
		err_set(e,
		    "the center shows another CA certificate (%s) than the token names (%s)",
		    hex, fingerprint);
		goto out;
	}
	if (gnutls_x509_crt_get_ca_status(ca, &critical) <= 0) {
		err_set(e, "the certificate is not a CA's");
		goto out;
	}
	if (cert_pem.ptr == NULL) {
		rc = 0;
		goto out;
	}
	if (gnu_read_cert(&crt, cert_pem, e) != 0)
		goto out;
	if ((bad = gnutls_x509_crt_verify(
		 crt, &ca, 1, GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &status)) < 0) {
		gnu_err(e, bad, "verifying the certificate");
		goto out;
	}
	if (status != 0) {
		err_set(e, "the certificate is not signed by this CA");
		goto out;
	}
	if (now.us / 1000000 > gnutls_x509_crt_get_expiration_time(crt)) {
		err_set(e, "the certificate has expired (is this machine's clock right?)");
		goto out;
	}
	rc = 0;
out:
	if (crt != NULL)
		gnutls_x509_crt_deinit(crt);
	if (ca != NULL)
		gnutls_x509_crt_deinit(ca);
	return rc;
}

int
cert_check_key(struct slice cert_pem, struct slice key_pem, struct err *e)
{
	gnutls_x509_crt_t crt = NULL;
	gnutls_x509_privkey_t key = NULL;
	uint8_t of_cert[32], of_key[32];
	size_t n_cert = sizeof(of_cert), n_key = sizeof(of_key);
	int rc = -1;

	if (gnu_read_cert(&crt, cert_pem, e) != 0 || gnu_read_key(&key, key_pem, e) != 0)
		goto out;
	if (gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, of_cert, &n_cert) < 0 ||
	    gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, of_key, &n_key) < 0 ||
	    !slice_equal(slice_of(of_cert, n_cert), slice_of(of_key, n_key))) {
		err_set(e, "the private key does not belong to the certificate");
		goto out;
	}
	rc = 0;
out:
	if (key != NULL)
		gnutls_x509_privkey_deinit(key);
	if (crt != NULL)
		gnutls_x509_crt_deinit(crt);
	return rc;
}

void
cert_wipe(struct buf *b)
{
	if (b->ptr != NULL)
		gnutls_memset(b->ptr, 0, b->cap);
	buf_release(b);
}
