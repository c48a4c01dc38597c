/*
 * url.h - one form for each URL, and where a prefix of it may end.
 *
 * Normal form: no scheme, no user, host as host.h has it (IPv6 in brackets),
 * the scheme's default port left out, escapes of unreserved characters undone
 * and the others in upper case (RFC 3986, 6.2.2), no fragment.  The path keeps
 * its case.  Without a scheme both 80 and 443 are taken for default ports.
 *
 * A listed URL matches itself and what continues it at a cut: before one of
 * / ? & ; or after one of / ? & ; =.  So "h/a" matches "h/a", "h/a/b" and
 * "h/a?x", not "h/ab"; "h/a?id=" matches "h/a?id=7".
 */
#ifndef HINOMI_DETECT_INDICATOR_URL_H
#define HINOMI_DETECT_INDICATOR_URL_H

#include "base/ip.h"
#include "base/slice.h"

#define URL_MAX 2048 /* bytes of a normal form; of a longer URL only the start is looked at */

struct url {
	struct slice host; /* "bad.example", "192.0.2.1", "[2001:db8::1]" */
	struct ip ip;	   /* of the host, if it is an address */
	uint16_t port;	   /* 0: the default one */
	struct slice text; /* whole: host, port, path and query */
	bool cut;	   /* it was longer than URL_MAX */
	uint8_t bytes[URL_MAX];
};

/* False if `s` has no host; then *u means nothing. */
bool url_normalise(struct slice s, struct url *u);

/* May a prefix of `len` bytes of this normal form end there? */
static inline bool
url_is_cut(struct slice text, size_t len)
{
	uint8_t next = text.ptr[len], last = text.ptr[len - 1];

#define URL_BOUNDARY(c) ((c) == '/' || (c) == '?' || (c) == '&' || (c) == ';')
	return URL_BOUNDARY(next) || URL_BOUNDARY(last) || last == '=';
}

#endif
