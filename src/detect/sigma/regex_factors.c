/*
 * regex_factors.c - which literal texts must a match of this expression hold?
 *
 * A small reader of PCRE's syntax that knows for each part either every text it
 * can be ("exact", few and short) or a set of texts of which one must occur in
 * it ("must").  It may always say "unknown"; what it does say must be true, so
 * anything it is not sure of ends the attempt.
 */
#include "detect/sigma/regex.h"

#include "detect/sigma/pattern.h"
#include "detect/sigma/weight.h"

#define SET_MAX	  64
#define TEXT_MAX  48
#define DEPTH_MAX 32

struct set {
	unsigned n; /* 0: none known */
	struct slice text[SET_MAX];
};

struct known {
	bool is_exact; /* exact holds every text this part can be */
	struct set exact;
	struct set must;
};

struct reader {
	struct slice rest;
	struct arena *mem;
	unsigned depth;
	bool lost; /* something we do not understand */
};

static struct known
unknown(void)
{
	return (struct known){0};
}

static struct known
exact_text(struct slice s)
{
	return (struct known){.is_exact = true, .exact = {1, {s}}};
}

static void
add_once(struct set *s, struct slice text)
{
	for (unsigned i = 0; i < s->n; i++)
		if (slice_equal(s->text[i], text))
			return;
	s->text[s->n++] = text;
}

/* Both sets in one; none if that is too many. */
static struct set
join(const struct set *a, const struct set *b)
{
	struct set out = *a;

	if (a->n + b->n > SET_MAX)
		return (struct set){0};
	for (unsigned i = 0; i < b->n; i++)
		add_once(&out, b->text[i]);
	return out;
}

/* Bits of selectivity: what one of these texts tells; 0 for none. */
static double
worth(const struct set *s)
{
	double p = 0;

	for (unsigned i = 0; i < s->n; i++)
		p += weight_probability(s->text[i], false, false);
	return s->n == 0 ? 0 : weight_bits(p);
}

/* The better of what is known of a part and `best`. */
static struct set
better(const struct known *k, struct set best)
{
	if (k->is_exact && worth(&k->exact) > worth(&best))
		best = k->exact;
	if (worth(&k->must) > worth(&best))
		best = k->must;
	return best;
}

/* a followed by b, if both are exact and few. */
static bool
cross(struct reader *r, const struct set *a, const struct set *b, struct set *out)
{
	struct set all = {0};

	if (a->n * b->n > SET_MAX)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		for (unsigned k = 0; k < b->n; k++) {
			struct slice x = a->text[i], y = b->text[k];
			uint8_t *p;

			if (x.len + y.len > TEXT_MAX ||
			    (p = arena_alloc(r->mem, x.len + y.len)) == NULL)
				return false;
			if (x.len > 0)
				memcpy(p, x.ptr, x.len);
			if (y.len > 0)
				memcpy(p + x.len, y.ptr, y.len);
			add_once(&all, slice_of(p, x.len + y.len));
		}
	*out = all;
	return true;
}

static uint8_t
peek(const struct reader *r)
{
	return r->rest.len == 0 ? 0 : r->rest.ptr[0];
}

static uint8_t
take(struct reader *r)
{
	uint8_t c = peek(r);

	if (r->rest.len == 0)
		r->lost = true;
	r->rest = slice_from(r->rest, 1);
	return c;
}

static struct known
one_byte(struct reader *r, uint8_t c)
{
	uint8_t *p = arena_alloc(r->mem, 1);

	if (p == NULL || c >= 0x80)
		return unknown();
	*p = fold_case(c);
	return exact_text(slice_of(p, 1));
}

static int
hex(uint8_t c)
{
	return c >= '0' && c <= '9'			    ? c - '0'
	       : fold_case(c) >= 'a' && fold_case(c) <= 'f' ? fold_case(c) - 'a' + 10
							    : -1;
}

