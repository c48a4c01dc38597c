/*
 * admin.h - what the subcommands of `hinomi admin` share: options, the store, JSON lines.
 *
 * Each runs once: it opens the store of a data directory, also while its center
 * is running, changes it in one transaction together with an audit record, and
 * says what it did.
 */
#ifndef HINOMI_CLI_ADMIN_H
#define HINOMI_CLI_ADMIN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/instant.h"
#include "cli/cli.h"
#include "store/db.h"
#include "text/json.h"

struct admin {
	const char *data_dir;
	bool json;
	/* options, NULL or false where not given */
	const char *role, *institution, *language, *password_file;
	const char *id, *kana, *beds, *prefecture;
	bool generate;
	/* what is left of the command line */
	char **words;
	int n_words;
	bool may_make; /* a data directory that is not there */
	/* opened by admin_open() */
	struct db *db;
	struct arena *mem;
	struct instant now;
	char actor[80]; /* for audit records: "cli:root" */
};

/*
 * Become the data directory's owner, give up everything else, open the store.
 * Whatever lies outside the data directory has been read before.
 */
int admin_open(struct admin *a, struct err *e);

/* Inside the transaction. */
int admin_audit(struct admin *a, const char *action, const char *object_kind,
    struct slice object, struct err *e);

/* Print one JSON line, or nothing where it failed to fit. */
void admin_print_json(struct buf *line);

/* Each returns an exit status; e is printed for EXIT_CANNOT. */
int admin_user_add(struct admin *a, struct err *e);
int admin_user_list(struct admin *a, struct err *e);
int admin_user_password(struct admin *a, struct err *e);
int admin_session_list(struct admin *a, struct err *e);
int admin_institution_add(struct admin *a, struct err *e);
int admin_institution_list(struct admin *a, struct err *e);
int admin_token(struct admin *a, struct err *e);
int admin_node_list(struct admin *a, struct err *e);
int admin_node_revoke(struct admin *a, struct err *e);

#endif
