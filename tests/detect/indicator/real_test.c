/* real_test.c - public lists, suffixes and Squid's lines; skips what is not at hand. */
#include "indicator_world.h"

#include <unistd.h>

#include "detect/indicator/host.h"
#include "detect/indicator/suffix.h"
#include "event/batch.h"
#include "shared_data.h"

struct tally {
	struct world *w;
	size_t files, unread, rows, refused;
};

static void
load_file(void *ctx, const char *name, struct slice bytes)
{
	struct tally *t = ctx;
	struct err e = {0};

	t->files++;
	if (indicator_add(t->w->loader, slice_str(name), bytes, &t->w->report, &e) != 0) {
		assert_true(strstr(e.text, name) != NULL);
		t->unread++;
	}
	t->rows += t->w->report.rows;
	t->refused += t->w->report.refused;
	assert_int_equal(t->w->report.refused > 0, t->w->report.reason.en.len > 0);
}

/* Every file of the set loads, all but `unread`; at least so many rows, and so few refused. */
static void
check_set(const char *set, size_t files, size_t unread, size_t rows_min, size_t refused_max)
{
	struct world w = world_begin();
	struct tally t = {.w = &w};
	char *dir = shared_data_unpack(set);

	if (dir != NULL) {
		shared_data_each(dir, load_file, &t);
		shared_data_remove(dir);
		world_ready(&w);
		if (t.files != files || t.unread != unread || t.rows < rows_min ||
		    t.refused > refused_max)
			fail_msg("%s: %zu files, %zu unread, %zu rows, %zu refused", set,
			    t.files, t.unread, t.rows, t.refused);
	}
	world_end(&w);
	if (dir == NULL)
		skip();
}

static void
maltrail_loads_but_for_bare_paths(void **state)
{
	check_set("ioc-maltrail", 364, 0, 43000, 3400);
}

static void
misp_events_load(void **state)
{
	check_set("ioc-misp-events", 24, 0, 1600, 800);
}

static void
warning_lists_load(void **state)
{
	check_set("warninglists", 39, 0, 190000, 20000);
}

/* One of the reports is an index of the others and says so. */
static void
stix_reports_load(void **state)
{
	check_set("stix-reports-half", 47, 1, 1590, 30);
}

static void
check_file(const char *name, size_t rows, size_t refused)
{
	struct world w = world_begin();
	const char *path = shared_data_path(name);
	struct slice bytes = {0};

	if (path != NULL) {
		bytes = shared_data_read(path);
		assert_int_equal(
		    indicator_add(w.loader, slice_str(name), bytes, &w.report, NULL), 0);
		assert_int_equal(w.report.rows, rows);
		assert_int_equal(w.report.refused, refused);
		free((void *)(uintptr_t)bytes.ptr);
	}
	world_end(&w);
	if (path == NULL)
		skip();
}

static void
ipsum_and_signature_base_load_whole(void **state)
{
	check_file("ioc-ipsum/level3.txt", 14217, 0);
	check_file("ioc-ipsum/level6.txt", 318, 0);
	check_file("ioc-signature-base/c2-iocs.txt", 1844, 0);
}

/* checkPublicSuffix('a.b.c', 'b.c'): b.c is no suffix, c is one. */
static bool
quoted(struct slice *s, struct slice *out)
{
	size_t at = slice_find(*s, '\'');

	if (at == SIZE_MAX)
		return false;
	*s = slice_from(*s, at + 1);
	at = slice_find(*s, '\'');
	*out = slice_first(*s, at);
	*s = slice_from(*s, at + 1);
	return true;
}

static void
public_suffixes_are_those_of_the_published_tests(void **state)
{
	const char *path = shared_data_path("public-suffix-tests/test_psl.txt");
	struct slice bytes, rest, line;
	size_t checked = 0;

	if (path == NULL)
		skip();
	rest = bytes = shared_data_read(path);
	while (slice_cut_line(&rest, &line)) {
		struct slice name, registrable;
		char buf[HOST_MAX + 1];

		if (!slice_starts(line, SLICE("checkPublicSuffix(")) || !quoted(&line, &name) ||
		    name.len == 0 || name.ptr[0] == '.')
			continue;
		if (!quoted(&line, &registrable)) {
			name = host_normalise(name, buf);
			if (!suffix_is_public(name))
				fail_msg("%.*s is no suffix", SLICE_ARG(name));
		} else {
			registrable = host_normalise(registrable, buf);
			if (suffix_is_public(registrable) ||
			    !suffix_is_public(
				slice_from(registrable, slice_find(registrable, '.') + 1)))
				fail_msg("%.*s is not registrable", SLICE_ARG(registrable));
		}
		checked++;
	}
	assert_true(checked > 60);
	free((void *)(uintptr_t)bytes.ptr);
}

