/* overview.c - see overview.h. */
#include "server/overview.h"

#include <stdlib.h>

#include "observe/reading_db.h"
#include "text/json.h"

const char *
health_name(enum health h)
{
	static const char *const names[HEALTH_COUNT] = {"ok", "new", "late", "silent"};

	return names[h];
}

static bool
older(struct instant t, struct span than, struct instant now)
{
	return instant_since(now, t).us > than.us;
}

enum health
health_of_node(const struct node_view *n, struct instant now)
{
	if (n->node.seen.us == 0)
		return HEALTH_NEW;
	if (older(n->node.seen, HEALTH_NODE_SILENT, now))
		return HEALTH_SILENT;
	if (n->spool_oldest.us != 0 && older(n->spool_oldest, HEALTH_LATE_AFTER, now))
		return HEALTH_LATE;
	return HEALTH_OK;
}

enum health
health_of_source(const struct source_view *s, const struct node_view *n, struct instant now)
{
	if (s->last_batch.us == 0)
		return HEALTH_NEW;
	if (older(s->last_stored, HEALTH_SOURCE_SILENT, now))
		return HEALTH_SILENT;
	if (instant_since(s->last_stored, s->last_batch).us > HEALTH_LATE_AFTER.us ||
	    (n != NULL && n->spool_oldest.us != 0 &&
		older(n->spool_oldest, HEALTH_LATE_AFTER, now)))
		return HEALTH_LATE;
	return HEALTH_OK;
}

/* -- gathering: each book gives partial rows, equal ones are then joined -------- */

struct gather {
	struct arena *mem;
	const struct scope *scope;
	struct slice institution; /* absent: any */
	struct source_view *at;
	size_t n, cap;
};

static struct source_view *
add_row(struct gather *g, struct err *e)
{
	if (g->n == g->cap) {
		size_t cap = g->cap == 0 ? 64 : g->cap * 2;
		struct source_view *more = arena_array(g->mem, cap, sizeof(*more));

		if (more == NULL) {
			err_set(e, "too many sources");
			return NULL;
		}
		if (g->n > 0)
			memcpy(more, g->at, g->n * sizeof(*more));
		g->at = more;
		g->cap = cap;
	}
	g->at[g->n] = (struct source_view){0};
	return &g->at[g->n++];
}

static int
add_registered(struct gather *g, struct db *db, struct err *e)
{
	struct source_list list;

	if (registry_list_sources(db, g->scope, g->institution, g->mem, &list, e) != 0)
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct source *s = &list.at[i];
		struct source_view *row = add_row(g, e);

		if (row == NULL)
			return -1;
		*row = (struct source_view){.institution = s->institution,
		    .node = s->node,
		    .name = s->name,
		    .codec = s->codec,
		    .errors = s->errors,
		    .lag_bytes = s->lag_bytes,
		    .dropped_lines = s->dropped_lines};
	}
	return 0;
}

static int
on_stored(void *ctx, const struct batchlog_source *s, struct err *e)
{
	struct gather *g = ctx;
	struct source_view *row;

	if (!scope_covers(g->scope, s->institution) ||
	    (g->institution.ptr != NULL && !slice_equal(g->institution, s->institution)))
		return 0;
	if ((row = add_row(g, e)) == NULL)
		return -1;
	row->institution = arena_dup(g->mem, s->institution);
	row->node = arena_dup(g->mem, s->node);
	row->name = arena_dup(g->mem, s->source);
	row->last_batch = s->last_received;
	row->last_stored = s->last_stored;
	row->lines = s->lines;
	return 0;
}

static int
on_reading(void *ctx, const struct reading *r, struct err *e)
{
	struct gather *g = ctx;
	struct source_view *row = add_row(g, e);

	if (row == NULL)
		return -1;
	row->institution = arena_dup(g->mem, r->institution);
	row->node = arena_dup(g->mem, r->node);
	row->name = arena_dup(g->mem, r->source);
	row->codec = arena_dup(g->mem, r->codec);
	row->last_event = r->last_event;
	row->events = r->events;
	row->nothing = r->nothing;
	memcpy(row->unread, r->unread, sizeof(row->unread));
	return 0;
}

static int
compare_sources(const void *a, const void *b)
{
	const struct source_view *x = a, *y = b;
	int c = slice_compare(x->institution, y->institution);

	if (c == 0)
		c = slice_compare(x->name, y->name);
	return c != 0 ? c : slice_compare(x->node, y->node);
}

/* Every member has one book only; but the codec: what detection recognised wins (only it counts
 * events). */
