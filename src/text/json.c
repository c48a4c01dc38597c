/* json.c - struct json is jansson's json_t under a name of our own. */
#include "text/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define PATH_PART_MAX 128

static json_t *
inner(const struct json *v)
{
	return (json_t *)(uintptr_t)v;
}

static struct json *
outer(json_t *v)
{
	return (struct json *)v;
}

void
json_seed(uint64_t seed)
{
	size_t s = (size_t)seed;

	json_object_seed(s == 0 ? 1 : s); /* 0 would mean: ask the kernel */
}

/* jansson recurses as deep as the text does, so the text is measured first. */
static bool
too_deep(struct slice text, size_t *line)
{
	size_t depth = 0;
	bool quoted = false;

	*line = 1;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];

		if (c == '\n')
			++*line;
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '[' || c == '{')) {
			if (++depth > JSON_DEPTH_MAX)
				return true;
		} else if (!quoted && (c == ']' || c == '}') && depth > 0)
			depth--;
	}
	return false;
}

int
json_parse(struct json **out, struct slice text, size_t bytes_max, struct err *e)
{
	json_error_t je;
	json_t *root;
	size_t line;
	char *near;

	if (slice_trim(text).len == 0)
		return err_set(e, "not valid JSON: it is empty");
	if (slice_find(text, '\0') != SIZE_MAX) /* jansson takes one at the end for the end */
		return err_set(e, "not valid JSON: it holds a NUL byte");
	if (text.len > bytes_max)
		return err_set(
		    e, "JSON of %zu bytes is larger than the %zu allowed", text.len, bytes_max);
	if (too_deep(text, &line))
		return err_set(
		    e, "JSON is nested deeper than %d levels (line %zu)", JSON_DEPTH_MAX, line);
	root = json_loadb((const char *)text.ptr, text.len,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &je);
	if (root == NULL) {
		/* " near 'x'" would quote the document. */
		if ((near = strstr(je.text, " near ")) != NULL)
			*near = '\0';
		return err_set(
		    e, "not valid JSON: line %d, column %d: %s", je.line, je.column, je.text);
	}
	*out = outer(root);
	return 0;
}

void
json_free(struct json *root)
{
	json_decref(inner(root));
}

enum json_kind
json_kind_of(const struct json *v)
{
	if (v == NULL)
		return JSON_IS_NULL;
	switch (json_typeof(inner(v))) {
	case JSON_OBJECT:
		return JSON_IS_OBJECT;
	case JSON_ARRAY:
		return JSON_IS_ARRAY;
	case JSON_STRING:
		return JSON_IS_STRING;
	case JSON_INTEGER:
	case JSON_REAL:
		return JSON_IS_NUMBER;
	case JSON_TRUE:
	case JSON_FALSE:
		return JSON_IS_BOOL;
	case JSON_NULL:
		break;
	}
	return JSON_IS_NULL;
}

const char *
json_kind_name(enum json_kind k)
{
	static const char *const names[] = {
	    "null", "true or false", "a number", "a string", "an array", "an object"};

	return names[k];
}

size_t
json_count(const struct json *v)
{
	return json_kind_of(v) == JSON_IS_ARRAY ? json_array_size(inner(v))
						: json_object_size(inner(v));
}

const struct json *
json_item(const struct json *array, size_t i)
{
	return outer(json_array_get(inner(array), i));
}

const struct json *
json_member(const struct json *object, const char *name)
{
	return outer(json_object_get(inner(object), name));
}

struct slice
json_text(const struct json *v)
{
	return slice_of(json_string_value(inner(v)), json_string_length(inner(v)));
}

bool
json_truth(const struct json *v)
{
	return json_is_true(inner(v));
}

double
json_double(const struct json *v)
{
	return json_number_value(inner(v));
}

bool
json_int(const struct json *v, int64_t *out)
{
	if (!json_is_integer(inner(v)))
		return false;
	*out = json_integer_value(inner(v));
	return true;
}

bool
json_next(const struct json *object, struct json_walk *w, struct slice *name,
    const struct json **value)
{
	if (json_kind_of(object) != JSON_IS_OBJECT)
		return false;
	w->at = w->started ? json_object_iter_next(inner(object), w->at)
			   : json_object_iter(inner(object));
	w->started = true;
	if (w->at == NULL)
		return false;
	*name = slice_of(json_object_iter_key(w->at), json_object_iter_key_len(w->at));
	*value = outer(json_object_iter_value(w->at));
	return true;
}

/* The member that a dotted path names; NULL if absent or null. */
static const struct json *
member_at(const struct json *v, const char *path)
{
	struct slice rest = slice_str(path), part;

	while (slice_cut(&rest, '.', &part))
		v = outer(json_object_getn(inner(v), (const char *)part.ptr, part.len));
	return json_kind_of(v) == JSON_IS_NULL ? NULL : v;
}

