/* temp_dir.h - a directory of a test's own, removed with everything in it. */
#ifndef HINOMI_TESTS_NODE_TEMP_DIR_H
#define HINOMI_TESTS_NODE_TEMP_DIR_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline int
temp_dir_remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	return remove(path);
}

static inline void
temp_dir_make(char path[64])
{
	snprintf(path, 64, "/tmp/hinomi-test-XXXXXX");
	if (mkdtemp(path) == NULL)
		abort();
}

static inline void
temp_dir_remove(const char *path)
{
	nftw(path, temp_dir_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
