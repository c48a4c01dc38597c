/* rule.c - a rule document's metadata, and our own "hinomi" mapping. */
#include "detect/sigma/rule.h"

#include <stdlib.h>

#define LIST_MAX 256

/* A text of this mapping, copied; absent where there is none. */
static int
read_text(const struct yaml_node *map, const char *key, struct arena *mem, struct slice *out,
    struct err *e)
{
	struct slice s = {0};

	if (yaml_text(yaml_get(map, key), &s, e) != 0)
		return -1;
	*out = arena_dup(mem, slice_trim(s));
	return 0;
}

/* A text or a list of texts, one a line. */
static int
read_lines(const struct yaml_node *n, struct arena *mem, struct slice *out, struct err *e)
{
	const struct slice *list = NULL;
	size_t count = 0, len = 0;
	uint8_t *text, *at;

	if (yaml_texts(n, mem, &list, &count, e) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		len += list[i].len + 1;
	if (count == 0 || (text = arena_alloc(mem, len)) == NULL)
		return 0;
	at = text;
	for (size_t i = 0; i < count; i++) {
		memcpy(at, list[i].ptr, list[i].len);
		at += list[i].len;
		*at++ = '\n';
	}
	*out = slice_of(text, len - 1);
	return 0;
}

static int
read_text2(const struct yaml_node *map, struct arena *mem, struct text2 *out, struct err *e)
{
	struct slice en = {0}, ja = {0};

	if (read_lines(yaml_get(map, "en"), mem, &en, e) != 0 ||
	    read_lines(yaml_get(map, "ja"), mem, &ja, e) != 0)
		return -1;
	if (en.ptr != NULL)
		out->en = en;
	if (ja.ptr != NULL)
		out->ja = ja;
	return 0;
}

static bool
is_technique(struct slice s)
{
	size_t i = 1;

	if (s.len < 5 || (s.ptr[0] != 't' && s.ptr[0] != 'T'))
		return false;
	for (; i < s.len; i++)
		if (!(s.ptr[i] >= '0' && s.ptr[i] <= '9') && !(s.ptr[i] == '.' && i == 5))
			return false;
	return true;
}

static int
compare_slices(const void *a, const void *b)
{
	return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

/* "initial-access" and "initial_access" are one tactic. */
static bool
same_tactic(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		uint8_t x = a.ptr[i] == '_' ? '-' : fold_case(a.ptr[i]);
		uint8_t y = b.ptr[i] == '_' ? '-' : fold_case(b.ptr[i]);

		if (x != y)
			return false;
	}
	return true;
}

/* Advice stands in the order of an attack's steps: the last that fits is the most urgent. */
static int
choose_advice(const struct yaml_node *advice, const struct slice *tags, size_t n,
    struct arena *mem, struct text2 *out, struct err *e)
{
	const struct yaml_node *chosen = yaml_get(advice, "default");

	for (size_t i = 0; advice != NULL && i < advice->count; i++)
		for (size_t k = 0; k < n; k++)
			if (slice_starts_nocase(tags[k], SLICE("attack.")) &&
			    same_tactic(slice_from(tags[k], 7), advice->items[i].key))
				chosen = &advice->items[i];
	return chosen == NULL ? 0 : read_text2(chosen, mem, out, e);
}

static int
read_tags(const struct yaml_node *doc, const struct yaml_node *advice, struct arena *mem,
    struct rule_info *info, struct err *e)
{
	const struct slice *tags = NULL;
	struct slice *ids;
	size_t n = 0;
	unsigned count = 0, kept = 0;

	if (yaml_texts(yaml_get(doc, "tags"), mem, &tags, &n, e) != 0)
		return -1;
	n = n > LIST_MAX ? LIST_MAX : n;
	if ((ids = arena_array(mem, n, sizeof(*ids))) == NULL)
		return yaml_err(doc, e, "no memory for the rule");
	for (size_t i = 0; i < n; i++) {
		struct slice id = slice_from(tags[i], 7);
		uint8_t *upper;

		if (!slice_starts_nocase(tags[i], SLICE("attack.")) || !is_technique(id))
			continue;
		ids[count] = arena_dup(mem, id);
		if ((upper = (uint8_t *)(uintptr_t)ids[count].ptr) != NULL)
			upper[0] = 'T';
		count++;
	}
	qsort(ids, count, sizeof(*ids), compare_slices);
	for (unsigned i = 0; i < count; i++)
		if (kept == 0 || !slice_equal(ids[kept - 1], ids[i]))
			ids[kept++] = ids[i];
	info->attack = ids;
	info->n_attack = kept;
	return choose_advice(advice, tags, n, mem, &info->advice, e);
}

static int
read_own(const struct yaml_node *own, struct arena *mem, struct rule_info *info, struct err *e)
{
	static const char *const known[] = {
	    "title", "description", "advice", "falsepositives", "severity", "entity", NULL};
	int64_t severity = info->severity;

	if (own == NULL)
		return 0;
	if (yaml_check_keys(own, known, e) != 0 ||
	    read_text2(yaml_get(own, "title"), mem, &info->title, e) != 0 ||
	    read_text2(yaml_get(own, "description"), mem, &info->description, e) != 0 ||
	    read_text2(yaml_get(own, "falsepositives"), mem, &info->falsepositives, e) != 0 ||
	    yaml_int(yaml_get(own, "severity"), 0, 100, &severity, e) != 0)
		return -1;
	info->severity = (unsigned)severity;
	if (yaml_get(own, "advice") != NULL) {
		info->advice = (struct text2){0};
		return read_text2(yaml_get(own, "advice"), mem, &info->advice, e);
	}
	return 0;
}

static int
read_level(const struct yaml_node *doc, enum level *out, struct err *e)
{
	const struct yaml_node *n = yaml_get(doc, "level");

	*out = LEVEL_MEDIUM; /* Sigma leaves it open */
	if (n == NULL || yaml_is_null(n))
		return 0;
	if (n->kind != YAML_SCALAR || !level_by_name(n->text, out))
		return yaml_err(n, e,
		    "\"level\" must be one of informational, low, medium, high or critical");
	return 0;
}

static int
check_status(const struct yaml_node *doc, struct err *e)
{
	const struct yaml_node *n = yaml_get(doc, "status");

	if (n != NULL && n->kind == YAML_SCALAR &&
	    (slice_is(n->text, "deprecated") || slice_is(n->text, "unsupported")))
		return yaml_err(n, e, "the rule's author calls it %.*s, so it is left out",
		    SLICE_ARG(n->text));
	return 0;
}

int
rule_read_info(const struct yaml_node *doc, const struct yaml_node *advice, struct arena *mem,
    struct rule_info *info, struct err *e)
{
	const struct yaml_node *title;

	*info = (struct rule_info){.detector = "sigma"};
	if (check_status(doc, e) != 0 || yaml_need(doc, "title", &title, e) != 0 ||
	    read_text(doc, "title", mem, &info->title.en, e) != 0 ||
	    read_text(doc, "id", mem, &info->id, e) != 0 ||
	    read_text(doc, "description", mem, &info->description.en, e) != 0 ||
	    read_lines(yaml_get(doc, "references"), mem, &info->references, e) != 0 ||
	    read_lines(yaml_get(doc, "author"), mem, &info->author, e) != 0 ||
	    read_lines(yaml_get(doc, "falsepositives"), mem, &info->falsepositives.en, e) !=
		0 ||
	    read_level(doc, &info->level, e) != 0)
		return -1;
	if (info->id.len == 0)
		info->id =
		    slice_str(arena_printf(mem, "title:%.*s", SLICE_ARG(info->title.en)));
	info->severity = level_severity(info->level);
	if (read_tags(doc, advice, mem, info, e) != 0)
		return -1;
	return read_own(yaml_get(doc, "hinomi"), mem, info, e);
}

void
rule_read_name(const struct yaml_node *doc, struct arena *mem, struct slice *id,
    struct slice *title, enum level *level)
{
	struct err ignored;

	*level = LEVEL_MEDIUM;
	if (read_text(doc, "id", mem, id, &ignored) != 0)
		*id = (struct slice){0};
	if (read_text(doc, "title", mem, title, &ignored) != 0)
		*title = (struct slice){0};
	if (read_level(doc, level, &ignored) != 0)
		*level = LEVEL_MEDIUM;
}
