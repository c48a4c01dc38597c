/* alert_db_test.c - alerts grow once, close with a record, are listed in order and seen only in
 * scope. */
#include "test.h"

#include "dir.h"
#include "incident/alert_db.h"
#include "store/audit.h"
#include "store/migrations.h"

static struct db *db;
static struct arena *mem;
static const struct scope everything = {.all = true};
static const struct scope east_only = {.list = SLICE_LITERAL(",east,")};
static const struct scope east_and_west = {.list = SLICE_LITERAL(",east,west,")};
static const struct scope nothing = {.list = SLICE_LITERAL("")};

static int
setup(void **state)
{
	struct err e = {0};

	mem = arena_new(64 << 20);
	if (enter_dir(state) != 0)
		return -1;
	if (store_open(&db, test_dir, &e) != 0)
		fail_msg("%s", e.text);
	return 0;
}

static int
teardown(void **state)
{
	db_close(db);
	arena_free(mem);
	return leave_dir(state);
}

static const struct slice attack[] = {SLICE_LITERAL("T1105")};
static const struct rule_info rule = {
    .detector = "sigma",
    .id = SLICE_LITERAL("rule-1"),
    .title = {SLICE_LITERAL("Tool Download"), SLICE_LITERAL("ツールの取得")},
    .level = LEVEL_HIGH,
    .severity = 75,
    .n_attack = 1,
    .attack = attack,
};
static struct matched_field fields[] = {
    {SLICE_LITERAL("url.full"), SLICE_LITERAL("http://Evil.example/100%_a"),
	SLICE_LITERAL("evil")},
};

static struct alert
an_alert(unsigned number, const char *institution, int64_t second, uint64_t count)
{
	struct alert a = {
	    .first_seen = {second * 1000000},
	    .last_seen = {second * 1000000},
	    .count = count,
	    .institution = slice_str(institution),
	    .rule = &rule,
	    .entity_kind = SLICE("source.ip"),
	    .entity = SLICE("10.0.0.7"),
	    .n_lines = 1,
	};

	a.lines[0] = (struct alert_line){
	    .batch = SLICE("1"),
	    .source = SLICE("squid"),
	    .offset = (uint64_t)second * 100,
	    .at = {second * 1000000},
	    .raw = SLICE("GET \xff http://Raw.example/\x83\x65"),
	    .n_fields = 1,
	    .fields = fields,
	};
	snprintf(a.id, sizeof(a.id), "%032x", number);
	return a;
}

static void
raise_alert(const struct alert *a, int64_t now)
{
	struct err e = {0};

	if (db_begin(db, &e) != 0 ||
	    alert_db_upsert(db, a, (struct instant){now}, mem, &e) != 0 ||
	    db_commit(db, &e) != 0)
		fail_msg("%s", e.text);
}

static struct alert_row
get(const struct alert *a)
{
	struct alert_row row;

	assert_int_equal(
	    alert_db_get(db, &everything, slice_str(a->id), mem, &row, NULL, NULL), 1);
	return row;
}

static enum alert_answer
close_alert(const struct scope *scope, const struct alert *a)
{
	enum alert_answer answer;

	assert_int_equal(db_begin(db, NULL), 0);
	answer = alert_db_close(db, scope, slice_str(a->id), SLICE("user:suzuki"),
	    SLICE("benign"), SLICE("known tool"), (struct instant){99}, NULL);
	assert_int_equal(db_commit(db, NULL), 0);
	return answer;
}

static enum alert_answer
reopen_alert(const struct alert *a)
{
	enum alert_answer answer;

	assert_int_equal(db_begin(db, NULL), 0);
	answer = alert_db_reopen(
	    db, &everything, slice_str(a->id), SLICE("user:sato"), (struct instant){100}, NULL);
	assert_int_equal(db_commit(db, NULL), 0);
	return answer;
}

static uint64_t
open_high(const struct scope *scope)
{
	uint64_t count[LEVEL_CRITICAL + 1];

	assert_int_equal(alert_db_count_open(db, scope, (struct slice){0}, count, NULL), 0);
	return count[LEVEL_HIGH];
}

