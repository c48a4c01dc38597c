/* streams.c - see streams.h. */
#include "server/streams.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"
#include "incident/alert_db.h"
#include "server/handlers.h"
#include "server/serve.h"
#include "server/write.h"
#include "sys/log.h"
#include "sys/random.h"
#include "text/json.h"

#define LOOK_DELAY    SPAN_MS(200) /* changes within it are told together */
#define PING_EVERY    SPAN_SECONDS(15)
#define SOURCES_EVERY SPAN_SECONDS(5)
#define MISSED_MAX    500 /* alerts changed since; beyond it a page loads its list anew */
#define SCRATCH	      (32 * 1024 * 1024)
#define EVENT_MAX     (256 * 1024)

struct stream {
	struct stream *next, *prev;
	struct visit *visit;
	int64_t version;  /* of the last alert told */
	bool all_sources; /* tell them all next time */
};

/* What was last told of a source: its key and its text, hashed. */
struct told {
	uint64_t key, text;
};

struct streams {
	struct serve *serve;
	struct stream *first;
	unsigned n;
	struct arena *mem; /* of one look */
	struct loop_timer *look, *ping, *sources;
	uint64_t seed;
	struct told *told;
	size_t n_told;
};

static void
send_event(
    struct streams *t, struct stream *st, const char *event, int64_t id, struct slice data)
{
	struct buf text = BUF_INIT(EVENT_MAX);

	buf_printf(&text, "event: %s\nid: %lld\ndata: ", event, (long long)id);
	buf_add(&text, data);
	buf_add_str(&text, "\n\n");
	if (!text.failed && !request_stream_write(st->visit->r, buf_slice(&text)))
		t->serve->metrics.streams_cut++;
	buf_release(&text);
}

/* -- alerts ---------------------------------------------------------------------- */

struct telling {
	struct streams *streams;
	struct stream *stream;
	const struct institution_list *names;
};

static struct slice
name_of(const struct institution_list *list, struct slice id)
{
	for (size_t i = 0; i < list->n; i++)
		if (slice_equal(list->at[i].id, id))
			return list->at[i].name;
	return id;
}

static int
tell_alert(void *ctx, const struct alert_row *row, struct err *e)
{
	struct telling *t = ctx;
	struct buf data = BUF_INIT(EVENT_MAX);
	struct json_out o = json_out_to(&data);

	write_alert_summary(&o, row, name_of(t->names, row->institution));
	if (!data.failed)
		send_event(t->streams, t->stream, "alert", row->version, buf_slice(&data));
	t->stream->version = row->version;
	buf_release(&data);
	return 0;
}

static int
look_for(struct streams *t, struct stream *st, int64_t newest, struct err *e)
{
	struct db *db = t->serve->db;
	const struct scope *scope = visit_scope(st->visit);
	struct institution_list names;
	struct telling telling = {t, st, &names};
	int64_t before;

	if (st->version == newest)
		return 0;
	if (registry_list_institutions(db, scope, t->mem, &names, e) != 0)
		return -1;
	do {
		before = st->version;
		if (alert_db_changes(
			db, scope, st->version, MISSED_MAX, tell_alert, &telling, e) != 0)
			return -1;
	} while (st->version != before && st->version < newest);
	/* Changes out of its scope are passed over as well. */
	if (st->version < newest)
		st->version = newest;
	return 0;
}

static void
on_look(void *ctx)
{
	struct streams *t = ctx;
	struct err e = {0};
	int64_t newest;

	t->look = NULL;
	if (t->first == NULL)
		return;
	if (alert_db_version(t->serve->db, &newest, &e) != 0)
		goto failed;
	for (struct stream *st = t->first; st != NULL; st = st->next) {
		arena_reset(t->mem);
		if (look_for(t, st, newest, &e) != 0)
			goto failed;
	}
	return;
failed:
	log_warning("telling the console what changed: %s", e.text);
}

void
streams_look(struct streams *t)
{
	if (t->look == NULL && t->first != NULL)
		t->look = loop_after(t->serve->loop, LOOK_DELAY, on_look, t);
}

/* -- sources ---------------------------------------------------------------------- */

static uint64_t
key_of(const struct streams *t, const struct source_view *s)
{
	return hash_bytes(s->institution, hash_bytes(s->node, hash_bytes(s->name, t->seed)));
}

