/* follow.c - see follow.h. */
#include "node/follow.h"

#include <assert.h>

#include <sodium.h>

static void
make_print(struct slice head, uint8_t print[FOLLOW_PRINT])
{
	crypto_generichash(print, FOLLOW_PRINT, head.ptr, head.len, NULL, 0);
}

bool
follow_holds(const struct follow_mark *m, struct slice head, uint64_t size)
{
	uint8_t print[FOLLOW_PRINT];

	if (size < m->offset || head.len < m->head_len)
		return false;
	make_print(slice_first(head, m->head_len), print);
	return m->head_len == 0 || memcmp(print, m->print, FOLLOW_PRINT) == 0;
}

void
follow_advance(struct follow_mark *m, uint64_t offset, struct slice head)
{
	assert(head.len >= FOLLOW_HEAD || head.len >= offset);
	m->offset = offset;
	if (m->head_len == FOLLOW_HEAD)
		return;
	m->head_len = (uint32_t)(offset < FOLLOW_HEAD ? offset : FOLLOW_HEAD);
	make_print(slice_first(head, m->head_len), m->print);
}

static void
settle(struct follow_mark *marks, struct follow_file *files, size_t mark, size_t file)
{
	files[file].what = FOLLOW_CONTINUE;
	files[file].mark = mark;
	marks[mark].file = file;
	marks[mark].device = files[file].device;
	marks[mark].inode = files[file].inode;
}

/* The mark that consumed these bytes, and of several the one that came furthest. */
static size_t
find_by_bytes(const struct follow_mark *marks, size_t n, const struct follow_file *f)
{
	size_t best = FOLLOW_NONE;

	for (size_t i = 0; i < n; i++) {
		const struct follow_mark *m = &marks[i];

		if (m->head_len == 0 || !follow_holds(m, f->head, f->size))
			continue;
		if (best == FOLLOW_NONE || m->offset > marks[best].offset)
			best = i;
	}
	return best;
}

/*
 * A mark that consumed nothing fits any bytes, so its inode may have been given
 * to another file, even to a copy of one that we read: then it proves nothing.
 */
static bool
is_proof(const struct follow_mark *marks, size_t n, const struct follow_mark *m,
    const struct follow_file *f)
{
	if (!follow_holds(m, f->head, f->size))
		return false;
	return m->head_len > 0 || m->open || f->head.len == 0 ||
	       (!f->rotated && find_by_bytes(marks, n, f) == FOLLOW_NONE);
}

/* The mark of this very inode, if the inode still holds its bytes. */
static bool
find_by_inode(struct follow_mark *marks, size_t n, struct follow_file *files, size_t file)
{
	struct follow_file *f = &files[file];

	for (size_t i = 0; i < n; i++) {
		struct follow_mark *m = &marks[i];

		if (m->inode != f->inode || m->device != f->device || m->inode == 0)
			continue;
		if (m->file != FOLLOW_NONE) { /* a second name of the same file */
			f->what = FOLLOW_COPY;
			return true;
		}
		if (is_proof(marks, n, m, f)) {
			settle(marks, files, i, file);
			return true;
		}
		m->device = m->inode = 0;
		m->open = false;
	}
	return false;
}

/* Does one of these heads start with the other? */
static bool
share_start(struct slice a, struct slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;

	return n > 0 && memcmp(a.ptr, b.ptr, n) == 0;
}

static bool
is_same_file(const struct follow_file *a, const struct follow_file *b)
{
	return a->device == b->device && a->inode == b->inode;
}

/* A file that is read already and starts alike (or is this one): one of the two is a copy. */
static bool
has_twin(const struct follow_file *files, size_t n, size_t file)
{
	for (size_t i = 0; i < n; i++) {
		if (i == file ||
		    (files[i].what != FOLLOW_CONTINUE && files[i].what != FOLLOW_NEW))
			continue;
		if (is_same_file(&files[i], &files[file]) ||
		    share_start(files[i].head, files[file].head))
			return true;
	}
	return false;
}

