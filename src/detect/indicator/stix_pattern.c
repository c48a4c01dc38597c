/*
 * stix_pattern.c - a descent through the grammar of STIX 2.1, part 9.
 *
 * Every (sub)expression leaves the values it looks for at the end of one array,
 * so OR is nothing to do, and what turns out unusable is cut off again.
 */
#include "detect/indicator/stix_pattern.h"

#define DEPTH_MAX 32

enum token {
	TOKEN_END,
	TOKEN_BAD,
	TOKEN_WORD,    /* AND, ISSUBSET, file:hashes.'SHA-256', 300, -1.5 */
	TOKEN_STRING,  /* 'x' */
	TOKEN_LITERAL, /* h'x', b'x', t'x' */
	TOKEN_OPEN,    /* ( */
	TOKEN_CLOSE,
	TOKEN_SQUARE_OPEN,
	TOKEN_SQUARE_CLOSE,
	TOKEN_COMMA,
	TOKEN_OPERATOR, /* = == != < <= > >= */
};

struct parser {
	struct slice rest;
	enum token token;  /* the one at hand */
	struct slice text; /* of it; a string's without quotes, still escaped */
	unsigned depth;
	struct stix_pattern *out;
	enum refusal failed; /* syntax or size: the pattern as a whole is lost */
};

/* What an expression amounts to. */
enum meaning {
	MEANS_VALUES, /* any of the values from its start on */
	MEANS_HASHES, /* the same, and all are hashes of one file */
	MEANS_TRUE, /* says nothing that matters: network-traffic:dst_ref.type = 'ipv4-addr' */
	MEANS_UNUSABLE,
};

static bool
is_word_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == ':' || c == '.' || c == '*' || c >= 0x80;
}

static bool
cut_string(struct slice *s, struct slice *text)
{
	size_t n = 1;

	while (n < s->len && s->ptr[n] != '\'')
		n += s->ptr[n] == '\\' ? 2 : 1;
	if (n >= s->len)
		return false;
	*text = slice_of(s->ptr + 1, n - 1);
	*s = slice_from(*s, n + 1);
	return true;
}

/* A word or an object path: 'quoted' steps and [*] belong to it. */
static bool
cut_word(struct slice *s, struct slice *text)
{
	struct slice start = *s, part;

	while (s->len > 0) {
		if (is_word_byte(s->ptr[0]))
			*s = slice_from(*s, 1);
		else if (s->ptr[0] == '\'' && s->ptr > start.ptr && s->ptr[-1] == '.') {
			if (!cut_string(s, &part))
				return false;
		} else if (s->ptr[0] == '[' && s->ptr > start.ptr &&
			   slice_find(slice_first(start, (size_t)(s->ptr - start.ptr)), ':') !=
			       SIZE_MAX) {
			size_t end = slice_find(*s, ']');

			if (end == SIZE_MAX)
				return false;
			*s = slice_from(*s, end + 1);
		} else
			break;
	}
	*text = slice_of(start.ptr, (size_t)(s->ptr - start.ptr));
	return text->len > 0;
}

