/*
 * run.c - a set over one batch's events, in one thread.
 *
 * Values that some key looks into are copied one behind the other into a buffer,
 * each between two EDGE bytes.  When enough has come together, one scan over
 * the buffer finds which rules are worth looking at for which events; those few
 * events are read again from their lines and judged exactly.
 */
#include <stdlib.h>

#include "detect/sigma/set.h"

#define SCAN_BYTES     (64 * 1024)
#define SCAN_BYTES_MAX ((size_t)512 << 20)
#define FIELDS_MAX     16

/* A value in the scan buffer. */
struct frame {
	uint32_t end; /* offset of the EDGE behind it */
	uint32_t event;
	uint32_t place;
};

struct seen {
	uint32_t line;
	enum event_class class;
};

/* Arrays grow by grow_to(), which sets `failed` and keeps what there is without memory. */
struct sigma_run {
	const struct sigma_set *set;
	hs_scratch_t *scratch;
	struct regex_run *regex;
	sigma_reread *reread;
	void *ctx;
	struct findings *out;

	uint8_t *text; /* the scan buffer */
	size_t len, cap;
	struct frame *frames;
	size_t n_frames, cap_frames;
	struct seen *seen; /* events of the buffer */
	size_t n_seen, cap_seen;
	uint64_t *candidates; /* event << 32 | rule */
	size_t n_candidates, cap_candidates;

	size_t cursor;	/* frame of the last match */
	uint64_t round; /* counts events over all buffers, so that `last` need not be cleared */
	uint64_t *last; /* per rule: the event it was last a candidate for, counted by round */
	uint64_t *limits; /* per rule: regular expressions that gave up */
	bool failed;
	struct event event; /* read again */
	struct evaluation now;
};

struct sigma_run *
sigma_run_new(const struct sigma_set *s)
{
	struct sigma_run *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->set = s;
	r->round = 1;
	r->regex = regex_run_new();
	r->last = calloc(s->n_rules + 1, sizeof(*r->last));
	r->limits = calloc(s->n_rules + 1, sizeof(*r->limits));
	if (r->regex == NULL || r->last == NULL || r->limits == NULL ||
	    (s->db != NULL && hs_alloc_scratch(s->db, &r->scratch) != HS_SUCCESS)) {
		sigma_run_free(r);
		return NULL;
	}
	return r;
}

void
sigma_run_free(struct sigma_run *r)
{
	if (r == NULL)
		return;
	hs_free_scratch(r->scratch);
	regex_run_free(r->regex);
	free(r->text);
	free(r->frames);
	free(r->seen);
	free(r->candidates);
	free(r->last);
	free(r->limits);
	free(r);
}

/* Room for `need` elements; false (and failed) without memory. */
static bool
grow_to(struct sigma_run *r, void **array, size_t *cap, size_t need, size_t size)
{
	size_t more = *cap == 0 ? 1024 : *cap;
	void *p;

	if (need <= *cap)
		return true;
	while (more < need)
		more *= 2;
	if (more * size > SCAN_BYTES_MAX || (p = realloc(*array, more * size)) == NULL) {
		r->failed = true;
		return false;
	}
	*array = p;
	*cap = more;
	return true;
}

static void
add_candidate(struct sigma_run *r, uint32_t event, uint32_t rule)
{
	if (r->last[rule] == r->round + event)
		return;
	r->last[rule] = r->round + event;
	if (grow_to(r, (void **)&r->candidates, &r->cap_candidates, r->n_candidates + 1,
		sizeof(*r->candidates)))
		r->candidates[r->n_candidates++] = (uint64_t)event << 32 | rule;
}

static inline void
add_frame(struct sigma_run *r, uint32_t place, struct slice v)
{
	if (v.len == 0)
		return; /* no key is an empty text */
	if ((r->len + v.len + 2 > r->cap &&
		!grow_to(r, (void **)&r->text, &r->cap, r->len + v.len + 2, 1)) ||
	    (r->n_frames == r->cap_frames && !grow_to(r, (void **)&r->frames, &r->cap_frames,
						 r->n_frames + 1, sizeof(*r->frames))))
		return;
	if (r->len == 0)
		r->text[r->len++] = EDGE;
	memcpy(r->text + r->len, v.ptr, v.len);
	r->len += v.len;
	r->frames[r->n_frames++] = (struct frame){(uint32_t)r->len, (uint32_t)r->n_seen, place};
	r->text[r->len++] = EDGE;
}

static void
add_values(struct sigma_run *r, const struct plan *p, const struct event *ev)
{
	for (uint32_t i = 0; i < p->n_fields; i++)
		if (event_has(ev, p->fields[i]))
			add_frame(
			    r, PLACE_RAW + 1 + (uint32_t)p->fields[i], ev->value[p->fields[i]]);
	for (unsigned i = 0; i < ev->n_extra; i++) {
		const struct named *n = set_named(r->set, ev->extra[i].name);

		if (n->name.ptr != NULL && (p->places[n->place / 64] >> n->place % 64 & 1))
			add_frame(r, n->place, ev->extra[i].value);
	}
	if (p->raw) {
		struct named_value values[VALUES_MAX];
		unsigned n = column_values(r->set->columns, COLUMN_RAW, ev, values, VALUES_MAX);

		for (unsigned i = 0; i < n; i++)
			add_frame(r, PLACE_RAW, values[i].value);
	}
}

