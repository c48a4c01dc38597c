/* detection.c - search identifiers: fields, modifiers and values. */
#include "detect/sigma/detection.h"

#include <stdlib.h>

#define MODIFIERS_MAX	   16
#define VALUES_OF_ITEM_MAX 20000

enum modifier {
	MOD_CONTAINS,
	MOD_STARTSWITH,
	MOD_ENDSWITH,
	MOD_ALL,
	MOD_CASED,
	MOD_EXISTS,
	MOD_NEQ,
	MOD_RE,
	MOD_I,
	MOD_M,
	MOD_S,
	MOD_CIDR,
	MOD_LT,
	MOD_LTE,
	MOD_GT,
	MOD_GTE,
	MOD_FIELDREF,
	MOD_EXPAND,
	MOD_WINDASH,
	MOD_BASE64,
	MOD_BASE64OFFSET,
	MOD_UTF16LE,
	MOD_UTF16BE,
	MOD_UTF16,
	MOD_MINUTE,
	MOD_HOUR,
	MOD_DAY,
	MOD_WEEK,
	MOD_MONTH,
	MOD_YEAR,
	MOD_COUNT,
};

static const struct {
	const char *name;
	enum modifier id;
} modifiers[] = {
    {"contains", MOD_CONTAINS},
    {"startswith", MOD_STARTSWITH},
    {"endswith", MOD_ENDSWITH},
    {"all", MOD_ALL},
    {"cased", MOD_CASED},
    {"exists", MOD_EXISTS},
    {"neq", MOD_NEQ},
    {"re", MOD_RE},
    {"i", MOD_I},
    {"ignorecase", MOD_I},
    {"m", MOD_M},
    {"multiline", MOD_M},
    {"s", MOD_S},
    {"dotall", MOD_S},
    {"cidr", MOD_CIDR},
    {"lt", MOD_LT},
    {"lte", MOD_LTE},
    {"gt", MOD_GT},
    {"gte", MOD_GTE},
    {"fieldref", MOD_FIELDREF},
    {"expand", MOD_EXPAND},
    {"windash", MOD_WINDASH},
    {"base64", MOD_BASE64},
    {"base64offset", MOD_BASE64OFFSET},
    {"wide", MOD_UTF16LE},
    {"utf16le", MOD_UTF16LE},
    {"utf16be", MOD_UTF16BE},
    {"utf16", MOD_UTF16},
    {"minute", MOD_MINUTE},
    {"hour", MOD_HOUR},
    {"day", MOD_DAY},
    {"week", MOD_WEEK},
    {"month", MOD_MONTH},
    {"year", MOD_YEAR},
};
#define N_MODIFIERS (sizeof(modifiers) / sizeof(modifiers[0]))

#define BIT(m) ((uint32_t)1 << (m))
#define BITS_ENCODE                                                                            \
	(BIT(MOD_BASE64) | BIT(MOD_BASE64OFFSET) | BIT(MOD_UTF16LE) | BIT(MOD_UTF16BE) |       \
	    BIT(MOD_UTF16))
#define BITS_PLACE   (BIT(MOD_CONTAINS) | BIT(MOD_STARTSWITH) | BIT(MOD_ENDSWITH))
#define BITS_FLAGS   (BIT(MOD_I) | BIT(MOD_M) | BIT(MOD_S))
#define BITS_COMPARE (BIT(MOD_LT) | BIT(MOD_LTE) | BIT(MOD_GT) | BIT(MOD_GTE))
#define BITS_TIME                                                                              \
	(BIT(MOD_MINUTE) | BIT(MOD_HOUR) | BIT(MOD_DAY) | BIT(MOD_WEEK) | BIT(MOD_MONTH) |     \
	    BIT(MOD_YEAR))
#define BITS_STRING (BITS_PLACE | BITS_ENCODE | BIT(MOD_CASED) | BIT(MOD_WINDASH))
#define BITS_JOIN   (BIT(MOD_ALL) | BIT(MOD_NEQ))

