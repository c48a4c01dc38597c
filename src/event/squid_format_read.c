/*
 * squid_format_read.c - fit a line to a compiled logformat.
 *
 * First every value's place is found, then, when all of the line fits, the values
 * go into the event.
 */
#include "event/squid_format_inside.h"

#include "event/unescape.h"
#include "event/url.h"
#include "event/value.h"

#define TRIES_MAX 512 /* places tried for the ends of one line's values */

struct run {
	struct squid_format *f;
	struct slice line;
	struct span utc_offset;
	struct instant received;
	unsigned tries;
	unsigned furthest;	  /* the step that failed and had most before it */
	enum codec_status reason; /* why it did */
	struct slice value[STEPS_MAX];
	struct stamp_parts parts; /* of times with a format of their own */
	struct instant time;
	bool timed;
};

static bool
fail(struct run *r, unsigned step, enum codec_status reason)
{
	if (step >= r->furthest) {
		r->furthest = step;
		r->reason = reason;
	}
	return false;
}

static bool
fits(enum shape shape, struct slice v)
{
	if (shape == SHAPE_ANY)
		return true;
	for (size_t i = 0; i < v.len; i++) {
		uint8_t c = v.ptr[i];
		if (c <= ' ' || c == '"')
			return false;
		if (shape == SHAPE_NUMBER && !(c >= '0' && c <= '9') && c != '-' && c != '.')
			return false;
	}
	return v.len > 0;
}

/* Where a value without a literal after it ends: its shape alone tells. */
static size_t
shape_end(enum shape shape, struct slice s)
{
	size_t i = 0;

	while (
	    i < s.len && s.ptr[i] > ' ' &&
	    (shape != SHAPE_NUMBER || (s.ptr[i] >= '0' && s.ptr[i] <= '9') || s.ptr[i] == '-'))
		i++;
	return i;
}

/* A quote after an odd number of backslashes is part of the value. */
static bool
is_escaped(struct slice s, size_t at)
{
	size_t n = 0;

	while (n < at && s.ptr[at - 1 - n] == '\\')
		n++;
	return n % 2 == 1;
}

/* The shell-like encoding brings quotes of its own where there are spaces. */
static bool
is_whole_shell_word(struct slice s, size_t end)
{
	return end == 0 || s.ptr[0] != '"' ||
	       (end >= 2 && s.ptr[end - 1] == '"' && !is_escaped(s, end - 1));
}

static bool match(struct run *r, unsigned i, size_t at);

static struct span
zone_of(const struct run *r, const struct step *s)
{
	return s->code->take == TAKE_UTC_TIME ? SPAN_SECONDS(0) : r->utc_offset;
}

static bool
match_time(struct run *r, unsigned i, size_t at)
{
	const struct step *s = &r->f->step[i];
	struct slice rest = slice_from(r->line, at), left = rest;

	if (s->arg.len > 0) {
		if (!stamp_cut_parts(&left, s->arg, &r->parts))
			return fail(r, i, CODEC_BAD_TIME);
	} else {
		/* With or without the offset: Squid's versions differ. */
		size_t n = rest.len >= 26 && rest.ptr[20] == ' ' &&
				   (rest.ptr[21] == '+' || rest.ptr[21] == '-')
			       ? 26
			       : 20;
		if (rest.len < n || !stamp_read_clf(&r->f->cache, slice_first(rest, n),
					zone_of(r, s), &r->time))
			return fail(r, i, CODEC_BAD_TIME);
		left = slice_from(rest, n);
		r->timed = true;
	}
	return match(r, i + 1, r->line.len - left.len);
}

