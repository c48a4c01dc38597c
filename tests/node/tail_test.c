/*
 * tail_test.c - whatever happens to log files, every line is in the spool exactly once.
 *
 * A writer appends numbered lines and rotates its log in every way there is;
 * a reader scans, collects, commits, rolls back, is closed and is killed.
 */
#define _GNU_SOURCE
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sodium.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <zlib.h>
#include <zstd.h>

#include "base/hash.h"
#include "node/tail.h"
#include "sys/loop.h"
#include "temp_dir.h"

#define LINES_MAX 200000

struct world {
	char dir[64], log[96], spool[96], pattern[96];
	uint64_t first_seed, seed;
	/* the writer */
	int fd, generations;
	unsigned next; /* number of the next line */
	/* the reader */
	struct span patience; /* with unfinished lines of rotated files */
	struct source_config cfg;
	struct source source;
	struct spool *sp;
	struct tail *tail;
	struct err e;
};

static unsigned
roll(struct world *w, unsigned n)
{
	w->seed = hash_u64(w->seed + 0x9e3779b97f4a7c15u);
	return (unsigned)(w->seed % n);
}

/* --- the writer --- */

static void
put_text(int fd, const char *text, size_t len)
{
	assert_int_equal(write(fd, text, len), (ssize_t)len);
}

