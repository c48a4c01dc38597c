/* detect.c - see detect.h. */
#include "detect/detect.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Decoded values of one batch, and one finding: many times what a batch's bytes can need. */
#define BATCH_MEMORY (64 * 1024 * 1024)

struct content {
	atomic_uint refs;
	struct sigma_set *rules;
	struct indicator_set *indicators;
};

/* Invariant: the runs belong to `content` and are NULL where it lacks that set. */
struct detector {
	struct content *content;
	struct sigma_run *sigma;
	struct indicator_run *indicator;
	struct arena
	    *mem; /* decoded values: whole batch, so that candidates can be read again */
	struct arena *found; /* one finding at a time */
	struct findings findings;
	struct alert_set *alerts;
	struct err failed; /* the first trouble of adding an alert */
	bool has_failed;
	struct event event;
	const struct batch *batch;
	struct reader *reader;
	uint32_t *starts; /* of each line, within the batch; and one past the last */
	size_t starts_cap;
};

struct content *
content_new(struct sigma_set *rules, struct indicator_set *indicators)
{
	struct content *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	atomic_init(&c->refs, 1);
	c->rules = rules;
	c->indicators = indicators;
	return c;
}

struct content *
content_ref(struct content *c)
{
	atomic_fetch_add(&c->refs, 1);
	return c;
}

void
content_unref(struct content *c)
{
	if (c == NULL || atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	sigma_set_free(c->rules);
	indicator_set_free(c->indicators);
	free(c);
}

const struct sigma_set *
content_rules(const struct content *c)
{
	return c->rules;
}

const struct indicator_set *
content_indicators(const struct content *c)
{
	return c->indicators;
}

struct detector *
detector_new(struct content *c)
{
	struct detector *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->mem = arena_new(BATCH_MEMORY);
	d->found = arena_new(BATCH_MEMORY);
	if (d->mem == NULL || d->found == NULL || detector_set_content(d, c, NULL) != 0) {
		detector_free(d);
		return NULL;
	}
	return d;
}

static void
release_content(struct detector *d)
{
	sigma_run_free(d->sigma);
	indicator_run_free(d->indicator);
	content_unref(d->content);
}

void
detector_free(struct detector *d)
{
	if (d == NULL)
		return;
	release_content(d);
	arena_free(d->mem);
	arena_free(d->found);
	free(d->starts);
	free(d);
}

int
detector_set_content(struct detector *d, struct content *c, struct err *e)
{
	struct sigma_run *sigma = NULL;
	struct indicator_run *indicator = NULL;

	if (c->rules != NULL && (sigma = sigma_run_new(c->rules)) == NULL)
		goto refused;
	if (c->indicators != NULL && (indicator = indicator_run_new(c->indicators)) == NULL)
		goto refused;
	content_ref(c);
	release_content(d);
	d->content = c;
	d->sigma = sigma;
	d->indicator = indicator;
	return 0;
refused:
	sigma_run_free(sigma);
	indicator_run_free(indicator);
	return err_set(e, "not enough memory to run this content");
}

static int
note_line(struct detector *d, uint32_t line, size_t start, struct err *e)
{
	if (line >= d->starts_cap) {
		size_t cap = d->starts_cap == 0 ? 4096 : d->starts_cap * 2;
		uint32_t *starts = reallocarray(d->starts, cap, sizeof(*starts));
		if (starts == NULL)
			return err_set(e, "not enough memory for the lines of a batch");
		d->starts = starts;
		d->starts_cap = cap;
	}
	d->starts[line] = (uint32_t)start;
	return 0;
}

static bool
read_again(void *ctx, uint32_t line, struct event *ev, uint64_t *offset)
{
	struct detector *d = ctx;
	struct slice rest = slice_from(d->batch->lines, d->starts[line]);
	struct slice text;

	*offset = d->starts[line];
	return slice_cut_line(&rest, &text) &&
	       reader_read(d->reader, text, d->mem, ev) == CODEC_EVENT;
}

static void
take_finding(void *ctx, const struct finding *f)
{
	struct detector *d = ctx;

	if (!d->has_failed)
		d->has_failed = alert_set_add(d->alerts, d->batch, f, &d->failed) != 0;
}

static int
sigma_over(struct detector *d, bool *pending, struct err *e)
{
	int rc = 0;

	if (d->sigma != NULL && *pending)
		rc = sigma_run_finish(d->sigma, e);
	*pending = false;
	return rc;
}

static void
count_event(struct detect_counts *counts, const struct event *ev)
{
	if (counts->events++ == 0)
		counts->first = counts->last = ev->at;
	if (instant_before(ev->at, counts->first))
		counts->first = ev->at;
	if (instant_before(counts->last, ev->at))
		counts->last = ev->at;
}

int
detector_run(struct detector *d, struct reader *r, const struct batch *b,
    struct alert_set *alerts, struct detect_counts *counts, struct err *e)
{
	struct slice rest = b->lines;
	struct slice line;
	bool pending = false; /* events that Sigma has seen and not judged */

	assert(b->lines.len <= UINT32_MAX);
	*counts = (struct detect_counts){0};
	arena_reset(d->mem);
	arena_reset(d->found);
	d->findings = (struct findings){.mem = d->found, .sink = take_finding, .ctx = d};
	d->alerts = alerts;
	d->has_failed = false;
	d->batch = b;
	d->reader = r;
	reader_start(r, b);
	for (uint32_t n = 0;; n++) {
		size_t start = b->lines.len - rest.len;

		if (!slice_cut_line(&rest, &line))
			break;
		counts->lines++;
		enum codec_status status = reader_read(r, line, d->mem, &d->event);
		if (status == CODEC_NOTHING) {
			counts->nothing++;
			/* A directive changes how later lines read: judge the earlier ones
			 * first. */
			if (line.len > 0 && sigma_over(d, &pending, e) != 0)
				return -1;
			continue;
		}
		if (status != CODEC_EVENT) {
			counts->unread[status]++;
			continue;
		}
		count_event(counts, &d->event);
		if (d->sigma != NULL) {
			if (note_line(d, n, start, e) != 0)
				return -1;
			if (!pending)
				sigma_run_start(d->sigma, read_again, d, &d->findings);
			pending = true;
			sigma_run_see(d->sigma, &d->event, n);
		}
		if (d->indicator != NULL)
			indicator_run_see(d->indicator, &d->event, start, &d->findings);
	}
	if (sigma_over(d, &pending, e) != 0)
		return -1;
	if (d->has_failed) {
		if (e != NULL)
			*e = d->failed;
		return -1;
	}
	return 0;
}

size_t
detector_troubles(const struct detector *d, size_t from, struct sigma_trouble *out)
{
	return d->sigma == NULL ? 0 : sigma_run_troubles(d->sigma, from, out);
}
