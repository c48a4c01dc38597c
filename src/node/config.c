/* config.c - see config.h. */
#include "node/config.h"

#include <stddef.h>

#include "sys/file.h"

#define CONFIG_FILE_MAX (1024 * 1024)

/* --- sources --- */

static int
read_string(const struct yaml_node *n, struct arena *mem, const char **out, struct err *e)
{
	struct slice s = {0};

	if (yaml_text(n, &s, e) != 0)
		return -1;
	if (s.ptr == NULL)
		return 0;
	if (s.len == 0 || s.len > 4000 || memchr(s.ptr, '\0', s.len) != NULL)
		return yaml_err(
		    n, e, "\"%.*s\" must be a text of 1 to 4000 bytes", SLICE_ARG(n->key));
	if ((*out = arena_strdup(mem, s)) == NULL)
		return yaml_err(n, e, "out of memory");
	return 0;
}

/* "+09:00", "-03:30", "Z" */
static int
read_offset(const struct yaml_node *n, struct span *out, struct err *e)
{
	struct slice s = {0};
	struct instant t;
	char text[40] = "1970-01-02T00:00:00";
	size_t n_text = strlen(text);

	if (yaml_text(n, &s, e) != 0)
		return -1;
	if (s.ptr == NULL)
		return 0;
	if (s.len > 0 && s.len < 8) {
		memcpy(text + n_text, s.ptr, s.len);
		if (instant_parse(slice_of(text, n_text + s.len), SPAN_SECONDS(0), &t)) {
			out->us = SPAN_DAYS(1).us - t.us;
			return 0;
		}
	}
	return yaml_err(n, e, "\"utc_offset\" must be like \"+09:00\", in quotes");
}

static int
read_syslog(
    const struct yaml_node *n, struct arena *mem, struct source_config *s, struct err *e)
{
	static const char *const known[] = {"udp", "tcp", "tls", NULL};

	if (n == NULL)
		return 0;
	if (yaml_check_keys(n, known, e) != 0 ||
	    read_string(yaml_get(n, "udp"), mem, &s->udp, e) != 0 ||
	    read_string(yaml_get(n, "tcp"), mem, &s->tcp, e) != 0 ||
	    read_string(yaml_get(n, "tls"), mem, &s->tls, e) != 0)
		return -1;
	if (s->udp == NULL && s->tcp == NULL && s->tls == NULL)
		return yaml_err(n, e,
		    "\"syslog\" needs at least one of udp, tcp and tls, each an "
		    "address such as 127.0.0.1:5514");
	return 0;
}

static int
read_bulk(const struct yaml_node *n, struct arena *mem, struct source_config *s, struct err *e)
{
	static const char *const known[] = {"listen", "index", NULL};

	if (n == NULL)
		return 0;
	if (yaml_check_keys(n, known, e) != 0 ||
	    read_string(yaml_get(n, "listen"), mem, &s->bulk, e) != 0 ||
	    read_string(yaml_get(n, "index"), mem, &s->index, e) != 0)
		return -1;
	if (s->bulk == NULL)
		return yaml_err(
		    n, e, "\"bulk\" needs \"listen\", an address such as 127.0.0.1:9200");
	return 0;
}

static int
read_mask(const struct yaml_node *n, struct source_config *s, struct err *e)
{
	static const char *const known[] = {"user", "query", "unread", NULL};
	static const char *const unread[] = {
	    [SOURCE_DROP_CONTENT] = "drop-content", [SOURCE_PASS] = "pass", NULL};
	int choice = SOURCE_DROP_CONTENT;

	if (n == NULL)
		return 0;
	if (yaml_check_keys(n, known, e) != 0 ||
	    yaml_bool(yaml_get(n, "user"), &s->mask.user, e) != 0 ||
	    yaml_bool(yaml_get(n, "query"), &s->mask.query, e) != 0 ||
	    yaml_choice(yaml_get(n, "unread"), unread, &choice, e) != 0)
		return -1;
	s->unread = (enum source_unread)choice;
	return 0;
}

