/*
 * indicator_bench.c - what looking up indicators costs, against sorted text and bsearch().
 *
 *	indicator_bench COUNT		seeded domains: load, memory, look-ups of random hosts
 *	indicator_bench LIST LOG	a list, and the share of a log's lines that look-ups
 *take
 *
 * Times are the process's own (other work on the machine does not count); memory
 * is what the allocator holds for the set.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "detect/indicator/indicator.h"
#include "event/batch.h"

#define LOOKUPS 4000000
#define TURNS	5
#define HOSTS	(1 << 20)

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t
memory(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static void
die(const char *what)
{
	fprintf(stderr, "indicator_bench: %s\n", what);
	exit(3);
}

static int
seeded_domain(char *out, size_t size, uint64_t i)
{
	static const char *const tld[] = {
	    "com", "net", "org", "jp", "co.jp", "xyz", "top", "info"};
	uint64_t h = hash_u64(i * 2 + 1);
	int n = 0;

	for (int k = 6 + (int)(h % 9); k > 0; k--, h = h >> 4 | h << 60)
		out[n++] = "abcdefghiklmnoprstuvz"[h % 21];
	return n + snprintf(out + n, size - (size_t)n, "%llx.%s",
		       (unsigned long long)(i & 0xffff), tld[h % 8]);
}

static struct indicator_set *
load(struct slice name, struct slice bytes, size_t *held)
{
	struct indicator_loader *l = indicator_loader_new(42);
	struct indicator_report report;
	struct indicator_set *set;
	struct err e = {0};
	size_t before = memory();
	double start = seconds(), added;

	if (l == NULL || indicator_add(l, name, bytes, &report, &e) != 0)
		die(e.text);
	added = seconds();
	if (indicator_compile(l, &set, &e) != 0)
		die(e.text);
	indicator_loader_free(l);
	*held = memory() - before;
	printf("load      %zu rows as %s, %zu refused, %.2f s to read, %.2f s to build\n",
	    report.rows, report.format, report.refused, added - start, seconds() - added);
	printf("memory    %.1f bytes each (%zu indicators)\n",
	    (double)*held / (double)indicator_count(set), indicator_count(set));
	return set;
}

static int
compare_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The peer: pointers to sorted names, one binary search for each name above the host. */
static double
peer_rate(char *text, size_t n, char (*hosts)[48])
{
	const char **names = malloc(n * sizeof(*names));
	size_t found = 0, i = 0;
	double start;

	for (char *p = text; i < n; i++) {
		names[i] = p;
		p = strchr(p, '\n');
		*p++ = '\0';
	}
	qsort(names, n, sizeof(*names), compare_text);
	start = seconds();
	for (size_t k = 0; k < LOOKUPS / 4; k++)
		for (const char *h = hosts[k % HOSTS]; (h = strchr(h, '.')) != NULL; h++) {
			const char *name = h == hosts[k % HOSTS] ? h : h + 1;

			found += strchr(name, '.') != NULL &&
				 bsearch(&name, names, n, sizeof(*names), compare_text) != NULL;
		}
	start = seconds() - start;
	free(names);
	return found > LOOKUPS ? 0 : start / (LOOKUPS / 4) * 1e9;
}

