/* log.c - see log.h. */
#include "sys/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/utf8.h"
#include "sys/loop.h"

static const char *speaker;
static enum log_level loudest = LOG_LINE_INFO;

void
log_set_name(const char *name)
{
	speaker = name;
}

void
log_set_level(enum log_level most)
{
	loudest = most;
}

static void
add_escaped(struct buf *out, struct slice s)
{
	while (s.len > 0) {
		size_t n = utf8_length(s);

		/* C1 controls (U+0080 to U+009F) move terminals as well. */
		bool c1 = n == 2 && s.ptr[0] == 0xc2 && s.ptr[1] < 0xa0;
		if (n == 0 || (n == 1 && (s.ptr[0] < 0x20 || s.ptr[0] == 0x7f))) {
			buf_printf(out, "\\x%02x", s.ptr[0]);
			n = 1;
		} else if (c1)
			buf_printf(out, "\\x%02x\\x%02x", s.ptr[0], s.ptr[1]);
		else
			buf_add(out, slice_first(s, n));
		s = slice_from(s, n);
	}
}

void
log_format(struct buf *out, struct instant at, enum log_level level, const char *name,
    struct slice text)
{
	static const char *const words[] = {"error", "warning", "info", "debug"};
	char when[INSTANT_TEXT_MAX];

	buf_printf(out, "%s %s ", instant_format(at, when), words[level]);
	if (name != NULL)
		buf_printf(out, "%s: ", name);
	add_escaped(out, text);
	buf_add_byte(out, '\n');
}

static void
log_va(enum log_level level, const char *fmt, va_list ap)
{
	char text[LOG_TEXT_MAX];
	struct buf line = BUF_INIT(LOG_TEXT_MAX * 5);
	size_t done = 0;
	int n;

	if (level > loudest || (n = vsnprintf(text, sizeof(text), fmt, ap)) < 0)
		return;
	if ((size_t)n >= sizeof(text))
		n = (int)sizeof(text) - 1;
	log_format(&line, clock_now(), level, speaker, slice_of(text, (size_t)n));
	while (done < line.len) {
		ssize_t w = write(STDERR_FILENO, line.ptr + done, line.len - done);

		if (w < 0 && errno != EINTR)
			break; /* nobody left to tell */
		if (w > 0)
			done += (size_t)w;
	}
	buf_release(&line);
}

#define LOG_FUNCTION(name, level)                                                              \
	void name(const char *fmt, ...)                                                        \
	{                                                                                      \
		va_list ap;                                                                    \
                                                                                               \
		va_start(ap, fmt);                                                             \
		log_va(level, fmt, ap);                                                        \
		va_end(ap);                                                                    \
	}

LOG_FUNCTION(log_error, LOG_LINE_ERROR)
LOG_FUNCTION(log_warning, LOG_LINE_WARNING)
LOG_FUNCTION(log_info, LOG_LINE_INFO)
LOG_FUNCTION(log_debug, LOG_LINE_DEBUG)
