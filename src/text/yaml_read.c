/* yaml_read.c - typed values out of a YAML tree, with sentences for what does not fit. */
#include "text/yaml.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"

#define QUOTED_MAX 64 /* of a wrong value or key, shown back */

const struct yaml_node *
yaml_get(const struct yaml_node *map, const char *key)
{
	if (map == NULL || map->kind != YAML_MAPPING)
		return NULL;
	for (size_t i = 0; i < map->count; i++)
		if (slice_is(map->items[i].key, key))
			return &map->items[i];
	return NULL;
}

bool
yaml_is_null(const struct yaml_node *n)
{
	return n->kind == YAML_SCALAR && n->plain &&
	       (n->text.len == 0 || slice_is(n->text, "~") || slice_is(n->text, "null") ||
		   slice_is(n->text, "Null") || slice_is(n->text, "NULL"));
}

int
yaml_err(const struct yaml_node *n, struct err *e, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(e, "%s:%u: %s", n->file, n->line, text);
}

/* `"key" must be WHAT`, or for an item of a sequence, `this must be WHAT`. */
static int
err_must_be(const struct yaml_node *n, struct err *e, const char *what)
{
	if (n->key.ptr == NULL)
		return yaml_err(n, e, "this must be %s", what);
	return yaml_err(
	    n, e, "\"%.*s\" must be %s", SLICE_ARG(slice_first(n->key, QUOTED_MAX)), what);
}

/* "a, b or c" */
static const char *
list_names(struct buf *b, const char *const *names)
{
	const char *s;

	for (size_t i = 0; names[i] != NULL; i++) {
		if (i > 0)
			buf_add_str(b, names[i + 1] == NULL ? " or " : ", ");
		buf_add_str(b, names[i]);
	}
	s = buf_str(b);
	return s == NULL ? "a known name" : s;
}

int
yaml_check_keys(const struct yaml_node *map, const char *const *known, struct err *e)
{
	struct buf b = BUF_INIT(ERR_TEXT_MAX);

	if (map->kind != YAML_MAPPING)
		return err_must_be(map, e, "a mapping");
	for (size_t i = 0; i < map->count; i++) {
		size_t k = 0;

		while (known[k] != NULL && !slice_is(map->items[i].key, known[k]))
			k++;
		if (known[k] != NULL)
			continue;
		yaml_err(&map->items[i], e, "unknown key \"%.*s\": expected %s",
		    SLICE_ARG(slice_first(map->items[i].key, QUOTED_MAX)),
		    list_names(&b, known));
		buf_release(&b);
		return -1;
	}
	return 0;
}

int
yaml_need(
    const struct yaml_node *map, const char *key, const struct yaml_node **out, struct err *e)
{
	if (map->kind != YAML_MAPPING)
		return err_must_be(map, e, "a mapping");
	if ((*out = yaml_get(map, key)) == NULL || yaml_is_null(*out))
		return yaml_err(map, e, "\"%s\" is missing", key);
	return 0;
}

int
yaml_text(const struct yaml_node *n, struct slice *out, struct err *e)
{
	if (n == NULL || yaml_is_null(n))
		return 0;
	if (n->kind != YAML_SCALAR)
		return err_must_be(n, e, "a text");
	*out = n->text;
	return 0;
}

int
yaml_bool(const struct yaml_node *n, bool *out, struct err *e)
{
	if (n == NULL || yaml_is_null(n))
		return 0;
	if (n->kind == YAML_SCALAR && n->plain) {
		if (slice_equal_nocase(n->text, SLICE("true"))) {
			*out = true;
			return 0;
		}
		if (slice_equal_nocase(n->text, SLICE("false"))) {
			*out = false;
			return 0;
		}
	}
	return err_must_be(n, e, "true or false");
}

static bool
to_i64(struct slice s, int64_t *out)
{
	bool negative = s.len > 0 && s.ptr[0] == '-';
	uint64_t v;

	if (!slice_to_u64(slice_from(s, negative), &v) || v > INT64_MAX)
		return false;
	*out = negative ? -(int64_t)v : (int64_t)v;
	return true;
}

