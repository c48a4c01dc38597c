/*
 * yaml.c - libyaml's events, built into a tree with an explicit stack.
 *
 * The text is first cut where "---" stands at the start of a line.  YAML forbids
 * that inside any scalar, so the cut is exact; it bounds a document before
 * libyaml has read it, and it is where reading goes on after a bad one.
 */
#include "text/yaml.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "base/buf.h"

#define BYTES_DEFAULT (1024 * 1024)
#define DEPTH_DEFAULT 64
#define NODES_DEFAULT 100000
#define DEPTH_MAX     128
#define ANCHORS_MAX   256

struct anchor {
	const char *name;
	struct yaml_node node;
	size_t nodes, bytes; /* written out */
	unsigned height;     /* levels of collections, 0 for a scalar */
};

/* A collection that has begun. */
struct frame {
	struct yaml_node node; /* without its items yet */
	const char *anchor;    /* or NULL */
	size_t first;	       /* of its items among the reader's pending nodes */
	size_t nodes, bytes;   /* written out before it began */
	unsigned height;
	bool has_key; /* a mapping's key was read, its value was not */
	struct slice key;
};

struct yaml_reader {
	struct arena *mem;
	const char *file;
	struct slice rest; /* not yet given to libyaml */
	struct yaml_limits limits;
	unsigned base_line; /* lines before the current section */
	unsigned rest_line; /* lines before `rest` */
	unsigned line;	    /* of the trouble */
	bool open;	    /* `parser` is in the middle of a section */
	yaml_parser_t parser;

	/* of the current document */
	struct frame stack[DEPTH_MAX];
	unsigned depth;
	struct yaml_node *pending;
	size_t n_pending, cap_pending;
	struct anchor anchors[ANCHORS_MAX];
	unsigned n_anchors;
	size_t nodes, bytes;
};

static const struct yaml_limits default_limits = {BYTES_DEFAULT, DEPTH_DEFAULT, NODES_DEFAULT};

struct yaml_reader *
yaml_reader_new(
    const char *file, struct slice text, const struct yaml_limits *limits, struct arena *mem)
{
	struct yaml_reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->mem = mem;
	r->file = arena_strdup(mem, slice_str(file));
	r->rest = text;
	r->limits = limits == NULL ? default_limits : *limits;
	if (r->limits.bytes == 0)
		r->limits.bytes = BYTES_DEFAULT;
	if (r->limits.depth == 0)
		r->limits.depth = DEPTH_DEFAULT;
	if (r->limits.depth > DEPTH_MAX)
		r->limits.depth = DEPTH_MAX;
	if (r->limits.nodes == 0)
		r->limits.nodes = NODES_DEFAULT;
	if (r->file == NULL) {
		free(r);
		return NULL;
	}
	return r;
}

static void
close_section(struct yaml_reader *r)
{
	if (r->open)
		yaml_parser_delete(&r->parser);
	r->open = false;
}

void
yaml_reader_free(struct yaml_reader *r)
{
	if (r == NULL)
		return;
	close_section(r);
	free(r->pending);
	free(r);
}

unsigned
yaml_reader_line(const struct yaml_reader *r)
{
	return r->line;
}

/* Tell what is wrong at this line of the section (libyaml counts from 0). */
static int __attribute__((format(printf, 4, 5)))
refuse(struct yaml_reader *r, size_t line, struct err *e, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->line = r->base_line + (unsigned)line + 1;
	return err_set(e, "%s:%u: %s", r->file, r->line, text);
}

/* The words of libyaml's scanner and parser; "while ..." is its context. */
static int
refuse_syntax(struct yaml_reader *r, struct err *e)
{
	const yaml_parser_t *p = &r->parser;
	size_t line = p->problem_mark.line;

	if (p->error == YAML_MEMORY_ERROR)
		return refuse(r, line, e, "no memory to read it");
	if (p->error == YAML_READER_ERROR) {
		/* The reader knows only the byte. */
		struct slice before = {p->input.string.start, p->problem_offset};
		size_t at;

		line = 0;
		while ((at = slice_find(before, '\n')) != SIZE_MAX) {
			before = slice_from(before, at + 1);
			line++;
		}
		return refuse(r, line, e, "not YAML: %s", p->problem);
	}
	return refuse(r, line, e, "not YAML: %s%s%s", p->context == NULL ? "" : p->context,
	    p->context == NULL ? "" : ", ", p->problem == NULL ? "syntax error" : p->problem);
}

