/*
 * reader.c - one source's lines to events: recognise, unwrap, convert, read.
 *
 * What a batch holds is decided from the batch alone (its preamble and its first
 * lines), so reading it again later, by itself and in any order, gives the same
 * events.
 */
#include "event/codec.h"

#include <stdlib.h>

#include "event/batch.h"
#include "event/charset.h"
#include "event/envelope.h"

#define CODECS_MAX 48
#define LOOK_LINES 16 /* lines that decide, once that many say something */
#define LOOK_AFTER                                                                             \
	32 /* lines looked at after the first that did: the rest may all be silent             \
	    */
#define LOOK_MOST    4096 /* lines looked at when none does */
#define MESSAGE_SURE 90	  /* how sure a codec must be of a line inside a JSON message */
#define LINE_MEM_MAX (1024 * 1024) /* of the arena used while looking */

struct reader {
	struct codec_config cfg; /* its strings are only used in reader_new() */
	enum charset charset;
	bool fixed;		     /* the config names the codec */
	unsigned codec;		     /* index in codec_all; CODECS_MAX: none recognised */
	bool wrapped;		     /* lines of this batch are inside syslog */
	enum envelope_kind envelope; /* which, for people */
	struct instant received;
	struct slice clean; /* the batch's bytes, where they hold no NUL; else empty */
	struct codec_state *state[CODECS_MAX];
	struct arena *mem; /* for looking and for preambles */
	struct event scratch;
};

static unsigned
codec_count(void)
{
	unsigned n = 0;

	while (codec_all[n] != NULL)
		n++;
	return n;
}

static int
pick_configured(struct reader *r, struct err *e)
{
	const char *id = r->cfg.codec;

	/* A logformat is Squid's, whoever forgot to say so. */
	if (id == NULL && r->cfg.logformat != NULL)
		id = "squid";
	if (id == NULL)
		return 0;
	for (r->codec = 0; codec_all[r->codec] != NULL; r->codec++)
		if (strcmp(codec_all[r->codec]->id, id) == 0)
			break;
	if (codec_all[r->codec] == NULL)
		return err_set(e, "codec \"%s\" is not known; see docs/formats.md", id);
	if (r->cfg.logformat != NULL && strcmp(id, "squid") != 0)
		return err_set(
		    e, "logformat is for codec squid, not for %s: remove one of them", id);
	r->fixed = true;
	return 0;
}

int
reader_new(struct reader **out, const struct codec_config *cfg, struct err *e)
{
	struct reader *r = calloc(1, sizeof(*r));
	int rc = -1;

	if (r == NULL || (r->mem = arena_new(LINE_MEM_MAX)) == NULL) {
		err_set(e, "out of memory");
		goto out;
	}
	r->codec = CODECS_MAX;
	if (cfg != NULL)
		r->cfg = *cfg;
	if (!charset_by_name(r->cfg.charset, &r->charset)) {
		err_set(e, "charset \"%s\" is not known: use utf-8, shift_jis or euc-jp",
		    r->cfg.charset);
		goto out;
	}
	if (pick_configured(r, e) != 0)
		goto out;
	for (unsigned i = 0; i < codec_count(); i++)
		if (codec_all[i]->state_new != NULL &&
		    codec_all[i]->state_new(&r->state[i], &r->cfg, e) != 0)
			goto out;
	*out = r;
	r = NULL;
	rc = 0;
out:
	reader_free(r);
	return rc;
}

void
reader_free(struct reader *r)
{
	if (r == NULL)
		return;
	for (unsigned i = 0; i < codec_count(); i++)
		if (codec_all[i]->state_free != NULL)
			codec_all[i]->state_free(r->state[i]);
	arena_free(r->mem);
	free(r);
}

static struct slice
without_bom(struct slice line)
{
	if (line.len >= 3 && memcmp(line.ptr, "\xef\xbb\xbf", 3) == 0)
		return slice_from(line, 3);
	return line;
}

