/*
 * arena.h - memory that is given back all at once.
 *
 * Small things born with a batch or a request come from its arena and go with
 * one arena_reset().  An arena has a ceiling set at birth: past it, allocation
 * returns NULL and arena_full() stays true until the next reset, so a caller may
 * build freely and ask once at the end.
 */
#ifndef HINOMI_BASE_ARENA_H
#define HINOMI_BASE_ARENA_H

#include "base/slice.h"

struct arena;

/* NULL when memory is out.  Owned by the caller: arena_free(). */
struct arena *arena_new(size_t ceiling);
void arena_free(struct arena *a);

/* Everything allocated so far becomes invalid; the memory is kept for reuse. */
void arena_reset(struct arena *a);

/* Aligned for any type, not zeroed.  NULL at the ceiling or without memory. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_zalloc(struct arena *a, size_t size);

/* count * size, refused on overflow. */
void *arena_array(struct arena *a, size_t count, size_t size);

/* Copies; the absent slice and NULL at the ceiling. */
struct slice arena_dup(struct arena *a, struct slice s);
char *arena_strdup(struct arena *a, struct slice s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Give back the tail of the newest allocation, which was `had` bytes and needs only `need`. */
void arena_shrink_last(struct arena *a, void *ptr, size_t had, size_t need);

/* Does all of s lie in memory that the arena handed out?  For tests of who owns what. */
bool arena_owns(const struct arena *a, struct slice s);

bool arena_full(const struct arena *a);
size_t arena_used(const struct arena *a);

#endif
