/* input_test.c - a file reads the same plain, gzipped or as zstd; damage is told, and what
 * precedes it read. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "sys/input.h"

#define TEXT_BYTES (3 * 1024 * 1024)

static uint8_t text[TEXT_BYTES];
static char folder[] = "/tmp/hinomi-input-XXXXXX";
static char path[64];

static void
put_file(const void *bytes, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* Read it all by pieces of odd sizes; how much was right before the end or the trouble. */
static size_t
read_back(int *rc, struct err *e)
{
	static uint8_t piece[70001];
	struct input *in = NULL;
	size_t total = 0, got;

	if ((*rc = input_open(&in, path, e)) != 0)
		return 0;
	while ((*rc = input_read(in, piece, sizeof(piece), &got, e)) == 0 && got > 0) {
		assert_memory_equal(piece, text + total % TEXT_BYTES, got);
		total += got;
	}
	input_close(in);
	return total;
}

static size_t
gzip(uint8_t *out, size_t cap)
{
	z_stream z = {0};

	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = text;
	z.avail_in = TEXT_BYTES;
	z.next_out = out;
	z.avail_out = (unsigned)cap;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static void
every_form_reads_the_same(void **state)
{
	size_t cap = TEXT_BYTES * 2, n;
	uint8_t *packed = malloc(cap);
	struct err e;
	int rc;

	put_file(text, TEXT_BYTES);
	assert_int_equal(read_back(&rc, &e), TEXT_BYTES);
	n = gzip(packed, cap);
	put_file(packed, n);
	assert_int_equal(read_back(&rc, &e), TEXT_BYTES);
	assert_int_equal(rc, 0);
	n = ZSTD_compress(packed, cap, text, TEXT_BYTES, 1);
	put_file(packed, n);
	assert_int_equal(read_back(&rc, &e), TEXT_BYTES);
	assert_int_equal(rc, 0);
	put_file("", 0);
	assert_int_equal(read_back(&rc, &e), 0);
	assert_int_equal(rc, 0);
	free(packed);
}

static void
a_cut_is_told(void **state)
{
	size_t cap = TEXT_BYTES * 2, n;
	uint8_t *packed = malloc(cap);
	struct err e;
	int rc;

	for (int form = 0; form < 2; form++) {
		n = form == 0 ? gzip(packed, cap)
			      : ZSTD_compress(packed, cap, text, TEXT_BYTES, 1);
		put_file(packed, n - 5);
		size_t got = read_back(&rc, &e);
		assert_int_equal(rc, -1);
		assert_true(got > TEXT_BYTES / 2);
		assert_non_null(strstr(e.text, "cut short"));
		put_file(packed, 6);
		assert_int_equal(read_back(&rc, &e), 0);
		assert_int_equal(rc, -1);
	}
	free(packed);
}

static void
what_cannot_be_read_says_why(void **state)
{
	struct input *in = NULL;
	struct err e;

	assert_int_equal(input_open(&in, "/nonexistent/x.log", &e), -1);
	assert_non_null(strstr(e.text, "/nonexistent/x.log"));
	assert_int_equal(input_open(&in, folder, &e), -1);
	assert_non_null(strstr(e.text, "folder"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_form_reads_the_same),
	    cmocka_unit_test(a_cut_is_told),
	    cmocka_unit_test(what_cannot_be_read_says_why),
	};
	uint32_t x = 1;

	/* Half random, so that it neither vanishes nor stays when packed. */
	for (size_t i = 0; i < TEXT_BYTES; i++)
		text[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24 & 15) + 'a';
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/f", folder);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(folder);
	return failed;
}
