/* stamp.c - see stamp.h. */
#include "event/stamp.h"

#define SECOND_US 1000000

static inline bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Two digits; -1 if they are not. */
static inline int
two(const uint8_t *p)
{
	unsigned a = (unsigned)p[0] - '0', b = (unsigned)p[1] - '0';

	return a > 9 || b > 9 ? -1 : (int)(a * 10 + b);
}

static int
four(const uint8_t *p)
{
	int high = two(p), low = two(p + 2);

	return high < 0 || low < 0 ? -1 : high * 100 + low;
}

int
stamp_month(const uint8_t *p)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int m = 0; m < 12; m++)
		if ((p[0] | 0x20) == names[3 * m] && (p[1] | 0x20) == names[3 * m + 1] &&
		    (p[2] | 0x20) == names[3 * m + 2])
			return m + 1;
	return 0;
}

/* Are all eight bytes digits? */
static inline bool
eight_digits(uint64_t v)
{
	return ((v & 0xf0f0f0f0f0f0f0f0u) |
		   (((v + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) >> 4)) ==
	       0x3333333333333333u;
}

/* Eight digits, the first in the lowest byte: pairs, then fours, then all, a multiplication
 * each. */
static inline uint64_t
eight_value(uint64_t v)
{
	v = (v & 0x0f0f0f0f0f0f0f0fu) * 2561 >> 8;
	v = (v & 0x00ff00ff00ff00ffu) * 6553601 >> 16;
	return (v & 0x0000ffff0000ffffu) * 42949672960001u >> 32;
}

/* "1795396079.645", as all but a few of them are. */
static inline bool
read_epoch_ms(const uint8_t *p, struct instant *out)
{
	uint64_t v;
	int low, ms;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	if (!eight_digits(v) || p[10] != '.' || (low = two(p + 8)) < 0 ||
	    (ms = two(p + 11)) < 0 || !is_digit(p[13]))
		return false;
	out->us = (int64_t)(eight_value(v) * 100 + (uint64_t)low) * SECOND_US +
		  (ms * 10 + p[13] - '0') * 1000;
	return true;
}

bool
stamp_read_epoch(struct slice s, struct instant *out)
{
	uint64_t seconds = 0, micro = 0;
	size_t i = 0, decimals = 0;

	if (s.len == 14 && read_epoch_ms(s.ptr, out))
		return true;
	for (; i < s.len && is_digit(s.ptr[i]); i++)
		seconds = seconds * 10 + (uint64_t)(s.ptr[i] - '0');
	if (i == 0 || i > 11)
		return false;
	if (i < s.len) {
		if (s.ptr[i++] != '.')
			return false;
		for (; i < s.len; i++) {
			if (!is_digit(s.ptr[i]))
				return false;
			if (decimals++ < 6)
				micro = micro * 10 + (uint64_t)(s.ptr[i] - '0');
		}
		for (; decimals < 6; decimals++)
			micro *= 10;
	}
	out->us = (int64_t)(seconds * SECOND_US + micro);
	return true;
}

bool
stamp_read_number(struct slice s, struct instant *out)
{
	uint64_t v;

	if (s.len == 14 && read_epoch_ms(s.ptr, out))
		return true;
	if (slice_find(s, '.') != SIZE_MAX || s.len <= 11)
		return stamp_read_epoch(s, out);
	if (!slice_to_u64(s, &v))
		return false;
	if (v >= 100000000000000000u)
		v /= 1000;
	else if (v < 100000000000000u)
		v *= 1000;
	out->us = (int64_t)v;
	return true;
}

/* "Z", "+09:00", "+0900" or "+09": the whole of s. */
static bool
read_zone(struct slice s, struct span *out)
{
	int hours, minutes = 0;

	if (s.len == 1 && (s.ptr[0] | 0x20) == 'z') {
		*out = SPAN_SECONDS(0);
		return true;
	}
	if (s.len < 3 || (s.ptr[0] != '+' && s.ptr[0] != '-') || (hours = two(s.ptr + 1)) < 0)
		return false;
	if (s.len == 5)
		minutes = two(s.ptr + 3);
	else if (s.len == 6 && s.ptr[3] == ':')
		minutes = two(s.ptr + 4);
	else if (s.len != 3)
		return false;
	if (hours > 23 || minutes < 0 || minutes > 59)
		return false;
	*out = SPAN_MINUTES(hours * 60 + minutes);
	if (s.ptr[0] == '-')
		out->us = -out->us;
	return true;
}

static bool
cache_has(const struct stamp_cache *c, const uint8_t *text, size_t len, struct span zone)
{
	return c->len == len && c->zone.us == zone.us && memcmp(c->text, text, len) == 0;
}

static void
cache_keep(struct stamp_cache *c, const uint8_t *text, size_t len, struct span zone,
    struct instant minute)
{
	memcpy(c->text, text, len);
	c->len = len;
	c->zone = zone;
	c->minute = minute;
}

#define CLF_MINUTE 17 /* "23/Nov/2026:01:07" */
#define CLF_SECOND 20

bool
stamp_read_clf(struct stamp_cache *c, struct slice s, struct span zone, struct instant *out)
{
	const uint8_t *p = s.ptr;
	int second;

	if (s.len < CLF_SECOND || p[17] != ':' || (second = two(p + 18)) < 0 || second > 60)
		return false;
	if (s.len > CLF_SECOND) {
		struct slice rest = slice_from(s, CLF_SECOND);
		if (rest.ptr[0] == ' ')
			rest = slice_from(rest, 1);
		if (!read_zone(rest, &zone))
			return false;
	}
	if (!cache_has(c, p, CLF_MINUTE, zone)) {
		struct civil t = {.day = two(p),
		    .month = stamp_month(p + 3),
		    .year = four(p + 7),
		    .hour = two(p + 12),
		    .minute = two(p + 15)};
		struct instant minute;
		if (p[2] != '/' || p[6] != '/' || p[11] != ':' || p[14] != ':' ||
		    !instant_from_civil(&t, zone, &minute))
			return false;
		cache_keep(c, p, CLF_MINUTE, zone, minute);
	}
	out->us = c->minute.us + (second == 60 ? 59 : second) * SECOND_US;
	return true;
}

#define ISO_MINUTE 16 /* "2026-11-23T01:07" */
#define ISO_SECOND 19

bool
stamp_read_iso(struct stamp_cache *c, struct slice s, struct span zone, struct instant *out)
{
	const uint8_t *p = s.ptr;
	int64_t micro = 0;
	size_t i = ISO_SECOND, digits = 0;
	int second;

	if (s.len < ISO_SECOND || p[16] != ':' || (second = two(p + 17)) < 0 || second > 60)
		return false;
	if (i < s.len && (p[i] == '.' || p[i] == ',')) {
		for (i++; i < s.len && is_digit(p[i]); i++)
			if (digits++ < 6)
				micro = micro * 10 + (p[i] - '0');
		for (; digits < 6; digits++)
			micro *= 10;
	}
	if (i < s.len && p[i] == ' ')
		i++;
	if (i < s.len && !read_zone(slice_from(s, i), &zone))
		return false;
	if (!cache_has(c, p, ISO_MINUTE, zone)) {
		struct instant minute;
		uint8_t text[ISO_SECOND];
		memcpy(text, p, ISO_MINUTE);
		memcpy(text + ISO_MINUTE, ":00", 3);
		if (!instant_parse(slice_of(text, sizeof(text)), zone, &minute))
			return false;
		cache_keep(c, p, ISO_MINUTE, zone, minute);
	}
	out->us = c->minute.us + (second == 60 ? 59 : second) * SECOND_US + micro;
	return true;
}

/* Of last year, this and the next, the one that brings t nearest to `received`. */
static bool
nearest_year(struct civil *t, struct span zone, struct instant received, struct instant *out)
{
	int year = instant_to_civil(received, zone).year;
	int64_t best = INT64_MAX;

	for (t->year = year - 1; t->year <= year + 1; t->year++) {
		struct instant at;
		int64_t away;
		if (!instant_from_civil(t, zone, &at))
			continue; /* 29 February */
		away = instant_since(at, received).us;
		if (away < 0)
			away = -away;
		if (away < best) {
			best = away;
			*out = at;
		}
	}
	return best != INT64_MAX;
}

bool
stamp_cut_bsd(struct slice *s, struct span zone, struct instant received, struct instant *out)
{
	const uint8_t *p = s->ptr;
	struct civil t = {0};

	if (s->len < 15 || p[3] != ' ' || p[6] != ' ' || p[9] != ':' || p[12] != ':')
		return false;
	t.month = stamp_month(p);
	t.day = p[4] == ' ' && is_digit(p[5]) ? p[5] - '0' : two(p + 4);
	t.hour = two(p + 7);
	t.minute = two(p + 10);
	t.second = two(p + 13);
	if (!nearest_year(&t, zone, received, out))
		return false;
	*s = slice_from(*s, 15);
	return true;
}

/* Up to `most` digits, after the padding spaces that %e, %k and %l may write. */
static bool
cut_number(struct slice *s, size_t most, int *out)
{
	size_t i = 0;
	int v = 0;

	while (s->len > 0 && s->ptr[0] == ' ')
		*s = slice_from(*s, 1);
	for (; i < most && i < s->len && is_digit(s->ptr[i]); i++)
		v = v * 10 + (s->ptr[i] - '0');
	if (i == 0)
		return false;
	*s = slice_from(*s, i);
	*out = v;
	return true;
}

static size_t
letters(struct slice s)
{
	size_t n = 0;

	while (n < s.len && (s.ptr[n] | 0x20) >= 'a' && (s.ptr[n] | 0x20) <= 'z')
		n++;
	return n;
}

static bool
cut_zone(struct slice *s, struct span *out)
{
	size_t n = 0;

	if (s->len > 0 && (s->ptr[0] | 0x20) == 'z')
		n = 1;
	else if (s->len >= 6 && s->ptr[3] == ':')
		n = 6;
	else if (s->len >= 5)
		n = 5;
	if (n == 0 || !read_zone(slice_first(*s, n), out))
		return false;
	*s = slice_from(*s, n);
	return true;
}

static bool
cut_epoch(struct slice *s, struct stamp_parts *r)
{
	size_t n = 0;

	while (n < s->len && is_digit(s->ptr[n]))
		n++;
	r->has_epoch = stamp_read_epoch(slice_first(*s, n), &r->epoch);
	*s = slice_from(*s, n);
	return r->has_epoch;
}

/* What a conversion stands for where it is short for others. */
static const char *
expansion(uint8_t conversion)
{
	switch (conversion) {
	case 'T':
	case 'X':
		return "%H:%M:%S";
	case 'R':
		return "%H:%M";
	case 'F':
		return "%Y-%m-%d";
	case 'D':
	case 'x':
		return "%m/%d/%y";
	case 'c':
		return "%a %b %e %H:%M:%S %Y";
	case 'r':
		return "%I:%M:%S %p";
	default:
		return NULL;
	}
}

static bool
cut_conversion(struct slice *s, uint8_t conversion, struct stamp_parts *r)
{
	struct civil *t = &r->civil;
	size_t n;

	switch (conversion) {
	case 'd':
	case 'e':
		return cut_number(s, 2, &t->day);
	case 'm':
		return cut_number(s, 2, &t->month);
	case 'b':
	case 'h':
	case 'B':
		n = letters(*s);
		if (n < 3 || (t->month = stamp_month(s->ptr)) == 0)
			return false;
		*s = slice_from(*s, n);
		return true;
	case 'Y':
		r->has_year = true;
		return cut_number(s, 4, &t->year);
	case 'y':
		r->has_year = true;
		if (!cut_number(s, 2, &t->year))
			return false;
		t->year += t->year < 69 ? 2000 : 1900;
		return true;
	case 'H':
	case 'k':
	case 'I':
	case 'l':
		return cut_number(s, 2, &t->hour);
	case 'M':
		return cut_number(s, 2, &t->minute);
	case 'S':
		return cut_number(s, 2, &t->second);
	case 'j':
		return cut_number(s, 3, &r->yday);
	case 'p':
	case 'P':
		if (s->len < 2 || (s->ptr[1] | 0x20) != 'm')
			return false;
		r->pm = (s->ptr[0] | 0x20) == 'p';
		r->am = !r->pm;
		*s = slice_from(*s, 2);
		return true;
	case 's':
		return cut_epoch(s, r);
	case 'z':
		r->has_zone = true;
		return cut_zone(s, &r->zone);
	case 'a':
	case 'A':
	case 'Z': /* a zone's name is ambiguous: the source's setting holds */
		n = letters(*s);
		*s = slice_from(*s, n);
		return n > 0;
	default:
		return false;
	}
}

static bool
cut_all(struct slice *s, struct slice format, struct stamp_parts *r)
{
	for (size_t i = 0; i < format.len; i++) {
		uint8_t c = format.ptr[i];
		const char *longer;

		if (c == '%' && i + 1 < format.len) {
			c = format.ptr[++i];
			if ((c == 'E' || c == 'O') && i + 1 < format.len)
				c = format.ptr[++i];
			longer = expansion(c);
			if (longer != NULL) {
				if (!cut_all(s, slice_str(longer), r))
					return false;
				continue;
			}
			if (c == 'n' || c == 't')
				c = c == 'n' ? '\n' : '\t';
			else if (c != '%') {
				if (!cut_conversion(s, c, r))
					return false;
				continue;
			}
		}
		if (s->len == 0 || s->ptr[0] != c)
			return false;
		*s = slice_from(*s, 1);
	}
	return true;
}

bool
stamp_cut_parts(struct slice *s, struct slice format, struct stamp_parts *p)
{
	struct slice rest = *s;

	if (!cut_all(&rest, format, p))
		return false;
	*s = rest;
	return true;
}

/* "%j": the day of the year, where no month was said. */
static void
use_day_of_year(struct civil *t, int yday)
{
	int64_t days = days_from_civil(t->year, 1, 1) + yday - 1;
	struct civil day =
	    instant_to_civil((struct instant){days * 86400 * SECOND_US}, SPAN_SECONDS(0));

	t->month = day.month;
	t->day = day.day;
}

bool
stamp_from_parts(
    const struct stamp_parts *p, struct span zone, struct instant received, struct instant *out)
{
	struct civil t = p->civil;
	bool has_year = p->has_year;

	if (p->has_epoch) {
		*out = p->epoch;
		return true;
	}
	if (p->has_zone)
		zone = p->zone;
	if ((p->pm || p->am) && t.hour == 12)
		t.hour = 0;
	if (p->pm)
		t.hour += 12;
	if (p->yday > 0 && has_year && t.month == 0)
		use_day_of_year(&t, p->yday);
	if (t.month == 0 && !has_year) { /* a time of day alone */
		struct civil day = instant_to_civil(received, zone);
		t.year = day.year;
		t.month = day.month;
		t.day = day.day;
		has_year = true;
	}
	return has_year ? instant_from_civil(&t, zone, out)
			: nearest_year(&t, zone, received, out);
}
