/* condition.c - "selection and not 1 of filter_*", by recursive descent. */
#include "detect/sigma/detection.h"

#define DEPTH_MAX 64
#define KIDS_MAX  1024

struct parser {
	struct builder *b;
	const struct yaml_node *at;
	const struct search *searches;
	size_t n_searches;
	struct slice rest;
	struct slice word; /* the next one; empty at the end */
	unsigned depth;
	struct err *e;
};

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_bracket(uint8_t c)
{
	return c == '(' || c == ')' || c == '|';
}

/* Step to the next word: a bracket, or anything up to a blank or a bracket. */
static void
advance(struct parser *p)
{
	struct slice s = p->rest;
	size_t n = 0;

	while (s.len > 0 && is_blank(s.ptr[0]))
		s = slice_from(s, 1);
	if (s.len > 0 && is_bracket(s.ptr[0]))
		n = 1;
	else
		while (n < s.len && !is_blank(s.ptr[n]) && !is_bracket(s.ptr[n]))
			n++;
	p->word = slice_first(s, n);
	p->rest = slice_from(s, n);
}

static bool
at_word(const struct parser *p, const char *word)
{
	return slice_equal_nocase(p->word, slice_str(word));
}

static const struct node *
fail(struct parser *p, const char *what)
{
	if (p->word.len == 0)
		yaml_err(p->at, p->e, "the condition ends where %s is expected", what);
	else
		yaml_err(p->at, p->e, "in the condition, %s is expected instead of \"%.*s\"",
		    what, SLICE_ARG(slice_first(p->word, 64)));
	return NULL;
}

static const struct node *
checked(struct parser *p, const struct node *n)
{
	if (n == NULL)
		out_of_room(p->b, p->at, p->e);
	return n;
}

/* Does the name fit a pattern in which "*" is any text? */
static bool
name_fits(struct slice name, struct slice pattern)
{
	struct slice piece;
	bool first = true;

	while (slice_cut(&pattern, '*', &piece)) {
		size_t at = slice_search(name, piece);

		if (pattern.ptr == NULL)
			return first ? slice_equal(name, piece) : slice_ends(name, piece);
		if (at == SIZE_MAX || (first && at != 0))
			return false;
		name = slice_from(name, at + piece.len);
		first = false;
	}
	return true;
}

/* Refer to a search identifier's tree: it is evaluated again for each reference. */
static bool
refer(struct parser *p, const struct search *s)
{
	if (p->b->budget <= s->size) {
		p->b->budget = 0;
		return false;
	}
	p->b->budget -= s->size;
	return true;
}

/* Behind "1", "any" or "all": "of them", "of NAME*". */
static const struct node *
read_quantifier(struct parser *p, enum node_kind kind)
{
	const struct node *kids[KIDS_MAX];
	bool them;
	size_t n = 0;

	advance(p);
	if (!at_word(p, "of"))
		return fail(p, "\"of\"");
	advance(p);
	if (p->word.len == 0 || is_bracket(p->word.ptr[0]))
		return fail(p, "\"them\" or a name");
	them = at_word(p, "them");
	for (size_t i = 0; i < p->n_searches; i++) {
		const struct search *s = &p->searches[i];

		/* By convention "them" leaves out names that begin with an underscore. */
		if (them ? s->name.len > 0 && s->name.ptr[0] == '_'
			 : !name_fits(s->name, p->word))
			continue;
		if (n == KIDS_MAX || !refer(p, s)) {
			p->b->budget = 0;
			return checked(p, NULL);
		}
		kids[n++] = s->tree;
	}
	if (n == 0)
		return fail(p, "a pattern that fits some search identifier");
	advance(p);
	return checked(p, node_many(p->b, kind, kids, n));
}

static const struct node *read_or(struct parser *p);

static const struct node *
read_primary(struct parser *p)
{
	const struct node *n;

	if (at_word(p, "(")) {
		if (++p->depth > DEPTH_MAX) {
			yaml_err(p->at, p->e, "the condition is nested deeper than %d levels",
			    DEPTH_MAX);
			return NULL;
		}
		advance(p);
		if ((n = read_or(p)) == NULL)
			return NULL;
		if (!at_word(p, ")"))
			return fail(p, "\")\"");
		p->depth--;
		advance(p);
		return n;
	}
	for (size_t i = 0; i < p->n_searches; i++)
		if (slice_equal(p->searches[i].name, p->word)) {
			struct parser ahead = *p;

			/* A search may be named "1" or "all": then "of" does not follow. */
			advance(&ahead);
			if (at_word(&ahead, "of"))
				break;
			if (!refer(p, &p->searches[i]))
				return checked(p, NULL);
			advance(p);
			return p->searches[i].tree;
		}
	if (at_word(p, "1") || at_word(p, "any"))
		return read_quantifier(p, NODE_OR);
	if (at_word(p, "all"))
		return read_quantifier(p, NODE_AND);
	return fail(p, "a search identifier");
}

static const struct node *
read_not(struct parser *p)
{
	bool negated = false;
	const struct node *n;

	while (at_word(p, "not")) {
		negated = !negated;
		advance(p);
	}
	if ((n = read_primary(p)) == NULL || !negated)
		return n;
	return checked(p, node_not(p->b, n));
}

/* A chain of the same operator. */
static const struct node *
read_chain(struct parser *p, const char *operator, enum node_kind kind,
    const struct node *(*operand)(struct parser *))
{
	const struct node *kids[64];
	const struct node *n;
	size_t count = 0;

	for (;;) {
		if ((n = operand(p)) == NULL)
			return NULL;
		kids[count++] = n;
		if (!at_word(p, operator))
			break;
		advance(p);
		if (count == 64) {
			if ((kids[0] = checked(p, node_many(p->b, kind, kids, count))) == NULL)
				return NULL;
			count = 1;
		}
	}
	return checked(p, node_many(p->b, kind, kids, count));
}

static const struct node *
read_and(struct parser *p)
{
	return read_chain(p, "and", NODE_AND, read_not);
}

static const struct node *
read_or(struct parser *p)
{
	return read_chain(p, "or", NODE_OR, read_and);
}

int
condition_read(struct builder *b, struct slice text, const struct yaml_node *at,
    const struct search *searches, size_t n, const struct node **out, struct err *e)
{
	struct parser p = {
	    .b = b, .at = at, .searches = searches, .n_searches = n, .rest = text, .e = e};

	advance(&p);
	if ((*out = read_or(&p)) == NULL)
		return -1;
	if (at_word(&p, "|"))
		return yaml_err(at, e,
		    "aggregations behind \"|\" are not part of Sigma 2: write a correlation");
	if (p.word.len > 0) {
		fail(&p, "\"and\", \"or\" or the end");
		return -1;
	}
	return 0;
}
