/*
 * cli.h - what every subcommand shares: exit codes, the two languages, options.
 *
 * People's text goes to stdout, diagnostics to stderr, progress only to a terminal.
 */
#ifndef HINOMI_CLI_CLI_H
#define HINOMI_CLI_CLI_H

#include <stdbool.h>

#include "base/err.h"
#include "base/instant.h"

enum {
	EXIT_DONE = 0,
	EXIT_FOUND = 1,	 /* found something, or failed the check it was asked to make */
	EXIT_USAGE = 2,	 /* the command line makes no sense */
	EXIT_CANNOT = 3, /* could not run */
};

#define COMMAND(name, en, ja) int cmd_##name(int argc, char **argv);
#include "cli/commands.def"
#undef COMMAND

/* LC_ALL, LC_MESSAGES or LANG, the first that is set, starts with "ja". */
bool cli_japanese(void);

/* The text in the user's language. */
const char *cli_say(const char *en, const char *ja);

/* "hinomi scan: text" on stderr.  Returns EXIT_CANNOT. */
int cli_fail(const char *command, const struct err *e);

/* The same, and "see hinomi scan --help".  Returns EXIT_USAGE. */
int cli_misuse(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What getopt_long() did not know or found without its value, as one of these.  Set opterr = 0
 * before. */
int cli_misuse_option(const char *command, const char *option);

/* Colours, unless NO_COLOR is set or stdout is no terminal. */
bool cli_coloured(void);

/* A list of option values, ended by NULL; grows with each cli_list_add(). */
struct cli_list {
	const char **items;
	unsigned count;
};
void cli_list_add(struct cli_list *l, const char *item);
void cli_list_release(struct cli_list *l);

/* "+09:00", "-0330", "Z": false where it is none of these. */
bool cli_utc_offset(const char *text, struct span *out);

/* "2026-11-23 10:07:59" at this offset; returns buf. */
char *cli_time(struct instant t, struct span utc_offset, char buf[32]);

#endif