static bool
match_between(struct run *r, unsigned i, size_t at, struct slice literal)
{
	const struct step *s = &r->f->step[i];
	struct slice rest = slice_from(r->line, at);
	bool last = i + 2 == r->f->n;
	size_t from = 0;

	while (r->tries++ < TRIES_MAX) {
		size_t end = slice_search(slice_from(rest, from), literal);
		struct slice v;
		if (end == SIZE_MAX)
			return fail(
			    r, i, literal.ptr[0] == '"' ? CODEC_BAD_QUOTE : CODEC_SHORT);
		end += from;
		from = end + 1;
		if (literal.ptr[0] == '"' && s->encoding == ENCODING_BACKSLASH &&
		    is_escaped(rest, end))
			continue;
		if (s->encoding == ENCODING_SHELL && !is_whole_shell_word(rest, end))
			continue;
		if (last && end + literal.len != rest.len)
			continue;
		v = slice_first(rest, end);
		while (s->left && s->padded && v.len > 0 && v.ptr[v.len - 1] == ' ')
			v.len--;
		if (s->left && s->padded)
			while (end + 1 < rest.len && rest.ptr[end] == ' ' &&
			       slice_starts(slice_from(rest, end + 1), literal))
				end++;
		if (!fits(s->code->shape, v)) {
			fail(r, i,
			    s->code->shape == SHAPE_NUMBER ? CODEC_BAD_NUMBER : CODEC_SHORT);
			if (s->code->shape != SHAPE_ANY)
				return false; /* a longer one fits no better */
			continue;
		}
		r->value[i] = v;
		if (match(r, i + 2, at + end + literal.len))
			return true;
		if (s->code->shape == SHAPE_NUMBER)
			return false;
	}
	return fail(r, i, CODEC_SHORT);
}

static bool
match_value(struct run *r, unsigned i, size_t at)
{
	const struct step *s = &r->f->step[i];
	const struct step *next = i + 1 < r->f->n ? &r->f->step[i + 1] : NULL;
	struct slice rest;
	size_t end;

	if (s->padded && !s->left)
		while (at < r->line.len && r->line.ptr[at] == ' ')
			at++;
	if (s->code->shape == SHAPE_TIME)
		return match_time(r, i, at);
	if (next != NULL && next->code == NULL)
		return match_between(r, i, at, next->literal);
	rest = slice_from(r->line, at);
	end = next == NULL && s->code->shape == SHAPE_ANY ? rest.len
							  : shape_end(s->code->shape, rest);
	if (end == 0)
		return fail(r, i, CODEC_SHORT);
	r->value[i] = slice_first(rest, end);
	return match(r, i + 1, at + end);
}

/* Do the steps from i on fit the line from `at` on?  A line may hold more than the format says.
 */
static bool
match(struct run *r, unsigned i, size_t at)
{
	const struct step *s;

	if (i >= r->f->n)
		return true;
	s = &r->f->step[i];
	if (s->code != NULL)
		return match_value(r, i, at);
	if (!slice_starts(slice_from(r->line, at), s->literal))
		return fail(r, i, CODEC_SHORT);
	return match(r, i + 1, at + s->literal.len);
}

/* A bare quote inside shows that nothing was escaped: then nothing is decoded either. */
static bool
has_bare_quote(struct slice v)
{
	for (size_t i = 0; i < v.len; i++) {
		if (v.ptr[i] == '\\')
			i++;
		else if (v.ptr[i] == '"')
			return true;
	}
	return false;
}

static struct slice
decode(const struct step *s, struct slice v, struct arena *mem)
{
	switch (s->encoding) {
	case ENCODING_PERCENT:
		return unescape_percent(v, mem);
	case ENCODING_SHELL:
		if (v.len >= 2 && v.ptr[0] == '"' && v.ptr[v.len - 1] == '"')
			v = slice_of(v.ptr + 1, v.len - 2);
		return unescape_backslash(v, mem);
	case ENCODING_BACKSLASH:
		return has_bare_quote(v) ? v : unescape_backslash(v, mem);
	default:
		return v;
	}
}

static enum field_id
name_of_host(enum field_id ip)
{
	return ip == FIELD_SOURCE_IP	    ? FIELD_SOURCE_DOMAIN
	       : ip == FIELD_DESTINATION_IP ? FIELD_DESTINATION_DOMAIN
					    : FIELD_OBSERVER_NAME;
}

