/* node.c - `hinomi node`: run the hospital's side, enrol it, look at it, open its pseudonyms.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "cli/cli.h"
#include "node/identity.h"
#include "node/node.h"
#include "node/spool.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "text/json.h"

#define DATA_STANDARD	"/var/lib/hinomi/node"
#define CONFIG_STANDARD "/etc/hinomi/node.yaml"
#define STATUS_MAX	(256 * 1024)
#define STATUS_OLD	SPAN_SECONDS(30)

struct node_command {
	const char *data, *config, *proxy;
	bool json, print_config;
	char **words; /* what is no option */
	int n_words;
};

static const char help_en[] =
    "Usage: hinomi node [--config FILE] [--data DIR]\n"
    "       hinomi node enroll URL TOKEN [--data DIR] [--proxy URL]\n"
    "       hinomi node status [--data DIR] [--json]\n"
    "       hinomi node requeue [--data DIR]\n"
    "       hinomi node unmask VALUE… [--data DIR]\n"
    "       hinomi node --print-config\n"
    "\n"
    "The hospital's side: read log files and receive syslog and _bulk, keep them on disk "
    "until\n"
    "the center has them.\n"
    "\n"
    "  enroll   redeem a token that the center printed (hinomi admin token)\n"
    "  status   what the running node is doing, and whether the center gets it\n"
    "  requeue  send again what the center refused and the node set aside (node stopped)\n"
    "  unmask   the user name or query behind a pseudonym (u~…, q~…); needs the hospital's "
    "key\n"
    "\n"
    "  --config FILE   default " CONFIG_STANDARD "\n"
    "  --data DIR      default " DATA_STANDARD "\n"
    "\n"
    "Exit: 0 done, 1 status: something is wrong, 2 usage, 3 could not run.\n";

static const char help_ja[] =
    "使い方: hinomi node [--config ファイル] [--data フォルダ]\n"
    "        hinomi node enroll URL トークン [--data フォルダ] [--proxy URL]\n"
    "        hinomi node status [--data フォルダ] [--json]\n"
    "        hinomi node requeue [--data フォルダ]\n"
    "        hinomi node unmask 値… [--data フォルダ]\n"
    "        hinomi node --print-config\n"
    "\n"
    "医療機関側のプログラムです。ログファイルを読み、syslog と _bulk を受け取り、センターが\n"
    "受け取り終えるまでディスクに保持します。\n"
    "\n"
    "  enroll   センターの発行したトークンで登録する（hinomi admin token）\n"
    "  status   動作状況と、センターに届いているかどうか\n"
    "  requeue  センターに拒まれて取り分けたものを送り直す（ノード停止中に）\n"
    "  unmask   仮名（u~…、q~…）の元の利用者名やクエリ。医療機関の鍵が必要\n"
    "\n"
    "  --config ファイル  既定 " CONFIG_STANDARD "\n"
    "  --data フォルダ    既定 " DATA_STANDARD "\n"
    "\n"
    "終了コード: 0 正常、1 status で異常あり、2 使い方の誤り、3 実行できない\n";

enum { OPT_DATA = 256, OPT_CONFIG, OPT_PROXY, OPT_JSON, OPT_PRINT_CONFIG, OPT_HELP };

static const struct option options[] = {
    {"data", required_argument, NULL, OPT_DATA},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"proxy", required_argument, NULL, OPT_PROXY},
    {"json", no_argument, NULL, OPT_JSON},
    {"print-config", no_argument, NULL, OPT_PRINT_CONFIG},
    {"help", no_argument, NULL, OPT_HELP},
    {0},
};

/* --- run --- */

static int
run_node(const struct node_command *c)
{
	const char *file = c->config == NULL ? CONFIG_STANDARD : c->config;
	struct node_config cfg = {0};
	struct err e;
	int rc = -1;

	log_set_name("node");
	if (node_config_read(&cfg, file, &e) != 0)
		goto out;
	log_set_level((enum log_level)cfg.log_level);
	if (cfg.sources.n == 0)
		log_warning(
		    "%s names no sources, so there is nothing to read; docs/node.md shows how",
		    file);
	rc = node_run(&cfg, c->data, HINOMI_VERSION, &e);
out:
	node_config_release(&cfg);
	return rc == 0 ? EXIT_DONE : cli_fail("node", &e);
}

static int
print_config(void)
{
	struct buf out = BUF_INIT(1 << 20);

	settings_print(node_settings, cli_japanese() ? "ja" : "en", &out);
	fwrite(out.ptr, 1, out.len, stdout);
	buf_release(&out);
	return EXIT_DONE;
}

