/*
 * tail_scan.c - looking: which files are there, and what follow.h makes of them.
 *
 * Seen are the files that the source's pattern names, and beside them the
 * rotated generations by their names.  Compressed generations are opened as well
 * and known by what is inside.
 */
#include "node/tail.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/tail_inside.h"

#define FILES_MAX	2048 /* of one source, generations included */
#define DIRECTORIES_MAX 256
#define MARKS_MAX	512 /* beyond it, those of files that are gone are forgotten */
#define LOOK_AGAIN	SPAN_SECONDS(10) /* even if no directory changed */
#define LOST_AFTER	SPAN_HOURS(1)	 /* a file that is gone is not expected back */
#define CLOCK_SLACK_US	20000		 /* a file's times come from a coarser clock */

struct seen {
	char *path;
	struct stat st;
	bool rotated; /* not named by the pattern */
	bool final;   /* a generation: nobody writes to it any more */
	enum follow_packing packing;
	int fd; /* ours until a tail_file takes it */
	size_t head_len;
	uint8_t head[FOLLOW_HEAD];
};

struct look {
	struct tail *t;
	struct seen **seen;
	size_t n, room;
	bool overflow;
};

static void
seen_free(struct seen *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->path);
	free(s);
}

static void
look_release(struct look *l)
{
	for (size_t i = 0; i < l->n; i++)
		seen_free(l->seen[i]);
	free(l->seen);
}

/* "/a/b" to "/a" and "b"; a bare name lives in ".". */
static struct slice
name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slice_str(slash == NULL ? path : slash + 1);
}

static struct slice
directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return SLICE(".");
	return slice_of(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Room for one more; NULL: no more are looked at. */
static struct seen *
look_add(struct look *l, const char *path, const struct stat *st)
{
	struct seen *s;

	if (l->n == FILES_MAX) {
		l->overflow = true;
		return NULL;
	}
	if (l->n == l->room) {
		size_t room = l->room == 0 ? 16 : l->room * 2;
		struct seen **grown = realloc(l->seen, room * sizeof(struct seen *));

		if (grown == NULL)
			return NULL;
		l->seen = grown;
		l->room = room;
	}
	if ((s = calloc(1, sizeof(*s))) == NULL || (s->path = strdup(path)) == NULL) {
		free(s);
		return NULL;
	}
	s->fd = -1;
	s->st = *st;
	l->seen[l->n++] = s;
	return s;
}

static void
look_at(struct look *l, const char *path, bool rotated)
{
	struct seen *s;
	struct stat st;

	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->seen[i]->path, path) == 0)
			return;
	}
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) ||
	    (s = look_add(l, path, &st)) == NULL)
		return;
	s->packing = follow_packing_of(name_of(path));
	s->rotated = rotated || s->packing != FOLLOW_PLAIN;
	s->final = s->rotated;
}

/* --- where to look --- */

static bool
has_magic(struct slice s)
{
	return slice_find(s, '*') != SIZE_MAX || slice_find(s, '?') != SIZE_MAX ||
	       slice_find(s, '[') != SIZE_MAX;
}

static void
look_by_pattern(struct look *l)
{
	glob_t g = {0};

	if (glob(l->t->source->cfg->path, 0, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc; i++)
			look_at(l, g.gl_pathv[i], false);
	}
	globfree(&g);
}

static void
add_directory(struct tail *t, struct slice path)
{
	char **grown;
	int64_t *times;

	for (size_t i = 0; i < t->n_directories; i++) {
		if (slice_is(path, t->directories[i]))
			return;
	}
	if (t->n_directories == DIRECTORIES_MAX)
		return;
	grown = realloc(t->directories, (t->n_directories + 2) * sizeof(char *));
	if (grown == NULL)
		return;
	t->directories = grown;
	times = realloc(t->directory_changed, (t->n_directories + 2) * sizeof(*times));
	if (times == NULL)
		return;
	t->directory_changed = times;
	t->directories[t->n_directories] = strndup((const char *)path.ptr, path.len);
	if (t->directories[t->n_directories] == NULL)
		return;
	times[t->n_directories++] = 0;
	t->directories[t->n_directories] = NULL;
}

