/* key.c - the most selective texts that a rule cannot be true without. */
#include "detect/sigma/key.h"

#include "detect/sigma/weight.h"

#define ATOM_FACTORS_MAX 64

/* The factors of one atom: one of them must be in the value. */
struct factors {
	double p;
	unsigned n; /* 0: none known */
	struct factor list[ATOM_FACTORS_MAX];
};

/* Whole lines are longer than fields and scanned twice: anything else is better. */
static double
column_weight(uint32_t column)
{
	return column == COLUMN_RAW ? 4 : 1;
}

static void
add_factor(struct factors *f, struct factor one)
{
	/* Keep the end of a long text: it is what the search engine looks at first. */
	if (one.text.len > FACTOR_TEXT_MAX) {
		if (one.at_start && !one.at_end) {
			one.text = slice_first(one.text, FACTOR_TEXT_MAX);
		} else {
			one.text = slice_from(one.text, one.text.len - FACTOR_TEXT_MAX);
			one.at_start = false;
		}
	}
	f->p +=
	    weight_probability(one.text, one.at_start, one.at_end) * column_weight(one.column);
	f->list[f->n++] = one;
}

static struct slice
lower(struct slice s, struct arena *scratch)
{
	uint8_t *p = arena_alloc(scratch, s.len);

	for (size_t i = 0; p != NULL && i < s.len; i++)
		p[i] = fold_case(s.ptr[i]);
	return p == NULL ? (struct slice){0} : slice_of(p, s.len);
}

/* a, a dash, b: in all forms of the dash. */
static void
dash_factors(struct factors *f, struct factor like, struct slice a, struct slice b,
    struct arena *scratch)
{
	for (size_t i = 0; pattern_dashes[i] != NULL; i++) {
		struct slice dash = slice_str(pattern_dashes[i]);
		uint8_t *p = arena_alloc(scratch, a.len + dash.len + b.len);

		if (p == NULL) {
			f->n = 0;
			f->p = 1;
			return;
		}
		if (a.len > 0)
			memcpy(p, a.ptr, a.len);
		memcpy(p + a.len, dash.ptr, dash.len);
		if (b.len > 0)
			memcpy(p + a.len + dash.len, b.ptr, b.len);
		like.text = slice_of(p, a.len + dash.len + b.len);
		add_factor(f, like);
	}
}

/* The rarest stretch of text in the pattern. */
static void
pattern_factors(const struct atom *a, struct arena *scratch, struct factors *best)
{
	const struct pattern *p = &a->u.pattern;

	for (unsigned i = 0; i < p->n; i++) {
		struct factors f = {0};
		struct factor one = {.column = a->column};

		if (p->parts[i].kind == PART_TEXT) {
			one.at_start = p->at_start && i == 0;
			one.at_end = p->at_end && i == p->n - 1;
			one.text = lower(p->parts[i].text, scratch);
			add_factor(&f, one);
		} else if (p->parts[i].kind == PART_DASH) {
			bool before = i > 0 && p->parts[i - 1].kind == PART_TEXT;
			bool after = i + 1 < p->n && p->parts[i + 1].kind == PART_TEXT;

			one.at_start = p->at_start && i == (before ? 1 : 0);
			one.at_end = p->at_end && i + 1 + after == p->n;
			dash_factors(&f, one,
			    before ? lower(p->parts[i - 1].text, scratch) : SLICE(""),
			    after ? lower(p->parts[i + 1].text, scratch) : SLICE(""), scratch);
		}
		if (f.n > 0 && f.p < best->p && f.list[0].text.len > 0)
			*best = f;
	}
}

static void
regex_atom_factors(const struct atom *a, struct arena *scratch, struct factors *out)
{
	struct slice *texts;
	struct factors f = {0};
	unsigned n;

	if (!regex_factors(a->shown, scratch, &texts, &n) || n > ATOM_FACTORS_MAX)
		return;
	for (unsigned i = 0; i < n; i++) {
		if (texts[i].len == 0)
			return;
		add_factor(&f, (struct factor){.column = a->column, .text = texts[i]});
	}
	if (f.p < 1)
		*out = f;
}

/*
 * The octets that all IPv4 addresses of a range begin with.  An IPv4 address may
 * also be written inside IPv6, always with "ffff:".
 */
static void
cidr_factors(const struct atom *a, struct arena *scratch, struct factors *out)
{
	static const double share[] = {
	    1, 0.3, 0.08, 0.02, 0.005}; /* of events, by octets known */
	const struct ip_prefix *range = &a->u.cidr;
	unsigned octets = range->bits / 8;
	char text[IP_TEXT_MAX];
	size_t n = 0, dots = 0;

	if (range->ip.len != 4 || octets == 0)
		return;
	ip_format(&range->ip, text);
	while (text[n] != '\0' && dots < octets)
		dots += text[n++] == '.';
	out->n = 2;
	out->p = share[octets];
	out->list[0] =
	    (struct factor){a->column, true, octets == 4, lower(slice_of(text, n), scratch)};
	out->list[1] = (struct factor){a->column, false, false, SLICE("ffff:")};
}

static void
atom_factors(const struct atom *a, struct arena *scratch, struct factors *out)
{
	out->n = 0;
	out->p = 1;
	if (a->column == COLUMN_TIME)
		return;
	if (a->kind == ATOM_PATTERN)
		pattern_factors(a, scratch, out);
	else if (a->kind == ATOM_REGEX)
		regex_atom_factors(a, scratch, out);
	else if (a->kind == ATOM_CIDR)
		cidr_factors(a, scratch, out);
}

double
key_probability(const struct node *n, struct arena *scratch)
{
	struct factors f;
	double p;

	switch (n->kind) {
	case NODE_NOT:
		return 1;
	case NODE_ATOM:
		atom_factors(n->u.atom, scratch, &f);
		return f.p;
	case NODE_AND:
		p = 1;
		for (uint32_t i = 0; i < n->n; i++) {
			double k = key_probability(n->u.kids[i], scratch);

			p = k < p ? k : p;
		}
		return p;
	case NODE_OR:
		p = 0;
		for (uint32_t i = 0; i < n->n && p < 1; i++) {
			double k = key_probability(n->u.kids[i], scratch);

			p += k;
		}
		return p < 1 ? p : 1;
	}
	return 1;
}

bool
key_each(const struct node *n, struct arena *scratch, key_see *see, void *ctx)
{
	struct factors f;
	double least = 2;
	uint32_t chosen = 0;

	switch (n->kind) {
	case NODE_NOT:
		return false;
	case NODE_ATOM:
		atom_factors(n->u.atom, scratch, &f);
		for (unsigned i = 0; i < f.n; i++)
			if (!see(ctx, &f.list[i]))
				return false;
		return f.n > 0;
	case NODE_AND:
		for (uint32_t i = 0; i < n->n; i++) {
			double p = key_probability(n->u.kids[i], scratch);

			if (p < least) {
				least = p;
				chosen = i;
			}
		}
		return n->n > 0 && key_each(n->u.kids[chosen], scratch, see, ctx);
	case NODE_OR:
		for (uint32_t i = 0; i < n->n; i++)
			if (!key_each(n->u.kids[i], scratch, see, ctx))
				return false;
		return true;
	}
	return false;
}