/* Modifiers that change what a value is, and what may stand beside each. */
static const struct {
	enum modifier type;
	uint32_t with;
	const char *name;
} types[] = {
    {MOD_EXISTS, 0, "exists"},
    {MOD_RE, BITS_FLAGS | BITS_JOIN | BIT(MOD_CONTAINS), "re"},
    {MOD_CIDR, BITS_JOIN | BIT(MOD_EXPAND), "cidr"},
    {MOD_LT, BITS_TIME | BITS_JOIN, "lt"},
    {MOD_LTE, BITS_TIME | BITS_JOIN, "lte"},
    {MOD_GT, BITS_TIME | BITS_JOIN, "gt"},
    {MOD_GTE, BITS_TIME | BITS_JOIN, "gte"},
    {MOD_FIELDREF, BITS_PLACE | BITS_JOIN | BIT(MOD_CASED), "fieldref"},
    {MOD_MINUTE, BITS_COMPARE | BITS_JOIN, "minute"},
    {MOD_HOUR, BITS_COMPARE | BITS_JOIN, "hour"},
    {MOD_DAY, BITS_COMPARE | BITS_JOIN, "day"},
    {MOD_WEEK, BITS_COMPARE | BITS_JOIN, "week"},
    {MOD_MONTH, BITS_COMPARE | BITS_JOIN, "month"},
    {MOD_YEAR, BITS_COMPARE | BITS_JOIN, "year"},
};

/* A value on its way through the modifiers. */
struct value {
	const struct yaml_node *at;
	struct part *parts;
	unsigned n;
};

/* "Field|mod|mod": value(s) */
struct item {
	const struct yaml_node *at;
	uint32_t column;
	unsigned n_mods;
	enum modifier mods[MODIFIERS_MAX];
	uint32_t has; /* bits of mods */
	bool keyword;
	struct value *values;
	size_t n;
};

void
regexes_release(struct regexes *r)
{
	for (size_t i = 0; i < r->n; i++)
		regex_free(r->list[i]);
	free(r->list);
	*r = (struct regexes){0};
}

int
out_of_room(const struct builder *b, const struct yaml_node *at, struct err *e)
{
	if (b->budget == 0)
		return yaml_err(
		    at, e, "the rule is too large: more than %d comparisons", RULE_NODES_MAX);
	return yaml_err(at, e, "no memory for the rule");
}

static bool
spend(struct builder *b, size_t n)
{
	if (b->budget < n) {
		b->budget = 0;
		return false;
	}
	b->budget -= n;
	return true;
}

static struct node *
new_node(struct builder *b, enum node_kind kind, uint32_t n)
{
	struct node *node = spend(b, 1) ? arena_alloc(b->mem, sizeof(*node)) : NULL;

	if (node != NULL)
		*node = (struct node){.kind = kind, .n = n, .needs = COLUMN_NONE};
	return node;
}

const struct node *
node_atom(struct builder *b, const struct atom *a)
{
	struct node *n = new_node(b, NODE_ATOM, 0);
	struct atom *kept = n == NULL ? NULL : arena_alloc(b->mem, sizeof(*kept));

	if (kept == NULL)
		return NULL;
	*kept = *a;
	n->u.atom = kept;
	n->cost = a->kind == ATOM_REGEX ? 16 : 1;
	if (a->kind != ATOM_EXISTS && a->kind != ATOM_NULL && a->column != COLUMN_TIME)
		n->needs = a->column;
	return n;
}

const struct node *
node_many(struct builder *b, enum node_kind kind, const struct node *const *kids, size_t count)
{
	const struct node **kept;
	struct node *n;

	for (size_t i = 0; i < count; i++)
		if (kids[i] == NULL)
			return NULL;
	if (count == 1 && kind != NODE_NOT)
		return kids[0];
	if ((n = new_node(b, kind, (uint32_t)count)) == NULL ||
	    (kept = arena_array(b->mem, count, sizeof(*kept))) == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t k = i;

		for (; kind == NODE_AND && k > 0 && kept[k - 1]->cost > kids[i]->cost; k--)
			kept[k] = kept[k - 1];
		kept[k] = kids[i];
		n->cost += kids[i]->cost;
	}
	/* An AND needs what its first needs, an OR what all need alike. */
	if (count > 0 && kind != NODE_NOT)
		n->needs = kept[0]->needs;
	for (size_t i = 1; kind == NODE_OR && i < count; i++)
		if (kept[i]->needs != n->needs)
			n->needs = COLUMN_NONE;
	n->u.kids = kept;
	return n;
}