static bool
is_blank(struct slice line)
{
	return line.len == 0 || (line.ptr[0] <= ' ' && slice_trim(line).len == 0);
}

static inline bool
lies_in(struct slice part, struct slice whole)
{
	return part.ptr >= whole.ptr && part.len <= whole.len &&
	       (size_t)(part.ptr - whole.ptr) <= whole.len - part.len;
}

/* The bytes of a line that a codec could read, or why it could not. */
static enum codec_status
check_bytes(const struct reader *r, struct slice line)
{
	if (line.len > BATCH_LINE_MAX)
		return CODEC_TOO_LONG;
	if (is_blank(line))
		return CODEC_NOTHING;
	if (!lies_in(line, r->clean) && memchr(line.ptr, 0, line.len) != NULL)
		return CODEC_BAD_TEXT;
	return CODEC_EVENT;
}

/* For and against, line by line: each codec's score with and without an envelope. */
struct votes {
	unsigned lines; /* that at least one codec claims */
	unsigned after; /* looked at since the first of them */
	enum envelope_kind kind;
	unsigned score[CODECS_MAX][2];
};

/*
 * How sure is codec i that this line is its own?  A configured codec is asked by
 * reading, since its recognise() cannot know a logformat.
 */
static unsigned
ask_codec(struct reader *r, unsigned i, struct slice line)
{
	if (!r->fixed)
		return (unsigned)codec_all[i]->recognise(line);
	arena_reset(r->mem);
	event_reset(&r->scratch, line);
	switch (
	    codec_all[i]->read(r->state[i], &r->cfg, line, r->received, r->mem, &r->scratch)) {
	case CODEC_EVENT:
	case CODEC_NOTHING:
		return 100;
	default:
		return 0;
	}
}

static void
vote_line(struct reader *r, struct slice line, struct votes *v)
{
	struct envelope env;
	enum envelope_kind kind;
	unsigned first = r->fixed ? r->codec : 0;
	unsigned end = r->fixed ? r->codec + 1 : codec_count();
	unsigned sum = 0;

	if (check_bytes(r, line) != CODEC_EVENT || is_blank(line = without_bom(line)))
		return;
	kind = envelope_open(line, r->cfg.utc_offset, r->received, &env);
	if (kind != ENVELOPE_NONE && is_blank(env.message))
		return;
	if (kind != ENVELOPE_NONE)
		v->kind = kind;
	for (unsigned i = first; i < end; i++) {
		unsigned bare = ask_codec(r, i, line);
		unsigned inside = kind == ENVELOPE_NONE ? 0 : ask_codec(r, i, env.message);
		v->score[i][0] += bare;
		v->score[i][1] += inside;
		sum += bare + inside;
	}
	v->lines += sum > 0;
}

static void
vote_lines(struct reader *r, struct slice lines, struct votes *v)
{
	struct slice line;

	for (unsigned i = 0; i < LOOK_MOST && v->lines < LOOK_LINES && v->after < LOOK_AFTER;
	     i++) {
		if (!slice_cut_line(&lines, &line))
			break;
		vote_line(r, line, v);
		v->after += v->lines > 0;
	}
}

static void
reset_states(struct reader *r)
{
	for (unsigned i = 0; i < codec_count(); i++)
		if (codec_all[i]->state_reset != NULL)
			codec_all[i]->state_reset(r->state[i]);
}

static void
choose(struct reader *r, const struct batch *b)
{
	struct votes v = {0};
	unsigned best = 0;

	r->wrapped = false;
	if (!r->fixed)
		r->codec = CODECS_MAX;

	vote_lines(r, b->preamble, &v);
	vote_lines(r, b->lines, &v);
	/* An envelope that opens is one, even where a forgiving codec could read past it. */
	for (unsigned i = 0; i < codec_count(); i++)
		for (unsigned wrapped = 2; wrapped-- > 0;)
			if (v.score[i][wrapped] > best) {
				best = v.score[i][wrapped];
				r->codec = i;
				r->wrapped = wrapped != 0;
			}
	r->envelope = r->wrapped ? v.kind : ENVELOPE_NONE;
}

