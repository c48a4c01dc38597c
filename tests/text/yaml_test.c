/* yaml_test.c - the tree, its bounds, its sentences, and half of the public YAML test suite. */
#include "test.h"

#include "base/buf.h"
#include "shared_data.h"
#include "text/yaml.h"

static struct arena *mem;
static struct err err;

static int
setup(void **state)
{
	mem = arena_new(64 << 20);
	err = (struct err){0};
	return mem == NULL;
}

static int
teardown(void **state)
{
	arena_free(mem);
	return 0;
}

static const struct yaml_node *
parse(const char *text)
{
	const struct yaml_node *root = NULL;

	if (yaml_parse("x.yml", slice_str(text), mem, &root, &err) != 0)
		fail_msg("%s", err.text);
	return root;
}

static void
refused(const char *text, const char *why)
{
	const struct yaml_node *root;

	assert_int_equal(yaml_parse("x.yml", slice_str(text), mem, &root, &err), -1);
	assert_string_equal(err.text, why);
	arena_reset(mem);
}

static void
a_document_keeps_order_lines_and_styles(void **state)
{
	const struct yaml_node *n = parse("b: 1\na:\n  - 'x'\n  - |\n    y\nc: {d: \"z\"}\n");

	assert_int_equal(n->kind, YAML_MAPPING);
	assert_int_equal(n->count, 3);
	assert_slice(n->items[0].key, "b");
	assert_true(n->items[0].plain);
	assert_slice(n->items[1].key, "a");
	assert_int_equal(n->items[1].line, 3);
	assert_int_equal(n->items[1].items[0].style, '\'');
	assert_false(n->items[1].items[0].plain);
	assert_slice(n->items[1].items[1].text, "y\n");
	assert_slice(yaml_get(yaml_get(n, "c"), "d")->text, "z");
	assert_null(yaml_get(n, "d"));
	assert_null(yaml_get(NULL, "d"));
}

static void
an_empty_file_is_null(void **state)
{
	assert_true(yaml_is_null(parse("")));
	assert_true(yaml_is_null(parse("# nothing\n")));
	assert_true(yaml_is_null(parse("~")));
	assert_false(yaml_is_null(parse("'~'")));
}

static void
aliases_are_part_of_the_tree(void **state)
{
	const struct yaml_node *n = parse("a: &x [1, 2]\nb: *x\n");

	assert_int_equal(n->items[1].count, 2);
	assert_slice(n->items[1].key, "b");
	assert_int_equal(n->items[1].line, 2);
	assert_slice(n->items[1].items[1].text, "2");
}

static void
what_could_be_misread_is_refused(void **state)
{
	refused("a: 1\nb: 2\na: 3\n", "x.yml:3: the key \"a\" is here twice (before: line 1)");
	refused("a: &x {b: 1}\nc:\n  <<: *x\n",
	    "x.yml:3: merge keys (\"<<\") are not supported: write the members out");
	refused("? [a]\n: b\n", "x.yml:1: a key must be a single value");
	refused("a: !!binary aGk=\n",
	    "x.yml:1: the tag \"tag:yaml.org,2002:binary\" is not supported");
	refused(
	    "a: &x [*x]\n", "x.yml:1: the alias \"*x\" names no anchor that ended before it");
	refused("a: 1\n---\nb: 2\n", "x.yml:3: a second document begins here; one is expected");
	refused(
	    "a: b: c\n", "x.yml:1: not YAML: mapping values are not allowed in this context");
	refused("a: 1\nb: \001\n", "x.yml:2: not YAML: control characters are not allowed");
	refused("a: \"\xff\"\n", "x.yml:1: not YAML: invalid leading UTF-8 octet");
}

