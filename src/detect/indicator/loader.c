/* loader.c - files in, a set out.  The formats are recognised here and read in read_*.c. */
#include "detect/indicator/loader.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "detect/indicator/read_csv.h"

#define TEXTS_CEILING  ((size_t)2 << 30) /* of all names and notes */
#define JSON_BYTES_MAX ((size_t)512 << 20)

struct indicator_loader *
indicator_loader_new(uint64_t seed)
{
	struct indicator_loader *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	if ((l->texts = arena_new(TEXTS_CEILING)) == NULL) {
		free(l);
		return NULL;
	}
	table_init(&l->bad, seed);
	table_init(&l->allow, hash_u64(seed));
	return l;
}

void
indicator_loader_free(struct indicator_loader *l)
{
	if (l == NULL)
		return;
	table_release(&l->bad);
	table_release(&l->allow);
	arena_free(l->texts);
	free(l);
}

void
indicator_loader_configure(struct indicator_loader *l, const struct indicator_settings *s)
{
	l->settings = *s;
}

void
reading_refuse(struct reading *r, unsigned line, enum refusal why)
{
	if (r->report->refused++ == 0) {
		r->report->line = line;
		r->report->reason = refusal_text(why);
	}
}

static int
out_of_memory(struct reading *r)
{
	return err_set(r->e, "out of memory for the names and notes of indicators");
}

int
reading_own_origin(struct reading *r, struct origin o, uint32_t *out)
{
	struct slice *texts[] = {&o.name, &o.note, &o.references};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i]->len > 0 &&
		    (*texts[i] = arena_dup(r->l->texts, *texts[i])).ptr == NULL)
			return out_of_memory(r);
	return table_add_origin(r->table, &o, out, r->e);
}

int
reading_origin(struct reading *r, struct slice note, const enum level *grade, uint32_t *out)
{
	struct indicator_loader *l = r->l;
	struct note_slot *slot;
	struct origin o = r->base;
	uint64_t hash;

	if (!r->base_known) {
		if (reading_own_origin(r, r->base, &r->base_id) != 0)
			return -1;
		r->base_known = true;
	}
	*out = r->base_id;
	note = utf8_cut(slice_trim(note), NOTE_MAX);
	if (!utf8_valid(note))
		note.len = 0;
	if (note.len == 0 && grade == NULL)
		return 0;
	o.note = note;
	if (grade != NULL) {
		o.graded = true;
		o.level = *grade;
		o.severity = (uint8_t)level_severity(*grade);
	}
	hash = hash_bytes(note, r->table->seed + (o.graded ? o.level + 1 : 0));
	for (slot = &l->notes[hash % NOTE_SLOTS]; slot->origin != 0;) {
		const struct origin *known = &r->table->origins[slot->origin - 1];

		if (slot->hash == hash && slice_equal(known->note, note) &&
		    known->graded == o.graded && known->level == o.level) {
			*out = slot->origin - 1;
			return 0;
		}
		if (++slot == l->notes + NOTE_SLOTS)
			slot = l->notes;
	}
	if (l->n_notes >= NOTE_SLOTS / 4 * 3)
		return 0;
	if (reading_own_origin(r, o, out) != 0)
		return -1;
	*slot = (struct note_slot){*out + 1, hash};
	l->n_notes++;
	return 0;
}

static void
forget_notes(struct indicator_loader *l)
{
	if (l->n_notes > 0)
		memset(l->notes, 0, sizeof(l->notes));
	l->n_notes = 0;
}

void
reading_call(struct reading *r, struct slice name)
{
	name = utf8_cut(slice_trim(name), NOTE_MAX);
	if (name.len == 0 || !utf8_valid(name) ||
	    (name = arena_dup(r->l->texts, name)).ptr == NULL)
		return;
	r->base.list = name;
	r->base_known = false;
	forget_notes(r->l);
}

void
reading_grade(struct reading *r, enum level level)
{
	r->base.graded = true;
	r->base.level = level;
	r->base.severity = (uint8_t)level_severity(level);
	r->base_known = false;
	forget_notes(r->l);
}

int
reading_offer(struct reading *r, unsigned line, struct slice text, enum indicator_kind want,
    bool exact, uint32_t origin)
{
	struct value *v = &r->l->value;
	enum refusal why = value_read(text, want, &r->rules, v);

	if (why != REFUSED_NOT) {
		reading_refuse(r, line, why);
		return 0;
	}
	if (exact && v->kind == INDICATOR_DOMAIN && slice_trim(text).ptr[0] != '.')
		v->exact = true;
	if (table_add(r->table, v, origin, r->e) != 0)
		return -1;
	r->report->rows++;
	return 0;
}

/* "lists/feodo.csv" is called "feodo". */
static struct slice
list_name(struct slice file)
{
	size_t slash, dot;

	while ((slash = slice_find(file, '/')) != SIZE_MAX && slash + 1 < file.len)
		file = slice_from(file, slash + 1);
	for (dot = file.len; dot > 1 && file.ptr[dot - 1] != '.'; dot--)
		;
	return dot > 1 ? slice_first(file, dot - 1) : file;
}

