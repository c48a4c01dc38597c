/* shared_data.c - see shared_data.h. */
#define _GNU_SOURCE
#include "shared_data.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct slice
shared_data_read(const char *path)
{
	struct slice s = {0};
	struct stat st;
	uint8_t *p = NULL;
	FILE *f = fopen(path, "rb");

	if (f == NULL || fstat(fileno(f), &st) != 0 ||
	    (p = malloc((size_t)st.st_size + 1)) == NULL ||
	    fread(p, 1, (size_t)st.st_size, f) != (size_t)st.st_size) {
		perror(path);
		free(p);
	} else
		s = slice_of(p, (size_t)st.st_size);
	if (f != NULL)
		fclose(f);
	return s;
}

const char *
shared_data_path(const char *name)
{
	static char path[4096];
	const char *dir = getenv("HINOMI_SHARED_DATA");

	snprintf(path, sizeof(path), "%s/%s",
	    dir != NULL ? dir : PROJECT_ROOT "/../shared/data", name);
	if (access(path, R_OK) == 0)
		return path;
	fprintf(
	    stderr, "%s is not there: this test is skipped (set HINOMI_SHARED_DATA)\n", path);
	return NULL;
}

char *
shared_data_unpack(const char *set)
{
	char name[256], command[8192], dir[] = "/tmp/hinomi-test-XXXXXX";
	const char *archive;

	snprintf(name, sizeof(name), "%s/%s.tar.zst", set, set);
	if ((archive = shared_data_path(name)) == NULL || mkdtemp(dir) == NULL)
		return NULL;
	snprintf(command, sizeof(command), "tar --zstd -xf '%s' -C '%s'", archive, dir);
	if (system(command) != 0) {
		fprintf(stderr, "cannot unpack %s: this test is skipped\n", archive);
		rmdir(dir);
		return NULL;
	}
	return strdup(dir);
}

void
shared_data_remove(char *dir)
{
	char command[256];

	if (dir == NULL)
		return;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	if (system(command) != 0)
		fprintf(stderr, "cannot remove %s\n", dir);
	free(dir);
}

static size_t
each(const char *dir, const char *below, shared_data_see *see, void *ctx)
{
	struct dirent **found;
	size_t count = 0;
	int n = scandir(dir, &found, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char path[4096], name[2048];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", dir, found[i]->d_name);
		snprintf(name, sizeof(name), "%s%s", below, found[i]->d_name);
		if (found[i]->d_name[0] == '.' || lstat(path, &st) != 0)
			st.st_mode = 0;
		if (S_ISDIR(st.st_mode)) {
			strncat(name, "/", sizeof(name) - strlen(name) - 1);
			count += each(path, name, see, ctx);
		} else if (S_ISREG(st.st_mode)) {
			struct slice bytes = shared_data_read(path);

			if (bytes.ptr != NULL) {
				see(ctx, name, bytes);
				count++;
			}
			free((void *)(uintptr_t)bytes.ptr);
		}
		free(found[i]);
	}
	if (n >= 0)
		free(found);
	return count;
}

size_t
shared_data_each(const char *dir, shared_data_see *see, void *ctx)
{
	return each(dir, "", see, ctx);
}
