/*
 * log.h - one plain line to stderr for an operator: time, level, who, text.
 *
 *	2026-11-23T01:07:59.123456Z warning detect: reading batch 17: ...
 *
 * A line is written by one write(2), so lines of several processes do not mix.
 * Control characters in the text are escaped: whatever hostile bytes a message
 * quotes, it stays one line.  No secrets and no patient data go in; the caller
 * sees to that.  Only main functions and loops log; libraries return errors.
 */
#ifndef HINOMI_SYS_LOG_H
#define HINOMI_SYS_LOG_H

#include "base/buf.h"
#include "base/instant.h"

enum log_level { LOG_LINE_ERROR, LOG_LINE_WARNING, LOG_LINE_INFO, LOG_LINE_DEBUG };

#define LOG_TEXT_MAX 4096

/* Who speaks, "serve"; borrowed for ever.  NULL: nobody in particular. */
void log_set_name(const char *name);

/* Lines beyond this level are not written.  At start: LOG_LINE_INFO. */
void log_set_level(enum log_level most);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The line as it is written, with its newline.  Pure: what the four above call. */
void log_format(struct buf *out, struct instant at, enum log_level level, const char *name,
    struct slice text);

#endif