/* The codec's own check of what it was given: an unknown name, a logformat that does not parse.
 */
static int
check_codec(const struct yaml_node *n, const struct source_config *s, struct err *e)
{
	struct reader *r = NULL;
	struct err why;

	if (reader_new(&r, &s->codec, &why) != 0)
		return yaml_err(n, e, "source \"%.*s\": %s", SLICE_ARG(s->name), why.text);
	reader_free(r);
	return 0;
}

static int
read_codec(const struct yaml_node *n, struct arena *mem, struct source_config *s, struct err *e)
{
	const char *codec = NULL;

	if (read_string(yaml_get(n, "codec"), mem, &codec, e) != 0 ||
	    read_string(yaml_get(n, "logformat"), mem, &s->codec.logformat, e) != 0 ||
	    read_string(yaml_get(n, "charset"), mem, &s->codec.charset, e) != 0 ||
	    read_offset(yaml_get(n, "utc_offset"), &s->codec.utc_offset, e) != 0)
		return -1;
	if (codec != NULL && strcmp(codec, "auto") != 0)
		s->codec.codec = codec;
	return check_codec(n, s, e);
}

static int
read_name(const struct yaml_node *n, struct source_config *s, struct err *e)
{
	const struct yaml_node *name;

	if (yaml_need(n, "name", &name, e) != 0 || yaml_text(name, &s->name, e) != 0)
		return -1;
	for (size_t i = 0; i < s->name.len; i++) {
		if (s->name.ptr[i] < 0x20 || s->name.ptr[i] == 0x7f)
			return yaml_err(name, e, "\"name\" holds a control character");
	}
	if (s->name.len == 0 || s->name.len > SOURCE_NAME_MAX)
		return yaml_err(
		    name, e, "\"name\" must be a text of 1 to %d bytes", SOURCE_NAME_MAX);
	return 0;
}

static int
read_source(
    const struct yaml_node *n, struct arena *mem, struct source_config *s, struct err *e)
{
	static const char *const known[] = {"name", "path", "from", "syslog", "bulk", "codec",
	    "logformat", "charset", "utc_offset", "mask", NULL};
	static const char *const from[] = {"start", "end", NULL};
	int choice = 0;

	*s = (struct source_config){.file = slice_str(n->file), .line = n->line};
	if (yaml_check_keys(n, known, e) != 0 || read_name(n, s, e) != 0 ||
	    read_string(yaml_get(n, "path"), mem, &s->path, e) != 0 ||
	    yaml_choice(yaml_get(n, "from"), from, &choice, e) != 0 ||
	    read_syslog(yaml_get(n, "syslog"), mem, s, e) != 0 ||
	    read_bulk(yaml_get(n, "bulk"), mem, s, e) != 0 ||
	    read_mask(yaml_get(n, "mask"), s, e) != 0 || read_codec(n, mem, s, e) != 0)
		return -1;
	s->from_end = choice == 1;
	if ((s->path != NULL) + (yaml_get(n, "syslog") != NULL) +
		(yaml_get(n, "bulk") != NULL) !=
	    1)
		return yaml_err(n, e,
		    "source \"%.*s\" needs exactly one of path, syslog and bulk",
		    SLICE_ARG(s->name));
	if (s->path != NULL && s->path[0] != '/')
		return yaml_err(
		    n, e, "source \"%.*s\": \"path\" must start with /", SLICE_ARG(s->name));
	return 0;
}

static bool
is_same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* Two sources may share a _bulk listener when the index tells their documents apart; nothing
 * else. */
