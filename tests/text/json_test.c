/* json_test.c - bounds, messages, and the verdicts of the public JSON test suite. */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared_data.h"
#include "text/json.h"

static struct json *
parsed(const char *text)
{
	struct json *root = NULL;
	struct err e = {0};

	if (json_parse(&root, slice_str(text), 1 << 20, &e) != 0)
		fail_msg("%s: %s", text, e.text);
	return root;
}

static void
check_refused(struct slice text, size_t max, const char *message)
{
	struct json *root = NULL;
	struct err e = {0};

	assert_int_equal(json_parse(&root, text, max, &e), -1);
	assert_null(root);
	assert_string_equal(e.text, message);
}

static void
what_breaks_a_bound_is_refused_with_a_sentence(void **state)
{
	struct buf b = BUF_INIT(1 << 20);
	struct json *root = NULL;

	check_refused(SLICE("[1,2]"), 4, "JSON of 5 bytes is larger than the 4 allowed");
	check_refused(SLICE(" \n"), 9, "not valid JSON: it is empty");
	check_refused((struct slice){0}, 9, "not valid JSON: it is empty");
	check_refused(SLICE("{\"a\":1,\n\"a\":2}"), 99,
	    "not valid JSON: line 2, column 3: duplicate object key");

	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_add_byte(&b, '[');
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_add_byte(&b, ']');
	assert_int_equal(json_parse(&root, buf_slice(&b), b.len, NULL), 0);
	json_free(root);
	buf_reset(&b);
	for (int i = 0; i <= JSON_DEPTH_MAX; i++)
		buf_add_str(&b, "\n[");
	check_refused(buf_slice(&b), b.len, "JSON is nested deeper than 64 levels (line 66)");
	buf_reset(&b);
	for (int i = 0; i < 500000; i++)
		buf_add_byte(&b, '[');
	check_refused(buf_slice(&b), b.len, "JSON is nested deeper than 64 levels (line 1)");
	buf_release(&b);
}

static void
brackets_inside_strings_do_not_count_as_depth(void **state)
{
	struct buf b = BUF_INIT(1000);
	struct json *root = NULL;

	buf_add_str(&b, "[\"\\\"");
	for (int i = 0; i < 200; i++)
		buf_add_byte(&b, '[');
	buf_add_str(&b, "\"]");
	assert_int_equal(json_parse(&root, buf_slice(&b), b.len, NULL), 0);
	json_free(root);
	buf_release(&b);
}

static void
a_message_never_quotes_the_document(void **state)
{
	struct json *root = NULL;
	struct err e = {0};

	assert_int_equal(json_parse(&root, SLICE("{\"token\": s3cret}"), 99, &e), -1);
	assert_null(strstr(e.text, "s3cret"));
	assert_non_null(strstr(e.text, "line 1"));
}

#define CHECK_MESSAGE(call, message)                                                           \
	do {                                                                                   \
		struct err e = {0};                                                            \
		assert_int_equal((call), -1);                                                  \
		assert_string_equal(e.text, (message));                                        \
	} while (0)

