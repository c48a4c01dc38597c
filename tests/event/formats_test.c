/* docs/formats.md is held to the tables: a row here is a section there. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "event/codec.h"
#include "shared_data.h"

static void
every_codec_and_every_reason_is_in_the_manual(void **state)
{
	struct slice text = shared_data_read(PROJECT_ROOT "/docs/formats.md");
	char want[128];

	assert_non_null(text.ptr);
	for (const struct codec *const *c = codec_all; *c != NULL; c++) {
		snprintf(want, sizeof(want), "\n## %s\n", (*c)->id);
		if (slice_search(text, slice_str(want)) == SIZE_MAX)
			fail_msg("docs/formats.md has no section \"%s\"", (*c)->id);
	}
	for (int s = CODEC_NOTHING + 1; s < CODEC_STATUS_COUNT; s++) {
		snprintf(
		    want, sizeof(want), "\n| `%s` |", codec_status_name((enum codec_status)s));
		if (slice_search(text, slice_str(want)) == SIZE_MAX)
			fail_msg("docs/formats.md does not explain \"%s\"",
			    codec_status_name((enum codec_status)s));
	}
	free((void *)(uintptr_t)text.ptr);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_codec_and_every_reason_is_in_the_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
