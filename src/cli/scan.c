/* scan.c - `hinomi scan`: options in, a summary and the alerts out. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/scan_files.h"
#include "content/content.h"
#include "sys/loop.h"
#include "text/json.h"

#define THREADS_MAX 256

struct scan_command {
	struct cli_list rules, indicators, allow, placeholders, formats;
	struct scan_options run;
	bool json, explain, no_rules;
	struct span shown_offset;
	struct content_summary content;
	struct span last_progress;
};

static const char help_en[] =
    "Usage: hinomi scan [OPTION]… FILE…\n"
    "\n"
    "Detect in log files.  Formats are recognised by themselves; \"-\" is standard input;\n"
    "gzip and zstd files open as they are.\n"
    "\n"
    "  --json               one alert a line, as JSON\n"
    "  --explain            say what each file was recognised as, and what was not read and "
    "why\n"
    "  --format NAME        read as this format only (repeat: choose among these)\n"
    "  --logformat STRING   Squid's logformat, with --format squid\n"
    "  --charset NAME       shift_jis or euc-jp\n"
    "  --utc-offset ±HH:MM  of times that do not say (default +09:00)\n"
    "  --rules PATH         Sigma rules: a file or folder, instead of the built-in ones "
    "(repeat)\n"
    "  --no-rules           no Sigma rules at all\n"
    "  --indicators FILE    domains, addresses, URLs, hashes: list, CSV, MISP or STIX "
    "(repeat)\n"
    "  --allow FILE         what must never match an indicator (repeat)\n"
    "  --placeholders FILE  values for |expand, such as your network segments (repeat)\n"
    "  --threads N          default: one for each processor\n"
    "\n"
    "Exit: 0 nothing found, 1 alerts found, 2 usage, 3 something could not be read.\n";

static const char help_ja[] =
    "使い方: hinomi scan [オプション]… ファイル…\n"
    "\n"
    "ログファイルを調べてアラートを表示します。形式は自動で判別します。\"-\" は標準入力です。\n"
    "gzip と zstd のファイルはそのまま読めます。\n"
    "\n"
    "  --json               アラートを 1 行 1 件の JSON で出力\n"
    "  --explain            各ファイルの形式と、読めなかった行の理由を表示\n"
    "  --format 名前        この形式としてだけ読む（複数指定: その中から選ぶ）\n"
    "  --logformat 文字列   Squid の logformat（--format squid とともに）\n"
    "  --charset 名前       shift_jis または euc-jp\n"
    "  --utc-offset ±HH:MM  時差の書かれていない時刻の時差（既定 +09:00）\n"
    "  --rules パス         内蔵ルールの代わりに使う Sigma "
    "ルール（ファイルかフォルダ、複数可）\n"
    "  --no-rules           Sigma ルールを使わない\n"
    "  --indicators ファイル "
    "ドメイン・アドレス・URL・ハッシュ（一覧、CSV、MISP、STIX、複数可）\n"
    "  --allow ファイル     インジケーターに一致させないもの（複数可）\n"
    "  --placeholders ファイル |expand に入れる値。自院のネットワーク範囲など（複数可）\n"
    "  --threads N          既定はプロセッサの数\n"
    "\n"
    "終了コード: 0 検知なし、1 検知あり、2 使い方の誤り、3 読めないものがあった\n";

enum {
	OPT_JSON = 256,
	OPT_EXPLAIN,
	OPT_FORMAT,
	OPT_LOGFORMAT,
	OPT_CHARSET,
	OPT_UTC_OFFSET,
	OPT_RULES,
	OPT_NO_RULES,
	OPT_INDICATORS,
	OPT_ALLOW,
	OPT_PLACEHOLDERS,
	OPT_THREADS,
	OPT_HELP
};

static const struct option options[] = {
    {"json", no_argument, NULL, OPT_JSON},
    {"explain", no_argument, NULL, OPT_EXPLAIN},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"logformat", required_argument, NULL, OPT_LOGFORMAT},
    {"charset", required_argument, NULL, OPT_CHARSET},
    {"utc-offset", required_argument, NULL, OPT_UTC_OFFSET},
    {"rules", required_argument, NULL, OPT_RULES},
    {"no-rules", no_argument, NULL, OPT_NO_RULES},
    {"indicators", required_argument, NULL, OPT_INDICATORS},
    {"allow", required_argument, NULL, OPT_ALLOW},
    {"placeholders", required_argument, NULL, OPT_PLACEHOLDERS},
    {"threads", required_argument, NULL, OPT_THREADS},
    {"help", no_argument, NULL, OPT_HELP},
    {0},
};

/* ---- what people read ---- */

