/* url.c - see url.h. */
#include "detect/indicator/url.h"

#include <stdio.h>

#include "detect/indicator/host.h"

/* Ports that a scheme implies. */
static const struct {
	struct slice scheme;
	uint16_t port;
} default_ports[] = {
    {SLICE_LITERAL("http"), 80},
    {SLICE_LITERAL("https"), 443},
    {SLICE_LITERAL("ws"), 80},
    {SLICE_LITERAL("wss"), 443},
    {SLICE_LITERAL("ftp"), 21},
};

static bool
is_default_port(struct slice scheme, uint16_t port)
{
	if (scheme.ptr == NULL)
		return port == 80 || port == 443;
	for (size_t i = 0; i < sizeof(default_ports) / sizeof(default_ports[0]); i++)
		if (slice_equal_nocase(scheme, default_ports[i].scheme))
			return port == default_ports[i].port;
	return false;
}

static void
put(struct url *u, struct slice s)
{
	size_t room = URL_MAX - u->text.len;

	if (s.len > room) {
		s.len = room;
		u->cut = true;
	}
	if (s.len > 0)
		memcpy(u->bytes + u->text.len, s.ptr, s.len);
	u->text.len += s.len;
}

static int
hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
unreserved(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

static void
put_escaped(struct url *u, struct slice s)
{
	static const char digits[] = "0123456789ABCDEF";

	while (s.len > 0 && !u->cut) {
		size_t n = slice_find(s, '%');
		int hi, lo;

		put(u, slice_first(s, n));
		s = slice_from(s, n);
		if (s.len == 0)
			break;
		if (s.len < 3 || (hi = hex(s.ptr[1])) < 0 || (lo = hex(s.ptr[2])) < 0) {
			put(u, slice_first(s, 1));
			s = slice_from(s, 1);
			continue;
		}
		uint8_t c = (uint8_t)(hi << 4 | lo);
		uint8_t escape[3] = {'%', (uint8_t)digits[hi], (uint8_t)digits[lo]};
		put(u, unreserved(c) ? slice_of(&c, 1) : slice_of(escape, 3));
		s = slice_from(s, 3);
	}
}

/* Where the authority of a URL ends. */
static size_t
authority_length(struct slice s)
{
	size_t n = 0;

	while (n < s.len && s.ptr[n] != '/' && s.ptr[n] != '?' && s.ptr[n] != '#' &&
	       s.ptr[n] != '\\')
		n++;
	return n;
}

static bool
put_host(struct url *u, struct slice host)
{
	char name[HOST_MAX + 1], text[IP_TEXT_MAX];
	bool brackets = host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';

	if (brackets)
		host = slice_of(host.ptr + 1, host.len - 2);
	u->ip = (struct ip){0};
	if (ip_parse(host, &u->ip)) {
		put(u, u->ip.len == 16 ? SLICE("[") : SLICE(""));
		put(u, slice_str(ip_format(&u->ip, text)));
		put(u, u->ip.len == 16 ? SLICE("]") : SLICE(""));
	} else if (brackets || (host = host_normalise(host, name)).ptr == NULL)
		return false;
	else
		put(u, host);
	u->host = slice_of(u->bytes, u->text.len);
	return true;
}

bool
url_normalise(struct slice s, struct url *u)
{
	struct slice scheme = {0}, authority, host, rest;
	size_t at = slice_search(s, SLICE("://"));
	uint64_t port = 0;
	char text[8];

	if (at != SIZE_MAX && at < authority_length(s)) {
		scheme = slice_first(s, at);
		s = slice_from(s, at + 3);
	} else if (slice_starts(s, SLICE("//")))
		s = slice_from(s, 2);
	authority = slice_first(s, authority_length(s));
	rest = slice_from(s, authority.len);
	while ((at = slice_find(authority, '@')) != SIZE_MAX)
		authority = slice_from(authority, at + 1);
	host = authority;
	for (at = authority.len;
	     at > 0 && authority.ptr[at - 1] >= '0' && authority.ptr[at - 1] <= '9';)
		at--;
	/* "host:8080"; but not the last group of a bare IPv6 address. */
	if (at > 0 && authority.ptr[at - 1] == ':' &&
	    (slice_find(authority, ':') == at - 1 || authority.ptr[0] == '[')) {
		struct slice digits = slice_from(authority, at);

		host = slice_first(authority, at - 1);
		if (digits.len > 0 &&
		    (!slice_to_u64(digits, &port) || port == 0 || port > 65535))
			return false;
		if (is_default_port(scheme, (uint16_t)port))
			port = 0;
	}
	u->text = slice_of(u->bytes, 0);
	u->cut = false;
	u->port = (uint16_t)port;
	if (!put_host(u, host))
		return false;
	if (port != 0) {
		snprintf(text, sizeof(text), ":%u", (unsigned)port);
		put(u, slice_str(text));
	}
	rest = slice_first(rest, slice_find(rest, '#'));
	put_escaped(u, rest);
	return true;
}
