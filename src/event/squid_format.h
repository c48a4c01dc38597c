/*
 * squid_format.h - read lines that were written with any Squid logformat.
 *
 * A format string becomes a small program: literal bytes to expect and values to
 * take.  A value ends where the literal after it begins; where that leads
 * nowhere (Squid's own "combined" does not escape quotes), the next place is
 * tried, a bounded number of times.  Pure after squid_format_new().
 */
#ifndef HINOMI_EVENT_SQUID_FORMAT_H
#define HINOMI_EVENT_SQUID_FORMAT_H

#include "event/codec.h"

struct squid_format;

/*
 * Compile a logformat string, the name of a predefined one ("common",
 * "combined", "referrer", "useragent"), or a whole "logformat NAME ..." line of
 * squid.conf.  -1 with a sentence that names the place for what Squid would not
 * take either.
 */
int squid_format_new(struct squid_format **out, struct slice text, struct err *e);
void squid_format_free(struct squid_format *f);

/* Is this the native format, by name or spelled out? */
bool squid_format_is_native(const char *text);

enum codec_status squid_format_read(struct squid_format *f, struct span utc_offset,
    struct slice line, struct instant received, struct arena *mem, struct event *ev);

#endif