/* Log text goes to a terminal: nothing in it may steer one. */
static void
print_text(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
			printf("\\x%02x", s.ptr[i]);
		else
			putchar(s.ptr[i]);
	}
}

static struct slice
in_language(struct text2 t)
{
	return cli_japanese() && t.ja.len > 0 ? t.ja : t.en;
}

static const char *
level_colour(enum level l)
{
	static const char *const colours[] = {
	    "\x1b[2m", "\x1b[36m", "\x1b[33m", "\x1b[31m", "\x1b[1;31m"};

	return cli_coloured() ? colours[l] : "";
}

static void
print_labelled(const char *label, struct slice text)
{
	struct slice line;

	while (slice_cut_line(&text, &line)) {
		printf("  %s ", label);
		print_text(line);
		putchar('\n');
		label = "  ";
	}
}

static void
print_alert(const struct scan_command *c, const struct alert *a)
{
	char from[32], to[32];
	const char *plain = cli_coloured() ? "\x1b[0m" : "";

	printf("\n%s[%s]%s ", level_colour(a->rule->level), level_name(a->rule->level), plain);
	print_text(in_language(a->rule->title));
	for (unsigned i = 0; i < a->rule->n_attack; i++)
		printf("%s%.*s", i == 0 ? "  " : " ", SLICE_ARG(a->rule->attack[i]));
	printf("\n  %s ", cli_say("who:", "対象:"));
	print_text(a->entity.len > 0 ? a->entity : slice_str(cli_say("not named", "記載なし")));
	printf("  ×%llu  %s", (unsigned long long)a->count,
	    cli_time(a->first_seen, c->shown_offset, from));
	if (a->last_seen.us != a->first_seen.us)
		printf(" – %s", cli_time(a->last_seen, c->shown_offset, to));
	putchar('\n');
	for (unsigned i = 0; i < a->lines[0].n_fields; i++) {
		printf("  %s ", i == 0 ? cli_say("why:", "理由:") : "    ");
		print_text(a->lines[0].fields[i].name);
		printf(" = ");
		print_text(slice_first(a->lines[0].fields[i].value, 300));
		putchar('\n');
	}
	printf("  %s ", cli_say("line:", "行:"));
	print_text(a->lines[0].batch);
	printf(" @%llu  ", (unsigned long long)a->lines[0].offset);
	print_text(slice_first(a->lines[0].raw, 500));
	putchar('\n');
	print_labelled(cli_say("do:", "対応:"), in_language(a->rule->advice));
}

static const struct alert **
by_severity(struct alert_set *set, size_t n)
{
	const struct alert **list = calloc(n + 1, sizeof(struct alert *));
	size_t at = 0;

	if (list == NULL)
		return NULL;
	/* Few levels, and each already in order of time. */
	for (int l = LEVEL_CRITICAL; l >= LEVEL_INFORMATIONAL; l--)
		for (size_t i = 0; i < n; i++)
			if ((int)alert_set_at(set, i)->rule->level == l)
				list[at++] = alert_set_at(set, i);
	return list;
}

static uint64_t
unread_count(const struct detect_counts *c)
{
	uint64_t n = 0;

	for (int i = 0; i < CODEC_STATUS_COUNT; i++)
		n += c->unread[i];
	return n;
}

