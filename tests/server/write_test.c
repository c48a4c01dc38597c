/* write_test.c - objects of the API from hostile rows: always JSON. */
#include "test.h"

#include "server/write.h"

static void
parse(struct buf *text, struct json **root)
{
	struct err e = {0};

	assert_false(text->failed);
	if (json_parse(root, buf_slice(text), 1 << 20, &e) != 0)
		fail_msg("%s: %.*s", e.text, SLICE_ARG(buf_slice(text)));
}

static void
reasons_come_most_first_and_only_where_there_are_lines(void **state)
{
	struct source_view s = {
	    .institution = SLICE("kita"), .node = SLICE("n-1"), .name = SLICE("pr\"o\xff\n")};
	struct buf text = BUF_INIT(1 << 16);
	struct json_out o = json_out_to(&text);
	const struct json *unread;
	struct json *root;
	int64_t a = 0, b = 0;
	struct err e;

	s.unread[CODEC_BAD_TIME] = 5;
	s.unread[CODEC_BAD_JSON] = 7;
	write_source(&o, &s);
	parse(&text, &root);
	unread = json_member(root, "unread");
	assert_int_equal(json_count(unread), 2);
	assert_int_equal(json_need_int(json_item(unread, 0), "count", 0, 100, &a, &e), 0);
	assert_int_equal(json_need_int(json_item(unread, 1), "count", 0, 100, &b, &e), 0);
	assert_true(a == 7 && b == 5);
	assert_int_equal(json_kind_of(json_member(root, "last_batch")), JSON_IS_NULL);
	assert_int_equal(json_kind_of(json_member(root, "errors")), JSON_IS_ARRAY);
	json_free(root);
	buf_release(&text);
}

static void
an_alert_is_what_was_stored_with_what_people_did_in_front(void **state)
{
	struct alert_row row = {.id = "0af",
	    .status = ALERT_CLOSED,
	    .closed_by = SLICE("user:suzuki"),
	    .closed_reason = SLICE("benign"),
	    .closed_at = {1}};
	struct buf text = BUF_INIT(1 << 16);
	struct slice by;
	struct json *root;
	struct err e;

	write_alert(&text, &row, SLICE("{\"id\":\"0af\",\"count\":2}"), SLICE("北\"病院"));
	parse(&text, &root);
	assert_int_equal(json_need_string(root, "closed.by", 64, &by, &e), 0);
	assert_slice(by, "suzuki");
	assert_int_equal(json_need_string(root, "id", 64, &by, &e), 0);
	assert_slice(by, "0af");
	json_free(root);
	buf_reset(&text);
	row.status = ALERT_OPEN;
	write_alert(&text, &row, SLICE("{\"id\":\"0af\",\"count\":2}"), SLICE("北病院"));
	parse(&text, &root);
	assert_int_equal(json_kind_of(json_member(root, "closed")), JSON_IS_NULL);
	json_free(root);
	buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reasons_come_most_first_and_only_where_there_are_lines),
	    cmocka_unit_test(an_alert_is_what_was_stored_with_what_people_did_in_front),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