/* After a backslash, outside or inside of [ ]. */
static struct known
read_escape(struct reader *r, bool in_class)
{
	uint8_t c = take(r);

	if (strchr("dDwWsShHvVRNX", c) != NULL && c != 0)
		return unknown();
	if (strchr("bBAZzGK", c) != NULL && c != 0)
		return in_class ? unknown() : exact_text(SLICE(""));
	switch (c) {
	case 't':
		return one_byte(r, '\t');
	case 'n':
		return one_byte(r, '\n');
	case 'r':
		return one_byte(r, '\r');
	case 'f':
		return one_byte(r, '\f');
	case 'e':
		return one_byte(r, 27);
	case 'a':
		return one_byte(r, 7);
	case 'p':
	case 'P':
		if (peek(r) == '{')
			while (!r->lost && take(r) != '}')
				continue;
		else
			take(r);
		return unknown();
	case 'x':
		if (r->rest.len >= 2 && hex(r->rest.ptr[0]) >= 0 && hex(r->rest.ptr[1]) >= 0) {
			int v = hex(take(r)) * 16;

			return one_byte(r, (uint8_t)(v + hex(take(r))));
		}
		r->lost = true;
		return unknown();
	}
	/* Other letters and digits mean something we do not model. */
	if (hex(c) >= 0 || (fold_case(c) >= 'a' && fold_case(c) <= 'z'))
		r->lost = true;
	return one_byte(r, c);
}

/* Behind "[": a few single characters are known, anything else is not. */
static struct known
read_class(struct reader *r)
{
	struct known out = {.is_exact = true};
	bool first = true;

	if (peek(r) == '^') {
		take(r);
		out = unknown();
	}
	for (;; first = false) {
		struct known k;
		uint8_t c = take(r);

		if (r->lost)
			return unknown();
		if (c == ']' && !first)
			break;
		if (c == '[' && (peek(r) == ':' || peek(r) == '.' || peek(r) == '=')) {
			uint8_t kind = take(r);

			/* [:name:] */
			while (!r->lost && !(take(r) == kind && peek(r) == ']'))
				continue;
			take(r);
			out = unknown();
			continue;
		}
		k = c == '\\' ? read_escape(r, true) : one_byte(r, c);
		if (peek(r) == '-' && r->rest.len > 1 && r->rest.ptr[1] != ']')
			out =
			    unknown(); /* a range: its dash and end come next, and do no harm */
		if (!k.is_exact || out.exact.n == SET_MAX)
			out = unknown();
		if (out.is_exact)
			add_once(&out.exact, k.exact.text[0]);
	}
	return out;
}

static struct known read_alternatives(struct reader *r);

/* Behind "(". */
static struct known
read_group(struct reader *r)
{
	struct known k;
	bool zero_width = false;

	if (++r->depth > DEPTH_MAX || peek(r) == '*')
		r->lost = true;
	if (peek(r) == '?') {
		uint8_t c;

		take(r);
		c = take(r);
		if (c == 'P' && (c = take(r)) != '<')
			r->lost = true; /* a reference by name */
		if (c == '#') {
			while (!r->lost && take(r) != ')')
				continue;
			r->depth--;
			return exact_text(SLICE(""));
		}
		if (c == '<' && (peek(r) == '=' || peek(r) == '!'))
			c = take(r);
		if (c == '=' || c == '!') {
			zero_width = true;
		} else if (c == '<' || c == '\'') {
			uint8_t end = c == '<' ? '>' : '\'';

			while (!r->lost && take(r) != end)
				continue;
		} else if (c != ':' && c != '>') {
			/* Options: "x" would change the syntax, others do no harm. */
			while (!r->lost && c != ':' && c != ')') {
				if (c != 'i' && c != 'm' && c != 's' && c != '-')
					r->lost = true;
				c = take(r);
			}
			if (c == ')') {
				r->depth--;
				return exact_text(SLICE(""));
			}
		}
	}
	k = read_alternatives(r);
	if (take(r) != ')')
		r->lost = true;
	r->depth--;
	return zero_width ? exact_text(SLICE("")) : k;
}

/* {n}, {n,} or {n,m} at the cursor?  Taken off if so. */
static bool
read_braces(struct reader *r, unsigned *least, bool *once)
{
	size_t i = 1, digits = 0;
	unsigned n = 0;

	while (i < r->rest.len && r->rest.ptr[i] >= '0' && r->rest.ptr[i] <= '9') {
		n = n > 1000 ? n : n * 10 + (r->rest.ptr[i] - '0');
		digits++;
		i++;
	}
	*once = i < r->rest.len && r->rest.ptr[i] == '}' && n == 1;
	if (i < r->rest.len && r->rest.ptr[i] == ',') {
		i++;
		while (i < r->rest.len && r->rest.ptr[i] >= '0' && r->rest.ptr[i] <= '9')
			i++;
	}
	if (digits == 0 || i >= r->rest.len || r->rest.ptr[i] != '}')
		return false;
	r->rest = slice_from(r->rest, i + 1);
	*least = n;
	return true;
}

