/*
 * squid_format_inside.h - a compiled logformat, as its compiler and its reader know it.
 */
#ifndef HINOMI_EVENT_SQUID_FORMAT_INSIDE_H
#define HINOMI_EVENT_SQUID_FORMAT_INSIDE_H

#include "base/buf.h"
#include "event/squid_format.h"
#include "event/stamp.h"

#define STEPS_MAX 96

enum take {
	TAKE_TEXT,
	TAKE_NUMBER,
	TAKE_HOST, /* an address, or its name in the field's ".domain" */
	TAKE_EPOCH,
	TAKE_SUBSECOND,
	TAKE_LOCAL_TIME,
	TAKE_UTC_TIME,
	TAKE_URL,
	TAKE_PATH,
	TAKE_STATUS,
	TAKE_REQUEST_HEADER,
	TAKE_REPLY_HEADER,
	TAKE_DROP,
};

enum shape { SHAPE_NUMBER, SHAPE_WORD, SHAPE_ANY, SHAPE_TIME };

enum encoding { ENCODING_RAW, ENCODING_PERCENT, ENCODING_BACKSLASH, ENCODING_SHELL };

struct code {
	struct slice name;
	enum take take;
	enum field_id field;
	enum shape shape;
	enum encoding encoding;
};

/* One thing to do: expect bytes (code NULL), or take a value. */
struct step {
	const struct code *code;
	struct slice literal;
	enum field_id field;
	struct slice name; /* of the extra, where field is FIELD_NONE */
	struct slice arg;
	enum encoding encoding;
	bool padded, left;
};

struct squid_format {
	struct buf text; /* what the slices of the steps point into */
	unsigned n;
	struct step step[STEPS_MAX];
	struct stamp_cache cache;
};

#endif
