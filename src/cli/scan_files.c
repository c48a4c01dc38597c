/* scan_files.c - see scan_files.h. */
#define _GNU_SOURCE /* memrchr, reallocarray */
#include "cli/scan_files.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "sys/input.h"

/* Lines this long and longer are counted as unread whatever follows; so a batch always ends. */
#define CHUNK_BYTES BATCH_BYTES_MAX

/* Directive lines (ELFF #Fields) in force: the newest few that started with '#'. */
#define PREAMBLE_MAX (8 * 1024)

/* A piece of a file on its way to a worker.  Owned by whoever holds it. */
struct chunk {
	struct chunk *next;
	uint64_t offset;
	size_t len;
	size_t preamble_len;
	uint8_t preamble[PREAMBLE_MAX];
	uint8_t bytes[CHUNK_BYTES];
};

struct worker {
	struct scan *scan;
	pthread_t thread;
	struct detector *detector;
	struct reader *reader; /* for the file in hand */
	struct alert_set *alerts;
	struct detect_counts counts; /* of the file in hand */
	bool failed;
	struct err err;
};

/*
 * One scan.  `lock` guards the two lists and `busy`.  Chunks go round: free ->
 * main fills it -> full -> a worker runs it -> free.
 */
struct scan {
	const struct scan_options *opt;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct chunk *free, *full, **full_last;
	unsigned busy; /* chunks that a worker is running */
	bool over;
	struct worker *workers;
	unsigned n_workers;
	struct scan_file *file;
	struct codec_config config;
	struct instant now;
};

static void
add_counts(struct detect_counts *sum, const struct detect_counts *c)
{
	if (c->events > 0) {
		if (sum->events == 0 || instant_before(c->first, sum->first))
			sum->first = c->first;
		if (sum->events == 0 || instant_before(sum->last, c->last))
			sum->last = c->last;
	}
	sum->lines += c->lines;
	sum->events += c->events;
	sum->nothing += c->nothing;
	for (int i = 0; i < CODEC_STATUS_COUNT; i++)
		sum->unread[i] += c->unread[i];
}

