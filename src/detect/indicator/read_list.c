/*
 * read_list.c - one indicator a line, as people and tools write such lists.
 *
 * Comments start with # ; ! or //, also after a value.  Understood besides plain
 * values: hosts files ("0.0.0.0 bad.example"), adblock rules ("||bad.example^"),
 * bullets, quotes, and a note after the value.  Lines like "#! name: Sector list"
 * and "#! level: critical" name and grade the list.
 */
#include "detect/indicator/loader.h"

static bool
is_comment(struct slice line)
{
	return is_one_of(line.ptr[0], "#;!") || slice_starts(line, SLICE("//")) ||
	       slice_starts_nocase(line, SLICE("[adblock"));
}

/* "#! level: high" */
static void
read_directive(struct reading *r, struct slice line)
{
	struct slice key, rest = slice_from(line, 2);
	enum level level;

	slice_cut(&rest, ':', &key);
	key = slice_trim(key);
	rest = slice_trim(rest);
	if (slice_equal_nocase(key, SLICE("name")))
		reading_call(r, rest);
	else if (slice_equal_nocase(key, SLICE("level")) && level_by_name(rest, &level))
		reading_grade(r, level);
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Cut the first word off a line; what follows is trimmed. */
static struct slice
cut_word(struct slice *line)
{
	size_t n = 0;
	struct slice word;

	while (n < line->len && !is_blank(line->ptr[n]))
		n++;
	word = slice_first(*line, n);
	*line = slice_trim(slice_from(*line, n));
	return word;
}

/* The value in "||bad.example^$third-party". */
static struct slice
adblock_value(struct slice word)
{
	size_t n = 2;

	while (n < word.len && !is_one_of(word.ptr[n], "^$|"))
		n++;
	return slice_of(word.ptr + 2, n - 2);
}

static bool
is_hosts_address(struct slice word)
{
	struct ip ip;

	if (!ip_parse(word, &ip))
		return false;
	if (ip.len == 4)
		return ip.bytes[0] == 0 || ip.bytes[0] == 127;
	for (size_t i = 0; i < 15; i++)
		if (ip.bytes[i] != 0)
			return false;
	return ip.bytes[15] <= 1;
}

/* Every name on a hosts file's line, up to its comment. */
static int
read_hosts(struct reading *r, unsigned line, struct slice names)
{
	uint32_t origin;

	if (reading_origin(r, (struct slice){0}, NULL, &origin) != 0)
		return -1;
	while (names.len > 0 && names.ptr[0] != '#')
		if (reading_offer(r, line, cut_word(&names), INDICATOR_DOMAIN, false, origin) !=
		    0)
			return -1;
	return 0;
}

/* Quotes around a value and punctuation after it are not part of it. */
static struct slice
strip(struct slice word)
{
	while (word.len > 0 && is_one_of(word.ptr[0], "\"'`<"))
		word = slice_from(word, 1);
	while (word.len > 0 && is_one_of(word.ptr[word.len - 1], "\"'`>,;"))
		word.len--;
	return word;
}

/* "192.0.2.1;65": what follows is no part of an address or a name, though it may be of a URL.
 */
static struct slice
cut_score(struct slice word)
{
	bool url = slice_find(word, '/') != SIZE_MAX || slice_find(word, '?') != SIZE_MAX;

	return url ? word : slice_first(word, slice_find(word, ';'));
}

static int
read_row(struct reading *r, unsigned n, struct slice line)
{
	struct slice word, note;
	uint32_t origin;

	if (slice_starts(line, SLICE("@@")) || slice_search(line, SLICE("##")) != SIZE_MAX) {
		reading_refuse(r, n, REFUSED_EXCEPTION);
		return 0;
	}
	if (line.len > 2 && is_one_of(line.ptr[0], "-*+") && is_blank(line.ptr[1]))
		line = slice_trim(slice_from(line, 2));
	note = line;
	word = cut_word(&note);
	if (note.len > 0 && note.ptr[0] != '#' && is_hosts_address(word))
		return read_hosts(r, n, note);
	word = slice_starts(word, SLICE("||")) ? adblock_value(word) : strip(cut_score(word));
	while (note.len > 0 && is_one_of(note.ptr[0], "#;/-|,: \t"))
		note = slice_from(note, 1);
	if (reading_origin(r, note, NULL, &origin) != 0)
		return -1;
	return reading_offer(r, n, word, r->want, false, origin);
}

int
read_list(struct reading *r, struct slice bytes)
{
	struct slice line;

	for (unsigned n = 1; slice_cut_line(&bytes, &line); n++) {
		line = slice_trim(line);
		if (slice_starts(line, SLICE("#!")))
			read_directive(r, line);
		if (line.len == 0 || is_comment(line))
			continue;
		if (read_row(r, n, line) != 0)
			return -1;
	}
	return 0;
}