static void
getters_say_which_member_is_wrong_and_what_it_must_be(void **state)
{
	struct json *root =
	    parsed("{\"token\":7,\"name\":\"\xe7\x81\xab\xe3\x81\xae\xe8\xa6\x8b\","
		   "\"spool\":{\"bytes\":12,\"big\":99999},\"none\":null,"
		   "\"nul\":\"a\\u0000b\",\"list\":[1,2,3],\"at\":\"yesterday\"}");
	struct slice s;
	const struct json *v;
	struct instant at;
	int64_t i = 0;
	bool b;

	CHECK_MESSAGE(json_need_string(root, "token", 200, &s, &e),
	    "\"token\" must be a string of at most 200 characters");
	CHECK_MESSAGE(json_need_string(root, "none", 5, &s, &e),
	    "\"none\" is missing: it must be a string of at most 5 characters");
	assert_int_equal(json_need_string(root, "name", 3, &s, NULL), 0);
	char chars[16];
	assert_int_equal(json_need_chars(root, "name", chars, s.len + 1, NULL), 0);
	assert_slice(s, chars);
	assert_int_equal(json_need_chars(root, "name", chars, s.len, NULL), -1);
	assert_slice(s, "\xe7\x81\xab\xe3\x81\xae\xe8\xa6\x8b");
	CHECK_MESSAGE(json_want_string(root, "name", 2, &s, &e),
	    "\"name\" must be a string of at most 2 characters");
	CHECK_MESSAGE(
	    json_need_string(root, "nul", 9, &s, &e), "\"nul\" must not hold NUL characters");
	assert_int_equal(json_need_int(root, "spool.bytes", 0, 100, &i, NULL), 0);
	assert_int_equal(i, 12);
	CHECK_MESSAGE(json_need_int(root, "spool.big", 0, 100, &i, &e),
	    "\"spool.big\" must be a whole number from 0 to 100");
	CHECK_MESSAGE(json_need_int(root, "spool.gone", 0, INT64_MAX, &i, &e),
	    "\"spool.gone\" is missing: it must be a whole number of at least 0");
	CHECK_MESSAGE(json_need_int(root, "token.bytes.x", INT64_MIN, INT64_MAX, &i, &e),
	    "\"token.bytes.x\" is missing: it must be a whole number");
	CHECK_MESSAGE(json_need_bool(root, "token", &b, &e), "\"token\" must be true or false");
	CHECK_MESSAGE(json_need_array(root, "list", 2, &v, &e),
	    "\"list\" must be an array of at most 2 items");
	CHECK_MESSAGE(json_need_object(root, "list", &v, &e), "\"list\" must be an object");
	CHECK_MESSAGE(json_need_instant(root, "at", &at, &e),
	    "\"at\" must be a time like 2026-11-23T01:07:59Z");
	json_free(root);
}

static void
what_is_only_wanted_may_be_absent(void **state)
{
	struct json *root = parsed("{\"a\":null}");
	struct slice s = SLICE("before");
	const struct json *v = root;
	struct instant at = {1};
	int64_t i = 5;
	bool b = true;

	assert_int_equal(json_want_string(root, "a", 3, &s, NULL), 0);
	assert_int_equal(json_want_int(root, "b", 0, 9, &i, NULL), 0);
	assert_int_equal(json_want_bool(root, "b.c", &b, NULL), 0);
	assert_int_equal(json_want_instant(root, "b", &at, NULL), 0);
	assert_int_equal(json_want_array(root, "b", 9, &v, NULL), 0);
	assert_int_equal(json_want_object(root, "b", &v, NULL), 0);
	assert_slice(s, "before");
	assert_int_equal(i, 5);
	assert_true(b && v == root && at.us == 1);
	json_free(root);
}

static void
questions_that_do_not_fit_get_the_empty_answer(void **state)
{
	struct json *root = parsed("[1.5, 9223372036854775807, \"x\", true]");
	struct json_walk w = {0};
	const struct json *v;
	struct slice name;
	int64_t i;

	assert_int_equal(json_count(root), 4);
	assert_null(json_item(root, 4));
	assert_null(json_member(root, "x"));
	assert_false(json_next(root, &w, &name, &v));
	assert_false(json_int(json_item(root, 0), &i));
	assert_true(json_int(json_item(root, 1), &i) && i == INT64_MAX);
	assert_null(json_text(json_item(root, 0)).ptr);
	assert_slice(json_text(json_item(root, 2)), "x");
	assert_true(json_truth(json_item(root, 3)));
	assert_true(json_double(json_item(root, 0)) == 1.5);
	assert_int_equal(json_kind_of(NULL), JSON_IS_NULL);
	assert_int_equal(json_count(NULL), 0);
	json_free(root);
	json_free(NULL);
}

