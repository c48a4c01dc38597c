/*
 * frame.h - cut a byte stream into syslog records (RFC 6587).
 *
 * A connection uses one method, and its first bytes tell which: digits, a space
 * and "<" mean octet counting; anything else means records that end in a newline
 * or a NUL.  Pure: no I/O, no clock, no allocation.  Records borrow the caller's
 * bytes.  However the network cuts the stream, the same records come out.
 */
#ifndef HINOMI_NODE_FRAME_H
#define HINOMI_NODE_FRAME_H

#include "base/slice.h"

#define FRAME_LINE_MAX	(64 * 1024)  /* a record without an end is cut here, never lost */
#define FRAME_COUNT_MAX (256 * 1024) /* a counted record longer than this is refused */
#define FRAME_BYTES_MAX (FRAME_COUNT_MAX + 8) /* what a connection must be able to hold */

enum frame_method {
	FRAME_UNDECIDED, /* a new connection */
	FRAME_COUNTED,
	FRAME_LINES,
};

enum frame_status {
	FRAME_OK,   /* *rec holds one record, *in starts after it */
	FRAME_MORE, /* not all there yet: keep the bytes, read on */
	FRAME_BAD,  /* not a frame, and never will be: hang up */
};

/*
 * Cut the first record off *in.  On FRAME_OK, *rec points into *in's memory and
 * lives as long as it does; otherwise *rec is left as it was, and *in too but
 * for empty records (a sender's idle newlines), which are passed over.
 */
enum frame_status frame_cut_record(
    enum frame_method *method, struct slice *in, struct slice *rec);

/* The connection ended: what is left is a record that lacks its end.  False: nothing left. */
bool frame_cut_rest(enum frame_method method, struct slice *in, struct slice *rec);

#endif