static void
advance(struct parser *p)
{
	static const struct {
		uint8_t c;
		enum token token;
	} single[] = {{'(', TOKEN_OPEN}, {')', TOKEN_CLOSE}, {'[', TOKEN_SQUARE_OPEN},
	    {']', TOKEN_SQUARE_CLOSE}, {',', TOKEN_COMMA}};
	struct slice s = slice_trim(p->rest);

	p->text = (struct slice){0};
	p->token = TOKEN_BAD;
	if (s.len == 0) {
		p->token = TOKEN_END;
		p->rest = s;
		return;
	}
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if (s.ptr[0] == single[i].c) {
			p->token = single[i].token;
			p->rest = slice_from(s, 1);
			return;
		}
	if (s.ptr[0] == '\'') {
		if (cut_string(&s, &p->text))
			p->token = TOKEN_STRING;
	} else if (s.len > 1 && s.ptr[1] == '\'' &&
		   (s.ptr[0] == 'h' || s.ptr[0] == 'b' || s.ptr[0] == 't')) {
		s = slice_from(s, 1);
		if (cut_string(&s, &p->text))
			p->token = TOKEN_LITERAL;
	} else if (s.ptr[0] == '=' || s.ptr[0] == '!' || s.ptr[0] == '<' || s.ptr[0] == '>') {
		size_t n =
		    s.len > 1 && (s.ptr[1] == '=' || (s.ptr[0] == '<' && s.ptr[1] == '>')) ? 2
											   : 1;

		p->text = slice_first(s, n);
		p->token = TOKEN_OPERATOR;
		s = slice_from(s, n);
	} else if (cut_word(&s, &p->text))
		p->token = TOKEN_WORD;
	p->rest = s;
}

static bool
at_word(const struct parser *p, const char *word)
{
	return p->token == TOKEN_WORD && slice_equal_nocase(p->text, slice_str(word));
}

static enum meaning
fail(struct parser *p, enum refusal why)
{
	if (p->failed == REFUSED_NOT)
		p->failed = why;
	p->token = TOKEN_END;
	return MEANS_UNUSABLE;
}

/* Part of the pattern cannot be looked up: forget its values. */
static enum meaning
unusable(struct parser *p, unsigned start, enum refusal why)
{
	p->out->n = start;
	if (p->out->unusable++ == 0)
		p->out->why = why;
	return MEANS_UNUSABLE;
}

static void
expect(struct parser *p, enum token token)
{
	if (p->token != token)
		fail(p, REFUSED_PATTERN_SYNTAX);
	else
		advance(p);
}

/* Copy a string with its escapes undone: \' and \\. */
static struct slice
unescape(struct stix_pattern *out, struct slice s)
{
	size_t start = out->used;

	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '\\' && i + 1 < s.len)
			i++;
		out->text[out->used++] = (char)s.ptr[i];
	}
	return slice_of(out->text + start, out->used - start);
}

/* "file:hashes.'SHA-256'", "artifact:hashes.MD5", "x509-certificate:hashes.'SHA-1'" */
static bool
is_hash_path(struct slice path)
{
	size_t at = slice_search(path, SLICE(":hashes."));

	if (at == SIZE_MAX)
		at = slice_search(path, SLICE("content_ref.hashes."));
	return at != SIZE_MAX && at > 0;
}

static bool
path_kind(struct slice path, enum indicator_kind *out)
{
	static const struct {
		struct slice path;
		enum indicator_kind kind;
	} paths[] = {
#define INDICATOR_ANY	      VALUE_ANY
#define STIX_PATH(path, kind) {SLICE_LITERAL(path), INDICATOR_##kind},
#include "detect/indicator/stix_paths.def"
#undef STIX_PATH
	};

	if (is_hash_path(path)) {
		*out = INDICATOR_HASH;
		return true;
	}
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (slice_equal_nocase(path, paths[i].path)) {
			*out = paths[i].kind;
			return true;
		}
	return false;
}

static void
add_value(struct parser *p, enum indicator_kind want, struct slice text)
{
	struct stix_pattern *out = p->out;

	if (out->n == STIX_VALUES_MAX)
		fail(p, REFUSED_PATTERN_LARGE);
	else
		out->values[out->n++] = (struct stix_value){want, unescape(out, text)};
}

/* ('a', 'b'); literals that are no strings are passed over. */
static void
read_set(struct parser *p, enum indicator_kind want)
{
	expect(p, TOKEN_OPEN);
	while (p->token != TOKEN_CLOSE && p->failed == REFUSED_NOT) {
		if (p->token == TOKEN_STRING)
			add_value(p, want, p->text);
		else if (p->token != TOKEN_WORD && p->token != TOKEN_LITERAL)
			fail(p, REFUSED_PATTERN_SYNTAX);
		advance(p);
		if (p->token == TOKEN_COMMA)
			advance(p);
		else if (p->token != TOKEN_CLOSE)
			fail(p, REFUSED_PATTERN_SYNTAX);
	}
	expect(p, TOKEN_CLOSE);
}

