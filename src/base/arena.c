/* arena.c - a chain of blocks, each twice the size of the one before. */
#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_FIRST (16 * 1024)
#define ALIGNMENT   _Alignof(max_align_t)

struct block {
	struct block *next;
	size_t size; /* of data */
	size_t used;
	_Alignas(max_align_t) uint8_t data[];
};

/* Invariant: blocks before `current` are full, blocks after it are empty. */
struct arena {
	struct block *first;
	struct block *current;
	size_t ceiling;
	size_t used;
	bool full;
};

struct arena *
arena_new(size_t ceiling)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (a != NULL)
		a->ceiling = ceiling;
	return a;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	for (struct block *b = a->first; b != NULL;) {
		struct block *next = b->next;
		free(b);
		b = next;
	}
	free(a);
}

void
arena_reset(struct arena *a)
{
	for (struct block *b = a->first; b != NULL; b = b->next)
		b->used = 0;
	a->current = a->first;
	a->used = 0;
	a->full = false;
}

/* The block that has room for size bytes, made if there is none. */
static struct block *
block_with_room(struct arena *a, size_t size)
{
	struct block *last = NULL;
	size_t want = BLOCK_FIRST;

	for (struct block *b = a->current; b != NULL; b = b->next) {
		if (b->size - b->used >= size)
			return a->current = b;
		last = b;
	}
	if (last != NULL)
		want = last->size * 2;
	if (want < size)
		want = size;
	struct block *b = malloc(sizeof(*b) + want);
	if (b == NULL)
		return NULL;
	*b = (struct block){.size = want};
	if (last == NULL)
		a->first = b;
	else
		last->next = b;
	return a->current = b;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct block *b = a->current;
	size_t need;
	void *p;

	if (size > SIZE_MAX - ALIGNMENT)
		goto full;
	need = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (need > a->ceiling - a->used)
		goto full;
	if (b == NULL || b->size - b->used < need)
		if ((b = block_with_room(a, need)) == NULL)
			goto full;
	p = b->data + b->used;
	b->used += need;
	a->used += need;
	return p;
full:
	a->full = true;
	return NULL;
}

void *
arena_zalloc(struct arena *a, size_t size)
{
	void *p = arena_alloc(a, size);

	if (p != NULL)
		memset(p, 0, size);
	return p;
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size) {
		a->full = true;
		return NULL;
	}
	return arena_alloc(a, count * size);
}

struct slice
arena_dup(struct arena *a, struct slice s)
{
	uint8_t *p;

	if (s.ptr == NULL || (p = arena_alloc(a, s.len)) == NULL)
		return (struct slice){0};
	memcpy(p, s.ptr, s.len);
	return slice_of(p, s.len);
}

char *
arena_strdup(struct arena *a, struct slice s)
{
	char *p = s.len == SIZE_MAX ? NULL : arena_alloc(a, s.len + 1);

	if (p == NULL)
		return NULL;
	if (s.len > 0)
		memcpy(p, s.ptr, s.len);
	p[s.len] = '\0';
	return p;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || (p = arena_alloc(a, (size_t)n + 1)) == NULL)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

void
arena_shrink_last(struct arena *a, void *ptr, size_t had, size_t need)
{
	size_t had_up = (had + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	size_t need_up = (need + ALIGNMENT - 1) & ~(ALIGNMENT - 1);

	assert(need <= had);
	assert((uint8_t *)ptr + had_up == a->current->data + a->current->used);
	a->current->used -= had_up - need_up;
	a->used -= had_up - need_up;
}

bool
arena_owns(const struct arena *a, struct slice s)
{
	for (const struct block *b = a->first; b != NULL; b = b->next)
		if (s.ptr >= b->data && s.ptr <= b->data + b->used &&
		    s.len <= (size_t)(b->data + b->used - s.ptr))
			return true;
	return false;
}

bool
arena_full(const struct arena *a)
{
	return a->full;
}

size_t
arena_used(const struct arena *a)
{
	return a->used;
}
