/*
 * ca.c - see ca.h.
 *
 * The serial numbers are random (128 bits, the first cleared), so nothing has to
 * be counted and no file says how many certificates there are.  What a node may
 * do is decided by its row in the registry, not by the certificate: there is no
 * revocation list to forget.
 */
#define _GNU_SOURCE /* asprintf */
#include "pki/ca.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "pki/gnu.h"
#include "sys/file.h"
#include "sys/random.h"

#define ROOT_LIFE      SPAN_DAYS(20 * 365)
#define CLOCK_SLACK    SPAN_MINUTES(10) /* certificates begin in the past: node clocks differ */
#define CA_NAMES_MAX   32
#define CA_NAME_LENGTH 254

struct ca {
	char *dir;
	char names[CA_NAMES_MAX][CA_NAME_LENGTH];
	size_t n_names;
	struct span server_life, node_life;
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t key;
	struct buf root_pem;
	char print[CERT_PRINT_LEN + 1];
	struct buf chain, server_key;
	struct instant server_from, server_until;
};

static char *
path_in(const char *dir, const char *name, struct err *e)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		err_set(e, "out of memory");
		return NULL;
	}
	return path;
}

static int
read_in(const char *dir, const char *name, struct buf *out, struct err *e)
{
	char *path = path_in(dir, name, e);
	int rc = path == NULL ? -1 : file_read(out, path, e);

	free(path);
	return rc;
}

static int
write_in(const char *dir, const char *name, struct slice bytes, mode_t mode, struct err *e)
{
	char *path = path_in(dir, name, e);
	int rc = path == NULL ? -1 : file_write_atomic(path, bytes, mode, e);

	free(path);
	return rc;
}

static int
exists_in(const char *dir, const char *name, bool *out, struct err *e)
{
	char *path = path_in(dir, name, e);
	int rc = 0;

	if (path == NULL)
		return -1;
	*out = access(path, F_OK) == 0;
	if (!*out && errno != ENOENT)
		rc = err_errno(e, errno, "\"%s\"", path);
	free(path);
	return rc;
}

/* What every certificate of ours has in common, up to the signature. */
static int
begin_cert(gnutls_x509_crt_t crt, struct slice name, struct instant now, struct span life)
{
	uint8_t serial[16];
	int rc;

	random_bytes(serial, sizeof(serial));
	serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40); /* positive, and of one length */
	if ((rc = gnutls_x509_crt_set_version(crt, 3)) < 0)
		return rc;
	if ((rc = gnutls_x509_crt_set_serial(crt, serial, sizeof(serial))) < 0)
		return rc;
	if ((rc = gnutls_x509_crt_set_activation_time(
		 crt, (now.us - CLOCK_SLACK.us) / 1000000)) < 0)
		return rc;
	if ((rc = gnutls_x509_crt_set_expiration_time(crt, (now.us + life.us) / 1000000)) < 0)
		return rc;
	return gnutls_x509_crt_set_dn_by_oid(
	    crt, GNUTLS_OID_X520_COMMON_NAME, 0, name.ptr, (unsigned)name.len);
}

static int
set_key_ids(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer)
{
	uint8_t id[64];
	size_t n = sizeof(id);
	int rc;

	if ((rc = gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA1, id, &n)) < 0 ||
	    (rc = gnutls_x509_crt_set_subject_key_id(crt, id, n)) < 0)
		return rc;
	n = sizeof(id);
	if ((rc = gnutls_x509_crt_get_key_id(issuer, GNUTLS_KEYID_USE_SHA1, id, &n)) < 0)
		return rc;
	return gnutls_x509_crt_set_authority_key_id(crt, id, n);
}

static int
export_cert(gnutls_x509_crt_t crt, struct buf *pem)
{
	gnutls_datum_t text = {0};
	int rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &text);

	if (rc < 0)
		return rc;
	buf_add(pem, gnu_slice(text));
	gnutls_free(text.data);
	return pem->failed ? GNUTLS_E_MEMORY_ERROR : 0;
}

