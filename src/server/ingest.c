/* ingest.c - see ingest.h. */
#include "server/ingest.h"

#include <errno.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/utf8.h"
#include "event/batch.h"
#include "server/frame.h"
#include "server/handlers.h"
#include "server/serve.h"
#include "sys/log.h"
#include "text/json.h"

#define WAITING_MAX  512 /* of one transaction; more are asked to come back */
#define CONFIG_MAX   4096
#define PREAMBLE_MAX (8 * 1024)
#define RETRY_AFTER  5
#define SAY_AGAIN    SPAN_MINUTES(1)

struct ingest {
	struct serve *serve;
	struct frame_check *check;
	size_t n;
	struct visit *waiting[WAITING_MAX];
	struct batch_record records[WAITING_MAX];
	enum batchlog_fate fates[WAITING_MAX];
	char trouble[ERR_TEXT_MAX]; /* "" if the last commit worked */
	struct instant said;
};

int
ingest_open(struct ingest **out, struct serve *s, struct err *e)
{
	struct ingest *g = calloc(1, sizeof(*g));

	if (g == NULL || (g->check = frame_check_new()) == NULL) {
		free(g);
		return err_set(e, "out of memory");
	}
	g->serve = s;
	*out = g;
	return 0;
}

void
ingest_free(struct ingest *g)
{
	if (g == NULL)
		return;
	frame_check_free(g->check);
	free(g);
}

const char *
ingest_trouble(const struct ingest *g)
{
	return g->trouble[0] == '\0' ? NULL : g->trouble;
}

/* -- reading the headers ------------------------------------------------------ */

