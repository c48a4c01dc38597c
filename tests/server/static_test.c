/* static_test.c - which of the console's files answers for a path; the API's description. */
#include "test.h"

#include "server/static.h"
#include "text/json.h"

static const struct embedded_file files[] = {{"assets/console-1.js", SLICE_LITERAL("js")},
    {"index.html", SLICE_LITERAL("<!doctype html>")}, {0}};

static const char *
find(const char *path)
{
	const struct embedded_file *f = static_find(files, slice_str(path));

	return f == NULL ? "(none)" : f->name;
}

static void
pages_are_the_index_and_files_are_themselves(void **state)
{
	assert_string_equal(find(""), "index.html");
	assert_string_equal(find("institutions"), "index.html");
	assert_string_equal(find("institutions/kita"), "index.html");
	assert_string_equal(find("alerts/0af"), "index.html");
	assert_string_equal(find("assets/console-1.js"), "assets/console-1.js");
	assert_string_equal(find("assets/console-2.js"), "(none)");
	assert_string_equal(find("assets/../index.html"), "(none)");
	assert_string_equal(find("etc/passwd"), "(none)");
}

static void
types_follow_the_name(void **state)
{
	assert_string_equal(static_type("a.js"), "text/javascript; charset=utf-8");
	assert_string_equal(static_type("index.html"), "text/html; charset=utf-8");
	assert_string_equal(static_type("x"), "application/octet-stream");
}

static void
yaml_becomes_the_same_json(void **state)
{
	struct buf out = BUF_INIT(10000);
	struct err e = {0};

	assert_int_equal(
	    static_yaml_to_json(
		SLICE("a: [1, '1', true, null, x: y]\nb: {'200': {}}\n"), &out, &e),
	    0);
	assert_slice(
	    buf_slice(&out), "{\"a\":[1,\"1\",true,null,{\"x\":\"y\"}],\"b\":{\"200\":{}}}");
	buf_release(&out);
}

static void
the_description_of_the_api_is_one_json_document(void **state)
{
	struct buf out = BUF_INIT(1 << 20);
	struct json *root = NULL;
	struct err e = {0};
	struct slice version;

	if (static_yaml_to_json(embedded_api[0].bytes, &out, &e) != 0)
		fail_msg("%s", e.text);
	if (json_parse(&root, buf_slice(&out), 1 << 20, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(json_need_string(root, "openapi", 10, &version, &e), 0);
	assert_slice(version, "3.1.0");
	json_free(root);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pages_are_the_index_and_files_are_themselves),
	    cmocka_unit_test(types_follow_the_name),
	    cmocka_unit_test(yaml_becomes_the_same_json),
	    cmocka_unit_test(the_description_of_the_api_is_one_json_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
