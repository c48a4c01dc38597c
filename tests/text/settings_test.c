/* settings_test.c - defaults, files and their mistakes, and that the printed form reads back.
 */
#include "test.h"

#include "text/settings.h"

struct sample {
	struct slice name;
	struct setting_texts list;
	bool on;
	int64_t count, bytes;
	struct span wait;
	int colour;
	size_t tree;
};

static const char *const colours[] = {"red", "green", NULL};

static int
read_tree(const struct yaml_node *n, struct arena *mem, void *member, struct err *e)
{
	size_t count = n->count;

	if (n->kind != YAML_SEQUENCE)
		return yaml_err(n, e, "\"tree\" must be a list");
	memcpy(member, &count, sizeof(count));
	return 0;
}

#define AT(m) .offset = offsetof(struct sample, m)

static const struct setting table[] = {
    {"name", SETTING_TEXT, AT(name), 1, 8, "anna", .en = "A name.", .ja = "名前。"},
    {"list", SETTING_TEXTS, AT(list), 0, 3, "[a, b]", .en = "Names.", .ja = "名前。"},
    {"on", SETTING_BOOL, AT(on), .standard = "true", .en = "Whether.", .ja = "するか。"},
    {"count", SETTING_INT, AT(count), 1, 100, "7", .en = "How many.", .ja = "数。"},
    {"bytes", SETTING_BYTES, AT(bytes), 1024, 1 << 30, "64MiB", .en = "Room.", .ja = "容量。"},
    {"wait", SETTING_SPAN, AT(wait), 1000000, 3600000000, "10s", .en = "How long.",
	.ja = "時間。"},
    {"colour", SETTING_CHOICE, AT(colour), .standard = "green", .choices = colours,
	.en = "Which.", .ja = "色。"},
    {"tree", SETTING_TREE, AT(tree), .standard = "", .read = read_tree, .en = "More.",
	.ja = "他。"},
    {0},
};

static struct arena *mem;

static int
make_arena(void **state)
{
	return (mem = arena_new(1 << 20)) == NULL;
}

static int
free_arena(void **state)
{
	arena_free(mem);
	return 0;
}

static void
check_defaults(const struct sample *s)
{
	assert_slice(s->name, "anna");
	assert_int_equal(s->list.n, 2);
	assert_slice(s->list.at[1], "b");
	assert_true(s->on);
	assert_int_equal(s->count, 7);
	assert_int_equal(s->bytes, 64 << 20);
	assert_int_equal(s->wait.us, 10000000);
	assert_int_equal(s->colour, 1);
	assert_int_equal(s->tree, 0);
}

static void
without_a_file_every_setting_has_its_default(void **state)
{
	struct sample s = {0};
	struct err e;

	assert_int_equal(settings_read(table, NULL, (struct slice){0}, mem, &s, &e), 0);
	check_defaults(&s);
}

static void
what_is_printed_reads_back_as_the_defaults(void **state)
{
	const char *const languages[] = {"en", "ja"};

	for (int i = 0; i < 2; i++) {
		struct buf out = BUF_INIT(10000);
		struct sample s = {0};
		struct err e = {0};

		settings_print(table, languages[i], &out);
		assert_false(out.failed);
		if (settings_read(table, "printed", buf_slice(&out), mem, &s, &e) != 0)
			fail_msg("%s", e.text);
		check_defaults(&s);
		buf_release(&out);
	}
}

static void
a_file_changes_what_it_names(void **state)
{
	const struct slice text = SLICE_LITERAL("# ours\n"
						"name: bea\n"
						"list: only\n"
						"on: false\n"
						"bytes: 2 KiB\n"
						"wait: 5m\n"
						"count:\n"
						"colour: red\n"
						"tree: [1, 2, 3]\n");
	struct sample s = {0};
	struct err e = {0};

	if (settings_read(table, "f", text, mem, &s, &e) != 0)
		fail_msg("%s", e.text);
	assert_slice(s.name, "bea");
	assert_int_equal(s.list.n, 1);
	assert_false(s.on);
	assert_int_equal(s.bytes, 2048);
	assert_int_equal(s.wait.us, 300000000);
	assert_int_equal(s.count, 7);
	assert_int_equal(s.colour, 0);
	assert_int_equal(s.tree, 3);
}

static void
mistakes_name_file_and_line(void **state)
{
	const char *const bad[] = {"nmae: x", "name: ''", "name: ninechars",
	    "list: [a, b, c, d]", "on: maybe", "count: 0", "count: 101", "count: many",
	    "bytes: 1000", "bytes: 2GB", "bytes: 99999999999999999999TiB", "bytes: 9000000TiB",
	    "wait: 1ms", "wait: soon", "colour: blue", "tree: 1", "name: [a]", "- a",
	    "name: a\nname: b", "name: \"a\\0b\""};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf text = BUF_INIT(1000);
		struct sample s = {0};
		struct err e = {0};

		buf_printf(&text, "# first\n%s\n", bad[i]);
		if (settings_read(table, "conf.yaml", buf_slice(&text), mem, &s, &e) == 0)
			fail_msg("taken: %s", bad[i]);
		if (strncmp(e.text, "conf.yaml:", 10) != 0)
			fail_msg("%s", e.text);
		buf_release(&text);
	}
}

int
main(void)
{
#define IN_ARENA(f) cmocka_unit_test_setup_teardown(f, make_arena, free_arena)
	const struct CMUnitTest tests[] = {
	    IN_ARENA(without_a_file_every_setting_has_its_default),
	    IN_ARENA(what_is_printed_reads_back_as_the_defaults),
	    IN_ARENA(a_file_changes_what_it_names),
	    IN_ARENA(mistakes_name_file_and_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
