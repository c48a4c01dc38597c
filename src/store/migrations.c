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

    {20, "institutions, nodes, sources and enrolment tokens",
	"CREATE TABLE institution ("
	" id TEXT PRIMARY KEY,"
	" name TEXT NOT NULL,"
	" kana TEXT,"
	" beds INTEGER,"
	" prefecture TEXT,"
	" contacts TEXT,"
	" created INTEGER NOT NULL);"
	"CREATE TABLE node ("
	" id TEXT PRIMARY KEY,"
	" institution TEXT NOT NULL REFERENCES institution (id),"
	" version TEXT NOT NULL,"
	" spool TEXT,"
	" enrolled INTEGER NOT NULL,"
	" certificate_until INTEGER NOT NULL,"
	" seen INTEGER NOT NULL,"
	" revoked INTEGER);"
	"CREATE INDEX node_institution ON node (institution);"
	"CREATE TABLE source ("
	" node TEXT NOT NULL REFERENCES node (id),"
	" name TEXT NOT NULL,"
	" institution TEXT NOT NULL REFERENCES institution (id),"
	" codec TEXT,"
	" errors TEXT NOT NULL,"
	" lag_bytes INTEGER NOT NULL,"
	" dropped_lines INTEGER NOT NULL,"
	" lines INTEGER NOT NULL,"
	" read_bytes INTEGER NOT NULL,"
	" last_line INTEGER NOT NULL,"
	" PRIMARY KEY (node, name));"
	"CREATE INDEX source_institution ON source (institution);"
	"CREATE TABLE token ("
	" hash BLOB PRIMARY KEY,"
	" institution TEXT NOT NULL REFERENCES institution (id),"
	" created INTEGER NOT NULL,"
	" expires INTEGER NOT NULL,"
	" used INTEGER,"
	" node TEXT);"},

    {21, "people, their sessions and what they asked once",
	"CREATE TABLE person ("
	" name TEXT PRIMARY KEY,"
	" role TEXT NOT NULL,"
	" scope TEXT," /* NULL: every institution */
	" language TEXT NOT NULL,"
	" password TEXT NOT NULL,"
	" created INTEGER NOT NULL,"
	" disabled INTEGER);"
	"CREATE TABLE session ("
	" hash BLOB PRIMARY KEY,"
	" person TEXT NOT NULL REFERENCES person (name),"
	" address TEXT NOT NULL,"
	" created INTEGER NOT NULL,"
	" used INTEGER NOT NULL);"
	"CREATE INDEX session_person ON session (person, created);"
	"CREATE TABLE idempotency ("
	" person TEXT NOT NULL REFERENCES person (name),"
	" key TEXT NOT NULL,"
	" request BLOB NOT NULL,"
	" status INTEGER NOT NULL,"
	" body TEXT NOT NULL,"
	" at INTEGER NOT NULL,"
	" PRIMARY KEY (person, key));"
	"CREATE INDEX idempotency_at ON idempotency (at);"},

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
