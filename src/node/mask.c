/* mask.c - see mask.h. */
#include "node/mask.h"

#include <assert.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/utf8.h"

#define TAG_BYTES  16
#define PAD	   16
#define RANGES_MAX 64	       /* of one line; a line with more is not masked but dropped */
#define VALUE_MAX  (64 * 1024) /* no line is longer */

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

void
mask_key_init(struct mask_key *k, const uint8_t secret[MASK_SECRET_BYTES])
{
	crypto_kdf_derive_from_key(k->tag, sizeof(k->tag), 1, "hi-mask1", secret);
	crypto_kdf_derive_from_key(k->stream, sizeof(k->stream), 2, "hi-mask1", secret);
}

void
mask_key_wipe(struct mask_key *k)
{
	sodium_memzero(k, sizeof(*k));
}

static void
make_tag(
    const struct mask_key *k, enum mask_kind kind, struct slice padded, uint8_t tag[TAG_BYTES])
{
	crypto_generichash_state st;
	uint8_t label = (uint8_t)kind;

	crypto_generichash_init(&st, k->tag, sizeof(k->tag), TAG_BYTES);
	crypto_generichash_update(&st, &label, 1);
	crypto_generichash_update(&st, padded.ptr, padded.len);
	crypto_generichash_final(&st, tag, TAG_BYTES);
}

/* Encrypts and decrypts: the tag is the nonce. */
static void
apply_stream(const struct mask_key *k, const uint8_t tag[TAG_BYTES], uint8_t *bytes, size_t n)
{
	uint8_t nonce[crypto_stream_xchacha20_NONCEBYTES] = {0};

	memcpy(nonce, tag, TAG_BYTES);
	crypto_stream_xchacha20_xor(bytes, bytes, n, nonce, k->stream);
}

static void
add_base32(struct buf *out, struct slice s)
{
	uint8_t *room = buf_room(out, (s.len * 8 + 4) / 5);
	unsigned bits = 0;
	uint32_t acc = 0;
	size_t n = 0;

	if (room == NULL)
		return;
	for (size_t i = 0; i < s.len; i++) {
		acc = acc << 8 | s.ptr[i];
		for (bits += 8; bits >= 5; bits -= 5)
			room[n++] = (uint8_t)alphabet[acc >> (bits - 5) & 31];
	}
	if (bits > 0)
		room[n++] = (uint8_t)alphabet[acc << (5 - bits) & 31];
	buf_added(out, n);
}

/* False for a character that is not of the alphabet, or spare bits that are not zero. */
static bool
read_base32(struct slice s, struct buf *out)
{
	unsigned bits = 0;
	uint32_t acc = 0;

	for (size_t i = 0; i < s.len; i++) {
		const char *at = s.ptr[i] == '\0' ? NULL : strchr(alphabet, s.ptr[i]);

		if (at == NULL)
			return false;
		acc = acc << 5 | (uint32_t)(at - alphabet);
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			buf_add_byte(out, (uint8_t)(acc >> bits));
		}
	}
	return bits < 5 && (acc & ((1u << bits) - 1)) == 0;
}

void
mask_add_pseudonym(
    const struct mask_key *k, enum mask_kind kind, struct slice value, struct buf *out)
{
	size_t padded = (value.len / PAD + 1) * PAD; /* at least one byte says where it ends */
	uint8_t small[TAG_BYTES + 512], *bytes = small;

	if (TAG_BYTES + padded > sizeof(small) &&
	    (bytes = malloc(TAG_BYTES + padded)) == NULL) {
		out->failed = true;
		return;
	}
	memset(bytes + TAG_BYTES, 0, padded);
	if (value.len > 0)
		memcpy(bytes + TAG_BYTES, value.ptr, value.len);
	bytes[TAG_BYTES + value.len] = 0x80;
	make_tag(k, kind, slice_of(bytes + TAG_BYTES, padded), bytes);
	apply_stream(k, bytes, bytes + TAG_BYTES, padded);
	buf_add_byte(out, (uint8_t)kind);
	buf_add_byte(out, '~');
	add_base32(out, slice_of(bytes, TAG_BYTES + padded));
	if (bytes != small)
		free(bytes);
}

int
mask_open_pseudonym(
    const struct mask_key *k, struct slice pseudonym, struct buf *out, struct err *e)
{
	struct buf raw = BUF_INIT(2 * VALUE_MAX);
	uint8_t tag[TAG_BYTES];
	size_t n;
	int rc = -1;

	if (pseudonym.len < 2 || pseudonym.ptr[1] != '~' ||
	    (pseudonym.ptr[0] != MASK_USER && pseudonym.ptr[0] != MASK_QUERY) ||
	    !read_base32(slice_from(pseudonym, 2), &raw) || raw.failed ||
	    raw.len < TAG_BYTES + PAD || raw.len % PAD != 0) {
		err_set(e,
		    "this is not a pseudonym: one starts with u~ or q~ and was copied whole");
		goto out;
	}
	n = raw.len - TAG_BYTES;
	apply_stream(k, raw.ptr, raw.ptr + TAG_BYTES, n);
	make_tag(k, (enum mask_kind)pseudonym.ptr[0], slice_of(raw.ptr + TAG_BYTES, n), tag);
	if (sodium_memcmp(tag, raw.ptr, TAG_BYTES) != 0) {
		err_set(
		    e, "this pseudonym was not made with this hospital's key, or was changed");
		goto out;
	}
	while (n > 0 && raw.ptr[TAG_BYTES + n - 1] == 0)
		n--;
	assert(n > 0); /* the tag is genuine, so the padding is ours */
	buf_add(out, slice_of(raw.ptr + TAG_BYTES, n - 1));
	rc = 0;
out:
	if (raw.ptr != NULL)
		sodium_memzero(raw.ptr, raw.cap);
	buf_release(&raw);
	return rc;
}

