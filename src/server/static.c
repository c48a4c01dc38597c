/*
 * static.c - see static.h.
 *
 * Names below assets/ carry a hash of their content and never change; everything
 * else is asked for anew each time and compared by its ETag.
 */
#include "server/static.h"

#include <stdio.h>

#include <sodium.h>

#include "server/handlers.h"
#include "server/serve.h"
#include "text/json.h"
#include "text/yaml.h"

#define POLICY                                                                                 \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "      \
	"connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "           \
	"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

#define OPENAPI_MAX (1024 * 1024)

static const struct embedded_file *
find_name(const struct embedded_file *files, struct slice name)
{
	for (; files->name != NULL; files++)
		if (slice_is(name, files->name))
			return files;
	return NULL;
}

const struct embedded_file *
static_find(const struct embedded_file *files, struct slice path)
{
	static const struct slice pages[] = {
	    SLICE_LITERAL("alerts/"), SLICE_LITERAL("institutions/")};

	if (path.len == 0 || slice_is(path, "institutions"))
		return find_name(files, SLICE("index.html"));
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (slice_starts(path, pages[i]))
			return find_name(files, SLICE("index.html"));
	return find_name(files, path);
}

const char *
static_type(const char *name)
{
	static const struct {
		const char *end, *type;
	} types[] = {
	    {".html", "text/html; charset=utf-8"},
	    {".js", "text/javascript; charset=utf-8"},
	    {".css", "text/css; charset=utf-8"},
	    {".svg", "image/svg+xml"},
	    {".png", "image/png"},
	    {".woff2", "font/woff2"},
	    {".json", "application/json"},
	    {".txt", "text/plain; charset=utf-8"},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (slice_ends(slice_str(name), slice_str(types[i].end)))
			return types[i].type;
	return "application/octet-stream";
}

static void
format_etag(struct slice bytes, char out[40])
{
	uint8_t hash[16];

	crypto_generichash(hash, sizeof(hash), bytes.ptr, bytes.len, NULL, 0);
	out[0] = '"';
	sodium_bin2hex(out + 1, 33, hash, sizeof(hash));
	strcat(out, "\"");
}

void
static_on_get(struct visit *v)
{
	const struct embedded_file *f = static_find(embedded_web, v->part[0]);
	bool for_ever;
	char etag[40];

	if (f == NULL) {
		problem_answer(v->r, PROBLEM_NOT_FOUND, NULL, NULL);
		return;
	}
	for_ever = slice_starts(slice_str(f->name), SLICE("assets/"));
	format_etag(f->bytes, etag);
	request_add_header(v->r, "ETag", etag);
	request_add_header(v->r, "Cache-Control",
	    for_ever ? "public, max-age=31536000, immutable" : "no-cache");
	if (slice_is(request_header(v->r, "If-None-Match", NULL), etag)) {
		request_answer(v->r, 304, NULL, SLICE(""));
		return;
	}
	request_add_header(v->r, "Content-Security-Policy", POLICY);
	request_add_header(v->r, "Cross-Origin-Opener-Policy", "same-origin");
	request_add_header(v->r, "X-Frame-Options", "DENY");
	request_answer_static(v->r, 200, static_type(f->name), f->bytes);
}

void
static_on_nothing(struct visit *v)
{
	problem_answer(v->r, PROBLEM_NOT_FOUND, NULL, NULL);
}

/* -- the API's description ------------------------------------------------------- */

static void
write_scalar(struct json_out *o, const char *name, const struct yaml_node *n)
{
	int64_t number;
	bool truth;

	if (yaml_is_null(n))
		json_put_null(o, name);
	else if (n->plain && yaml_bool(n, &truth, NULL) == 0)
		json_put_bool(o, name, truth);
	else if (n->plain && yaml_int(n, INT64_MIN, INT64_MAX, &number, NULL) == 0)
		json_put_int(o, name, number);
	else
		json_put_string(o, name, n->text);
}

/* Depth is bounded by the YAML reader. */
static void
write_node_as_json(struct json_out *o, const char *name, const struct yaml_node *n)
{
	char key[256];

	if (n->kind == YAML_SCALAR) {
		write_scalar(o, name, n);
		return;
	}
	if (n->kind == YAML_SEQUENCE)
		json_open_array(o, name);
	else
		json_open_object(o, name);
	for (size_t i = 0; i < n->count; i++) {
		snprintf(key, sizeof(key), "%.*s", SLICE_ARG(n->items[i].key));
		write_node_as_json(o, n->kind == YAML_SEQUENCE ? NULL : key, &n->items[i]);
	}
	if (n->kind == YAML_SEQUENCE)
		json_close_array(o);
	else
		json_close_object(o);
}

int
static_yaml_to_json(struct slice yaml, struct buf *out, struct err *e)
{
	struct arena *mem = arena_new(64 * 1024 * 1024);
	struct json_out o = json_out_to(out);
	const struct yaml_node *root;
	int rc = -1;

	if (mem == NULL)
		return err_set(e, "out of memory");
	if (yaml_parse("openapi.yaml", yaml, mem, &root, e) == 0) {
		write_node_as_json(&o, NULL, root);
		rc = out->failed ? err_set(e, "openapi.yaml is too large") : 0;
	}
	arena_free(mem);
	return rc;
}

void
static_on_openapi(struct visit *v)
{
	struct buf body = BUF_INIT(OPENAPI_MAX);
	struct err e = {0};

	if (static_yaml_to_json(embedded_api[0].bytes, &body, &e) == 0)
		visit_answer_json(v, 200, &body);
	else {
		buf_release(&body);
		visit_fail(v, &e);
	}
}