/* One value of any kind, for comparisons that are passed over. */
static void
skip_value(struct parser *p)
{
	if (p->token == TOKEN_OPEN)
		read_set(p, VALUE_ANY);
	else if (p->token == TOKEN_STRING || p->token == TOKEN_LITERAL ||
		 p->token == TOKEN_WORD)
		advance(p);
	else
		fail(p, REFUSED_PATTERN_SYNTAX);
}

/* LIKE '%.bad.example': what is below a domain.  Other patterns are not looked up. */
static bool
like_domain(struct slice *text)
{
	if (!slice_starts(*text, SLICE("%.")))
		return false;
	*text = slice_from(*text, 2);
	return slice_find(*text, '%') == SIZE_MAX && slice_find(*text, '_') == SIZE_MAX;
}

/* path [NOT] operator value */
static enum meaning
read_comparison(struct parser *p)
{
	struct slice path = p->text, op, text;
	unsigned start = p->out->n;
	enum indicator_kind want = VALUE_ANY;
	bool known = path_kind(path, &want), negated;

	if (p->token != TOKEN_WORD || slice_find(path, ':') == SIZE_MAX)
		return fail(p, REFUSED_PATTERN_SYNTAX);
	advance(p);
	if ((negated = at_word(p, "NOT")))
		advance(p);
	if (p->token != TOKEN_OPERATOR && p->token != TOKEN_WORD)
		return fail(p, REFUSED_PATTERN_SYNTAX);
	op = p->text;
	advance(p);
	text = p->text;
	if (!negated && known && slice_equal_nocase(op, SLICE("IN"))) {
		read_set(p, want);
		return p->out->n > start
			   ? (want == INDICATOR_HASH ? MEANS_HASHES : MEANS_VALUES)
			   : fail(p, REFUSED_PATTERN_SYNTAX);
	}
	if (!negated && known && p->token == TOKEN_STRING &&
	    (slice_is(op, "=") || slice_is(op, "==") ||
		(want == INDICATOR_IP && slice_equal_nocase(op, SLICE("ISSUBSET"))) ||
		(want == VALUE_ANY && slice_equal_nocase(op, SLICE("ISSUBSET"))) ||
		(want == INDICATOR_DOMAIN && slice_equal_nocase(op, SLICE("LIKE")) &&
		    like_domain(&text)))) {
		add_value(p, want, text);
		advance(p);
		return want == INDICATOR_HASH ? MEANS_HASHES : MEANS_VALUES;
	}
	skip_value(p);
	p->out->n = start;
	/* The type of what a reference names is in its value already. */
	if (!negated && slice_is(op, "=") && slice_ends(path, SLICE("_ref.type")))
		return MEANS_TRUE;
	return unusable(p, start, known ? REFUSED_PATTERN_OPERATOR : REFUSED_OTHER_TYPE);
}

static enum meaning read_or(struct parser *p);

static enum meaning
read_term(struct parser *p)
{
	enum meaning m;

	if (p->token != TOKEN_OPEN)
		return read_comparison(p);
	if (++p->depth > DEPTH_MAX)
		return fail(p, REFUSED_PATTERN_LARGE);
	advance(p);
	m = read_or(p);
	expect(p, TOKEN_CLOSE);
	p->depth--;
	return m;
}

/* Several things of one observation at once: usable if all but one say nothing, or all are
 * hashes. */