void
reader_start(struct reader *r, const struct batch *b)
{
	struct slice rest = b->preamble, line;

	r->received = b->received;
	/* Looking once through all of it is cheaper than once a line. */
	r->clean = b->lines.len > 0 && memchr(b->lines.ptr, 0, b->lines.len) == NULL
		       ? b->lines
		       : (struct slice){0};
	reset_states(r);
	choose(r, b);
	reset_states(r); /* looking may have left something behind */
	while (slice_cut_line(&rest, &line)) {
		arena_reset(r->mem);
		reader_read(r, line, r->mem, &r->scratch);
	}
}

/*
 * Shippers (Filebeat and its like) wrap a line they do not understand into JSON,
 * as its message.  Where a JSON event says nothing else, and its message is a line
 * of another codec, that line is what happened.
 */
static void
read_message(struct reader *r, const struct envelope *env, struct slice line, struct arena *mem,
    struct event *ev)
{
	const struct codec *outer = codec_all[r->codec];
	struct slice message = event_get(ev, FIELD_MESSAGE);
	struct instant shipped = ev->at;
	bool timed = ev->timed;

	if (message.len == 0 || memchr(message.ptr, 0, message.len) != NULL)
		return;
	for (unsigned i = 0; i < codec_count(); i++) {
		if (i == r->codec || codec_all[i]->recognise(message) < MESSAGE_SURE)
			continue;
		ev->timed = false;
		if (codec_all[i]->read(r->state[i], &r->cfg, message, r->received, mem, ev) !=
		    CODEC_EVENT) {
			/* Half of it may have been read: begin again with the outside alone. */
			event_reset(ev, ev->raw);
			envelope_put(env, ev);
			outer->read(r->state[r->codec], &r->cfg, line, r->received, mem, ev);
		}
		if (!ev->timed) {
			ev->at = shipped;
			ev->timed = timed;
		}
		return;
	}
}

static enum codec_status
read_inside(struct reader *r, struct slice line, struct arena *mem, struct event *ev)
{
	struct envelope env = {0};
	enum codec_status status;

	if (r->codec == CODECS_MAX)
		return CODEC_UNKNOWN;
	if (r->charset != CHARSET_UTF8) {
		line = charset_to_utf8(r->charset, line, mem);
		if (line.ptr == NULL)
			return CODEC_NO_MEMORY;
		ev->raw = line; /* people read it; the archive keeps the bytes */
	}
	if (r->wrapped &&
	    envelope_open(line, r->cfg.utc_offset, r->received, &env) != ENVELOPE_NONE) {
		envelope_put(&env, ev);
		line = env.message;
	}
	if (is_blank(line))
		return CODEC_NOTHING;
	status =
	    codec_all[r->codec]->read(r->state[r->codec], &r->cfg, line, r->received, mem, ev);
	if (status == CODEC_EVENT && ev->class == EVENT_OTHER)
		read_message(r, &env, line, mem, ev);
	return status;
}

enum codec_status
reader_read(struct reader *r, struct slice line, struct arena *mem, struct event *ev)
{
	enum codec_status status = check_bytes(r, line);

	event_reset(ev, line);
	ev->at = r->received;
	if (status != CODEC_EVENT)
		return status;
	status = read_inside(r, without_bom(line), mem, ev);
	if (status == CODEC_EVENT && arena_full(mem))
		status = CODEC_NO_MEMORY;
	if (status != CODEC_EVENT) {
		event_reset(ev, line);
		ev->at = r->received;
	}
	return status;
}

const struct codec *
reader_codec(const struct reader *r)
{
	return r->codec == CODECS_MAX ? NULL : codec_all[r->codec];
}

const char *
reader_envelope(const struct reader *r)
{
	return envelope_name(r->envelope);
}
