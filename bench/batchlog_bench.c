/*
 * batchlog_bench.c - durable appends of frames in groups, against a plain file.
 *
 * The floor writes the same bytes to one file with an fdatasync after each group:
 * what the disk can do.  Prints both rates and their ratio.
 *
 *	batchlog_bench DIR [GROUPS]
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/batchlog.h"
#include "sys/loop.h"

#define GROUP	    64
#define FRAME_BYTES 40000

static uint8_t frames[GROUP][FRAME_BYTES];

static void
fill(uint64_t *rng)
{
	for (int i = 0; i < GROUP; i++)
		for (size_t at = 0; at + 8 <= FRAME_BYTES; at += 8) {
			*rng = *rng * 6364136223846793005u + 1442695040888963407u;
			memcpy(&frames[i][at], rng, 8);
		}
}

static double
floor_rate(const char *path, int groups)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct span start = clock_monotonic();

	for (int g = 0; g < groups; g++)
		if (write(fd, frames, sizeof(frames)) != (ssize_t)sizeof(frames) ||
		    fdatasync(fd) != 0)
			exit(3);
	close(fd);
	return (double)groups * sizeof(frames) / (double)(clock_monotonic().us - start.us);
}

static double
append_rate(const char *path, int groups)
{
	struct batch_record r[GROUP];
	enum batchlog_fate fate[GROUP];
	struct batchlog *l = NULL;
	struct err e = {0};
	struct span start;

	if (batchlog_open(&l, path, &e) != 0)
		goto failed;
	start = clock_monotonic();
	for (int g = 0; g < groups; g++) {
		for (int i = 0; i < GROUP; i++)
			r[i] = (struct batch_record){
			    .institution = SLICE("east"),
			    .node = SLICE("n"),
			    .source = SLICE("squid"),
			    .sequence = (uint64_t)g * GROUP + (uint64_t)i + 1,
			    .frame = slice_of(frames[i], FRAME_BYTES),
			};
		if (batchlog_append(l, r, fate, GROUP, &e) != 0)
			goto failed;
	}
	batchlog_close(l);
	return (double)groups * sizeof(frames) / (double)(clock_monotonic().us - start.us);
failed:
	fprintf(stderr, "%s\n", e.text);
	exit(3);
}

int
main(int argc, char **argv)
{
	char floor_path[4096], log_path[4096];
	uint64_t rng = 1;
	int groups = argc > 2 ? atoi(argv[2]) : 200;

	if (argc < 2 || groups < 1) {
		fprintf(stderr, "usage: batchlog_bench DIR [GROUPS]\n");
		return 2;
	}
	snprintf(floor_path, sizeof(floor_path), "%s/floor.bin", argv[1]);
	snprintf(log_path, sizeof(log_path), "%s/batches.db", argv[1]);
	fill(&rng);
	double plain = floor_rate(floor_path, groups), ours = append_rate(log_path, groups);
	printf("batchlog append: %.0f MB/s durable; plain file with fdatasync: %.0f MB/s; "
	       "ratio %.2f\n",
	    ours, plain, ours / plain);
	return 0;
}