static int
make_root(struct ca *ca, struct instant now, struct err *e)
{
	struct buf key_pem = BUF_INIT(CERT_PEM_MAX);
	gnutls_x509_crt_t crt = NULL;
	gnutls_x509_privkey_t key = NULL;
	int rc = -1, bad;

	if (cert_make_key(&key_pem, e) != 0 || gnu_read_key(&key, buf_slice(&key_pem), e) != 0)
		goto out;
	if ((bad = gnutls_x509_crt_init(&crt)) < 0 ||
	    (bad = begin_cert(crt, SLICE("Hinomi center"), now, ROOT_LIFE)) < 0 ||
	    (bad = gnutls_x509_crt_set_basic_constraints(crt, 1, 0)) < 0 ||
	    (bad = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN)) < 0 ||
	    (bad = gnutls_x509_crt_set_key(crt, key)) < 0 ||
	    (bad = set_key_ids(crt, crt)) < 0 ||
	    (bad = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0)) < 0 ||
	    (bad = export_cert(crt, &ca->root_pem)) < 0) {
		gnu_err(e, bad, "making the root certificate");
		goto out;
	}
	/* The key first: a certificate without its key would stop every later start. */
	if (write_in(ca->dir, "ca.key", buf_slice(&key_pem), 0600, e) != 0 ||
	    write_in(ca->dir, "ca.crt", buf_slice(&ca->root_pem), 0644, e) != 0)
		goto out;
	ca->crt = crt;
	ca->key = key;
	crt = NULL;
	key = NULL;
	rc = 0;
out:
	if (crt != NULL)
		gnutls_x509_crt_deinit(crt);
	if (key != NULL)
		gnutls_x509_privkey_deinit(key);
	cert_wipe(&key_pem);
	return rc;
}

static int
read_root(struct ca *ca, struct err *e)
{
	struct buf key_pem = BUF_INIT(CERT_PEM_MAX);
	int rc = -1;

	if (read_in(ca->dir, "ca.key", &key_pem, e) != 0 ||
	    read_in(ca->dir, "ca.crt", &ca->root_pem, e) != 0)
		goto out;
	if (cert_check_key(buf_slice(&ca->root_pem), buf_slice(&key_pem), e) != 0) {
		err_wrap(e, "\"%s/ca.crt\"", ca->dir);
		goto out;
	}
	if (gnu_read_key(&ca->key, buf_slice(&key_pem), e) != 0 ||
	    gnu_read_cert(&ca->crt, buf_slice(&ca->root_pem), e) != 0)
		goto out;
	rc = 0;
out:
	cert_wipe(&key_pem);
	return rc;
}

static int
open_root(struct ca *ca, struct instant now, struct err *e)
{
	bool have_crt, have_key;

	if (exists_in(ca->dir, "ca.crt", &have_crt, e) != 0 ||
	    exists_in(ca->dir, "ca.key", &have_key, e) != 0)
		return -1;
	/* A root that lost its key is not replaced in silence: every node pins it. */
	if (have_crt && !have_key)
		return err_set(e,
		    "\"%s/ca.key\" is missing beside ca.crt: restore it from the backup, or "
		    "remove "
		    "ca.crt to begin anew and enrol every node again",
		    ca->dir);
	if ((have_crt ? read_root(ca, e) : make_root(ca, now, e)) != 0)
		return -1;
	return cert_fingerprint(buf_slice(&ca->root_pem), ca->print, e);
}

static int
add_name(gnutls_x509_crt_t crt, const char *name)
{
	uint8_t address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, name, address) == 1)
		return gnutls_x509_crt_set_subject_alt_name(
		    crt, GNUTLS_SAN_IPADDRESS, address, 4, GNUTLS_FSAN_APPEND);
	if (inet_pton(AF_INET6, name, address) == 1)
		return gnutls_x509_crt_set_subject_alt_name(
		    crt, GNUTLS_SAN_IPADDRESS, address, 16, GNUTLS_FSAN_APPEND);
	return gnutls_x509_crt_set_subject_alt_name(
	    crt, GNUTLS_SAN_DNSNAME, name, (unsigned)strlen(name), GNUTLS_FSAN_APPEND);
}

