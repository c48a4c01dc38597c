/* set.c - choose every rule's key and compile all of them into one database. */
#include "detect/sigma/set.h"

#include <stdlib.h>

#include "base/hash.h"
#include "detect/sigma/key.h"

#define SCRATCH_MAX ((size_t)256 << 20)
/* A key that more than this share of events holds costs more than looking at the rule itself.
 */
#define KEY_PROBABILITY_MAX 0.1

/* A literal of the database and who asks for it. */
struct literal {
	struct slice text; /* with its edges */
	uint32_t id;
};

struct index {
	struct sigma_set *set;
	struct arena *scratch; /* reset for each rule */
	struct arena *kept;    /* until the database is made */
	struct literal *table; /* open addressing, a power of two */
	uint32_t size, n;
	struct ask {
		uint32_t literal;
		struct hit hit;
	} * asks;
	size_t n_asks, cap_asks;
	uint32_t rule; /* whose key is being told */
	bool failed;
};

void
sigma_set_free(struct sigma_set *s)
{
	if (s == NULL)
		return;
	hs_free_database(s->db);
	regexes_release(&s->regexes);
	arena_free(s->mem);
	free(s->rules);
	free(s->reports);
	free(s);
}

static struct literal *
find_slot(struct literal *table, uint32_t size, struct slice text)
{
	for (uint32_t i = (uint32_t)hash_bytes(text, 0);; i++) {
		struct literal *l = &table[i & (size - 1)];

		if (l->text.ptr == NULL || slice_equal(l->text, text))
			return l;
	}
}

static bool
grow_table(struct index *x)
{
	uint32_t size = x->size == 0 ? 1024 : x->size * 2;
	struct literal *table = calloc(size, sizeof(*table));

	if (table == NULL)
		return false;
	for (uint32_t i = 0; i < x->size; i++)
		if (x->table[i].text.ptr != NULL)
			*find_slot(table, size, x->table[i].text) = x->table[i];
	free(x->table);
	x->table = table;
	x->size = size;
	return true;
}

static bool
add_ask(struct index *x, uint32_t literal, uint32_t place)
{
	if (x->n_asks == x->cap_asks) {
		size_t cap = x->cap_asks == 0 ? 1024 : x->cap_asks * 2;
		struct ask *more = realloc(x->asks, cap * sizeof(*more));

		if (more == NULL)
			return false;
		x->asks = more;
		x->cap_asks = cap;
	}
	x->asks[x->n_asks++] = (struct ask){literal, {place, x->rule}};
	return true;
}

static bool
take_factor(void *ctx, const struct factor *f)
{
	struct index *x = ctx;
	uint8_t text[FACTOR_TEXT_MAX + 2];
	const struct column *column = &x->set->columns[f->column];
	struct literal *l;
	size_t n = 0;

	if (f->at_start)
		text[n++] = EDGE;
	memcpy(text + n, f->text.ptr, f->text.len);
	n += f->text.len;
	if (f->at_end)
		text[n++] = EDGE;
	x->failed = true;
	if (x->n * 2 >= x->size && !grow_table(x))
		return false;
	l = find_slot(x->table, x->size, slice_of(text, n));
	if (l->text.ptr == NULL) {
		if ((l->text = arena_dup(x->kept, slice_of(text, n))).ptr == NULL)
			return false;
		l->id = x->n++;
	}
	if (f->column == COLUMN_RAW && !add_ask(x, l->id, PLACE_RAW))
		return false;
	for (unsigned i = 0; i < column->n; i++)
		if (!add_ask(x, l->id, column->places[i].id))
			return false;
	x->failed = false;
	return true;
}

static int
compare_asks(const void *a, const void *b)
{
	const struct ask *x = a, *y = b;

	if (x->literal != y->literal)
		return x->literal < y->literal ? -1 : 1;
	if (x->hit.place != y->hit.place)
		return x->hit.place < y->hit.place ? -1 : 1;
	return (x->hit.rule > y->hit.rule) - (x->hit.rule < y->hit.rule);
}

/* The asks, sorted by literal, each once. */
static bool
lay_out_hits(struct index *x)
{
	struct sigma_set *s = x->set;
	size_t n = 0;

	if (x->n_asks > 1)
		qsort(x->asks, x->n_asks, sizeof(*x->asks), compare_asks);
	s->n_literals = x->n;
	s->first_hit = arena_array(s->mem, (size_t)x->n + 1, sizeof(*s->first_hit));
	s->hits = arena_array(s->mem, x->n_asks, sizeof(*s->hits));
	if (s->first_hit == NULL || s->hits == NULL)
		return false;
	for (size_t i = 0, literal = 0; literal <= x->n; literal++) {
		s->first_hit[literal] = (uint32_t)n;
		for (; i < x->n_asks && x->asks[i].literal == literal; i++)
			if (i == 0 || compare_asks(&x->asks[i - 1], &x->asks[i]) != 0)
				s->hits[n++] = x->asks[i].hit;
	}
	return true;
}