/* The rows of a list, sorted, for a search that shares nothing with what is tested. */
static int
compare_rows(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
is_row(char **rows, size_t n, const char *text)
{
	return bsearch(&text, rows, n, sizeof(*rows), compare_rows) != NULL;
}

/* Does this Squid line name a row: its host or a name above, its URL up to "?", or its peer? */
static bool
line_must_hit(char **rows, size_t n, const char *line)
{
	char url[1024], peer[256], host[1024];
	const char *p;

	if (sscanf(line, "%*s %*s %*s %*s %*s %*s %1023s %*s %*[^/]/%255s", url, peer) != 2)
		fail_msg("not a line of Squid's: %s", line);
	p = strstr(url, "://") != NULL ? strstr(url, "://") + 3 : url;
	snprintf(host, sizeof(host), "%s", p);
	host[strcspn(host, "/:?")] = '\0';
	for (const char *h = host; h != NULL;
	     h = strchr(h, '.') != NULL ? strchr(h, '.') + 1 : NULL)
		if (is_row(rows, n, h))
			return true;
	memmove(url, p, strlen(p) + 1);
	url[strcspn(url, "?")] = '\0';
	return is_row(rows, n, url) || is_row(rows, n, peer);
}

#define ROWS 100000

/* The generator's list and log: exactly the lines that carry an indicator hit. */
static void
check_squid_lines(const char *dir)
{
	struct world w = world_begin();
	char path[4096], *text, *p;
	struct slice list, log, rest, line;
	char **rows = calloc(ROWS, sizeof(*rows));
	size_t n = 0, hits = 0, lines = 0;
	struct codec_config cfg = {.codec = "squid"};
	struct reader *reader;
	struct arena *mem = arena_new(1 << 20);
	struct batch b = {.config = &cfg};

	snprintf(path, sizeof(path), "%s/ioc.txt", dir);
	list = shared_data_read(path);
	snprintf(path, sizeof(path), "%s/log", dir);
	log = shared_data_read(path);
	text = malloc(list.len + 1);
	memcpy(text, list.ptr, list.len);
	text[list.len] = '\0';
	world_list(&w, "ioc.txt", text);
	assert_int_equal(w.report.refused, 0);
	assert_int_equal(w.report.rows, ROWS);
	for (p = strtok(text, "\n"); p != NULL; p = strtok(NULL, "\n"))
		rows[n++] = p;
	qsort(rows, n, sizeof(*rows), compare_rows);
	world_ready(&w);
	assert_int_equal(reader_new(&reader, &cfg, NULL), 0);
	reader_start(reader, &b);
	for (rest = log; slice_cut_line(&rest, &line); lines++) {
		char copy[2048];
		bool must;

		snprintf(copy, sizeof(copy), "%.*s", SLICE_ARG(line));
		must = line_must_hit(rows, n, copy);
		assert_int_equal(reader_read(reader, line, mem, &w.event), CODEC_EVENT);
		if ((world_see(&w)[0] != '\0') != must)
			fail_msg("%s: %s", must ? "missed" : "false", copy);
		hits += must;
		arena_reset(mem);
	}
	assert_int_equal(lines, 300000);
	assert_true(hits > 0);
	fprintf(stderr, "%zu lines, %zu hit\n", lines, hits);
	reader_free(reader);
	arena_free(mem);
	free(rows);
	free(text);
	free((void *)(uintptr_t)list.ptr);
	free((void *)(uintptr_t)log.ptr);
	world_end(&w);
}

static void
exactly_the_right_lines_of_squid_hit(void **state)
{
	const char *source = shared_data_path("../tools/mksquid.c");
	char dir[] = "/tmp/hinomi-test-XXXXXX", command[8192];

	if (source == NULL)
		skip();
	assert_non_null(mkdtemp(dir));
	snprintf(command, sizeof(command),
	    "cc -O1 -w '%s' -o %s/mksquid -lm && %s/mksquid ioc -n 100000 > %s/ioc.txt && "
	    "%s/mksquid log -n 300000 > %s/log",
	    source, dir, dir, dir, dir, dir);
	assert_int_equal(system(command), 0);
	check_squid_lines(dir);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(maltrail_loads_but_for_bare_paths),
	    cmocka_unit_test(misp_events_load),
	    cmocka_unit_test(warning_lists_load),
	    cmocka_unit_test(stix_reports_load),
	    cmocka_unit_test(ipsum_and_signature_base_load_whole),
	    cmocka_unit_test(public_suffixes_are_those_of_the_published_tests),
	    cmocka_unit_test(exactly_the_right_lines_of_squid_hit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
