/*
 * charset.h - Japanese character sets to UTF-8.
 *
 * Tables of our own rather than iconv: detection runs in a sandbox that cannot
 * open iconv's modules, and the same bytes must give the same text everywhere.
 * "Shift_JIS" is read as Windows does (code page 932), EUC-JP with the same
 * repertoire.  Pure.
 */
#ifndef HINOMI_EVENT_CHARSET_H
#define HINOMI_EVENT_CHARSET_H

#include "base/arena.h"

enum charset { CHARSET_UTF8, CHARSET_SHIFT_JIS, CHARSET_EUC_JP };

/* By any common name, case and '-' or '_' aside; NULL is UTF-8.  False for a name we do not
 * know. */
bool charset_by_name(const char *name, enum charset *out);

/*
 * s itself where it is ASCII or already UTF-8 by setting; else a copy in mem.
 * What has no meaning becomes U+FFFD.  The absent slice at the arena's ceiling.
 */
struct slice charset_to_utf8(enum charset c, struct slice s, struct arena *mem);

#endif