/* Is this name in this directory a generation of a log that we follow there? */
static bool
is_ours(const struct look *l, size_t n_logs, struct slice directory, struct slice name)
{
	const char *pattern = l->t->source->cfg->path;

	if (!has_magic(name_of(pattern)) && slice_equal(directory_of(pattern), directory) &&
	    follow_is_generation(name_of(pattern), name))
		return true;
	for (size_t i = 0; i < n_logs; i++) {
		if (slice_equal(directory_of(l->seen[i]->path), directory) &&
		    follow_is_generation(name_of(l->seen[i]->path), name))
			return true;
	}
	for (size_t i = 0; i < l->t->n_files; i++) {
		const struct tail_file *f = l->t->files[i];

		if (!f->mark.done && slice_equal(directory_of(f->path), directory) &&
		    follow_is_generation(name_of(f->path), name))
			return true;
	}
	return false;
}

static void
look_for_generations(struct look *l)
{
	size_t n_logs = l->n;

	for (size_t i = 0; i < l->t->n_directories; i++) {
		const char *directory = l->t->directories[i];
		DIR *d = opendir(directory);
		struct dirent *entry;

		while (d != NULL && (entry = readdir(d)) != NULL) {
			char path[4096 + 256 + 2];

			if (!is_ours(l, n_logs, slice_str(directory), slice_str(entry->d_name)))
				continue;
			snprintf(path, sizeof(path), "%s/%s",
			    strcmp(directory, "/") == 0 ? "" : directory, entry->d_name);
			look_at(l, path, true);
		}
		if (d != NULL)
			closedir(d);
	}
	/* A pattern such as access.log* names generations too: they are read, and they are
	 * final. */
	for (size_t i = 0; i < n_logs; i++) {
		for (size_t k = 0; k < n_logs && !l->seen[i]->final; k++) {
			l->seen[i]->final = slice_equal(directory_of(l->seen[k]->path),
						directory_of(l->seen[i]->path)) &&
					    follow_is_generation(name_of(l->seen[k]->path),
						name_of(l->seen[i]->path));
		}
	}
}

static void
find_directories(struct look *l)
{
	struct tail *t = l->t;
	const char *pattern = t->source->cfg->path;

	for (size_t i = 0; i < t->n_directories; i++)
		free(t->directories[i]);
	t->n_directories = 0;
	if (!has_magic(directory_of(pattern)))
		add_directory(t, directory_of(pattern));
	for (size_t i = 0; i < l->n; i++)
		add_directory(t, directory_of(l->seen[i]->path));
	for (size_t i = 0; i < t->n_files; i++) {
		if (!t->files[i]->mark.done)
			add_directory(t, directory_of(t->files[i]->path));
	}
}

/* --- what is in them --- */

/* False: it cannot be read now; perhaps it is still being written. */
static bool
read_packed_head(struct seen *s)
{
	struct input *in = NULL;
	size_t got = 1;
	bool ok = false;

	if (input_open(&in, s->path, NULL) == 0) {
		ok = true;
		while (ok && got > 0 && s->head_len < FOLLOW_HEAD) {
			ok = input_read(in, s->head + s->head_len, FOLLOW_HEAD - s->head_len,
				 &got, NULL) == 0;
			s->head_len += ok ? got : 0;
		}
	}
	input_close(in);
	return ok;
}

static bool
read_head(struct look *l, struct seen *s)
{
	ssize_t n;

	if (s->packing == FOLLOW_UNREADABLE)
		return false;
	if (s->packing != FOLLOW_PLAIN)
		return read_packed_head(s);
	s->fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (s->fd < 0 || fstat(s->fd, &s->st) != 0 || !S_ISREG(s->st.st_mode) ||
	    (n = tail_read_at(s->fd, s->head, FOLLOW_HEAD, 0)) < 0) {
		if (errno != ENOENT)
			err_errno(&l->t->source->trouble, errno,
			    "the node's user may not read %s", s->path);
		return false;
	}
	s->head_len = (size_t)n;
	return true;
}

static struct instant
changed_at(const struct seen *s)
{
	return (struct instant){
	    s->st.st_mtim.tv_sec * 1000000 + s->st.st_mtim.tv_nsec / 1000 + CLOCK_SLACK_US};
}

