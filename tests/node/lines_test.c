/* lines_test.c - batches end at line ends, and together they are the stream again. */
#include "test.h"

#include <stdlib.h>

#include "base/hash.h"
#include "event/batch.h"
#include "node/lines.h"

static void
whole_lines_only_until_the_last(void **state)
{
	uint64_t lines;

	assert_int_equal(lines_take(SLICE("a\nb\nc"), 100, false, &lines), 4);
	assert_int_equal(lines, 2);
	assert_int_equal(lines_take(SLICE("a\nb\nc"), 100, true, &lines), 5);
	assert_int_equal(lines, 3);
	assert_int_equal(lines_take(SLICE("a\nb\nc"), 3, true, &lines), 2);
	assert_int_equal(lines, 1);
	assert_int_equal(lines_take(SLICE("abc"), 100, false, &lines), 0);
	assert_int_equal(lines, 0);
	assert_int_equal(lines_take(SLICE("\n\n"), 100, false, &lines), 2);
	assert_int_equal(lines, 2);
}

static void
nothing_is_lost_and_no_line_is_longer_than_allowed(void **state)
{
	uint64_t seed = 3;
	size_t len = 3000000;
	uint8_t *bytes = malloc(len);

	assert_non_null(bytes);
	for (size_t i = 0; i < len;) {
		size_t n = (seed = hash_u64(seed + 1)) % 40 == 0 ? seed % 300000 : seed % 200;

		for (; n > 0 && i < len; n--)
			bytes[i++] = 'x';
		if (i < len)
			bytes[i++] = '\n';
	}
	bytes[len - 1] = 'y';
	for (struct slice rest = slice_of(bytes, len); rest.len > 0;) {
		uint64_t lines, counted = 0;
		size_t n = lines_take(rest, BATCH_BYTES_MAX, true, &lines);
		struct slice batch = slice_first(rest, n), line;

		assert_true(n > 0 && n <= BATCH_BYTES_MAX);
		while (slice_cut_line(&batch, &line)) {
			assert_true(line.len <= BATCH_LINE_MAX);
			counted++;
		}
		assert_int_equal(lines, counted);
		rest = slice_from(rest, n);
	}
	free(bytes);
}

static void
the_newest_directive_of_each_kind_is_kept(void **state)
{
	struct buf p = BUF_INIT(PREAMBLE_MAX);

	assert_true(lines_see_directives(
	    SLICE("#Software: a\n#Fields: x y\n1 #Fields: no\n# remark\n"), &p));
	assert_slice(buf_slice(&p), "#Software: a\n#Fields: x y\n");
	assert_false(lines_see_directives(SLICE("1 2\n#Fields: x y\r\n"), &p));
	assert_true(lines_see_directives(SLICE("#Fields: z\n#Remark: no\n#Date: d"), &p));
	assert_slice(buf_slice(&p), "#Software: a\n#Fields: z\n#Date: d\n");
	buf_release(&p);
}

static void
zeeks_directives_are_kept_beside_those_of_w3c(void **state)
{
	struct buf p = BUF_INIT(PREAMBLE_MAX);

	assert_true(lines_see_directives(SLICE("#separator \\x09\n#path\tdns\n#open\t2026\n"
					       "#fields\tts\tquery\n#types\ttime\tstring\n"
					       "1\ta.example\n#close\t2026\n"),
	    &p));
	assert_slice(buf_slice(&p), "#separator \\x09\n#path\tdns\n#fields\tts\tquery\n"
				    "#types\ttime\tstring\n");
	buf_release(&p);
}

static void
a_directive_too_long_changes_nothing(void **state)
{
	struct buf p = BUF_INIT(PREAMBLE_MAX), text = BUF_INIT(1 << 20);

	lines_see_directives(SLICE("#Fields: x\n"), &p);
	buf_add_str(&text, "#Fields: ");
	for (int i = 0; i < PREAMBLE_MAX; i++)
		buf_add_byte(&text, 'x');
	assert_false(lines_see_directives(buf_slice(&text), &p));
	assert_slice(buf_slice(&p), "#Fields: x\n");
	buf_release(&p);
	buf_release(&text);
}

static void
records_become_single_lines(void **state)
{
	struct buf out = BUF_INIT(1 << 20), longest = BUF_INIT(1 << 20);

	assert_int_equal(lines_add_record(&out, SLICE("a\nb\n\r\n")), 1);
	assert_int_equal(lines_add_record(&out, SLICE("")), 0);
	assert_int_equal(lines_add_record(&out, SLICE("\n")), 0);
	assert_slice(buf_slice(&out), "a\\nb\n");
	for (int i = 0; i < 2 * BATCH_LINE_MAX; i++)
		buf_add_byte(&longest, i % 7 == 3 ? '\n' : 'z');
	buf_reset(&out);
	uint64_t n = lines_add_record(&out, buf_slice(&longest)), counted = 0;
	struct slice rest = buf_slice(&out), line;
	while (slice_cut_line(&rest, &line)) {
		assert_true(line.len <= BATCH_LINE_MAX);
		counted++;
	}
	assert_int_equal(n, counted);
	assert_int_equal(n, 3);
	buf_release(&out);
	buf_release(&longest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_lines_only_until_the_last),
	    cmocka_unit_test(nothing_is_lost_and_no_line_is_longer_than_allowed),
	    cmocka_unit_test(the_newest_directive_of_each_kind_is_kept),
	    cmocka_unit_test(zeeks_directives_are_kept_beside_those_of_w3c),
	    cmocka_unit_test(a_directive_too_long_changes_nothing),
	    cmocka_unit_test(records_become_single_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