/* What follows a part: nothing, or how often it may stand. */
static struct known
read_repeat(struct reader *r, struct known k)
{
	unsigned least = 1;
	bool once = false;
	uint8_t c = peek(r);

	if (c == '?') {
		take(r);
		/* "https?": both forms are exact. */
		if (k.is_exact && k.exact.n < SET_MAX) {
			add_once(&k.exact, SLICE(""));
			k.must.n = 0;
		} else
			k = unknown();
	} else if (c == '*' || c == '+') {
		take(r);
		least = c == '+';
	} else if (c != '{' || !read_braces(r, &least, &once)) {
		return k;
	}
	if (peek(r) == '?' || peek(r) == '+')
		take(r); /* lazy or possessive */
	if (c == '?' || once)
		return k;
	if (least == 0)
		return unknown();
	/* At least once: what it must hold stays true, what it is exactly does not. */
	k.must = better(&k, (struct set){0});
	k.is_exact = false;
	return k;
}

static struct known
read_atom(struct reader *r)
{
	uint8_t c = take(r);

	switch (c) {
	case '(':
		return read_group(r);
	case '[':
		return read_class(r);
	case '\\':
		return read_escape(r, false);
	case '.':
		return unknown();
	case '^':
	case '$':
		return exact_text(SLICE(""));
	}
	return one_byte(r, c);
}

/* Parts side by side: exact texts grow until a part that is not. */
static struct known
read_sequence(struct reader *r)
{
	struct known run = exact_text(SLICE("")), k;
	struct set best = {0};
	bool whole = true; /* `run` is all there was */

	while (!r->lost && r->rest.len > 0 && peek(r) != '|' && peek(r) != ')') {
		k = read_repeat(r, read_atom(r));
		if (k.is_exact && cross(r, &run.exact, &k.exact, &run.exact))
			continue;
		best = better(&run, best);
		best = better(&k, best);
		whole = false;
		run = k.is_exact ? k : exact_text(SLICE(""));
	}
	if (whole)
		return run;
	best = better(&run, best);
	return (struct known){.must = best};
}

static struct known
read_alternatives(struct reader *r)
{
	struct known all = read_sequence(r);

	while (!r->lost && peek(r) == '|') {
		struct known k, both = {0};
		struct set a, b;

		take(r);
		k = read_sequence(r);
		a = better(&all, (struct set){0});
		b = better(&k, (struct set){0});
		if (all.is_exact && k.is_exact) {
			both.exact = join(&all.exact, &k.exact);
			both.is_exact = both.exact.n > 0;
		}
		if (!both.is_exact && a.n > 0 && b.n > 0)
			both.must = join(&a, &b);
		all = both;
	}
	return all;
}

/* Does what holds this text hold another one of the set as well? */
static bool
covered(const struct set *s, unsigned i)
{
	for (unsigned k = 0; k < s->n; k++)
		if (k != i && slice_search(s->text[i], s->text[k]) != SIZE_MAX)
			return true;
	return false;
}

bool
regex_factors(struct slice source, struct arena *mem, struct slice **out, unsigned *n)
{
	struct reader r = {.rest = source, .mem = mem};
	struct known k;
	struct set best;

	/* Beyond ASCII, caseless matching folds by Unicode's tables: not modelled. */
	for (size_t i = 0; i < source.len; i++)
		if (source.ptr[i] >= 0x80)
			return false;
	k = read_alternatives(&r);
	if (r.lost || r.rest.len > 0)
		return false;
	best = better(&k, (struct set){0});
	if (best.n == 0 || (*out = arena_array(mem, best.n, sizeof(**out))) == NULL)
		return false;
	*n = 0;
	for (unsigned i = 0; i < best.n; i++)
		if (!covered(&best, i))
			(*out)[(*n)++] = best.text[i];
	return true;
}