static bool
looks_like_json(struct slice bytes)
{
	struct slice s = slice_trim(slice_first(bytes, 4096));
	struct slice next;

	if (s.len == 0 || (s.ptr[0] != '{' && s.ptr[0] != '['))
		return false;
	if (s.ptr[0] == '{')
		return true;
	/* "[Adblock Plus 2.0]" and "[2001:db8::1]:443" start lists. */
	next = slice_trim(slice_from(s, 1));
	return next.len > 0 && is_one_of(next.ptr[0], "{[\"]");
}

/* ["bad.example", ...] */
static int
read_strings(struct reading *r, const struct json *root)
{
	uint32_t origin;

	if (reading_origin(r, (struct slice){0}, NULL, &origin) != 0)
		return -1;
	for (size_t i = 0; i < json_count(root); i++) {
		struct slice s = json_text(json_item(root, i));

		if (s.ptr == NULL)
			reading_refuse(r, (unsigned)i + 1, REFUSED_UNKNOWN);
		else if (reading_offer(r, (unsigned)i + 1, s, r->want, false, origin) != 0)
			return -1;
	}
	return 0;
}

static int
read_json(struct reading *r, struct slice bytes)
{
	struct json *root = NULL;
	int rc = -1;

	if (json_parse(&root, bytes, JSON_BYTES_MAX, r->e) != 0)
		goto out;
	if (misp_recognise(root))
		rc = read_misp(r, root);
	else if (stix_recognise(root)) {
		r->report->format = "stix";
		rc = read_stix(r, root);
	} else if (json_kind_of(json_item(root, 0)) == JSON_IS_STRING) {
		r->report->format = "json";
		rc = read_strings(r, root);
	} else
		err_set(r->e,
		    "this JSON is neither a STIX bundle, a MISP warning list or event, nor an "
		    "array of strings");
out:
	json_free(root);
	return rc;
}

static int
read_text(struct reading *r, struct slice bytes)
{
	struct csv_shape shape;

	if (csv_recognise(bytes, r, &shape)) {
		r->report->format = "csv";
		return read_csv(r, bytes, &shape);
	}
	r->report->format = "list";
	return read_list(r, bytes);
}

static int
add_file(struct indicator_loader *l, struct table *table, bool allow, struct slice name,
    struct slice bytes, struct indicator_report *report, struct err *e)
{
	struct reading r = {
	    .l = l,
	    .table = table,
	    .rules = {.private_addresses = l->settings.private_addresses, .allow = allow},
	    .report = report,
	    .base = {.list = list_name(name),
		.from = {INT64_MIN},
		.until = {INT64_MAX},
		.graded = l->settings.leveled,
		.level = l->settings.level,
		.severity = (uint8_t)level_severity(l->settings.level)},
	    .want = VALUE_ANY,
	    .e = e,
	};
	int rc = -1;

	*report = (struct indicator_report){.file = name, .format = "list"};
	forget_notes(l);
	/* A list of fingerprints says so in its name: by itself a JA3 looks like an MD5. */
	for (size_t i = 0; i + 3 <= r.base.list.len; i++)
		if (slice_starts_nocase(slice_from(r.base.list, i), SLICE("ja3")))
			r.want = INDICATOR_JA3;
	if ((r.base.list = arena_dup(l->texts, r.base.list)).ptr == NULL && name.len > 0) {
		out_of_memory(&r);
		goto out;
	}
	if (slice_starts(bytes, SLICE("\xef\xbb\xbf")))
		bytes = slice_from(bytes, 3);
	if (slice_find(slice_first(bytes, 4096), '\0') != SIZE_MAX) {
		err_set(e,
		    "not a text file: indicators are read as UTF-8 text (list, CSV or JSON)");
		goto out;
	}
	rc = looks_like_json(bytes) ? read_json(&r, bytes) : read_text(&r, bytes);
out:
	if (rc != 0)
		err_wrap(e, "reading indicators from \"%.*s\"", SLICE_ARG(name));
	return rc;
}

int
indicator_add(struct indicator_loader *l, struct slice name, struct slice bytes,
    struct indicator_report *report, struct err *e)
{
	return add_file(l, &l->bad, false, name, bytes, report, e);
}

int
indicator_add_allow(struct indicator_loader *l, struct slice name, struct slice bytes,
    struct indicator_report *report, struct err *e)
{
	return add_file(l, &l->allow, true, name, bytes, report, e);
}

int
indicator_compile(struct indicator_loader *l, struct indicator_set **out, struct err *e)
{
	struct indicator_set *s = calloc(1, sizeof(*s));
	struct arena *texts = arena_new(TEXTS_CEILING);
	int rc = -1;

	if (s == NULL || texts == NULL || (s->rules = rule_cache_new()) == NULL) {
		err_set(e, "out of memory for a set of indicators");
		goto out;
	}
	if (table_build(&l->bad, e) != 0 || table_build(&l->allow, e) != 0)
		goto out;
	s->bad = l->bad;
	s->allow = l->allow;
	s->texts = l->texts;
	table_init(&l->bad, s->bad.seed);
	table_init(&l->allow, s->allow.seed);
	l->texts = texts;
	texts = NULL;
	*out = s;
	s = NULL;
	rc = 0;
out:
	indicator_set_free(s);
	arena_free(texts);
	return rc;
}

void
indicator_set_free(struct indicator_set *s)
{
	if (s == NULL)
		return;
	table_release(&s->bad);
	table_release(&s->allow);
	rule_cache_free(s->rules);
	arena_free(s->texts);
	free(s);
}

size_t
indicator_count(const struct indicator_set *s)
{
	return s->bad.rows;
}