static int
make_server(struct ca *ca, struct instant now, struct err *e)
{
	struct buf key_pem = BUF_INIT(CERT_PEM_MAX), pem = BUF_INIT(2 * CERT_PEM_MAX);
	gnutls_x509_crt_t crt = NULL;
	gnutls_x509_privkey_t key = NULL;
	int rc = -1, bad;

	if (cert_make_key(&key_pem, e) != 0 || gnu_read_key(&key, buf_slice(&key_pem), e) != 0)
		goto out;
	if ((bad = gnutls_x509_crt_init(&crt)) < 0 ||
	    (bad = begin_cert(crt, SLICE("Hinomi server"), now, ca->server_life)) < 0 ||
	    (bad = gnutls_x509_crt_set_basic_constraints(crt, 0, -1)) < 0 ||
	    (bad = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE)) < 0 ||
	    (bad = gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0)) < 0 ||
	    (bad = gnutls_x509_crt_set_key(crt, key)) < 0)
		goto refused;
	for (size_t i = 0; i < ca->n_names; i++)
		if ((bad = add_name(crt, ca->names[i])) < 0)
			goto refused;
	if ((bad = set_key_ids(crt, ca->crt)) < 0 ||
	    (bad = gnutls_x509_crt_sign2(crt, ca->crt, ca->key, GNUTLS_DIG_SHA256, 0)) < 0 ||
	    (bad = export_cert(crt, &pem)) < 0)
		goto refused;
	buf_add(&pem, buf_slice(&ca->root_pem));
	/* A crash between the two leaves a pair that does not match: made again at the start.
	 */
	if (write_in(ca->dir, "server.key", buf_slice(&key_pem), 0600, e) != 0 ||
	    write_in(ca->dir, "server.crt", buf_slice(&pem), 0644, e) != 0 ||
	    cert_read_life(buf_slice(&pem), &ca->server_from, &ca->server_until, e) != 0)
		goto out;
	cert_wipe(&ca->server_key);
	buf_release(&ca->chain);
	ca->server_key = key_pem;
	ca->chain = pem;
	key_pem = pem = BUF_INIT(0);
	rc = 0;
	goto out;
refused:
	gnu_err(e, bad, "making the server's certificate");
out:
	if (crt != NULL)
		gnutls_x509_crt_deinit(crt);
	if (key != NULL)
		gnutls_x509_privkey_deinit(key);
	cert_wipe(&key_pem);
	buf_release(&pem);
	return rc;
}

/* True if what lies there can be shown as it is. */
static bool
read_server(struct ca *ca, struct instant now)
{
	struct buf key = BUF_INIT(CERT_PEM_MAX), pem = BUF_INIT(2 * CERT_PEM_MAX);
	gnutls_x509_crt_t crt = NULL;
	bool good = false;

	if (read_in(ca->dir, "server.key", &key, NULL) != 0 ||
	    read_in(ca->dir, "server.crt", &pem, NULL) != 0 ||
	    gnu_read_cert(&crt, buf_slice(&pem), NULL) != 0 ||
	    cert_check_key(buf_slice(&pem), buf_slice(&key), NULL) != 0 ||
	    cert_check_pinned(
		buf_slice(&ca->root_pem), ca->print, buf_slice(&pem), now, NULL) != 0 ||
	    cert_read_life(buf_slice(&pem), &ca->server_from, &ca->server_until, NULL) != 0 ||
	    cert_is_due(ca->server_from, ca->server_until, now))
		goto out;
	for (size_t i = 0; i < ca->n_names; i++)
		if (!gnutls_x509_crt_check_hostname(crt, ca->names[i]))
			goto out;
	ca->server_key = key;
	ca->chain = pem;
	key = pem = BUF_INIT(0);
	good = true;
out:
	if (crt != NULL)
		gnutls_x509_crt_deinit(crt);
	cert_wipe(&key);
	buf_release(&pem);
	return good;
}

int
ca_open(struct ca **out, const struct ca_options *o, struct instant now, struct err *e)
{
	struct ca *ca = calloc(1, sizeof(*ca));
	int rc = -1;

	if (ca == NULL || (ca->dir = strdup(o->dir)) == NULL) {
		err_set(e, "out of memory");
		goto out;
	}
	ca->root_pem = BUF_INIT(CERT_PEM_MAX);
	ca->server_life = o->server_life;
	ca->node_life = o->node_life;
	if (o->n_names > CA_NAMES_MAX) {
		err_set(e, "%zu names for the server's certificate, at most %d", o->n_names,
		    CA_NAMES_MAX);
		goto out;
	}
	for (; ca->n_names < o->n_names; ca->n_names++) {
		struct slice name = o->names[ca->n_names];

		if (name.len == 0 || name.len >= CA_NAME_LENGTH) {
			err_set(
			    e, "a name for the server's certificate has %zu bytes", name.len);
			goto out;
		}
		memcpy(ca->names[ca->n_names], name.ptr, name.len);
	}
	if (file_make_dirs(ca->dir, 0700, e) != 0 || open_root(ca, now, e) != 0)
		goto out;
	if (!read_server(ca, now) && make_server(ca, now, e) != 0)
		goto out;
	*out = ca;
	ca = NULL;
	rc = 0;
out:
	if (rc != 0)
		err_wrap(e, "opening the center's certificates");
	ca_free(ca);
	return rc;
}

void
ca_free(struct ca *ca)
{
	if (ca == NULL)
		return;
	if (ca->crt != NULL)
		gnutls_x509_crt_deinit(ca->crt);
	if (ca->key != NULL)
		gnutls_x509_privkey_deinit(ca->key);
	buf_release(&ca->root_pem);
	buf_release(&ca->chain);
	cert_wipe(&ca->server_key);
	free(ca->dir);
	free(ca);
}

