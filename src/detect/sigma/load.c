/* load.c - rule files, filters, mappings and placeholders, into a set. */
#include <stdlib.h>

#include "detect/sigma/rule.h"
#include "detect/sigma/set.h"

#define LOADER_MEMORY  ((size_t)2 << 30)
#define SET_MEMORY     ((size_t)2 << 30)
#define SCRATCH_MEMORY ((size_t)256 << 20)
#define RULES_MAX      1000000

struct source_file {
	const char *name;
	struct slice text;
	struct slice refusal; /* why there is no text; absent if there is */
};

/* A filter document, kept until the rules it applies to are known. */
struct filter {
	const struct yaml_node *doc;
	struct logsource source;
	size_t report;
	bool used;
};

struct sigma_loader {
	struct arena *mem;
	struct mapping *mapping;
	const struct yaml_node *advice;
	const struct yaml_node *placeholders;
	struct source_file *files;
	size_t n_files, cap_files;
};

/* While a set is made. */
struct making {
	struct sigma_loader *loader;
	struct sigma_set *set;
	struct columns *columns;
	struct arena *file_mem; /* the documents of the file being read */
	struct arena *scratch;
	struct filter *filters;
	size_t n_filters, cap_filters;
	size_t cap_rules, cap_reports;
	bool no_memory;
};

struct sigma_loader *
sigma_loader_new(void)
{
	struct sigma_loader *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->mem = arena_new(LOADER_MEMORY);
	l->mapping = mapping_new();
	if (l->mem == NULL || l->mapping == NULL) {
		sigma_loader_free(l);
		return NULL;
	}
	return l;
}

void
sigma_loader_free(struct sigma_loader *l)
{
	if (l == NULL)
		return;
	arena_free(l->mem);
	mapping_free(l->mapping);
	free(l->files);
	free(l);
}

int
sigma_add_mapping(struct sigma_loader *l, struct slice name, struct slice yaml, struct err *e)
{
	return mapping_add(l->mapping, name, yaml, e);
}

static int
parse_mapping(struct sigma_loader *l, struct slice name, struct slice yaml,
    const struct yaml_node **root, struct err *e)
{
	const char *file = arena_strdup(l->mem, name);

	if (file == NULL)
		return err_set(e, "no memory for the rules");
	if (yaml_parse(file, yaml, l->mem, root, e) != 0)
		return -1;
	if ((*root)->kind != YAML_MAPPING && !yaml_is_null(*root))
		return yaml_err(*root, e, "a mapping is expected here");
	return 0;
}

int
sigma_add_advice(struct sigma_loader *l, struct slice name, struct slice yaml, struct err *e)
{
	const struct yaml_node *root;

	if (parse_mapping(l, name, yaml, &root, e) != 0)
		return -1;
	for (size_t i = 0; i < root->count; i++)
		if (root->items[i].kind != YAML_MAPPING)
			return yaml_err(&root->items[i], e, "advice is a mapping of en and ja");
	l->advice = root;
	return 0;
}

/* What this file names replaces what earlier files said of that name. */
int
sigma_add_placeholders(
    struct sigma_loader *l, struct slice name, struct slice yaml, struct err *e)
{
	const struct yaml_node *root, *before = l->placeholders;
	struct yaml_node *both, *items;
	size_t n = 0;

	if (parse_mapping(l, name, yaml, &root, e) != 0)
		return -1;
	for (size_t i = 0; i < root->count; i++) {
		const struct yaml_node *v = &root->items[i];
		const struct slice *texts;
		size_t many;

		if (yaml_texts(v, l->mem, &texts, &many, e) != 0)
			return -1;
	}
	both = arena_alloc(l->mem, sizeof(*both));
	items = arena_array(
	    l->mem, root->count + (before == NULL ? 0 : before->count), sizeof(*items));
	if (both == NULL || items == NULL)
		return err_set(e, "no memory for the rules");
	for (size_t i = 0; i < root->count; i++)
		items[n++] = root->items[i];
	for (size_t i = 0; before != NULL && i < before->count; i++) {
		size_t k = 0;

		while (k < root->count && !slice_equal(items[k].key, before->items[i].key))
			k++;
		if (k == root->count)
			items[n++] = before->items[i];
	}
	*both = *root;
	both->items = items;
	both->count = n;
	l->placeholders = both;
	return 0;
}

