/*
 * detect_role_test.c - the detect role as it runs: its own process, in its real sandbox, killed
 * and reloaded.
 */
#include "test.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include "batches.h"
#include "center/role.h"
#include "incident/alert_db.h"
#include "observe/reading_db.h"
#include "store/migrations.h"

static char data[128];
static struct db *db;
static struct batchlog *log_;
static struct role_env env;
static const struct scope everything = {.all = true};

static int
setup(void **state)
{
	char path[200];
	struct err e = {0};

	if (enter_dir(state) != 0)
		return -1;
	snprintf(data, sizeof(data), "%s/data", test_dir);
	if (file_make_dirs("data/content/rules", 0700, &e) != 0 ||
	    file_make_dirs("data/content/indicators", 0700, &e) != 0)
		return -1;
	write_text("data/content/rules/evil.yml", evil_rule);
	snprintf(path, sizeof(path), "%s/store/batches.db", data);
	if (store_open(&db, data, &e) != 0 || batchlog_open(&log_, path, &e) != 0)
		fail_msg("%s", e.text);
	env = (struct role_env){
	    .role = "detect",
	    .data_dir = data,
	    .batches = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	    .alerts = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	    .ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};
	return 0;
}

static int
teardown(void **state)
{
	batchlog_close(log_);
	db_close(db);
	close(env.batches);
	close(env.alerts);
	close(env.ready);
	return leave_dir(state);
}

/* SQLite handles do not survive a fork: the child leaves ours alone and opens its own. */
static pid_t
start(void)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(detect_main(&env));
	return child;
}

/* True when woken; false where the role has ended instead. */
static bool
wait_woken(int eventfd)
{
	struct pollfd p = {.fd = eventfd, .events = POLLIN};

	/* Far beyond what it takes: a hang fails instead of hanging. */
	assert_int_equal(poll(&p, 1, 60000), 1);
	return role_woken(eventfd);
}

static void
wait_for_cursor(int64_t position)
{
	int64_t at;

	for (;;) {
		assert_int_equal(reading_get_cursor(db, &at, NULL), 0);
		if (at >= position)
			return;
		assert_true(wait_woken(env.alerts));
	}
}

