/* input.c - see input.h.  One table row a compression; the plain file is a row too. */
#include "sys/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define RAW_BYTES (256 * 1024)

/* zstd lets a frame ask for a window of gigabytes; logs need no more than this. */
#define ZSTD_WINDOW_LOG_MAX 27

struct form;

struct input {
	const struct form *form;
	const char *path;
	int fd;
	bool at_end;	/* of the file */
	bool in_member; /* inside a compressed member that has not ended */
	uint8_t *raw;
	size_t start, end; /* unused part of raw */
	uint64_t taken, size;
	z_stream gzip;
	ZSTD_DStream *zstd;
};

/* How a compression starts, and how it gives the next bytes. */
struct form {
	const char *name;
	struct slice magic;
	int (*init)(struct input *in);
	void (*release)(struct input *in);
	int (*read)(struct input *in, void *buf, size_t len, size_t *got, struct err *e);
};

static int
fill(struct input *in, struct err *e)
{
	ssize_t n;

	if (in->start > 0 && in->start < in->end)
		memmove(in->raw, in->raw + in->start, in->end - in->start);
	in->end -= in->start;
	in->start = 0;
	do
		n = read(in->fd, in->raw + in->end, RAW_BYTES - in->end);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(e, errno, "reading \"%s\"", in->path);
	in->at_end = n == 0;
	in->end += (size_t)n;
	in->taken += (uint64_t)n;
	return 0;
}

static int
plain_read(struct input *in, void *buf, size_t len, size_t *got, struct err *e)
{
	size_t have = in->end - in->start;

	if (have > 0) {
		*got = have < len ? have : len;
		memcpy(buf, in->raw + in->start, *got);
		in->start += *got;
		return 0;
	}
	ssize_t n;
	do
		n = read(in->fd, buf, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(e, errno, "reading \"%s\"", in->path);
	in->taken += (uint64_t)n;
	*got = (size_t)n;
	return 0;
}

static int
cut_short(const struct input *in, struct err *e)
{
	return err_set(e,
	    "\"%s\" ends in the middle of its %s data: it was cut short; copy it again. What "
	    "came before the cut was read.",
	    in->path, in->form->name);
}

static int
damaged(const struct input *in, const char *why, struct err *e)
{
	return err_set(e,
	    "\"%s\" is damaged: %s says \"%s\". What came before the damage was read.",
	    in->path, in->form->name, why);
}

static int
gzip_init(struct input *in)
{
	return inflateInit2(&in->gzip, 15 + 16) == Z_OK ? 0 : -1;
}

static void
gzip_release(struct input *in)
{
	inflateEnd(&in->gzip);
}

static int
gzip_step(struct input *in, void *buf, size_t len, size_t *got, struct err *e)
{
	int rc;

	in->gzip.next_in = in->raw + in->start;
	in->gzip.avail_in = (unsigned)(in->end - in->start);
	in->gzip.next_out = buf;
	in->gzip.avail_out = (unsigned)len;
	rc = inflate(&in->gzip, Z_NO_FLUSH);
	in->start = in->end - in->gzip.avail_in;
	*got = len - in->gzip.avail_out;
	in->in_member = rc != Z_STREAM_END;
	if (rc == Z_STREAM_END)
		return inflateReset(&in->gzip) == Z_OK ? 0 : -1;
	if (rc == Z_OK || rc == Z_BUF_ERROR)
		return 0;
	return damaged(in, in->gzip.msg == NULL ? "bad data" : in->gzip.msg, e);
}

static int
zstd_init(struct input *in)
{
	if ((in->zstd = ZSTD_createDStream()) == NULL)
		return -1;
	return ZSTD_isError(
		   ZSTD_DCtx_setParameter(in->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX))
		   ? -1
		   : 0;
}

static void
zstd_release(struct input *in)
{
	ZSTD_freeDStream(in->zstd);
}

static int
zstd_step(struct input *in, void *buf, size_t len, size_t *got, struct err *e)
{
	ZSTD_inBuffer from = {in->raw + in->start, in->end - in->start, 0};
	ZSTD_outBuffer to = {buf, len, 0};
	size_t rc = ZSTD_decompressStream(in->zstd, &to, &from);

	if (ZSTD_isError(rc))
		return damaged(in, ZSTD_getErrorName(rc), e);
	in->start += from.pos;
	*got = to.pos;
	in->in_member = rc != 0;
	return 0;
}

/* Steps until there are bytes or the end; nothing but more steps can follow an empty one. */
static int
read_by_steps(struct input *in, void *buf, size_t len, size_t *got, struct err *e,
    int (*step)(struct input *, void *, size_t, size_t *, struct err *))
{
	for (;;) {
		if (in->start == in->end) {
			if (!in->at_end && fill(in, e) != 0)
				return -1;
			if (in->at_end && in->start == in->end && !in->in_member) {
				*got = 0;
				return 0;
			}
		}
		bool dry = in->at_end && in->start == in->end;
		if (step(in, buf, len, got, e) != 0)
			return -1;
		if (*got > 0)
			return 0;
		if (dry && in->in_member)
			return cut_short(in, e);
	}
}

static int
gzip_read(struct input *in, void *buf, size_t len, size_t *got, struct err *e)
{
	return read_by_steps(in, buf, len, got, e, gzip_step);
}

static int
zstd_read(struct input *in, void *buf, size_t len, size_t *got, struct err *e)
{
	return read_by_steps(in, buf, len, got, e, zstd_step);
}

static const struct form forms[] = {
    {"gzip", SLICE_LITERAL("\x1f\x8b\x08"), gzip_init, gzip_release, gzip_read},
    {"zstd", SLICE_LITERAL("\x28\xb5\x2f\xfd"), zstd_init, zstd_release, zstd_read},
    {"plain", SLICE_LITERAL(""), NULL, NULL, plain_read},
};

static const struct form *
recognise(const struct input *in)
{
	struct slice head = slice_of(in->raw, in->end);
	const struct form *f = forms;

	while (!slice_starts(head, f->magic))
		f++;
	return f;
}

int
input_open(struct input **out, const char *path, struct err *e)
{
	struct input *in = calloc(1, sizeof(*in));
	struct stat st;
	int rc = -1;

	if (in == NULL || (in->raw = malloc(RAW_BYTES)) == NULL) {
		err_set(e, "not enough memory to open \"%s\"", path);
		goto out;
	}
	in->path = path;
	in->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0) {
		err_errno(e, errno, "opening \"%s\"", path);
		goto out;
	}
	if (fstat(in->fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		err_set(e, "\"%s\" is a folder: name the log files in it", path);
		goto out;
	}
	in->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	/* Enough to recognise by; a pipe may give a byte at a time. */
	while (in->end < 4 && !in->at_end)
		if (fill(in, e) != 0)
			goto out;
	const struct form *form = recognise(in);
	if (form->init != NULL && form->init(in) != 0) {
		err_set(e, "not enough memory to unpack \"%s\"", path);
		goto out;
	}
	in->form = form;
	in->in_member = form->init != NULL;
	*out = in;
	in = NULL;
	rc = 0;
out:
	input_close(in);
	return rc;
}

void
input_close(struct input *in)
{
	if (in == NULL)
		return;
	if (in->form != NULL && in->form->release != NULL)
		in->form->release(in);
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	free(in->raw);
	free(in);
}

int
input_read(struct input *in, void *buf, size_t len, size_t *got, struct err *e)
{
	return in->form->read(in, buf, len, got, e);
}

uint64_t
input_position(const struct input *in)
{
	return in->taken - (in->end - in->start);
}

uint64_t
input_size(const struct input *in)
{
	return in->size;
}