static bool
is_marker(struct slice line, const char *marker)
{
	return slice_starts(line, slice_str(marker)) &&
	       (line.len == 3 || line.ptr[3] == ' ' || line.ptr[3] == '\t');
}

/*
 * Cut off the next section: up to the next "---" line, or behind a "..." line.
 * Directives and comments belong to the section that follows them.
 */
static struct slice
cut_section(struct yaml_reader *r)
{
	struct slice section = {r->rest.ptr, 0}, line;
	bool content = false;

	r->base_line = r->rest_line;
	while (r->rest.len > 0) {
		struct slice before = r->rest;

		slice_cut_line(&r->rest, &line);
		if (is_marker(line, "---") && content) {
			r->rest = before;
			break;
		}
		r->rest_line++;
		section.len += before.len - r->rest.len;
		if (is_marker(line, "...")) {
			if (content)
				break;
		} else if (line.len > 0 && line.ptr[0] != '#' && line.ptr[0] != '%') {
			content = true;
		}
	}
	return section;
}

static int
open_section(struct yaml_reader *r, struct err *e)
{
	struct slice section = cut_section(r);

	if (section.len > r->limits.bytes)
		return refuse(r, 0, e,
		    "the document is larger than %zu KiB, the most one may be",
		    r->limits.bytes / 1024);
	if (!yaml_parser_initialize(&r->parser))
		return refuse(r, 0, e, "no memory to read it");
	r->open = true;
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->parser, section.ptr, section.len);
	return 0;
}

/* Count what is added to the document, as if aliases were written out. */
static int
count_nodes(struct yaml_reader *r, size_t nodes, size_t bytes, unsigned height, size_t line,
    struct err *e)
{
	r->nodes += nodes;
	r->bytes += bytes;
	if (r->nodes > r->limits.nodes || r->bytes > r->limits.bytes)
		return refuse(r, line, e,
		    "the document is too large with its aliases written out: at most %u nodes "
		    "and "
		    "%zu KiB of text",
		    r->limits.nodes, r->limits.bytes / 1024);
	if (r->depth + height > r->limits.depth)
		return refuse(r, line, e, "nested deeper than %u levels", r->limits.depth);
	for (unsigned i = 0; i < r->depth; i++)
		if (r->stack[i].height < r->depth - i + height)
			r->stack[i].height = r->depth - i + height;
	return 0;
}

static int
keep_anchor(struct yaml_reader *r, const char *name, const struct yaml_node *n, size_t nodes,
    size_t bytes, unsigned height, size_t line, struct err *e)
{
	if (name == NULL)
		return 0;
	if (r->n_anchors == ANCHORS_MAX)
		return refuse(r, line, e, "more than %d anchors", ANCHORS_MAX);
	r->anchors[r->n_anchors++] = (struct anchor){name, *n, nodes, bytes, height};
	return 0;
}

/* Put a finished node where it belongs: a key, a value, an item, or the root. */
static int
place(struct yaml_reader *r, struct yaml_node n, size_t line, struct err *e)
{
	struct frame *f = r->depth == 0 ? NULL : &r->stack[r->depth - 1];

	if (arena_full(r->mem))
		return refuse(
		    r, line, e, "the document does not fit into the memory set aside");
	n.key = (struct slice){0};
	if (f != NULL && f->node.kind == YAML_MAPPING) {
		if (!f->has_key) {
			if (n.kind != YAML_SCALAR)
				return refuse(r, line, e, "a key must be a single value");
			if (n.plain && slice_is(n.text, "<<"))
				return refuse(r, line, e,
				    "merge keys (\"<<\") are not supported: write the members "
				    "out");
			f->has_key = true;
			f->key = n.text;
			return 0;
		}
		n.key = f->key;
		f->has_key = false;
	}
	if (r->n_pending == r->cap_pending) {
		size_t cap = r->cap_pending == 0 ? 64 : r->cap_pending * 2;
		struct yaml_node *more = realloc(r->pending, cap * sizeof(*more));

		if (more == NULL)
			return refuse(r, line, e, "no memory to read it");
		r->pending = more;
		r->cap_pending = cap;
	}
	r->pending[r->n_pending++] = n;
	return 0;
}

static const char *
copy_name(struct yaml_reader *r, const yaml_char_t *name)
{
	return name == NULL ? NULL : arena_strdup(r->mem, slice_str((const char *)name));
}