static void
an_alert_grows_by_merging_and_keeps_when_it_was_raised(void **state)
{
	struct alert first = an_alert(1, "east", 50, 2), earlier = an_alert(1, "east", 40, 3);
	struct alert_row row;
	struct slice json;
	struct alert whole;

	raise_alert(&first, 1000);
	raise_alert(&earlier, 2000);
	assert_int_equal(
	    alert_db_get(db, &everything, slice_str(first.id), mem, &row, &json, NULL), 1);
	assert_int_equal(row.count, 5);
	assert_int_equal(row.first_seen.us, 40000000);
	assert_int_equal(row.last_seen.us, 50000000);
	assert_int_equal(row.raised.us, 1000);
	assert_int_equal(row.version, 2);
	assert_int_equal(row.status, ALERT_OPEN);
	assert_slice(row.institution, "east");
	assert_slice(row.source, "squid");
	assert_slice(row.detector, "sigma");
	assert_slice(row.rule_id, "rule-1");
	assert_slice(row.title_en, "Tool Download");
	assert_slice(row.title_ja, "ツールの取得");
	assert_slice(row.attack, "[\"T1105\"]");
	assert_slice(row.entity, "10.0.0.7");
	assert_int_equal(row.level, LEVEL_HIGH);
	assert_int_equal(row.severity, 75);
	assert_null(row.closed_by.ptr);
	assert_int_equal(alert_read_json(json, mem, &whole, NULL), 0);
	assert_int_equal(whole.n_lines, 2);
	assert_int_equal(whole.lines[0].offset, 4000);
	assert_int_equal(open_high(&everything), 1);
}

static void
what_was_rolled_back_was_never_raised(void **state)
{
	struct alert a = an_alert(1, "east", 50, 2);
	struct alert_row row;

	assert_int_equal(db_begin(db, NULL), 0);
	assert_int_equal(alert_db_upsert(db, &a, (struct instant){1}, mem, NULL), 0);
	db_rollback(db);
	assert_int_equal(
	    alert_db_get(db, &everything, slice_str(a.id), mem, &row, NULL, NULL), 0);
	assert_int_equal(open_high(&everything), 0);
}

static int
take_detail(void *ctx, int64_t sequence, const struct audit_entry *entry, struct err *e)
{
	buf_printf(ctx, "%.*s %.*s %.*s %.*s\n", SLICE_ARG(entry->actor),
	    SLICE_ARG(entry->action), SLICE_ARG(entry->object), SLICE_ARG(entry->detail));
	return 0;
}

static void
closing_and_reopening_are_recorded_and_happen_once(void **state)
{
	struct alert a = an_alert(0xab, "east", 50, 2);
	struct buf audit = BUF_INIT(10000);
	struct alert_row row;

	raise_alert(&a, 1);
	assert_int_equal(close_alert(&everything, &a), ALERT_DONE);
	assert_int_equal(close_alert(&everything, &a), ALERT_ALREADY);
	row = get(&a);
	assert_int_equal(row.status, ALERT_CLOSED);
	assert_slice(row.closed_by, "user:suzuki");
	assert_slice(row.closed_reason, "benign");
	assert_slice(row.closed_comment, "known tool");
	assert_int_equal(row.closed_at.us, 99);
	assert_int_equal(row.version, 2);
	assert_int_equal(open_high(&everything), 0);
	assert_int_equal(reopen_alert(&a), ALERT_DONE);
	assert_int_equal(reopen_alert(&a), ALERT_ALREADY);
	row = get(&a);
	assert_int_equal(row.status, ALERT_OPEN);
	assert_null(row.closed_by.ptr);
	assert_int_equal(open_high(&everything), 1);
	assert_int_equal(audit_list(db, 0, 10, take_detail, &audit, NULL), 0);
	assert_slice(buf_slice(&audit),
	    "user:sato alert.reopen alert:000000000000000000000000000000ab {}\n"
	    "user:suzuki alert.close alert:000000000000000000000000000000ab "
	    "{\"reason\":\"benign\",\"comment\":\"known tool\"}\n");
	buf_release(&audit);
	assert_true(alert_reason_known(SLICE("duplicate")));
	assert_false(alert_reason_known(SLICE("because")));
}

static void
a_closed_alert_counts_on_and_stays_closed(void **state)
{
	struct alert a = an_alert(1, "east", 50, 2), more = an_alert(1, "east", 60, 1);
	struct alert_row row;

	raise_alert(&a, 1);
	close_alert(&everything, &a);
	raise_alert(&more, 2);
	row = get(&a);
	assert_int_equal(row.status, ALERT_CLOSED);
	assert_slice(row.closed_by, "user:suzuki");
	assert_int_equal(row.count, 3);
	assert_int_equal(row.version, 3);
	assert_int_equal(open_high(&everything), 0);
}

