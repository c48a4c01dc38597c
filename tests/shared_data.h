/*
 * shared_data.h - the large public data sets that are not part of this tree.
 *
 * They are looked for where HINOMI_SHARED_DATA says, else in ../shared/data
 * beside the project.  A test that needs one skips, saying so, where it is absent.
 */
#ifndef HINOMI_TESTS_SHARED_DATA_H
#define HINOMI_TESTS_SHARED_DATA_H

#include "base/slice.h"

/* A whole file; the caller frees ptr.  The absent slice (and a note on stderr) if it cannot be
 * read. */
struct slice shared_data_read(const char *path);

/* The path of a file of a set ("ioc-ipsum/level3.txt"), or NULL with a note when it is not
 * there. */
const char *shared_data_path(const char *name);

/*
 * Unpack <set>/<set>.tar.zst into a new temporary directory and return its
 * path, or NULL with a note.  The caller ends with shared_data_remove().
 */
char *shared_data_unpack(const char *set);
void shared_data_remove(char *dir);

/* Call `see` for each regular file below dir, by name; returns how many there were. */
typedef void shared_data_see(void *ctx, const char *name, struct slice bytes);
size_t shared_data_each(const char *dir, shared_data_see *see, void *ctx);

#endif