/* Core tags say what the syntax says already; any other would be lost, so it is refused. */
static int
check_tag(
    struct yaml_reader *r, const yaml_char_t *tag, const char *own, size_t line, struct err *e)
{
	const char *t = (const char *)tag;

	if (t == NULL || strcmp(t, "!") == 0 || strcmp(t, own) == 0)
		return 0;
	return refuse(r, line, e, "the tag \"%.64s\" is not supported", t);
}

static int
on_scalar(struct yaml_reader *r, const yaml_event_t *ev, struct err *e)
{
	size_t line = ev->start_mark.line;
	struct slice text = {ev->data.scalar.value, ev->data.scalar.length};
	const char *anchor = copy_name(r, ev->data.scalar.anchor);
	char style;

	if (check_tag(r, ev->data.scalar.tag, YAML_STR_TAG, line, e) != 0 ||
	    count_nodes(r, 1, text.len, 0, line, e) != 0)
		return -1;
	switch (ev->data.scalar.style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		style = '\'';
		break;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		style = '"';
		break;
	case YAML_LITERAL_SCALAR_STYLE:
		style = '|';
		break;
	case YAML_FOLDED_SCALAR_STYLE:
		style = '>';
		break;
	default:
		style = ':';
		break;
	}
	struct yaml_node n = {
	    .kind = YAML_SCALAR,
	    .plain = style == ':' && ev->data.scalar.tag == NULL,
	    .style = style,
	    .line = r->base_line + (unsigned)line + 1,
	    .file = r->file,
	    .text = arena_dup(r->mem, text),
	};
	if (keep_anchor(r, anchor, &n, 1, text.len, 0, line, e) != 0)
		return -1;
	return place(r, n, line, e);
}

static int
on_alias(struct yaml_reader *r, const yaml_event_t *ev, struct err *e)
{
	const char *name = (const char *)ev->data.alias.anchor;
	size_t line = ev->start_mark.line;

	for (unsigned i = r->n_anchors; i-- > 0;) {
		const struct anchor *a = &r->anchors[i];
		struct yaml_node n = a->node;

		if (a->name == NULL || strcmp(a->name, name) != 0)
			continue;
		if (count_nodes(r, a->nodes, a->bytes, a->height, line, e) != 0)
			return -1;
		n.line = r->base_line + (unsigned)line + 1;
		return place(r, n, line, e);
	}
	return refuse(
	    r, line, e, "the alias \"*%.64s\" names no anchor that ended before it", name);
}

static int
on_start(struct yaml_reader *r, enum yaml_kind kind, const yaml_char_t *anchor,
    const yaml_char_t *tag, size_t line, struct err *e)
{
	size_t nodes = r->nodes, bytes = r->bytes;

	if (check_tag(r, tag, kind == YAML_MAPPING ? YAML_MAP_TAG : YAML_SEQ_TAG, line, e) !=
		0 ||
	    count_nodes(r, 1, 0, 1, line, e) != 0)
		return -1;
	r->stack[r->depth++] = (struct frame){
	    .node = {.kind = kind, .line = r->base_line + (unsigned)line + 1, .file = r->file},
	    .anchor = copy_name(r, anchor),
	    .first = r->n_pending,
	    .nodes = nodes,
	    .bytes = bytes,
	    .height = 1,
	};
	return 0;
}

static int
compare_keys(const void *a, const void *b)
{
	const struct yaml_node *const *x = a, *const *y = b;
	int c = slice_compare((*x)->key, (*y)->key);

	return c != 0 ? c : (*x > *y) - (*x < *y);
}

/* Sorted, so that a hostile mapping of many keys costs no more than n log n. */
static int
check_duplicates(struct yaml_reader *r, const struct yaml_node *items, size_t n, struct err *e)
{
	const struct yaml_node *few[16], **sorted = few;
	int rc = 0;

	if (n > 16 && (sorted = malloc(n * sizeof(const struct yaml_node *))) == NULL)
		return refuse(r, 0, e, "no memory to read it");
	for (size_t i = 0; i < n; i++)
		sorted[i] = &items[i];
	qsort(sorted, n, sizeof(const struct yaml_node *), compare_keys);
	for (size_t i = 1; i < n && rc == 0; i++)
		if (slice_equal(sorted[i - 1]->key, sorted[i]->key))
			rc = refuse(r, sorted[i]->line - r->base_line - 1, e,
			    "the key \"%.*s\" is here twice (before: line %u)",
			    SLICE_ARG(slice_first(sorted[i]->key, 64)), sorted[i - 1]->line);
	if (sorted != few)
		free(sorted);
	return rc;
}

