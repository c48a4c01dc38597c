/* rules.c - `hinomi rules check`: which Sigma rules can be used, and why not. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/cli.h"
#include "content/content.h"

#define TITLE_WIDTH  56
#define SOURCE_WIDTH 32
#define JSON_MAX     (256 * 1024)

static const char help_en[] =
    "Usage: hinomi rules check [OPTION]… [PATH]…\n"
    "\n"
    "Load Sigma rules, files or whole folders, and say of each whether it can be used.\n"
    "Without PATH, the built-in ones.\n"
    "\n"
    "  --json               one rule a line, as JSON\n"
    "  --problems           only those that cannot be used\n"
    "  --placeholders FILE  values for |expand, such as your network segments (repeat)\n"
    "\n"
    "loaded: in use.  waiting: good, but no log format that is read yet gives its events.\n"
    "unusable: the reason says what to change, and on which line.\n"
    "\n"
    "Exit: 0 all usable, 1 something is not, 2 usage, 3 something could not be read.\n";

static const char help_ja[] =
    "使い方: hinomi rules check [オプション]… [パス]…\n"
    "\n"
    "Sigma ルール（ファイルまたはフォルダ）を読み込み、1 件ごとに使えるかどうかを表示します。\n"
    "パスを省くと内蔵ルールを点検します。\n"
    "\n"
    "  --json               1 行 1 件の JSON で出力\n"
    "  --problems           使えないものだけを表示\n"
    "  --placeholders ファイル |expand に入れる値。自院のネットワーク範囲など（複数可）\n"
    "\n"
    "使用中: 検知に使われます。待機: 正しいルールですが、対象のログ形式がまだ読めません。\n"
    "使用不可: 何行目の何を直せばよいかを理由に示します。\n"
    "\n"
    "終了コード: 0 すべて使える、1 使えないものがある、2 使い方の誤り、3 "
    "読めないものがあった\n";

enum { OPT_JSON = 256, OPT_PROBLEMS, OPT_PLACEHOLDERS, OPT_HELP };

static const struct option options[] = {
    {"json", no_argument, NULL, OPT_JSON},
    {"problems", no_argument, NULL, OPT_PROBLEMS},
    {"placeholders", required_argument, NULL, OPT_PLACEHOLDERS},
    {"help", no_argument, NULL, OPT_HELP},
    {0},
};

static const struct {
	const char *name, *en, *ja, *colour;
} standings[] = {
    [SIGMA_LOADED] = {"loaded", "loaded", "使用中", "32"},
    [SIGMA_UNROUTED] = {"waiting", "waiting", "待機", "33"},
    [SIGMA_UNUSABLE] = {"unusable", "unusable", "使用不可", "31"},
};

struct rules_command {
	struct cli_list placeholders;
	bool json, problems;
};

static void
print_json(const struct sigma_report *r)
{
	struct buf b = BUF_INIT(JSON_MAX);

	buf_add_str(&b, "{\"status\":\"");
	buf_add_str(&b, standings[r->standing].name);
	buf_printf(&b, "\",\"level\":\"%s\",\"file\":", level_name(r->level));
	buf_add_json(&b, r->file);
	buf_printf(&b, ",\"line\":%u,\"id\":", r->line);
	buf_add_json(&b, r->id);
	buf_add_str(&b, ",\"title\":");
	buf_add_json(&b, r->title);
	buf_add_str(&b, ",\"logsource\":");
	buf_add_json(&b, r->logsource);
	buf_printf(&b, ",\"every_event\":%s,\"reason\":", r->direct ? "true" : "false");
	buf_add_json(&b, r->reason);
	buf_add_str(&b, "}\n");
	fwrite(b.ptr, 1, b.len, stdout);
	buf_release(&b);
}

/* As much of s as `width` columns hold, then blanks; control characters become dots. */
static void
print_cell(struct slice s, int width)
{
	struct slice cut = utf8_cut(s, (size_t)width);

	for (size_t i = 0; i < cut.len; i++)
		putchar(cut.ptr[i] < ' ' || cut.ptr[i] == 0x7f ? '.' : cut.ptr[i]);
	printf("%*s", width - (int)cut.len + 1, "");
}

