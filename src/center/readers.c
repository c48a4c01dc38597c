/* readers.c - see readers.h.  Some hundred rows: a walk over their hashes is cheap beside a
 * batch. */
#include "center/readers.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/hash.h"

#define KEY_MAX (64 * 1024)

struct row {
	struct reader *reader; /* NULL: free */
	uint64_t used;	       /* the number of the ask */
	uint64_t hash;
	struct buf key;
};

struct readers {
	uint64_t asks;
	struct buf key; /* of the ask */
	size_t most;
	struct row rows[];
};

struct readers *
readers_new(size_t most)
{
	struct readers *r = calloc(1, sizeof(*r) + most * sizeof(r->rows[0]));

	if (r != NULL) {
		r->most = most;
		r->key = BUF_INIT(KEY_MAX);
	}
	return r;
}

static void
row_release(struct row *row)
{
	reader_free(row->reader);
	buf_release(&row->key);
	*row = (struct row){0};
}

void
readers_free(struct readers *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->most; i++)
		row_release(&r->rows[i]);
	buf_release(&r->key);
	free(r);
}

size_t
readers_count(const struct readers *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->most; i++)
		n += r->rows[i].reader != NULL;
	return n;
}

/* Lengths keep neighbouring texts apart. */
static void
add_part(struct buf *key, struct slice s)
{
	buf_printf(key, "%zu ", s.len);
	buf_add(key, s);
}

static struct row *
find(struct readers *r, uint64_t hash)
{
	for (size_t i = 0; i < r->most; i++)
		if (r->rows[i].reader != NULL && r->rows[i].hash == hash &&
		    slice_equal(buf_slice(&r->rows[i].key), buf_slice(&r->key)))
			return &r->rows[i];
	return NULL;
}

static struct row *
longest_unused(struct readers *r)
{
	struct row *oldest = &r->rows[0];

	for (size_t i = 1; i < r->most; i++)
		if (r->rows[i].used < oldest->used)
			oldest = &r->rows[i];
	return oldest;
}

int
readers_get(struct readers *r, const struct batch *b, struct slice node,
    struct slice config_text, struct reader **out, struct err *e)
{
	struct reader *reader = NULL;
	struct row *row;
	uint64_t hash;

	buf_reset(&r->key);
	add_part(&r->key, b->institution);
	add_part(&r->key, node);
	add_part(&r->key, b->source);
	add_part(&r->key, config_text);
	if (r->key.failed)
		return err_set(e, "the source's name and settings are too long");
	hash = hash_bytes(buf_slice(&r->key), 0);
	if ((row = find(r, hash)) == NULL) {
		if (reader_new(&reader, b->config, e) != 0)
			return -1;
		row = longest_unused(r);
		row_release(row);
		*row = (struct row){.reader = reader, .hash = hash, .key = r->key};
		r->key = BUF_INIT(KEY_MAX); /* the row's now */
	}
	row->used = ++r->asks;
	*out = row->reader;
	return 0;
}
