/*
 * codec_bench.c - what reading a log costs, next to the least it could cost.
 *
 *	codec_bench FILE [CODEC [LOGFORMAT]]
 *
 * The floor is a plain loop that cuts the same lines into words and does nothing
 * with them.  Both run over the same bytes in memory, in turn, best of fifteen.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "event/batch.h"

#define ROUNDS	  15
#define BATCH_MEM (8 * 1024 * 1024)

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct result {
	size_t lines;
	size_t good; /* words cut, or events read */
	double seconds;
};

/* The first part of rest that ends with a line and is no longer than a batch. */
static struct slice
cut_batch(struct slice *rest)
{
	struct slice part = slice_first(*rest, BATCH_BYTES_MAX);

	if (part.len < rest->len) {
		const uint8_t *end = memrchr(part.ptr, '\n', part.len);
		if (end != NULL)
			part.len = (size_t)(end - part.ptr) + 1;
	}
	*rest = slice_from(*rest, part.len);
	return part;
}

static struct result
run_floor(struct slice file)
{
	struct result r = {0};
	double start = now();
	const uint8_t *p = file.ptr, *end = file.ptr + file.len;
	const uint8_t *word[64];
	volatile const uint8_t *sink;

	while (p < end) {
		unsigned n = 0;
		while (p < end && *p != '\n') {
			while (p < end && *p == ' ')
				p++;
			word[n++ & 63] = p;
			while (p < end && *p != ' ' && *p != '\n')
				p++;
		}
		sink = word[0];
		p++;
		r.lines++;
		r.good += n;
	}
	(void)sink;
	r.seconds = now() - start;
	return r;
}

static struct result
run_reader(struct reader *reader, struct slice file, struct arena *mem)
{
	static struct event ev;
	struct result r = {0};
	struct slice preamble = {0};
	double start = now();

	while (file.len > 0) {
		struct batch b = {.lines = cut_batch(&file), .preamble = preamble};
		struct slice line;
		reader_start(reader, &b);
		arena_reset(mem);
		while (slice_cut_line(&b.lines, &line)) {
			r.good += reader_read(reader, line, mem, &ev) == CODEC_EVENT;
			r.lines++;
			if (line.len > 0 && line.ptr[0] == '#')
				preamble = line;
		}
	}
	r.seconds = now() - start;
	return r;
}

static void
keep_best(struct result *best, struct result r)
{
	if (best->seconds == 0 || r.seconds < best->seconds)
		*best = r;
}

static void
print_result(const char *what, struct result r, size_t bytes)
{
	printf("%-8s %9.2f million lines/s  %7.1f ns/line  %6.0f MB/s  (%zu of %zu lines)\n",
	    what, (double)r.lines / r.seconds / 1e6, r.seconds / (double)r.lines * 1e9,
	    (double)bytes / r.seconds / 1e6, r.good, r.lines);
}

int
main(int argc, char **argv)
{
	struct codec_config cfg = {0};
	struct result floor = {0}, ours = {0};
	struct reader *reader = NULL;
	struct arena *mem = arena_new(BATCH_MEM);
	struct err e;
	struct stat st;
	int fd;

	if (argc < 2) {
		fprintf(stderr, "usage: codec_bench FILE [CODEC [LOGFORMAT]]\n");
		return 2;
	}
	cfg.codec = argc > 2 ? argv[2] : NULL;
	cfg.logformat = argc > 3 ? argv[3] : NULL;
	if ((fd = open(argv[1], O_RDONLY)) < 0 || fstat(fd, &st) != 0 || st.st_size == 0) {
		perror(argv[1]);
		return 3;
	}
	void *map =
	    mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED || mem == NULL) {
		perror(argv[1]);
		return 3;
	}
	if (reader_new(&reader, &cfg, &e) != 0) {
		fprintf(stderr, "%s\n", e.text);
		return 3;
	}
	struct slice file = slice_of(map, (size_t)st.st_size);
	for (int i = 0; i < ROUNDS; i++) {
		keep_best(&floor, run_floor(file));
		keep_best(&ours, run_reader(reader, file, mem));
	}
	printf("read as %s%s%s\n",
	    reader_codec(reader) != NULL ? reader_codec(reader)->id : "nothing",
	    reader_envelope(reader) != NULL ? " inside " : "",
	    reader_envelope(reader) != NULL ? reader_envelope(reader) : "");
	floor.good = floor.lines;
	print_result("floor", floor, file.len);
	print_result("reader", ours, file.len);
	printf("ratio    %9.2f (reader to floor; higher is better)\n",
	    floor.seconds / ours.seconds);
	reader_free(reader);
	arena_free(mem);
	munmap(map, file.len);
	close(fd);
	return 0;
}