static const char *
read_number(struct request *r, const char *name, uint64_t least, uint64_t most, uint64_t *out,
    const char *complaint)
{
	bool repeated = false;
	struct slice text = request_header(r, name, &repeated);

	if (repeated || !slice_to_u64(text, out) || *out < least || *out > most)
		return complaint;
	return NULL;
}

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decoding, strictly: the name of a source ends up on screens and in keys. */
static bool
decode_name(struct slice in, struct arena *mem, struct slice *out)
{
	uint8_t *name = arena_alloc(mem, SOURCE_NAME_MAX);
	size_t n = 0;

	if (name == NULL)
		return false;
	for (size_t i = 0; i < in.len; i++) {
		int c = in.ptr[i];

		if (c == '%') {
			int high = i + 2 < in.len ? hex_digit(in.ptr[i + 1]) : -1;
			int low = i + 2 < in.len ? hex_digit(in.ptr[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = high << 4 | low;
			i += 2;
		}
		if (c < 0x20 || c == 0x7f || n == SOURCE_NAME_MAX)
			return false;
		name[n++] = (uint8_t)c;
	}
	*out = slice_of(name, n);
	return n > 0 && utf8_valid(*out);
}

static const char *
read_config(struct visit *v, struct slice *out)
{
	struct slice text = request_header(v->r, "Hinomi-Config", NULL);
	struct json *root = NULL;
	bool good;

	*out = text.ptr == NULL ? SLICE("") : text;
	if (text.ptr == NULL)
		return NULL;
	good = json_parse(&root, text, CONFIG_MAX, NULL) == 0 &&
	       json_kind_of(root) == JSON_IS_OBJECT;
	json_free(root);
	return good ? NULL : "Hinomi-Config must be a JSON object of at most 4 KiB.";
}

static const char *
read_preamble(struct visit *v, struct slice *out)
{
	struct slice text = request_header(v->r, "Hinomi-Preamble", NULL);
	uint8_t *bytes;
	size_t n;

	*out = SLICE("");
	if (text.ptr == NULL)
		return NULL;
	if ((bytes = arena_alloc(v->r->mem, PREAMBLE_MAX)) == NULL ||
	    sodium_base642bin(bytes, PREAMBLE_MAX, (const char *)text.ptr, text.len, NULL, &n,
		NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		return "Hinomi-Preamble must be base64 of at most 8 KiB.";
	*out = slice_of(bytes, n);
	return NULL;
}

/* NULL: *out is complete but for what the log gives.  Otherwise a sentence. */
static const char *
read_headers(struct visit *v, struct batch_record *out)
{
	struct request *r = v->r;
	bool repeated = false;
	const char *wrong;

	*out = (struct batch_record){
	    .institution = v->node.institution, .node = v->node.id, .frame = r->body};
	if (!decode_name(request_header(r, "Hinomi-Source", &repeated), r->mem, &out->source) ||
	    repeated)
		return "Hinomi-Source must be 1 to 128 bytes of UTF-8, percent-encoded.";
	if ((wrong = read_number(r, "Hinomi-Sequence", 1, INT64_MAX, &out->sequence,
		 "Hinomi-Sequence must be a number from 1.")) != NULL ||
	    (wrong = read_number(r, "Hinomi-Offset", 0, INT64_MAX / 2, &out->offset,
		 "Hinomi-Offset must be a number of bytes.")) != NULL ||
	    (wrong = read_number(r, "Hinomi-Bytes", 1, BATCH_BYTES_MAX, &out->bytes,
		 "Hinomi-Bytes must be a number from 1 to 262144.")) != NULL ||
	    (wrong = read_number(r, "Hinomi-Lines", 1, BATCH_BYTES_MAX, &out->lines,
		 "Hinomi-Lines must be a number from 1 to 262144.")) != NULL)
		return wrong;
	if (!instant_parse(request_header(r, "Hinomi-Received", &repeated), SPAN_SECONDS(0),
		&out->received) ||
	    repeated)
		return "Hinomi-Received must be a time as in RFC 3339.";
	if ((wrong = read_config(v, &out->config)) != NULL)
		return wrong;
	return read_preamble(v, &out->preamble);
}

/* -- waiting for the commit --------------------------------------------------- */

static void
on_gone(struct visit *v)
{
	struct ingest *g = v->waiting;

	/* Its bytes go with it, so it is not stored: the node did not get its 200 and sends
	 * again. */
	for (size_t i = 0; i < g->n; i++)
		if (g->waiting[i] == v) {
			g->n--;
			memmove(&g->waiting[i], &g->waiting[i + 1],
			    (g->n - i) * sizeof(g->waiting[0]));
			memmove(&g->records[i], &g->records[i + 1],
			    (g->n - i) * sizeof(g->records[0]));
			return;
		}
}

void
ingest_on_post(struct visit *v)
{
	struct ingest *g = v->serve->ingest;
	struct batch_record record;
	const char *wrong = read_headers(v, &record);

	if (wrong == NULL)
		wrong = frame_check_run(g->check, record.frame, record.bytes, record.lines);
	if (wrong != NULL) {
		v->serve->metrics.batches_refused++;
		log_warning("node %.*s: batch refused: %s", SLICE_ARG(v->node.id), wrong);
		problem_answer(v->r, PROBLEM_BAD_BATCH, wrong, NULL);
		return;
	}
	if (g->n == WAITING_MAX) {
		v->serve->metrics.batches_deferred++;
		problem_answer_later(v->r, PROBLEM_UNAVAILABLE, 1);
		return;
	}
	v->on_gone = on_gone;
	v->waiting = g;
	g->waiting[g->n] = v;
	g->records[g->n] = record;
	g->n++;
}

static void
answer_fate(struct visit *v, const struct batch_record *record, enum batchlog_fate fate)
{
	struct metrics *m = &v->serve->metrics;

	switch (fate) {
	case BATCHLOG_NEW:
		m->batches++;
		m->batch_lines += record->lines;
		m->batch_bytes += record->bytes;
		m->batch_frame_bytes += record->frame.len;
		request_answer_static(
		    v->r, 200, "application/json", SLICE("{\"fate\":\"stored\"}"));
		return;
	case BATCHLOG_REPEAT:
		m->batches_repeated++;
		request_answer_static(
		    v->r, 200, "application/json", SLICE("{\"fate\":\"repeat\"}"));
		return;
	case BATCHLOG_DIFFERENT:
		m->batches_conflicting++;
		log_warning("node %.*s: source \"%.*s\" sent another batch %llu than before",
		    SLICE_ARG(record->node), SLICE_ARG(record->source),
		    (unsigned long long)record->sequence);
		problem_answer(v->r, PROBLEM_SEQUENCE_CONFLICT, NULL, NULL);
		return;
	}
}

/* The log can not be written: keep serving, ask the nodes to keep their batches. */
static void
defer_all(struct ingest *g, size_t n, const struct err *e)
{
	struct instant now = clock_now();

	if (g->trouble[0] == '\0' || instant_since(now, g->said).us > SAY_AGAIN.us) {
		log_error("batches can not be stored, nodes keep them until it works again: %s",
		    e->text);
		g->said = now;
	}
	memcpy(g->trouble, e->text, sizeof(g->trouble));
	for (size_t i = 0; i < n; i++) {
		g->serve->metrics.batches_deferred++;
		problem_answer_later(g->waiting[i]->r, PROBLEM_UNAVAILABLE, RETRY_AFTER);
	}
}

unsigned
ingest_commit(struct ingest *g)
{
	struct instant now = clock_now();
	size_t n = g->n;
	struct err e = {0};
	bool news = false;

	if (n == 0)
		return 0;
	g->n = 0; /* answered requests may die at once: they are not ours any more */
	for (size_t i = 0; i < n; i++) {
		g->waiting[i]->on_gone = NULL;
		g->records[i].stored = now;
	}
	if (batchlog_append(g->serve->log, g->records, g->fates, n, &e) != 0) {
		defer_all(g, n, &e);
		return (unsigned)n;
	}
	if (g->trouble[0] != '\0')
		log_info("batches are stored again");
	g->trouble[0] = '\0';
	g->serve->metrics.commits++;
	for (size_t i = 0; i < n; i++) {
		news = news || g->fates[i] == BATCHLOG_NEW;
		answer_fate(g->waiting[i], &g->records[i], g->fates[i]);
	}
	if (news)
		role_wake(g->serve->env->batches);
	return (unsigned)n;
}
