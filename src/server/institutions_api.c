/* institutions_api.c - institutions, their nodes and sources, and the counts in the console's
 * header. */
#include "incident/alert_db.h"
#include "server/handlers.h"
#include "server/serve.h"
#include "server/write.h"

#define ANSWER_MAX (16 * 1024 * 1024)

#ifndef HINOMI_VERSION
#error "the build says which version this is"
#endif

static int
count_open(struct visit *v, struct slice institution, uint64_t *out, struct err *e)
{
	uint64_t by_level[LEVEL_CRITICAL + 1];

	if (alert_db_count_open(v->serve->db, visit_scope(v), institution, by_level, e) != 0)
		return -1;
	*out = 0;
	for (int l = 0; l <= LEVEL_CRITICAL; l++)
		*out += by_level[l];
	return 0;
}

/* What both the list and the detail say; leaves the object open. */
static int
open_institution(struct visit *v, struct json_out *o, const struct institution *i,
    const struct overview *all, struct err *e)
{
	uint64_t open;

	if (count_open(v, i->id, &open, e) != 0)
		return -1;
	json_open_object(o, NULL);
	json_put_string(o, "id", i->id);
	json_put_string(o, "name", i->name);
	if (i->prefecture.len > 0)
		json_put_string(o, "prefecture", i->prefecture);
	if (i->beds >= 0)
		json_put_int(o, "beds", i->beds);
	json_put_str(o, "health", health_name(overview_institution_health(all, i->id)));
	json_put_uint(o, "open_alerts", open);
	write_time(o, "last_batch", overview_last_batch(all, i->id));
	return 0;
}

static void
count_parts(
    const struct overview *all, struct slice institution, int64_t *nodes, int64_t *sources)
{
	*nodes = *sources = 0;
	for (size_t i = 0; i < all->n_nodes; i++)
		*nodes += all->nodes[i].node.revoked.us == 0 &&
			  slice_equal(all->nodes[i].node.institution, institution);
	for (size_t i = 0; i < all->n_sources; i++)
		*sources += slice_equal(all->sources[i].institution, institution);
}

void
institutions_on_list(struct visit *v)
{
	struct serve *s = v->serve;
	struct buf body = BUF_INIT(ANSWER_MAX);
	struct json_out o = json_out_to(&body);
	struct institution_list list;
	struct overview all;
	struct err e = {0};

	if (registry_list_institutions(s->db, visit_scope(v), v->r->mem, &list, &e) != 0 ||
	    overview_read(s->db, s->log, visit_scope(v), (struct slice){0}, clock_now(),
		v->r->mem, &all, &e) != 0)
		goto failed;
	json_open_object(&o, NULL);
	json_open_array(&o, "items");
	for (size_t i = 0; i < list.n; i++) {
		int64_t nodes, sources;

		if (open_institution(v, &o, &list.at[i], &all, &e) != 0)
			goto failed;
		count_parts(&all, list.at[i].id, &nodes, &sources);
		json_put_int(&o, "nodes", nodes);
		json_put_int(&o, "sources", sources);
		json_close_object(&o);
	}
	json_close_array(&o);
	json_close_object(&o);
	visit_answer_json(v, 200, &body);
	return;
failed:
	buf_release(&body);
	visit_fail(v, &e);
}

void
institutions_on_get(struct visit *v)
{
	struct serve *s = v->serve;
	struct buf body = BUF_INIT(ANSWER_MAX);
	struct json_out o = json_out_to(&body);
	struct institution i;
	struct overview all;
	struct err e = {0};
	int rc =
	    registry_find_institution(s->db, visit_scope(v), v->part[0], v->r->mem, &i, &e);

	if (rc == 0) {
		problem_answer(v->r, PROBLEM_NOT_FOUND, NULL, NULL);
		return;
	}
	if (rc < 0 ||
	    overview_read(
		s->db, s->log, visit_scope(v), i.id, clock_now(), v->r->mem, &all, &e) != 0 ||
	    open_institution(v, &o, &i, &all, &e) != 0) {
		buf_release(&body);
		visit_fail(v, &e);
		return;
	}
	json_open_array(&o, "nodes");
	for (size_t n = 0; n < all.n_nodes; n++)
		write_node(&o, &all.nodes[n]);
	json_close_array(&o);
	json_open_array(&o, "sources");
	for (size_t n = 0; n < all.n_sources; n++)
		write_source(&o, &all.sources[n]);
	json_close_array(&o);
	json_close_object(&o);
	visit_answer_json(v, 200, &body);
}

static void
write_health_counts(struct json_out *o, const char *name, const uint64_t count[HEALTH_COUNT])
{
	json_open_object(o, name);
	for (int h = 0; h < HEALTH_COUNT; h++)
		json_put_uint(o, health_name(h), count[h]);
	json_close_object(o);
}

void
institutions_on_overview(struct visit *v)
{
	struct serve *s = v->serve;
	struct buf body = BUF_INIT(ANSWER_MAX);
	struct json_out o = json_out_to(&body);
	uint64_t open[LEVEL_CRITICAL + 1], institutions[HEALTH_COUNT] = {0},
					   sources[HEALTH_COUNT] = {0};
	struct institution_list list;
	struct overview all;
	struct err e = {0};

	if (registry_list_institutions(s->db, visit_scope(v), v->r->mem, &list, &e) != 0 ||
	    overview_read(s->db, s->log, visit_scope(v), (struct slice){0}, clock_now(),
		v->r->mem, &all, &e) != 0 ||
	    alert_db_count_open(s->db, visit_scope(v), (struct slice){0}, open, &e) != 0) {
		buf_release(&body);
		visit_fail(v, &e);
		return;
	}
	for (size_t i = 0; i < list.n; i++)
		institutions[overview_institution_health(&all, list.at[i].id)]++;
	for (size_t i = 0; i < all.n_sources; i++)
		if (!all.sources[i].revoked)
			sources[all.sources[i].health]++;
	json_open_object(&o, NULL);
	json_put_instant(&o, "now", all.now);
	json_put_str(&o, "version", HINOMI_VERSION);
	json_open_object(&o, "open");
	for (int l = LEVEL_CRITICAL; l >= 0; l--)
		json_put_uint(&o, level_name(l), open[l]);
	json_close_object(&o);
	write_health_counts(&o, "institutions", institutions);
	write_health_counts(&o, "sources", sources);
	json_close_object(&o);
	visit_answer_json(v, 200, &body);
}