/* A part of the line that gives way to the pseudonym of `value`. */
struct range {
	size_t from, to;
	enum mask_kind kind;
	struct slice value;
};

struct ranges {
	struct slice line;
	struct range all[RANGES_MAX];
	size_t n;
	bool overflow;
};

static void
add_range(
    struct ranges *r, const uint8_t *at, size_t len, enum mask_kind kind, struct slice value)
{
	if (len == 0)
		return;
	if (r->n == RANGES_MAX) {
		r->overflow = true;
		return;
	}
	r->all[r->n++] = (struct range){.from = (size_t)(at - r->line.ptr),
	    .to = (size_t)(at - r->line.ptr) + len,
	    .kind = kind,
	    .value = value};
}

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
read_hex(struct slice s, size_t digits)
{
	int v = 0;

	if (s.len < digits)
		return -1;
	for (size_t i = 0; i < digits; i++) {
		int d = hex_digit(s.ptr[i]);

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/* Decode the escape that s starts with into at most 4 bytes; returns how long it is, 0: none.
 */
static size_t
decode_escape(struct slice s, uint8_t out[4], size_t *n)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	int c, low;

	if (s.len >= 3 && s.ptr[0] == '%' && (c = read_hex(slice_from(s, 1), 2)) >= 0) {
		out[0] = (uint8_t)c;
		*n = 1;
		return 3;
	}
	if (s.len < 2 || s.ptr[0] != '\\')
		return 0;
	if (s.ptr[1] != '\0' && (at = strchr(from, s.ptr[1])) != NULL) {
		out[0] = (uint8_t)to[at - from];
		*n = 1;
		return 2;
	}
	if (s.ptr[1] == 'x' && (c = read_hex(slice_from(s, 2), 2)) >= 0) {
		out[0] = (uint8_t)c;
		*n = 1;
		return 4;
	}
	if (s.ptr[1] != 'u' || (c = read_hex(slice_from(s, 2), 4)) < 0)
		return 0;
	if (c >= 0xd800 && c < 0xdc00 && s.len >= 12 && s.ptr[6] == '\\' && s.ptr[7] == 'u' &&
	    (low = read_hex(slice_from(s, 8), 4)) >= 0xdc00 && low < 0xe000) {
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		out[0] = (uint8_t)(0xf0 | c >> 18);
		out[1] = (uint8_t)(0x80 | (c >> 12 & 63));
		out[2] = (uint8_t)(0x80 | (c >> 6 & 63));
		out[3] = (uint8_t)(0x80 | (c & 63));
		*n = 4;
		return 12;
	}
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		*n = 1;
	} else if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 63));
		*n = 2;
	} else {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 63));
		out[2] = (uint8_t)(0x80 | (c & 63));
		*n = 3;
	}
	return 6;
}

/* How many bytes at the start of s say `value`, escaped somehow; 0: they do not. */
static size_t
match_escaped(struct slice s, struct slice value)
{
	size_t at = 0, got = 0;

	while (got < value.len) {
		uint8_t c[4];
		size_t n = 0, used;

		if (at >= s.len)
			return 0;
		if (s.ptr[at] == value.ptr[got]) {
			at++;
			got++;
			continue;
		}
		used = decode_escape(slice_from(s, at), c, &n);
		if (used == 0 || n > value.len - got || memcmp(c, value.ptr + got, n) != 0)
			return 0;
		at += used;
		got += n;
	}
	return at;
}

/* What may stand beside a value: the ends of the line, white space and punctuation of formats.
 */
static bool
is_edge(struct slice line, size_t at)
{
	return at >= line.len || memchr(" \t\"'[](){}<>|,;=?&#", line.ptr[at], 20) != NULL;
}

static bool
is_quote(struct slice line, size_t at)
{
	return at < line.len && line.ptr[at] == '"';
}

/*
 * The places of the line that say `value` between edges, as it is or escaped;
 * only those between quotes, if so asked.
 */
static size_t
find_value(struct ranges *r, enum mask_kind kind, struct slice value, bool quoted)
{
	bool (*edge)(struct slice, size_t) = quoted ? is_quote : is_edge;
	struct slice line = r->line;
	size_t found = 0;

	for (size_t i = 0; i < line.len && !r->overflow; i++) {
		uint8_t c = line.ptr[i];
		size_t len;

		if (c != value.ptr[0] && c != '\\' && c != '%')
			continue;
		if (!edge(
			line, i - 1)) /* before the first byte: SIZE_MAX, an end of the line */
			continue;
		len = match_escaped(slice_from(line, i), value);
		if (len == 0 || !edge(line, i + len))
			continue;
		add_range(r, line.ptr + i, len, kind, value);
		found++;
		i += len - 1;
	}
	return found;
}