static int
must_be(struct err *e, const struct json *v, const char *path, const char *what)
{
	if (v == NULL)
		return err_set(e, "\"%s\" is missing: it must be %s", path, what);
	return err_set(e, "\"%s\" must be %s", path, what);
}

static size_t
count_characters(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += (s.ptr[i] & 0xc0) != 0x80;
	return n;
}

static int
get_string(
    const struct json *v, const char *path, size_t chars_max, struct slice *out, struct err *e)
{
	struct slice s = json_text(v);
	char what[96];

	if (json_kind_of(v) == JSON_IS_STRING && count_characters(s) <= chars_max) {
		if (slice_find(s, '\0') != SIZE_MAX)
			return err_set(e, "\"%s\" must not hold NUL characters", path);
		*out = s;
		return 0;
	}
	snprintf(what, sizeof(what), "a string of at most %zu characters", chars_max);
	return must_be(e, v, path, what);
}

int
json_need_string(const struct json *object, const char *path, size_t chars_max,
    struct slice *out, struct err *e)
{
	return get_string(member_at(object, path), path, chars_max, out, e);
}

int
json_need_chars(
    const struct json *object, const char *path, char *to, size_t size, struct err *e)
{
	struct slice s;

	if (json_need_string(object, path, size - 1, &s, e) != 0)
		return -1;
	if (s.len >= size) /* characters of several bytes */
		return err_set(
		    e, "\"%s\" must be a string of at most %zu bytes", path, size - 1);
	memcpy(to, s.ptr, s.len);
	to[s.len] = '\0';
	return 0;
}

int
json_want_string(const struct json *object, const char *path, size_t chars_max,
    struct slice *out, struct err *e)
{
	const struct json *v = member_at(object, path);

	return v == NULL ? 0 : get_string(v, path, chars_max, out, e);
}

static int
get_int(const struct json *v, const char *path, int64_t min, int64_t max, int64_t *out,
    struct err *e)
{
	char what[96];
	int64_t i;

	if (json_int(v, &i) && i >= min && i <= max) {
		*out = i;
		return 0;
	}
	if (min == INT64_MIN || max == INT64_MAX)
		snprintf(
		    what, sizeof(what), "a whole number%s", min == 0 ? " of at least 0" : "");
	else
		snprintf(what, sizeof(what), "a whole number from %" PRId64 " to %" PRId64, min,
		    max);
	return must_be(e, v, path, what);
}

int
json_need_int(const struct json *object, const char *path, int64_t min, int64_t max,
    int64_t *out, struct err *e)
{
	return get_int(member_at(object, path), path, min, max, out, e);
}

int
json_want_int(const struct json *object, const char *path, int64_t min, int64_t max,
    int64_t *out, struct err *e)
{
	const struct json *v = member_at(object, path);

	return v == NULL ? 0 : get_int(v, path, min, max, out, e);
}

int
json_want_bool(const struct json *object, const char *path, bool *out, struct err *e)
{
	const struct json *v = member_at(object, path);

	if (v == NULL)
		return 0;
	if (json_kind_of(v) != JSON_IS_BOOL)
		return must_be(e, v, path, "true or false");
	*out = json_truth(v);
	return 0;
}

int
json_need_bool(const struct json *object, const char *path, bool *out, struct err *e)
{
	if (member_at(object, path) == NULL)
		return must_be(e, NULL, path, "true or false");
	return json_want_bool(object, path, out, e);
}

static int
get_instant(const struct json *v, const char *path, struct instant *out, struct err *e)
{
	if (!instant_parse(json_text(v), (struct span){0}, out))
		return must_be(e, v, path, "a time like 2026-11-23T01:07:59Z");
	return 0;
}

int
json_need_instant(
    const struct json *object, const char *path, struct instant *out, struct err *e)
{
	return get_instant(member_at(object, path), path, out, e);
}

int
json_want_instant(
    const struct json *object, const char *path, struct instant *out, struct err *e)
{
	const struct json *v = member_at(object, path);

	return v == NULL ? 0 : get_instant(v, path, out, e);
}

static int
get_array(const struct json *v, const char *path, size_t items_max, const struct json **out,
    struct err *e)
{
	char what[96];

	if (json_kind_of(v) == JSON_IS_ARRAY && json_count(v) <= items_max) {
		*out = v;
		return 0;
	}
	snprintf(what, sizeof(what), "an array of at most %zu items", items_max);
	return must_be(e, v, path, what);
}

int
json_need_array(const struct json *object, const char *path, size_t items_max,
    const struct json **out, struct err *e)
{
	return get_array(member_at(object, path), path, items_max, out, e);
}