const struct node *
node_not(struct builder *b, const struct node *kid)
{
	return node_many(b, NODE_NOT, &kid, 1);
}

/* Cut "Field|mod|mod" apart and see that the modifiers fit together. */
static int
read_modifiers(struct item *it, struct slice *field, struct err *e)
{
	struct slice rest = it->at->key, word;

	*field = (struct slice){0};
	if (rest.ptr == NULL || !slice_cut(&rest, '|', field))
		return 0;
	while (slice_cut(&rest, '|', &word)) {
		size_t i = 0;

		while (i < N_MODIFIERS && !slice_is(word, modifiers[i].name))
			i++;
		if (i == N_MODIFIERS)
			return yaml_err(it->at, e, "the modifier \"%.*s\" is not known",
			    SLICE_ARG(slice_first(word, 40)));
		if (it->n_mods == MODIFIERS_MAX)
			return yaml_err(it->at, e, "more than %d modifiers", MODIFIERS_MAX);
		it->mods[it->n_mods++] = modifiers[i].id;
		it->has |= BIT(modifiers[i].id);
	}
	if ((it->has & BITS_FLAGS) != 0 && (it->has & BIT(MOD_RE)) == 0)
		return yaml_err(it->at, e, "the modifiers i, m and s belong behind \"re\"");
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((it->has & BIT(types[i].type)) != 0 &&
		    (it->has & ~BIT(types[i].type) & ~types[i].with) != 0)
			return yaml_err(it->at, e,
			    "the modifier \"%s\" cannot be combined with the others here",
			    types[i].name);
	return 0;
}

/* The values of a placeholder, as a node; NULL with a sentence. */
static const struct yaml_node *
placeholder_values(
    struct builder *b, const struct yaml_node *at, struct slice name, struct err *e)
{
	if (b->placeholders != NULL)
		for (size_t i = 0; i < b->placeholders->count; i++)
			if (slice_equal(b->placeholders->items[i].key, name))
				return &b->placeholders->items[i];
	yaml_err(at, e,
	    "the placeholder %%%.*s%% has no values: give them in a placeholder file",
	    SLICE_ARG(slice_first(name, 64)));
	return NULL;
}

/* Values found so far, in the arena. */
struct values {
	struct value *list;
	size_t n, cap;
};

static int
keep_value(struct builder *b, struct values *all, const struct value *v, struct err *e)
{
	if (all->n == VALUES_OF_ITEM_MAX)
		return yaml_err(v->at, e, "the placeholders expand to more than %d values",
		    VALUES_OF_ITEM_MAX);
	if (all->n == all->cap) {
		size_t cap = all->cap == 0 ? 16 : all->cap * 2;
		struct value *more = arena_array(b->scratch, cap, sizeof(*more));

		if (more == NULL)
			return out_of_room(b, v->at, e);
		if (all->n > 0)
			memcpy(more, all->list, all->n * sizeof(*more));
		all->list = more;
		all->cap = cap;
	}
	all->list[all->n++] = *v;
	return 0;
}

/* v with its part number `at` replaced by the text of n. */
static int
put_in(struct builder *b, const struct value *v, unsigned at, const struct yaml_node *n,
    struct value *out, struct err *e)
{
	struct part *parts;
	unsigned k;

	if (n->kind != YAML_SCALAR)
		return yaml_err(n, e, "a placeholder's values must be texts");
	if ((parts = pattern_parse(n->text, false, b->scratch, &k)) == NULL ||
	    (out->parts = arena_array(b->scratch, v->n + k, sizeof(*parts))) == NULL)
		return out_of_room(b, v->at, e);
	memcpy(out->parts, v->parts, at * sizeof(*parts));
	memcpy(out->parts + at, parts, k * sizeof(*parts));
	memcpy(out->parts + at + k, v->parts + at + 1, (v->n - at - 1) * sizeof(*parts));
	out->at = v->at;
	out->n = v->n - 1 + k;
	return 0;
}

