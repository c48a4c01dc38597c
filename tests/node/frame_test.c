/* frame_test.c - records come out the same however the network cuts the stream. */
#include "test.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/hash.h"
#include "node/frame.h"

/* Feed `whole` in pieces that end where `ends` says; write every record as "[text]", a refusal
 * as "!". */
static void
feed(struct slice whole, const size_t *ends, size_t n_ends, struct buf *out)
{
	enum frame_method method = FRAME_UNDECIDED;
	enum frame_status st = FRAME_MORE;
	struct slice rec = {0}, in = {.ptr = whole.ptr};

	for (size_t i = 0; i <= n_ends && st != FRAME_BAD; i++) {
		size_t end = i < n_ends ? ends[i] : whole.len;

		in.len = (size_t)(whole.ptr + end - in.ptr);
		while ((st = frame_cut_record(&method, &in, &rec)) == FRAME_OK) {
			assert_true(rec.len > 0 || method == FRAME_COUNTED);
			assert_true(
			    rec.ptr >= whole.ptr && rec.ptr + rec.len <= whole.ptr + end);
			buf_add_byte(out, '[');
			buf_add(out, rec);
			buf_add_byte(out, ']');
		}
	}
	if (st == FRAME_BAD)
		buf_add_byte(out, '!');
	else if (frame_cut_rest(method, &in, &rec)) {
		buf_add_byte(out, '(');
		buf_add(out, rec);
		buf_add_byte(out, ')');
	}
	assert_false(out->failed);
}

static void
check(struct slice whole, const char *expected)
{
	struct buf out = BUF_INIT(1 << 20);

	feed(whole, NULL, 0, &out);
	assert_slice(buf_slice(&out), expected);
	for (size_t a = 0; a <= whole.len; a++) {
		for (size_t b = a; b <= whole.len; b++) {
			buf_reset(&out);
			feed(whole, (const size_t[]){a, b}, 2, &out);
			assert_slice(buf_slice(&out), expected);
		}
	}
	buf_release(&out);
}

static void
both_methods_give_their_records(void **state)
{
	check(SLICE("5 <1>ab6 <1>\nab"), "[<1>ab][<1>\nab]");
	check(SLICE("<1>a\r\n\n<2>b\0<3>c\n"), "[<1>a][<2>b][<3>c]");
	check(SLICE("2026-11-23 no header\nx\n"), "[2026-11-23 no header][x]");
	check(SLICE("7 days\n"), "[7 days]");
	check(SLICE(""), "");
}

static void
a_record_without_its_end_is_kept(void **state)
{
	check(SLICE("<1>a\n<1>b"), "[<1>a](<1>b)");
	check(SLICE("9 <1>ab"), "(<1>ab)");
	check(SLICE("5"), "(5)");
}

static void
what_is_no_frame_is_refused(void **state)
{
	check(SLICE("4 <1>a<2>b"), "[<1>a]!");
	check(SLICE("4 <1>a04 <1>b"), "[<1>a]!");
	check(SLICE("4 <1>a262145 <1>b"), "[<1>a]!");
	check(SLICE("4 <1>a9999999999999999999999 <1>b"), "[<1>a]!");
	check(SLICE("010 <1>abcdefgh\n"), "[010 <1>abcdefgh]");
}

static void
endless_lines_are_cut_in_pieces(void **state)
{
	size_t len = 2 * FRAME_LINE_MAX + 10;
	uint8_t *bytes = malloc(len);
	struct buf whole_out = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
	uint64_t seed = 7;

	assert_non_null(bytes);
	memset(bytes, 'x', len);
	bytes[len - 1] = '\n';
	feed(slice_of(bytes, len), NULL, 0, &whole_out);
	assert_int_equal(whole_out.len, len - 1 + 6);
	for (int i = 0; i < 200; i++) {
		size_t ends[3];

		for (int k = 0; k < 3; k++)
			ends[k] =
			    (seed = hash_u64(seed + 1)) % (len / 3) + (size_t)k * (len / 3);
		buf_reset(&out);
		feed(slice_of(bytes, len), ends, 3, &out);
		assert_true(slice_equal(buf_slice(&out), buf_slice(&whole_out)));
	}
	buf_release(&whole_out);
	buf_release(&out);
	free(bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_methods_give_their_records),
	    cmocka_unit_test(a_record_without_its_end_is_kept),
	    cmocka_unit_test(what_is_no_frame_is_refused),
	    cmocka_unit_test(endless_lines_are_cut_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
