/* instant.c - see instant.h. */
#include "base/instant.h"

#include <stdio.h>

struct instant
instant_floor(struct instant t, struct span width)
{
	int64_t r = t.us % width.us;

	return (struct instant){t.us - (r < 0 ? r + width.us : r)};
}

int64_t
days_from_civil(int year, int month, int day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

static int
month_days(int year, int month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

bool
instant_from_civil(const struct civil *c, struct span utc_offset, struct instant *out)
{
	int64_t s;
	int second = c->second == 60 ? 59 : c->second;

	if (c->year < 1 || c->year > 9999 || c->month < 1 || c->month > 12 || c->day < 1 ||
	    c->day > month_days(c->year, c->month) || c->hour < 0 || c->hour > 23 ||
	    c->minute < 0 || c->minute > 59 || second < 0 || second > 59 || c->micro < 0 ||
	    c->micro > 999999)
		return false;
	s = days_from_civil(c->year, c->month, c->day) * 86400;
	s += c->hour * 3600 + c->minute * 60 + second;
	out->us = s * 1000000 + c->micro - utc_offset.us;
	return true;
}

struct civil
instant_to_civil(struct instant t, struct span utc_offset)
{
	int64_t us = t.us + utc_offset.us;
	int64_t days = us / 86400000000;
	int64_t rest = us % 86400000000;

	if (rest < 0) {
		rest += 86400000000;
		days--;
	}
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int month = (int)(mp < 10 ? mp + 3 : mp - 9);

	return (struct civil){
	    .year = (int)(yoe + era * 400 + (month <= 2)),
	    .month = month,
	    .day = (int)(doy - (153 * mp + 2) / 5 + 1),
	    .hour = (int)(rest / 3600000000),
	    .minute = (int)(rest / 60000000 % 60),
	    .second = (int)(rest / 1000000 % 60),
	    .micro = (int)(rest % 1000000),
	};
}

/* Exactly n digits. */
static bool
take_digits(struct slice *s, size_t n, int *out)
{
	int v = 0;

	if (s->len < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned d = (unsigned)s->ptr[i] - '0';
		if (d > 9)
			return false;
		v = v * 10 + (int)d;
	}
	*s = slice_from(*s, n);
	*out = v;
	return true;
}

static bool
take_one_of(struct slice *s, const char *set)
{
	if (s->len == 0 || s->ptr[0] == 0 || strchr(set, s->ptr[0]) == NULL)
		return false;
	*s = slice_from(*s, 1);
	return true;
}

/* Any number of fraction digits; the first six count. */
static int
take_micro(struct slice *s)
{
	int micro = 0, digits = 0;

	while (s->len > 0 && s->ptr[0] >= '0' && s->ptr[0] <= '9') {
		if (digits++ < 6)
			micro = micro * 10 + (s->ptr[0] - '0');
		*s = slice_from(*s, 1);
	}
	for (; digits < 6; digits++)
		micro *= 10;
	return micro;
}

bool
instant_parse(struct slice s, struct span zone, struct instant *out)
{
	struct civil c = {0};
	int hours, minutes;

	if (!take_digits(&s, 4, &c.year) || !take_one_of(&s, "-/") ||
	    !take_digits(&s, 2, &c.month) || !take_one_of(&s, "-/") ||
	    !take_digits(&s, 2, &c.day) || !take_one_of(&s, "Tt ") ||
	    !take_digits(&s, 2, &c.hour) || !take_one_of(&s, ":") ||
	    !take_digits(&s, 2, &c.minute) || !take_one_of(&s, ":") ||
	    !take_digits(&s, 2, &c.second))
		return false;
	if (take_one_of(&s, ".,"))
		c.micro = take_micro(&s);
	if (s.len == 0)
		return instant_from_civil(&c, zone, out);
	if (take_one_of(&s, "Zz"))
		return s.len == 0 && instant_from_civil(&c, SPAN_SECONDS(0), out);
	bool west = s.ptr[0] == '-';
	if (!take_one_of(&s, "+-") || !take_digits(&s, 2, &hours))
		return false;
	take_one_of(&s, ":");
	if (!take_digits(&s, 2, &minutes) || s.len != 0 || hours > 23 || minutes > 59)
		return false;
	struct span offset = SPAN_MINUTES(hours * 60 + minutes);
	if (west)
		offset.us = -offset.us;
	return instant_from_civil(&c, offset, out);
}

char *
instant_format(struct instant t, char buf[INSTANT_TEXT_MAX])
{
	struct civil c = instant_to_civil(t, SPAN_SECONDS(0));

	snprintf(buf, INSTANT_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", c.year, c.month,
	    c.day, c.hour, c.minute, c.second, c.micro);
	return buf;
}
