/*
 * Wherever a line is cut, it is answered, nothing outside it is read (sanitizers
 * see to that: its memory ends where it does), and what it gives lies inside it.
 */
#include "test.h"

#include <stdio.h>

#include "fuzz/fuzz_codec.h"
#include "shared_data.h"

static const char *const seeds[] = {"codec_combined/1", "codec_combined/2", "codec_ecs/1",
    "codec_elff/1", "codec_elff/2", "codec_eve/1", "codec_squid/1", "reader/1", "reader/2"};

static const struct codec_config configs[] = {{0}, {.codec = "squid"}, {.codec = "combined"},
    {.codec = "elff"}, {.codec = "eve"}, {.codec = "ecs"}, {.charset = "shift_jis"},
    {.charset = "euc-jp"}};

static void
cut_everywhere(const struct codec_config *cfg, struct slice file, struct arena *mem)
{
	struct batch b = {.lines = file};
	struct slice rest = file, line;
	struct reader *r = NULL;

	assert_int_equal(reader_new(&r, cfg, NULL), 0);
	reader_start(r, &b);
	while (slice_cut_line(&rest, &line)) {
		for (size_t n = 0; n <= line.len; n++) {
			check_line(r, slice_first(line, n), mem);
			check_line(r, slice_from(line, n), mem);
		}
	}
	reader_free(r);
}

static void
every_cut_of_every_line_is_answered_from_its_own_bytes(void **state)
{
	struct arena *mem = arena_new(1024 * 1024);

	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
		char path[512];
		struct slice file;
		snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/%s", PROJECT_ROOT, seeds[i]);
		file = shared_data_read(path);
		assert_non_null(file.ptr);
		for (size_t k = 0; k < sizeof(configs) / sizeof(configs[0]); k++)
			cut_everywhere(&configs[k], file, mem);
		free((void *)(uintptr_t)file.ptr);
	}
	arena_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_cut_of_every_line_is_answered_from_its_own_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
