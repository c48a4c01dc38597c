/*
 * read_csv.c - tables of indicators (RFC 4180 and what feeds make of it).
 *
 * Columns are known by the names in columns.def, in a first row or in the last
 * comment before the data; without names, the column that holds most indicators
 * is taken.  A quote that does not end costs its line only.
 */
#include "detect/indicator/read_csv.h"

#include <stdlib.h>

#include "detect/indicator/loader.h"

#define RECORD_MAX  65536
#define SAMPLE_ROWS 64

struct csv {
	struct slice rest;
	uint8_t separator;
	unsigned line;	      /* that rest starts with, from 1 */
	struct slice comment; /* the last one passed */
	unsigned n;
	struct slice field[CSV_COLUMNS_MAX]; /* further ones are dropped */
	uint8_t text[RECORD_MAX];	     /* unquoted fields */
	size_t used;
};

enum csv_status { CSV_ROW, CSV_BAD, CSV_END };

static struct csv *
csv_over(struct slice bytes, uint8_t separator)
{
	struct csv *c = malloc(sizeof(*c));

	if (c != NULL) {
		c->rest = bytes;
		c->separator = separator;
		c->line = 1;
		c->comment = (struct slice){0};
	}
	return c;
}

static void
add_field(struct csv *c, size_t start)
{
	if (c->n < CSV_COLUMNS_MAX)
		c->field[c->n++] = slice_trim(slice_of(c->text + start, c->used - start));
}

/* A quoted field from its first quote on; false if it does not end within bounds. */
static bool
read_quoted(struct csv *c, struct slice *s, unsigned *lines)
{
	for (*s = slice_from(*s, 1); s->len > 0; *s = slice_from(*s, 1)) {
		uint8_t ch = s->ptr[0];

		if (ch == '"' && (s->len < 2 || s->ptr[1] != '"')) {
			*s = slice_from(*s, 1);
			return true;
		}
		if (ch == '"')
			*s = slice_from(*s, 1);
		*lines += ch == '\n';
		if (c->used == RECORD_MAX)
			return false;
		c->text[c->used++] = ch;
	}
	return false;
}

/* One record from the start of a line; false if it breaks the rules. */
static bool
read_record(struct csv *c, struct slice *s, unsigned *lines)
{
	c->n = 0;
	c->used = 0;
	for (;;) {
		size_t start = c->used;

		while (s->len > 0 && s->ptr[0] == ' ')
			*s = slice_from(*s, 1);
		if (s->len > 0 && s->ptr[0] == '"' && !read_quoted(c, s, lines))
			return false;
		while (s->len > 0 && s->ptr[0] != c->separator && s->ptr[0] != '\n') {
			if (c->used == RECORD_MAX)
				return false;
			c->text[c->used++] = s->ptr[0];
			*s = slice_from(*s, 1);
		}
		add_field(c, start);
		if (s->len == 0)
			return true;
		uint8_t ch = s->ptr[0];
		*s = slice_from(*s, 1);
		if (ch == '\n') {
			++*lines;
			return true;
		}
	}
}

/* The next record that is no comment and not empty; *line is where it starts. */
static enum csv_status
csv_next(struct csv *c, unsigned *line)
{
	for (;;) {
		struct slice rest = c->rest, first;
		unsigned lines = 0;
		bool good;

		*line = c->line;
		if (!slice_cut_line(&rest, &first))
			return CSV_END;
		first = slice_trim(first);
		if (first.len == 0 || first.ptr[0] == '#') {
			if (first.len > 0)
				c->comment = first;
			c->rest = rest;
			c->line++;
			continue;
		}
		struct slice s = c->rest;
		good = read_record(c, &s, &lines);
		c->rest = good ? s : rest;
		c->line += good ? lines : 1;
		return good ? CSV_ROW : CSV_BAD;
	}
}

static enum csv_role
role_by_name(struct slice name)
{
	static const struct {
		struct slice name;
		enum csv_role role;
	} columns[] = {
#define COLUMN(name, role) {SLICE_LITERAL(name), CSV_##role},
#include "detect/indicator/columns.def"
#undef COLUMN
	};
	char text[32];

	if (name.len >= sizeof(text))
		return CSV_NOTHING;
	for (size_t i = 0; i < name.len; i++)
		text[i] = (char)(name.ptr[i] == ' ' || name.ptr[i] == '-' ? '_' : name.ptr[i]);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		if (slice_equal_nocase(slice_of(text, name.len), columns[i].name))
			return columns[i].role;
	return CSV_NOTHING;
}

static bool
holds_indicators(enum csv_role role)
{
	return role >= CSV_ANY && role <= CSV_JA4;
}

/* Do the fields of this record name columns?  Fills the roles. */
static bool
names_columns(const struct csv *c, struct csv_shape *shape)
{
	bool any = false;

	memset(shape->roles, 0, sizeof(shape->roles));
	for (unsigned i = 0; i < c->n; i++) {
		shape->roles[i] = role_by_name(c->field[i]);
		any |= holds_indicators(shape->roles[i]);
	}
	return any;
}

/* "# id,dateadded,url": the names stand in a comment. */
static bool
comment_names_columns(const struct csv *c, struct csv *names, struct csv_shape *shape)
{
	unsigned line;
	struct slice s = c->comment;

	while (s.len > 0 && s.ptr[0] == '#')
		s = slice_from(s, 1);
	names->rest = slice_trim(s);
	names->separator = c->separator;
	return c->comment.len > 0 && csv_next(names, &line) == CSV_ROW && names->n > 1 &&
	       names_columns(names, shape);
}

