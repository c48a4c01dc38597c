/* pairs.c - see pairs.h. */
#include "event/pairs.h"

static bool
is_name_byte(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
	       c == '-' || c == '.' || c == '[' || c == ']' || c == '@' || c == '/' ||
	       c >= 0x80;
}

/* Length of the name that s starts with and `mark` follows; 0: it starts with none. */
static size_t
name_before(struct slice s, uint8_t mark)
{
	size_t i = 0;

	while (i < s.len && i < 128 && is_name_byte(s.ptr[i]))
		i++;
	return i < s.len && s.ptr[i] == mark ? i : 0;
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '\r';
}

static void
skip_spaces(struct slice *s)
{
	size_t i = 0;

	while (i < s->len && is_space(s->ptr[i]))
		i++;
	*s = slice_from(*s, i);
}

static void
skip_word(struct slice *s)
{
	size_t i = 0;

	while (i < s->len && !is_space(s->ptr[i]))
		i++;
	*s = slice_from(*s, i);
}

/* Does another pair, or nothing, follow here? */
static bool
is_next(struct slice s)
{
	size_t before = s.len;

	skip_spaces(&s);
	return s.len == 0 ||
	       (s.len < before && (name_before(s, '=') > 0 || name_before(s, ':') > 0));
}

/*
 * Where the quoted text that begins at `from` ends.  A backslash before a quote
 * makes it part of the text, unless it ends a path: then the next pair follows.
 */
static size_t
find_quote(struct slice s, size_t from, bool *escaped)
{
	size_t i = from;

	*escaped = false;
	while (i < s.len && s.ptr[i] != '"') {
		uint8_t next = s.ptr[i] == '\\' && i + 1 < s.len ? s.ptr[i + 1] : 0;
		if (next == '\\' || (next == '"' && !is_next(slice_from(s, i + 2)))) {
			*escaped |= next == '"';
			i++;
		}
		i++;
	}
	return i < s.len ? i : SIZE_MAX;
}

/* \" to "; the rest stays. */
static struct slice
unescape_quotes(struct slice v, struct arena *mem)
{
	uint8_t *p = arena_alloc(mem, v.len);
	size_t n = 0;

	if (p == NULL)
		return (struct slice){0};
	for (size_t i = 0; i < v.len; i++) {
		if (v.ptr[i] == '\\' && i + 1 < v.len && v.ptr[i + 1] == '"')
			i++;
		p[n++] = v.ptr[i];
	}
	return slice_of(p, n);
}

static bool
cut_quotes(struct slice *rest, struct slice *value, struct arena *mem)
{
	bool escaped;
	size_t end = find_quote(*rest, 1, &escaped);

	if (end == SIZE_MAX)
		return false;
	*value = slice_of(rest->ptr + 1, end - 1);
	if (escaped && mem != NULL)
		*value = unescape_quotes(*value, mem);
	*rest = slice_from(*rest, end + 1);
	return true;
}

enum pairs_status
pairs_cut_quoted(struct slice *rest, struct slice *name, struct slice *value, struct arena *mem)
{
	size_t n, i = 0;

	for (;;) {
		skip_spaces(rest);
		if (rest->len == 0)
			return PAIRS_END;
		if ((n = name_before(*rest, '=')) > 0)
			break;
		skip_word(rest);
	}
	*name = slice_first(*rest, n);
	*rest = slice_from(*rest, n + 1);
	if (rest->len > 0 && rest->ptr[0] == '"')
		return cut_quotes(rest, value, mem) ? PAIRS_ONE : PAIRS_BAD_QUOTE;
	while (i < rest->len && rest->ptr[i] != ' ' && rest->ptr[i] != '\t' &&
	       rest->ptr[i] != '\r' &&
	       !(is_space(rest->ptr[i]) && name_before(slice_from(*rest, i + 1), '=') > 0))
		i++;
	*value = slice_first(*rest, i);
	if (i > 0 && is_space(value->ptr[i - 1]))
		value->len--;
	*rest = slice_from(*rest, i);
	return PAIRS_ONE;
}

enum pairs_status
pairs_cut_colon(struct slice *rest, struct slice *name, struct slice *value, struct arena *mem)
{
	size_t n;

	for (;;) {
		skip_spaces(rest);
		if (rest->len == 0)
			return PAIRS_END;
		n = name_before(*rest, ':');
		if (n > 0 && n + 1 < rest->len && rest->ptr[n + 1] == '"')
			break;
		skip_word(rest);
	}
	*name = slice_first(*rest, n);
	*rest = slice_from(*rest, n + 1);
	return cut_quotes(rest, value, mem) ? PAIRS_ONE : PAIRS_BAD_QUOTE;
}

static struct slice
unescape_cef(struct slice v, struct arena *mem)
{
	uint8_t *p;
	size_t n = 0;

	if (slice_find(v, '\\') == SIZE_MAX)
		return v;
	if ((p = arena_alloc(mem, v.len)) == NULL)
		return (struct slice){0};
	for (size_t i = 0; i < v.len; i++) {
		uint8_t next = v.ptr[i] == '\\' && i + 1 < v.len ? v.ptr[i + 1] : 0;
		if (next == '=' || next == '\\' || next == '|' || next == 'n' || next == 'r') {
			p[n++] = next == 'n' ? '\n' : next == 'r' ? '\r' : next;
			i++;
		} else
			p[n++] = v.ptr[i];
	}
	return slice_of(p, n);
}

enum pairs_status
pairs_cut_cef(struct slice *rest, struct slice *name, struct slice *value, struct arena *mem)
{
	size_t n, i, word = 0;

	for (;;) {
		*rest = slice_trim(*rest);
		if (rest->len == 0)
			return PAIRS_END;
		if ((n = name_before(*rest, '=')) > 0)
			break;
		skip_word(rest);
		if (rest->len > 0 && rest->ptr[0] != ' ')
			*rest = slice_from(*rest, 1);
	}
	*name = slice_first(*rest, n);
	*rest = slice_from(*rest, n + 1);
	/* Each word is looked at once: `word` is where the last one began. */
	for (i = 0; i < rest->len; i++) {
		if (rest->ptr[i] == ' ' || rest->ptr[i] == '\t')
			word = i + 1;
		else if (rest->ptr[i] == '\\')
			i++;
		else if (rest->ptr[i] == '=' && word > 0 && i > word &&
			 name_before(slice_from(*rest, word), '=') == i - word)
			break;
	}
	if (i >= rest->len)
		word = rest->len;
	*value = unescape_cef(slice_trim(slice_first(*rest, word)), mem);
	*rest = slice_from(*rest, word);
	return PAIRS_ONE;
}

enum pairs_status
pairs_cut_delimited(
    struct slice *rest, uint8_t delimiter, struct slice *name, struct slice *value)
{
	struct slice part;
	size_t equals;

	while (slice_cut(rest, delimiter, &part)) {
		equals = slice_find(part, '=');
		if (equals == SIZE_MAX || equals == 0)
			continue;
		*name = slice_trim(slice_first(part, equals));
		*value = slice_trim(slice_from(part, equals + 1));
		return PAIRS_ONE;
	}
	return PAIRS_END;
}
