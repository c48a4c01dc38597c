/* test.h - what every cmocka test includes, in the order cmocka wants. */
#ifndef HINOMI_TESTS_TEST_H
#define HINOMI_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/slice.h"

/* Compare a slice with a C string and show both where they differ. */
#define assert_slice(s, text)                                                                  \
	do {                                                                                   \
		struct slice got_ = (s);                                                       \
		if (!slice_is(got_, text))                                                     \
			fail_msg("got \"%.*s\", expected \"%s\"", SLICE_ARG(got_), (text));    \
	} while (0)

#endif