/* --- enroll --- */

static int
run_enroll(const struct node_command *c)
{
	struct identity id;
	struct err e;

	if (c->n_words != 3)
		return cli_misuse("node", "%s",
		    cli_say("enroll needs the center's URL and a token",
			"enroll にはセンターの URL とトークンが必要です"));
	if (node_enroll(c->data, c->words[1], c->words[2], c->proxy, HINOMI_VERSION, &e) != 0 ||
	    identity_load(&id, c->data, &e) != 0)
		return cli_fail("node enroll", &e);
	printf(
	    cli_say("Enrolled at %s as node %s of %s (%s).\nStart it: hinomi node --data %s\n",
		"%s にノード %s として登録しました（%s、%s）。\n開始: hinomi node --data %s\n"),
	    id.center, id.node, id.institution_name, id.institution_id, c->data);
	return EXIT_DONE;
}

/* --- status --- */

static void
print_size(const char *label, int64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double v = (double)bytes;
	unsigned u = 0;

	while (v >= 1024 && u < 4) {
		v /= 1024;
		u++;
	}
	printf("%s%.*f %s", label, u == 0 ? 0 : 1, v, units[u]);
}

static int64_t
number(const struct json *v, const char *name)
{
	int64_t n = 0;

	json_int(json_member(v, name), &n);
	return n;
}

static bool
print_source(const struct json *s)
{
	const struct json *errors = json_member(s, "errors");
	struct slice last = json_text(json_member(s, "last_line"));

	printf("  %.*s: ", SLICE_ARG(json_text(json_member(s, "name"))));
	printf(cli_say("%lld lines, last %.*s", "%lld 行、最終 %.*s"),
	    (long long)number(s, "lines"), SLICE_ARG(last.ptr == NULL ? SLICE("-") : last));
	if (number(s, "lag_bytes") > 0)
		print_size(cli_say(", not read yet ", "、未読 "), number(s, "lag_bytes"));
	putchar('\n');
	for (size_t i = 0; i < json_count(errors); i++)
		printf("    ! %.*s\n", SLICE_ARG(json_text(json_item(errors, i))));
	return json_count(errors) == 0;
}

/* True: nothing is wrong. */
static bool
print_status(const struct json *root, struct span age)
{
	const struct json *center = json_member(root, "center"),
			  *spool = json_member(root, "spool"),
			  *sources = json_member(root, "sources");
	struct slice trouble = json_text(json_member(center, "trouble")),
		     disk = json_text(json_member(root, "trouble"));
	bool connected = json_truth(json_member(center, "connected"));
	bool fine = connected && disk.len == 0 && age.us < STATUS_OLD.us;

	if (age.us >= STATUS_OLD.us)
		printf("! %s (%lld s)\n",
		    cli_say("The node is not running; this is how it was",
			"ノードは動いていません。次は最後に分かった状況です"),
		    (long long)(age.us / 1000000));
	printf("%s %s\n", cli_say("center:", "センター:"),
	    connected ? cli_say("connected", "接続中") : cli_say("NOT connected", "未接続"));
	if (trouble.len > 0)
		printf("  ! %.*s\n", SLICE_ARG(trouble));
	if (disk.len > 0)
		printf("! %.*s\n", SLICE_ARG(disk));
	printf(cli_say("spool: %lld batches", "スプール: %lld バッチ"),
	    (long long)number(spool, "batches"));
	print_size(", ", number(spool, "bytes"));
	print_size(cli_say(" of ", " / "), number(spool, "limit"));
	putchar('\n');
	if (number(spool, "quarantined") > 0) {
		printf(cli_say("  ! %lld batches were refused by the center and set aside "
			       "(hinomi node requeue)\n",
			   "  ! %lld バッチがセンターに拒まれ、取り分けてあります（hinomi node "
			   "requeue）\n"),
		    (long long)number(spool, "quarantined"));
		fine = false;
	}
	printf("%s\n", cli_say("sources:", "ソース:"));
	for (size_t i = 0; i < json_count(sources); i++)
		fine = print_source(json_item(sources, i)) && fine;
	return fine;
}

