/* mapping.c - routes and columns. */
#include "detect/sigma/mapping.h"

#include <stdlib.h>

#include "base/hash.h"

#define MAPPING_MEMORY (16 << 20)
#define PLACES_MAX     16

struct mapping {
	struct arena *mem;
	struct route *routes;
	unsigned n, cap;
};

struct mapping *
mapping_new(void)
{
	struct mapping *m = calloc(1, sizeof(*m));

	if (m != NULL && (m->mem = arena_new(MAPPING_MEMORY)) == NULL) {
		free(m);
		m = NULL;
	}
	return m;
}

void
mapping_free(struct mapping *m)
{
	if (m == NULL)
		return;
	arena_free(m->mem);
	free(m->routes);
	free(m);
}

int
logsource_read(const struct yaml_node *n, struct logsource *out, struct err *e)
{
	*out = (struct logsource){0};
	if (n->kind != YAML_MAPPING)
		return yaml_err(n, e, "\"logsource\" must be a mapping");
	if (yaml_text(yaml_get(n, "category"), &out->category, e) != 0 ||
	    yaml_text(yaml_get(n, "product"), &out->product, e) != 0)
		return -1;
	return yaml_text(yaml_get(n, "service"), &out->service, e);
}

static bool
covers(struct slice general, struct slice special)
{
	return general.ptr == NULL ||
	       (special.ptr != NULL && slice_equal_nocase(general, special));
}

bool
logsource_covers(const struct logsource *g, const struct logsource *s)
{
	return covers(g->category, s->category) && covers(g->product, s->product) &&
	       covers(g->service, s->service);
}

static unsigned
specificity(const struct logsource *s)
{
	return (s->category.ptr != NULL) + (s->product.ptr != NULL) + (s->service.ptr != NULL);
}

const struct route *
mapping_route(const struct mapping *m, const struct logsource *source)
{
	const struct route *best = NULL;

	for (unsigned i = 0; i < m->n; i++)
		if (logsource_covers(&m->routes[i].source, source) &&
		    (best == NULL ||
			specificity(&m->routes[i].source) > specificity(&best->source)))
			best = &m->routes[i];
	return best;
}

/*
 * A field's value: one name, or names to try in order.  A list among them holds
 * names that are looked at together.
 */
static int
check_names(const struct yaml_node *n, unsigned depth, unsigned *count, struct err *e)
{
	if (n->kind == YAML_SCALAR && !yaml_is_null(n) && n->text.len > 0) {
		if (++*count < PLACES_MAX)
			return 0;
	} else if (n->kind == YAML_SEQUENCE && n->count > 0 && depth < 2) {
		for (size_t i = 0; i < n->count; i++)
			if (check_names(&n->items[i], depth + 1, count, e) != 0)
				return -1;
		return 0;
	}
	return yaml_err(n, e, "one to %d field names are expected here", PLACES_MAX - 1);
}

static int
check_fields(const struct yaml_node *fields, struct err *e)
{
	if (fields == NULL)
		return 0;
	if (fields->kind != YAML_MAPPING)
		return yaml_err(
		    fields, e, "\"fields\" must be a mapping of Sigma fields to ours");
	for (size_t i = 0; i < fields->count; i++) {
		unsigned count = 0;

		if (check_names(&fields->items[i], 0, &count, e) != 0)
			return -1;
	}
	return 0;
}

static int
add_route(struct mapping *m, const struct yaml_node *entry, const struct yaml_node *shared,
    struct err *e)
{
	static const char *const known[] = {
	    "logsource", "classes", "dataset", "where", "fields", NULL};
	struct route r = {.shared = shared, .index = m->n};
	const struct yaml_node *source;
	const struct slice *classes;
	enum event_class class;
	size_t n = 0;