/* Replace each placeholder of v by each of its values: those may hold wildcards, not
 * placeholders. */
static int
expand_value(struct builder *b, const struct value *v, struct values *all, struct err *e)
{
	const struct yaml_node *list, *texts;
	struct value longer;
	unsigned at = 0;
	size_t many;

	while (at < v->n && v->parts[at].kind != PART_PLACEHOLDER)
		at++;
	if (at == v->n)
		return keep_value(b, all, v, e);
	if ((list = placeholder_values(b, v->at, v->parts[at].text, e)) == NULL)
		return -1;
	texts = list->kind == YAML_SEQUENCE ? list->items : list;
	many = list->kind == YAML_SEQUENCE ? list->count : 1;
	for (size_t i = 0; i < many; i++)
		if (put_in(b, v, at, &texts[i], &longer, e) != 0 ||
		    expand_value(b, &longer, all, e) != 0)
			return -1;
	return 0;
}

static int
expand_values(struct builder *b, struct item *it, struct err *e)
{
	struct values all = {0};

	for (size_t i = 0; i < it->n; i++)
		if (expand_value(b, &it->values[i], &all, e) != 0)
			return -1;
	it->values = all.list;
	it->n = all.n;
	return 0;
}

/* One text, or the sentence that an encoding cannot be applied to wildcards. */
static int
whole_text(const struct value *v, struct slice *out, struct err *e)
{
	if (!pattern_is_text(v->parts, v->n))
		return yaml_err(
		    v->at, e, "wildcards make no sense here: escape them or leave them out");
	*out = v->n == 0 ? SLICE("") : v->parts[0].text;
	return 0;
}

static int
set_text(struct builder *b, struct value *v, struct slice s, struct err *e)
{
	if (s.ptr == NULL || (v->parts = arena_alloc(b->scratch, sizeof(*v->parts))) == NULL)
		return out_of_room(b, v->at, e);
	v->parts[0] = (struct part){PART_TEXT, s};
	v->n = s.len > 0;
	return 0;
}

static int
encode_values(struct builder *b, struct item *it, enum modifier m, struct err *e)
{
	unsigned variants = m == MOD_BASE64OFFSET ? 3 : 1;
	struct value *out = arena_array(b->scratch, it->n * variants, sizeof(*out));

	if (out == NULL)
		return out_of_room(b, it->at, e);
	for (size_t i = 0; i < it->n; i++) {
		struct slice text;

		if (whole_text(&it->values[i], &text, e) != 0)
			return -1;
		for (unsigned k = 0; k < variants; k++) {
			struct slice s = m == MOD_BASE64 ? encode_base64(text, b->scratch)
					 : m == MOD_BASE64OFFSET
					     ? encode_base64_offset(text, k, b->scratch)
					     : encode_utf16(text, m == MOD_UTF16BE,
						   m == MOD_UTF16, b->scratch);
			struct value *v = &out[i * variants + k];

			v->at = it->values[i].at;
			if (set_text(b, v, s, e) != 0)
				return -1;
			if (m == MOD_BASE64OFFSET && v->n == 0)
				return yaml_err(v->at, e, "too short for base64offset");
		}
	}
	it->values = out;
	it->n *= variants;
	return 0;
}

/* Apply what changes values, in the order written. */
static int
transform_values(struct builder *b, struct item *it, struct err *e)
{
	for (unsigned i = 0; i < it->n_mods; i++) {
		if (it->mods[i] == MOD_EXPAND && expand_values(b, it, e) != 0)
			return -1;
		if ((BIT(it->mods[i]) & BITS_ENCODE) != 0 &&
		    encode_values(b, it, it->mods[i], e) != 0)
			return -1;
		if (it->mods[i] != MOD_WINDASH)
			continue;
		for (size_t k = 0; k < it->n; k++)
			if ((it->values[k].parts = pattern_windash(it->values[k].parts,
				 it->values[k].n, b->scratch, &it->values[k].n)) == NULL)
				return out_of_room(b, it->at, e);
	}
	return 0;
}

/* For people and for highlighting: a value of one text without its wildcards, else as written.
 */
