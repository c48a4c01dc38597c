/*
 * codec.h - how a log format becomes events.
 *
 * A codec is a row in codecs.def and a file codec_<id>.c.  Its reader turns one
 * line into one event and allocates only from the batch's arena.  Pure.
 */
#ifndef HINOMI_EVENT_CODEC_H
#define HINOMI_EVENT_CODEC_H

#include "base/arena.h"
#include "base/err.h"
#include "base/instant.h"
#include "event/event.h"

/* What became of a line.  unread.def names every reason a line could not be read. */
enum codec_status {
	CODEC_EVENT,   /* *ev holds it */
	CODEC_NOTHING, /* understood, and no event: empty, a comment, a header */
#define UNREAD(id, name, help_en, help_ja) CODEC_##id,
#include "event/unread.def"
#undef UNREAD
	CODEC_STATUS_COUNT,
};

/* A source's settings; the zero value means: recognise everything, times in UTC. */
struct codec_config {
	const char *codec; /* row of codecs.def, NULL: recognise by looking */
	const char
	    *logformat;	     /* Squid's logformat string (implies codec squid), NULL: native */
	const char *charset; /* "shift_jis", "euc-jp"; NULL: UTF-8 */
	struct span utc_offset; /* of times that do not say */
};

/* What a reader keeps between lines: compiled formats, the columns a header named. */
struct codec_state;

struct codec {
	const char *id;
	const char *title; /* for people: "Squid native" */

	/* How sure are we that lines like this are ours?  0 (not) to 100.  One line at a time.
	 */
	int (*recognise)(struct slice line);

	/* NULL where a codec keeps nothing.  Fails only on a bad config (says what is wrong
	 * with it). */
	int (*state_new)(
	    struct codec_state **out, const struct codec_config *cfg, struct err *e);
	void (*state_free)(struct codec_state *st); /* NULL is welcome */

	/* Forget what earlier lines said: the next batch brings its own preamble. */
	void (*state_reset)(struct codec_state *st);

	/*
	 * Read one line (no newline in it) into *ev, which was reset with it.
	 * `received` dates lines that lack a year or a time.
	 */
	enum codec_status (*read)(struct codec_state *st, const struct codec_config *cfg,
	    struct slice line, struct instant received, struct arena *mem, struct event *ev);
};

/* Every codec, ended by NULL; in the order of codecs.def. */
extern const struct codec *const codec_all[];
const struct codec *codec_by_id(const char *id);

/* "not-json": the stable name of an unread reason; and a sentence for people. */
const char *codec_status_name(enum codec_status s);
const char *codec_status_help(enum codec_status s, bool japanese);

/*
 * A reader for one source: the codec, what surrounds it (syslog headers, another
 * character set) and its state.  This is what everyone outside event/ uses.
 */
struct reader;

/* A bad config fails here, with a sentence; owned by the caller: reader_free(). */
int reader_new(struct reader **out, const struct codec_config *cfg, struct err *e);
void reader_free(struct reader *r);

/*
 * Start a batch: forget the last one's directives, read its preamble.  Where the
 * config names no codec, look at the first lines and choose one.
 */
struct batch;
void reader_start(struct reader *r, const struct batch *b);

/*
 * Read one line.  Values live in the line's bytes or in mem.  Any status other
 * than CODEC_EVENT leaves *ev with only `raw` and `at` set.
 */
enum codec_status reader_read(
    struct reader *r, struct slice line, struct arena *mem, struct event *ev);

/* The codec in use ("squid"), and what it was inside of ("rfc5424", or NULL); NULL: none
 * recognised. */
const struct codec *reader_codec(const struct reader *r);
const char *reader_envelope(const struct reader *r);

#endif
