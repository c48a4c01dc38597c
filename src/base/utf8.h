/* utf8.h - well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates.  Pure. */
#ifndef HINOMI_BASE_UTF8_H
#define HINOMI_BASE_UTF8_H

#include "base/slice.h"

/* Length of the character that s starts with, 1 to 4; 0 when it is not well formed. */
size_t utf8_length(struct slice s);

bool utf8_valid(struct slice s);

/* The longest prefix of s of at most max bytes that does not end inside a character. */
struct slice utf8_cut(struct slice s, size_t max);

#endif