static int
compile_database(struct index *x, struct err *e)
{
	const char **texts = calloc(x->n + 1, sizeof(*texts));
	unsigned *flags = calloc(x->n + 1, sizeof(*flags));
	unsigned *ids = calloc(x->n + 1, sizeof(*ids));
	size_t *lens = calloc(x->n + 1, sizeof(*lens));
	hs_compile_error_t *why = NULL;
	int rc = -1;

	if (texts == NULL || flags == NULL || ids == NULL || lens == NULL) {
		err_set(e, "no memory to compile the rules");
		goto out;
	}
	for (uint32_t i = 0; i < x->size; i++) {
		const struct literal *l = &x->table[i];

		if (l->text.ptr == NULL)
			continue;
		texts[l->id] = (const char *)l->text.ptr;
		lens[l->id] = l->text.len;
		flags[l->id] = HS_FLAG_CASELESS;
		ids[l->id] = l->id;
	}
	if (x->n > 0 && hs_compile_lit_multi(texts, flags, ids, lens, x->n, HS_MODE_BLOCK, NULL,
			    &x->set->db, &why) != HS_SUCCESS) {
		err_set(
		    e, "compiling the rules' texts: %s", why == NULL ? "failed" : why->message);
		goto out;
	}
	rc = 0;
out:
	hs_free_compile_error(why);
	free(texts);
	free(flags);
	free(ids);
	free(lens);
	return rc;
}

/* Where is looked for this class? */
static bool
make_plan(struct sigma_set *s, unsigned class, const bool *direct)
{
	struct plan *p = &s->plans[class];
	uint32_t n = 0;

	p->places = arena_zalloc(s->mem, (s->n_places + 63) / 64 * sizeof(*p->places));
	p->fields = arena_array(s->mem, FIELD_COUNT, sizeof(*p->fields));
	for (uint32_t i = 0; i < s->n_rules; i++)
		n += direct[i] && (s->rules[i].classes >> class & 1);
	p->direct = arena_array(s->mem, n, sizeof(*p->direct));
	if (p->places == NULL || p->fields == NULL || p->direct == NULL)
		return false;
	for (uint32_t i = 0; i < s->first_hit[s->n_literals]; i++)
		if (s->rules[s->hits[i].rule].classes >> class & 1)
			p->places[s->hits[i].place / 64] |= (uint64_t)1
							    << s->hits[i].place % 64;
	p->raw = p->places[0] >> PLACE_RAW & 1;
	for (uint32_t f = 0; f < FIELD_COUNT; f++) {
		uint32_t place = PLACE_RAW + 1 + f;

		if (p->places[place / 64] >> place % 64 & 1)
			p->fields[p->n_fields++] = (enum field_id)f;
	}
	for (uint32_t i = 0; i < s->n_rules; i++)
		if (direct[i] && (s->rules[i].classes >> class & 1))
			p->direct[p->n_direct++] = i;
	return true;
}

/* Every name that a column looks at, also those of fields: those can have further values. */
static bool
index_names(struct sigma_set *s)
{
	for (s->named_size = 16; s->named_size < s->n_places * 2;)
		s->named_size *= 2;
	if ((s->named = arena_zalloc(s->mem, s->named_size * sizeof(*s->named))) == NULL)
		return false;
	for (uint32_t c = COLUMN_FIRST; c < s->n_columns; c++)
		for (unsigned i = 0; i < s->columns[c].n; i++) {
			const struct place *p = &s->columns[c].places[i];

			*set_named(s, p->name) = (struct named){p->name, p->id};
		}
	return true;
}

struct named *
set_named(const struct sigma_set *s, struct slice name)
{
	for (uint32_t i = (uint32_t)hash_bytes(name, 1);; i++) {
		struct named *n = &s->named[i & (s->named_size - 1)];

		if (n->name.ptr == NULL || slice_equal(n->name, name))
			return n;
	}
}

int
set_index(struct sigma_set *s, struct err *e)
{
	struct index x = {
	    .set = s, .scratch = arena_new(SCRATCH_MAX), .kept = arena_new(SCRATCH_MAX)};
	bool *direct = calloc(s->n_rules + 1, sizeof(*direct));
	int rc = -1;

	if (x.scratch == NULL || x.kept == NULL || direct == NULL)
		goto no_memory;
	for (x.rule = 0; x.rule < s->n_rules; x.rule++) {
		const struct node *tree = s->rules[x.rule].tree;

		arena_reset(x.scratch);
		direct[x.rule] = s->rules[x.rule].classes != 0 &&
				 key_probability(tree, x.scratch) > KEY_PROBABILITY_MAX;
		s->reports[s->rules[x.rule].report].direct = direct[x.rule];
		if (s->rules[x.rule].classes == 0 || direct[x.rule])
			continue;
		key_each(tree, x.scratch, take_factor, &x);
		if (x.failed || arena_full(x.scratch))
			goto no_memory;
	}
	if (!lay_out_hits(&x))
		goto no_memory;
	if (compile_database(&x, e) != 0)
		goto out;
	for (unsigned class = 0; class < EVENT_CLASS_COUNT; class ++)
		if (!make_plan(s, class, direct))
			goto no_memory;
	if (!index_names(s))
		goto no_memory;
	rc = 0;
	goto out;
no_memory:
	err_set(e, "no memory to compile the rules");
out:
	arena_free(x.scratch);
	arena_free(x.kept);
	free(x.table);
	free(x.asks);
	free(direct);
	return rc;
}