static void
join(struct source_view *into, const struct source_view *from)
{
	if (from->codec.ptr != NULL && (into->codec.ptr == NULL || from->events > 0))
		into->codec = from->codec;
	if (from->errors.ptr != NULL)
		into->errors = from->errors;
	if (from->last_batch.us != 0)
		into->last_batch = from->last_batch;
	if (from->last_stored.us != 0)
		into->last_stored = from->last_stored;
	if (from->last_event.us != 0)
		into->last_event = from->last_event;
	into->lag_bytes += from->lag_bytes;
	into->dropped_lines += from->dropped_lines;
	into->lines += from->lines;
	into->events += from->events;
	into->nothing += from->nothing;
	for (int i = 0; i < CODEC_STATUS_COUNT; i++)
		into->unread[i] += from->unread[i];
}

static size_t
join_equal(struct source_view *at, size_t n)
{
	size_t out = 0;

	if (n == 0)
		return 0;
	qsort(at, n, sizeof(*at), compare_sources);
	for (size_t i = 1; i < n; i++)
		if (compare_sources(&at[out], &at[i]) == 0)
			join(&at[out], &at[i]);
		else
			at[++out] = at[i];
	return out + 1;
}

static struct instant
read_oldest(struct slice spool)
{
	struct json *root = NULL;
	struct instant t = {0};

	if (spool.ptr != NULL && json_parse(&root, spool, 4096, NULL) == 0)
		(void)json_want_instant(root, "oldest", &t, NULL);
	json_free(root);
	return t;
}

static int
read_nodes(struct db *db, const struct scope *scope, struct slice institution,
    struct arena *mem, struct overview *out, struct err *e)
{
	struct node_list list;

	if (registry_list_nodes(db, scope, institution, mem, &list, e) != 0)
		return -1;
	if ((out->nodes = arena_array(mem, list.n + 1, sizeof(*out->nodes))) == NULL)
		return err_set(e, "too many nodes");
	out->n_nodes = list.n;
	for (size_t i = 0; i < list.n; i++) {
		struct node_view *n = &out->nodes[i];

		*n = (struct node_view){.node = list.at[i]};
		n->spool_oldest = read_oldest(n->node.spool);
		n->health = health_of_node(n, out->now);
	}
	return 0;
}

static const struct node_view *
find_node(const struct overview *o, struct slice id)
{
	for (size_t i = 0; i < o->n_nodes; i++)
		if (slice_equal(o->nodes[i].node.id, id))
			return &o->nodes[i];
	return NULL;
}

int
overview_read(struct db *db, struct batchlog *log, const struct scope *scope,
    struct slice institution, struct instant now, struct arena *mem, struct overview *out,
    struct err *e)
{
	struct gather g = {.mem = mem, .scope = scope, .institution = institution};

	*out = (struct overview){.now = now};
	if (read_nodes(db, scope, institution, mem, out, e) != 0 ||
	    add_registered(&g, db, e) != 0 ||
	    batchlog_each_source(log, on_stored, &g, e) != 0 ||
	    reading_each(db, scope, institution, on_reading, &g, e) != 0)
		return -1;
	if (arena_full(mem))
		return err_set(e, "too many sources");
	out->n_sources = join_equal(g.at, g.n);
	out->sources = g.at;
	for (size_t i = 0; i < out->n_sources; i++) {
		const struct node_view *n = find_node(out, out->sources[i].node);

		out->sources[i].revoked = n == NULL || n->node.revoked.us != 0;
		out->sources[i].health = health_of_source(&out->sources[i], n, now);
	}
	return 0;
}

enum health
overview_institution_health(const struct overview *o, struct slice institution)
{
	enum health worst = HEALTH_OK;
	bool any = false;

	for (size_t i = 0; i < o->n_nodes; i++) {
		const struct node_view *n = &o->nodes[i];

		if (n->node.revoked.us != 0 || !slice_equal(n->node.institution, institution))
			continue;
		any = true;
		worst = n->health > worst ? n->health : worst;
	}
	for (size_t i = 0; i < o->n_sources; i++) {
		const struct source_view *s = &o->sources[i];

		if (!s->revoked && slice_equal(s->institution, institution))
			worst = s->health > worst ? s->health : worst;
	}
	return any ? worst : HEALTH_NEW;
}

struct instant
overview_last_batch(const struct overview *o, struct slice institution)
{
	struct instant last = {0};

	for (size_t i = 0; i < o->n_sources; i++)
		if (slice_equal(o->sources[i].institution, institution) &&
		    instant_before(last, o->sources[i].last_batch))
			last = o->sources[i].last_batch;
	return last;
}
