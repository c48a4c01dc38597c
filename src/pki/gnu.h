/* gnu.h - within pki only: GnuTLS values and how its refusals become a story. */
#ifndef HINOMI_PKI_GNU_H
#define HINOMI_PKI_GNU_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/err.h"
#include "base/slice.h"

static inline gnutls_datum_t
gnu_datum(struct slice s)
{
	return (gnutls_datum_t){(unsigned char *)s.ptr, (unsigned)s.len};
}

static inline struct slice
gnu_slice(gnutls_datum_t d)
{
	return slice_of(d.data, d.size);
}

static inline int
gnu_err(struct err *e, int code, const char *doing)
{
	return err_set(e, "%s: %s", doing, gnutls_strerror(code));
}

int gnu_read_cert(gnutls_x509_crt_t *out, struct slice pem, struct err *e);
int gnu_read_key(gnutls_x509_privkey_t *out, struct slice pem, struct err *e);

#endif
