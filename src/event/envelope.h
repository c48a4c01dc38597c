/*
 * envelope.h - what syslog wraps around a log line.
 *
 * RFC 5424; RFC 3164 and what is called that in practice; both with the octet
 * count of RFC 6587 left over from a stream that was saved to a file; and the
 * two forms that syslog daemons write to files (no priority, the date in either
 * style).  Pure.
 */
#ifndef HINOMI_EVENT_ENVELOPE_H
#define HINOMI_EVENT_ENVELOPE_H

#include "base/instant.h"
#include "event/event.h"
#include "event/stamp.h"

enum envelope_kind {
	ENVELOPE_NONE,
	ENVELOPE_RFC5424,
	ENVELOPE_RFC3164,
};

/* Absent parts have ptr NULL. */
struct envelope {
	enum envelope_kind kind;
	bool timed;
	struct instant at;
	struct slice priority;
	struct slice hostname;
	struct slice appname;
	struct slice procid;
	struct slice msgid;
	struct slice message; /* what was inside */
};

/* ENVELOPE_NONE, and *env untouched, when the line is not syslog. */
enum envelope_kind envelope_open(
    struct slice line, struct span zone, struct instant received, struct envelope *env);

/* Set the log.syslog.* fields and, where the envelope says when, the time. */
void envelope_put(const struct envelope *env, struct event *ev);

/* "rfc5424", "rfc3164"; NULL for none. */
const char *envelope_name(enum envelope_kind k);

#endif