static int
on_end(struct yaml_reader *r, size_t line, struct err *e)
{
	assert(r->depth > 0);
	struct frame *f = &r->stack[--r->depth];
	struct yaml_node n = f->node;
	size_t count = r->n_pending - f->first;
	struct yaml_node *items = arena_array(r->mem, count, sizeof(*items));

	if (items != NULL && count > 0)
		memcpy(items, r->pending + f->first, count * sizeof(*items));
	r->n_pending = f->first;
	if (items == NULL)
		return refuse(
		    r, line, e, "the document does not fit into the memory set aside");
	n.items = items;
	n.count = count;
	if (n.kind == YAML_MAPPING && check_duplicates(r, items, count, e) != 0)
		return -1;
	if (keep_anchor(r, f->anchor, &n, r->nodes - f->nodes, r->bytes - f->bytes, f->height,
		line, e) != 0)
		return -1;
	return place(r, n, line, e);
}

/* 1: *root is a document.  0: the section has ended.  2: go on.  -1: bad. */
static int
on_event(
    struct yaml_reader *r, const yaml_event_t *ev, const struct yaml_node **root, struct err *e)
{
	struct yaml_node *n;
	int rc = 0;

	switch (ev->type) {
	case YAML_STREAM_END_EVENT:
		return 0;
	case YAML_DOCUMENT_START_EVENT:
		r->depth = 0;
		r->n_pending = r->n_anchors = 0;
		r->nodes = r->bytes = 0;
		break;
	case YAML_SCALAR_EVENT:
		rc = on_scalar(r, ev, e);
		break;
	case YAML_ALIAS_EVENT:
		rc = on_alias(r, ev, e);
		break;
	case YAML_SEQUENCE_START_EVENT:
		rc = on_start(r, YAML_SEQUENCE, ev->data.sequence_start.anchor,
		    ev->data.sequence_start.tag, ev->start_mark.line, e);
		break;
	case YAML_MAPPING_START_EVENT:
		rc = on_start(r, YAML_MAPPING, ev->data.mapping_start.anchor,
		    ev->data.mapping_start.tag, ev->start_mark.line, e);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		rc = on_end(r, ev->start_mark.line, e);
		break;
	case YAML_DOCUMENT_END_EVENT:
		if ((n = arena_alloc(r->mem, sizeof(*n))) == NULL)
			return refuse(r, ev->start_mark.line, e,
			    "the document does not fit into the memory set aside");
		assert(r->n_pending == 1);
		*n = r->pending[0];
		*root = n;
		return 1;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
		break;
	}
	return rc != 0 ? -1 : 2;
}

int
yaml_reader_next(struct yaml_reader *r, const struct yaml_node **root, struct err *e)
{
	yaml_event_t ev;
	int rc = 2;

	while (rc == 2) {
		if (!r->open) {
			if (r->rest.len == 0)
				return 0;
			if (open_section(r, e) != 0)
				return -1;
		}
		if (!yaml_parser_parse(&r->parser, &ev)) {
			rc = refuse_syntax(r, e);
			break;
		}
		rc = on_event(r, &ev, root, e);
		yaml_event_delete(&ev);
		if (rc == 0) {
			close_section(r);
			rc = 2;
		}
	}
	if (rc == -1)
		close_section(r);
	return rc;
}

int
yaml_parse(const char *file, struct slice text, struct arena *mem,
    const struct yaml_node **root, struct err *e)
{
	static const struct yaml_node nothing = {
	    .kind = YAML_SCALAR, .plain = true, .style = ':'};
	struct yaml_reader *r = yaml_reader_new(file, text, NULL, mem);
	const struct yaml_node *more;
	struct yaml_node *empty;
	int rc = -1, got;

	if (r == NULL) {
		err_set(e, "%s: no memory to read it", file);
		goto out;
	}
	if ((got = yaml_reader_next(r, root, e)) < 0)
		goto out;
	if (got == 0) {
		if ((empty = arena_alloc(mem, sizeof(*empty))) == NULL) {
			err_set(e, "%s: no memory to read it", file);
			goto out;
		}
		*empty = nothing;
		empty->line = 1;
		empty->file = r->file;
		*root = empty;
	} else if ((got = yaml_reader_next(r, &more, e)) != 0) {
		if (got > 0)
			yaml_err(more, e, "a second document begins here; one is expected");
		goto out;
	}
	rc = 0;
out:
	yaml_reader_free(r);
	return rc;
}