static bool
is_true(struct sigma_run *r, uint32_t rule, const struct event *ev)
{
	const struct rule *ru = &r->set->rules[rule];
	bool yes;

	if (ru->dataset.len > 0 && !slice_starts(ev->dataset, ru->dataset))
		return false;
	yes = (ru->where == NULL || node_true(&r->now, ru->where)) &&
	      node_true(&r->now, ru->tree);
	r->limits[rule] += r->now.limits_met;
	r->now.limits_met = 0;
	return yes;
}

/* The frame that a match ending at `to` lies in; matches mostly come in order. */
static const struct frame *
frame_at(struct sigma_run *r, uint64_t to)
{
	while (r->cursor > 0 && r->frames[r->cursor - 1].end + 1 >= to)
		r->cursor--;
	while (r->frames[r->cursor].end + 1 < to)
		r->cursor++;
	return &r->frames[r->cursor];
}

static int
on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	struct sigma_run *r = ctx;
	const struct sigma_set *s = r->set;
	const struct frame *f = frame_at(r, to);
	unsigned class = r->seen[f->event].class;

	for (uint32_t i = s->first_hit[id]; i < s->first_hit[id + 1]; i++)
		if (s->hits[i].place == f->place &&
		    (s->rules[s->hits[i].rule].classes >> class & 1))
			add_candidate(r, f->event, s->hits[i].rule);
	return 0;
}

static int
compare_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Judge the candidates, in the order of lines, then rules. */
static void
confirm(struct sigma_run *r)
{
	uint64_t read = UINT64_MAX; /* the event that r->event holds */
	uint64_t offset = 0;
	bool readable = false;

	if (r->n_candidates > 1)
		qsort(r->candidates, r->n_candidates, sizeof(*r->candidates), compare_u64);
	for (size_t i = 0; i < r->n_candidates; i++) {
		uint32_t event = (uint32_t)(r->candidates[i] >> 32),
			 rule = (uint32_t)r->candidates[i];
		const struct rule *ru = &r->set->rules[rule];
		struct matched_field fields[FIELDS_MAX];
		unsigned n;

		if (i > 0 && r->candidates[i] == r->candidates[i - 1])
			continue;
		if (event != read) {
			readable = r->reread(r->ctx, r->seen[event].line, &r->event, &offset);
			read = event;
			evaluation_start(&r->now, r->set->columns, &r->event, r->regex);
		}
		if (!readable || !is_true(r, rule, &r->event))
			continue;
		n = node_matches(&r->now, ru->tree, fields, FIELDS_MAX);
		findings_add(r->out, &ru->info, &r->event, offset, fields, n);
	}
}

/* Scan what has come together, judge it, and empty the buffer. */
static void
flush(struct sigma_run *r)
{
	r->cursor = 0;
	if (r->n_frames > 0 && hs_scan(r->set->db, (const char *)r->text, (unsigned)r->len, 0,
				   r->scratch, on_match, r) != HS_SUCCESS)
		r->failed = true;
	confirm(r);
	r->round += r->n_seen;
	r->len = r->n_frames = r->n_seen = r->n_candidates = 0;
}

void
sigma_run_start(struct sigma_run *r, sigma_reread *reread, void *ctx, struct findings *out)
{
	r->reread = reread;
	r->ctx = ctx;
	r->out = out;
	r->failed = false;
	r->round += r->n_seen;
	r->len = r->n_frames = r->n_seen = r->n_candidates = 0;
}

void
sigma_run_see(struct sigma_run *r, const struct event *ev, uint32_t line)
{
	const struct plan *p = &r->set->plans[ev->class];

	if (p->n_fields == 0 && !p->raw && p->n_direct == 0 && ev->n_extra == 0)
		return;
	if (r->n_seen == r->cap_seen &&
	    !grow_to(r, (void **)&r->seen, &r->cap_seen, r->n_seen + 1, sizeof(*r->seen)))
		return;
	r->seen[r->n_seen] = (struct seen){line, ev->class};
	add_values(r, p, ev);
	if (p->n_direct > 0)
		evaluation_start(&r->now, r->set->columns, ev, r->regex);
	for (uint32_t i = 0; i < p->n_direct; i++)
		if (is_true(r, p->direct[i], ev))
			add_candidate(r, (uint32_t)r->n_seen, p->direct[i]);
	r->n_seen++;
	if (r->len >= SCAN_BYTES)
		flush(r);
}

int
sigma_run_finish(struct sigma_run *r, struct err *e)
{
	flush(r);
	if (r->failed)
		return err_set(e, "no memory to look at this batch");
	return 0;
}

size_t
sigma_run_troubles(const struct sigma_run *r, size_t from, struct sigma_trouble *out)
{
	for (size_t i = from; i < r->set->n_rules; i++)
		if (r->limits[i] > 0) {
			*out = (struct sigma_trouble){&r->set->rules[i].info, r->limits[i]};
			return i + 1;
		}
	return 0;
}