static bool
is_inside(struct slice line, struct slice value)
{
	return value.ptr >= line.ptr && value.ptr + value.len <= line.ptr + line.len;
}

/* False: must be hidden, and is nowhere to be found. */
static bool
hide_value(struct ranges *r, enum mask_kind kind, struct slice value)
{
	bool inside = is_inside(r->line, value);

	if (value.len == 0 || slice_is(value, "-"))
		return true;
	if (!inside)
		return find_value(r, kind, value, false) > 0;
	add_range(r, value.ptr, value.len, kind, value);
	/* JSON may say a name twice (related.user); a query is long and said once. */
	if (kind == MASK_USER)
		find_value(r, kind, value, true);
	return true;
}

static bool
hide_url(struct ranges *r, struct mask_settings what, struct slice url)
{
	size_t question = slice_find(url, '?');
	size_t scheme = slice_search(url, SLICE("://"));
	bool ok = true;

	if (what.query && question != SIZE_MAX)
		ok = hide_value(r, MASK_QUERY, slice_from(url, question + 1));
	if (what.user && scheme < question) {
		struct slice rest = slice_first(slice_from(url, scheme + 3),
		    question == SIZE_MAX ? SIZE_MAX : question - scheme - 3);
		struct slice authority = slice_first(rest, slice_find(rest, '/'));
		size_t at = slice_find(authority, '@');

		if (at != SIZE_MAX)
			ok = hide_value(r, MASK_USER, slice_first(authority, at)) && ok;
	}
	return ok;
}

enum mask_part { PART_WHOLE, PART_URL };

static bool
hide_field(struct ranges *r, struct mask_settings what, enum field_id f, struct slice v)
{
	static const struct {
		enum field_id field;
		enum mask_kind kind;
		enum mask_part part;
	} rows[] = {
#define MASK(id, setting, part) {FIELD_##id, MASK_##setting, PART_##part},
#define MASK_NAME(name, setting)
#include "node/mask.def"
#undef MASK
#undef MASK_NAME
	};
	bool ok = true;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].field != f)
			continue;
		if (rows[i].part == PART_URL)
			ok = hide_url(r, what, v) && ok;
		else if (rows[i].kind == MASK_USER ? what.user : what.query)
			ok = hide_value(r, rows[i].kind, v) && ok;
	}
	return ok;
}

static bool
hide_extra(struct ranges *r, struct mask_settings what, const struct event_extra *x)
{
	static const struct {
		struct slice name;
		enum mask_kind kind;
	} rows[] = {
#define MASK(id, setting, part)
#define MASK_NAME(name, setting) {SLICE_LITERAL(name), MASK_##setting},
#include "node/mask.def"
#undef MASK
#undef MASK_NAME
	};

	if (x->field != FIELD_NONE)
		return hide_field(r, what, x->field, x->value);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice name = rows[i].name;

		if (!(rows[i].kind == MASK_USER ? what.user : what.query))
			continue;
		if (name.ptr[0] == '.' ? slice_ends(x->name, name) : slice_equal(x->name, name))
			return hide_value(r, rows[i].kind, x->value);
	}
	return true;
}

/* By start; the longer first, so that what lies inside another is passed over. */
static int
compare_ranges(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->to > y->to ? -1 : x->to < y->to;
}

bool
mask_event(const struct mask_key *k, struct mask_settings what, const struct event *ev,
    struct buf *out)
{
	struct ranges r = {.line = ev->raw};
	size_t at = 0, before = out->len;
	bool ok = true;

	for (size_t w = 0; w < EVENT_PRESENT_SIZE; w++) {
		for (uint64_t bits = ev->present[w]; bits != 0; bits &= bits - 1) {
			enum field_id f =
			    (enum field_id)(w * 64 + (size_t)__builtin_ctzll(bits));

			ok = hide_field(&r, what, f, ev->value[f]) && ok;
		}
	}
	for (unsigned i = 0; i < ev->n_extra; i++)
		ok = hide_extra(&r, what, &ev->extra[i]) && ok;
	if (!ok || r.overflow)
		return false;
	qsort(r.all, r.n, sizeof(r.all[0]), compare_ranges);
	for (size_t i = 0; i < r.n; i++) {
		const struct range *g = &r.all[i];

		if (g->to <= at)
			continue;
		if (g->from < at) { /* two values that overlap: neither alone hides both */
			out->len = before;
			return false;
		}
		buf_add(out, slice_of(r.line.ptr + at, g->from - at));
		mask_add_pseudonym(k, g->kind, g->value, out);
		at = g->to;
	}
	buf_add(out, slice_from(r.line, at));
	return true;
}

void
mask_add_dropped(struct slice line, struct buf *out)
{
	buf_printf(
	    out, "hinomi-masked: a line of %zu bytes that could not be masked", line.len);
}
