/* content.c - see content.h. */
#include "content/content.h"

#include <errno.h>
#include <sys/stat.h>

#include "embed/embed.h"
#include "sys/file.h"
#include "sys/random.h"

#define RULE_FILE_MAX	   (4 * 1024 * 1024)
#define INDICATOR_FILE_MAX ((size_t)2 << 30)
#define NOTES_MAX	   (1024 * 1024)

/* One reading of one kind of file: where the bytes go. */
struct reading {
	struct sigma_loader *sigma;
	struct indicator_loader *indicator;
	int (*add)(struct reading *r, struct slice name, struct slice bytes, struct err *e);
	/* Pass over a file that was not read; NULL: one such file fails the whole. */
	int (*pass_over)(
	    struct reading *r, const char *path, const struct err *why, struct err *e);
	size_t n_files;
	bool pass_over_named; /* also where that file itself was named, not its folder */
	size_t file_max;
	bool (*wanted)(const char *path);
	struct content_summary *summary; /* may be NULL */
	bool japanese;
};

static bool
ends(const char *path, const char *suffix)
{
	return slice_ends(slice_str(path), slice_str(suffix));
}

static bool
is_yaml(const char *path)
{
	return ends(path, ".yml") || ends(path, ".yaml");
}

static bool
is_any(const char *path)
{
	return !ends(path, ".md") && !ends(path, "~");
}

static int
add_mapping(struct reading *r, struct slice name, struct slice bytes, struct err *e)
{
	return sigma_add_mapping(r->sigma, name, bytes, e);
}

static int
add_advice(struct reading *r, struct slice name, struct slice bytes, struct err *e)
{
	return sigma_add_advice(r->sigma, name, bytes, e);
}

static int
add_placeholders(struct reading *r, struct slice name, struct slice bytes, struct err *e)
{
	return sigma_add_placeholders(r->sigma, name, bytes, e);
}

static int
add_rules(struct reading *r, struct slice name, struct slice bytes, struct err *e)
{
	return sigma_add_rules(r->sigma, name, bytes, e);
}

static void
note_refused(const struct reading *r, struct slice name, const struct indicator_report *report)
{
	struct slice why = r->japanese ? report->reason.ja : report->reason.en;

	if (r->summary == NULL || report->refused == 0)
		return;
	r->summary->indicators_refused += report->refused;
	buf_printf(&r->summary->notes,
	    r->japanese ? "%.*s:%u: 使わなかった行 %zu。最初の理由: %.*s\n"
			: "%.*s:%u: %zu of its rows not used; the first: %.*s\n",
	    SLICE_ARG(name), report->line, report->refused, SLICE_ARG(why));
}

static int
add_indicators(struct reading *r, struct slice name, struct slice bytes, struct err *e)
{
	struct indicator_report report = {0};

	if (indicator_add(r->indicator, name, bytes, &report, e) != 0)
		return -1;
	note_refused(r, name, &report);
	return 0;
}

static int
add_allow(struct reading *r, struct slice name, struct slice bytes, struct err *e)
{
	struct indicator_report report = {0};

	if (indicator_add_allow(r->indicator, name, bytes, &report, e) != 0)
		return -1;
	note_refused(r, name, &report);
	return 0;
}

static int
read_one(struct reading *r, const char *path, struct err *e)
{
	struct buf bytes = BUF_INIT(r->file_max);
	int rc = file_read(&bytes, path, e);

	if (rc == 0)
		rc = r->add(r, slice_str(path), buf_slice(&bytes), e);
	buf_release(&bytes);
	return rc;
}

/* `rules check`, the notes and the console show it among the rules that are not used. */
static int
pass_over_rules(struct reading *r, const char *path, const struct err *why, struct err *e)
{
	return sigma_refuse_file(r->sigma, slice_str(path), slice_str(why->text), e);
}

static int
pass_over_list(struct reading *r, const char *path, const struct err *why, struct err *e)
{
	if (r->summary != NULL) {
		r->summary->indicators_refused++;
		buf_printf(&r->summary->notes,
		    r->japanese ? "%s: 使わなかった一覧: %s\n" : "%s: list not used: %s\n",
		    path, why->text);
	}
	return 0;
}

static int
read_or_pass_over(struct reading *r, const char *path, bool named, struct err *e)
{
	struct err why;

	r->n_files++;
	if (read_one(r, path, &why) == 0)
		return 0;
	if (r->pass_over != NULL && (!named || r->pass_over_named))
		return r->pass_over(r, path, &why, e);
	if (e != NULL)
		*e = why;
	return -1;
}

static int
read_wanted(void *ctx, const char *path, struct err *e)
{
	struct reading *r = ctx;

	return r->wanted(path) ? read_or_pass_over(r, path, false, e) : 0;
}

/* What is named itself is read whatever it is called, a pipe too; of a folder, what has a
 * fitting name. */
