/* ip.c - see ip.h. */
#include "base/ip.h"

#include <stdio.h>

static bool
parse_v4(struct slice s, uint8_t out[4])
{
	unsigned v = 0, digits = 0, part = 0;

	if (s.len < 7 || s.len > 15)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned d = (unsigned)s.ptr[i] - '0';

		if (d <= 9) {
			/* No leading zeros: some read them as octal. */
			if (digits++ > 0 && v == 0)
				return false;
			v = v * 10 + d;
			if (v > 255)
				return false;
		} else if (s.ptr[i] == '.' && digits > 0 && part < 3) {
			out[part++] = (uint8_t)v;
			v = digits = 0;
		} else
			return false;
	}
	if (digits == 0 || part != 3)
		return false;
	out[3] = (uint8_t)v;
	return true;
}

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Up to eight groups, one "::" for any number of zero groups, an IPv4 address for the last two.
 */
static bool
parse_v6(struct slice s, uint8_t out[16])
{
	uint8_t b[16] = {0};
	size_t n = 0, gap = SIZE_MAX, i = 0;

	if (s.len >= 2 && s.ptr[0] == ':' && s.ptr[1] == ':') {
		gap = 0;
		i = 2;
	}
	while (i < s.len) {
		size_t start = i;
		unsigned v = 0;
		int d;

		while (i < s.len && i - start < 4 && (d = hex_digit(s.ptr[i])) >= 0) {
			v = v << 4 | (unsigned)d;
			i++;
		}
		if (i < s.len && s.ptr[i] == '.') {
			if (n > 12 || !parse_v4(slice_from(s, start), b + n))
				return false;
			n += 4;
			break;
		}
		if (i == start || n == 16)
			return false;
		b[n++] = (uint8_t)(v >> 8);
		b[n++] = (uint8_t)v;
		if (i == s.len)
			break;
		if (s.ptr[i++] != ':' || i == s.len)
			return false;
		if (s.ptr[i] == ':') {
			if (gap != SIZE_MAX)
				return false;
			gap = n;
			i++;
		}
	}
	if (gap == SIZE_MAX ? n != 16 : n > 14)
		return false;
	memset(out, 0, 16);
	if (gap == SIZE_MAX)
		gap = n;
	memcpy(out, b, gap);
	memcpy(out + 16 - (n - gap), b + gap, n - gap);
	return true;
}

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool
ip_parse(struct slice s, struct ip *out)
{
	struct ip ip = {0};

	if (parse_v4(s, ip.bytes))
		ip.len = 4;
	else if (!parse_v6(s, ip.bytes))
		return false;
	else if (memcmp(ip.bytes, mapped, sizeof(mapped)) == 0) {
		struct ip v4 = {.len = 4};

		memcpy(v4.bytes, ip.bytes + 12, 4);
		ip = v4;
	} else
		ip.len = 16;
	*out = ip;
	return true;
}

struct ip
ip_mask(struct ip ip, unsigned bits)
{
	for (unsigned i = 0; i < ip.len; i++) {
		unsigned keep = bits <= i * 8 ? 0 : bits - i * 8;

		if (keep < 8)
			ip.bytes[i] &= (uint8_t)(0xff00u >> keep);
	}
	return ip;
}

bool
ip_prefix_parse(struct slice s, struct ip_prefix *out)
{
	size_t slash = slice_find(s, '/');
	struct ip ip;
	uint64_t bits, most;

	if (!ip_parse(slice_first(s, slash), &ip))
		return false;
	bits = most = ip.len * 8u;
	if (slash != SIZE_MAX) {
		if (!slice_to_u64(slice_from(s, slash + 1), &bits))
			return false;
		/* A mapped address counts its bits from the start of the IPv6 form. */
		if (ip.len == 4 && slice_find(s, ':') != SIZE_MAX) {
			if (bits < 96)
				return false;
			bits -= 96;
		}
	}
	if (bits > most)
		return false;
	*out = (struct ip_prefix){ip_mask(ip, (unsigned)bits), (uint8_t)bits};
	return true;
}

bool
ip_equal(const struct ip *a, const struct ip *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

bool
ip_prefix_covers(const struct ip_prefix *p, const struct ip *ip)
{
	struct ip masked = ip_mask(*ip, p->bits);

	return ip_equal(&p->ip, &masked);
}

char *
ip_format(const struct ip *ip, char buf[IP_TEXT_MAX])
{
	unsigned group[8];
	int best = -1, best_len = 1; /* a single zero group is not shortened */
	size_t n = 0;

	if (ip->len == 4) {
		snprintf(buf, IP_TEXT_MAX, "%u.%u.%u.%u", ip->bytes[0], ip->bytes[1],
		    ip->bytes[2], ip->bytes[3]);
		return buf;
	}
	for (int i = 0; i < 8; i++)
		group[i] = (unsigned)ip->bytes[2 * i] << 8 | ip->bytes[2 * i + 1];
	for (int i = 0; i < 8; i++) {
		int run = 0;

		while (i + run < 8 && group[i + run] == 0)
			run++;
		if (run > best_len) {
			best = i;
			best_len = run;
		}
	}
	buf[0] = '\0';
	for (int i = 0; i < 8; i++) {
		if (i == best) {
			n += (size_t)snprintf(buf + n, IP_TEXT_MAX - n, "::");
			i += best_len - 1;
		} else
			n += (size_t)snprintf(buf + n, IP_TEXT_MAX - n, "%s%x",
			    n == 0 || buf[n - 1] == ':' ? "" : ":", group[i]);
	}
	return buf;
}
