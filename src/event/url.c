/* url.c - see url.h. */
#include "event/url.h"

#include "event/value.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define SCHEME_MAX 16

static struct slice
between(const uint8_t *from, const uint8_t *to)
{
	return (struct slice){from, (size_t)(to - from)};
}

/*
 * The path's last dot after its last slash begins the extension; ".profile" has
 * none.  `before` bytes in front of the path may be looked at.
 */
static inline struct slice
find_extension(struct slice path, size_t before)
{
	const uint8_t *end = path.ptr + path.len, *p = end;

#ifdef __SSE2__
	if (path.len + before >= 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(end - 16));
		unsigned dots =
		    (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('.')));
		unsigned slashes =
		    (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('/')));
		if (slashes >= dots && slashes != 0)
			return (struct slice){0}; /* the last slash comes after the last dot */
		p = dots != 0 ? end - __builtin_clz(dots) + 16 : end - 16;
	}
#endif
	while (p > path.ptr) {
		uint8_t c = *--p;
		if (c == '/')
			break;
		if (c == '.') {
			if (p + 1 == end || p == path.ptr || p[-1] == '/')
				break;
			return between(p + 1, end);
		}
	}
	return (struct slice){0};
}

#ifdef __SSE2__
static inline uint64_t
delimiters16(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i a = _mm_or_si128(
	    _mm_cmpeq_epi8(v, _mm_set1_epi8('/')), _mm_cmpeq_epi8(v, _mm_set1_epi8('?')));
	__m128i b = _mm_or_si128(
	    _mm_cmpeq_epi8(v, _mm_set1_epi8(':')), _mm_cmpeq_epi8(v, _mm_set1_epi8('#')));
	__m128i c = _mm_or_si128(
	    _mm_cmpeq_epi8(v, _mm_set1_epi8('@')), _mm_cmpeq_epi8(v, _mm_set1_epi8('[')));

	return (uint16_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(a, b), c));
}
#endif

/* One bit for each of up to 64 bytes that delimits something: / ? # : @ [ */
static inline uint64_t
delimiters(const uint8_t *p, const uint8_t *end)
{
	uint64_t mask = 0;
	size_t n = (size_t)(end - p), i = 0;

	if (n > 64)
		n = 64;
#ifdef __SSE2__
	for (; i + 16 <= n; i += 16)
		mask |= delimiters16(p + i) << i;
	if (i > 0 && i < n) { /* the last 16 bytes, without those seen before */
		mask |= delimiters16(p + n - 16) >> (16 - (n - i)) << i;
		i = n;
	}
#endif
	for (; i < n; i++) {
		uint8_t c = p[i];
		uint64_t hit =
		    c == '/' || c == '?' || c == '#' || c == ':' || c == '@' || c == '[';
		mask |= hit << i;
	}
	return mask;
}

/* The same for up to 63 bytes that have 64 bytes of the line before their end. */
static inline uint64_t
delimiters_late(const uint8_t *end, size_t n)
{
#ifdef __SSE2__
	uint64_t mask = delimiters16(end - 64) | delimiters16(end - 48) << 16 |
			delimiters16(end - 32) << 32 | delimiters16(end - 16) << 48;

	return n == 0 ? 0 : mask >> (64 - n);
#else
	return delimiters(end - n, end);
#endif
}

/* Walks from delimiter to delimiter. */
struct walk {
	const uint8_t *start, *base, *end;
	uint64_t mask; /* of the 64 bytes at base; those passed are cleared */
};

static inline struct walk
walk_over(struct slice s, bool late)
{
	const uint8_t *end = s.ptr + s.len;

	return (struct walk){s.ptr, s.ptr, end,
	    late && s.len < 64 ? delimiters_late(end, s.len) : delimiters(s.ptr, end)};
}

/* The next delimiter, or the end. */
static inline const uint8_t *
walk_next(struct walk *w)
{
	const uint8_t *p;

	while (w->mask == 0) {
		if (w->end - w->base <= 64)
			return w->end;
		w->base += 64;
		w->mask = delimiters(w->base, w->end);
	}
	p = w->base + __builtin_ctzll(w->mask);
	w->mask &= w->mask - 1;
	return p;
}

/* The next delimiter at or after p. */
static const uint8_t *
walk_from(struct walk *w, const uint8_t *p)
{
	const uint8_t *at;

	do
		at = walk_next(w);
	while (at < p);
	return at;
}

/* "/path?query#fragment", each part optional; p is where it begins, and a delimiter or the end.
 */
static inline void
split_rest(struct walk *w, const uint8_t *p, struct url *u)
{
	const uint8_t *at = p;

	if (at < w->end && *at == '/') {
		do
			at = walk_next(w);
		while (at < w->end && *at != '?' && *at != '#');
		u->path = between(p, at);
		u->extension = find_extension(u->path, (size_t)(p - w->start));
	}
	if (at < w->end && *at == '?') {
		p = at + 1;
		do
			at = walk_next(w);
		while (at < w->end && *at != '#');
		u->query = between(p, at);
	}
}

/*
 * userinfo@host:port from `host` on; `at` is the first delimiter there.  Returns
 * where it ends, or NULL when a bracket does not close.
 */
