/* main.c - find the subcommand in the table and run it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *en, *ja;
} commands[] = {
#define COMMAND(name, en, ja) {#name, cmd_##name, en, ja},
#include "cli/commands.def"
#undef COMMAND
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static void
print_help(FILE *to)
{
	fprintf(to, "%s\n\n",
	    cli_say("Hinomi: a watchtower for the hospitals of a country.",
		"Hinomi（火の見）: 医療機関を見守るセキュリティ監視基盤"));
	fprintf(to, "%s: hinomi %s …\n\n", cli_say("Usage", "使い方"),
	    cli_say("COMMAND", "コマンド"));
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-8s %s\n", commands[i].name,
		    cli_say(commands[i].en, commands[i].ja));
	fprintf(to, "\n%s\n",
	    cli_say("`hinomi COMMAND --help` says more.",
		"詳しくは `hinomi コマンド --help` をご覧ください。"));
}

int
main(int argc, char **argv)
{
	/* A reader that went away is an error of write(), told where it happens. */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("hinomi %s\n", HINOMI_VERSION);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "hinomi: \"%s\" %s\n", argv[1],
	    cli_say("is no command of ours; `hinomi --help` lists them.",
		"というコマンドはありません。`hinomi --help` で一覧を表示します。"));
	return EXIT_USAGE;
}
