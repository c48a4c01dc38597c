/* file.c - see file.h. */
#define _GNU_SOURCE
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP 65536

/* --- reading --- */

static int
read_all(struct buf *out, int fd, const char *path, struct err *e)
{
	for (;;) {
		size_t room = out->max - out->len;
		uint8_t one, *into = &one;
		ssize_t n;

		/* At the bound, one byte more tells whether the file ends there. */
		if (room > READ_STEP)
			room = READ_STEP;
		if (room > 0 && (into = buf_room(out, room)) == NULL)
			return err_errno(e, ENOMEM, "reading \"%s\"", path);
		n = read(fd, into, room > 0 ? room : 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, errno, "reading \"%s\"", path);
		if (n == 0)
			return 0;
		if (room == 0)
			return err_set(
			    e, "\"%s\" is larger than the %zu bytes allowed", path, out->max);
		buf_added(out, (size_t)n);
	}
}

int
file_read(struct buf *out, const char *path, struct err *e)
{
	struct stat st;
	int rc = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_errno(e, errno, "opening \"%s\"", path);
	if (fstat(fd, &st) != 0)
		err_errno(e, errno, "reading \"%s\"", path);
	else if (S_ISDIR(st.st_mode))
		err_errno(e, EISDIR, "reading \"%s\"", path);
	else
		rc = read_all(out, fd, path, e);
	close(fd);
	return rc;
}

int
file_map_read(struct file_map *map, const char *path, struct err *e)
{
	struct stat st;
	void *p;
	int rc = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	map->bytes = (struct slice){0};
	if (fd < 0)
		return err_errno(e, errno, "opening \"%s\"", path);
	if (fstat(fd, &st) != 0) {
		err_errno(e, errno, "reading \"%s\"", path);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(e, "\"%s\" is not a regular file", path);
		goto out;
	}
	if (st.st_size > 0) {
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p == MAP_FAILED) {
			err_errno(e, errno, "mapping \"%s\"", path);
			goto out;
		}
		map->bytes = slice_of(p, (size_t)st.st_size);
	}
	rc = 0;
out:
	close(fd);
	return rc;
}

void
file_unmap(struct file_map *map)
{
	if (map->bytes.ptr != NULL)
		munmap((void *)(uintptr_t)map->bytes.ptr, map->bytes.len);
	map->bytes = (struct slice){0};
}

/* --- writing --- */

static int
write_all(int fd, struct slice s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.ptr, s.len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			s = slice_from(s, (size_t)n);
	}
	return 0;
}

/* A rename is durable once the directory that holds the name is. */
static int
sync_dir_of(const char *path)
{
	char *dir = strdup(path);
	char *slash;
	int fd, rc;

	if (dir == NULL)
		return -1;
	if ((slash = strrchr(dir, '/')) == NULL)
		strcpy(dir, "."); /* path is at least one character */
	else if (slash == dir)
		slash[1] = '\0';
	else
		*slash = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

int
file_write_atomic(const char *path, struct slice bytes, mode_t mode, struct err *e)
{
	char *beside = NULL;
	int fd = -1, rc = -1;

	if (*path == '\0')
		return err_errno(e, ENOENT, "writing \"\"");
	if (asprintf(&beside, "%s.XXXXXX", path) < 0)
		return err_errno(e, ENOMEM, "writing \"%s\"", path);
	if ((fd = mkostemp(beside, O_CLOEXEC)) < 0) { /* mode 0600 */
		free(beside);
		return err_errno(e, errno, "writing \"%s\"", path);
	}
	if (fchmod(fd, mode) != 0 || write_all(fd, bytes) != 0 || fsync(fd) != 0 ||
	    rename(beside, path) != 0 || sync_dir_of(path) != 0) {
		err_errno(e, errno, "writing \"%s\"", path);
		unlink(beside); /* no longer there where only the last step failed */
	} else
		rc = 0;
	close(fd);
	free(beside);
	return rc;
}

int
file_make_dirs(const char *path, mode_t mode, struct err *e)
{
	struct stat st;
	char *part = strdup(path);
	int rc = -1;

	if (part == NULL)
		return err_errno(e, ENOMEM, "making directory \"%s\"", path);
	for (char *p = part + (*part == '/'); rc != 0; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (*part != '\0' && mkdir(part, mode) != 0 && errno != EEXIST &&
		    errno != EISDIR)
			break;
		*p = c;
		if (c == '\0')
			rc = 0;
	}
	if (rc != 0)
		err_errno(e, errno, "making directory \"%s\"", part);
	else if (stat(path, &st) != 0)
		rc = err_errno(e, errno, "making directory \"%s\"", path);
	else if (!S_ISDIR(st.st_mode))
		rc = err_errno(e, ENOTDIR, "making directory \"%s\"", path);
	free(part);
	return rc;
}

int
file_lock(const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_errno(e, errno, "opening \"%s\"", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		err_errno(e, errno, "locking \"%s\"", path);
		close(fd);
		return -1;
	}
	return fd;
}

/* --- walking --- */

/* The directories we are inside of, innermost first. */
struct inside {
	const struct inside *outer;
	dev_t dev;
	ino_t ino;
};

struct walk {
	struct file_walk_limits limits;
	size_t files;
	file_on_walk *fn;
	void *ctx;
};

static bool
already_inside(const struct inside *in, const struct stat *st)
{
	for (; in != NULL; in = in->outer)
		if (in->dev == st->st_dev && in->ino == st->st_ino)
			return true;
	return false;
}

static int
is_visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int walk_one(struct walk *w, const char *path, unsigned depth,
    const struct inside *outer, struct err *e);

static int
walk_dir(
    struct walk *w, const char *path, unsigned depth, const struct inside *in, struct err *e)
{
	struct dirent **names = NULL;
	int n, rc = 0;

	if (depth >= w->limits.depth)
		return err_set(
		    e, "\"%s\" is nested deeper than %u directories", path, w->limits.depth);
	if ((n = scandir(path, &names, is_visible, by_bytes)) < 0)
		return err_errno(e, errno, "reading directory \"%s\"", path);
	for (int i = 0; i < n; i++) {
		char *below = NULL;

		if (rc == 0 && asprintf(&below, "%s/%s", path, names[i]->d_name) < 0) {
			below = NULL;
			rc = err_errno(e, ENOMEM, "reading directory \"%s\"", path);
		}
		if (rc == 0)
			rc = walk_one(w, below, depth + 1, in, e);
		free(below);
		free(names[i]);
	}
	free(names);
	return rc;
}

static int
walk_one(
    struct walk *w, const char *path, unsigned depth, const struct inside *outer, struct err *e)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		/* Gone since the directory was read, or a link to nowhere: nothing to see. */
		if (depth > 0 && (errno == ENOENT || errno == ELOOP))
			return 0;
		return err_errno(e, errno, "opening \"%s\"", path);
	}
	if (S_ISDIR(st.st_mode)) {
		struct inside in = {outer, st.st_dev, st.st_ino};

		return already_inside(outer, &st) ? 0 : walk_dir(w, path, depth, &in, e);
	}
	if (!S_ISREG(st.st_mode))
		return 0;
	if (++w->files > w->limits.files)
		return err_set(
		    e, "more than %zu files, the last one \"%s\"", w->limits.files, path);
	return w->fn(w->ctx, path, e);
}

int
file_walk(const char *path, struct file_walk_limits limits, file_on_walk *fn, void *ctx,
    struct err *e)
{
	struct walk w = {.limits = limits, .fn = fn, .ctx = ctx};

	return walk_one(&w, path, 0, NULL, e);
}