static int
add_file(struct sigma_loader *l, const struct source_file *f, struct err *e)
{
	if (l->n_files == l->cap_files) {
		size_t cap = l->cap_files == 0 ? 256 : l->cap_files * 2;
		struct source_file *more = realloc(l->files, cap * sizeof(*more));

		if (more == NULL)
			return err_set(e, "no memory for the rules");
		l->files = more;
		l->cap_files = cap;
	}
	l->files[l->n_files++] = *f;
	return 0;
}

int
sigma_add_rules(struct sigma_loader *l, struct slice name, struct slice yaml, struct err *e)
{
	struct source_file f = {
	    .name = arena_strdup(l->mem, name),
	    .text = arena_dup(l->mem, yaml),
	};

	if (f.name == NULL || (f.text.ptr == NULL && yaml.len > 0))
		return err_set(e, "no memory for the rules");
	return add_file(l, &f, e);
}

int
sigma_refuse_file(struct sigma_loader *l, struct slice name, struct slice reason, struct err *e)
{
	struct source_file f = {
	    .name = arena_strdup(l->mem, name),
	    .refusal = arena_dup(l->mem, reason),
	};

	if (f.name == NULL || f.refusal.ptr == NULL)
		return err_set(e, "no memory for the rules");
	return add_file(l, &f, e);
}

/* A report, or NULL without memory; valid until the next one is made. */
static struct sigma_report *
new_report(struct making *m, const char *file)
{
	struct sigma_set *s = m->set;

	if (s->n_reports == m->cap_reports) {
		size_t cap = m->cap_reports == 0 ? 256 : m->cap_reports * 2;
		struct sigma_report *more = realloc(s->reports, cap * sizeof(*more));

		if (more == NULL) {
			m->no_memory = true;
			return NULL;
		}
		s->reports = more;
		m->cap_reports = cap;
	}
	s->reports[s->n_reports] =
	    (struct sigma_report){.file = arena_dup(s->mem, slice_str(file)),
		.level = LEVEL_MEDIUM,
		.standing = SIGMA_LOADED};
	return &s->reports[s->n_reports++];
}

/* "FILE:LINE: reason" apart. */
static void
report_trouble(struct making *m, struct sigma_report *r, const char *file, const struct err *e)
{
	struct slice text = slice_str(e->text), line;
	uint64_t n = 0;

	r->standing = SIGMA_UNUSABLE;
	if (slice_starts(text, slice_str(file)) && text.len > strlen(file) &&
	    text.ptr[strlen(file)] == ':') {
		text = slice_from(text, strlen(file) + 1);
		if (slice_cut(&text, ':', &line) && slice_to_u64(line, &n))
			r->line = (unsigned)n;
		text = slice_trim(text);
	}
	r->reason = arena_dup(m->set->mem, text);
}

static struct slice
logsource_text(const struct logsource *s, struct arena *mem)
{
	const struct slice *all[] = {&s->product, &s->category, &s->service};
	char text[256] = "";
	size_t n = 0;

	for (size_t i = 0; i < 3; i++) {
		size_t len = all[i]->len < 64 ? all[i]->len : 64;

		if (all[i]->ptr == NULL)
			continue;
		if (n > 0)
			text[n++] = '/';
		memcpy(text + n, all[i]->ptr, len);
		n += len;
	}
	return arena_dup(mem, slice_of(text, n));
}

/* Sections that are known documents of Sigma but no rules, or no longer part of it. */
static int
check_kind(const struct yaml_node *doc, struct err *e)
{
	if (doc->kind != YAML_MAPPING)
		return yaml_err(doc, e, "this is no Sigma rule: a mapping is expected");
	if (yaml_get(doc, "correlation") != NULL)
		return yaml_err(yaml_get(doc, "correlation"), e,
		    "correlation rules are not supported yet: only single events are looked "
		    "at");
	if (yaml_get(doc, "action") != NULL)
		return yaml_err(yaml_get(doc, "action"), e,
		    "rule collections (\"action\") are no part of Sigma 2: write each rule "
		    "out");
	return 0;
}

static bool
is_filter(const struct yaml_node *doc)
{
	return doc->kind == YAML_MAPPING && yaml_get(doc, "filter") != NULL;
}

