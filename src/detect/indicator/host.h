/*
 * host.h - one form for each host name, so that equal names are equal bytes.
 *
 * Lower case, no dot at the end, international names as A-labels ("xn--...",
 * through libidn2).  Underscores and hyphens anywhere are taken, as DNS does.
 */
#ifndef HINOMI_DETECT_INDICATOR_HOST_H
#define HINOMI_DETECT_INDICATOR_HOST_H

#include "base/slice.h"

#define HOST_MAX 253 /* bytes of a name without its last dot (RFC 1035) */

/*
 * The normal form of a host name: a part of `s` itself where it is normal
 * already (the usual case: one pass, nothing copied), else a copy in buf.
 * Absent when `s` is no host name.
 */
struct slice host_normalise(struct slice s, char buf[HOST_MAX + 1]);

/*
 * The same for a name in an event, where speed counts and a name that could not
 * exist does no harm: bytes that are in no host name are left as they are.
 */
struct slice host_fold(struct slice s, char buf[HOST_MAX + 1]);

#endif
