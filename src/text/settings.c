/* settings.c - see settings.h. */
#include "text/settings.h"

#include <assert.h>

/* "64MiB": digits and perhaps a binary unit. */
static bool
parse_bytes(struct slice s, int64_t *out)
{
	static const struct {
		const char *name;
		unsigned shift;
	} units[] = {{"", 0}, {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
	size_t digits = 0;
	uint64_t v;

	while (digits < s.len && s.ptr[digits] >= '0' && s.ptr[digits] <= '9')
		digits++;
	if (!slice_to_u64(slice_first(s, digits), &v))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (slice_is(slice_trim(slice_from(s, digits)), units[i].name)) {
			if (v > (uint64_t)INT64_MAX >> units[i].shift)
				return false;
			*out = (int64_t)(v << units[i].shift);
			return true;
		}
	return false;
}

static int
read_bytes(const struct setting *s, const struct yaml_node *n, int64_t *out, struct err *e)
{
	struct slice text = {0};
	int64_t v;

	if (yaml_text(n, &text, e) != 0)
		return -1;
	if (!parse_bytes(text, &v))
		return yaml_err(
		    n, e, "\"%s\" must be a size such as 65536, 256KiB or 2GiB", s->name);
	if (v < s->min || v > s->max)
		return yaml_err(n, e, "\"%s\" must be from %lld to %lld bytes", s->name,
		    (long long)s->min, (long long)s->max);
	*out = v;
	return 0;
}

static int
read_text(const struct setting *s, const struct yaml_node *n, struct slice *out, struct err *e)
{
	struct slice text = {0};

	if (yaml_text(n, &text, e) != 0)
		return -1;
	if (memchr(text.ptr == NULL ? (const void *)"" : text.ptr, '\0', text.len) != NULL ||
	    (int64_t)text.len < s->min || (int64_t)text.len > s->max)
		return yaml_err(n, e, "\"%s\" must be a text of %lld to %lld bytes", s->name,
		    (long long)s->min, (long long)s->max);
	*out = text;
	return 0;
}

static int
read_texts(const struct setting *s, const struct yaml_node *n, struct arena *mem,
    struct setting_texts *out, struct err *e)
{
	struct setting_texts list = {0};

	if (yaml_texts(n, mem, &list.at, &list.n, e) != 0)
		return -1;
	if ((int64_t)list.n < s->min || (int64_t)list.n > s->max)
		return yaml_err(n, e, "\"%s\" must be a list of %lld to %lld texts", s->name,
		    (long long)s->min, (long long)s->max);
	*out = list;
	return 0;
}

static int
read_value(const struct setting *s, const struct yaml_node *n, struct arena *mem, void *out,
    struct err *e)
{
	void *member = (uint8_t *)out + s->offset;

	switch (s->type) {
	case SETTING_TEXT:
		return read_text(s, n, member, e);
	case SETTING_TEXTS:
		return read_texts(s, n, mem, member, e);
	case SETTING_BOOL:
		return yaml_bool(n, member, e);
	case SETTING_INT:
		return yaml_int(n, s->min, s->max, member, e);
	case SETTING_BYTES:
		return read_bytes(s, n, member, e);
	case SETTING_SPAN:
		return yaml_span(n, (struct span){s->min}, (struct span){s->max}, member, e);
	case SETTING_CHOICE:
		return yaml_choice(n, s->choices, member, e);
	case SETTING_TREE:
		return s->read(n, mem, member, e);
	}
	return err_set(e, "setting \"%s\" has no type", s->name);
}

static const struct setting *
find_setting(const struct setting *table, struct slice name)
{
	for (; table->name != NULL; table++)
		if (slice_is(name, table->name))
			return table;
	return NULL;
}

/* Defaults go through the same readers as files: what the help shows is what is meant. */
static int
read_defaults(const struct setting *table, struct arena *mem, void *out, struct err *e)
{
	for (const struct setting *s = table; s->name != NULL; s++) {
		const struct yaml_node *n;

		if (yaml_parse("(default)", slice_str(s->standard), mem, &n, e) != 0)
			return err_wrap(e, "setting \"%s\"", s->name);
		/* An empty default leaves the zero of the type. */
		if (!yaml_is_null(n) && read_value(s, n, mem, out, e) != 0)
			return err_wrap(e, "setting \"%s\"", s->name);
	}
	return 0;
}

int
settings_read(const struct setting *table, const char *file, struct slice text,
    struct arena *mem, void *out, struct err *e)
{
	const struct yaml_node *root;

	if (read_defaults(table, mem, out, e) != 0)
		return -1;
	if (text.ptr == NULL)
		return 0;
	if (yaml_parse(file, text, mem, &root, e) != 0)
		return -1;
	if (yaml_is_null(root)) /* only comments */
		return 0;
	if (root->kind != YAML_MAPPING)
		return yaml_err(root, e, "a configuration is a mapping: \"name: value\" lines");
	for (size_t i = 0; i < root->count; i++) {
		const struct yaml_node *n = &root->items[i];
		const struct setting *s = find_setting(table, n->key);

		if (s == NULL)
			return yaml_err(n, e, "there is no setting \"%.*s\"",
			    (int)(n->key.len < 80 ? n->key.len : 80), (const char *)n->key.ptr);
		if (yaml_is_null(n)) /* "name:" alone means the default */
			continue;
		if (read_value(s, n, mem, out, e) != 0)
			return -1;
	}
	return 0;
}

/* Comments of at most some 96 columns; Japanese has no spaces, so it is not broken. */
static void
print_comment(struct buf *out, const char *text)
{
	struct slice rest = slice_str(text), word;
	size_t column = 0;

	while (slice_cut(&rest, ' ', &word)) {
		if (column == 0 || column + 1 + word.len > 94) {
			buf_add_str(out, column == 0 ? "#" : "\n#");
			column = 1;
		}
		buf_add_byte(out, ' ');
		buf_add(out, word);
		column += 1 + word.len;
	}
	buf_add_byte(out, '\n');
}

/* In the largest unit that divides it, as a setting is written. */
static void
print_span(struct buf *out, int64_t us)
{
	static const struct {
		int64_t us;
		const char *name;
	} units[] = {{86400000000, "d"}, {3600000000, "h"}, {60000000, "m"}, {1000000, "s"}};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (us >= units[i].us && us % units[i].us == 0) {
			buf_printf(out, "%lld%s", (long long)(us / units[i].us), units[i].name);
			return;
		}
	buf_printf(out, "%lldms", (long long)(us / 1000));
}

static void
print_bounds(struct buf *out, const struct setting *s, bool ja)
{
	switch (s->type) {
	case SETTING_INT:
	case SETTING_BYTES:
		buf_printf(out, ja ? "# %lld から %lld まで\n" : "# From %lld to %lld.\n",
		    (long long)s->min, (long long)s->max);
		break;
	case SETTING_SPAN:
		buf_add_str(out, ja ? "# " : "# From ");
		print_span(out, s->min);
		buf_add_str(out, ja ? " から " : " to ");
		print_span(out, s->max);
		buf_add_str(out, ja ? " まで\n" : ".\n");
		break;
	case SETTING_CHOICE:
		buf_add_str(out, ja ? "# いずれか:" : "# One of:");
		for (const char *const *c = s->choices; *c != NULL; c++)
			buf_printf(out, " %s", *c);
		buf_add_byte(out, '\n');
		break;
	case SETTING_TEXT:
	case SETTING_TEXTS:
	case SETTING_BOOL:
	case SETTING_TREE:
		break;
	}
}

void
settings_print(const struct setting *table, const char *language, struct buf *out)
{
	bool ja = slice_is(slice_str(language), "ja");

	for (const struct setting *s = table; s->name != NULL; s++) {
		if (s != table)
			buf_add_byte(out, '\n');
		print_comment(out, ja ? s->ja : s->en);
		print_bounds(out, s, ja);
		buf_printf(
		    out, "%s:%s%s\n", s->name, *s->standard == '\0' ? "" : " ", s->standard);
	}
}
