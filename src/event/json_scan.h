/*
 * json_scan.h - read one JSON text (RFC 8259) without building a tree.
 *
 * The caller's control flow follows the text: it asks for a value, and where that
 * opened an object or an array, for its keys and items.  Strings and numbers are
 * slices of the input; only a string with an escape in it is copied, decoded,
 * into the arena.  Everything is checked, the depth is bounded, and the first
 * error ends all: later calls give nothing more.
 *
 *	json_scan_value(j, &v) == SCAN_OBJECT
 *		while (json_scan_key(j, &key))
 *			json_scan_value(j, &v) ...
 *	if (!json_scan_end(j))
 *		... j->error says why
 *
 * Bytes that are not UTF-8 pass (a log keeps what it was given); \u0000 gives a
 * NUL byte; half a surrogate pair gives U+FFFD.  A key that comes twice is
 * reported twice.  Pure.
 */
#ifndef HINOMI_EVENT_JSON_SCAN_H
#define HINOMI_EVENT_JSON_SCAN_H

#include "base/arena.h"

#define SCAN_DEPTH_MAX 32

enum scan_kind {
	SCAN_NOTHING, /* after an error */
	SCAN_OBJECT,
	SCAN_ARRAY,
	SCAN_STRING,
	SCAN_NUMBER,
	SCAN_TRUE,
	SCAN_FALSE,
	SCAN_NULL,
};

enum scan_error { SCAN_FINE, SCAN_SYNTAX, SCAN_TOO_DEEP, SCAN_NO_MEMORY };

struct json_scan {
	const uint8_t *p, *end;
	struct arena *mem;
	unsigned depth;
	bool first; /* the innermost container has had nothing yet */
	enum scan_error error;
};

static inline struct json_scan
json_scan_over(struct slice text, struct arena *mem)
{
	return (struct json_scan){.p = text.ptr, .end = text.ptr + text.len, .mem = mem};
}

/*
 * The value that comes next.  *v is a string's content, or the text of a number,
 * true, false or null; for SCAN_OBJECT and SCAN_ARRAY it is not set, and the
 * container must be read to its end.
 */
enum scan_kind json_scan_value(struct json_scan *j, struct slice *v);

/* The next key of the object; its value must be read before the next.  False at the '}' or on
 * error. */
bool json_scan_key(struct json_scan *j, struct slice *key);

/* Is there another item in the array?  It must then be read.  False at the ']' or on error. */
bool json_scan_item(struct json_scan *j);

/* Read over the rest of a value that json_scan_value() said is of this kind. */
void json_scan_skip(struct json_scan *j, enum scan_kind kind);

/* True when all went well and only white space is left. */
bool json_scan_end(struct json_scan *j);

#endif
