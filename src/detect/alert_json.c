/* alert_json.c - the alert of the contract as JSON, there and back. */
#include "detect/alert.h"
#include "text/json.h"

/* An alert we wrote: at most ALERT_LINES_MAX lines of 16 KiB and their fields, escaped. */
#define ALERT_JSON_MAX (8 * 1024 * 1024)
#define TEXT_MAX       (1024 * 1024)

/* ---- writing ---- */

/* Absent Japanese is left out, so that reading gives the same struct back. */
static void
write_text2(struct json_out *o, const char *name, struct text2 t)
{
	json_open_object(o, name);
	json_put_string(o, "en", t.en.ptr == NULL ? SLICE("") : t.en);
	if (t.ja.ptr != NULL)
		json_put_string(o, "ja", t.ja);
	json_close_object(o);
}

/* An absent text is an empty one: people's tools need not know the difference. */
static void
write_text(struct json_out *o, const char *name, struct slice s)
{
	json_put_string(o, name, s.ptr == NULL ? SLICE("") : s);
}

static void
write_rule(struct json_out *o, const struct rule_info *r)
{
	struct slice rest = r->references, url;

	json_open_object(o, "rule");
	write_text(o, "id", r->id);
	write_text2(o, "title", r->title);
	json_put_str(o, "level", level_name(r->level));
	write_text2(o, "description", r->description);
	write_text2(o, "falsepositives", r->falsepositives);
	json_open_array(o, "references");
	while (slice_cut_line(&rest, &url))
		write_text(o, NULL, url);
	json_close_array(o);
	write_text(o, "author", r->author);
	json_close_object(o);
}

static void
write_line(struct json_out *o, const struct alert_line *l)
{
	json_open_object(o, NULL);
	write_text(o, "batch", l->batch);
	write_text(o, "source", l->source);
	json_put_uint(o, "offset", l->offset);
	json_put_instant(o, "time", l->at);
	write_text(o, "raw", l->raw);
	json_open_array(o, "matched");
	for (unsigned i = 0; i < l->n_fields; i++) {
		json_open_object(o, NULL);
		write_text(o, "field", l->fields[i].name);
		write_text(o, "value", l->fields[i].value);
		write_text(o, "pattern", l->fields[i].pattern);
		json_close_object(o);
	}
	json_close_array(o);
	json_close_object(o);
}

/* The first line's matches by name, each name once.  Names are ECS names or a log's own: not C
 * strings. */
static void
write_fields(struct json_out *o, const struct alert_line *l)
{
	json_open_object(o, "fields");
	for (unsigned i = 0; i < l->n_fields; i++) {
		char name[256];
		bool told = false;

		for (unsigned k = 0; k < i && !told; k++)
			told = slice_equal(l->fields[k].name, l->fields[i].name);
		if (told || l->fields[i].name.len >= sizeof(name))
			continue;
		memcpy(name, l->fields[i].name.ptr, l->fields[i].name.len);
		name[l->fields[i].name.len] = '\0';
		write_text(o, name, l->fields[i].value);
	}
	json_close_object(o);
}

void
alert_write_json(struct buf *out, const struct alert *a)
{
	const struct rule_info *r = a->rule;
	struct json_out o = json_out_to(out);

	json_open_object(&o, NULL);
	json_put_str(&o, "id", a->id);
	json_put_instant(&o, "time", a->last_seen);
	json_put_instant(&o, "first_seen", a->first_seen);
	json_put_instant(&o, "last_seen", a->last_seen);
	json_put_uint(&o, "count", a->count);
	write_text(&o, "institution", a->institution);
	write_text(&o, "source", a->lines[0].source);
	json_put_str(&o, "detector", r->detector);
	write_rule(&o, r);
	json_put_uint(&o, "severity", r->severity);
	json_open_array(&o, "attack");
	for (unsigned i = 0; i < r->n_attack; i++)
		write_text(&o, NULL, r->attack[i]);
	json_close_array(&o);
	json_open_object(&o, "entity");
	write_text(&o, "kind", a->entity_kind);
	write_text(&o, "value", a->entity);
	json_close_object(&o);
	write_fields(&o, &a->lines[0]);
	json_open_array(&o, "lines");
	for (unsigned i = 0; i < a->n_lines; i++)
		write_line(&o, &a->lines[i]);
	json_close_array(&o);
	write_text2(&o, "advice", r->advice);
	json_close_object(&o);
}

/* ---- reading ---- */

static int
read_text(
    const struct json *o, const char *path, struct arena *mem, struct slice *out, struct err *e)
{
	if (json_need_string(o, path, TEXT_MAX, out, e) != 0)
		return -1;
	*out = arena_dup(mem, *out);
	return 0;
}

static int
read_text2(
    const struct json *o, const char *name, struct arena *mem, struct text2 *out, struct err *e)
{
	const struct json *t;

	if (json_need_object(o, name, &t, e) != 0 || read_text(t, "en", mem, &out->en, e) != 0)
		return -1;
	out->ja = arena_dup(mem, json_text(json_member(t, "ja")));
	return 0;
}

static int
read_texts(const struct json *o, const char *name, struct arena *mem, const struct slice **out,
    unsigned *count, struct err *e)
{
	const struct json *list;

	if (json_need_array(o, name, 1000, &list, e) != 0)
		return -1;
	struct slice *texts = arena_array(mem, json_count(list), sizeof(*texts));
	if (texts == NULL)
		return err_set(e, "not enough memory to read an alert");
	for (*count = 0; *count < json_count(list); (*count)++)
		texts[*count] = arena_dup(mem, json_text(json_item(list, *count)));
	*out = texts;
	return 0;
}