static enum meaning
read_and(struct parser *p)
{
	unsigned start = p->out->n;
	unsigned was_unusable = p->out->unusable;
	enum meaning m = read_term(p);

	while (at_word(p, "AND")) {
		enum meaning next;

		advance(p);
		next = read_term(p);
		if (m == MEANS_TRUE)
			m = next;
		else if (next != MEANS_TRUE && !(m == MEANS_HASHES && next == MEANS_HASHES)) {
			/* One reason for the whole of it. */
			p->out->unusable = was_unusable;
			m = unusable(p, start, REFUSED_PATTERN_AND);
		}
	}
	return m;
}

static enum meaning
read_or(struct parser *p)
{
	unsigned start = p->out->n;
	enum meaning m = read_and(p);

	while (at_word(p, "OR")) {
		enum meaning next;

		advance(p);
		next = read_and(p);
		if (m == MEANS_TRUE || next == MEANS_TRUE)
			m = unusable(p, start, REFUSED_PATTERN_OPERATOR);
		else if (m == MEANS_UNUSABLE)
			m = next;
		else if (next == MEANS_VALUES)
			m = MEANS_VALUES;
	}
	return m;
}

static enum meaning read_observations(struct parser *p);

/* [comparison] or (observations), and what qualifies it. */
static enum meaning
read_observation(struct parser *p)
{
	unsigned start = p->out->n;
	enum token close = p->token == TOKEN_OPEN ? TOKEN_CLOSE : TOKEN_SQUARE_CLOSE;
	enum meaning m;

	if (p->token != TOKEN_OPEN && p->token != TOKEN_SQUARE_OPEN)
		return fail(p, REFUSED_PATTERN_SYNTAX);
	if (++p->depth > DEPTH_MAX)
		return fail(p, REFUSED_PATTERN_LARGE);
	advance(p);
	m = close == TOKEN_CLOSE ? read_observations(p) : read_or(p);
	expect(p, close);
	p->depth--;
	if (m == MEANS_TRUE)
		m = unusable(p, start, REFUSED_OTHER_TYPE);
	while (at_word(p, "WITHIN") || at_word(p, "REPEATS") || at_word(p, "START")) {
		bool start_stop = at_word(p, "START");

		/* WITHIN n SECONDS, REPEATS n TIMES, START t STOP t */
		for (int i = 0; i < (start_stop ? 4 : 3); i++)
			if (p->token == TOKEN_WORD || p->token == TOKEN_LITERAL ||
			    p->token == TOKEN_STRING)
				advance(p);
			else
				return fail(p, REFUSED_PATTERN_SYNTAX);
		m = unusable(p, start, REFUSED_PATTERN_QUALIFIER);
	}
	return m;
}

static enum meaning
read_observations(struct parser *p)
{
	unsigned start = p->out->n;
	enum meaning m = read_observation(p);

	while (at_word(p, "OR") || at_word(p, "AND") || at_word(p, "FOLLOWEDBY")) {
		bool either = at_word(p, "OR"), order = at_word(p, "FOLLOWEDBY");
		enum meaning next;

		advance(p);
		next = read_observation(p);
		if (!either)
			m = unusable(
			    p, start, order ? REFUSED_PATTERN_QUALIFIER : REFUSED_PATTERN_AND);
		else if (m == MEANS_UNUSABLE)
			m = next;
	}
	return m;
}

enum refusal
stix_pattern_read(struct slice pattern, struct stix_pattern *out)
{
	struct parser p = {.rest = pattern, .out = out};

	out->n = 0;
	out->unusable = 0;
	out->why = REFUSED_NOT;
	out->used = 0;
	if (pattern.len > STIX_PATTERN_MAX)
		return REFUSED_PATTERN_LARGE;
	advance(&p);
	read_observations(&p);
	if (p.failed == REFUSED_NOT && p.token != TOKEN_END)
		p.failed = REFUSED_PATTERN_SYNTAX;
	if (p.failed != REFUSED_NOT) {
		out->n = 0;
		return p.failed;
	}
	return out->n > 0 ? REFUSED_NOT : out->why;
}