static void
explain_file(const struct scan_command *c, const struct scan_file *f)
{
	char from[32], to[32];

	printf("%s: ", f->path);
	if (f->codec != NULL)
		printf("%s (%s)", f->codec->title, f->codec->id);
	else
		printf("%s", cli_say("not recognised", "形式不明"));
	if (f->envelope != NULL)
		printf(cli_say(" inside %s", "（%s の中）"), f->envelope);
	printf(cli_say(": %llu lines, %llu read, %llu comments or empty, %llu not read\n",
		   "：%llu 行、読めた %llu、注釈・空行 %llu、読めない %llu\n"),
	    (unsigned long long)f->counts.lines, (unsigned long long)f->counts.events,
	    (unsigned long long)f->counts.nothing,
	    (unsigned long long)unread_count(&f->counts));
	if (f->counts.events > 0)
		printf("  %s – %s\n", cli_time(f->counts.first, c->shown_offset, from),
		    cli_time(f->counts.last, c->shown_offset, to));
	for (int i = 0; i < CODEC_STATUS_COUNT; i++)
		if (f->counts.unread[i] > 0)
			printf("  %llu %s: %s\n", (unsigned long long)f->counts.unread[i],
			    codec_status_name((enum codec_status)i),
			    codec_status_help((enum codec_status)i, cli_japanese()));
}

static void
explain_file_json(const struct scan_file *f)
{
	struct buf out = BUF_INIT(1 << 20);
	struct json_out o = json_out_to(&out);

	json_open_object(&o, NULL);
	json_put_str(&o, "file", f->path);
	json_put_str(&o, "codec", f->codec == NULL ? NULL : f->codec->id);
	json_put_str(&o, "envelope", f->envelope);
	json_put_uint(&o, "lines", f->counts.lines);
	json_put_uint(&o, "events", f->counts.events);
	json_put_uint(&o, "nothing", f->counts.nothing);
	json_open_object(&o, "unread");
	for (int i = 0; i < CODEC_STATUS_COUNT; i++)
		if (f->counts.unread[i] > 0)
			json_put_uint(
			    &o, codec_status_name((enum codec_status)i), f->counts.unread[i]);
	json_close_object(&o);
	json_close_object(&o);
	printf("%.*s\n", SLICE_ARG(buf_slice(&out)));
	buf_release(&out);
}

static void
print_people(const struct scan_command *c, const struct scan_file *files, size_t n,
    struct alert_set *set)
{
	size_t alerts = alert_set_count(set);
	const struct alert **list = by_severity(set, alerts);
	uint64_t lines = 0, unread = 0;

	for (size_t i = 0; i < n; i++) {
		lines += files[i].counts.lines;
		unread += unread_count(&files[i].counts);
		if (c->explain)
			explain_file(c, &files[i]);
	}
	printf(cli_say("%zu files, %llu lines (%llu not read); %zu rules, %zu indicators; %zu "
		       "alerts\n",
		   "%zu ファイル、%llu 行（うち読めない行 %llu）、ルール %zu、インジケーター "
		   "%zu、アラート %zu 件\n"),
	    n, (unsigned long long)lines, (unsigned long long)unread, c->content.rules,
	    c->content.indicators, alerts);
	if (unread > 0 && !c->explain)
		printf("%s\n",
		    cli_say("Add --explain to see which lines could not be read, and why.",
			"--explain を付けると、読めなかった行の理由を表示します。"));
	for (size_t i = 0; list != NULL && i < alerts; i++)
		print_alert(c, list[i]);
	free(list);
}

static void
print_json(const struct scan_command *c, const struct scan_file *files, size_t n,
    struct alert_set *set)
{
	struct buf line = BUF_INIT(64 << 20);