/* Without names: the column with most indicators, if all rows have as many columns. */
static bool
guess_column(struct csv *c, struct reading *r, struct csv_shape *shape)
{
	unsigned found[CSV_COLUMNS_MAX] = {0}, line, rows = 0, same = 0, columns = 0, best = 0;

	while (rows < SAMPLE_ROWS && csv_next(c, &line) == CSV_ROW) {
		if (rows++ == 0)
			columns = c->n;
		same += c->n == columns;
		for (unsigned i = 0; i < c->n; i++)
			found[i] += value_read(c->field[i], VALUE_ANY, &r->rules,
					&r->l->value) == REFUSED_NOT;
	}
	for (unsigned i = 1; i < columns; i++)
		if (found[i] > found[best])
			best = i;
	if (columns < 2 || same * 10 < rows * 9 || found[best] * 2 < rows)
		return false;
	memset(shape->roles, 0, sizeof(shape->roles));
	shape->roles[best] = CSV_ANY;
	return true;
}

static bool
try_separator(struct slice bytes, uint8_t separator, struct reading *r, struct csv_shape *shape)
{
	struct csv *c = csv_over(bytes, separator),
		   *names = csv_over((struct slice){0}, separator);
	unsigned line;
	bool good = false;

	if (c == NULL || names == NULL)
		goto out;
	shape->separator = separator;
	shape->header = true;
	if (csv_next(c, &line) != CSV_ROW)
		goto out;
	if ((good = names_columns(c, shape)))
		goto out;
	shape->header = false;
	if (c->n < 2)
		goto out;
	if ((good = comment_names_columns(c, names, shape)))
		goto out;
	c->rest = bytes;
	/* A list with tabs before its notes is a list. */
	good = separator != '\t' && guess_column(c, r, shape);
out:
	free(c);
	free(names);
	return good;
}

bool
csv_recognise(struct slice bytes, struct reading *r, struct csv_shape *shape)
{
	static const uint8_t separators[] = {',', ';', '\t', '|'};

	for (size_t i = 0; i < sizeof(separators); i++)
		if (try_separator(bytes, separators[i], r, shape))
			return true;
	return false;
}

/* What a row's type column makes of a value that may be anything. */
static enum indicator_kind
kind_by_type(struct slice type)
{
	if (slice_starts_nocase(type, SLICE("ja3")))
		return INDICATOR_JA3;
	if (slice_starts_nocase(type, SLICE("ja4")))
		return INDICATOR_JA4;
	return VALUE_ANY;
}

static int
read_csv_row(
    struct reading *r, const struct csv *c, const struct csv_shape *shape, unsigned line)
{
	static const enum indicator_kind kinds[] = {
	    [CSV_ANY] = VALUE_ANY,
	    [CSV_DOMAIN] = INDICATOR_DOMAIN,
	    [CSV_IP] = INDICATOR_IP,
	    [CSV_URL] = INDICATOR_URL,
	    [CSV_HASH] = INDICATOR_HASH,
	    [CSV_JA3] = INDICATOR_JA3,
	    [CSV_JA4] = INDICATOR_JA4,
	};
	struct slice note = {0}, type = {0}, grade = {0};
	bool offered = false, graded;
	uint32_t origin;
	enum level level;

	for (unsigned i = 0; i < c->n; i++) {
		if (shape->roles[i] == CSV_NOTE && note.len == 0)
			note = c->field[i];
		if (shape->roles[i] == CSV_TYPE)
			type = c->field[i];
		if (shape->roles[i] == CSV_LEVEL)
			grade = c->field[i];
	}
	graded = level_by_name(grade, &level);
	if (reading_origin(r, note, graded ? &level : NULL, &origin) != 0)
		return -1;
	for (unsigned i = 0; i < c->n; i++) {
		enum indicator_kind want;

		if (!holds_indicators(shape->roles[i]))
			continue;
		/* Of several columns for indicators some may be empty. */
		if (c->field[i].len == 0 || slice_is(c->field[i], "-"))
			continue;
		offered = true;
		want = kinds[shape->roles[i]];
		if (want == VALUE_ANY)
			want = kind_by_type(type);
		if (want == VALUE_ANY)
			want = r->want;
		if (reading_offer(r, line, c->field[i], want, false, origin) != 0)
			return -1;
	}
	if (!offered)
		reading_refuse(r, line, REFUSED_NO_COLUMN);
	return 0;
}

int
read_csv(struct reading *r, struct slice bytes, const struct csv_shape *shape)
{
	struct csv *c = csv_over(bytes, shape->separator);
	enum csv_status status;
	unsigned line;
	int rc = -1;
	bool first = shape->header;

	if (c == NULL) {
		err_set(r->e, "out of memory for a row");
		goto out;
	}
	while ((status = csv_next(c, &line)) != CSV_END) {
		if (status == CSV_BAD)
			reading_refuse(r, line,
			    c->used == RECORD_MAX ? REFUSED_ROW_TOO_LONG : REFUSED_QUOTE);
		else if (!first && read_csv_row(r, c, shape, line) != 0)
			goto out;
		first = false;
	}
	rc = 0;
out:
	free(c);
	return rc;
}