static void
what_is_written_reads_back_the_same(void **state)
{
	const char *text = "{\"b\":[1,-2.5,true,null,{}],\"a\":\"\\u0000\xe7\x81\xab\\\"\","
			   "\"c.d\":{\"x\":[],\"y\":0.1},\"e\":1e+300}";
	struct json *root = parsed(text);
	struct buf b = BUF_INIT(1000);

	json_write(&b, root);
	assert_string_equal(buf_str(&b), text);
	json_free(root);
	buf_release(&b);
}

static void
commas_come_by_themselves(void **state)
{
	struct buf b = BUF_INIT(1000);
	struct json_out o = json_out_to(&b);

	json_open_object(&o, NULL);
	json_put_str(&o, "a", "x\n");
	json_put_str(&o, "none", NULL);
	json_open_array(&o, "list");
	json_put_int(&o, NULL, INT64_MIN);
	json_put_uint(&o, NULL, UINT64_MAX);
	json_open_object(&o, NULL);
	json_close_object(&o);
	json_put_double(&o, NULL, 1.0 / 3);
	json_put_double(&o, NULL, (double)INFINITY);
	json_put_bool(&o, NULL, false);
	json_close_array(&o);
	json_put_instant(&o, "at", (struct instant){0});
	json_put_raw(&o, "raw", SLICE("[]"));
	json_close_object(&o);
	assert_string_equal(buf_str(&b), "{\"a\":\"x\\n\",\"none\":null,\"list\":[-"
					 "9223372036854775808,18446744073709551615,{},"
					 "0.3333333333333333,null,false],\"at\":\"1970-01-"
					 "01T00:00:00.000000Z\",\"raw\":[]}");
	buf_release(&b);
}

/* Valid JSON refused all the same: names that two readers could understand in two ways. */
static bool
refused_on_purpose(const char *name)
{
	return strcmp(name, "y_object_escaped_null_in_key.json") == 0 ||
	       strcmp(name, "y_object_duplicated_key.json") == 0 ||
	       strcmp(name, "y_object_duplicated_key_and_value.json") == 0;
}

static void
check_verdict(void *ctx, const char *name, struct slice bytes)
{
	struct json *root = NULL, *again = NULL;
	struct buf b = BUF_INIT(1 << 20);
	struct err e = {0};
	int rc = json_parse(&root, bytes, 1 << 20, &e);
	bool want = name[0] == 'y' && !refused_on_purpose(name);

	if (name[0] != 'i' && (rc == 0) != want)
		fail_msg("%s: parsed %d: %s", name, rc == 0, e.text);
	if (rc == 0) {
		json_write(&b, root);
		if (json_parse(&again, buf_slice(&b), 1 << 20, &e) != 0)
			fail_msg("%s: what was written is refused: %s", name, e.text);
	}
	json_free(root);
	json_free(again);
	buf_release(&b);
}

static void
the_public_test_suite_gets_its_verdicts(void **state)
{
	char *dir = shared_data_unpack("json-test-suite");

	if (dir == NULL)
		skip();
	assert_int_equal(shared_data_each(dir, check_verdict, NULL), 318);
	shared_data_remove(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_breaks_a_bound_is_refused_with_a_sentence),
	    cmocka_unit_test(brackets_inside_strings_do_not_count_as_depth),
	    cmocka_unit_test(a_message_never_quotes_the_document),
	    cmocka_unit_test(getters_say_which_member_is_wrong_and_what_it_must_be),
	    cmocka_unit_test(what_is_only_wanted_may_be_absent),
	    cmocka_unit_test(questions_that_do_not_fit_get_the_empty_answer),
	    cmocka_unit_test(what_is_written_reads_back_the_same),
	    cmocka_unit_test(commas_come_by_themselves),
	    cmocka_unit_test(the_public_test_suite_gets_its_verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