static int
read_paths(struct reading *r, const char *const *paths, bool missing_is_empty, struct err *e)
{
	struct stat st;
	size_t before;
	bool there;

	for (; paths != NULL && *paths != NULL; paths++) {
		there = stat(*paths, &st) == 0;
		if (!there && missing_is_empty && errno == ENOENT)
			continue;
		if (there && !S_ISDIR(st.st_mode)) {
			if (read_or_pass_over(r, *paths, true, e) != 0)
				return -1;
			continue;
		}
		before = r->n_files;
		if (file_walk(*paths, FILE_WALK_DEFAULT, read_wanted, r, e) != 0)
			return -1;
		/* Found nothing because there was nothing to look with: nobody may take that
		 * for good news. */
		if (r->n_files == before && !missing_is_empty)
			return err_set(e, "no file in \"%s\" has a name that is read here (%s)",
			    *paths,
			    r->wanted == is_yaml ? "*.yml, *.yaml" : "all but *.md and *~");
	}
	return 0;
}

/* Built-in files below this folder, or that file alone. */
static int
read_builtin(struct reading *r, const char *below, struct err *e)
{
	for (const struct embedded_file *f = embedded_content; f->name != NULL; f++)
		if (slice_starts(slice_str(f->name), slice_str(below)) && r->wanted(f->name) &&
		    r->add(r, slice_str(f->name), f->bytes, e) != 0)
			return err_wrap(e, "built-in content");
	return 0;
}

static int
load_rules(const struct content_sources *from, struct content_summary *summary,
    struct sigma_set **out, struct err *e)
{
	struct reading r = {
	    .sigma = sigma_loader_new(),
	    .file_max = RULE_FILE_MAX,
	    .pass_over = pass_over_rules,
	    .pass_over_named = from->bad_files_are_notes,
	    .wanted = is_yaml,
	    .summary = summary,
	    .japanese = from->japanese,
	};
	int rc = -1;

	if (r.sigma == NULL) {
		err_set(e, "not enough memory to load rules");
		goto out;
	}
	r.add = add_mapping;
	if (read_builtin(&r, "mapping/", e) != 0)
		goto out;
	r.add = add_advice;
	if (read_builtin(&r, "advice.yaml", e) != 0)
		goto out;
	r.add = add_placeholders;
	if (read_builtin(&r, "placeholders.yaml", e) != 0 ||
	    read_paths(&r, from->placeholders, from->missing_is_empty, e) != 0)
		goto out;
	r.add = add_rules;
	if (!from->no_builtin_rules && read_builtin(&r, "rules/", e) != 0)
		goto out;
	if (read_paths(&r, from->rules, from->missing_is_empty, e) != 0)
		goto out;
	rc = sigma_compile(r.sigma, out, e);
out:
	sigma_loader_free(r.sigma);
	return rc;
}

static int
load_indicators(const struct content_sources *from, struct content_summary *summary,
    struct indicator_set **out, struct err *e)
{
	struct reading r = {
	    .indicator = indicator_loader_new(random_u64()),
	    .file_max = INDICATOR_FILE_MAX,
	    .pass_over = from->bad_files_are_notes ? pass_over_list : NULL,
	    .pass_over_named = from->bad_files_are_notes,
	    .wanted = is_any,
	    .summary = summary,
	    .japanese = from->japanese,
	};
	int rc = -1;

	if (r.indicator == NULL) {
		err_set(e, "not enough memory to load indicators");
		goto out;
	}
	r.add = add_allow;
	if (read_builtin(&r, "allow/", e) != 0 ||
	    read_paths(&r, from->allow, from->missing_is_empty, e) != 0)
		goto out;
	r.add = add_indicators;
	if (read_builtin(&r, "indicators/", e) != 0 ||
	    read_paths(&r, from->indicators, from->missing_is_empty, e) != 0)
		goto out;
	rc = indicator_compile(r.indicator, out, e);
out:
	indicator_loader_free(r.indicator);
	return rc;
}

static void
sum_rules(struct content_summary *s, const struct sigma_set *set, bool japanese)
{
	for (size_t i = 0; i < sigma_report_count(set); i++) {
		struct sigma_report r = sigma_report_at(set, i);
		if (r.standing == SIGMA_LOADED)
			s->rules++;
		if (r.standing != SIGMA_UNUSABLE)
			continue;
		s->rules_unusable++;
		buf_add(&s->notes, r.file);
		if (r.line > 0)
			buf_printf(&s->notes, ":%u", r.line);
		buf_printf(&s->notes,
		    japanese ? ": 使わなかったルール: %.*s\n" : ": rule not used: %.*s\n",
		    SLICE_ARG(r.reason));
	}
}

int
content_load(const struct content_sources *from, struct content **out,
    struct content_summary *summary, struct err *e)
{
	struct indicator_set *indicators = NULL;
	struct sigma_set *rules = NULL;
	struct content *c;
	int rc = -1;

	*summary = (struct content_summary){.notes = BUF_INIT(NOTES_MAX)};
	if (load_rules(from, summary, &rules, e) != 0 ||
	    load_indicators(from, summary, &indicators, e) != 0)
		goto out;
	sum_rules(summary, rules, from->japanese);
	summary->indicators = indicator_count(indicators);
	if ((c = content_new(rules, indicators)) == NULL) {
		err_set(e, "not enough memory for content");
		goto out;
	}
	rules = NULL;
	indicators = NULL;
	*out = c;
	rc = 0;
out:
	sigma_set_free(rules);
	indicator_set_free(indicators);
	return rc;
}

int
content_load_rules(const struct content_sources *from, struct sigma_set **out, struct err *e)
{
	return load_rules(from, NULL, out, e);
}