	if (c->explain) {
		for (size_t i = 0; i < n; i++)
			explain_file_json(&files[i]);
		buf_release(&line);
		return;
	}
	for (size_t i = 0; i < alert_set_count(set); i++) {
		buf_reset(&line);
		alert_write_json(&line, alert_set_at(set, i));
		buf_add_byte(&line, '\n');
		fwrite(line.ptr, 1, line.len, stdout);
	}
	buf_release(&line);
}

static void
show_progress(void *ctx, const struct scan_file *file, uint64_t done, uint64_t size)
{
	struct scan_command *c = ctx;
	struct span now = clock_monotonic();

	if (now.us - c->last_progress.us < 100000)
		return;
	c->last_progress = now;
	if (size > 0)
		fprintf(stderr, "\r\x1b[K%3.0f%%  %s", 100.0 * (double)done / (double)size,
		    file->path);
	else
		fprintf(
		    stderr, "\r\x1b[K%llu MiB  %s", (unsigned long long)done >> 20, file->path);
}

static void
show_trouble(void *ctx, const struct sigma_trouble *t)
{
	fprintf(stderr,
	    cli_say("hinomi scan: rule %.*s (%.*s): its regular expression took too many steps "
		    "%llu times "
		    "and was taken as no match there; write it simpler\n",
		"hinomi scan: ルール %.*s（%.*s）: 正規表現の手数が上限を超えたため、%llu "
		"回は一致なしとして扱いました。式を簡単にしてください。\n"),
	    SLICE_ARG(t->rule->id), SLICE_ARG(in_language(t->rule->title)),
	    (unsigned long long)t->count);
}

/* Of which not one line was understood: no news about it is no good news. */
static bool
is_unreadable(const struct scan_file *f)
{
	return !f->failed && f->counts.events == 0 && unread_count(&f->counts) > 0;
}

/* The formats that there are, for who guessed wrong. */
static int
refuse_format(const char *name)
{
	char known[512] = "";
	size_t n = 0;

	for (const struct codec *const *c = codec_all; *c != NULL && n < sizeof(known); c++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, " %s", (*c)->id);
	return cli_misuse("scan",
	    cli_say("no format is named \"%s\"; there are:%s",
		"\"%s\" という形式はありません。使えるもの:%s"),
	    name, known);
}

/* ---- running ---- */

static int
parse_options(struct scan_command *c, int argc, char **argv)
{
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (opt) {
		case OPT_JSON:
			c->json = true;
			break;
		case OPT_EXPLAIN:
			c->explain = true;
			break;
		case OPT_FORMAT:
			if (codec_by_id(optarg) == NULL)
				return refuse_format(optarg);
			cli_list_add(&c->formats, optarg);
			break;
		case OPT_LOGFORMAT:
			c->run.config.logformat = optarg;
			break;
		case OPT_CHARSET:
			c->run.config.charset = optarg;
			break;
		case OPT_UTC_OFFSET:
			if (!cli_utc_offset(optarg, &c->run.config.utc_offset))
				return cli_misuse("scan",
				    cli_say("--utc-offset \"%s\" is not of the form +09:00",
					"--utc-offset \"%s\" は +09:00 の形ではありません"),
				    optarg);
			c->shown_offset = c->run.config.utc_offset;
			break;
		case OPT_RULES:
			cli_list_add(&c->rules, optarg);
			break;
		case OPT_NO_RULES:
			c->no_rules = true;
			break;
		case OPT_INDICATORS:
			cli_list_add(&c->indicators, optarg);
			break;
		case OPT_ALLOW:
			cli_list_add(&c->allow, optarg);
			break;
		case OPT_PLACEHOLDERS:
			cli_list_add(&c->placeholders, optarg);
			break;
		case OPT_THREADS: {
			uint64_t n;
			if (!slice_to_u64(slice_str(optarg), &n) || n < 1 || n > THREADS_MAX)
				return cli_misuse("scan",
				    cli_say("--threads takes a number from 1 to %d",
					"--threads には 1 から %d の数を指定します"),
				    THREADS_MAX);
			c->run.threads = (unsigned)n;
			break;
		}
		case OPT_HELP:
			fputs(cli_say(help_en, help_ja), stdout);
			return EXIT_DONE;
		default:
			return cli_misuse_option("scan", argv[optind - 1]);
		}
	if (optind == argc)
		return cli_misuse("scan", "%s",
		    cli_say("name at least one log file, or - for standard input",
			"ログファイルを 1 つ以上指定してください（- は標準入力）"));
	return -1;
}