static void
place_stranger(struct follow_mark *marks, size_t n_marks, struct follow_file *files,
    size_t n_files, size_t file, struct instant since)
{
	struct follow_file *f = &files[file];
	size_t mark = find_by_bytes(marks, n_marks, f);

	if (mark != FOLLOW_NONE) {
		if (marks[mark].file == FOLLOW_NONE && !marks[mark].open)
			settle(marks, files, mark, file);
		else
			f->what = FOLLOW_COPY;
	} else if (f->rotated && instant_before(f->changed, since))
		f->what = FOLLOW_OLD;
	else if ((f->rotated && f->head.len == 0) || has_twin(files, n_files, file))
		f->what = FOLLOW_COPY; /* an empty one may be a copy in the making */
	else
		f->what = FOLLOW_NEW;
}

void
follow_plan(struct follow_mark *marks, size_t n_marks, struct follow_file *files,
    size_t n_files, struct instant since)
{
	for (size_t i = 0; i < n_marks; i++)
		marks[i].file = FOLLOW_NONE;
	for (size_t i = 0; i < n_files; i++)
		files[i].what = FOLLOW_OLD;
	/* Those that are where they were come first, then the logs, then what rotation left. */
	for (size_t i = 0; i < n_files; i++)
		find_by_inode(marks, n_marks, files, i);
	for (int rotated = 0; rotated <= 1; rotated++) {
		for (size_t i = 0; i < n_files; i++) {
			if (files[i].what == FOLLOW_OLD && files[i].rotated == (rotated != 0))
				place_stranger(marks, n_marks, files, n_files, i, since);
		}
	}
}

enum follow_packing
follow_packing_of(struct slice name)
{
	static const struct {
		struct slice end;
		enum follow_packing is;
	} ends[] = {
	    {SLICE_LITERAL(".gz"), FOLLOW_GZIP},
	    {SLICE_LITERAL(".zst"), FOLLOW_ZSTD},
	    {SLICE_LITERAL(".bz2"), FOLLOW_UNREADABLE},
	    {SLICE_LITERAL(".xz"), FOLLOW_UNREADABLE},
	    {SLICE_LITERAL(".lz4"), FOLLOW_UNREADABLE},
	    {SLICE_LITERAL(".zip"), FOLLOW_UNREADABLE},
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (slice_ends(name, ends[i].end))
			return ends[i].is;
	}
	return FOLLOW_PLAIN;
}

/* ".1", "-20261123", "_2026-11-23.1": a separator, then digits among letters and separators. */
static bool
is_generation_mark(struct slice s)
{
	bool digit = false;

	if (s.len < 2 || strchr(".-_", s.ptr[0]) == NULL)
		return false;
	for (size_t i = 1; i < s.len; i++) {
		uint8_t c = s.ptr[i];

		if (c >= '0' && c <= '9')
			digit = true;
		else if (c == '\0' || strchr(".-_:T", c) == NULL)
			return false;
	}
	return digit;
}

bool
follow_is_generation(struct slice base, struct slice name)
{
	size_t dot = SIZE_MAX;
	struct slice stem, extension;

	if (follow_packing_of(name) != FOLLOW_PLAIN) {
		while (name.ptr[--name.len] != '.')
			;
	}
	if (name.len > base.len && slice_starts(name, base))
		return is_generation_mark(slice_from(name, base.len));
	for (size_t i = base.len; i > 1 && dot == SIZE_MAX; i--) {
		if (base.ptr[i - 1] == '.')
			dot = i - 1;
	}
	if (dot == SIZE_MAX)
		return false;
	stem = slice_first(base, dot);
	extension = slice_from(base, dot);
	return name.len > base.len && slice_starts(name, stem) && slice_ends(name, extension) &&
	       is_generation_mark(slice_first(slice_from(name, dot), name.len - base.len));
}