static void
stop(pid_t child)
{
	int status;

	kill(child, SIGTERM);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static struct alert_page *
list(struct arena *mem)
{
	struct alert_page *page = arena_alloc(mem, sizeof(*page));
	struct err e = {0};

	if (alert_db_list(db, &everything, &(struct alert_filter){0}, (struct slice){0},
		ALERT_PAGE_MAX, mem, page, &e) != 0)
		fail_msg("%s", e.text);
	return page;
}

static size_t
count_of_rule(const char *id)
{
	struct arena *mem = arena_new(8 << 20);
	struct alert_page *page = list(mem);
	size_t n = 0;

	for (size_t i = 0; i < page->n; i++)
		n += slice_is(page->rows[i].rule_id, id);
	arena_free(mem);
	return n;
}

#define EVIL  "6f0a2c4e-0000-4000-8000-000000000001"
#define WORSE "6f0a2c4e-0000-4000-8000-000000000002"

static void
it_works_inside_its_sandbox_from_the_first_batch_to_a_clean_end(void **state)
{
	pid_t child;

	append_lines(log_, 1, 2, 0);
	child = start();
	assert_true(wait_woken(env.ready));
	wait_for_cursor(1);
	assert_int_equal(count_of_rule(EVIL), 1);
	/* Woken, not by the clock: the poll of each second would do as well, but later. */
	append_lines(log_, 2, 2, 0);
	role_wake(env.batches);
	wait_for_cursor(2);
	assert_int_equal(count_of_rule(EVIL), 2);
	stop(child);
}

static int
take_status(void *ctx, const struct content_status *s, struct err *e)
{
	struct content_status *out = ctx;

	*out = *s;
	return 0;
}

static struct content_status
status(void)
{
	struct content_status s;

	assert_int_equal(content_status_get(db, take_status, &s, NULL), 0);
	return s;
}

static void
content_is_loaded_again_while_it_works(void **state)
{
	struct content_status first, s;
	pid_t child = start();

	assert_true(wait_woken(env.ready));
	first = status();
	assert_true(first.loaded_at.us > 0 && first.rules > 0);
	write_text("data/content/rules/worse.yml", worse_rule);
	kill(child, SIGHUP);
	while (status().rules == first.rules)
		assert_true(wait_woken(env.alerts));
	append_lines(log_, 1, 0, 1);
	role_wake(env.batches);
	wait_for_cursor(1);
	assert_int_equal(count_of_rule(WORSE), 1);

	/* A list that is no list: the set does not load, and the old one goes on. */
	write_text("data/content/indicators/cut.json", "[{\"type\":");
	kill(child, SIGHUP);
	while ((s = status()).failed_at.us == 0)
		assert_true(wait_woken(env.alerts));
	assert_int_equal(s.rules, first.rules + 1);
	append_lines(log_, 2, 1, 0);
	role_wake(env.batches);
	wait_for_cursor(2);
	assert_int_equal(count_of_rule(EVIL), 1);
	stop(child);
}

static void
a_rule_file_beyond_its_bound_leaves_its_neighbours(void **state)
{
	struct content_status first, s;
	pid_t child = start();

	assert_true(wait_woken(env.ready));
	first = status();
	write_text("data/content/rules/worse.yml", worse_rule);
	assert_int_equal(truncate("data/content/rules/evil.yml", 64 << 20), 0);
	kill(child, SIGHUP);
	while ((s = status()).rules_unusable == first.rules_unusable)
		assert_true(wait_woken(env.alerts));
	assert_int_equal(s.rules_unusable, first.rules_unusable + 1);
	assert_int_equal(s.rules, first.rules);
	assert_int_equal(s.failed_at.us, 0);
	stop(child);
}

static void
a_list_that_does_not_load_at_the_start_leaves_the_rules(void **state)
{
	pid_t child;

	write_text("data/content/indicators/cut.json", "[{\"type\":");
	child = start();
	assert_true(wait_woken(env.ready));
	assert_true(status().failed_at.us > 0);
	append_lines(log_, 1, 1, 0);
	role_wake(env.batches);
	wait_for_cursor(1);
	assert_int_equal(count_of_rule(EVIL), 1);
	stop(child);
}

/* All alerts as detection wrote them, by id. */
static void
dump_alerts(const char *dir, struct buf *out)
{
	struct arena *mem = arena_new(64 << 20);
	struct db *d = NULL;
	struct db_stmt *st;
	int64_t lines = 0;

	assert_int_equal(store_open(&d, dir, NULL), 0);
	assert_int_equal(
	    db_prepare(d, "SELECT json FROM alert_body ORDER BY id", &st, NULL), 0);
	while (db_step(st, NULL) == 1) {
		buf_add(out, db_text(st, 0));
		buf_add_byte(out, '\n');
	}
	assert_int_equal(db_prepare(d, "SELECT lines FROM reading", &st, NULL), 0);
	while (db_step(st, NULL) == 1)
		lines += db_int(st, 0);
	buf_printf(out, "%lld lines\n", (long long)lines);
	assert_false(out->failed);
	db_close(d);
	arena_free(mem);
}

#define BATCHES 400
#define KILLS	25

static void
killed_at_any_moment_it_raises_the_same_alerts(void **state)
{
	struct buf undisturbed = BUF_INIT(64 << 20), disturbed = BUF_INIT(64 << 20);
	unsigned rng = 4711;
	pid_t child;

	for (uint64_t i = 1; i <= BATCHES; i++)
		append_lines(log_, i, (unsigned)i % 3, 0);
	child = start();
	assert_true(wait_woken(env.ready)); /* before that, SIGTERM simply ends it */
	wait_for_cursor(BATCHES);
	stop(child);
	dump_alerts(data, &undisturbed);
	assert_true(undisturbed.len > 10000);

	db_close(db);
	assert_int_equal(system("rm -f data/store/store.db*"), 0);
	assert_int_equal(store_open(&db, data, NULL), 0);
	for (int i = 0; i < KILLS; i++) {
		child = start();
		assert_true(wait_woken(env.ready));
		rng = rng * 1103515245 + 12345;
		usleep((rng >> 16) % 12000); /* where the kill falls: any place is a good one */
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, NULL, 0), child);
	}
	child = start();
	assert_true(wait_woken(env.ready)); /* before that, SIGTERM simply ends it */
	wait_for_cursor(BATCHES);
	stop(child);
	dump_alerts(data, &disturbed);
	assert_true(slice_equal(buf_slice(&undisturbed), buf_slice(&disturbed)));
	buf_release(&undisturbed);
	buf_release(&disturbed);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(it_works_inside_its_sandbox_from_the_first_batch_to_a_clean_end),
	    T(content_is_loaded_again_while_it_works),
	    T(a_rule_file_beyond_its_bound_leaves_its_neighbours),
	    T(a_list_that_does_not_load_at_the_start_leaves_the_rules),
	    T(killed_at_any_moment_it_raises_the_same_alerts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
