/*
 * ip.h - IPv4 and IPv6 addresses and prefixes as values.  Pure.
 *
 * An IPv4 address written inside IPv6 (::ffff:192.0.2.1) is that IPv4 address:
 * the same host must not look like two.
 */
#ifndef HINOMI_BASE_IP_H
#define HINOMI_BASE_IP_H

#include "base/slice.h"

struct ip {
	uint8_t len; /* 4 or 16; 0 in the zero value, which is no address */
	uint8_t bytes[16];
};

struct ip_prefix {
	struct ip ip; /* bits after the prefix are zero */
	uint8_t bits;
};

/*
 * Dotted quad (four decimal numbers, no leading zeros) or RFC 4291 text.  No
 * brackets, port or zone.  False leaves *out alone.
 */
bool ip_parse(struct slice s, struct ip *out);

/* "192.0.2.0/24"; an address alone is the prefix of all its bits. */
bool ip_prefix_parse(struct slice s, struct ip_prefix *out);

/* Zero all but the first `bits` bits. */
struct ip ip_mask(struct ip ip, unsigned bits);

bool ip_equal(const struct ip *a, const struct ip *b);
bool ip_prefix_covers(const struct ip_prefix *p, const struct ip *ip);

/* Dotted quad or RFC 5952; returns buf. */
#define IP_TEXT_MAX 46
char *ip_format(const struct ip *ip, char buf[IP_TEXT_MAX]);

#endif
