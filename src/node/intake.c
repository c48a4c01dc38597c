/* intake.c - see intake.h. */
#include "node/intake.h"

#include "node/frame.h"
#include "node/lines.h"

void
intake_init(struct intake *in, struct source *source, size_t bytes_max)
{
	*in = (struct intake){.source = source,
	    .waiting = BUF_INIT(bytes_max),
	    .preamble = BUF_INIT(PREAMBLE_MAX),
	    .ahead = BUF_INIT(PREAMBLE_MAX)};
}

void
intake_release(struct intake *in)
{
	buf_release(&in->waiting);
	buf_release(&in->preamble);
	buf_release(&in->ahead);
}

bool
intake_add(struct intake *in, struct slice record)
{
	size_t before = in->waiting.len;

	lines_add_record(&in->waiting, record);
	if (!in->waiting.failed)
		return true;
	in->waiting.failed = false;
	in->waiting.len = before;
	return false;
}

bool
intake_has_room(const struct intake *in)
{
	/* A newline inside a record becomes two bytes. */
	return in->waiting.max - in->waiting.len > 2 * FRAME_COUNT_MAX + 64;
}

static void
copy_buf(struct buf *to, const struct buf *from)
{
	buf_reset(to);
	buf_add(to, buf_slice(from));
}

int
intake_collect(struct intake *in, struct spool *sp, struct instant now, struct err *e)
{
	struct slice rest = slice_from(buf_slice(&in->waiting), in->collected);

	while (rest.len > 0) {
		uint64_t lines;
		struct slice batch =
		    slice_first(rest, lines_take(rest, BATCH_BYTES_MAX, true, &lines));

		if (source_put(in->source, sp, batch, lines, buf_slice(&in->ahead), now, e) !=
		    0)
			return -1;
		lines_see_directives(batch, &in->ahead);
		rest = slice_from(rest, batch.len);
		in->collected += batch.len;
	}
	return 0;
}

void
intake_committed(struct intake *in)
{
	if (in->collected == 0)
		return;
	copy_buf(&in->preamble, &in->ahead);
	in->waiting.len -= in->collected;
	memmove(in->waiting.ptr, in->waiting.ptr + in->collected, in->waiting.len);
	in->collected = 0;
}

void
intake_rolled_back(struct intake *in)
{
	copy_buf(&in->ahead, &in->preamble);
	in->collected = 0;
}

void
intake_discard(struct intake *in)
{
	intake_rolled_back(in);
	buf_reset(&in->waiting);
}
