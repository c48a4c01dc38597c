/* alert_search.c - see alert_search.h. */
#include "incident/alert_search.h"

#include "base/utf8.h"

static void
lower(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] |= 0x20;
}

static void
add_word(struct buf *b, struct slice s)
{
	if (s.len > 0 && b->len < b->max) {
		buf_add(b, utf8_cut(s, b->max - b->len));
		if (b->len < b->max)
			buf_add_byte(b, '\n');
	}
}

/* A log's bytes may be no UTF-8, and the store takes nothing else: a blank stands for each such
 * byte. */
static void
add_raw(struct buf *b, struct slice s)
{
	while (s.len > 0 && b->len + 5 <= b->max) {
		size_t n = utf8_length(s);

		if (n == 0 || s.ptr[0] < ' ')
			buf_add_byte(b, ' ');
		else
			buf_add(b, slice_first(s, n));
		s = slice_from(s, n == 0 ? 1 : n);
	}
	if (b->len < b->max)
		buf_add_byte(b, '\n');
}

void
alert_write_search(struct buf *out, const struct alert *a)
{
	add_word(out, a->rule->id);
	add_word(out, a->rule->title.en);
	add_word(out, a->rule->title.ja);
	add_word(out, a->entity);
	for (unsigned i = 0; i < a->rule->n_attack; i++)
		add_word(out, a->rule->attack[i]);
	for (unsigned i = 0; i < a->n_lines; i++) {
		add_word(out, a->lines[i].source);
		for (unsigned k = 0; k < a->lines[i].n_fields; k++)
			add_word(out, a->lines[i].fields[k].value);
	}
	if (a->n_lines > 0)
		add_raw(out, slice_first(a->lines[0].raw, ALERT_SEARCH_RAW));
	lower(out->ptr, out->len);
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

void
alert_split_words(struct slice text, struct arena *mem, struct alert_words *out)
{
	struct slice rest = arena_dup(mem, text);

	out->n = 0;
	if (rest.ptr != NULL)
		lower((uint8_t *)(uintptr_t)rest.ptr, rest.len);
	while (rest.len > 0 && out->n < ALERT_WORDS_MAX) {
		size_t n = 0;

		while (n < rest.len && !is_space(rest.ptr[n]) &&
		       !slice_starts(slice_from(rest, n), SLICE("\xe3\x80\x80")))
			n++;
		if (n > 0)
			out->at[out->n++] = slice_first(rest, n);
		rest = slice_from(rest, n);
		if (rest.len > 0)
			rest = slice_from(rest, is_space(rest.ptr[0]) ? 1 : 3);
	}
}

bool
alert_has_words(struct slice search, const struct alert_words *words)
{
	for (size_t i = 0; i < words->n; i++)
		if (slice_search(search, words->at[i]) == SIZE_MAX)
			return false;
	return true;
}
