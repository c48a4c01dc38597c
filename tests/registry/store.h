/* store.h - a fresh store with two institutions, for tests of what is kept in it. */
#ifndef HINOMI_TESTS_REGISTRY_STORE_H
#define HINOMI_TESTS_REGISTRY_STORE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "registry/registry.h"
#include "store/migrations.h"

static char dir[64];
static struct db *db;
static struct arena *mem;
static const struct instant today = {1795392000000000};
static const struct scope everyone = {.all = true};
static const struct scope only_kita = {.list = SLICE_LITERAL(",kita,")};

static int
close_store(void **state)
{
	const char *const names[] = {
	    "store/store.db", "store/store.db-wal", "store/store.db-shm", "store"};

	arena_free(mem);
	db_close(db);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		remove(path);
	}
	return rmdir(dir);
}

static int
open_store(void **state)
{
	const struct institution kita = {
	    .id = SLICE("kita"), .name = SLICE("北病院"), .kana = SLICE("キタ"), .beds = 120};
	const struct institution minami = {.id = SLICE("minami"),
	    .name = SLICE("南病院"),
	    .kana = SLICE("ミナミ"),
	    .beds = -1};
	struct err e = {0};

	snprintf(dir, sizeof(dir), "/tmp/hinomi-registry-XXXXXX");
	if (mkdtemp(dir) == NULL || (mem = arena_new(1 << 20)) == NULL ||
	    store_open(&db, dir, &e) != 0 ||
	    registry_add_institution(db, &kita, today, &e) != 0 ||
	    registry_add_institution(db, &minami, today, &e) != 0) {
		fprintf(stderr, "%s\n", e.text);
		return -1;
	}
	return 0;
}

#define IN_STORE(f) cmocka_unit_test_setup_teardown(f, open_store, close_store)

#endif