static void
outside_the_scope_nothing_exists(void **state)
{
	struct alert a = an_alert(1, "west", 50, 1);
	struct alert_page *page = arena_alloc(mem, sizeof(*page));
	struct alert_row row;

	raise_alert(&a, 1);
	assert_int_equal(
	    alert_db_get(db, &east_only, slice_str(a.id), mem, &row, NULL, NULL), 0);
	assert_int_equal(close_alert(&east_only, &a), ALERT_UNKNOWN);
	assert_int_equal(open_high(&east_only), 0);
	assert_int_equal(open_high(&nothing), 0);
	assert_int_equal(open_high(&east_and_west), 1);
	struct alert_filter west = {.institution = SLICE("west")};
	assert_int_equal(
	    alert_db_list(db, &east_only, &west, (struct slice){0}, 10, mem, page, NULL), 0);
	assert_int_equal(page->n, 0);
	assert_int_equal(alert_db_list(db, &nothing, &(struct alert_filter){0},
			     (struct slice){0}, 10, mem, page, NULL),
	    0);
	assert_int_equal(page->n, 0);
	assert_int_equal(get(&a).status, ALERT_OPEN);
}

/* 60 alerts, three to a second, over two institutions; every fifth closed. */
static void
fill(void)
{
	for (unsigned i = 0; i < 60; i++) {
		struct alert a = an_alert(i, i % 2 ? "east" : "west", 100 + i / 3, 1);

		raise_alert(&a, i);
		if (i % 5 == 0)
			close_alert(&everything, &a);
	}
}

/* Walk all pages; the ids' numbers must come in the order given by (time, id) descending. */
static unsigned
walk_pages(const struct scope *scope, const struct alert_filter *filter, unsigned limit)
{
	struct alert_page *page = arena_alloc(mem, sizeof(*page));
	char cursor[ALERT_CURSOR_MAX] = "";
	unsigned n = 0, before = 1000;

	do {
		struct slice at = *cursor == '\0' ? (struct slice){0} : slice_str(cursor);
		struct err e = {0};

		if (alert_db_list(db, scope, filter, at, limit, mem, page, &e) != 0)
			fail_msg("%s", e.text);
		assert_true(page->n <= limit);
		for (size_t i = 0; i < page->n; i++) {
			unsigned number = (unsigned)strtoul(page->rows[i].id, NULL, 16);
			assert_true(number < before);
			before = number;
			n++;
		}
		strcpy(cursor, page->next);
		assert_true(*cursor == '\0' || alert_cursor_valid(slice_str(cursor)));
	} while (*cursor != '\0');
	return n;
}

static void
pages_hold_every_alert_once_newest_first(void **state)
{
	static const unsigned limits[] = {1, 7, 59, 60, 61, 200};
	struct alert_filter all = {0}, open = {.only_open = true},
			    closed = {.only_closed = true};
	struct alert_filter east = {.institution = SLICE("east")};
	struct alert_filter east_closed = {.institution = SLICE("east"), .only_closed = true};

	fill();
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		assert_int_equal(walk_pages(&everything, &all, limits[i]), 60);
		assert_int_equal(walk_pages(&everything, &open, limits[i]), 48);
		assert_int_equal(walk_pages(&everything, &closed, limits[i]), 12);
		assert_int_equal(walk_pages(&everything, &east, limits[i]), 30);
		assert_int_equal(walk_pages(&everything, &east_closed, limits[i]), 6);
		assert_int_equal(walk_pages(&east_only, &open, limits[i]), 24);
		assert_int_equal(walk_pages(&east_and_west, &all, limits[i]), 60);
	}
}

static void
filters_all_hold_at_once(void **state)
{
	struct alert_filter f = {.levels = 1u << LEVEL_HIGH, .detector = SLICE("sigma")};

	fill();
	assert_int_equal(walk_pages(&everything, &f, 10), 60);
	f.levels = 1u << LEVEL_LOW | 1u << LEVEL_CRITICAL;
	assert_int_equal(walk_pages(&everything, &f, 10), 0);
	f = (struct alert_filter){.detector = SLICE("indicator")};
	assert_int_equal(walk_pages(&everything, &f, 10), 0);
}