static int
run_status(const struct node_command *c)
{
	struct buf text = BUF_INIT(STATUS_MAX);
	struct json *root = NULL;
	struct instant at;
	char path[4200];
	struct err e;
	int rc;

	snprintf(path, sizeof(path), "%s/status.json", c->data);
	if (file_read(&text, path, &e) != 0 ||
	    json_parse(&root, buf_slice(&text), STATUS_MAX, &e) != 0 ||
	    json_need_instant(root, "time", &at, &e) != 0) {
		err_wrap(&e, "%s",
		    cli_say("no status; has the node been started?",
			"状況がありません。ノードを開始しましたか"));
		rc = cli_fail("node status", &e);
	} else if (c->json) {
		fwrite(text.ptr, 1, text.len, stdout);
		rc = EXIT_DONE;
	} else
		rc =
		    print_status(root, instant_since(clock_now(), at)) ? EXIT_DONE : EXIT_FOUND;
	json_free(root);
	buf_release(&text);
	return rc;
}

/* --- requeue --- */

static int
run_requeue(const struct node_command *c)
{
	struct spool_options o = {.limit = INT64_MAX};
	struct spool *sp = NULL;
	char path[4200];
	uint64_t n = 0;
	struct err e;
	int rc = -1, lock;

	snprintf(path, sizeof(path), "%s/lock", c->data);
	if ((lock = file_lock(path, &e)) < 0) {
		err_wrap(
		    &e, "%s", cli_say("stop the node first", "先にノードを止めてください"));
		return cli_fail("node requeue", &e);
	}
	snprintf(path, sizeof(path), "%s/spool.db", c->data);
	o.path = path;
	if (spool_open(&sp, &o, &e) == 0)
		rc = spool_requeue(sp, &n, &e);
	spool_close(sp);
	if (rc != 0)
		return cli_fail("node requeue", &e);
	printf(cli_say("%llu batches will be sent again.\n", "%llu バッチを送り直します。\n"),
	    (unsigned long long)n);
	return EXIT_DONE;
}

/* --- unmask --- */

static int
run_unmask(const struct node_command *c)
{
	struct buf value = BUF_INIT(1 << 20);
	struct mask_key key;
	struct err e;
	int rc = EXIT_DONE;

	if (c->n_words < 2)
		return cli_misuse("node", "%s",
		    cli_say("unmask needs a pseudonym (u~… or q~…)",
			"unmask には仮名（u~… か q~…）が必要です"));
	if (identity_mask_key(&key, c->data, false, &e) != 0)
		return cli_fail("node unmask", &e);
	for (int i = 1; i < c->n_words; i++) {
		buf_reset(&value);
		if (mask_open_pseudonym(&key, slice_str(c->words[i]), &value, &e) != 0) {
			err_wrap(&e, "%s", c->words[i]);
			cli_fail("node unmask", &e);
			rc = EXIT_FOUND;
			continue;
		}
		fwrite(value.ptr, 1, value.len, stdout);
		putchar('\n');
	}
	mask_key_wipe(&key);
	if (value.ptr != NULL)
		sodium_memzero(value.ptr, value.cap);
	buf_release(&value);
	return rc;
}

/* --- which --- */

static const struct {
	const char *name;
	int (*run)(const struct node_command *c);
} verbs[] = {
    {"enroll", run_enroll},
    {"status", run_status},
    {"requeue", run_requeue},
    {"unmask", run_unmask},
};

static int
parse_options(struct node_command *c, int argc, char **argv)
{
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case OPT_DATA:
			c->data = optarg;
			break;
		case OPT_CONFIG:
			c->config = optarg;
			break;
		case OPT_PROXY:
			c->proxy = optarg;
			break;
		case OPT_JSON:
			c->json = true;
			break;
		case OPT_PRINT_CONFIG:
			c->print_config = true;
			break;
		case OPT_HELP:
			fputs(cli_say(help_en, help_ja), stdout);
			exit(EXIT_DONE);
		default:
			return cli_misuse_option("node", argv[optind - 1]);
		}
	}
	if (strlen(c->data) > 4000)
		return cli_misuse("node", "--data: %s", strerror(ENAMETOOLONG));
	c->words = argv + optind;
	c->n_words = argc - optind;
	return EXIT_DONE;
}

int
cmd_node(int argc, char **argv)
{
	struct node_command c = {.data = DATA_STANDARD};
	int rc = parse_options(&c, argc, argv);

	if (rc != EXIT_DONE)
		return rc;
	if (sodium_init() < 0)
		return EXIT_CANNOT;
	if (c.print_config)
		return print_config();
	if (c.n_words == 0)
		return run_node(&c);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(c.words[0], verbs[i].name) == 0)
			return verbs[i].run(&c);
	}
	return cli_misuse("node",
	    cli_say("\"%s\" is nothing a node does", "\"%s\" という操作はありません"),
	    c.words[0]);
}
