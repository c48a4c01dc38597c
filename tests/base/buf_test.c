/* buf_test.c - the builder's largest size, and JSON strings from hostile bytes. */
#include "test.h"

#include "base/buf.h"

static void
failure_sticks_until_reset(void **state)
{
	struct buf b = BUF_INIT(8);

	buf_add_str(&b, "12345");
	buf_add_str(&b, "6789");
	assert_true(b.failed);
	buf_add_str(&b, "x");
	assert_slice(buf_slice(&b), "12345");
	assert_null(buf_str(&b));
	buf_reset(&b);
	buf_printf(&b, "%d", 42);
	assert_string_equal(buf_str(&b), "42");
	buf_release(&b);
}

static void
json_of_any_bytes_is_valid(void **state)
{
	struct buf b = BUF_INIT(1000);

	buf_add_json(&b, SLICE("a\"\\\n\x01\x7f\xe7\x81\xab\xff\xc0\xaf"));
	assert_slice(buf_slice(&b),
	    "\"a\\\"\\\\\\n\\u0001\\u007f\xe7\x81\xab\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(failure_sticks_until_reset),
	    cmocka_unit_test(json_of_any_bytes_is_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