static struct builder
builder_for(struct making *m, const struct route *route)
{
	return (struct builder){
	    .mem = m->set->mem,
	    .scratch = m->scratch,
	    .columns = m->columns,
	    .regexes = &m->set->regexes,
	    .placeholders = m->loader->placeholders,
	    .route = route,
	    .budget = RULE_NODES_MAX,
	};
}

static const char *const not_searches_of_filter[] = {"condition", "rules", NULL};

/* Read it once for itself, so that a bad filter does not spoil the rules it names. */
static int
check_filter(
    struct making *m, const struct yaml_node *doc, struct logsource *source, struct err *e)
{
	const struct yaml_node *part, *rules, *at;
	const struct node *tree;
	struct builder b;

	if (yaml_need(doc, "logsource", &at, e) != 0 || logsource_read(at, source, e) != 0 ||
	    yaml_need(doc, "filter", &part, e) != 0 || yaml_need(part, "rules", &rules, e) != 0)
		return -1;
	if (rules->kind == YAML_MAPPING)
		return yaml_err(rules, e, "\"rules\" must be a list of rules, or \"any\"");
	b = builder_for(m, mapping_route(m->loader->mapping, source));
	return detection_read(&b, part, not_searches_of_filter, &tree, e);
}

static int
keep_filter(struct making *m, const struct yaml_node *doc, struct err *e)
{
	struct sigma_report *r = new_report(m, doc->file);
	struct filter f = {.doc = doc, .report = m->set->n_reports - 1};

	if (r == NULL)
		return -1;
	rule_read_name(doc, m->set->mem, &r->id, &r->title, &r->level);
	r->line = doc->line;
	arena_reset(m->scratch);
	if (check_filter(m, doc, &f.source, e) != 0) {
		report_trouble(m, r, doc->file, e);
		return 0;
	}
	r->logsource = logsource_text(&f.source, m->set->mem);
	if (m->n_filters == m->cap_filters) {
		size_t cap = m->cap_filters == 0 ? 16 : m->cap_filters * 2;
		struct filter *more = realloc(m->filters, cap * sizeof(*more));

		if (more == NULL) {
			m->no_memory = true;
			return -1;
		}
		m->filters = more;
		m->cap_filters = cap;
	}
	m->filters[m->n_filters++] = f;
	return 0;
}

/* Does the filter's list of rules name this one, by id, by name, or as any? */
static bool
filter_names(const struct filter *f, const struct yaml_node *rule)
{
	const struct yaml_node *rules = yaml_get(yaml_get(f->doc, "filter"), "rules");
	const struct yaml_node *id = yaml_get(rule, "id"), *name = yaml_get(rule, "name");
	bool list = rules->kind == YAML_SEQUENCE;

	for (size_t i = 0; i < (list ? rules->count : 1); i++) {
		const struct yaml_node *r = list ? &rules->items[i] : rules;

		if (slice_is(r->text, "any") ||
		    (id != NULL && slice_equal(id->text, r->text)) ||
		    (name != NULL && slice_equal(name->text, r->text)))
			return true;
	}
	return false;
}

/* The rule is true where it and all its filters are. */
static int
apply_filters(struct making *m, struct builder *b, const struct yaml_node *doc,
    const struct logsource *source, const struct node **tree, struct err *e)
{
	for (size_t i = 0; i < m->n_filters; i++) {
		struct filter *f = &m->filters[i];
		const struct node *both[2] = {*tree, NULL};

		if (!logsource_covers(&f->source, source) || !filter_names(f, doc))
			continue;
		f->used = true;
		if (detection_read(b, yaml_get(f->doc, "filter"), not_searches_of_filter,
			&both[1], e) != 0)
			return err_wrap(e, "its filter");
		if ((*tree = node_many(b, NODE_AND, both, 2)) == NULL)
			return out_of_room(b, doc, e);
	}
	return 0;
}

/* The tree of a rule: its detection, what the mapping demands, its filters. */
static int
read_tree(struct making *m, const struct yaml_node *doc, const struct route *route,
    const struct logsource *source, const struct node **out, const struct node **where,
    struct err *e)
{
	static const char *const skip[] = {"condition", "timeframe", NULL};
	struct builder b = builder_for(m, route);
	const struct yaml_node *detection;