static void
run_chunk(struct worker *w, const struct chunk *c)
{
	struct scan *s = w->scan;
	struct detect_counts counts;
	struct slice path = slice_str(s->file->path);
	struct batch b = {
	    .id = path,
	    .institution = SLICE(""),
	    .source = path,
	    .offset = c->offset,
	    .received = s->now,
	    .preamble = slice_of(c->preamble, c->preamble_len),
	    .lines = slice_of(c->bytes, c->len),
	    .config = &s->config,
	};

	if (w->failed)
		return;
	if (detector_run(w->detector, w->reader, &b, w->alerts, &counts, &w->err) != 0) {
		w->failed = true;
		return;
	}
	add_counts(&w->counts, &counts);
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct scan *s = w->scan;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (s->full == NULL && !s->over)
			pthread_cond_wait(&s->changed, &s->lock);
		struct chunk *c = s->full;
		if (c == NULL)
			break;
		if ((s->full = c->next) == NULL)
			s->full_last = &s->full;
		s->busy++;
		pthread_mutex_unlock(&s->lock);
		run_chunk(w, c);
		pthread_mutex_lock(&s->lock);
		s->busy--;
		c->next = s->free;
		s->free = c;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static struct chunk *
take_free(struct scan *s)
{
	struct chunk *c;

	pthread_mutex_lock(&s->lock);
	while ((c = s->free) == NULL)
		pthread_cond_wait(&s->changed, &s->lock);
	s->free = c->next;
	pthread_mutex_unlock(&s->lock);
	return c;
}

static void
give_back(struct scan *s, struct chunk *c)
{
	pthread_mutex_lock(&s->lock);
	c->next = s->free;
	s->free = c;
	pthread_mutex_unlock(&s->lock);
}

/* With one worker there is nobody to wait for: the caller is the worker. */
static void
pass_on(struct scan *s, struct chunk *c)
{
	if (s->n_workers == 1) {
		run_chunk(&s->workers[0], c);
		give_back(s, c);
		return;
	}
	pthread_mutex_lock(&s->lock);
	c->next = NULL;
	*s->full_last = c;
	s->full_last = &c->next;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static void
wait_until_idle(struct scan *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->full != NULL || s->busy > 0)
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

/* memchr() for the rare byte is several times faster here than searching for the two. */
static bool
has_directive(struct slice lines)
{
	struct slice rest = lines;
	size_t at;

	while ((at = slice_find(rest, '#')) != SIZE_MAX) {
		const uint8_t *p = rest.ptr + at;
		if (p == lines.ptr || p[-1] == '\n')
			return true;
		rest = slice_from(rest, at + 1);
	}
	return false;
}

/* Keep the directives of a chunk for those after it.  Logs without any pay one look per chunk.
 */
static void
note_directives(struct slice lines, struct chunk *into)
{
	struct slice line;
	bool fresh = true; /* a new block of directives replaces the old one */

	if (!has_directive(lines))
		return;
	while (slice_cut_line(&lines, &line)) {
		if (line.len == 0 || line.ptr[0] != '#') {
			fresh = true;
			continue;
		}
		if (fresh)
			into->preamble_len = 0;
		fresh = false;
		if (line.len + 1 > PREAMBLE_MAX - into->preamble_len)
			continue;
		memcpy(into->preamble + into->preamble_len, line.ptr, line.len);
		into->preamble_len += line.len;
		into->preamble[into->preamble_len++] = '\n';
	}
}

/* How many of the first lines this codec reads as events. */
static unsigned
reads_how_many(const struct codec_config *config, const struct batch *b)
{
	struct slice rest = b->lines, line;
	struct arena *mem = arena_new(16 << 20);
	static struct event ev; /* large; the main thread alone comes here */
	struct reader *r = NULL;
	unsigned events = 0;

	if (mem != NULL && reader_new(&r, config, NULL) == 0) {
		reader_start(r, b);
		for (unsigned i = 0; i < 200 && slice_cut_line(&rest, &line); i++)
			events += reader_read(r, line, mem, &ev) == CODEC_EVENT;
	}
	reader_free(r);
	arena_free(mem);
	return events;
}

/* Look at the first chunk and settle the format, so that every thread reads alike. */
static int
settle_format(struct scan *s, const struct chunk *c, struct err *e)
{
	struct batch b = {.source = slice_str(s->file->path),
	    .received = s->now,
	    .lines = slice_of(c->bytes, c->len),
	    .config = &s->config};
	const char *const *formats = s->opt->formats;
	struct reader *r = NULL;
	unsigned best = 0;

	s->config = s->opt->config;
	if (formats != NULL && formats[0] != NULL)
		s->config.codec = formats[0];
	for (; formats != NULL && *formats != NULL; formats++) {
		struct codec_config try = s->opt->config;
		try.codec = *formats;
		unsigned n = reads_how_many(&try, &b);
		if (n > best) {
			best = n;
			s->config.codec = *formats;
		}
	}
	if (reader_new(&r, &s->config, e) != 0)
		return -1;
	reader_start(r, &b);
	s->file->codec = reader_codec(r);
	s->file->envelope = reader_envelope(r);
	if (s->file->codec != NULL)
		s->config.codec = s->file->codec->id;
	reader_free(r);
	for (unsigned i = 0; i < s->n_workers; i++) {
		reader_free(s->workers[i].reader);
		s->workers[i].reader = NULL;
		s->workers[i].counts = (struct detect_counts){0};
		if (reader_new(&s->workers[i].reader, &s->config, e) != 0)
			return -1;
	}
	return 0;
}

static void
tell_progress(struct scan *s, const struct input *in)
{
	if (s->opt->on_progress == NULL)
		return;
	s->opt->on_progress(s->opt->ctx, s->file, input_position(in), input_size(in));
}

/* Fill the chunk up to its end or the file's. */
static int
fill_chunk(struct input *in, struct chunk *c, bool *at_end, struct err *e)
{
	while (c->len < CHUNK_BYTES && !*at_end) {
		size_t got;
		if (input_read(in, c->bytes + c->len, CHUNK_BYTES - c->len, &got, e) != 0)
			return -1;
		*at_end = got == 0;
		c->len += got;
	}
	return 0;
}

/* The part of a full chunk up to its last line end; all of it where a line fills it whole. */
static size_t
whole_lines(const struct chunk *c)
{
	const uint8_t *end = memrchr(c->bytes, '\n', c->len);

	return end == NULL ? c->len : (size_t)(end - c->bytes) + 1;
}

/* Windows tools like to write UTF-16: a mark at the start, or every other byte of ASCII a NUL.
 */
static bool
is_utf16(struct slice text)
{
	const uint8_t *p = text.ptr;

	if (text.len < 4)
		return false;
	return (p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff) ||
	       (p[0] != 0 && p[1] == 0 && p[2] != 0 && p[3] == 0) ||
	       (p[0] == 0 && p[1] != 0 && p[2] == 0 && p[3] != 0);
}

static int
refuse_utf16(const char *path, struct err *e)
{
	return err_set(e,
	    cli_say("\"%s\" is UTF-16 text, which is not read: convert it first, for example "
		    "with iconv -f UTF-16 -t UTF-8",
		"\"%s\" は UTF-16 のため読めません。たとえば iconv -f UTF-16 -t UTF-8 "
		"で変換してから調べてください。"),
	    path);
}

static int
scan_stream(struct scan *s, struct input *in, struct err *e)
{
	struct chunk *c = take_free(s), *next;
	bool at_end = false, first = true, skipping = false;
	uint64_t offset = 0;
	int rc = 0;

	c->len = c->preamble_len = 0;
	while (rc == 0) {
		rc = fill_chunk(in, c, &at_end, e);
		if (c->len == 0)
			break;
		size_t cut = at_end || rc != 0 ? c->len : whole_lines(c);
		bool endless = c->bytes[cut - 1] != '\n' && !at_end && rc == 0;
		s->file->bytes = offset + cut;
		c->offset = offset;
		next = take_free(s);
		next->preamble_len = c->preamble_len;
		memcpy(next->preamble, c->preamble, c->preamble_len);
		next->len = c->len - cut;
		memcpy(next->bytes, c->bytes + cut, next->len);
		if (skipping) {
			/* The rest of a line that was counted as too long already. */
			uint8_t *end = memchr(c->bytes, '\n', cut);
			size_t drop = end == NULL ? cut : (size_t)(end - c->bytes) + 1;
			memmove(c->bytes, c->bytes + drop, cut - drop);
			cut -= drop;
			c->offset += drop;
			skipping = end == NULL;
			endless = endless && end != NULL;
		}
		offset = s->file->bytes;
		c->len = cut;
		skipping = skipping || endless;
		if (cut == 0) {
			give_back(s, c);
			c = next;
			continue;
		}
		struct slice lines = slice_of(c->bytes, cut);
		if (first && (is_utf16(lines) ? refuse_utf16(s->file->path, e)
					      : settle_format(s, c, e)) != 0) {
			give_back(s, next);
			rc = -1;
			break;
		}
		first = false;
		note_directives(lines, next);
		pass_on(s, c);
		tell_progress(s, in);
		c = next;
	}
	give_back(s, c);
	wait_until_idle(s);
	return rc;
}

static int
scan_one(struct scan *s, struct scan_file *file, struct err *e)
{
	struct input *in = NULL;

	s->file = file;
	for (unsigned i = 0; i < s->n_workers; i++)
		s->workers[i].counts = (struct detect_counts){0};
	file->failed =
	    input_open(&in, file->path, &file->err) != 0 || scan_stream(s, in, &file->err) != 0;
	input_close(in);
	for (unsigned i = 0; i < s->n_workers; i++) {
		struct worker *w = &s->workers[i];
		add_counts(&file->counts, &w->counts);
		if (w->failed) {
			if (e != NULL)
				*e = w->err;
			return -1;
		}
	}
	return 0;
}

static int
start_workers(struct scan *s, struct content *content, struct alert_set *alerts, struct err *e)
{
	s->workers = calloc(s->opt->threads, sizeof(*s->workers));
	if (s->workers == NULL)
		return err_set(e, "not enough memory for %u threads", s->opt->threads);
	for (unsigned i = 0; i < s->opt->threads; i++) {
		struct worker *w = &s->workers[i];
		w->scan = s;
		w->detector = detector_new(content);
		w->alerts = s->opt->threads == 1 ? alerts : alert_set_new();
		if (w->detector == NULL || w->alerts == NULL) {
			detector_free(w->detector);
			if (w->alerts != alerts)
				alert_set_free(w->alerts);
			return err_set(e, "not enough memory for %u threads", s->opt->threads);
		}
		if (s->opt->threads > 1) {
			int rc = pthread_create(&w->thread, NULL, work, w);
			if (rc != 0) {
				detector_free(w->detector);
				alert_set_free(w->alerts);
				return err_errno(e, rc, "starting thread %u", i + 1);
			}
		}
		s->n_workers++;
	}
	return 0;
}

/* What one thread met of this rule's trouble. */
static uint64_t
trouble_count(const struct detector *d, const struct rule_info *rule)
{
	struct sigma_trouble t;

	for (size_t at = 0; (at = detector_troubles(d, at, &t)) != 0;)
		if (t.rule == rule)
			return t.count;
	return 0;
}

static void
tell_troubles(const struct scan *s)
{
	struct sigma_trouble t;

	if (s->opt->on_trouble == NULL)
		return;
	for (unsigned i = 0; i < s->n_workers; i++)
		for (size_t at = 0;
		     (at = detector_troubles(s->workers[i].detector, at, &t)) != 0;) {
			bool told = false;

			for (unsigned k = 0; k < i && !told; k++)
				told = trouble_count(s->workers[k].detector, t.rule) > 0;
			for (unsigned k = i + 1; k < s->n_workers; k++)
				t.count += trouble_count(s->workers[k].detector, t.rule);
			if (!told)
				s->opt->on_trouble(s->opt->ctx, &t);
		}
}

static int
stop_workers(struct scan *s, struct alert_set *alerts, struct err *e)
{
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	s->over = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	for (unsigned i = 0; i < s->n_workers && s->opt->threads > 1; i++)
		pthread_join(s->workers[i].thread, NULL);
	tell_troubles(s);
	for (unsigned i = 0; i < s->n_workers; i++) {
		struct worker *w = &s->workers[i];
		if (s->opt->threads > 1) {
			if (rc == 0)
				rc = alert_set_merge(alerts, w->alerts, e);
			alert_set_free(w->alerts);
		}
		detector_free(w->detector);
		reader_free(w->reader);
	}
	free(s->workers);
	return rc;
}

static int
make_chunks(struct scan *s, unsigned n, struct err *e)
{
	for (unsigned i = 0; i < n; i++) {
		struct chunk *c = malloc(sizeof(*c));
		if (c == NULL)
			return err_set(e, "not enough memory to read files");
		c->next = s->free;
		s->free = c;
	}
	return 0;
}

int
scan_files(struct scan_file *files, size_t n, struct content *content,
    const struct scan_options *opt, struct alert_set *alerts, struct err *e)
{
	struct scan s = {.opt = opt, .now = opt->now};
	struct err stopping;
	int rc = -1;

	assert(opt->threads > 0);
	s.full_last = &s.full;
	pthread_mutex_init(&s.lock, NULL);
	pthread_cond_init(&s.changed, NULL);
	if (make_chunks(&s, opt->threads * 2 + 2, e) == 0 &&
	    start_workers(&s, content, alerts, e) == 0) {
		rc = 0;
		for (size_t i = 0; i < n && rc == 0; i++)
			rc = scan_one(&s, &files[i], e);
	}
	if (stop_workers(&s, alerts, &stopping) != 0 && rc == 0) {
		if (e != NULL)
			*e = stopping;
		rc = -1;
	}
	while (s.free != NULL) {
		struct chunk *c = s.free;
		s.free = c->next;
		free(c);
	}
	pthread_cond_destroy(&s.changed);
	pthread_mutex_destroy(&s.lock);
	return rc;
}
