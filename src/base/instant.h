/*
 * instant.h - time as values: microseconds since 1970-01-01T00:00:00Z, and spans.
 *
 * An instant cannot be mistaken for a span or a count.  Pure: nobody asks for
 * "now" here; the shell passes it in.  The calendar is proleptic Gregorian
 * (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
 */
#ifndef HINOMI_BASE_INSTANT_H
#define HINOMI_BASE_INSTANT_H

#include "base/slice.h"

struct instant {
	int64_t us;
};

struct span {
	int64_t us;
};

#define SPAN_MS(n)	((struct span){(int64_t)(n)*1000})
#define SPAN_SECONDS(n) ((struct span){(int64_t)(n)*1000000})
#define SPAN_MINUTES(n) SPAN_SECONDS((int64_t)(n)*60)
#define SPAN_HOURS(n)	SPAN_SECONDS((int64_t)(n)*3600)
#define SPAN_DAYS(n)	SPAN_SECONDS((int64_t)(n)*86400)

/* A date and time of day as a calendar shows it; month and day count from 1. */
struct civil {
	int year, month, day;
	int hour, minute, second;
	int micro;
};

static inline struct instant
instant_add(struct instant t, struct span d)
{
	return (struct instant){t.us + d.us};
}

/* later - earlier */
static inline struct span
instant_since(struct instant later, struct instant earlier)
{
	return (struct span){later.us - earlier.us};
}

static inline bool
instant_before(struct instant a, struct instant b)
{
	return a.us < b.us;
}

/* The start of the window of this width (counted from 1970) that t lies in. */
struct instant instant_floor(struct instant t, struct span width);

int64_t days_from_civil(int year, int month, int day);

/* False for a date that does not exist; second 60 is taken as 59 (leap second). */
bool instant_from_civil(const struct civil *c, struct span utc_offset, struct instant *out);
struct civil instant_to_civil(struct instant t, struct span utc_offset);

/* RFC 3339 with "T", "t" or a space; without an offset `zone` is taken.  False if it is not
 * one. */
bool instant_parse(struct slice s, struct span zone, struct instant *out);

/* "2026-11-23T01:07:59.123456Z": always UTC, always six digits; returns buf. */
#define INSTANT_TEXT_MAX 40
char *instant_format(struct instant t, char buf[INSTANT_TEXT_MAX]);

#endif