/* Old generations are not even opened while every mark that is not done has its file open. */
static void
read_heads(struct look *l)
{
	struct tail *t = l->t;
	bool searching = false;
	size_t kept = 0;

	for (size_t i = 0; i < t->n_files; i++)
		searching |= !t->files[i]->mark.done && !tail_file_is_open(t->files[i]);
	for (size_t i = 0; i < l->n; i++) {
		struct seen *s = l->seen[i];

		if ((s->rotated && !searching && !t->suspect &&
			instant_before(changed_at(s), t->source->spooled->since)) ||
		    !read_head(l, s))
			seen_free(s);
		else
			l->seen[kept++] = s;
	}
	l->n = kept;
}

static bool
has_inode(const struct look *l, const struct follow_mark *m)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->seen[i]->st.st_ino == m->inode && l->seen[i]->st.st_dev == m->device)
			return true;
	}
	return false;
}

/* Files that we have open and that lost their name are there as well. */
static void
look_at_open_files(struct look *l)
{
	for (size_t i = 0; i < l->t->n_files; i++) {
		const struct tail_file *f = l->t->files[i];
		struct seen *s;
		struct stat st;
		ssize_t n;

		if (f->fd < 0 || has_inode(l, &f->mark) || fstat(f->fd, &st) != 0 ||
		    (s = look_add(l, f->path, &st)) == NULL)
			continue;
		s->rotated = s->final = true;
		n = tail_read_at(f->fd, s->head, FOLLOW_HEAD, 0);
		s->head_len = n < 0 ? 0 : (size_t)n;
	}
}

/* --- what to do --- */

static void
take_file(struct tail_file *f, struct seen *s, struct instant now)
{
	if (strcmp(f->path, s->path) != 0) {
		char *path = strdup(s->path);

		if (path != NULL) {
			free(f->path);
			f->path = path;
			f->dirty = true;
		}
	}
	f->final = s->final;
	if (tail_file_is_open(f))
		return;
	f->grown = now;
	if (s->packing == FOLLOW_PLAIN) {
		f->fd = s->fd;
		s->fd = -1;
		f->size = (uint64_t)s->st.st_size;
	} else {
		buf_reset(&f->head);
		buf_add(&f->head, slice_of(s->head, s->head_len));
		f->size = 0;
		if (input_open(&f->packed, s->path, NULL) != 0)
			return;
	}
	f->mark.open = f->next.open = true;
}

static void
start_new(struct tail *t, struct seen *s, struct instant now)
{
	struct tail_file *f = tail_file_add(t, s->path);

	if (f == NULL)
		return;
	f->mark.device = s->st.st_dev;
	f->mark.inode = s->st.st_ino;
	if (t->fresh && t->source->cfg->from_end && s->packing == FOLLOW_PLAIN)
		follow_advance(
		    &f->mark, (uint64_t)s->st.st_size, slice_of(s->head, s->head_len));
	f->next = f->mark;
	f->dirty = true;
	take_file(f, s, now);
}

/* The plan changed where marks live: follow it with the descriptors. */
static void
take_mark(struct tail *t, struct tail_file *f, const struct follow_mark *planned,
    struct look *l, struct instant now)
{
	struct seen *s = planned->file == FOLLOW_NONE ? NULL : l->seen[planned->file];
	bool moved = planned->inode != f->mark.inode || planned->device != f->mark.device;

	if (moved) {
		tail_file_close(f);
		f->mark.device = f->next.device = planned->device;
		f->mark.inode = f->next.inode = planned->inode;
		f->dirty = true;
	}
	if (s != NULL && f->mark.done && s->packing == FOLLOW_PLAIN &&
	    (uint64_t)s->st.st_size > f->mark.offset) {
		f->mark.done = f->next.done = false; /* somebody wrote to it after all */
		f->dirty = true;
	}
	if (s != NULL && (!f->mark.done || (moved && s->packing != FOLLOW_PLAIN)))
		take_file(f, s, now);
	else if (s == NULL && !f->mark.done && !tail_file_is_open(f) &&
		 instant_since(now, f->grown).us > LOST_AFTER.us) {
		f->mark.done = f->next.done = true;
		f->dirty = true;
		err_set(&t->source->trouble, "%s: gone before its end was known to be read",
		    f->path);
	}
}