static int
check_pair(const struct yaml_node *n, const struct source_config *a,
    const struct source_config *b, struct err *e)
{
	const char *what = NULL;

	if (slice_equal(a->name, b->name))
		what = "have the same name";
	else if (is_same(a->udp, b->udp) || is_same(a->tcp, b->tcp) ||
		 is_same(a->tls, b->tls) || is_same(a->tcp, b->tls) || is_same(a->tls, b->tcp))
		what = "listen on the same address";
	else if (is_same(a->bulk, b->bulk) &&
		 (is_same(a->index, b->index) || (a->index == NULL && b->index == NULL)))
		what = "take the same documents; give each an \"index\" of its own";
	else if (is_same(a->path, b->path))
		what = "read the same files";
	if (what == NULL)
		return 0;
	return yaml_err(n, e, "sources \"%.*s\" (line %u) and \"%.*s\" %s", SLICE_ARG(b->name),
	    b->line, SLICE_ARG(a->name), what);
}

static int
read_sources(const struct yaml_node *n, struct arena *mem, void *member, struct err *e)
{
	struct node_sources *out = member;

	if (n->kind != YAML_SEQUENCE)
		return yaml_err(n, e, "\"sources\" must be a list");
	if (n->count > NODE_SOURCES_MAX)
		return yaml_err(n, e, "a node has at most %d sources", NODE_SOURCES_MAX);
	if ((out->at = arena_array(mem, n->count + 1, sizeof(*out->at))) == NULL)
		return yaml_err(n, e, "out of memory");
	for (size_t i = 0; i < n->count; i++) {
		if (read_source(&n->items[i], mem, &out->at[i], e) != 0)
			return -1;
		for (size_t k = 0; k < i; k++) {
			if (check_pair(&n->items[i], &out->at[i], &out->at[k], e) != 0)
				return -1;
		}
	}
	out->n = n->count;
	return 0;
}

/* --- the whole --- */

static const char *const log_level_names[] = {"error", "warning", "info", "debug", NULL};
static const char *const spool_full_names[] = {"keep-oldest", "keep-newest", NULL};

const struct setting node_settings[] = {
#define SETTING(member, kind, least, most, value, english, japanese)                           \
	{.name = #member,                                                                      \
	    .type = SETTING_##kind,                                                            \
	    .offset = offsetof(struct node_config, member),                                    \
	    .min = (least),                                                                    \
	    .max = (most),                                                                     \
	    .standard = (value),                                                               \
	    .choices = offsetof(struct node_config, member) ==                                 \
			       offsetof(struct node_config, spool_full)                        \
			   ? spool_full_names                                                  \
			   : log_level_names,                                                  \
	    .en = (english),                                                                   \
	    .ja = (japanese)},
#include "node/settings.def"
#undef SETTING
    {.name = "sources",
	.type = SETTING_TREE,
	.offset = offsetof(struct node_config, sources),
	.standard = "[]",
	.read = read_sources,
	.en = "What to read: a list; docs/node.md shows every form.",
	.ja = "読み取るもの（一覧）。書き方は docs/node.md にあります。"},
    {0},
};

int
node_config_parse(struct node_config *out, const char *file, struct slice text, struct err *e)
{
	struct node_config c = {.mem = arena_new(16 * CONFIG_FILE_MAX)};
	int rc = -1;

	if (c.mem == NULL) {
		err_set(e, "out of memory");
		goto out;
	}
	if (settings_read(node_settings, file, arena_dup(c.mem, text), c.mem, &c, e) != 0)
		goto out;
	if (c.center.len > 0 && !slice_starts(c.center, SLICE("https://"))) {
		err_set(e, "%s: \"center\" must start with https://", file);
		goto out;
	}
	*out = c;
	c.mem = NULL;
	rc = 0;
out:
	arena_free(c.mem);
	return rc;
}

int
node_config_read(struct node_config *out, const char *file, struct err *e)
{
	struct buf text = BUF_INIT(CONFIG_FILE_MAX);
	int rc = -1;

	if (file_read(&text, file, e) == 0)
		rc = node_config_parse(out, file, buf_slice(&text), e);
	buf_release(&text);
	return rc;
}

void
node_config_release(struct node_config *c)
{
	arena_free(c->mem);
	*c = (struct node_config){0};
}
