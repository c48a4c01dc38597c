/* tail.c - reading: see tail.h.  What files are is decided in tail_scan.c. */
#include "node/tail.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/lines.h"
#include "node/tail_inside.h"

ssize_t
tail_read_at(int fd, void *buf, size_t len, uint64_t at)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(fd, (uint8_t *)buf + got, len - got, (off_t)(at + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* --- files --- */

struct tail_file *
tail_file_add(struct tail *t, const char *path)
{
	struct tail_file *f = NULL;

	if (t->n_files == t->room_files) {
		size_t room = t->room_files == 0 ? 8 : t->room_files * 2;
		struct tail_file **grown = realloc(t->files, room * sizeof(struct tail_file *));

		if (grown == NULL)
			return NULL;
		t->files = grown;
		t->room_files = room;
	}
	if ((f = calloc(1, sizeof(*f))) == NULL || (f->path = strdup(path)) == NULL) {
		free(f);
		return NULL;
	}
	f->fd = -1;
	f->preamble = BUF_INIT(PREAMBLE_MAX);
	f->ahead = BUF_INIT(PREAMBLE_MAX);
	f->carry = BUF_INIT(BATCH_BYTES_MAX);
	f->head = BUF_INIT(FOLLOW_HEAD);
	t->files[t->n_files++] = f;
	return f;
}

bool
tail_file_is_open(const struct tail_file *f)
{
	return f->fd >= 0 || f->packed != NULL;
}

void
tail_file_close(struct tail_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	input_close(f->packed);
	f->packed = NULL;
	buf_release(&f->carry);
	f->carry_at = 0;
	f->mark.open = f->next.open = false;
}

static void
file_free(struct tail_file *f)
{
	tail_file_close(f);
	buf_release(&f->preamble);
	buf_release(&f->ahead);
	buf_release(&f->head);
	free(f->path);
	free(f);
}

static int
load_mark(void *ctx, const struct spool_mark *m, struct err *e)
{
	struct tail *t = ctx;
	char path[4096];
	struct tail_file *f;

	snprintf(path, sizeof(path), "%.*s", SLICE_ARG(m->path));
	if ((f = tail_file_add(t, path)) == NULL)
		return err_errno(e, ENOMEM, "reading the marks of \"%.*s\"",
		    SLICE_ARG(t->source->cfg->name));
	f->id = m->id;
	f->mark = f->next = m->mark;
	buf_add(&f->preamble, m->preamble);
	buf_add(&f->ahead, m->preamble);
	return 0;
}

int
tail_open(struct tail **out, struct source *source, struct spool *sp, struct err *e)
{
	struct tail *t = calloc(1, sizeof(*t));
	int rc = -1;

	if (t == NULL || (t->scratch = malloc(BATCH_BYTES_MAX)) == NULL) {
		err_errno(e, ENOMEM, "following files");
		goto out;
	}
	t->source = source;
	tail_set_patience(t, TAIL_FLUSH_AFTER, TAIL_CLOSE_AFTER);
	if (spool_each_mark(sp, source->spooled->id, load_mark, t, e) != 0)
		goto out;
	t->fresh = t->n_files == 0 && source->spooled->sequence == 0;
	*out = t;
	t = NULL;
	rc = 0;
out:
	tail_close(t);
	return rc;
}

void
tail_close(struct tail *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n_files; i++)
		file_free(t->files[i]);
	for (size_t i = 0; i < t->n_directories; i++)
		free(t->directories[i]);
	free(t->files);
	free(t->directories);
	free(t->directory_changed);
	free(t->scratch);
	free(t);
}

void
tail_set_patience(struct tail *t, struct span flush_after, struct span close_after)
{
	t->flush_after = flush_after;
	t->close_after = close_after;
}

const char *const *
tail_directories(const struct tail *t)
{
	static const char *const none[] = {NULL};

	return t->directories == NULL ? none : (const char *const *)t->directories;
}

uint64_t
tail_lag(const struct tail *t)
{
	uint64_t lag = 0;

	for (size_t i = 0; i < t->n_files; i++) {
		const struct tail_file *f = t->files[i];

		if (f->fd >= 0 && f->size > f->mark.offset)
			lag += f->size - f->mark.offset;
	}
	return lag;
}

/* --- reading --- */

/* What is on disk from the mark on, at most a batch.  False: it cannot be read now. */
static bool
fill_plain(struct tail *t, struct tail_file *f, struct slice *bytes, bool *at_end)
{
	ssize_t n = tail_read_at(f->fd, t->scratch, BATCH_BYTES_MAX, f->next.offset);

	if (n < 0) {
		err_errno(&t->source->trouble, errno, "reading %s", f->path);
		return false;
	}
	*bytes = slice_of(t->scratch, (size_t)n);
	*at_end = n < BATCH_BYTES_MAX;
	return true;
}

/* Drop n bytes of the carry, which are consumed. */
static void
carry_drop(struct tail_file *f, size_t n)
{
	memmove(f->carry.ptr, f->carry.ptr + n, f->carry.len - n);
	f->carry.len -= n;
	f->carry_at += n;
}

/* The same for a compressed file: a stream that only goes forward. */
static bool
fill_packed(struct tail *t, struct tail_file *f, struct slice *bytes, bool *at_end)
{
	struct err *e = &t->source->trouble;
	size_t got = 1;

	if (f->carry_at > f->next.offset ||
	    f->packed == NULL) { /* rolled back: from the start */
		tail_file_close(f);
		if (input_open(&f->packed, f->path, e) != 0)
			return false;
	}
	while (got > 0) {
		uint64_t skip = f->next.offset - f->carry_at;
		uint8_t *room;

		if (skip > 0 && f->carry.len > 0)
			carry_drop(f, skip < f->carry.len ? (size_t)skip : f->carry.len);
		if (f->carry.len == BATCH_BYTES_MAX)
			break;
		if ((room = buf_room(&f->carry, BATCH_BYTES_MAX - f->carry.len)) == NULL)
			return false;
		if (input_read(f->packed, room, BATCH_BYTES_MAX - f->carry.len, &got, e) != 0)
			return false;
		buf_added(&f->carry, got);
	}
	*bytes = buf_slice(&f->carry);
	*at_end = got == 0;
	return true;
}

/*
 * After reading: does the file still hold what we consumed?  If it does now, it
 * did when we read.  *head gets its first bytes.
 */
static bool
still_holds(struct tail_file *f, uint8_t buf[FOLLOW_HEAD], struct slice *head)
{
	ssize_t n;
	struct stat st;

	if (f->fd < 0) {
		*head = buf_slice(&f->head);
		return true;
	}
	n = tail_read_at(f->fd, buf, FOLLOW_HEAD, 0);
	if (n < 0 || fstat(f->fd, &st) != 0)
		return false;
	*head = slice_of(buf, (size_t)n);
	return follow_holds(&f->next, *head, (uint64_t)st.st_size);
}

static void
note_growth(struct tail_file *f, struct instant now)
{
	struct stat st;

	if (f->fd < 0 || fstat(f->fd, &st) != 0 || (uint64_t)st.st_size == f->size)
		return;
	f->size = (uint64_t)st.st_size;
	f->grown = now;
}

/* One batch's worth.  1: taken; 0: nothing to take; -1: the spool refused. */
static int
collect_some(struct tail *t, struct tail_file *f, struct spool *sp, struct instant now,
    size_t *taken, struct err *e)
{
	uint8_t head_bytes[FOLLOW_HEAD];
	struct slice bytes, head;
	struct span quiet = instant_since(now, f->grown);
	bool at_end, last;
	uint64_t lines;

	if (!(f->fd >= 0 ? fill_plain : fill_packed)(t, f, &bytes, &at_end))
		return 0;
	last = at_end && f->final && (f->fd < 0 || quiet.us >= t->flush_after.us);
	*taken = lines_take(bytes, BATCH_BYTES_MAX, last, &lines);
	bytes = slice_first(bytes, *taken);
	if (!still_holds(f, head_bytes, &head)) {
		t->suspect = true;
		return 0;
	}
	if (*taken == 0) {
		f->finished = at_end && f->final && f->next.offset >= f->size &&
			      (f->fd < 0 || quiet.us >= t->close_after.us);
		return 0;
	}
	/* The file may have been cut and have grown again while we read its head. */
	if (head.len < FOLLOW_HEAD && head.len < f->next.offset + *taken) {
		t->suspect = true;
		return 0;
	}
	if (source_put(t->source, sp, bytes, lines, buf_slice(&f->ahead), now, e) != 0)
		return -1;
	lines_see_directives(bytes, &f->ahead);
	follow_advance(&f->next, f->next.offset + *taken, head);
	f->next.done = false;
	f->dirty = true;
	return 1;
}

static int
save_file(struct tail *t, struct tail_file *f, struct spool *sp, struct err *e)
{
	struct spool_mark m = {.id = f->id,
	    .mark = f->next,
	    .path = slice_str(f->path),
	    .preamble = buf_slice(&f->ahead)};

	if (f->forgotten)
		return spool_delete_mark(sp, f->id, e);
	if (spool_save_mark(sp, t->source->spooled->id, &m, e) != 0)
		return -1;
	f->saved_id = m.id;
	return 0;
}

int
tail_collect(struct tail *t, struct spool *sp, size_t budget, struct instant now, struct err *e)
{
	bool more = false;

	t->collecting = true;
	for (size_t i = 0; i < t->n_files; i++) {
		struct tail_file *f = t->files[i];
		size_t taken, left = budget / (t->n_files - i);
		int rc = 0;

		if (tail_file_is_open(f) && !f->forgotten) {
			note_growth(f, now);
			while (spool_has_room(sp) && left > 0 &&
			       (rc = collect_some(t, f, sp, now, &taken, e)) == 1) {
				left -= taken < left ? taken : left;
				budget -= taken < budget ? taken : budget;
			}
			if (rc < 0)
				return -1;
			more |= rc == 1 && spool_has_room(sp);
			if (f->finished) {
				f->next.done = true;
				f->dirty = true;
			}
		}
		if (f->dirty && save_file(t, f, sp, e) != 0)
			return -1;
	}
	return more;
}

static void
copy_buf(struct buf *to, const struct buf *from)
{
	if (slice_equal(buf_slice(to), buf_slice(from)))
		return;
	buf_reset(to);
	buf_add(to, buf_slice(from));
}

void
tail_committed(struct tail *t)
{
	size_t kept = 0;

	t->collecting = false;
	for (size_t i = 0; i < t->n_files; i++) {
		struct tail_file *f = t->files[i];

		if (f->dirty && f->forgotten) {
			file_free(f);
			continue;
		}
		t->files[kept++] = f;
		if (!f->dirty)
			continue;
		f->id = f->saved_id;
		f->mark = f->next;
		copy_buf(&f->preamble, &f->ahead);
		f->dirty = false;
		if (f->finished)
			tail_file_close(f);
		f->finished = false;
	}
	t->n_files = kept;
}

void
tail_rolled_back(struct tail *t)
{
	if (!t->collecting)
		return;
	t->collecting = false;
	for (size_t i = 0; i < t->n_files; i++) {
		struct tail_file *f = t->files[i];

		f->next = f->mark;
		copy_buf(&f->ahead, &f->preamble);
		f->finished = false;
	}
}
