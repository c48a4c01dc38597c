/* lines.c - see lines.h. */
#include "node/lines.h"

#include "event/batch.h"

/* What a later line may depend on; "#Remark:" and comments say nothing about columns. */
static const struct slice directives[] = {SLICE_LITERAL("#Version:"),
    SLICE_LITERAL("#Software:"), SLICE_LITERAL("#Date:"), SLICE_LITERAL("#Start-Date:"),
    SLICE_LITERAL("#Fields:"),
    /* Zeek */
    SLICE_LITERAL("#separator "), SLICE_LITERAL("#set_separator"),
    SLICE_LITERAL("#empty_field"), SLICE_LITERAL("#unset_field"), SLICE_LITERAL("#path"),
    SLICE_LITERAL("#fields"), SLICE_LITERAL("#types")};
#define N_DIRECTIVES (sizeof(directives) / sizeof(directives[0]))

size_t
lines_take(struct slice in, size_t max, bool last, uint64_t *lines)
{
	size_t used = 0;

	*lines = 0;
	if (in.len > max) {
		in = slice_first(in, max);
		last = false; /* the end of `in` is not the end of the stream */
	}
	while (used < in.len) {
		struct slice rest = slice_from(in, used);
		size_t end = slice_find(slice_first(rest, BATCH_LINE_MAX + 1), '\n');

		if (end != SIZE_MAX) {
			used += end + 1;
			(*lines)++;
			continue;
		}
		if (rest.len > BATCH_LINE_MAX) {
			used += BATCH_LINE_MAX;
			(*lines)++;
		} else if (last) {
			used += rest.len;
			(*lines)++;
		}
		break;
	}
	return used;
}

/* The directive that this line is, or N_DIRECTIVES. */
static size_t
directive_of(struct slice line)
{
	size_t i = 0;

	while (i < N_DIRECTIVES && !slice_starts_nocase(line, directives[i]))
		i++;
	return i;
}

/* Replace the line of the same kind.  False: it does not fit, or is there already. */
static bool
preamble_put(struct buf *preamble, size_t kind, struct slice line)
{
	struct buf fresh = BUF_INIT(PREAMBLE_MAX);
	struct slice rest = buf_slice(preamble), old;
	bool changed = false;

	while (slice_cut_line(&rest, &old)) {
		if (directive_of(old) == kind)
			continue;
		buf_add(&fresh, old);
		buf_add_byte(&fresh, '\n');
	}
	buf_add(&fresh, line);
	buf_add_byte(&fresh, '\n');
	if (!fresh.failed && !slice_equal(buf_slice(&fresh), buf_slice(preamble))) {
		struct buf swap = *preamble;

		*preamble = fresh;
		fresh = swap;
		changed = true;
	}
	buf_release(&fresh);
	return changed;
}

bool
lines_see_directives(struct slice bytes, struct buf *preamble)
{
	bool changed = false;
	size_t at = 0;

	/* Only a '#' at the start of a line matters, and most logs hold few. */
	while (at < bytes.len) {
		struct slice rest = slice_from(bytes, at), line = {0};
		size_t hash = slice_find(rest, '#'), kind;

		if (hash == SIZE_MAX)
			break;
		at += hash + 1;
		if (at >= 2 && bytes.ptr[at - 2] != '\n')
			continue;
		rest = slice_from(bytes, at - 1);
		if ((kind = directive_of(rest)) == N_DIRECTIVES ||
		    !slice_cut_line(&rest, &line))
			continue;
		changed |= preamble_put(preamble, kind, line);
	}
	return changed;
}

uint64_t
lines_add_record(struct buf *to, struct slice record)
{
	uint64_t lines = 0;
	size_t room = 0; /* left in the line being written */

	while (record.len > 0 &&
	       (record.ptr[record.len - 1] == '\n' || record.ptr[record.len - 1] == '\r'))
		record.len--;
	while (record.len > 0) {
		size_t n = slice_find(record, '\n');
		bool newline = n == 0;

		if (room < 2) {
			if (lines > 0)
				buf_add_byte(to, '\n');
			lines++;
			room = BATCH_LINE_MAX;
		}
		if (newline) {
			buf_add_str(to, "\\n");
			record = slice_from(record, 1);
			room -= 2;
			continue;
		}
		n = n < record.len ? n : record.len;
		n = n < room ? n : room;
		buf_add(to, slice_first(record, n));
		record = slice_from(record, n);
		room -= n;
	}
	if (lines > 0)
		buf_add_byte(to, '\n');
	return lines;
}
