/*
 * unescape.h - give back what a client sent from what a log wrote.
 *
 * Log formats escape what would break their own lines.  Each function returns
 * its input where nothing is escaped (nearly always) and a decoded copy in the
 * arena where something is; the absent slice only at the arena's ceiling.  Pure.
 */
#ifndef HINOMI_EVENT_UNESCAPE_H
#define HINOMI_EVENT_UNESCAPE_H

#include "base/arena.h"

/* \" \\ \n \r \t \b \v \f and \xHH, as Apache, nginx and Squid write them; other \c stays as it
 * is. */
struct slice unescape_backslash(struct slice s, struct arena *mem);

/* %HH; a % without two hexadecimal digits stays as it is. */
struct slice unescape_percent(struct slice s, struct arena *mem);

/* '+' for a space, as IIS writes. */
struct slice unescape_plus(struct slice s, struct arena *mem);

/* 0 to 15, or -1. */
static inline int
unescape_hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
