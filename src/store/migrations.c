/* migrations.c - see migrations.h. */
#include "store/migrations.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

const struct db_migration store_migrations[] = {
    {1, "audit log",
	"CREATE TABLE audit ("
	" sequence INTEGER PRIMARY KEY,"
	" at INTEGER NOT NULL,"
	" actor TEXT NOT NULL,"
	" action TEXT NOT NULL,"
	" object TEXT NOT NULL,"
	" detail TEXT NOT NULL,"
	" hash BLOB NOT NULL);"},

    {0},
};

int
store_open(struct db **out, const char *data_dir, struct err *e)
{
	static const char format[] = "sqlite:%s/store.db";
	struct db *d = NULL;
	size_t room = strlen(data_dir) + sizeof(format);
	char *url = malloc(room);
	int rc = -1;

	if (url == NULL)
		return err_errno(e, ENOMEM, "opening the store");
	snprintf(url, room, format, data_dir);
	if (db_open(&d, url, e) != 0 || db_migrate(d, store_migrations, e) != 0)
		goto out;
	*out = d;
	d = NULL;
	rc = 0;
out:
	if (rc != 0)
		err_wrap(e, "opening the store");
	db_close(d);
	free(url);
	return rc;
}