static struct slice
shown_text(struct builder *b, const struct value *v)
{
	const struct part *only = NULL;

	for (unsigned i = 0; i < v->n; i++) {
		if (v->parts[i].kind == PART_ANY)
			continue;
		if (only != NULL || v->parts[i].kind != PART_TEXT)
			return arena_dup(b->mem, v->at->text);
		only = &v->parts[i];
	}
	return arena_dup(b->mem, only == NULL ? v->at->text : only->text);
}

static int
make_regex(struct builder *b, const struct item *it, const struct value *v, struct atom *a,
    struct err *e)
{
	struct err why;
	struct regex *r;
	char flags[4];
	size_t n = 0;

	if (it->has & BIT(MOD_I))
		flags[n++] = 'i';
	if (it->has & BIT(MOD_M))
		flags[n++] = 'm';
	if (it->has & BIT(MOD_S))
		flags[n++] = 's';
	flags[n] = '\0';
	if (b->regexes->n == b->regexes->cap) {
		size_t cap = b->regexes->cap == 0 ? 16 : b->regexes->cap * 2;
		struct regex **more = realloc(b->regexes->list, cap * sizeof(struct regex *));

		if (more == NULL)
			return out_of_room(b, v->at, e);
		b->regexes->list = more;
		b->regexes->cap = cap;
	}
	if (regex_new(&r, v->at->text, flags, &why) != 0)
		return yaml_err(v->at, e, "%s", why.text);
	b->regexes->list[b->regexes->n++] = r;
	a->kind = ATOM_REGEX;
	a->u.regex = r;
	return 0;
}

static int
make_comparison(const struct item *it, const struct value *v, struct atom *a, struct err *e)
{
	a->kind = ATOM_COMPARE;
	a->u.compare.op = it->has & BIT(MOD_LT)	   ? COMPARE_LT
			  : it->has & BIT(MOD_LTE) ? COMPARE_LTE
			  : it->has & BIT(MOD_GT)  ? COMPARE_GT
			  : it->has & BIT(MOD_GTE) ? COMPARE_GTE
						   : COMPARE_EQ;
	for (int m = MOD_MINUTE; m <= MOD_YEAR; m++)
		if (it->has & BIT(m))
			a->u.compare.part = (enum time_part)(TIME_MINUTE + m - MOD_MINUTE);
	if (!slice_to_double(v->at->text, &a->u.compare.number))
		return yaml_err(v->at, e, "a number is expected here");
	return 0;
}

/* The atom for one value. */
static const struct node *
make_atom(struct builder *b, const struct item *it, const struct value *v, struct err *e)
{
	struct atom a = {.column = it->column};
	const struct node *n;

	if (yaml_is_null(v->at)) {
		if (it->has & ~BITS_JOIN || it->keyword) {
			yaml_err(v->at, e, "null takes no modifiers and is no keyword");
			return NULL;
		}
		a.kind = ATOM_NULL;
		a.shown = SLICE("null");
	} else if (it->has & BIT(MOD_EXISTS)) {
		a.kind = ATOM_EXISTS;
		if (yaml_bool(v->at, &a.u.exists, e) != 0)
			return NULL;
		a.shown = a.u.exists ? SLICE("exists") : SLICE("does not exist");
	} else if (it->has & BIT(MOD_RE)) {
		if (make_regex(b, it, v, &a, e) != 0)
			return NULL;
		a.shown = arena_dup(b->mem, v->at->text);
	} else if (it->has & BIT(MOD_CIDR)) {
		a.kind = ATOM_CIDR;
		if (whole_text(v, &a.shown, e) != 0)
			return NULL;
		if (!ip_prefix_parse(a.shown, &a.u.cidr)) {
			yaml_err(v->at, e,
			    "\"%.*s\" is no address range such as 10.0.0.0/8 or fe80::/10",
			    SLICE_ARG(slice_first(a.shown, 64)));
			return NULL;
		}
		a.shown = arena_dup(b->mem, a.shown);
	} else if (it->has & (BITS_COMPARE | BITS_TIME)) {
		if (make_comparison(it, v, &a, e) != 0)
			return NULL;
		a.shown = arena_dup(b->mem, v->at->text);
	} else if (it->has & BIT(MOD_FIELDREF)) {
		a.kind = ATOM_FIELD;
		if (!columns_find(b->columns, b->route, v->at->text, &a.u.field.column)) {
			out_of_room(b, v->at, e);
			return NULL;
		}
		a.u.field.at_start = !(it->has & (BIT(MOD_ENDSWITH) | BIT(MOD_CONTAINS)));
		a.u.field.at_end = !(it->has & (BIT(MOD_STARTSWITH) | BIT(MOD_CONTAINS)));
		a.u.field.cased = it->has & BIT(MOD_CASED);
		a.shown = arena_dup(b->mem, v->at->text);
	} else {
		bool around = it->keyword || (it->has & BIT(MOD_CONTAINS));

		a.kind = ATOM_PATTERN;
		if (!pattern_finish(&a.u.pattern, v->parts, v->n,
			around || (it->has & BIT(MOD_ENDSWITH)),
			around || (it->has & BIT(MOD_STARTSWITH)), it->has & BIT(MOD_CASED),
			b->mem)) {
			out_of_room(b, v->at, e);
			return NULL;
		}
		a.shown = shown_text(b, v);
	}
	if ((n = node_atom(b, &a)) == NULL)
		out_of_room(b, v->at, e);
	return n;
}