static int
scan_all(struct scan_command *c, struct scan_file *files, size_t n)
{
	struct content_sources from = {
	    .rules = c->rules.items,
	    .indicators = c->indicators.items,
	    .allow = c->allow.items,
	    .placeholders = c->placeholders.items,
	    .no_builtin_rules = c->no_rules || c->rules.count > 0,
	    .japanese = cli_japanese(),
	};
	struct alert_set *alerts = alert_set_new();
	struct content *content = NULL;
	struct err e;
	int code = EXIT_DONE;

	if (alerts == NULL) {
		err_set(&e, "not enough memory");
		code = cli_fail("scan", &e);
		goto out;
	}
	if (content_load(&from, &content, &c->content, &e) != 0) {
		code = cli_fail("scan", &e);
		goto out;
	}
	fprintf(stderr, "%.*s", SLICE_ARG(buf_slice(&c->content.notes)));
	if (scan_files(files, n, content, &c->run, alerts, &e) != 0) {
		code = cli_fail("scan", &e);
		goto out;
	}
	if (c->run.on_progress != NULL)
		fprintf(stderr, "\r\x1b[K");
	(c->json ? print_json : print_people)(c, files, n, alerts);
	if (alert_set_count(alerts) > 0)
		code = EXIT_FOUND;
	for (size_t i = 0; i < n; i++)
		if (files[i].failed)
			code = cli_fail("scan", &files[i].err);
		else if (is_unreadable(&files[i])) {
			err_set(&e,
			    cli_say("\"%s\": not one line could be read, so nothing was looked "
				    "for in it; "
				    "--explain says why, --format names a format",
				"\"%s\": 1 行も読めなかったため、何も調べていません。理由は "
				"--explain で表示し、形式は --format で指定できます。"),
			    files[i].path);
			code = cli_fail("scan", &e);
		}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		err_set(&e, "%s",
		    cli_say("the output could not be written; is the disk full?",
			"出力を書き込めません。ディスクの空きを確認してください。"));
		code = cli_fail("scan", &e);
	}
out:
	content_unref(content);
	alert_set_free(alerts);
	buf_release(&c->content.notes);
	return code;
}

int
cmd_scan(int argc, char **argv)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct scan_command c = {
	    .shown_offset = SPAN_HOURS(9),
	    .run =
		{
		    .threads = processors < 1		  ? 1
			       : processors > THREADS_MAX ? THREADS_MAX
							  : (unsigned)processors,
		    .config = {.utc_offset = SPAN_HOURS(9)},
		    .now = clock_now(),
		},
	};
	struct scan_file *files = NULL;
	int code = parse_options(&c, argc, argv);

	if (code >= 0)
		goto out;
	size_t n = (size_t)(argc - optind);
	if ((files = calloc(n, sizeof(*files))) == NULL) {
		code = EXIT_CANNOT;
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		files[i].path = argv[(size_t)optind + i];
	c.run.formats = c.formats.items;
	c.run.on_trouble = show_trouble;
	c.run.ctx = &c;
	if (isatty(STDERR_FILENO))
		c.run.on_progress = show_progress;
	code = scan_all(&c, files, n);
out:
	free(files);
	cli_list_release(&c.rules);
	cli_list_release(&c.indicators);
	cli_list_release(&c.allow);
	cli_list_release(&c.placeholders);
	cli_list_release(&c.formats);
	return code;
}
