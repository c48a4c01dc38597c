/*
 * suffix.h - the one door to the public suffix list (libpsl).
 *
 * The list that was compiled into the library is used: no file is read, and
 * Debian rebuilds it with its updates.  Pure; safe from any thread.
 */
#ifndef HINOMI_DETECT_INDICATOR_SUFFIX_H
#define HINOMI_DETECT_INDICATOR_SUFFIX_H

#include "base/slice.h"

/*
 * Does everybody register names directly below this host ("jp", "co.jp",
 * "github.io")?  `host` is normalised (host.h).  A name that only stands for one
 * customer of a company ("ec2-192-0-2-1.compute-1.amazonaws.com", by the list's
 * "*.compute-1.amazonaws.com") is not public in this sense.
 */
bool suffix_is_public(struct slice host);

#endif