static int
compare_told(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static bool
is_news(const struct streams *t, const struct told *now)
{
	const struct told *was =
	    t->n_told == 0 ? NULL
			   : bsearch(now, t->told, t->n_told, sizeof(*now), compare_told);

	return was == NULL || was->text != now->text;
}

static void
tell_source(struct streams *t, const struct source_view *s, struct slice data, bool news)
{
	for (struct stream *st = t->first; st != NULL; st = st->next)
		if ((news || st->all_sources) &&
		    scope_covers(visit_scope(st->visit), s->institution))
			send_event(t, st, "source", st->version, data);
}

static void
tell_sources(struct streams *t, const struct overview *o)
{
	struct told *told = malloc((o->n_sources + 1) * sizeof(*told));
	struct buf data = BUF_INIT(EVENT_MAX);

	if (told == NULL)
		return;
	for (size_t i = 0; i < o->n_sources; i++) {
		struct json_out out = json_out_to(&data);

		buf_reset(&data);
		write_source(&out, &o->sources[i]);
		told[i] = (struct told){
		    key_of(t, &o->sources[i]), hash_bytes(buf_slice(&data), t->seed)};
		if (!data.failed)
			tell_source(t, &o->sources[i], buf_slice(&data), is_news(t, &told[i]));
	}
	if (o->n_sources > 0)
		qsort(told, o->n_sources, sizeof(*told), compare_told);
	free(t->told);
	t->told = told;
	t->n_told = o->n_sources;
	for (struct stream *st = t->first; st != NULL; st = st->next)
		st->all_sources = false;
	buf_release(&data);
}

static void
on_sources(void *ctx)
{
	const struct scope everyone = {.all = true};
	struct streams *t = ctx;
	struct overview o;
	struct err e = {0};

	/* Without a wake from detection (a role started by hand) this is when it looks. */
	streams_look(t);
	if (t->first == NULL)
		return;
	arena_reset(t->mem);
	if (overview_read(t->serve->db, t->serve->log, &everyone, (struct slice){0},
		clock_now(), t->mem, &o, &e) != 0)
		log_warning("reading how sources are: %s", e.text);
	else
		tell_sources(t, &o);
}

/* -- life -------------------------------------------------------------------------- */

static void
on_ping(void *ctx)
{
	struct streams *t = ctx;

	for (struct stream *st = t->first; st != NULL; st = st->next)
		if (session_is_open(t->serve->db, st->visit->session.hash, clock_now(), NULL) !=
		    1)
			request_stream_end(st->visit->r);
		else
			request_stream_write(st->visit->r, SLICE(": ping\n\n"));
}

int
streams_open(struct streams **out, struct serve *s, struct err *e)
{
	struct streams *t = calloc(1, sizeof(*t));

	if (t == NULL || (t->mem = arena_new(SCRATCH)) == NULL ||
	    (t->ping = loop_every(s->loop, PING_EVERY, on_ping, t)) == NULL ||
	    (t->sources = loop_every(s->loop, SOURCES_EVERY, on_sources, t)) == NULL) {
		free(t);
		return err_set(e, "out of memory");
	}
	t->serve = s;
	t->seed = random_u64();
	*out = t;
	return 0;
}

void
streams_close(struct streams *t)
{
	if (t == NULL)
		return;
	assert(t->first == NULL);
	loop_timer_cancel(t->serve->loop, t->look);
	loop_timer_cancel(t->serve->loop, t->ping);
	loop_timer_cancel(t->serve->loop, t->sources);
	free(t->told);
	arena_free(t->mem);
	free(t);
}

unsigned
streams_count(const struct streams *t)
{
	return t->n;
}

static void
on_gone(struct visit *v)
{
	struct streams *t = v->serve->streams;
	struct stream *st = v->waiting;

	if (st->prev != NULL)
		st->prev->next = st->next;
	else
		t->first = st->next;
	if (st->next != NULL)
		st->next->prev = st->prev;
	t->n--;
}

/* Where the page was: begin there, or now; *reset where that is not known any more. */
static int
find_start(struct visit *v, int64_t *version, bool *came_back, bool *reset, struct err *e)
{
	struct slice last = request_header(v->r, "Last-Event-ID", NULL);
	int64_t newest;
	uint64_t said;

	if (alert_db_version(v->serve->db, &newest, e) != 0)
		return -1;
	*version = newest;
	*came_back = last.ptr != NULL;
	*reset = false;
	if (last.ptr == NULL)
		return 0;
	if (!slice_to_u64(last, &said) || said > (uint64_t)newest ||
	    newest - (int64_t)said > MISSED_MAX)
		*reset = true;
	else
		*version = (int64_t)said;
	return 0;
}

void
stream_on_get(struct visit *v)
{
	struct streams *t = v->serve->streams;
	struct stream *st = arena_zalloc(v->r->mem, sizeof(*st));
	struct err e = {0};
	bool reset;

	if (st == NULL || t->n >= (unsigned)v->serve->config.streams_max) {
		problem_answer_later(v->r, PROBLEM_UNAVAILABLE, 10);
		return;
	}
	if (find_start(v, &st->version, &st->all_sources, &reset, &e) != 0) {
		visit_fail(v, &e);
		return;
	}
	st->visit = v;
	v->waiting = st;
	v->on_gone = on_gone;
	if ((st->next = t->first) != NULL)
		st->next->prev = st;
	t->first = st;
	t->n++;
	request_answer_stream(v->r, "text/event-stream; charset=utf-8");
	request_stream_write(v->r, SLICE(": hello\nretry: 3000\n\n"));
	if (reset)
		send_event(t, st, "reset", st->version, SLICE("{}"));
	streams_look(t);
}
