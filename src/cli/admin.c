/* admin.c - `hinomi admin`: users, institutions, tokens and nodes of a center. */
#include "cli/admin.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/audit.h"
#include "store/migrations.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/random.h"
#include "sys/sandbox.h"

#define MEMORY (64 * 1024 * 1024)

static const struct action {
	const char *noun, *verb; /* verb NULL: the noun alone */
	const char *word;	 /* the one argument, NULL: none */
	int (*run)(struct admin *a, struct err *e);
	bool may_make; /* a data directory: before the center's first start */
	const char *en, *ja;
} actions[] = {
    {"user", "add", "NAME", admin_user_add, true,
	"make a user: --role analyst|lead|administrator [--institution ID,…] [--language "
	"ja|en] "
	"[--password-file FILE | --generate]",
	"利用者を作る: --role analyst|lead|administrator [--institution ID,…] [--language "
	"ja|en] "
	"[--password-file FILE | --generate]"},
    {"user", "list", NULL, admin_user_list, false, "list users", "利用者の一覧"},
    {"user", "password", "NAME", admin_user_password, false,
	"set a new password and end the user's sessions: [--password-file FILE | --generate]",
	"パスワードを変え、セッションを終わらせる: [--password-file FILE | --generate]"},
    {"session", "list", NULL, admin_session_list, false,
	"who is signed in, since when and from where (a new password ends a user's sessions)",
	"サインイン中の利用者と時刻・アドレス（パスワードを変えるとその利用者のセッションは終わ"
	"ります）"},
    {"institution", "add", "NAME", admin_institution_add, true,
	"add an institution: [--id ID] [--kana KANA] [--beds N] [--prefecture NAME]",
	"医療機関を加える: [--id ID] [--kana カナ] [--beds 病床数] [--prefecture 都道府県]"},
    {"institution", "list", NULL, admin_institution_list, false, "list institutions",
	"医療機関の一覧"},
    {"token", NULL, "INSTITUTION", admin_token, false,
	"print a token that enrols one node of this institution within 24 hours",
	"この医療機関のノードを 1 台登録できるトークンを発行（24 時間有効）"},
    {"node", "list", NULL, admin_node_list, false, "list nodes", "ノードの一覧"},
    {"node", "revoke", "ID", admin_node_revoke, false,
	"refuse everything from this node from now on", "このノードからの受け付けを止める"},
};

#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

static void
print_help(void)
{
	printf("%s: hinomi admin … --data DIR [--json]\n\n", cli_say("Usage", "使い方"));
	for (size_t i = 0; i < ACTIONS; i++)
		printf("  %s%s%s%s%s\n      %s\n", actions[i].noun,
		    actions[i].verb == NULL ? "" : " ",
		    actions[i].verb == NULL ? "" : actions[i].verb,
		    actions[i].word == NULL ? "" : " ",
		    actions[i].word == NULL ? "" : actions[i].word,
		    cli_say(actions[i].en, actions[i].ja));
	printf("\n%s\n",
	    cli_say(
		"Works while the center is running. Each change is written to the audit log.",
		"センターの動作中も使えます。変更はすべて監査ログに残ります。"));
}

/* Who runs this: sudo keeps the person behind root. */
static void
name_actor(struct admin *a)
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *p = getpwuid(getuid());

	if (sudo != NULL && getuid() == 0)
		snprintf(a->actor, sizeof(a->actor), "cli:%.60s", sudo);
	else if (p != NULL)
		snprintf(a->actor, sizeof(a->actor), "cli:%.60s", p->pw_name);
	else
		snprintf(a->actor, sizeof(a->actor), "cli:%lu", (unsigned long)getuid());
}

/* A slip of the hand in --data must not make an empty center that knows nobody. */
static int
need_store(const struct admin *a, struct err *e)
{
	struct buf path = BUF_INIT(PATH_MAX);
	int rc = 0;

	buf_printf(&path, "%s/store/store.db", a->data_dir);
	if (!a->may_make && (path.failed || access(buf_str(&path), F_OK) != 0))
		rc = errno == EACCES
			 ? err_errno(e, errno, "\"%s\"", a->data_dir)
			 : err_set(e,
			       cli_say("\"%s\" holds no center's data: check --data",
				   "\"%s\" にセンターのデータがありません。--data "
				   "を確認してください。"),
			       a->data_dir);
	buf_release(&path);
	return rc;
}

