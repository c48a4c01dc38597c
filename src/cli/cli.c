/* cli.c - see cli.h. */
#include "cli/cli.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
cli_japanese(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *v = getenv(names[i]);
		if (v != NULL && *v != '\0')
			return strncmp(v, "ja", 2) == 0;
	}
	return false;
}

const char *
cli_say(const char *en, const char *ja)
{
	return cli_japanese() ? ja : en;
}

int
cli_fail(const char *command, const struct err *e)
{
	fprintf(stderr, "hinomi %s: %s\n", command, e->text);
	return EXIT_CANNOT;
}

int
cli_misuse(const char *command, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "hinomi %s: ", command);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n%s hinomi %s --help\n", cli_say("See", "使い方:"), command);
	return EXIT_USAGE;
}

int
cli_misuse_option(const char *command, const char *option)
{
	return cli_misuse(command,
	    cli_say("\"%s\" is no option, or lacks its value",
		"\"%s\" というオプションはないか、値がありません"),
	    option);
}

bool
cli_coloured(void)
{
	const char *no = getenv("NO_COLOR");

	return (no == NULL || *no == '\0') && isatty(STDOUT_FILENO);
}

void
cli_list_add(struct cli_list *l, const char *item)
{
	const char **items = reallocarray(l->items, l->count + 2, sizeof(*items));

	assert(items != NULL); /* a few words of the command line */
	items[l->count++] = item;
	items[l->count] = NULL;
	l->items = items;
}

void
cli_list_release(struct cli_list *l)
{
	free(l->items);
	*l = (struct cli_list){0};
}

bool
cli_utc_offset(const char *text, struct span *out)
{
	char stamp[64];
	struct instant t;

	/* An offset is what RFC 3339 puts behind a time. */
	if (strlen(text) > 6)
		return false;
	snprintf(stamp, sizeof(stamp), "1970-01-01T00:00:00%s", text);
	if (*text == '\0' || !instant_parse(slice_str(stamp), SPAN_SECONDS(0), &t))
		return false;
	out->us = -t.us;
	return true;
}

char *
cli_time(struct instant t, struct span utc_offset, char buf[32])
{
	struct civil c = instant_to_civil(t, utc_offset);

	snprintf(buf, 32, "%04u-%02u-%02u %02u:%02u:%02u", (unsigned)c.year % 10000,
	    (unsigned)c.month % 100, (unsigned)c.day % 100, (unsigned)c.hour % 100,
	    (unsigned)c.minute % 100, (unsigned)c.second % 100);
	return buf;
}