static void
words_are_found_whatever_their_case_and_mean_only_themselves(void **state)
{
	static const char *const found[] = {"tool", "TOOL download", "ツール", "evil.EXAMPLE",
	    "10.0.0.7 t1105", "squid", "rule-1", "raw.EXAMPLE", "100%_a", "", "  ",
	    "ツールの　取得"};
	static const char *const missing[] = {
	    "tool nothere", "100%a", "evil_example", "'", "10.0.0.8"};

	fill();
	for (size_t i = 0; i < sizeof(found) / sizeof(*found); i++) {
		struct alert_filter f = {.words = slice_str(found[i])};
		assert_int_equal(walk_pages(&everything, &f, 50), 60);
	}
	for (size_t i = 0; i < sizeof(missing) / sizeof(*missing); i++) {
		struct alert_filter f = {.words = slice_str(missing[i])};
		assert_int_equal(walk_pages(&everything, &f, 50), 0);
	}
}

static void
a_made_up_cursor_is_refused(void **state)
{
	static const char *const bad[] = {"", "1",
	    "000000000000000g00000000000000000000000000000001",
	    "0000000000000001000000000000000000000000000000011",
	    "00000000000000010000000000000000000000000000000'"};
	struct alert_page *page = arena_alloc(mem, sizeof(*page));
	struct err e = {0};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_false(alert_cursor_valid(slice_str(bad[i])));
		assert_int_equal(alert_db_list(db, &everything, &(struct alert_filter){0},
				     slice_str(bad[i]), 10, mem, page, &e),
		    -1);
	}
}

static int
note_version(void *ctx, const struct alert_row *row, struct err *e)
{
	buf_printf(ctx, "%lld:%s ", (long long)row->version, row->id + ALERT_ID_LEN - 1);
	return 0;
}

static void
changes_resume_at_any_version(void **state)
{
	struct alert a = an_alert(1, "east", 1, 1), b = an_alert(2, "west", 2, 1),
		     c = an_alert(3, "east", 3, 1);
	struct buf seen = BUF_INIT(1000);
	int64_t version;

	raise_alert(&a, 1);
	raise_alert(&b, 1);
	raise_alert(&c, 1);
	close_alert(&everything, &a);
	raise_alert(&b, 1);
	assert_int_equal(
	    alert_db_changes(db, &everything, 0, 10, note_version, &seen, NULL), 0);
	assert_slice(buf_slice(&seen), "3:3 4:1 5:2 ");
	buf_reset(&seen);
	assert_int_equal(alert_db_changes(db, &everything, 3, 1, note_version, &seen, NULL), 0);
	assert_slice(buf_slice(&seen), "4:1 ");
	buf_reset(&seen);
	assert_int_equal(alert_db_changes(db, &east_only, 0, 10, note_version, &seen, NULL), 0);
	assert_slice(buf_slice(&seen), "3:3 4:1 ");
	assert_int_equal(alert_db_version(db, &version, NULL), 0);
	assert_int_equal(version, 5);
	buf_release(&seen);
}

/* Every way through the lists goes along an index and sorts nothing. */
static void
no_query_scans_or_sorts_a_table(void **state)
{
	const struct scope *const scopes[] = {&everything, &east_only, &east_and_west};
	struct buf seen = BUF_INIT(10000);
	struct alert_row row;

	fill();
	int64_t before = db_unindexed_steps(db);
	for (int s = 0; s < 3; s++)
		for (int i = 0; i < 2; i++)
			for (int status = 0; status < 3; status++) {
				struct alert_filter f = {
				    .only_open = status == 1,
				    .only_closed = status == 2,
				    .institution = i ? SLICE("east") : (struct slice){0},
				};
				walk_pages(scopes[s], &f, 10);
			}
	assert_int_equal(
	    alert_db_changes(db, &everything, 3, 10, note_version, &seen, NULL), 0);
	assert_int_equal(alert_db_get(db, &everything, SLICE("x"), mem, &row, NULL, NULL), 0);
	assert_int_equal(db_unindexed_steps(db) - before, 0);
	buf_release(&seen);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(an_alert_grows_by_merging_and_keeps_when_it_was_raised),
	    T(what_was_rolled_back_was_never_raised),
	    T(closing_and_reopening_are_recorded_and_happen_once),
	    T(a_closed_alert_counts_on_and_stays_closed),
	    T(outside_the_scope_nothing_exists),
	    T(pages_hold_every_alert_once_newest_first),
	    T(filters_all_hold_at_once),
	    T(words_are_found_whatever_their_case_and_mean_only_themselves),
	    T(a_made_up_cursor_is_refused),
	    T(changes_resume_at_any_version),
	    T(no_query_scans_or_sorts_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
