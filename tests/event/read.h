/*
 * read.h - for tests of codecs: read one line as a source with these settings would.
 */
#ifndef HINOMI_TESTS_EVENT_READ_H
#define HINOMI_TESTS_EVENT_READ_H

#include "test.h"

#include "event/batch.h"

/* Times without a year are read as of this moment: 2026-11-23T12:00:00Z. */
#define READ_RECEIVED ((struct instant){1795435200 * (int64_t)1000000})

struct read {
	struct arena *mem;
	struct reader *reader;
	struct event ev;
	enum codec_status status;
};

/* A reader that has started a batch of these lines.  Ends the test on a bad config. */
static inline void
read_open(
    struct read *r, const struct codec_config *cfg, const char *preamble, const char *lines)
{
	struct batch b = {.received = READ_RECEIVED,
	    .preamble = slice_str(preamble),
	    .lines = slice_str(lines)};
	struct err e = {0};

	*r = (struct read){.mem = arena_new(1024 * 1024)};
	assert_non_null(r->mem);
	if (reader_new(&r->reader, cfg, &e) != 0)
		fail_msg("%s", e.text);
	reader_start(r->reader, &b);
}

static inline enum codec_status
read_next(struct read *r, const char *line)
{
	return r->status = reader_read(r->reader, slice_str(line), r->mem, &r->ev);
}

static inline void
read_close(struct read *r)
{
	reader_free(r->reader);
	arena_free(r->mem);
}

/* One line, the codec recognised by it unless the config names one. */
static inline enum codec_status
read_line(struct read *r, const struct codec_config *cfg, const char *line)
{
	read_open(r, cfg, NULL, line);
	return read_next(r, line);
}

#define assert_field(r, field, text) assert_slice(event_get(&(r)->ev, FIELD_##field), text)
#define assert_no_field(r, field)    assert_false(event_has(&(r)->ev, FIELD_##field))
#define assert_status(got, expected)                                                           \
	assert_string_equal(codec_status_name(got), codec_status_name(expected))

#define assert_at(r, text)                                                                     \
	do {                                                                                   \
		char at_[INSTANT_TEXT_MAX];                                                    \
		assert_string_equal(instant_format((r)->ev.at, at_), (text));                  \
	} while (0)

#endif