static void
writer_open(struct world *w)
{
	w->fd = open(w->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	assert_true(w->fd >= 0);
}

static void
write_line(struct world *w, bool in_pieces)
{
	char line[300];
	int n = snprintf(line, sizeof(line), "line %u %.*s\n", w->next++, (int)roll(w, 200),
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxx"
	    "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
	    "yyyyyyyyyy"
	    "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz");
	size_t cut = in_pieces ? roll(w, (unsigned)n) : 0;

	put_text(w->fd, line, cut);
	if (in_pieces)
		sched_yield();
	put_text(w->fd, line + cut, (size_t)n - cut);
}

static void
generation(struct world *w, char path[128], int n, bool packed)
{
	snprintf(path, 128, "%s.%d%s", w->log, n, packed ? ".gz" : "");
}

/* access.log.1 to access.log.2 and so on, packed or not, the last first. */
static void
shift_generations(struct world *w)
{
	char from[128], to[128];

	for (int n = w->generations; n >= 1; n--) {
		for (int packed = 0; packed <= 1; packed++) {
			generation(w, from, n, packed);
			generation(w, to, n + 1, packed);
			rename(from, to);
		}
	}
	w->generations++;
}

static void
rotate_by_rename(struct world *w)
{
	char to[128];
	unsigned late = roll(w, 5);
	int old = w->fd;

	shift_generations(w);
	generation(w, to, 1, false);
	assert_int_equal(rename(w->log, to), 0);
	while (late-- > 0) /* the writer was not told yet */
		write_line(w, true);
	writer_open(w);
	close(old);
}

static void
copy_file(const char *from, const char *to)
{
	char buf[65536];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		put_text(out, buf, (size_t)n);
	close(in);
	close(out);
}

static void
rotate_by_copy(struct world *w)
{
	char to[128];

	shift_generations(w);
	generation(w, to, 1, false);
	copy_file(w->log, to);
	assert_int_equal(ftruncate(w->fd, 0), 0);
}

/* As gzip(1): beside the file, with its times, then the file goes. */
static void
pack_a_generation(struct world *w)
{
	char from[128], to[128], buf[65536];
	int in, n = w->generations == 0 ? 0 : 1 + (int)roll(w, (unsigned)w->generations);
	struct stat st;
	ssize_t got;
	gzFile out;

	generation(w, from, n, false);
	generation(w, to, n, true);
	if ((in = open(from, O_RDONLY)) < 0)
		return;
	out = gzopen(to, "wb1");
	assert_non_null(out);
	while ((got = read(in, buf, sizeof(buf))) > 0)
		assert_int_equal(gzwrite(out, buf, (unsigned)got), got);
	assert_int_equal(gzclose(out), Z_OK);
	fstat(in, &st);
	utimensat(AT_FDCWD, to, (struct timespec[]){st.st_atim, st.st_mtim}, 0);
	close(in);
	unlink(from);
}

static void
writer_step(struct world *w, bool may_copy)
{
	switch (roll(w, 24)) {
	case 0:
		rotate_by_rename(w);
		break;
	case 1:
		if (may_copy)
			rotate_by_copy(w);
		break;
	case 2:
		pack_a_generation(w);
		break;
	default:
		for (unsigned n = roll(w, 40); n > 0; n--)
			write_line(w, roll(w, 4) == 0);
	}
}

/* --- the reader --- */

static void
node_start(struct world *w)
{
	struct spool_options o = {.path = w->spool, .limit = INT64_MAX};

	if (spool_open(&w->sp, &o, &w->e) != 0 ||
	    source_open(&w->source, &w->cfg, w->sp, NULL, clock_now(), &w->e) != 0 ||
	    tail_open(&w->tail, &w->source, w->sp, &w->e) != 0)
		fail_msg("%s", w->e.text);
	tail_set_patience(w->tail, w->patience, SPAN_MS(0));
}

static void
node_stop(struct world *w)
{
	tail_close(w->tail);
	source_close(&w->source);
	spool_close(w->sp);
	w->tail = NULL;
	w->sp = NULL;
}

/* Returns whether there is more. */
static bool
node_step(struct world *w, bool all, size_t budget, bool commit)
{
	int more = 0;

	if (tail_scan(w->tail, all, clock_now(), &w->e) != 0 ||
	    spool_begin(w->sp, &w->e) != 0 ||
	    (more = tail_collect(w->tail, w->sp, budget, clock_now(), &w->e)) < 0)
		fail_msg("%s", w->e.text);
	if (commit && spool_commit(w->sp, &w->e) == 0)
		tail_committed(w->tail);
	else {
		spool_rollback(w->sp);
		tail_rolled_back(w->tail);
	}
	return more != 0;
}

static void
drain(struct world *w)
{
	for (int calm = 0; calm < 3;)
		calm = node_step(w, true, SIZE_MAX, true) ? 0 : calm + 1;
}

static void
world_init(struct world *w, uint64_t seed)
{
	*w = (struct world){.first_seed = seed, .seed = seed};
	temp_dir_make(w->dir);
	snprintf(w->log, sizeof(w->log), "%s/access.log", w->dir);
	snprintf(w->spool, sizeof(w->spool), "%s/spool.db", w->dir);
	w->cfg = (struct source_config){.name = SLICE("proxy"), .path = w->log};
	writer_open(w);
}

static void
world_release(struct world *w)
{
	node_stop(w);
	close(w->fd);
	temp_dir_remove(w->dir);
}

/* Call see for every line in the spool, in order. */
typedef void on_line(void *ctx, struct slice line);

static void
each_spooled_line(struct world *w, on_line *see, void *ctx)
{
	static uint8_t raw[BATCH_BYTES_MAX];
	struct spool_item it = {0};
	int64_t after = 0;
	uint64_t offset = 0;

	while (spool_next(w->sp, after, &it, &w->e) == 1) {
		size_t n = ZSTD_decompress(raw, sizeof(raw), it.body.ptr, it.body.len);
		struct slice rest = slice_of(raw, n), line;
		uint64_t lines = 0;

		assert_false(ZSTD_isError(n));
		assert_int_equal(n, it.bytes);
		assert_int_equal(it.offset, offset);
		offset += n;
		for (; slice_cut_line(&rest, &line); lines++)
			see(ctx, line);
		assert_int_equal(lines, it.lines);
		after = it.id;
		spool_item_release(&it);
	}
}

static void
count_line(void *ctx, struct slice line)
{
	uint8_t *times = ctx;
	unsigned number;

	if (sscanf((const char *)line.ptr, "line %u ", &number) != 1 || number >= LINES_MAX)
		fail_msg("broken line \"%.*s\"", SLICE_ARG(line));
	times[number]++;
}

static void
check_every_line_once(struct world *w)
{
	uint8_t *times = calloc(1, LINES_MAX);

	assert_true(w->next < LINES_MAX);
	each_spooled_line(w, count_line, times);
	for (unsigned i = 0; i < w->next; i++) {
		if (times[i] != 1)
			fail_msg("seed %llu: line %u of %u is there %u times",
			    (unsigned long long)w->first_seed, i, w->next, times[i]);
	}
	free(times);
}

/* --- what must hold --- */

static void
every_line_once_whatever_happens(void **state)
{
	for (uint64_t seed = 1; seed <= 25; seed++) {
		struct world w;

		world_init(&w, seed);
		node_start(&w);
		node_step(&w, true, SIZE_MAX, true);
		for (int i = 0; i < 80; i++) {
			writer_step(&w, true);
			if (roll(&w, 3) == 0)
				continue;
			if (roll(&w, 6) == 0) { /* a restart, with time lost in between */
				node_stop(&w);
				for (unsigned n = roll(&w, 6); n > 0; n--)
					writer_step(&w, true);
				node_start(&w);
			}
			node_step(&w, roll(&w, 2) == 0, roll(&w, 2) == 0 ? 3000 : SIZE_MAX,
			    roll(&w, 5) != 0);
		}
		drain(&w);
		check_every_line_once(&w);
		world_release(&w);
	}
}

static void
run_until_killed(struct world *w)
{
	node_start(w);
	for (;;) {
		node_step(w, false, 4000, true);
		nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
	}
}

static void
every_line_once_through_kills(void **state)
{
	struct world w;

	world_init(&w, 77);
	w.patience = SPAN_SECONDS(3600); /* the writer may be in the middle of a line */
	node_start(&w);
	node_step(&w, true, SIZE_MAX, true);
	node_stop(&w);
	for (int i = 0; i < 30; i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			run_until_killed(&w);
		for (unsigned n = 2 + roll(&w, 12); n > 0; n--) {
			writer_step(&w, true);
			nanosleep(
			    &(struct timespec){.tv_nsec = 50000 + roll(&w, 2000000)}, NULL);
		}
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, NULL, 0), child);
	}
	w.patience = SPAN_MS(0);
	node_start(&w);
	drain(&w);
	check_every_line_once(&w);
	world_release(&w);
}