	if (yaml_check_keys(entry, known, e) != 0 ||
	    yaml_need(entry, "logsource", &source, e) != 0 ||
	    logsource_read(source, &r.source, e) != 0 ||
	    yaml_texts(yaml_get(entry, "classes"), m->mem, &classes, &n, e) != 0 ||
	    yaml_text(yaml_get(entry, "dataset"), &r.dataset, e) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (!event_class_by_name(classes[i], &class))
			return yaml_err(yaml_get(entry, "classes"), e,
			    "\"%.*s\" is no event class", SLICE_ARG(classes[i]));
		r.classes |= (uint32_t)1 << class;
	}
	r.where = yaml_get(entry, "where");
	r.fields = yaml_get(entry, "fields");
	if (check_fields(r.fields, e) != 0)
		return -1;
	if (m->n == m->cap) {
		unsigned cap = m->cap == 0 ? 64 : m->cap * 2;
		struct route *more = realloc(m->routes, cap * sizeof(*more));

		if (more == NULL)
			return err_set(e, "no memory for the mapping");
		m->routes = more;
		m->cap = cap;
	}
	m->routes[m->n++] = r;
	return 0;
}

int
mapping_add(struct mapping *m, struct slice name, struct slice yaml, struct err *e)
{
	static const char *const known[] = {"sources", "fields", NULL};
	const struct yaml_node *root, *sources, *shared;
	const char *file = arena_strdup(m->mem, name);
	unsigned had = m->n;

	if (file == NULL)
		return err_set(e, "no memory for the mapping");
	if (yaml_parse(file, yaml, m->mem, &root, e) != 0 ||
	    yaml_check_keys(root, known, e) != 0 ||
	    yaml_need(root, "sources", &sources, e) != 0)
		return -1;
	shared = yaml_get(root, "fields");
	if (check_fields(shared, e) != 0)
		return -1;
	if (sources->kind != YAML_SEQUENCE)
		return yaml_err(sources, e, "\"sources\" must be a list");
	for (size_t i = 0; i < sources->count; i++)
		if (add_route(m, &sources->items[i], shared, e) != 0) {
			m->n = had; /* a file is taken whole or not at all */
			return -1;
		}
	return 0;
}

/* Which column a field of a route was given. */
struct binding {
	unsigned route; /* index + 1; 0 for no route */
	struct slice field;
	uint32_t column;
	bool used;
};

struct columns {
	struct arena *mem;
	struct column *list;
	uint32_t n, cap;
	uint32_t n_named;      /* places that are no field of ours */
	struct binding *table; /* open addressing, a power of two */
	uint32_t n_bound, size;
};

static bool
add_column(struct columns *c, struct column made)
{
	if (c->n == c->cap) {
		uint32_t cap = c->cap == 0 ? 64 : c->cap * 2;
		struct column *more = realloc(c->list, cap * sizeof(*more));

		if (more == NULL)
			return false;
		c->list = more;
		c->cap = cap;
	}
	c->list[c->n++] = made;
	return true;
}

struct columns *
columns_new(struct arena *mem)
{
	struct columns *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->mem = mem;
	while (c->n < COLUMN_FIRST)
		if (!add_column(c, (struct column){0})) {
			columns_free(c);
			return NULL;
		}
	return c;
}

void
columns_free(struct columns *c)
{
	if (c == NULL)
		return;
	free(c->list);
	free(c->table);
	free(c);
}

const struct column *
columns_all(const struct columns *c, uint32_t *n)
{
	*n = c->n;
	return c->list;
}

static bool
same_places(const struct column *a, const struct place *p, unsigned n)
{
	if (a->n != n)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (a->places[i].joined != p[i].joined ||
		    !slice_equal(a->places[i].name, p[i].name))
			return false;
	return true;
}

static void
add_place(struct place *p, unsigned *n, struct slice name, bool joined)
{
	for (unsigned i = 0; i < *n; i++)
		if (slice_equal(p[i].name, name))
			return;
	p[(*n)++] =
	    (struct place){.field = field_by_name(name), .name = name, .joined = joined};
}

