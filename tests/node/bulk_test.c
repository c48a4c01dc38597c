/* bulk_test.c - what a _bulk body asks for, and what we answer. */
#include "test.h"

#include "node/bulk.h"

static void
items_come_in_order_with_their_index(void **state)
{
	struct bulk b = bulk_over(SLICE("{\"index\":{\"_index\":\"logs\",\"_id\":\"7\"}}\n"
					"{\"a\":1}\r\n\n"
					"{ \"create\" : {} }\n{\"b\":2}\n"
					"{\"delete\":{\"_id\":\"1\"}}\n"
					"{\"update\":{}}\n{\"doc\":{}}"),
	    SLICE("path"));
	struct bulk_item it;
	struct err e;

	assert_int_equal(bulk_next(&b, &it, &e), BULK_ITEM);
	assert_int_equal(it.action, BULK_INDEX);
	assert_string_equal(it.index, "logs");
	assert_string_equal(it.id, "7");
	assert_slice(it.document, "{\"a\":1}");
	assert_int_equal(bulk_next(&b, &it, &e), BULK_ITEM);
	assert_int_equal(it.action, BULK_CREATE);
	assert_string_equal(it.index, "path");
	assert_string_equal(it.id, "");
	assert_slice(it.document, "{\"b\":2}");
	assert_int_equal(bulk_next(&b, &it, &e), BULK_ITEM);
	assert_int_equal(it.action, BULK_DELETE);
	assert_false(bulk_takes(it.action));
	assert_null(it.document.ptr);
	assert_int_equal(bulk_next(&b, &it, &e), BULK_ITEM);
	assert_int_equal(it.action, BULK_UPDATE);
	assert_slice(it.document, "{\"doc\":{}}");
	assert_int_equal(bulk_next(&b, &it, &e), BULK_END);
}

static void
what_is_malformed_is_named_by_its_line(void **state)
{
	static const struct {
		const char *body, *says;
	} cases[] = {
	    {"{\"create\":{}}\n{}\nnot json\n", "[3]"},
	    {"[]\n{}\n", "[1]"},
	    {"{\"upsert\":{}}\n{}\n", "[1]"},
	    {"{\"create\":{},\"index\":{}}\n{}\n", "[1]"},
	    {"{\"create\":{\"_index\":1}}\n{}\n", "[1]"},
	    {"{\"create\":{}}\n", "[1]"},
	    {"{\"create\":{}}\n\n", "[1]"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bulk b = bulk_over(slice_str(cases[i].body), SLICE(""));
		struct bulk_item it;
		struct err e = {0};
		enum bulk_status st;

		while ((st = bulk_next(&b, &it, &e)) == BULK_ITEM)
			;
		assert_int_equal(st, BULK_BAD);
		if (strstr(e.text, cases[i].says) == NULL)
			fail_msg("\"%s\" does not name line %s", e.text, cases[i].says);
	}
}

static void
answers_say_what_became_of_each_item(void **state)
{
	struct bulk_item it = {.action = BULK_CREATE, .index = "a\"b", .id = "x"};
	struct buf out = BUF_INIT(10000);

	bulk_add_answer(&out, &it, 0, NULL);
	assert_slice(buf_slice(&out),
	    "{\"create\":{\"_index\":\"a\\\"b\",\"_id\":\"x\",\"_version\":1,\"result\":"
	    "\"created\","
	    "\"_shards\":{\"total\":1,\"successful\":1,\"failed\":0},\"_seq_no\":0,"
	    "\"_primary_term\":1,\"status\":201}}");
	buf_reset(&out);
	it.action = BULK_DELETE;
	bulk_add_answer(&out, &it, 0, "no");
	assert_slice(buf_slice(&out),
	    "{\"delete\":{\"_index\":\"a\\\"b\",\"_id\":\"x\",\"status\":400,\"error\":"
	    "{\"type\":\"illegal_argument_exception\",\"reason\":\"no\"}}}");
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(items_come_in_order_with_their_index),
	    cmocka_unit_test(what_is_malformed_is_named_by_its_line),
	    cmocka_unit_test(answers_say_what_became_of_each_item),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