static void
show_line(void *ctx, struct slice line)
{
	buf_add(ctx, slice_first(line, 20));
	if (line.len > 20)
		buf_printf(ctx, "(%zu)", line.len);
	buf_add_byte(ctx, '|');
}

static void
check_lines(struct world *w, const char *expected)
{
	struct buf all = BUF_INIT(1 << 20);

	each_spooled_line(w, show_line, &all);
	assert_slice(buf_slice(&all), expected);
	buf_release(&all);
}

static void
an_unfinished_line_waits_for_its_end(void **state)
{
	struct world w;

	world_init(&w, 1);
	node_start(&w);
	put_text(w.fd, "one\ntw", 6);
	drain(&w);
	check_lines(&w, "one|");
	put_text(w.fd, "o\n", 2);
	drain(&w);
	check_lines(&w, "one|two|");
	world_release(&w);
}

static void
a_rotated_file_gives_its_last_line_as_it_is(void **state)
{
	struct world w;
	char to[128];

	world_init(&w, 1);
	node_start(&w);
	put_text(w.fd, "one\ntw", 6);
	drain(&w);
	generation(&w, to, 1, false);
	rename(w.log, to);
	drain(&w);
	check_lines(&w, "one|tw|");
	put_text(w.fd, "late\n", 5);
	drain(&w);
	check_lines(&w, "one|tw|late|");
	world_release(&w);
}

static void
an_endless_line_is_cut_and_kept(void **state)
{
	struct world w;
	char *big = malloc(10000000);

	memset(big, 'b', 10000000);
	world_init(&w, 1);
	node_start(&w);
	put_text(w.fd, big, 100000);
	drain(&w);
	check_lines(&w, "bbbbbbbbbbbbbbbbbbbb(65536)|");
	put_text(w.fd, "\nend\n", 5);
	drain(&w);
	check_lines(&w, "bbbbbbbbbbbbbbbbbbbb(65536)|bbbbbbbbbbbbbbbbbbbb(34464)|end|");
	put_text(w.fd, big, 10000000);
	put_text(w.fd, "\n", 1);
	drain(&w);
	assert_int_equal(w.source.spooled->offset, 10100006);
	world_release(&w);
	free(big);
}

