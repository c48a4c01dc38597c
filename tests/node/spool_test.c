/* spool_test.c - what is committed stays, what is not never was, and the bound holds. */
#define _GNU_SOURCE
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "node/spool.h"
#include "temp_dir.h"

struct fixture {
	char dir[64], path[80];
	struct spool *sp;
	const struct spool_source *src;
	struct err e;
};

static void
fixture_open(struct fixture *f, int64_t limit, bool keep_newest)
{
	struct spool_options o = {.path = f->path, .limit = limit, .keep_newest = keep_newest};

	if (spool_open(&f->sp, &o, &f->e) != 0 ||
	    spool_need_source(f->sp, SLICE("proxy"), (struct instant){5}, &f->src, &f->e) != 0)
		fail_msg("%s", f->e.text);
}

static void
fixture_init(struct fixture *f, int64_t limit, bool keep_newest)
{
	*f = (struct fixture){0};
	temp_dir_make(f->dir);
	snprintf(f->path, sizeof(f->path), "%s/spool.db", f->dir);
	fixture_open(f, limit, keep_newest);
}

static void
fixture_release(struct fixture *f)
{
	spool_close(f->sp);
	temp_dir_remove(f->dir);
}

static int
put(struct fixture *f, const char *body)
{
	struct spool_batch b = {.bytes = 100,
	    .lines = 3,
	    .received = {7},
	    .config = SLICE("{}"),
	    .body = slice_str(body)};

	return spool_put(f->sp, f->src->id, &b, &f->e);
}

static void
commit_one(struct fixture *f, const char *body)
{
	assert_int_equal(spool_begin(f->sp, &f->e), 0);
	assert_int_equal(put(f, body), 0);
	assert_int_equal(spool_commit(f->sp, &f->e), 0);
}

/* The bodies in the spool, in order, each followed by its sequence number. */
static void
check_bodies(struct fixture *f, const char *expected)
{
	struct spool_item it = {0};
	struct buf all = BUF_INIT(10000);
	int64_t after = 0;

	while (spool_next(f->sp, after, &it, &f->e) == 1) {
		buf_add(&all, buf_slice(&it.body));
		buf_printf(&all, "%llu ", (unsigned long long)it.sequence);
		assert_string_equal(it.source, "proxy");
		assert_int_equal(it.offset, (it.sequence - 1) * 100);
		after = it.id;
		spool_item_release(&it);
	}
	assert_slice(buf_slice(&all), expected);
	buf_release(&all);
}

static void
a_rollback_takes_numbers_back_too(void **state)
{
	struct fixture f;

	fixture_init(&f, 1 << 20, false);
	commit_one(&f, "a");
	assert_int_equal(spool_begin(f.sp, &f.e), 0);
	assert_int_equal(put(&f, "lost"), 0);
	spool_rollback(f.sp);
	commit_one(&f, "b");
	check_bodies(&f, "a1 b2 ");
	spool_close(f.sp);
	fixture_open(&f, 1 << 20, false);
	assert_int_equal(f.src->sequence, 2);
	assert_int_equal(f.src->offset, 200);
	assert_int_equal(f.src->since.us, 5);
	commit_one(&f, "c");
	check_bodies(&f, "a1 b2 c3 ");
	fixture_release(&f);
}

static void
acknowledged_batches_go_with_the_next_commit(void **state)
{
	struct fixture f;
	struct spool_item it;
	struct spool_counts n;

	fixture_init(&f, 1 << 20, false);
	commit_one(&f, "a");
	commit_one(&f, "b");
	assert_int_equal(spool_next(f.sp, 0, &it, &f.e), 1);
	spool_acknowledge(f.sp, it.id);
	spool_item_release(&it);
	assert_int_equal(spool_begin(f.sp, &f.e), 0);
	spool_rollback(f.sp); /* not yet gone, and not forgotten */
	commit_one(&f, "c");
	check_bodies(&f, "b2 c3 ");
	assert_int_equal(spool_count(f.sp, &n, &f.e), 0);
	assert_int_equal(n.batches, 2);
	fixture_release(&f);
}

static void
a_full_spool_takes_no_more(void **state)
{
	struct fixture f;
	int n = 0;

	fixture_init(&f, 3000, false);
	for (; spool_has_room(f.sp); n++)
		commit_one(&f, "x");
	assert_int_equal(n, 12);
	assert_int_equal(f.src->dropped_lines, 0);
	fixture_release(&f);
}

