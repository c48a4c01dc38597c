/* frame_test.c - a batch is what its headers say, or it is refused with a sentence. */
#include "test.h"

#include <stdlib.h>

#include <zstd.h>

#include "event/batch.h"
#include "server/frame.h"

static struct frame_check *check;
static uint8_t frame[BATCH_BYTES_MAX + 4096];

static int
open_check(void **state)
{
	return (check = frame_check_new()) == NULL;
}

static int
close_check(void **state)
{
	frame_check_free(check);
	return 0;
}

static struct slice
pack(struct slice raw)
{
	size_t n = ZSTD_compress(frame, sizeof(frame), raw.ptr, raw.len, 1);

	assert_false(ZSTD_isError(n));
	return slice_of(frame, n);
}

static void
lines_are_counted_with_a_last_one_that_does_not_end(void **state)
{
	assert_int_equal(frame_count_lines(SLICE("")), 0);
	assert_int_equal(frame_count_lines(SLICE("a")), 1);
	assert_int_equal(frame_count_lines(SLICE("a\n")), 1);
	assert_int_equal(frame_count_lines(SLICE("a\n\nb")), 3);
	assert_int_equal(frame_count_lines(SLICE("\n")), 1);
}

static void
the_truth_is_taken(void **state)
{
	struct slice raw = SLICE("one\ntwo\n");
	uint8_t *large = malloc(BATCH_BYTES_MAX);

	assert_null(frame_check_run(check, pack(raw), raw.len, 2));
	assert_non_null(large);
	memset(large, 'x', BATCH_BYTES_MAX);
	raw = slice_of(large, BATCH_BYTES_MAX);
	assert_null(frame_check_run(check, pack(raw), raw.len, 1));
	free(large);
}

static void
every_lie_has_its_sentence(void **state)
{
	struct slice raw = SLICE("one\ntwo\n"), good = pack(raw);

	assert_non_null(strstr(frame_check_run(check, good, raw.len + 1, 2), "Hinomi-Bytes"));
	assert_non_null(strstr(frame_check_run(check, good, raw.len, 3), "Hinomi-Lines"));
	assert_non_null(
	    strstr(frame_check_run(check, slice_of(frame, good.len + 1), raw.len, 2),
		"after the end"));
	assert_non_null(frame_check_run(check, SLICE(""), 0, 0));
	assert_non_null(frame_check_run(check, SLICE("hello, world"), 12, 1));
}

/* However a frame is cut or changed: refused, or exactly what was promised. */
static void
no_damage_gets_through_unseen(void **state)
{
	struct slice raw = SLICE("GET http://example.org/ 200\nGET http://example.net/ 404\n");
	struct slice good = pack(raw);

	for (size_t n = 0; n < good.len; n++)
		assert_non_null(frame_check_run(check, slice_first(good, n), raw.len, 2));
	for (size_t i = 0; i < 6; i++) { /* magic, descriptor, size */
		frame[i] ^= 0x5a;
		assert_non_null(frame_check_run(check, good, raw.len, 2));
		frame[i] ^= 0x5a;
	}
}

static void
more_than_a_batch_is_never_unpacked(void **state)
{
	size_t n = BATCH_BYTES_MAX + 1;
	uint8_t *large = calloc(1, n);
	struct slice bomb;

	assert_non_null(large);
	bomb = pack(slice_of(large, n));
	assert_true(bomb.len < 1000);
	assert_non_null(strstr(frame_check_run(check, bomb, n, 1), "256 KiB"));
	free(large);
}

int
main(void)
{
#define CHECKED(f) cmocka_unit_test_setup_teardown(f, open_check, close_check)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_are_counted_with_a_last_one_that_does_not_end),
	    CHECKED(the_truth_is_taken),
	    CHECKED(every_lie_has_its_sentence),
	    CHECKED(no_damage_gets_through_unseen),
	    CHECKED(more_than_a_batch_is_never_unpacked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