static void
files_of_a_pattern_are_followed_as_they_appear(void **state)
{
	struct world w;
	char path[128];
	int fd;

	world_init(&w, 1);
	snprintf(w.pattern, sizeof(w.pattern), "%s/*.log", w.dir);
	w.cfg.path = w.pattern;
	node_start(&w);
	put_text(w.fd, "a1\n", 3);
	drain(&w);
	snprintf(path, sizeof(path), "%s/other.log", w.dir);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	put_text(fd, "b1\n", 3);
	drain(&w);
	put_text(w.fd, "a2\n", 3);
	close(fd);
	drain(&w);
	check_lines(&w, "a1|b1|a2|");
	world_release(&w);
}

static void
from_the_end_means_what_comes(void **state)
{
	struct world w;

	world_init(&w, 1);
	put_text(w.fd, "old\n", 4);
	w.cfg.from_end = true;
	node_start(&w);
	drain(&w);
	put_text(w.fd, "new\n", 4);
	drain(&w);
	node_stop(&w);
	rotate_by_rename(&w);
	node_start(&w);
	drain(&w);
	struct buf all = BUF_INIT(1 << 20);
	each_spooled_line(&w, show_line, &all);
	assert_true(slice_starts(buf_slice(&all), SLICE("new|")));
	buf_release(&all);
	world_release(&w);
}

static void
a_smaller_file_in_its_place_is_read_from_the_start(void **state)
{
	struct world w;

	world_init(&w, 1);
	node_start(&w);
	put_text(w.fd, "one\ntwo\n", 8);
	drain(&w);
	assert_int_equal(ftruncate(w.fd, 0), 0);
	put_text(w.fd, "three\n", 6);
	drain(&w);
	check_lines(&w, "one|two|three|");
	world_release(&w);
}

static void
later_batches_carry_the_directives_of_their_file(void **state)
{
	struct world w;
	struct spool_item it;

	world_init(&w, 1);
	node_start(&w);
	put_text(w.fd, "#Fields: a b\n1 2\n", 17);
	node_step(&w, true, SIZE_MAX, true);
	put_text(w.fd, "3 4\n", 4);
	node_step(&w, true, SIZE_MAX, false); /* rolled back: nothing of it counts */
	node_stop(&w);
	node_start(&w);
	drain(&w);
	assert_int_equal(spool_next(w.sp, 0, &it, &w.e), 1);
	assert_slice(buf_slice(&it.preamble), "");
	spool_item_release(&it);
	assert_int_equal(spool_next(w.sp, 1, &it, &w.e), 1);
	assert_slice(buf_slice(&it.preamble), "#Fields: a b\n");
	spool_item_release(&it);
	world_release(&w);
}

static void
what_may_not_be_read_is_said(void **state)
{
	struct world w;

	if (geteuid() == 0)
		skip(); /* root may read everything */
	world_init(&w, 1);
	chmod(w.log, 0);
	node_start(&w);
	drain(&w);
	assert_non_null(strstr(w.source.trouble.text, "access.log"));
	world_release(&w);
}

static void
a_path_that_names_no_file_is_said_until_there_is_one(void **state)
{
	struct world w;

	world_init(&w, 1);
	unlink(w.log);
	node_start(&w);
	drain(&w);
	assert_non_null(strstr(w.source.trouble.text, w.log));
	close(w.fd);
	writer_open(&w);
	drain(&w);
	assert_string_equal(w.source.trouble.text, "");
	world_release(&w);
}

static void
a_folder_for_a_path_is_said(void **state)
{
	struct world w;

	world_init(&w, 1);
	w.cfg.path = w.dir;
	node_start(&w);
	drain(&w);
	assert_non_null(strstr(w.source.trouble.text, "folder"));
	world_release(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_path_that_names_no_file_is_said_until_there_is_one),
	    cmocka_unit_test(a_folder_for_a_path_is_said),
	    cmocka_unit_test(an_unfinished_line_waits_for_its_end),
	    cmocka_unit_test(a_rotated_file_gives_its_last_line_as_it_is),
	    cmocka_unit_test(an_endless_line_is_cut_and_kept),
	    cmocka_unit_test(files_of_a_pattern_are_followed_as_they_appear),
	    cmocka_unit_test(from_the_end_means_what_comes),
	    cmocka_unit_test(a_smaller_file_in_its_place_is_read_from_the_start),
	    cmocka_unit_test(later_batches_carry_the_directives_of_their_file),
	    cmocka_unit_test(what_may_not_be_read_is_said),
	    cmocka_unit_test(every_line_once_whatever_happens),
	    cmocka_unit_test(every_line_once_through_kills),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