int
admin_open(struct admin *a, struct err *e)
{
	const char *const write_below[] = {a->data_dir, NULL};
	const struct sandbox box = {
	    .power = SANDBOX_COMPUTE, .owner_of = a->data_dir, .write_below = write_below};
	struct sandbox_report report;

	name_actor(a);
	json_seed(random_u64());
	if (need_store(a, e) != 0 || file_make_dirs(a->data_dir, 0700, e) != 0 ||
	    sandbox_enter(&box, &report, e) != 0)
		return -1;
	if ((a->mem = arena_new(MEMORY)) == NULL)
		return err_set(e, "out of memory");
	a->now = clock_now();
	return store_open(&a->db, a->data_dir, e);
}

int
admin_audit(struct admin *a, const char *action, const char *object_kind, struct slice object,
    struct err *e)
{
	char *of = arena_printf(a->mem, "%s:%.*s", object_kind, SLICE_ARG(object));
	const struct audit_entry entry = {.at = a->now,
	    .actor = slice_str(a->actor),
	    .action = slice_str(action),
	    .object = slice_str(of)};

	return of == NULL ? err_set(e, "out of memory") : audit_append(a->db, &entry, e);
}

void
admin_print_json(struct buf *line)
{
	if (!line->failed)
		printf("%.*s\n", SLICE_ARG(buf_slice(line)));
	buf_reset(line);
}

static const struct action *
find_action(int *argc, char ***argv)
{
	for (size_t i = 0; i < ACTIONS; i++) {
		const struct action *x = &actions[i];
		int used = x->verb == NULL ? 1 : 2;

		if (*argc >= used && strcmp((*argv)[0], x->noun) == 0 &&
		    (x->verb == NULL || strcmp((*argv)[1], x->verb) == 0)) {
			*argc -= used;
			*argv += used;
			return x;
		}
	}
	return NULL;
}

/* 0, or an exit status to leave with (EXIT_DONE after help is told by *done). */
static int
read_options(int argc, char **argv, struct admin *a, bool *done)
{
	static const struct option options[] = {
	    {"data", required_argument, NULL, 'd'},
	    {"json", no_argument, NULL, 'j'},
	    {"role", required_argument, NULL, 'r'},
	    {"institution", required_argument, NULL, 'i'},
	    {"language", required_argument, NULL, 'l'},
	    {"password-file", required_argument, NULL, 'p'},
	    {"generate", no_argument, NULL, 'g'},
	    {"id", required_argument, NULL, 'I'},
	    {"kana", required_argument, NULL, 'k'},
	    {"beds", required_argument, NULL, 'b'},
	    {"prefecture", required_argument, NULL, 'P'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "d:h", options, NULL)) != -1)
		switch (c) {
		case 'd':
			a->data_dir = optarg;
			break;
		case 'j':
			a->json = true;
			break;
		case 'r':
			a->role = optarg;
			break;
		case 'i':
			a->institution = optarg;
			break;
		case 'l':
			a->language = optarg;
			break;
		case 'p':
			a->password_file = optarg;
			break;
		case 'g':
			a->generate = true;
			break;
		case 'I':
			a->id = optarg;
			break;
		case 'k':
			a->kana = optarg;
			break;
		case 'b':
			a->beds = optarg;
			break;
		case 'P':
			a->prefecture = optarg;
			break;
		case 'h':
			print_help();
			*done = true;
			return EXIT_DONE;
		default:
			return cli_misuse_option("admin", argv[optind - 1]);
		}
	a->words = argv + optind;
	a->n_words = argc - optind;
	return 0;
}

int
cmd_admin(int argc, char **argv)
{
	struct admin a = {0};
	const struct action *action;
	struct err e = {0};
	bool done = false;
	int status = read_options(argc, argv, &a, &done);

	if (status != 0 || done)
		return status;
	if ((action = find_action(&a.n_words, &a.words)) == NULL)
		return cli_misuse("admin", "%s",
		    cli_say("say what to do, such as `user add NAME`",
			"`user add NAME` のように、することを指定してください"));
	if (a.n_words != (action->word == NULL ? 0 : 1))
		return cli_misuse("admin", "%s %s%s%s %s", action->noun,
		    action->verb == NULL ? "" : action->verb, action->verb == NULL ? "" : " ",
		    cli_say("takes", "の引数:"),
		    action->word == NULL ? cli_say("no argument", "なし") : action->word);
	if (a.data_dir == NULL)
		return cli_misuse("admin", "%s",
		    cli_say("--data DIR names the center's data directory",
			"--data DIR でセンターのデータディレクトリを指定してください"));
	a.may_make = action->may_make;
	status = action->run(&a, &e);
	db_close(a.db);
	arena_free(a.mem);
	return status == EXIT_CANNOT ? cli_fail("admin", &e) : status;
}