	if (yaml_need(doc, "detection", &detection, e) != 0)
		return -1;
	if (detection->kind != YAML_MAPPING)
		return yaml_err(detection, e, "\"detection\" must be a mapping");
	if (detection_read(&b, detection, skip, out, e) != 0)
		return -1;
	*where = NULL;
	if (route != NULL && route->where != NULL &&
	    selection_read(&b, route->where, where, e) != 0)
		return -1;
	return apply_filters(m, &b, doc, source, out, e);
}

static struct rule *
new_rule(struct making *m)
{
	struct sigma_set *s = m->set;

	if (s->n_rules == m->cap_rules) {
		size_t cap = m->cap_rules == 0 ? 256 : m->cap_rules * 2;
		struct rule *more = realloc(s->rules, cap * sizeof(*more));

		if (more == NULL) {
			m->no_memory = true;
			return NULL;
		}
		s->rules = more;
		m->cap_rules = cap;
	}
	return &s->rules[s->n_rules];
}

/* 0 with *route where the rule was read; -1 with "FILE:LINE: reason". */
static int
read_rule(struct making *m, const struct yaml_node *doc, struct rule *out,
    struct sigma_report *report, const struct route **route, struct err *e)
{
	const struct yaml_node *at;
	struct logsource source;

	*out = (struct rule){0};
	if (check_kind(doc, e) != 0)
		return -1;
	rule_read_name(doc, m->set->mem, &report->id, &report->title, &report->level);
	report->line = doc->line;
	if (yaml_need(doc, "logsource", &at, e) != 0 || logsource_read(at, &source, e) != 0)
		return -1;
	report->logsource = logsource_text(&source, m->set->mem);
	if (rule_read_info(doc, m->loader->advice, m->set->mem, &out->info, e) != 0)
		return -1;
	*route = mapping_route(m->loader->mapping, &source);
	if (read_tree(m, doc, *route, &source, &out->tree, &out->where, e) != 0)
		return -1;
	if (*route != NULL) {
		out->classes = (*route)->classes;
		out->dataset = arena_dup(m->set->mem, (*route)->dataset);
	}
	return 0;
}

/* Read one document that is no filter.  What is wrong with it is in its report. */
static void
take_document(struct making *m, const struct yaml_node *doc)
{
	const struct route *route = NULL;
	struct sigma_report *report;
	struct rule *rule;
	struct err e;

	if (yaml_is_null(doc))
		return;
	if ((report = new_report(m, doc->file)) == NULL || (rule = new_rule(m)) == NULL)
		return;
	arena_reset(m->scratch);
	if (read_rule(m, doc, rule, report, &route, &e) != 0) {
		report_trouble(m, report, doc->file, &e);
		return;
	}
	rule->report = m->set->n_reports - 1;
	if (rule->classes == 0) {
		report->standing = SIGMA_UNROUTED;
		report->reason =
		    route == NULL
			? SLICE("no mapping knows this log source")
			: SLICE(
			      "no log format that is read yet gives events of this log source");
	}
	if (m->set->n_rules < RULES_MAX)
		m->set->n_rules++;
}

/* Call `take` for every document; a bad one is reported if `report_bad`. */
static void
each_document(struct making *m, const struct source_file *f, struct arena *mem, bool report_bad,
    void (*take)(struct making *m, const struct yaml_node *doc))
{
	struct yaml_reader *r = yaml_reader_new(f->name, f->text, NULL, mem);
	const struct yaml_node *doc;
	struct err e;
	int rc;

	if (r == NULL) {
		m->no_memory = true;
		return;
	}
	while ((rc = yaml_reader_next(r, &doc, &e)) != 0 && !m->no_memory) {
		struct sigma_report *report;

		if (rc == 1)
			take(m, doc);
		else if (report_bad && (report = new_report(m, f->name)) != NULL)
			report_trouble(m, report, f->name, &e);
	}
	yaml_reader_free(r);
}

static void
take_if_filter(struct making *m, const struct yaml_node *doc)
{
	struct err e;

	if (is_filter(doc))
		keep_filter(m, doc, &e);
}

static void
take_if_rule(struct making *m, const struct yaml_node *doc)
{
	if (!is_filter(doc))
		take_document(m, doc);
}

static void
report_refused(struct making *m, const struct source_file *f)
{
	struct sigma_report *r = new_report(m, f->name);

	if (r == NULL)
		return;
	r->standing = SIGMA_UNUSABLE;
	r->reason = arena_dup(m->set->mem, f->refusal);
}