static void
add_names(struct place *p, unsigned *n, const struct yaml_node *names, bool joined)
{
	if (names->kind == YAML_SCALAR) {
		add_place(p, n, names->text, joined);
		return;
	}
	/* Of a list inside the list, all but the first are joined to the one before. */
	for (size_t i = 0; i < names->count; i++)
		if (names->items[i].kind == YAML_SEQUENCE)
			for (size_t k = 0; k < names->items[i].count; k++)
				add_names(p, n, &names->items[i].items[k], k > 0);
		else
			add_names(p, n, &names->items[i], false);
}

/* Fields have fixed numbers; other names are numbered behind them as they come. */
static uint32_t
place_id(struct columns *c, const struct place *p)
{
	if (p->field != FIELD_NONE)
		return PLACE_RAW + 1 + (uint32_t)p->field;
	for (uint32_t i = COLUMN_FIRST; i < c->n; i++)
		for (unsigned k = 0; k < c->list[i].n; k++)
			if (slice_equal(c->list[i].places[k].name, p->name))
				return c->list[i].places[k].id;
	return PLACE_RAW + 1 + FIELD_COUNT + c->n_named++;
}

uint32_t
columns_places(const struct columns *c)
{
	return PLACE_RAW + 1 + FIELD_COUNT + c->n_named;
}

/* Make or find the column for these names; "@timestamp" first means the event's time. */
static bool
intern(struct columns *c, const struct yaml_node *names, struct slice field, uint32_t *out)
{
	struct place places[PLACES_MAX], *kept;
	unsigned n = 0;

	if (names != NULL)
		add_names(places, &n, names, false);
	add_place(places, &n, field, false); /* at last, by the name the rule uses */
	if (slice_is(places[0].name, "@timestamp")) {
		*out = COLUMN_TIME;
		return true;
	}
	for (uint32_t i = COLUMN_FIRST; i < c->n; i++)
		if (same_places(&c->list[i], places, n)) {
			*out = i;
			return true;
		}
	if ((kept = arena_array(c->mem, n, sizeof(*kept))) == NULL)
		return false;
	for (unsigned i = 0; i < n; i++) {
		kept[i] = places[i];
		kept[i].name = arena_dup(c->mem, places[i].name);
		kept[i].id = place_id(c, &places[i]);
	}
	*out = c->n;
	return add_column(c, (struct column){n, kept});
}

static struct binding *
slot_of(const struct columns *c, unsigned route, struct slice field)
{
	for (uint32_t i = (uint32_t)hash_bytes(field, route);; i++) {
		struct binding *b = &c->table[i & (c->size - 1)];

		if (!b->used || (b->route == route && slice_equal(b->field, field)))
			return b;
	}
}

static bool
grow(struct columns *c)
{
	struct columns bigger = *c;

	bigger.size = c->size == 0 ? 256 : c->size * 2;
	bigger.table = calloc(bigger.size, sizeof(*bigger.table));
	if (bigger.table == NULL)
		return false;
	for (uint32_t i = 0; i < c->size; i++)
		if (c->table[i].used)
			*slot_of(&bigger, c->table[i].route, c->table[i].field) = c->table[i];
	free(c->table);
	*c = bigger;
	return true;
}

static const struct yaml_node *
get_field(const struct yaml_node *fields, struct slice name)
{
	for (size_t i = 0; fields != NULL && i < fields->count; i++)
		if (slice_equal(fields->items[i].key, name))
			return &fields->items[i];
	return NULL;
}

bool
columns_find(struct columns *c, const struct route *r, struct slice field, uint32_t *out)
{
	unsigned route = r == NULL ? 0 : r->index + 1;
	const struct yaml_node *names = NULL;
	struct binding *b;

	if (c->n_bound * 2 >= c->size && !grow(c))
		return false;
	b = slot_of(c, route, field);
	if (b->used) {
		*out = b->column;
		return true;
	}
	if (r != NULL && (names = get_field(r->fields, field)) == NULL)
		names = get_field(r->shared, field);
	if (!intern(c, names, field, out))
		return false;
	*b = (struct binding){route, arena_dup(c->mem, field), *out, true};
	c->n_bound++;
	return b->field.ptr != NULL;
}