/* The values as written, before any modifier. */
static int
read_values(
    struct builder *b, struct item *it, const struct yaml_node *list, size_t n, struct err *e)
{
	if (n == 0)
		return yaml_err(it->at, e, "\"%.*s\" has no values",
		    SLICE_ARG(slice_first(it->at->key, 64)));
	if ((it->values = arena_array(b->scratch, n, sizeof(*it->values))) == NULL)
		return out_of_room(b, it->at, e);
	for (size_t i = 0; i < n; i++) {
		struct value v = {.at = &list[i]};

		if (list[i].kind != YAML_SCALAR)
			return yaml_err(&list[i], e, "a single value is expected here");
		if ((v.parts = pattern_parse(
			 list[i].text, it->has & BIT(MOD_EXPAND), b->scratch, &v.n)) == NULL)
			return out_of_room(b, it->at, e);
		it->values[it->n++] = v;
	}
	return 0;
}

/* An item whose values are `n` scalars. */
static int
read_item(struct builder *b, const struct yaml_node *at, const struct yaml_node *list, size_t n,
    const struct node **out, struct err *e)
{
	struct item it = {.at = at};
	const struct node **kids = NULL;
	struct slice field;
	size_t count;
	int rc = -1;

	if (read_modifiers(&it, &field, e) != 0)
		return -1;
	it.keyword = field.len == 0;
	it.column = COLUMN_RAW;
	if (!it.keyword && !columns_find(b->columns, b->route, field, &it.column))
		return out_of_room(b, at, e);
	if (read_values(b, &it, list, n, e) != 0 || transform_values(b, &it, e) != 0)
		return -1;
	if ((kids = calloc(it.n + 1, sizeof(*kids))) == NULL)
		return out_of_room(b, at, e);
	/* Three forms of one base64offset value are always alternatives. */
	size_t forms = it.has & BIT(MOD_BASE64OFFSET) ? 3 : 1;
	for (count = 0; count * forms < it.n; count++) {
		const struct node *form[3];

		for (size_t k = 0; k < forms; k++)
			if ((form[k] = make_atom(b, &it, &it.values[count * forms + k], e)) ==
			    NULL)
				goto out;
		kids[count] = node_many(b, NODE_OR, form, forms);
	}
	*out = node_many(b, it.has & BIT(MOD_ALL) ? NODE_AND : NODE_OR, kids, count);
	if (*out != NULL && it.has & BIT(MOD_NEQ))
		*out = node_not(b, *out);
	if (*out == NULL) {
		out_of_room(b, at, e);
		goto out;
	}
	rc = 0;
out:
	free(kids);
	return rc;
}