static void
a_bomb_meets_the_bound_on_nodes(void **state)
{
	struct buf b = BUF_INIT(1 << 16);

	buf_add_str(&b, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 10; i++) {
		buf_printf(&b, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			buf_printf(&b, "%s*a%d", k == 0 ? "" : ", ", i - 1);
		buf_add_str(&b, "]\n");
	}
	refused(buf_str(&b),
	    "x.yml:5: the document is too large with its aliases written out: at "
	    "most 100000 nodes and 1024 KiB of text");
	buf_release(&b);
}

static void
text_repeated_by_aliases_counts_too(void **state)
{
	struct buf b = BUF_INIT(2 << 20);

	buf_add_str(&b, "- &a ");
	for (int i = 0; i < 600 * 1024; i++)
		buf_add_byte(&b, 'x');
	buf_add_str(&b, "\n- *a\n");
	refused(buf_str(&b),
	    "x.yml:2: the document is too large with its aliases written out: at "
	    "most 100000 nodes and 1024 KiB of text");
	buf_release(&b);
}

static void
depth_is_bounded_also_through_aliases(void **state)
{
	struct buf b = BUF_INIT(1 << 16);

	for (int i = 0; i < 65; i++)
		buf_add_byte(&b, '[');
	refused(buf_str(&b), "x.yml:1: nested deeper than 64 levels");
	buf_reset(&b);
	buf_add_str(&b, "a0: &a0 []\n");
	for (int i = 1; i < 70; i++)
		buf_printf(&b, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	refused(buf_str(&b), "x.yml:64: nested deeper than 64 levels");
	buf_release(&b);
}

static void
a_large_document_is_refused_before_it_is_read(void **state)
{
	struct buf b = BUF_INIT(16 << 20);
	struct yaml_reader *r;
	const struct yaml_node *root;

	buf_add_str(&b, "a: 1\n---\nb: ");
	while (b.len < 10u << 20)
		buf_add_str(&b, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n ");
	buf_add_str(&b, "\n---\nc: 3\n");
	r = yaml_reader_new("x.yml", buf_slice(&b), NULL, mem);
	assert_int_equal(yaml_reader_next(r, &root, &err), 1);
	assert_int_equal(yaml_reader_next(r, &root, &err), -1);
	assert_string_equal(
	    err.text, "x.yml:2: the document is larger than 1024 KiB, the most one may be");
	assert_int_equal(yaml_reader_line(r), 2);
	assert_int_equal(yaml_reader_next(r, &root, &err), 1);
	assert_slice(root->items[0].key, "c");
	assert_int_equal(yaml_reader_next(r, &root, &err), 0);
	yaml_reader_free(r);
	buf_release(&b);
}

static void
a_bad_document_takes_no_other_along(void **state)
{
	struct slice text =
	    SLICE("%YAML 1.2\n---\na: |\n  x\n --- no marker\n---\nb: [\n--- # next\n"
		  "c: 3\n...\n# between\nd: 4\n");
	struct yaml_reader *r = yaml_reader_new("x.yml", text, NULL, mem);
	const struct yaml_node *root;

	assert_int_equal(yaml_reader_next(r, &root, &err), -1);
	assert_int_equal(yaml_reader_next(r, &root, &err), -1);
	assert_non_null(strstr(err.text, "x.yml:8: not YAML: while parsing a flow node"));
	assert_int_equal(yaml_reader_next(r, &root, &err), 1);
	assert_slice(root->items[0].key, "c");
	assert_int_equal(root->items[0].line, 9);
	assert_int_equal(yaml_reader_next(r, &root, &err), 1);
	assert_slice(root->items[0].key, "d");
	assert_int_equal(root->items[0].line, 12);
	assert_int_equal(yaml_reader_next(r, &root, &err), 0);
	yaml_reader_free(r);
}

static void
an_arena_too_small_is_an_answer(void **state)
{
	const struct yaml_node *root;

	for (size_t ceiling = 0; ceiling < 4096; ceiling += 16) {
		struct arena *small = arena_new(ceiling);
		int rc = yaml_parse(
		    "x.yml", SLICE("a: [1, {b: &x c}]\nd: *x\n"), small, &root, &err);

		if (rc == 0)
			assert_slice(yaml_get(root, "d")->text, "c");
		arena_free(small);
	}
	assert_string_not_equal(err.text, "");
}

static void
typed_readers_take_what_fits(void **state)
{
	static const char *const levels[] = {"low", "high", NULL};
	const struct yaml_node *n =
	    parse("t: text\nb: TRUE\ni: -7\ns: 5m\nc: high\nl: [x, 'y']\none: x\nnone: ~\n");
	struct slice t = {0};
	const struct slice *l = NULL;
	struct span s = {0};
	int64_t i = 0;
	size_t count = 9;
	bool b = false;
	int c = 0;

	assert_int_equal(yaml_text(yaml_get(n, "t"), &t, &err), 0);
	assert_slice(t, "text");
	assert_int_equal(yaml_bool(yaml_get(n, "b"), &b, &err), 0);
	assert_true(b);
	assert_int_equal(yaml_int(yaml_get(n, "i"), -10, 10, &i, &err), 0);
	assert_int_equal(i, -7);
	assert_int_equal(yaml_span(yaml_get(n, "s"), SPAN_MS(1), SPAN_DAYS(1), &s, &err), 0);
	assert_true(s.us == SPAN_MINUTES(5).us);
	assert_int_equal(yaml_choice(yaml_get(n, "c"), levels, &c, &err), 0);
	assert_int_equal(c, 1);
	assert_int_equal(yaml_texts(yaml_get(n, "l"), mem, &l, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_slice(l[1], "y");
	assert_int_equal(yaml_texts(yaml_get(n, "one"), mem, &l, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_slice(l[0], "x");
	/* Absent and null leave the default. */
	assert_int_equal(yaml_int(yaml_get(n, "none"), 0, 1, &i, &err), 0);
	assert_int_equal(yaml_int(yaml_get(n, "absent"), 0, 1, &i, &err), 0);
	assert_int_equal(i, -7);
	assert_string_equal(err.text, "");
}

static void
typed_readers_say_what_they_wanted(void **state)
{
	static const char *const levels[] = {"low", "medium", "high", NULL};
	static const char *const known[] = {"level", "port", NULL};
	const struct yaml_node *n = parse("level: odd\nport: 70000\nquoted: '1'\nspan: 5 m\n"
					  "flag: yes\ntext: []\nlist: [a, [b]]\nhuge: "
					  "99999999999999999999\n"),
			       *x;
	struct slice t;
	const struct slice *l;
	size_t count;
	struct span s;
	int64_t i;
	bool b;
	int c;

	assert_int_equal(yaml_choice(yaml_get(n, "level"), levels, &c, &err), -1);
	assert_string_equal(err.text, "x.yml:1: \"level\" must be one of low, medium or high");
	assert_int_equal(yaml_int(yaml_get(n, "port"), 1, 65535, &i, &err), -1);
	assert_string_equal(
	    err.text, "x.yml:2: \"port\" must be a whole number from 1 to 65535");
	assert_int_equal(yaml_int(yaml_get(n, "quoted"), 0, 9, &i, &err), -1);
	assert_int_equal(yaml_int(yaml_get(n, "huge"), INT64_MIN, INT64_MAX, &i, &err), -1);
	assert_int_equal(
	    yaml_span(yaml_get(n, "span"), SPAN_MS(250), SPAN_DAYS(7), &s, &err), -1);
	assert_string_equal(err.text,
	    "x.yml:4: \"span\" must be a time such as 250ms, 10s, 5m, 24h "
	    "or 7d, from 250ms to 7d");
	assert_int_equal(yaml_bool(yaml_get(n, "flag"), &b, &err), -1);
	assert_string_equal(err.text, "x.yml:5: \"flag\" must be true or false");
	assert_int_equal(yaml_text(yaml_get(n, "text"), &t, &err), -1);
	assert_string_equal(err.text, "x.yml:6: \"text\" must be a text");
	assert_int_equal(yaml_texts(yaml_get(n, "list"), mem, &l, &count, &err), -1);
	assert_string_equal(err.text, "x.yml:7: this must be a text or a list of texts");
	assert_int_equal(yaml_check_keys(n, known, &err), -1);
	assert_string_equal(
	    err.text, "x.yml:3: unknown key \"quoted\": expected level or port");
	assert_int_equal(yaml_need(n, "name", &x, &err), -1);
	assert_string_equal(err.text, "x.yml:1: \"name\" is missing");
}

/*
 * The public suite writes a document's events as text; so do we.  Anchors and
 * tags are left out on both sides, and cases with aliases, which the suite keeps
 * as such, are compared only as far as being accepted or refused.
 */
static void
write_text(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		switch (s.ptr[i]) {
		case '\n':
			buf_add_str(b, "\\n");
			break;
		case '\t':
			buf_add_str(b, "\\t");
			break;
		case '\r':
			buf_add_str(b, "\\r");
			break;
		case '\b':
			buf_add_str(b, "\\b");
			break;
		case '\\':
			buf_add_str(b, "\\\\");
			break;
		default:
			buf_add_byte(b, s.ptr[i]);
		}
}

static void
write_tree(struct buf *b, const struct yaml_node *n)
{
	if (n->kind == YAML_SCALAR) {
		buf_printf(b, "=VAL %c", n->style);
		write_text(b, n->text);
		buf_add_byte(b, '\n');
		return;
	}
	buf_add_str(b, n->kind == YAML_MAPPING ? "+MAP\n" : "+SEQ\n");
	for (size_t i = 0; i < n->count; i++) {
		if (n->kind == YAML_MAPPING) {
			/* A key's style is not kept: the suite's is dropped as well. */
			buf_add_str(b, "=KEY ");
			write_text(b, n->items[i].key);
			buf_add_byte(b, '\n');
		}
		write_tree(b, &n->items[i]);
	}
	buf_add_str(b, n->kind == YAML_MAPPING ? "-MAP\n" : "-SEQ\n");
}

/* Copy one event of the suite's tree; *rest is behind it and what it contains. */
static void
copy_expected(struct buf *b, struct slice *rest, bool key)
{
	struct slice line, word;

	if (!slice_cut_line(rest, &line))
		return;
	while (line.len > 0 && line.ptr[0] == ' ')
		line = slice_from(line, 1);
	if (slice_starts(line, SLICE("=VAL "))) {
		line = slice_from(line, 5);
		while (line.len > 0 && (line.ptr[0] == '&' || line.ptr[0] == '<')) {
			slice_cut(&line, ' ', &word);
		}
		if (key)
			buf_printf(b, "=KEY %.*s\n", SLICE_ARG(slice_from(line, 1)));
		else
			buf_printf(b, "=VAL %.*s\n", SLICE_ARG(line));
		return;
	}
	bool map = slice_starts(line, SLICE("+MAP"));
	buf_add_str(b, map ? "+MAP\n" : "+SEQ\n");
	for (bool is_key = map;; is_key = map && !is_key) {
		struct slice at = *rest;

		if (!slice_cut_line(&at, &line))
			return;
		line = slice_trim(line);
		if (line.len > 0 && line.ptr[0] == '-') {
			*rest = at;
			break;
		}
		copy_expected(b, rest, is_key);
	}
	buf_add_str(b, map ? "-MAP\n" : "-SEQ\n");
}

/* Undo the suite's visible forms of white space. */
static void
unmask(struct buf *out, struct slice s)
{
	static const struct {
		const char *form, *text;
	} forms[] = {
	    {"\xe2\x90\xa3", " "},  /* open box */
	    {"\xe2\x86\xb5", ""},   /* a newline that is there anyway */
	    {"\xe2\x88\x8e\n", ""}, /* no newline at the end */
	    {"\xe2\x86\x90", "\r"}, {"\xe2\x87\x94", "\xef\xbb\xbf"}, {"\xc2\xbb", "\t"},
	    {"\xe2\x80\x94", ""}, /* a dash before a tab */
	};

	while (s.len > 0) {
		size_t i = 0;

		while (i < sizeof(forms) / sizeof(forms[0]) &&
		       !slice_starts(s, slice_str(forms[i].form)))
			i++;
		if (i < sizeof(forms) / sizeof(forms[0])) {
			buf_add_str(out, forms[i].text);
			s = slice_from(s, strlen(forms[i].form));
		} else {
			buf_add_byte(out, s.ptr[0]);
			s = slice_from(s, 1);
		}
	}
}

struct tally {
	unsigned right, refused, lenient;
};

static void
run_suite_case(const char *file, size_t at, struct slice yaml, struct slice tree,
    bool must_fail, struct tally *t)
{
	struct buf got = BUF_INIT(1 << 20), want = BUF_INIT(1 << 20);
	struct yaml_reader *r = yaml_reader_new(file, yaml, NULL, mem);
	const struct yaml_node *root;
	struct slice rest = tree, line;
	int rc;

	while ((rc = yaml_reader_next(r, &root, &err)) == 1)
		write_tree(&got, root);
	yaml_reader_free(r);
	if (rc < 0) {
		t->refused++; /* "what it does not support must be refused" */
		goto out;
	}
	if (must_fail) {
		t->lenient++;
		goto out;
	}
	while (rest.len > 0) {
		struct slice here = rest;

		slice_cut_line(&rest, &line);
		line = slice_trim(line);
		if (slice_starts(line, SLICE("=VAL")) || slice_starts(line, SLICE("+MAP")) ||
		    slice_starts(line, SLICE("+SEQ"))) {
			rest = here;
			copy_expected(&want, &rest, false);
		}
	}
	/* YAML 1.1 begins a key with every "?" inside [ ], whatever follows it: [?x] is [{x:
	 * ~}]. */
	if (slice_is(yaml, "[?x]") || slice_is(yaml, "[?x]\n"))
		goto out;
	if (slice_search(tree, SLICE("=ALI")) == SIZE_MAX &&
	    !slice_equal(buf_slice(&got), buf_slice(&want)))
		fail_msg("%s case %zu is misread:\n%s\nexpected:\n%s", file, at, buf_str(&got),
		    buf_str(&want));
	t->right++;
out:
	buf_release(&got);
	buf_release(&want);
}

static void
run_suite_file(void *ctx, const char *name, struct slice text)
{
	struct buf yaml = BUF_INIT(1 << 20), tree = BUF_INIT(1 << 20);
	const struct yaml_node *root, *last_yaml = NULL, *last_tree = NULL;

	if (yaml_parse(name, text, mem, &root, &err) != 0)
		fail_msg("the suite's own file: %s", err.text);
	for (size_t i = 0; i < root->count; i++) {
		const struct yaml_node *c = &root->items[i];
		bool fails = false;

		/* A member that is absent is the case before's. */
		if (yaml_get(c, "yaml") != NULL)
			last_yaml = yaml_get(c, "yaml");
		if (yaml_get(c, "tree") != NULL)
			last_tree = yaml_get(c, "tree");
		assert_int_equal(yaml_bool(yaml_get(c, "fail"), &fails, &err), 0);
		buf_reset(&yaml);
		buf_reset(&tree);
		unmask(&yaml, last_yaml->text);
		if (last_tree != NULL)
			unmask(&tree, last_tree->text);
		run_suite_case(name, i, buf_slice(&yaml), buf_slice(&tree), fails, ctx);
	}
	buf_release(&yaml);
	buf_release(&tree);
	arena_reset(mem);
}

static void
nothing_in_the_public_suite_is_misread(void **state)
{
	char *dir = shared_data_unpack("yaml-test-suite-half");
	struct tally t = {0};

	if (dir == NULL)
		skip();
	shared_data_each(dir, run_suite_file, &t);
	shared_data_remove(dir);
	print_message("read right %u, refused %u, accepted though not strict YAML %u\n",
	    t.right, t.refused, t.lenient);
	assert_true(t.right > 100);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_document_keeps_order_lines_and_styles),
	    TEST(an_empty_file_is_null),
	    TEST(aliases_are_part_of_the_tree),
	    TEST(what_could_be_misread_is_refused),
	    TEST(a_bomb_meets_the_bound_on_nodes),
	    TEST(text_repeated_by_aliases_counts_too),
	    TEST(depth_is_bounded_also_through_aliases),
	    TEST(a_large_document_is_refused_before_it_is_read),
	    TEST(a_bad_document_takes_no_other_along),
	    TEST(an_arena_too_small_is_an_answer),
	    TEST(typed_readers_take_what_fits),
	    TEST(typed_readers_say_what_they_wanted),
	    TEST(nothing_in_the_public_suite_is_misread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