/* What write_rule() took apart at its newlines. */
static struct slice
join_lines(struct arena *mem, const struct slice *lines, unsigned n)
{
	size_t len = 0, at = 0;
	uint8_t *text;

	for (unsigned i = 0; i < n; i++)
		len += lines[i].len + 1;
	if (n == 0 || (text = arena_alloc(mem, len)) == NULL)
		return (struct slice){0};
	for (unsigned i = 0; i < n; i++) {
		if (lines[i].len > 0)
			memcpy(text + at, lines[i].ptr, lines[i].len);
		at += lines[i].len;
		text[at++] = '\n';
	}
	return slice_of(text, len - 1);
}

static int
read_rule(const struct json *o, struct arena *mem, struct rule_info *r, struct err *e)
{
	const struct slice *references;
	struct slice detector, level;
	const struct json *rule;
	unsigned n_references;
	int64_t severity;

	if (json_need_object(o, "rule", &rule, e) != 0 ||
	    read_text(rule, "id", mem, &r->id, e) != 0 ||
	    read_text2(rule, "title", mem, &r->title, e) != 0 ||
	    read_text2(rule, "description", mem, &r->description, e) != 0 ||
	    read_text2(rule, "falsepositives", mem, &r->falsepositives, e) != 0 ||
	    read_text(rule, "author", mem, &r->author, e) != 0 ||
	    read_texts(rule, "references", mem, &references, &n_references, e) != 0 ||
	    json_need_string(rule, "level", 20, &level, e) != 0 ||
	    json_need_string(o, "detector", 100, &detector, e) != 0 ||
	    json_need_int(o, "severity", 0, 100, &severity, e) != 0 ||
	    read_texts(o, "attack", mem, &r->attack, &r->n_attack, e) != 0 ||
	    read_text2(o, "advice", mem, &r->advice, e) != 0)
		return -1;
	if (!level_by_name(level, &r->level))
		return err_set(e, "\"rule.level\" is no level of ours");
	r->severity = (unsigned)severity;
	r->references = join_lines(mem, references, n_references);
	r->detector = arena_strdup(mem, detector);
	return 0;
}

static int
read_line(const struct json *o, struct arena *mem, struct alert_line *l, struct err *e)
{
	const struct json *matched;
	int64_t offset;

	if (read_text(o, "batch", mem, &l->batch, e) != 0 ||
	    read_text(o, "source", mem, &l->source, e) != 0 ||
	    json_need_int(o, "offset", 0, INT64_MAX, &offset, e) != 0 ||
	    json_need_instant(o, "time", &l->at, e) != 0 ||
	    read_text(o, "raw", mem, &l->raw, e) != 0 ||
	    json_need_array(o, "matched", ALERT_FIELDS_MAX, &matched, e) != 0)
		return -1;
	l->offset = (uint64_t)offset;
	l->fields = arena_array(mem, json_count(matched), sizeof(*l->fields));
	if (l->fields == NULL)
		return err_set(e, "not enough memory to read an alert");
	for (l->n_fields = 0; l->n_fields < json_count(matched); l->n_fields++) {
		const struct json *m = json_item(matched, l->n_fields);
		struct matched_field *f = &l->fields[l->n_fields];
		if (read_text(m, "field", mem, &f->name, e) != 0 ||
		    read_text(m, "value", mem, &f->value, e) != 0 ||
		    read_text(m, "pattern", mem, &f->pattern, e) != 0)
			return -1;
	}
	return 0;
}

int
alert_read_json(struct slice json, struct arena *mem, struct alert *out, struct err *e)
{
	struct rule_info *rule = arena_zalloc(mem, sizeof(*rule));
	const struct json *lines;
	struct json *o = NULL;
	struct slice id;
	int64_t count;
	int rc = -1;

	*out = (struct alert){.rule = rule};
	if (rule == NULL) {
		err_set(e, "not enough memory to read an alert");
		goto out;
	}
	if (json_parse(&o, json, ALERT_JSON_MAX, e) != 0 || read_rule(o, mem, rule, e) != 0 ||
	    json_need_string(o, "id", ALERT_ID_LEN, &id, e) != 0 ||
	    json_need_instant(o, "first_seen", &out->first_seen, e) != 0 ||
	    json_need_instant(o, "last_seen", &out->last_seen, e) != 0 ||
	    json_need_int(o, "count", 1, INT64_MAX, &count, e) != 0 ||
	    read_text(o, "institution", mem, &out->institution, e) != 0 ||
	    read_text(o, "entity.kind", mem, &out->entity_kind, e) != 0 ||
	    read_text(o, "entity.value", mem, &out->entity, e) != 0 ||
	    json_need_array(o, "lines", ALERT_LINES_MAX, &lines, e) != 0)
		goto out;
	if (id.len != ALERT_ID_LEN || json_count(lines) == 0) {
		err_set(e, "an alert needs an id of %d digits and a line", ALERT_ID_LEN);
		goto out;
	}
	memcpy(out->id, id.ptr, ALERT_ID_LEN);
	out->count = (uint64_t)count;
	for (; out->n_lines < json_count(lines); out->n_lines++)
		if (read_line(
			json_item(lines, out->n_lines), mem, &out->lines[out->n_lines], e) != 0)
			goto out;
	rc = arena_full(mem) ? err_set(e, "not enough memory to read an alert") : 0;
out:
	json_free(o);
	return rc;
}
