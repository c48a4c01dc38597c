#include "test.h"

#include "event/json_scan.h"
#include "shared_data.h"

static enum scan_error
scan(struct slice text, struct arena *mem)
{
	struct json_scan j = json_scan_over(text, mem);
	struct slice v;

	json_scan_skip(&j, json_scan_value(&j, &v));
	json_scan_end(&j);
	return j.error;
}

static void
assert_string(const char *text, const char *expected, size_t len)
{
	struct arena *mem = arena_new(4096);
	struct json_scan j = json_scan_over(slice_str(text), mem);
	struct slice v;

	assert_int_equal(json_scan_value(&j, &v), SCAN_STRING);
	assert_true(json_scan_end(&j));
	if (!slice_equal(v, slice_of(expected, len)))
		fail_msg("%s gave \"%.*s\"", text, SLICE_ARG(v));
	arena_free(mem);
}

static void
strings_are_decoded_as_the_rfc_says(void **state)
{
	assert_string("\"\"", "", 0);
	assert_string("\"plain\"", "plain", 5);
	assert_string("\"a\\\"b\\\\c\\/d\"", "a\"b\\c/d", 7);
	assert_string("\"\\b\\f\\n\\r\\t\"", "\b\f\n\r\t", 5);
	assert_string("\"\\u65e5\\u672c\"", "日本", 6);
	assert_string("\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80", 4);
	assert_string("\"\\u0000x\"", "\0x", 2);
	assert_string("\"\\ud83dx\"", "\xef\xbf\xbdx", 4);
	assert_string("\"\\ude00\"", "\xef\xbf\xbd", 3);
	assert_string("\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80", 7);
	assert_string("\"0123456789abcdef\\n0123456789abcdef0123456789\"",
	    "0123456789abcdef\n0123456789abcdef0123456789", 43);
}

static void
a_string_without_an_escape_is_not_copied(void **state)
{
	struct arena *mem = arena_new(4096);
	struct slice text = SLICE("\"as it is\""), v;
	struct json_scan j = json_scan_over(text, mem);

	assert_int_equal(json_scan_value(&j, &v), SCAN_STRING);
	assert_ptr_equal(v.ptr, text.ptr + 1);
	assert_int_equal(arena_used(mem), 0);
	arena_free(mem);
}

static void
depth_is_bounded(void **state)
{
	struct arena *mem = arena_new(4096);
	char text[2 * SCAN_DEPTH_MAX + 3];

	for (int depth = 1; depth <= SCAN_DEPTH_MAX + 1; depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		assert_int_equal(scan(slice_of(text, 2 * (size_t)depth), mem),
		    depth <= SCAN_DEPTH_MAX ? SCAN_FINE : SCAN_TOO_DEEP);
	}
	arena_free(mem);
}

static void
what_is_not_json_is_refused(void **state)
{
	static const char *const bad[] = {"", " ", "{", "}", "[", "]", "[1,]", "[,1]", "[1 2]",
	    "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}", "{\"a\":1}x", "[1}",
	    "{\"a\":1]", "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"",
	    "\"\\", "\"\\\\\\", "01", "-", "1.", ".5", "1e", "1e+", "+1", "tru", "TRUE", "nul",
	    "nan", "'a'", "[1]]", "1 2", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "\"a\\\nb\""};
	struct arena *mem = arena_new(4096);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (scan(slice_str(bad[i]), mem) != SCAN_SYNTAX)
			fail_msg("accepted %s", bad[i]);
	arena_free(mem);
}

/* y_*.json must be read, n_*.json must not, i_*.json may go either way. */
static void
check_suite_file(void *mem, const char *name, struct slice bytes)
{
	enum scan_error got = scan(bytes, mem);

	if ((name[0] == 'y' && got != SCAN_FINE) || (name[0] == 'n' && got == SCAN_FINE))
		fail_msg("%s: %s", name, got == SCAN_FINE ? "accepted" : "refused");
	arena_reset(mem);
}

static void
the_public_test_suite_agrees(void **state)
{
	char *dir = shared_data_unpack("json-test-suite");
	struct arena *mem = arena_new(16 * 1024 * 1024);

	if (dir == NULL)
		skip();
	assert_true(shared_data_each(dir, check_suite_file, mem) > 200);
	shared_data_remove(dir);
	arena_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(strings_are_decoded_as_the_rfc_says),
	    cmocka_unit_test(a_string_without_an_escape_is_not_copied),
	    cmocka_unit_test(depth_is_bounded),
	    cmocka_unit_test(what_is_not_json_is_refused),
	    cmocka_unit_test(the_public_test_suite_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