int
json_want_array(const struct json *object, const char *path, size_t items_max,
    const struct json **out, struct err *e)
{
	const struct json *v = member_at(object, path);

	return v == NULL ? 0 : get_array(v, path, items_max, out, e);
}

static int
get_object(const struct json *v, const char *path, const struct json **out, struct err *e)
{
	if (json_kind_of(v) != JSON_IS_OBJECT)
		return must_be(e, v, path, "an object");
	*out = v;
	return 0;
}

int
json_need_object(
    const struct json *object, const char *path, const struct json **out, struct err *e)
{
	return get_object(member_at(object, path), path, out, e);
}

int
json_want_object(
    const struct json *object, const char *path, const struct json **out, struct err *e)
{
	const struct json *v = member_at(object, path);

	return v == NULL ? 0 : get_object(v, path, out, e);
}

/* The comma and the name that are due before a value. */
static void
start_value(struct json_out *o, const char *name)
{
	if (o->more)
		buf_add_byte(o->to, ',');
	o->more = true;
	if (name != NULL) {
		buf_add_json(o->to, slice_str(name));
		buf_add_byte(o->to, ':');
	}
}

static void
open_level(struct json_out *o, const char *name, uint8_t c)
{
	start_value(o, name);
	buf_add_byte(o->to, c);
	o->more = false;
}

static void
close_level(struct json_out *o, uint8_t c)
{
	buf_add_byte(o->to, c);
	o->more = true;
}

void
json_open_object(struct json_out *o, const char *name)
{
	open_level(o, name, '{');
}

void
json_close_object(struct json_out *o)
{
	close_level(o, '}');
}

void
json_open_array(struct json_out *o, const char *name)
{
	open_level(o, name, '[');
}

void
json_close_array(struct json_out *o)
{
	close_level(o, ']');
}

void
json_put_raw(struct json_out *o, const char *name, struct slice json)
{
	start_value(o, name);
	buf_add(o->to, json);
}

void
json_put_null(struct json_out *o, const char *name)
{
	json_put_raw(o, name, SLICE("null"));
}

void
json_put_string(struct json_out *o, const char *name, struct slice v)
{
	if (v.ptr == NULL) {
		json_put_null(o, name);
		return;
	}
	start_value(o, name);
	buf_add_json(o->to, v);
}

void
json_put_str(struct json_out *o, const char *name, const char *v)
{
	json_put_string(o, name, slice_str(v));
}

void
json_put_int(struct json_out *o, const char *name, int64_t v)
{
	start_value(o, name);
	buf_printf(o->to, "%" PRId64, v);
}

void
json_put_uint(struct json_out *o, const char *name, uint64_t v)
{
	start_value(o, name);
	buf_printf(o->to, "%" PRIu64, v);
}

void
json_put_double(struct json_out *o, const char *name, double v)
{
	char text[32];

	if (!isfinite(v)) {
		json_put_null(o, name);
		return;
	}
	/* The shortest of 15 to 17 digits that reads back as the same number. */
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	json_put_raw(o, name, slice_str(text));
}

void
json_put_bool(struct json_out *o, const char *name, bool v)
{
	json_put_raw(o, name, v ? SLICE("true") : SLICE("false"));
}

void
json_put_instant(struct json_out *o, const char *name, struct instant v)
{
	char text[INSTANT_TEXT_MAX];

	json_put_str(o, name, instant_format(v, text));
}

/* json_parse() bounded the depth, so this recursion is bounded too. */
static void
write_value(struct json_out *o, const struct json *v)
{
	struct json_walk w = {0};
	const struct json *member;
	struct slice name;
	int64_t i;

	switch (json_kind_of(v)) {
	case JSON_IS_NULL:
		json_put_null(o, NULL);
		break;
	case JSON_IS_BOOL:
		json_put_bool(o, NULL, json_truth(v));
		break;
	case JSON_IS_NUMBER:
		if (json_int(v, &i))
			json_put_int(o, NULL, i);
		else
			json_put_double(o, NULL, json_double(v));
		break;
	case JSON_IS_STRING:
		json_put_string(o, NULL, json_text(v));
		break;
	case JSON_IS_ARRAY:
		json_open_array(o, NULL);
		for (size_t n = 0; n < json_count(v); n++)
			write_value(o, json_item(v, n));
		json_close_array(o);
		break;
	case JSON_IS_OBJECT:
		json_open_object(o, NULL);
		while (json_next(v, &w, &name, &member)) {
			json_put_string(o, NULL, name);
			buf_add_byte(o->to, ':');
			o->more = false;
			write_value(o, member);
		}
		json_close_object(o);
		break;
	}
}

void
json_write(struct buf *out, const struct json *v)
{
	struct json_out o = json_out_to(out);

	write_value(&o, v);
}

void
json_put_value(struct json_out *o, const char *name, const struct json *v)
{
	start_value(o, name);
	json_write(o->to, v);
}
