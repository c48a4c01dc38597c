/*
 * pairs.h - cut lines of names and values, in the ways makers write them.  Pure.
 */
#ifndef HINOMI_EVENT_PAIRS_H
#define HINOMI_EVENT_PAIRS_H

#include "base/arena.h"
#include "base/slice.h"

enum pairs_status {
	PAIRS_ONE,	 /* *name and *value hold one; *rest starts after it */
	PAIRS_END,	 /* no more */
	PAIRS_BAD_QUOTE, /* a value's quote does not end */
};

/*
 * name=value name="value with spaces" ...: parted by spaces, commas or semicolons.
 * In quotes \" is a quote; other backslashes stand for themselves, as in paths.
 * A word without '=' is passed over.  Without an arena escapes stay as they are.
 */
enum pairs_status pairs_cut_quoted(
    struct slice *rest, struct slice *name, struct slice *value, struct arena *mem);

/* name:"value"; name:"value"; ... */
enum pairs_status pairs_cut_colon(
    struct slice *rest, struct slice *name, struct slice *value, struct arena *mem);

/*
 * The extension of CEF: name=value name=a value with spaces ...  A value ends
 * where a space, a name and '=' follow; \= \\ \n \r and \| stand for themselves.
 */
enum pairs_status pairs_cut_cef(
    struct slice *rest, struct slice *name, struct slice *value, struct arena *mem);

/* name=value, parted by that one byte, as in LEEF. */
enum pairs_status pairs_cut_delimited(
    struct slice *rest, uint8_t delimiter, struct slice *name, struct slice *value);

#endif
