/* dir.h - a directory of the test's own, gone afterwards. */
#ifndef HINOMI_TESTS_DIR_H
#define HINOMI_TESTS_DIR_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char test_dir[64];

static int
enter_dir(void **state)
{
	strcpy(test_dir, "/tmp/hinomi-test-XXXXXX");
	return mkdtemp(test_dir) == NULL || chdir(test_dir) != 0 ? -1 : 0;
}

static int
leave_dir(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", test_dir);
	return chdir("/") != 0 ? -1 : system(command);
}

#endif