static void
or_drops_the_oldest_and_counts_them(void **state)
{
	struct fixture f;

	fixture_init(&f, 1000, true);
	commit_one(&f, "a");
	spool_protect(f.sp, 1);
	for (const char *p = "bcdef"; *p != '\0'; p++)
		commit_one(&f, (char[]){*p, '\0'});
	check_bodies(&f, "a1 e5 f6 ");
	assert_int_equal(f.src->dropped_batches, 3);
	assert_int_equal(f.src->dropped_lines, 9);
	fixture_release(&f);
}

static void
refused_batches_are_kept_aside_and_can_come_back(void **state)
{
	struct fixture f;
	struct spool_counts n;
	uint64_t back;

	fixture_init(&f, 1 << 20, false);
	commit_one(&f, "a");
	commit_one(&f, "b");
	assert_int_equal(
	    spool_quarantine(f.sp, 2, 400, SLICE("no"), (struct instant){1}, &f.e), 0);
	check_bodies(&f, "a1 ");
	spool_close(f.sp);
	fixture_open(&f, 1 << 20, false);
	commit_one(&f, "c");
	assert_int_equal(spool_count(f.sp, &n, &f.e), 0);
	assert_int_equal(n.quarantined, 1);
	assert_int_equal(spool_requeue(f.sp, &back, &f.e), 0);
	assert_int_equal(back, 1);
	check_bodies(&f, "a1 b2 c3 ");
	fixture_release(&f);
}

static int
see_mark(void *ctx, const struct spool_mark *m, struct err *e)
{
	buf_printf(ctx, "%.*s@%llu", SLICE_ARG(m->path), (unsigned long long)m->mark.offset);
	buf_add(ctx, m->preamble);
	return 0;
}

static void
marks_are_written_with_their_batches(void **state)
{
	struct fixture f;
	struct buf seen = BUF_INIT(1000);
	struct spool_mark m = {
	    .path = SLICE("/x"), .preamble = SLICE("#F"), .mark = {.offset = 4}};

	fixture_init(&f, 1 << 20, false);
	assert_int_equal(spool_begin(f.sp, &f.e), 0);
	assert_int_equal(put(&f, "a"), 0);
	assert_int_equal(spool_save_mark(f.sp, f.src->id, &m, &f.e), 0);
	assert_int_equal(spool_commit(f.sp, &f.e), 0);
	assert_int_equal(spool_begin(f.sp, &f.e), 0);
	m.mark.offset = 8;
	assert_int_equal(spool_save_mark(f.sp, f.src->id, &m, &f.e), 0);
	spool_rollback(f.sp);
	assert_int_equal(spool_each_mark(f.sp, f.src->id, see_mark, &seen, &f.e), 0);
	assert_slice(buf_slice(&seen), "/x@4#F");
	buf_release(&seen);
	fixture_release(&f);
}

/* Files may not grow beyond `bytes` for this process: what a full disk looks like. */
static void
limit_files(rlim_t bytes)
{
	struct rlimit r;

	getrlimit(RLIMIT_FSIZE, &r);
	r.rlim_cur = bytes;
	setrlimit(RLIMIT_FSIZE, &r);
}

static void
a_full_disk_undoes_all_and_space_lets_it_go_on(void **state)
{
	struct fixture f;
	char *big = calloc(1, 300000);
	int failed = 0;

	signal(SIGXFSZ, SIG_IGN);
	fixture_init(&f, 1 << 30, false);
	memset(big, 'z', 299999);
	commit_one(&f, "a");
	limit_files(1 << 20);
	for (int i = 0; i < 8; i++) {
		if (spool_begin(f.sp, &f.e) != 0 || put(&f, big) != 0 ||
		    spool_commit(f.sp, &f.e) != 0) {
			spool_rollback(f.sp);
			failed++;
		}
	}
	assert_true(failed > 0);
	limit_files(RLIM_INFINITY);
	assert_int_equal(f.src->sequence, 1 + 8 - failed);
	commit_one(&f, "b");
	assert_int_equal(f.src->sequence, 2 + 8 - failed);
	fixture_release(&f);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_rollback_takes_numbers_back_too),
	    cmocka_unit_test(acknowledged_batches_go_with_the_next_commit),
	    cmocka_unit_test(a_full_spool_takes_no_more),
	    cmocka_unit_test(or_drops_the_oldest_and_counts_them),
	    cmocka_unit_test(refused_batches_are_kept_aside_and_can_come_back),
	    cmocka_unit_test(marks_are_written_with_their_batches),
	    cmocka_unit_test(a_full_disk_undoes_all_and_space_lets_it_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