int
yaml_int(const struct yaml_node *n, int64_t min, int64_t max, int64_t *out, struct err *e)
{
	char what[80];
	int64_t v;

	if (n == NULL || yaml_is_null(n))
		return 0;
	if (n->kind == YAML_SCALAR && n->plain && to_i64(n->text, &v) && v >= min && v <= max) {
		*out = v;
		return 0;
	}
	snprintf(what, sizeof(what), "a whole number from %lld to %lld", (long long)min,
	    (long long)max);
	return err_must_be(n, e, what);
}

static const struct {
	const char *name;
	int64_t us;
} units[] = {
    {"ms", 1000},
    {"s", 1000000},
    {"m", 60 * 1000000LL},
    {"h", 3600 * 1000000LL},
    {"d", 86400 * 1000000LL},
};
#define N_UNITS (sizeof(units) / sizeof(units[0]))

static bool
to_span(struct slice s, struct span *out)
{
	size_t digits = 0;
	uint64_t v;

	while (digits < s.len && s.ptr[digits] >= '0' && s.ptr[digits] <= '9')
		digits++;
	if (!slice_to_u64(slice_first(s, digits), &v))
		return false;
	for (size_t i = 0; i < N_UNITS; i++)
		if (slice_is(slice_from(s, digits), units[i].name)) {
			if (v > (uint64_t)(INT64_MAX / units[i].us))
				return false;
			out->us = (int64_t)v * units[i].us;
			return true;
		}
	return false;
}

/* In the largest unit that is exact. */
static void
span_text(struct span d, char *out, size_t size)
{
	size_t u = 0;

	for (size_t i = 0; i < N_UNITS && d.us != 0; i++)
		if (d.us % units[i].us == 0)
			u = i;
	snprintf(out, size, "%lld%s", (long long)(d.us / units[u].us), units[u].name);
}

int
yaml_span(const struct yaml_node *n, struct span min, struct span max, struct span *out,
    struct err *e)
{
	char what[128], from[32], to[32];
	struct span v;

	if (n == NULL || yaml_is_null(n))
		return 0;
	if (n->kind == YAML_SCALAR && to_span(n->text, &v) && v.us >= min.us &&
	    v.us <= max.us) {
		*out = v;
		return 0;
	}
	span_text(min, from, sizeof(from));
	span_text(max, to, sizeof(to));
	snprintf(what, sizeof(what), "a time such as 250ms, 10s, 5m, 24h or 7d, from %s to %s",
	    from, to);
	return err_must_be(n, e, what);
}

int
yaml_choice(const struct yaml_node *n, const char *const *names, int *out, struct err *e)
{
	struct buf b = BUF_INIT(ERR_TEXT_MAX);

	if (n == NULL || yaml_is_null(n))
		return 0;
	for (int i = 0; n->kind == YAML_SCALAR && names[i] != NULL; i++)
		if (slice_is(n->text, names[i])) {
			*out = i;
			return 0;
		}
	buf_add_str(&b, "one of ");
	err_must_be(n, e, list_names(&b, names));
	buf_release(&b);
	return -1;
}

int
yaml_texts(const struct yaml_node *n, struct arena *mem, const struct slice **out,
    size_t *count, struct err *e)
{
	const struct yaml_node *items = n;
	struct slice *list;
	size_t many = 1;

	if (n == NULL || yaml_is_null(n))
		return 0;
	if (n->kind == YAML_SEQUENCE) {
		items = n->items;
		many = n->count;
	}
	if ((list = arena_array(mem, many, sizeof(*list))) == NULL)
		return yaml_err(n, e, "no memory to read it");
	for (size_t i = 0; i < many; i++) {
		if (items[i].kind != YAML_SCALAR || yaml_is_null(&items[i]))
			return err_must_be(&items[i], e, "a text or a list of texts");
		list[i] = items[i].text;
	}
	*out = list;
	*count = many;
	return 0;
}