static void
print_row(const struct sigma_report *r)
{
	bool coloured = cli_coloured();
	/* In Japanese each character takes two columns and three bytes. */
	const char *name = cli_say(standings[r->standing].en, standings[r->standing].ja);
	int columns = cli_japanese() ? (int)strlen(name) / 3 * 2 : (int)strlen(name);

	if (coloured)
		printf("\x1b[%sm", standings[r->standing].colour);
	printf("%s%*s", name, 9 - columns, "");
	if (coloured)
		printf("\x1b[0m");
	print_cell(slice_str(level_name(r->level)), 13);
	print_cell(r->logsource, SOURCE_WIDTH);
	print_cell(r->title, TITLE_WIDTH);
	printf("%.*s:%u", SLICE_ARG(r->file), r->line);
	if (r->reason.len > 0)
		printf(": %.*s", SLICE_ARG(r->reason));
	else if (r->direct)
		printf(": %s",
		    cli_say("judged on every event: it holds no rare text to search for",
			"全イベントで評価します（検索に使える珍しい文字列がないため）"));
	putchar('\n');
}

static int
check_rules(const struct rules_command *c, const char *const *paths)
{
	struct content_sources from = {
	    .rules = paths,
	    .placeholders = c->placeholders.items,
	    .no_builtin_rules = *paths != NULL,
	};
	size_t counts[3] = {0}, direct = 0;
	struct sigma_set *set;
	struct err e = {0};

	if (content_load_rules(&from, &set, &e) != 0)
		return cli_fail("rules", &e);
	for (size_t i = 0; i < sigma_report_count(set); i++) {
		struct sigma_report r = sigma_report_at(set, i);

		counts[r.standing]++;
		direct += r.standing == SIGMA_LOADED && r.direct;
		if (c->problems && r.standing != SIGMA_UNUSABLE)
			continue;
		if (c->json)
			print_json(&r);
		else
			print_row(&r);
	}
	if (!c->json)
		printf(
		    cli_say(
			"%zu loaded (%zu judged on every event), %zu waiting for a log format, "
			"%zu unusable\n",
			"使用中 %zu（うち全イベントで評価 %zu）、待機 %zu、使用不可 %zu\n"),
		    counts[SIGMA_LOADED], direct, counts[SIGMA_UNROUTED],
		    counts[SIGMA_UNUSABLE]);
	sigma_set_free(set);
	return counts[SIGMA_UNUSABLE] > 0 ? EXIT_FOUND : EXIT_DONE;
}

int
cmd_rules(int argc, char **argv)
{
	struct rules_command c = {0};
	int opt, rc;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(cli_say(help_en, help_ja), stdout);
		return EXIT_DONE;
	}
	if (argc < 2 || strcmp(argv[1], "check") != 0)
		return cli_misuse("rules", "%s",
		    cli_say("\"check\" is expected", "\"check\" を指定してください"));
	opterr = 0;
	while ((opt = getopt_long(argc - 1, argv + 1, "h", options, NULL)) != -1)
		switch (opt) {
		case OPT_JSON:
			c.json = true;
			break;
		case OPT_PROBLEMS:
			c.problems = true;
			break;
		case OPT_PLACEHOLDERS:
			cli_list_add(&c.placeholders, optarg);
			break;
		case 'h':
		case OPT_HELP:
			fputs(cli_say(help_en, help_ja), stdout);
			rc = EXIT_DONE;
			goto out;
		default:
			rc = cli_misuse_option("rules", argv[optind]);
			goto out;
		}
	rc = check_rules(&c, (const char *const *)argv + 1 + optind);
out:
	cli_list_release(&c.placeholders);
	return rc;
}
