/* audit.c - `hinomi audit verify`: is the audit log as it was written? */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "cli/cli.h"
#include "store/audit.h"
#include "store/migrations.h"
#include "sys/sandbox.h"
#include "text/json.h"

static void
print_help(void)
{
	printf("%s: hinomi audit verify --data DIR [--json]\n\n%s\n",
	    cli_say("Usage", "使い方"),
	    cli_say(
		"Checks that no record of the audit log was altered, removed or inserted, and\n"
		"prints its head. Keep the head elsewhere to notice records cut off the end.\n"
		"Exit status: 0 whole, 1 broken, 3 could not look.",
		"監査ログの記録が改変・削除・挿入されていないことを確かめ、先頭の値を表示します"
		"。\n"
		"末尾の切り捨てに気付けるよう、表示された値を別の場所に控えてください。\n"
		"終了コード: 0 正常、1 異常、3 確認できず"));
}

static void
print_verdict(const struct audit_verdict *v, bool json)
{
	char head[2 * AUDIT_HASH_LEN + 1];
	struct buf line = BUF_INIT(4096);
	struct json_out o = json_out_to(&line);

	sodium_bin2hex(head, sizeof(head), v->head.hash, AUDIT_HASH_LEN);
	if (json) {
		json_open_object(&o, NULL);
		json_put_bool(&o, "whole", v->broken == 0);
		json_put_int(&o, "records", v->head.sequence);
		json_put_str(&o, "head", head);
		if (v->broken != 0) {
			json_put_int(&o, "broken", v->broken);
			json_put_str(&o, "reason", v->reason);
		}
		json_close_object(&o);
		printf("%.*s\n", SLICE_ARG(buf_slice(&line)));
		buf_release(&line);
	} else if (v->broken == 0)
		printf(cli_say("The audit log is whole: %lld records, head %s\n",
			   "監査ログは正常です: %lld 件、先頭の値 %s\n"),
		    (long long)v->head.sequence, head);
	else
		printf(cli_say("The audit log is broken at record %lld: %s\n",
			   "監査ログは記録 %lld で壊れています: %s\n"),
		    (long long)v->broken, cli_say(v->reason, v->reason_ja));
}

/* A store that is there; looking must not make one. */
static int
open_store(struct db **out, const char *data_dir, struct err *e)
{
	const char *const write_below[] = {data_dir, NULL};
	const struct sandbox box = {
	    .power = SANDBOX_COMPUTE, .owner_of = data_dir, .write_below = write_below};
	struct sandbox_report report;
	struct buf path = BUF_INIT(PATH_MAX);
	int rc = 0;

	buf_printf(&path, "%s/store/store.db", data_dir);
	if (path.failed || access(buf_str(&path), R_OK) != 0)
		rc = err_set(e,
		    cli_say("\"%s\" holds no center's data that can be read: check --data",
			"\"%s\" に読めるセンターのデータがありません。--data "
			"を確認してください。"),
		    data_dir);
	buf_release(&path);
	if (rc != 0 || sandbox_enter(&box, &report, e) != 0)
		return -1;
	return store_open(out, data_dir, e);
}

int
cmd_audit(int argc, char **argv)
{
	static const struct option options[] = {
	    {"data", required_argument, NULL, 'd'},
	    {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	const char *data_dir = NULL;
	struct audit_verdict verdict;
	struct db *db = NULL;
	struct err e = {0};
	bool json = false;
	int c, rc;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "d:h", options, NULL)) != -1)
		switch (c) {
		case 'd':
			data_dir = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			print_help();
			return EXIT_DONE;
		default:
			return cli_misuse_option("audit", argv[optind - 1]);
		}
	if (optind + 1 != argc || strcmp(argv[optind], "verify") != 0 || data_dir == NULL)
		return cli_misuse("audit", "%s",
		    cli_say("it is `hinomi audit verify --data DIR`",
			"`hinomi audit verify --data DIR` の形で使います"));
	rc = open_store(&db, data_dir, &e);
	if (rc == 0)
		rc = audit_verify(db, &verdict, &e);
	db_close(db);
	if (rc != 0)
		return cli_fail("audit", &e);
	print_verdict(&verdict, json);
	return verdict.broken == 0 ? EXIT_DONE : EXIT_FOUND;
}