int
ca_read_fingerprint(const char *dir, char hex[CERT_PRINT_LEN + 1], struct err *e)
{
	struct buf pem = BUF_INIT(CERT_PEM_MAX);
	int rc = read_in(dir, "ca.crt", &pem, e);

	if (rc == 0)
		rc = cert_fingerprint(buf_slice(&pem), hex, e);
	buf_release(&pem);
	return rc;
}

struct slice
ca_certificate(const struct ca *ca)
{
	return buf_slice(&ca->root_pem);
}

const char *
ca_fingerprint(const struct ca *ca)
{
	return ca->print;
}

struct slice
ca_server_chain(const struct ca *ca)
{
	return buf_slice(&ca->chain);
}

struct slice
ca_server_key(const struct ca *ca)
{
	return buf_slice(&ca->server_key);
}

struct instant
ca_server_until(const struct ca *ca)
{
	return ca->server_until;
}

int
ca_renew_server(struct ca *ca, struct instant now, struct err *e)
{
	if (!cert_is_due(ca->server_from, ca->server_until, now))
		return 0;
	return make_server(ca, now, e) == 0 ? 1 : -1;
}

/* P-256 and P-384 are what nodes make; everything else would be a surprise. */
static bool
key_is_taken(gnutls_pubkey_t key)
{
	gnutls_ecc_curve_t curve;
	unsigned bits;

	if (gnutls_pubkey_get_pk_algorithm(key, &bits) != GNUTLS_PK_ECDSA ||
	    gnutls_pubkey_export_ecc_raw(key, &curve, NULL, NULL) < 0)
		return false;
	return curve == GNUTLS_ECC_CURVE_SECP256R1 || curve == GNUTLS_ECC_CURVE_SECP384R1;
}

static int
read_request(struct slice pem, gnutls_x509_crq_t crq, gnutls_pubkey_t key, struct err *e)
{
	gnutls_datum_t text = gnu_datum(pem);

	if (pem.len == 0 || pem.len > CERT_PEM_MAX)
		return err_set(e, "a certificate request of %zu bytes", pem.len);
	if (gnutls_x509_crq_import(crq, &text, GNUTLS_X509_FMT_PEM) < 0)
		return err_set(e, "not a PKCS #10 certificate request in PEM");
	if (gnutls_x509_crq_verify(crq, 0) < 0)
		return err_set(e, "the request's signature is wrong");
	if (gnutls_pubkey_import_x509_crq(key, crq, 0) < 0 || !key_is_taken(key))
		return err_set(e, "the request's key is not EC P-256 or P-384");
	return 0;
}

enum ca_answer
ca_sign_node(struct ca *ca, struct slice csr_pem, struct slice node_id, struct instant now,
    struct buf *cert_pem, struct err *e)
{
	gnutls_x509_crq_t crq = NULL;
	gnutls_x509_crt_t crt = NULL;
	gnutls_pubkey_t key = NULL;
	enum ca_answer answer = CA_FAILED;
	int bad;

	assert(node_id.len > 0 && node_id.len <= 64);
	if ((bad = gnutls_x509_crq_init(&crq)) < 0 || (bad = gnutls_pubkey_init(&key)) < 0 ||
	    (bad = gnutls_x509_crt_init(&crt)) < 0)
		goto refused;
	if (read_request(csr_pem, crq, key, e) != 0) {
		answer = CA_BAD_REQUEST;
		goto out;
	}
	if ((bad = begin_cert(crt, node_id, now, ca->node_life)) < 0 ||
	    (bad = gnutls_x509_crt_set_basic_constraints(crt, 0, -1)) < 0 ||
	    (bad = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE)) < 0 ||
	    (bad = gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_CLIENT, 0)) < 0 ||
	    (bad = gnutls_x509_crt_set_pubkey(crt, key)) < 0 ||
	    (bad = set_key_ids(crt, ca->crt)) < 0 ||
	    (bad = gnutls_x509_crt_sign2(crt, ca->crt, ca->key, GNUTLS_DIG_SHA256, 0)) < 0 ||
	    (bad = export_cert(crt, cert_pem)) < 0)
		goto refused;
	answer = CA_SIGNED;
	goto out;
refused:
	gnu_err(e, bad, "signing a node's certificate");
out:
	gnutls_x509_crt_deinit(crt);
	gnutls_pubkey_deinit(key);
	gnutls_x509_crq_deinit(crq);
	return answer;
}