static inline const uint8_t *
split_authority(struct walk *w, const uint8_t *host, const uint8_t *at, struct url *u)
{
	const uint8_t *colon = NULL, *last;

	for (; at < w->end && *at != '/' && *at != '?' && *at != '#'; at = walk_next(w)) {
		if (*at == ':')
			colon = at;
		else if (*at == '@') {
			host = at + 1;
			colon = NULL;
		} else if (at == host) {
			const uint8_t *close = memchr(at, ']', (size_t)(w->end - at));
			if (close == NULL)
				return NULL;
			at = walk_from(w, close);
			if (at == w->end || *at != ':')
				break;
			colon = at;
		}
	}
	last = colon != NULL ? colon : at;
	if (last > host)
		u->domain = between(host, last);
	if (colon != NULL && colon + 1 < at)
		u->port = between(colon + 1, at);
	return at;
}

static bool
is_scheme(struct slice s)
{
	if (slice_equal(s, SLICE("https")) || slice_equal(s, SLICE("http")))
		return true;
	if (s.len == 0 || s.len > SCHEME_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') &&
		    (i == 0 || (!(c >= '0' && c <= '9') && strchr("+-._", c) == NULL)))
			return false;
	}
	return true;
}

/* A dot, brackets or a numeric port make a word a host rather than just a word. */
static inline bool
looks_like_host(const struct url *u)
{
	if (u->domain.len == 0)
		return false;
	if (u->port.len > 0)
		return u->port.len <= 5 && value_is_number(u->port);
	for (size_t i = 0; i < u->domain.len; i++)
		if (u->domain.ptr[i] <= ' ' || u->domain.ptr[i] == '"')
			return false;
	return u->domain.ptr[0] == '[' || slice_find(u->domain, '.') != SIZE_MAX;
}

/* Shared by both forms, so that the delimiters are looked for once. */
static inline bool
split(struct slice s, bool scheme, bool bare, bool late, struct url *u)
{
	struct walk w = walk_over(s, late);
	const uint8_t *p = walk_next(&w);

	*u = (struct url){0};
	if (scheme && w.end - p >= 3 && p[0] == ':' && p[1] == '/' && p[2] == '/') {
		if (!is_scheme(between(s.ptr, p)))
			return false;
		u->scheme = between(s.ptr, p);
		p = split_authority(&w, p + 3, walk_from(&w, p + 3), u);
	} else if (scheme && p == s.ptr && p < w.end && *p == '/') {
		/* a path alone */
	} else if (bare) {
		p = split_authority(&w, s.ptr, p, u);
		if (p != NULL && !looks_like_host(u))
			p = NULL;
	} else
		p = NULL;
	if (p == NULL) {
		*u = (struct url){0};
		return false;
	}
	split_rest(&w, p, u);
	return true;
}

bool
url_split(struct slice s, struct url *u)
{
	return split(s, true, false, false, u);
}

bool
url_split_authority(struct slice s, struct url *u)
{
	return split(s, false, true, false, u);
}

static void
put_part(struct event *ev, enum field_id f, struct slice v)
{
	if (v.ptr != NULL && !event_has(ev, f))
		event_set(ev, f, v);
}

static inline void
put_url(struct event *ev, struct slice s, bool bare, bool late)
{
	struct url u;

	event_set(ev, FIELD_URL_ORIGINAL, s);
	if (!split(s, true, bare, late, &u))
		return;
	if (u.scheme.ptr != NULL) {
		put_part(ev, FIELD_URL_SCHEME, u.scheme);
		if (u.domain.ptr != NULL)
			put_part(ev, FIELD_URL_FULL, s);
	}
	put_part(ev, FIELD_URL_DOMAIN, u.domain);
	if (u.port.ptr != NULL && value_is_number(u.port))
		put_part(ev, FIELD_URL_PORT, u.port);
	put_part(ev, FIELD_URL_PATH, u.path);
	put_part(ev, FIELD_URL_QUERY, u.query);
	put_part(ev, FIELD_URL_EXTENSION, u.extension);
}

void
url_put(struct event *ev, struct slice s, bool bare)
{
	put_url(ev, s, bare, false);
}

void
url_put_late(struct event *ev, struct slice s, bool bare)
{
	put_url(ev, s, bare, true);
}

static uint8_t *
append(uint8_t *to, struct slice s)
{
	if (s.len > 0)
		memcpy(to, s.ptr, s.len);
	return to + s.len;
}

void
url_compose(struct event *ev, struct arena *mem)
{
	struct slice scheme = event_get(ev, FIELD_URL_SCHEME);
	struct slice domain = event_get(ev, FIELD_URL_DOMAIN);
	struct slice port = event_get(ev, FIELD_URL_PORT);
	struct slice path = event_get(ev, FIELD_URL_PATH);
	struct slice query = event_get(ev, FIELD_URL_QUERY);
	uint8_t *text, *p;

	if (path.len > 0)
		put_part(ev, FIELD_URL_EXTENSION, find_extension(path, 0));
	if (domain.len == 0 || scheme.len == 0 || event_has(ev, FIELD_URL_FULL))
		return;
	if (slice_is(port, slice_is(scheme, "https") ? "443" : "80"))
		port = (struct slice){0};
	text = arena_alloc(mem, scheme.len + domain.len + port.len + path.len + query.len + 6);
	if (text == NULL)
		return;
	p = append(append(append(text, scheme), SLICE("://")), domain);
	if (port.len > 0)
		p = append(append(p, SLICE(":")), port);
	if (path.len == 0 || path.ptr[0] != '/')
		p = append(p, SLICE("/"));
	p = append(p, path);
	if (query.len > 0)
		p = append(append(p, SLICE("?")), query);
	event_set(ev, FIELD_URL_FULL, between(text, p));
	if (!event_has(ev, FIELD_URL_ORIGINAL))
		event_set(ev, FIELD_URL_ORIGINAL, between(text, p));
}