/* Filters first, so that rules of any file can be given theirs. */
static void
read_files(struct making *m)
{
	const struct sigma_loader *l = m->loader;

	for (size_t i = 0; i < l->n_files && !m->no_memory; i++)
		if (slice_search(l->files[i].text, SLICE("filter")) != SIZE_MAX &&
		    slice_search(l->files[i].text, SLICE("rules")) != SIZE_MAX)
			each_document(m, &l->files[i], l->mem, false, take_if_filter);
	for (size_t i = 0; i < l->n_files && !m->no_memory; i++) {
		arena_reset(m->file_mem);
		if (l->files[i].refusal.ptr != NULL)
			report_refused(m, &l->files[i]);
		else
			each_document(m, &l->files[i], m->file_mem, true, take_if_rule);
	}
	for (size_t i = 0; i < m->n_filters; i++)
		if (!m->filters[i].used) {
			struct sigma_report *r = &m->set->reports[m->filters[i].report];

			r->standing = SIGMA_UNUSABLE;
			r->reason =
			    SLICE("none of the rules it names is loaded for this log source");
		}
}

static int
compare_rules(const void *a, const void *b)
{
	const struct rule *x = a, *y = b;

	int c = slice_compare(x->info.id, y->info.id);

	return c != 0 ? c : (x->report > y->report) - (x->report < y->report);
}

/* By id; of two rules with one id the first read stays, the other is reported. */
static void
refuse_repeated_ids(struct making *m)
{
	struct sigma_set *s = m->set;
	uint32_t kept = 0;

	if (s->n_rules > 1)
		qsort(s->rules, s->n_rules, sizeof(*s->rules), compare_rules);
	for (uint32_t i = 0; i < s->n_rules; i++) {
		struct sigma_report *r = &s->reports[s->rules[i].report];

		if (kept == 0 ||
		    !slice_equal(s->rules[kept - 1].info.id, s->rules[i].info.id)) {
			s->rules[kept++] = s->rules[i];
			continue;
		}
		r->standing = SIGMA_UNUSABLE;
		r->reason = slice_str(
		    arena_printf(s->mem, "its id is already taken by the rule in %.*s",
			SLICE_ARG(s->reports[s->rules[kept - 1].report].file)));
	}
	s->n_rules = kept;
}

static bool
keep_columns(struct making *m)
{
	struct sigma_set *s = m->set;
	const struct column *all = columns_all(m->columns, &s->n_columns);
	struct column *kept = arena_array(s->mem, s->n_columns, sizeof(*kept));

	if (kept == NULL)
		return false;
	memcpy(kept, all, s->n_columns * sizeof(*kept));
	s->columns = kept;
	s->n_places = columns_places(m->columns);
	return true;
}

size_t
sigma_report_count(const struct sigma_set *s)
{
	return s->n_reports;
}

struct sigma_report
sigma_report_at(const struct sigma_set *s, size_t i)
{
	return s->reports[i];
}

size_t
sigma_rule_count(const struct sigma_set *s)
{
	size_t n = 0;

	for (uint32_t i = 0; i < s->n_rules; i++)
		n += s->rules[i].classes != 0;
	return n;
}

int
sigma_compile(struct sigma_loader *l, struct sigma_set **out, struct err *e)
{
	struct making m = {.loader = l};
	int rc = -1;

	m.set = calloc(1, sizeof(*m.set));
	if (m.set == NULL || (m.set->mem = arena_new(SET_MEMORY)) == NULL ||
	    (m.columns = columns_new(m.set->mem)) == NULL ||
	    (m.file_mem = arena_new(SCRATCH_MEMORY)) == NULL ||
	    (m.scratch = arena_new(SCRATCH_MEMORY)) == NULL)
		goto no_memory;
	read_files(&m);
	if (m.no_memory || arena_full(m.set->mem))
		goto no_memory;
	refuse_repeated_ids(&m);
	if (!keep_columns(&m))
		goto no_memory;
	if (set_index(m.set, e) != 0)
		goto out;
	*out = m.set;
	m.set = NULL;
	rc = 0;
	goto out;
no_memory:
	err_set(e, "no memory to load the rules");
out:
	sigma_set_free(m.set);
	columns_free(m.columns);
	arena_free(m.file_mem);
	arena_free(m.scratch);
	free(m.filters);
	return rc;
}
