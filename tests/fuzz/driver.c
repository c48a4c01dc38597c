/*
 * driver.c - a fuzz target as an ordinary test: every seed, then mutations of them.
 *
 * The mutations are few and always the same, so this is a test and not a search;
 * libFuzzer does the searching (`make fuzz`).  Without a folder of seeds the
 * mutations start from nothing.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define INPUT_MAX (64 * 1024)
#define MUTANTS	  3000
#define SEEDS_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seed {
	uint8_t *bytes;
	size_t len;
};

static uint64_t state = 1;

static size_t
below(size_t n)
{
	return n == 0 ? 0 : hash_u64(state++ * 0x9e3779b97f4a7c15u) % n;
}

/* The target gets memory of exactly this size, so that a sanitizer sees one byte too far. */
static void
run(const uint8_t *bytes, size_t len)
{
	uint8_t *exact = malloc(len == 0 ? 1 : len);

	if (len > 0)
		memcpy(exact, bytes, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

static size_t
mutate(uint8_t *b, size_t len, const struct seed *other)
{
	static const uint8_t special[] = {0, '\n', '"', '\\', '[', ']', '{', '}', '%', ',', ' ',
	    ':', '\'', 0x7f, 0x80, 0xff, '0', '9', '-', '#', '/', '*', '?', '|'};

	switch (below(6)) {
	case 0: /* one byte */
		if (len > 0)
			b[below(len)] = (uint8_t)below(256);
		return len;
	case 1: /* one byte that means something */
		if (len > 0)
			b[below(len)] = special[below(sizeof(special))];
		return len;
	case 2: /* cut short */
		return below(len + 1);
	case 3: { /* take a piece out */
		size_t from = below(len + 1), n = below(len - from + 1);
		memmove(b + from, b + from + n, len - from - n);
		return len - n;
	}
	case 4: { /* say a piece again */
		size_t from = below(len + 1), n = below(len - from + 1);
		if (n > INPUT_MAX - len)
			n = INPUT_MAX - len;
		memmove(b + from + n, b + from, len - from);
		return len + n;
	}
	default: { /* go on as another seed does */
		size_t from = below(len + 1), at = below(other->len + 1);
		size_t n = other->len - at;
		if (n > INPUT_MAX - from)
			n = INPUT_MAX - from;
		memcpy(b + from, other->bytes + at, n);
		return from + n;
	}
	}
}

static size_t
read_seeds(const char *folder, struct seed *seeds)
{
	DIR *d = opendir(folder);
	struct dirent *entry;
	size_t n = 0;

	while (d != NULL && n < SEEDS_MAX && (entry = readdir(d)) != NULL) {
		char path[4096];
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] == '.' || (f = fopen(path, "rb")) == NULL)
			continue;
		seeds[n].bytes = malloc(INPUT_MAX);
		seeds[n].len = fread(seeds[n].bytes, 1, INPUT_MAX, f);
		fclose(f);
		n++;
	}
	if (d != NULL)
		closedir(d);
	return n;
}

int
main(int argc, char **argv)
{
	static struct seed seeds[SEEDS_MAX];
	static uint8_t bytes[INPUT_MAX];
	size_t n = argc > 1 ? read_seeds(argv[1], seeds) : 0;

	if (n == 0)
		seeds[n++] = (struct seed){calloc(1, 1), 0};
	for (size_t i = 0; i < n; i++)
		run(seeds[i].bytes, seeds[i].len);
	for (int i = 0; i < MUTANTS; i++) {
		const struct seed *from = &seeds[below(n)];
		size_t len = from->len;
		memcpy(bytes, from->bytes, len);
		for (size_t k = 1 + below(4); k > 0; k--)
			len = mutate(bytes, len, &seeds[below(n)]);
		run(bytes, len);
	}
	printf("%zu seeds, %d mutations\n", n, MUTANTS);
	for (size_t i = 0; i < n; i++)
		free(seeds[i].bytes);
	return 0;
}