static void
bench_count(size_t n)
{
	char *text = malloc(n * 40 + 1);
	char(*hosts)[48] = malloc(sizeof(*hosts) * HOSTS);
	struct arena *mem = arena_new(1 << 30);
	struct findings found = findings_in(mem);
	struct indicator_set *set;
	struct indicator_run *run;
	struct event ev;
	size_t len = 0, held;
	double start, ours, peer;

	if (text == NULL || hosts == NULL || mem == NULL)
		die("out of memory");
	for (size_t i = 0; i < n; i++) {
		len += (size_t)seeded_domain(text + len, 40, i);
		text[len++] = '\n';
	}
	text[len] = '\0';
	set = load(SLICE("seeded.txt"), slice_of(text, len), &held);
	run = indicator_run_new(set);
	for (size_t i = 0; i < HOSTS; i++) {
		memcpy(hosts[i], "www.", 4);
		seeded_domain(hosts[i] + 4, 44, i + 1000000007);
	}
	event_reset(&ev, SLICE("x"));
	ev.class = EVENT_DNS;
	start = seconds();
	for (size_t i = 0; i < LOOKUPS; i++) {
		const char *h = hosts[i % HOSTS];

		event_set(&ev, FIELD_DNS_QUESTION_NAME, slice_str(h));
		indicator_run_see(run, &ev, 0, &found);
	}
	ours = (seconds() - start) / LOOKUPS * 1e9;
	printf("look-up   %.0f ns a host that is not listed (%zu found)\n", ours, found.count);
	peer = peer_rate(text, n, hosts);
	printf("bsearch   %.0f ns: ratio %.1f\n", peer, peer / ours);
	indicator_run_free(run);
	indicator_set_free(set);
	arena_free(mem);
	free(hosts);
	free(text);
}

static struct slice
read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p = NULL;
	long n = 0;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < 0 ||
	    (p = malloc((size_t)n + 1)) == NULL)
		die(path);
	rewind(f);
	n = (long)fread(p, 1, (size_t)n, f);
	fclose(f);
	return slice_of(p, (size_t)n);
}

/* Nanoseconds a line, with or without looking up. */
static double
pass(struct slice log, struct indicator_run *run, size_t *lines, size_t *hits)
{
	struct arena *mem = arena_new(64 << 20);
	struct findings found = findings_in(mem);
	struct codec_config cfg = {0};
	struct reader *reader;
	struct event ev;
	struct slice line;
	struct batch b = {.lines = slice_first(log, BATCH_BYTES_MAX), .config = &cfg};
	double start;

	if (reader_new(&reader, &cfg, NULL) != 0)
		die("no reader");
	reader_start(reader, &b);
	*lines = 0;
	*hits = 0;
	start = seconds();
	for (; slice_cut_line(&log, &line); ++*lines) {
		if (reader_read(reader, line, mem, &ev) == CODEC_EVENT && run != NULL)
			indicator_run_see(run, &ev, 0, &found);
		if (found.count > 0) {
			++*hits;
			arena_reset(mem);
			found = findings_in(mem);
		}
	}
	start = seconds() - start;
	reader_free(reader);
	arena_free(mem);
	return start / (double)*lines * 1e9;
}

static void
bench_log(const char *list, const char *path)
{
	struct slice bytes = read_file(list), log = read_file(path);
	size_t held, lines, hits;
	struct indicator_set *set = load(slice_str(list), bytes, &held);
	struct indicator_run *run = indicator_run_new(set);
	double read = 0, seen = 0;

	/* The best of some turns: what the machine does besides only ever slows. */
	for (int turn = 0; turn < TURNS; turn++) {
		double without = pass(log, NULL, &lines, &hits);
		double with = pass(log, run, &lines, &hits);

		read = turn == 0 || without < read ? without : read;
		seen = turn == 0 || with < seen ? with : seen;
	}
	printf(
	    "log       %zu lines, %zu hit; %.0f ns a line to read, %.0f ns more to look up\n",
	    lines, hits, read, seen - read);
	indicator_run_free(run);
	indicator_set_free(set);
	free((void *)(uintptr_t)bytes.ptr);
	free((void *)(uintptr_t)log.ptr);
}

int
main(int argc, char **argv)
{
	if (argc == 2 && atoll(argv[1]) > 0)
		bench_count((size_t)atoll(argv[1]));
	else if (argc == 3)
		bench_log(argv[1], argv[2]);
	else {
		fputs("usage: indicator_bench COUNT | indicator_bench LIST LOG\n", stderr);
		return 2;
	}
	return 0;
}