static int
read_map(struct builder *b, const struct yaml_node *map, const struct node **out, struct err *e)
{
	const struct node **kids;
	int rc = -1;

	if (map->count == 0)
		return yaml_err(map, e, "this selection is empty");
	if ((kids = calloc(map->count, sizeof(*kids))) == NULL)
		return out_of_room(b, map, e);
	for (size_t i = 0; i < map->count; i++) {
		const struct yaml_node *v = &map->items[i];
		bool list = v->kind == YAML_SEQUENCE;

		if (v->kind == YAML_MAPPING) {
			yaml_err(v, e, "a field's value cannot be a mapping");
			goto out;
		}
		if (read_item(b, v, list ? v->items : v, list ? v->count : 1, &kids[i], e) != 0)
			goto out;
	}
	if ((*out = node_many(b, NODE_AND, kids, map->count)) == NULL)
		out_of_room(b, map, e);
	else
		rc = 0;
out:
	free(kids);
	return rc;
}

/* A member of a list: a map, or one keyword. */
static int
read_member(
    struct builder *b, const struct yaml_node *n, const struct node **out, struct err *e)
{
	struct yaml_node keyword = *n;

	if (n->kind == YAML_MAPPING)
		return read_map(b, n, out, e);
	if (n->kind == YAML_SEQUENCE)
		return yaml_err(n, e, "a list inside a list is not part of Sigma");
	keyword.key = (struct slice){0}; /* a scalar search identifier's key is its name */
	return read_item(b, &keyword, n, 1, out, e);
}

int
selection_read(
    struct builder *b, const struct yaml_node *n, const struct node **out, struct err *e)
{
	const struct node **kids;
	int rc = -1;

	if (n->kind != YAML_SEQUENCE)
		return read_member(b, n, out, e);
	if (n->count == 0)
		return yaml_err(n, e, "this selection is empty");
	if ((kids = calloc(n->count, sizeof(*kids))) == NULL)
		return out_of_room(b, n, e);
	for (size_t i = 0; i < n->count; i++)
		if (read_member(b, &n->items[i], &kids[i], e) != 0)
			goto out;
	if ((*out = node_many(b, NODE_OR, kids, n->count)) == NULL)
		out_of_room(b, n, e);
	else
		rc = 0;
out:
	free(kids);
	return rc;
}

static bool
is_named(struct slice name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (slice_is(name, *list))
			return true;
	return false;
}

static int
read_conditions(struct builder *b, const struct yaml_node *cond, const struct search *searches,
    size_t n, const struct node **out, struct err *e)
{
	bool list = cond->kind == YAML_SEQUENCE;
	size_t many = list ? cond->count : 1;
	const struct node **kids = calloc(many + 1, sizeof(*kids));
	int rc = -1;

	if (kids == NULL)
		return out_of_room(b, cond, e);
	for (size_t i = 0; i < many; i++) {
		const struct yaml_node *c = list ? &cond->items[i] : cond;

		if (c->kind != YAML_SCALAR) {
			yaml_err(c, e, "a condition must be a text");
			goto out;
		}
		if (condition_read(b, c->text, c, searches, n, &kids[i], e) != 0)
			goto out;
	}
	if (many == 0)
		yaml_err(cond, e, "the condition is empty");
	else if ((*out = node_many(b, NODE_OR, kids, many)) == NULL)
		out_of_room(b, cond, e);
	else
		rc = 0;
out:
	free(kids);
	return rc;
}

int
detection_read(struct builder *b, const struct yaml_node *map, const char *const *skip,
    const struct node **out, struct err *e)
{
	const struct yaml_node *condition;
	struct search *searches = NULL;
	size_t n = 0;
	int rc = -1;

	if (yaml_need(map, "condition", &condition, e) != 0)
		goto out;
	if ((searches = calloc(map->count, sizeof(*searches))) == NULL) {
		out_of_room(b, map, e);
		goto out;
	}
	for (size_t i = 0; i < map->count; i++) {
		const struct yaml_node *s = &map->items[i];
		size_t before = b->budget;

		if (is_named(s->key, skip))
			continue;
		searches[n].name = s->key;
		if (selection_read(b, s, &searches[n].tree, e) != 0)
			goto out;
		searches[n].size = before - b->budget;
		n++;
	}
	if (n == 0) {
		yaml_err(map, e, "there is no search identifier");
		goto out;
	}
	rc = read_conditions(b, condition, searches, n, out, e);
out:
	free(searches);
	return rc;
}
