/*
 * migrations.h - how the store came to its shape: one numbered list for all modules.
 *
 * A row that has been released never changes; a change is a new row.  Numbers 1
 * to 19 belong to what detection writes, 20 to 39 to the registry and the people.
 */
#ifndef HINOMI_STORE_MIGRATIONS_H
#define HINOMI_STORE_MIGRATIONS_H

#include "store/db.h"

extern const struct db_migration store_migrations[];

/* DATA/store/store.db, opened and brought up to date; the folder is made where missing. */
int store_open(struct db **out, const char *data_dir, struct err *e);

#endif
