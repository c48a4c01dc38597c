/*
 * url.h - cut a request's target into the parts that rules and indicators ask for.
 *
 * Zero copy and forgiving: a log holds what clients sent, not what RFC 3986
 * allows.  Nothing is decoded or folded.  Pure.
 */
#ifndef HINOMI_EVENT_URL_H
#define HINOMI_EVENT_URL_H

#include "base/arena.h"
#include "event/event.h"

/* Absent parts have ptr NULL. */
struct url {
	struct slice scheme;
	struct slice
	    domain; /* without userinfo; an IPv6 address keeps its brackets, as ECS asks */
	struct slice port;	/* only when written */
	struct slice path;	/* from its '/' on */
	struct slice query;	/* after '?'; a fragment is dropped */
	struct slice extension; /* of the path's last segment, without the dot */
};

/*
 * "http://host:port/path?query" or "/path?query".  False, and all parts absent,
 * for anything else.
 */
bool url_split(struct slice s, struct url *u);

/*
 * "host:port" as CONNECT has it, "[::1]:443", and "host/path?query" as some
 * proxies write URLs.  False for what does not look like a host.
 */
bool url_split_authority(struct slice s, struct url *u);

/*
 * Set url.original and the parts of it: by the rule of url_split(), and where
 * `bare` is set by that of url_split_authority() when the first does not fit.
 * url.full is set when the whole of it is there.  Parts the event has stay.
 */
void url_put(struct event *ev, struct slice s, bool bare);

/* The same, faster, for a URL that has at least 64 bytes of its line before its end. */
void url_put_late(struct event *ev, struct slice s, bool bare);

/*
 * For logs that keep the parts in columns of their own: set url.full, and
 * url.original if there is none, from the parts that the event has, but not
 * without a domain, or when url.full is there; and url.extension from the path.
 */
void url_compose(struct event *ev, struct arena *mem);

#endif
