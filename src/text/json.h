/*
 * json.h - the one door to JSON documents: API bodies, bundles, settings.
 *
 * A document is parsed whole, within bounds, into a tree that only this module
 * can look into; getters check type and size and say in a sentence which member
 * is wrong.  Log lines are read by the codecs instead, without a tree.  Writing
 * goes straight into a struct buf.  Built on jansson, whose names stay inside.
 *
 * Pure but for one thing: on first use jansson seeds its tables from the
 * kernel, so a sandboxed process calls json_seed() before it closes the door.
 */
#ifndef HINOMI_TEXT_JSON_H
#define HINOMI_TEXT_JSON_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"

#define JSON_DEPTH_MAX 64

/* One value of a document; borrowed from it, except for the root that json_parse() gave. */
struct json;

enum json_kind {
	JSON_IS_NULL,
	JSON_IS_BOOL,
	JSON_IS_NUMBER,
	JSON_IS_STRING,
	JSON_IS_ARRAY,
	JSON_IS_OBJECT,
};

/* Random bytes for jansson's hash tables, once per process; later calls change nothing. */
void json_seed(uint64_t seed);

/*
 * Parse one document of at most bytes_max bytes.  Refused, with line and column:
 * what is not JSON, deeper than JSON_DEPTH_MAX, or names a member twice.  The
 * message never quotes the document (it may hold a secret).  *out is the
 * caller's: json_free().
 */
int json_parse(struct json **out, struct slice text, size_t bytes_max, struct err *e);
void json_free(struct json *root); /* NULL is welcome */

/*
 * Looking around.  A NULL value is welcome everywhere and counts as null; a
 * question that does not fit the kind gets the empty answer (0, NULL, false).
 */
enum json_kind json_kind_of(const struct json *v);
const char *json_kind_name(enum json_kind k); /* "a string" */
size_t json_count(const struct json *v);      /* of items or members */
const struct json *json_item(const struct json *array, size_t i);
const struct json *json_member(const struct json *object, const char *name);
struct slice json_text(const struct json *v); /* of a string; may hold NUL bytes */
bool json_truth(const struct json *v);
double json_double(const struct json *v);
bool json_int(const struct json *v, int64_t *out); /* false: not a whole number of 64 bits */

/* Members in the order written: start with a zero cursor; false after the last. */
struct json_walk {
	void *at;
	bool started;
};
bool json_next(const struct json *object, struct json_walk *w, struct slice *name,
    const struct json **value);

/*
 * Typed getters.  `path` names a member of a member by dots: "spool.bytes".
 * json_need_* fail where the member is absent or null; json_want_* then leave
 * *out as it was and succeed.  A wrong type or size fails in both:
 *
 *	"token" must be a string of at most 200 characters
 *
 * Strings with NUL characters are refused, so that they may become C strings.
 */
int json_need_string(const struct json *object, const char *path, size_t chars_max,
    struct slice *out, struct err *e);
/* The same into the caller's array, as a C string of at most size - 1 bytes. */
int json_need_chars(
    const struct json *object, const char *path, char *to, size_t size, struct err *e);
int json_want_string(const struct json *object, const char *path, size_t chars_max,
    struct slice *out, struct err *e);
int json_need_int(const struct json *object, const char *path, int64_t min, int64_t max,
    int64_t *out, struct err *e);
int json_want_int(const struct json *object, const char *path, int64_t min, int64_t max,
    int64_t *out, struct err *e);
int json_need_bool(const struct json *object, const char *path, bool *out, struct err *e);
int json_want_bool(const struct json *object, const char *path, bool *out, struct err *e);
int json_need_instant(const struct json *object, const char *path, struct instant *out,
    struct err *e); /* RFC 3339, UTC where it names no offset */
int json_want_instant(
    const struct json *object, const char *path, struct instant *out, struct err *e);
int json_need_array(const struct json *object, const char *path, size_t items_max,
    const struct json **out, struct err *e);
int json_want_array(const struct json *object, const char *path, size_t items_max,
    const struct json **out, struct err *e);
int json_need_object(
    const struct json *object, const char *path, const struct json **out, struct err *e);
int json_want_object(
    const struct json *object, const char *path, const struct json **out, struct err *e);

/* Write v as it was read: members in their order, on one line. */
void json_write(struct buf *out, const struct json *v);

/*
 * Writing member by member; commas come by themselves.  `name` is the member's
 * name inside an object and NULL elsewhere.  Whether it fitted is asked of the
 * buf at the end.
 */
struct json_out {
	struct buf *to;
	bool more; /* something precedes at this level: a comma is due */
};

static inline struct json_out
json_out_to(struct buf *b)
{
	return (struct json_out){.to = b};
}

void json_open_object(struct json_out *o, const char *name);
void json_close_object(struct json_out *o);
void json_open_array(struct json_out *o, const char *name);
void json_close_array(struct json_out *o);
void json_put_string(struct json_out *o, const char *name, struct slice v); /* absent: null */
void json_put_str(struct json_out *o, const char *name, const char *v);	    /* NULL: null */
void json_put_int(struct json_out *o, const char *name, int64_t v);
void json_put_uint(struct json_out *o, const char *name, uint64_t v);
void json_put_double(struct json_out *o, const char *name, double v); /* not finite: null */
void json_put_bool(struct json_out *o, const char *name, bool v);
void json_put_null(struct json_out *o, const char *name);
void json_put_instant(struct json_out *o, const char *name, struct instant v);
void json_put_value(struct json_out *o, const char *name, const struct json *v);

/* A value that is JSON text already. */
void json_put_raw(struct json_out *o, const char *name, struct slice json);

#endif
