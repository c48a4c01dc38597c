/* route_test.c - which row an address belongs to, and that no row is careless. */
#include "test.h"

#include "server/route.h"

static const struct route *found;
static struct slice part[ROUTE_PARTS_MAX];

static enum route_answer
find(enum route_listener l, enum http_method m, const char *path)
{
	found = NULL;
	return route_find(l, m, slice_str(path), &found, part);
}

static void
a_path_finds_its_row_and_its_parts(void **state)
{
	assert_int_equal(find(ROUTE_CONSOLE, HTTP_GET, "/api/v1/alerts"), ROUTE_FOUND);
	assert_string_equal(found->name, "GET /api/v1/alerts");
	assert_int_equal(
	    find(ROUTE_CONSOLE, HTTP_POST, "/api/v1/alerts/0af/close"), ROUTE_FOUND);
	assert_string_equal(found->name, "POST /api/v1/alerts/{alert}/close");
	assert_slice(part[0], "0af");
	assert_int_equal(find(ROUTE_CONSOLE, HTTP_GET, "/assets/a/b.js"), ROUTE_FOUND);
	assert_slice(part[0], "assets/a/b.js");
	assert_int_equal(find(ROUTE_CONSOLE, HTTP_GET, "/"), ROUTE_FOUND);
	assert_slice(part[0], "");
}

static void
what_has_no_row_is_told_apart_from_a_wrong_method(void **state)
{
	assert_int_equal(find(ROUTE_NODE, HTTP_GET, "/v1/batches"), ROUTE_NO_METHOD);
	assert_int_equal(find(ROUTE_NODE, HTTP_OTHER, "/v1/batches"), ROUTE_NO_METHOD);
	assert_int_equal(find(ROUTE_NODE, HTTP_POST, "/v1/batches/"), ROUTE_NO_PATH);
	assert_int_equal(find(ROUTE_NODE, HTTP_POST, "/v1"), ROUTE_NO_PATH);
	assert_int_equal(find(ROUTE_NODE, HTTP_POST, "v1/batches"), ROUTE_NO_PATH);
	assert_int_equal(find(ROUTE_NODE, HTTP_POST, ""), ROUTE_NO_PATH);
	assert_int_equal(
	    find(ROUTE_CONSOLE, HTTP_POST, "/api/v1/alerts//close"), ROUTE_NO_METHOD);
}

static void
listeners_do_not_serve_each_others_addresses(void **state)
{
	assert_int_equal(find(ROUTE_NODE, HTTP_GET, "/api/v1/alerts"), ROUTE_NO_PATH);
	assert_int_equal(find(ROUTE_CONSOLE, HTTP_POST, "/v1/batches"), ROUTE_NO_METHOD);
}

/* Whatever is below /api/v1 needs a session, but for those named here. */
static void
no_row_is_open_by_accident(void **state)
{
	static const char *const open[] = {"POST /api/v1/session", "GET /api/v1/openapi.json",
	    "GET /api/{rest...}", "GET /{file...}", "POST /v1/enroll", "GET /v1/ca"};

	for (size_t i = 0; i < route_count; i++) {
		const struct route *r = &route_all[i];
		bool named = false;

		for (size_t n = 0; n < sizeof(open) / sizeof(open[0]); n++)
			named = named || strcmp(open[n], r->name) == 0;
		assert_int_equal(r->who == WHO_ANYONE, named);
		assert_true(
		    r->listener == ROUTE_CONSOLE ? r->who != WHO_NODE : r->who <= WHO_NODE);
		assert_true(r->body_max <= BATCH_BODY_MAX);
		assert_true(r->method != HTTP_GET || r->body_max == 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_path_finds_its_row_and_its_parts),
	    cmocka_unit_test(what_has_no_row_is_told_apart_from_a_wrong_method),
	    cmocka_unit_test(listeners_do_not_serve_each_others_addresses),
	    cmocka_unit_test(no_row_is_open_by_accident),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
