/*
 * stamp.h - the ways logs write the time.
 *
 * Lines of one log come close together in time, so a reader keeps the last
 * minute it computed and only adds the seconds.  Pure.
 */
#ifndef HINOMI_EVENT_STAMP_H
#define HINOMI_EVENT_STAMP_H

#include "base/instant.h"
#include "base/slice.h"

/* The last minute seen; the zero value is empty.  Purely a shortcut. */
struct stamp_cache {
	uint8_t text[24]; /* as the log wrote it, up to the minute */
	size_t len;
	struct span zone;
	struct instant minute;
};

/* "1795396079.645": seconds, with any number of decimals or none. */
bool stamp_read_epoch(struct slice s, struct instant *out);

/*
 * A bare number of unknown unit: seconds up to the year 5000, then milli-, micro-
 * and nanoseconds by size, as JSON logs write them.
 */
bool stamp_read_number(struct slice s, struct instant *out);

/* "23/Nov/2026:01:07:59 +0900"; without the offset, `zone` is taken. */
bool stamp_read_clf(
    struct stamp_cache *c, struct slice s, struct span zone, struct instant *out);

/* RFC 3339 in its many spellings, as instant_parse() has it. */
bool stamp_read_iso(
    struct stamp_cache *c, struct slice s, struct span zone, struct instant *out);

/*
 * "Nov 23 02:40:17" or "Nov  3 ..." at the start of *s, cut off it.  RFC 3164 has
 * no year: the one nearest to `received` is taken.
 */
bool stamp_cut_bsd(
    struct slice *s, struct span zone, struct instant received, struct instant *out);

/* 1 to 12 for "Jan" to "Dec" in any case, else 0.  Reads three bytes. */
int stamp_month(const uint8_t *p);

/* What strftime() conversions have said so far; the zero value has said nothing. */
struct stamp_parts {
	struct civil civil;
	struct span zone;
	struct instant epoch;
	bool has_year, has_zone, has_epoch, am, pm;
	int yday; /* 1 to 366, or 0 */
};

/*
 * Read by a strftime() format and cut what was read off *s: the conversions %d %e
 * %m %b %h %B %y %Y %H %k %I %l %p %M %S %T %X %D %x %F %R %r %c %j %s %z %Z %a %A
 * %n %t %%.  Parts may come in several formats.  False leaves *s as it was.
 */
bool stamp_cut_parts(struct slice *s, struct slice format, struct stamp_parts *p);

/* Put parts together; what was not said is taken from `zone` and `received`. */
bool stamp_from_parts(const struct stamp_parts *p, struct span zone, struct instant received,
    struct instant *out);

#endif
