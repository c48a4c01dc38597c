/* center.c - `hinomi center`: run a center, or (as its own child) one role of it. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "center/config.h"
#include "center/role.h"
#include "center/supervisor.h"
#include "cli/cli.h"
#include "sys/file.h"

#define CONFIG_TEXT_MAX (256 * 1024)

static void
print_help(void)
{
	printf("%s: hinomi center --data %s [--config %s]\n\n%s\n\n"
	       "  --data DIR       %s\n"
	       "  --config FILE    %s\n"
	       "  --print-config   %s\n"
	       "  --role ROLE      %s\n",
	    cli_say("Usage", "使い方"), cli_say("DIR", "ディレクトリ"),
	    cli_say("FILE", "ファイル"),
	    cli_say("Runs a center: receives logs from nodes, detects, serves the console.\n"
		    "Ctrl-C or SIGTERM stops it; what was acknowledged is kept.",
		"センターを動かします。ノードからログを受け取り、検知し、コンソールを提供します"
		"。\n"
		"Ctrl-C または SIGTERM で止まります。受領済みのデータは失われません。"),
	    cli_say("where everything is kept (made if missing)",
		"データの置き場所（なければ作成）"),
	    cli_say("settings (YAML); without it every setting has its default",
		"設定（YAML）。なければすべて既定値"),
	    cli_say("print every setting with its default and help",
		"全設定を既定値と説明付きで表示"),
	    cli_say("run only this role here: serve or detect",
		"この役割だけを動かす: serve, detect"));
}

static int
print_config(void)
{
	struct buf out = BUF_INIT(CONFIG_TEXT_MAX);
	int status = EXIT_DONE;

	settings_print(center_settings, cli_japanese() ? "ja" : "en", &out);
	if (out.failed || fwrite(out.ptr, 1, out.len, stdout) != out.len || fflush(stdout) != 0)
		status = EXIT_CANNOT;
	buf_release(&out);
	return status;
}

/* As the supervisor's child, or by hand. */
static int
run_role(struct role_env *env, const char *fds)
{
	char *absolute;
	struct err e;
	int status;

	if (fds != NULL && !role_parse_fds(env, fds))
		return cli_misuse("center", "--fds is the supervisor's, not \"%s\"", fds);
	if (strcmp(env->role, "serve") != 0 && strcmp(env->role, "detect") != 0)
		return cli_misuse("center", "%s \"%s\"",
		    cli_say("there is no role", "そのような役割はありません:"), env->role);
	if (file_make_dirs(env->data_dir, 0700, &e) != 0)
		return cli_fail("center", &e);
	if ((absolute = realpath(env->data_dir, NULL)) == NULL) {
		err_set(&e, "\"%s\" %s", env->data_dir,
		    cli_say("can not be found", "が見つかりません"));
		return cli_fail("center", &e);
	}
	env->data_dir = absolute;
	status = strcmp(env->role, "serve") == 0 ? serve_main(env) : detect_main(env);
	free(absolute);
	return status;
}

static int
run_all(const struct role_env *env, const char *program)
{
	static const char *const roles[] = {"serve", "detect", NULL};
	const struct supervisor_spec spec = {.program = program,
	    .data_dir = env->data_dir,
	    .config_file = env->config_file,
	    .roles = roles};
	struct err e = {0};
	int status = supervisor_run(&spec, &e);

	if (status != EXIT_DONE && e.text[0] != '\0')
		cli_fail("center", &e);
	return status;
}

int
cmd_center(int argc, char **argv)
{
	static const struct option options[] = {
	    {"data", required_argument, NULL, 'd'},
	    {"config", required_argument, NULL, 'c'},
	    {"role", required_argument, NULL, 'r'},
	    {"fds", required_argument, NULL, 'f'},
	    {"crashed", no_argument, NULL, 'x'},
	    {"print-config", no_argument, NULL, 'p'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	struct role_env env = {.batches = -1, .alerts = -1, .ready = -1};
	const char *fds = NULL;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "d:c:h", options, NULL)) != -1)
		switch (c) {
		case 'd':
			env.data_dir = optarg;
			break;
		case 'c':
			env.config_file = optarg;
			break;
		case 'r':
			env.role = optarg;
			break;
		case 'f':
			fds = optarg;
			break;
		case 'x':
			env.crashed = true;
			break;
		case 'p':
			return print_config();
		case 'h':
			print_help();
			return EXIT_DONE;
		default:
			return cli_misuse_option("center", argv[optind - 1]);
		}
	if (optind != argc)
		return cli_misuse("center", "%s \"%s\"",
		    cli_say("unexpected argument", "余分な引数があります:"), argv[optind]);
	if (env.data_dir == NULL)
		return cli_misuse("center", "%s",
		    cli_say("--data DIR says where everything is kept",
			"--data DIR でデータの置き場所を指定してください"));
	return env.role != NULL ? run_role(&env, fds) : run_all(&env, "hinomi");
}
