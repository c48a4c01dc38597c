/*
 * fuzz_codec.h - what every codec promises, whatever the bytes.
 *
 * Each line is read from memory of exactly its size; every value of the event
 * lies in the line or in the arena, values of kind IP and NUMBER have their
 * kind's shape, and an unread line leaves nothing behind.
 */
#ifndef HINOMI_TESTS_FUZZ_CODEC_H
#define HINOMI_TESTS_FUZZ_CODEC_H

#include <assert.h>
#include <stdlib.h>

#include "event/batch.h"
#include "event/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void
check_value(struct slice v, struct slice line, const struct arena *mem)
{
	if (v.len == 0)
		return;
	if (v.ptr >= line.ptr && v.len <= line.len &&
	    (size_t)(v.ptr - line.ptr) <= line.len - v.len)
		return;
	assert(arena_owns(mem, v));
}

static inline void
check_event(const struct event *ev, struct slice line, const struct arena *mem)
{
	for (int f = 0; f < FIELD_COUNT; f++) {
		struct slice v = event_get(ev, (enum field_id)f);
		if (v.ptr == NULL)
			continue;
		check_value(v, line, mem);
		assert(field_kind((enum field_id)f) != FIELD_IP || value_is_ip(v));
		assert(field_kind((enum field_id)f) != FIELD_NUMBER || value_is_number(v));
	}
	assert(ev->n_extra <= EVENT_EXTRA_MAX);
	for (unsigned i = 0; i < ev->n_extra; i++) {
		assert(ev->extra[i].name.ptr != NULL);
		check_value(ev->extra[i].value, line, mem);
	}
}

static inline void
check_line(struct reader *r, struct slice line, struct arena *mem)
{
	static struct event ev;
	uint8_t *exact = malloc(line.len == 0 ? 1 : line.len);
	enum codec_status status;

	assert(exact != NULL);
	if (line.len > 0)
		memcpy(exact, line.ptr, line.len);
	line.ptr = exact;
	status = reader_read(r, line, mem, &ev);
	/* The line itself, or the same in UTF-8. */
	assert((ev.raw.ptr == exact && ev.raw.len == line.len) ||
	       (ev.raw.len > 0 && arena_owns(mem, ev.raw)));
	if (status == CODEC_EVENT) {
		check_event(&ev, line, mem);
	} else {
		for (unsigned i = 0; i < EVENT_PRESENT_SIZE; i++)
			assert(ev.present[i] == 0);
		assert(ev.n_extra == 0 && !ev.timed);
	}
	arena_reset(mem);
	free(exact);
}

static inline void
fuzz_codec(const struct codec_config *cfg, const uint8_t *data, size_t size)
{
	static struct arena *mem;
	struct batch b = {
	    .lines = slice_of(data, size), .received = {1795435200 * (int64_t)1000000}};
	struct reader *r = NULL;
	struct slice rest = b.lines, line;

	if (mem == NULL)
		mem = arena_new(1024 * 1024);
	if (reader_new(&r, cfg, NULL) != 0)
		return;
	reader_start(r, &b);
	while (slice_cut_line(&rest, &line))
		check_line(r, line, mem);
	reader_free(r);
}

#endif
