/* migrations.c - see migrations.h. */
#include "store/migrations.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
    {2, "alerts",
	"CREATE TABLE alert ("
	" id TEXT PRIMARY KEY,"
	" status INTEGER NOT NULL,"
	" first_seen INTEGER NOT NULL,"
	" last_seen INTEGER NOT NULL,"
	" raised INTEGER NOT NULL,"
	" count INTEGER NOT NULL,"
	" version INTEGER NOT NULL,"
	" institution TEXT NOT NULL,"
	" source TEXT NOT NULL,"
	" detector TEXT NOT NULL,"
	" rule_id TEXT NOT NULL,"
	" title_en TEXT NOT NULL,"
	" title_ja TEXT,"
	" level INTEGER NOT NULL,"
	" severity INTEGER NOT NULL,"
	" attack TEXT NOT NULL,"
	" entity_kind TEXT NOT NULL,"
	" entity TEXT NOT NULL,"
	" search TEXT NOT NULL,"
	" closed_at INTEGER,"
	" closed_by TEXT,"
	" closed_reason TEXT,"
	" closed_comment TEXT);"
	"CREATE INDEX alert_newest ON alert (last_seen, id, institution, level, detector);"
	"CREATE INDEX alert_by_status ON alert (status, last_seen, id, institution, level, "
	"detector);"
	"CREATE INDEX alert_by_institution ON alert (institution, last_seen, id, status, "
	"level, detector);"
	"CREATE UNIQUE INDEX alert_by_version ON alert (version);"
	"CREATE TABLE alert_body (id TEXT PRIMARY KEY REFERENCES alert (id), json TEXT NOT "
	"NULL);"
	"CREATE TABLE alert_version (version INTEGER NOT NULL);"
	"INSERT INTO alert_version VALUES (0);"
	"CREATE TABLE alert_tally ("
	" institution TEXT NOT NULL,"
	" level INTEGER NOT NULL,"
	" open INTEGER NOT NULL,"
	" PRIMARY KEY (institution, level));"},
    {3, "how reading goes",
	"CREATE TABLE reading_cursor ("
	" position INTEGER NOT NULL,"
	" crashed_at INTEGER NOT NULL,"
	" crashes INTEGER NOT NULL);"
	"INSERT INTO reading_cursor VALUES (0, 0, 0);"
	"CREATE TABLE reading ("
	" institution TEXT NOT NULL,"
	" node TEXT NOT NULL,"
	" source TEXT NOT NULL,"
	" codec TEXT,"
	" batches INTEGER NOT NULL,"
	" lines INTEGER NOT NULL,"
	" events INTEGER NOT NULL,"
	" no_event INTEGER NOT NULL,"
	" last_batch INTEGER NOT NULL,"
	" last_event INTEGER NOT NULL,"
	" PRIMARY KEY (institution, node, source));"
	"CREATE TABLE reading_unread ("
	" institution TEXT NOT NULL,"
	" node TEXT NOT NULL,"
	" source TEXT NOT NULL,"
	" reason TEXT NOT NULL,"
	" lines INTEGER NOT NULL,"
	" PRIMARY KEY (institution, node, source, reason));"
	"CREATE TABLE reading_refused ("
	" position INTEGER PRIMARY KEY,"
	" institution TEXT NOT NULL,"
	" node TEXT NOT NULL,"
	" source TEXT NOT NULL,"
	" sequence INTEGER NOT NULL,"
	" at INTEGER NOT NULL,"
	" reason TEXT NOT NULL);"
	"CREATE TABLE content_status ("
	" loaded_at INTEGER NOT NULL,"
	" rules INTEGER NOT NULL,"
	" rules_unusable INTEGER NOT NULL,"
	" indicators INTEGER NOT NULL,"
	" indicators_refused INTEGER NOT NULL,"
	" notes TEXT NOT NULL,"
	" failed_at INTEGER NOT NULL,"
	" failure TEXT NOT NULL);"
	"INSERT INTO content_status VALUES (0, 0, 0, 0, 0, '', 0, '');"},

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
	static const char scheme[] = "sqlite:", folder[] = "/store", file[] = "/store.db";
	struct db *d = NULL;
	size_t room = sizeof(scheme) + strlen(data_dir) + sizeof(folder) + sizeof(file);
	char *url = malloc(room);
	int rc = -1;

	if (url == NULL)
		return err_errno(e, ENOMEM, "opening the store");
	snprintf(url, room, "%s%s%s", scheme, data_dir, folder);
	if (mkdir(url + strlen(scheme), 0700) != 0 && errno != EEXIST) {
		err_errno(e, errno, "making \"%s\"", url + strlen(scheme));
		goto out;
	}
	strcat(url, file);
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