static void
put_path(struct event *ev, struct slice v)
{
	struct url u;

	if (!url_split(v, &u) || u.scheme.ptr != NULL)
		return;
	if (u.path.ptr != NULL)
		event_add(ev, FIELD_URL_PATH, u.path);
	if (u.query.ptr != NULL)
		event_add(ev, FIELD_URL_QUERY, u.query);
	if (u.extension.ptr != NULL)
		event_add(ev, FIELD_URL_EXTENSION, u.extension);
}

/* Everything but the URL, which needs to know the method. */
static enum codec_status
put_value(const struct step *s, struct slice v, struct arena *mem, struct event *ev)
{
	if (value_is_absent(v))
		return CODEC_EVENT;
	switch (s->code->take) {
	case TAKE_DROP:
	case TAKE_URL:
	case TAKE_LOCAL_TIME:
	case TAKE_UTC_TIME:
		return CODEC_EVENT;
	case TAKE_EPOCH:
		if (!stamp_read_epoch(v, &ev->at))
			return CODEC_BAD_TIME;
		ev->timed = true;
		return CODEC_EVENT;
	case TAKE_SUBSECOND: {
		uint64_t ms;
		if (!slice_to_u64(v, &ms) || ms > 999)
			return CODEC_BAD_TIME;
		if (ev->timed)
			ev->at.us += (int64_t)ms * 1000;
		return CODEC_EVENT;
	}
	case TAKE_HOST:
		event_add(ev, value_is_ip(v) ? s->field : name_of_host(s->field), v);
		return CODEC_EVENT;
	case TAKE_STATUS:
		return value_put_status(ev, v) ? CODEC_EVENT : CODEC_BAD_NUMBER;
	case TAKE_NUMBER:
		if (v.ptr[0] == '-')
			return CODEC_EVENT; /* "-1": Squid could not know */
		return value_put_number(ev, s->field, v) ? CODEC_EVENT : CODEC_BAD_NUMBER;
	case TAKE_PATH:
		put_path(ev, v);
		return CODEC_EVENT;
	default:
		v = decode(s, v, mem);
		if (s->field != FIELD_NONE)
			event_add(ev, s->field, v);
		else
			event_add_extra(ev, s->name, v);
		return CODEC_EVENT;
	}
}

/* Times written in one or several strftime() formats. */
static bool
put_parts_together(struct run *r)
{
	struct span zone;
	unsigned i = 0;

	while (i < r->f->n && (r->f->step[i].code == NULL || r->f->step[i].arg.len == 0 ||
				  r->f->step[i].code->shape != SHAPE_TIME))
		i++;
	if (i == r->f->n)
		return true;
	zone = zone_of(r, &r->f->step[i]);
	r->timed = stamp_from_parts(&r->parts, zone, r->received, &r->time);
	return r->timed;
}

enum codec_status
squid_format_read(struct squid_format *f, struct span utc_offset, struct slice line,
    struct instant received, struct arena *mem, struct event *ev)
{
	struct run r = {.reason = CODEC_SHORT};
	bool connect;

	r.f = f;
	r.line = line;
	r.utc_offset = utc_offset;
	r.received = received;
	if (!match(&r, 0, 0))
		return r.reason;
	if (!r.timed && !put_parts_together(&r))
		return CODEC_BAD_TIME;
	if (r.timed) {
		ev->at = r.time;
		ev->timed = true;
	}
	for (unsigned i = 0; i < f->n; i++)
		if (f->step[i].code != NULL) {
			enum codec_status status = put_value(&f->step[i], r.value[i], mem, ev);
			if (status != CODEC_EVENT)
				return status;
		}
	connect = slice_is(event_get(ev, FIELD_HTTP_METHOD), "CONNECT");
	for (unsigned i = 0; i < f->n; i++)
		if (f->step[i].code != NULL && f->step[i].code->take == TAKE_URL &&
		    !value_is_absent(r.value[i]) && !event_has(ev, FIELD_URL_ORIGINAL))
			url_put(ev, decode(&f->step[i], r.value[i], mem), connect);
	url_compose(ev, mem);
	return CODEC_EVENT;
}