static void
forget_oldest(struct tail *t)
{
	size_t extra = t->n_files > MARKS_MAX ? t->n_files - MARKS_MAX : 0;

	for (size_t i = 0; i < t->n_files && extra > 0; i++) {
		struct tail_file *f = t->files[i];

		if (!f->mark.done || f->mark.file != FOLLOW_NONE || f->id == 0 || f->forgotten)
			continue;
		f->forgotten = f->dirty = true;
		extra--;
	}
}

static int
plan(struct look *l, struct instant now, struct err *e)
{
	struct tail *t = l->t;
	size_t n_marks = t->n_files;
	struct follow_mark *marks = calloc(n_marks + 1, sizeof(*marks));
	struct follow_file *files = calloc(l->n + 1, sizeof(*files));
	int rc = -1;

	if (marks == NULL || files == NULL) {
		err_errno(e, ENOMEM, "looking for files");
		goto out;
	}
	for (size_t i = 0; i < n_marks; i++)
		marks[i] = t->files[i]->mark;
	for (size_t i = 0; i < l->n; i++) {
		const struct seen *s = l->seen[i];

		files[i] = (struct follow_file){.device = s->st.st_dev,
		    .inode = s->st.st_ino,
		    .size = s->packing == FOLLOW_PLAIN ? (uint64_t)s->st.st_size : UINT64_MAX,
		    .changed = changed_at(s),
		    .head = slice_of(s->head, s->head_len),
		    .rotated = s->rotated};
	}
	follow_plan(marks, n_marks, files, l->n, t->source->spooled->since);
	for (size_t i = 0; i < n_marks; i++) {
		t->files[i]->mark.file = marks[i].file;
		take_mark(t, t->files[i], &marks[i], l, now);
	}
	for (size_t i = 0; i < l->n; i++) {
		if (files[i].what == FOLLOW_NEW)
			start_new(t, l->seen[i], now);
	}
	forget_oldest(t);
	rc = 0;
out:
	free(marks);
	free(files);
	return rc;
}

/* --- when to look --- */

/*
 * Did a directory change since the last look?  A change within the resolution of
 * its time stamp could hide, so a young time stamp counts as changed.
 */
static bool
directories_changed(struct tail *t, struct instant now)
{
	bool changed = t->n_directories == 0;

	for (size_t i = 0; i < t->n_directories; i++) {
		struct stat st;
		int64_t at = 0;

		if (stat(t->directories[i], &st) == 0)
			at = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
		changed |= at != t->directory_changed[i] || at / 1000 + 100000 > t->looked.us;
		t->directory_changed[i] = at;
	}
	return changed;
}

/* A path with a slip of the pen looks like a log in which nothing happens: it must not be
 * silent. */
static void
say_nothing_is_there(struct tail *t)
{
	const char *path = t->source->cfg->path;
	struct err *e = &t->source->trouble;
	struct stat st;

	if (has_magic(slice_str(path)))
		err_set(e,
		    "no file matches %s: check \"path\", and that the node's user may look "
		    "into the folder",
		    path);
	else if (stat(path, &st) != 0)
		err_errno(e, errno,
		    "%s: check \"path\", and that the node's user may look into the folder",
		    path);
	else if (S_ISDIR(st.st_mode))
		err_set(
		    e, "%s is a folder: name the files in it, such as %s/*.log", path, path);
	else
		err_set(e, "%s is no regular file", path);
}

int
tail_scan(struct tail *t, bool all, struct instant now, struct err *e)
{
	struct look l = {.t = t};
	int rc;

	assert(!t->collecting);
	if (!directories_changed(t, now) && !all && !t->suspect &&
	    instant_since(now, t->looked).us < LOOK_AGAIN.us)
		return 0;
	t->source->trouble.text[0] = '\0';
	look_by_pattern(&l);
	find_directories(&l);
	look_for_generations(&l);
	if (l.overflow)
		err_set(&t->source->trouble,
		    "%s: more than %d files match; the rest is not read", t->source->cfg->path,
		    FILES_MAX);
	read_heads(&l);
	look_at_open_files(&l);
	if (l.n == 0 && t->n_files == 0)
		say_nothing_is_there(t);
	rc = plan(&l, now, e);
	t->suspect = false;
	t->fresh = false;
	t->looked = now;
	directories_changed(t, now);
	look_release(&l);
	return rc;
}
