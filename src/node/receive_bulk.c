/* receive_bulk.c - see receive_bulk.h. */
#include "node/receive_bulk.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include <sodium.h>
#include <zlib.h>

#include "http/http.h"
#include "node/bulk.h"
#include "text/json.h"

#define ROUTES_MAX	200
#define BODY_MAX	(8 * 1024 * 1024)  /* as sent; Filebeat sends a few hundred KiB */
#define PLAIN_MAX	(32 * 1024 * 1024) /* of a gzip body, unpacked */
#define CONNECTIONS_MAX 128
#define SECRET_MAX	4096
#define ES_VERSION	"8.11.0" /* what senders check for; the API we speak is older than that */

/* Said by each answer, or clients since 7.14 refuse to go on. */
#define PRODUCT_NAME  "X-Elastic-Product"
#define PRODUCT_VALUE "Elasticsearch"

struct waiting {
	struct waiting *next;
	struct request *r; /* NULL: it went away */
	struct buf answer;
};

struct bulk_listener {
	struct http *http;
	struct bulk_route routes[ROUTES_MAX];
	size_t n_routes;
	char credentials[2][SECRET_MAX]; /* the Authorization values that are taken; "" none */
	void (*on_lines)(void *ctx);
	void *ctx;
	bool held;
	uint64_t made_ids;
	struct waiting *waiting;
};

/* --- answers --- */

static void
answer(struct request *r, unsigned status, struct slice json)
{
	request_add_header(r, PRODUCT_NAME, PRODUCT_VALUE);
	request_answer(r, status, "application/json", json);
}

/* As Elasticsearch says it; the reason is for people. */
static void
refuse(struct request *r, unsigned status, const char *type, const char *reason)
{
	struct buf b = BUF_INIT(4096);
	struct json_out o = json_out_to(&b);

	if (status == 429)
		request_add_header(r, "Retry-After", "5");
	if (status == 401)
		request_add_header(r, "WWW-Authenticate", "Basic realm=\"hinomi\"");
	json_open_object(&o, NULL);
	json_open_object(&o, "error");
	json_put_str(&o, "type", type);
	json_put_str(&o, "reason", reason);
	json_close_object(&o);
	json_put_int(&o, "status", status);
	json_close_object(&o);
	answer(r, status, buf_slice(&b));
	buf_release(&b);
}

/* --- the rest of the API, as far as senders look at it --- */

static const struct {
	const char *path;
	struct slice json;
} pages[] = {
    {"/",
	SLICE_LITERAL(
	    "{\"name\":\"hinomi\",\"cluster_name\":\"hinomi\","
	    "\"cluster_uuid\":\"hinomi-node-bulk-intake\",\"version\":{\"number\":\"" ES_VERSION
	    "\",\"build_flavor\":\"default\",\"build_type\":\"deb\",\"build_snapshot\":false,"
	    "\"minimum_wire_compatibility_version\":\"7.17.0\","
	    "\"minimum_index_compatibility_version\":\"7.0.0\"},"
	    "\"tagline\":\"You Know, for Search\"}")},
    {"/_license",
	SLICE_LITERAL("{\"license\":{\"status\":\"active\",\"uid\":\"hinomi\","
		      "\"type\":\"basic\",\"issued_to\":\"hinomi\",\"issuer\":\"hinomi\"}}")},
    {"/_xpack",
	SLICE_LITERAL("{\"build\":{},\"license\":{\"uid\":\"hinomi\",\"type\":\"basic\","
		      "\"mode\":\"basic\",\"status\":\"active\"},\"features\":{}}")},
    {"/_cluster/health", SLICE_LITERAL("{\"cluster_name\":\"hinomi\",\"status\":\"green\","
				       "\"timed_out\":false,\"number_of_nodes\":1}")},
    {"/_nodes/http", SLICE_LITERAL("{\"_nodes\":{\"total\":1,\"successful\":1,\"failed\":0},"
				   "\"cluster_name\":\"hinomi\",\"nodes\":{}}")},
};

static void
answer_page(struct request *r)
{
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (slice_is(r->path, pages[i].path)) {
			answer(r, 200, pages[i].json);
			return;
		}
	}
	refuse(r, 404, "resource_not_found_exception",
	    "this is a Hinomi node: it takes _bulk and keeps nothing to look at; switch "
	    "template, "
	    "pipeline and ILM set-up off at the sender");
}

/* --- heads --- */

/* "/_bulk" or "/INDEX/_bulk". */
static bool
is_bulk(const struct request *r, struct slice *index)
{
	struct slice p = r->path;

	if (r->method != HTTP_POST && r->method != HTTP_OTHER) /* PUT is as good */
		return false;
	if (!slice_ends(p, SLICE("/_bulk")))
		return false;
	p.len -= 6;
	*index = p.len > 0 && p.ptr[0] == '/' ? slice_from(p, 1) : p;
	return slice_find(*index, '/') == SIZE_MAX;
}

static bool
may_enter(const struct bulk_listener *b, struct request *r)
{
	struct slice said;

	if (b->credentials[0][0] == '\0')
		return true;
	said = request_header(r, "Authorization", NULL);
	for (size_t i = 0; i < 2; i++) {
		struct slice want = slice_str(b->credentials[i]);

		if (want.len > 0 && want.len == said.len &&
		    sodium_memcmp(want.ptr, said.ptr, want.len) == 0)
			return true;
	}
	return false;
}

static void
on_head(void *ctx, struct request *r)
{
	struct bulk_listener *b = ctx;
	struct slice index;

	r->body_max = 0;
	if (!may_enter(b, r))
		refuse(r, 401, "security_exception",
		    "missing or wrong name and password, or API key");
	else if (!is_bulk(r, &index)) {
		if (r->length == 0 && r->method == HTTP_GET)
			return;
		answer_page(r);
	} else if (r->length == HTTP_LENGTH_NOT_SAID)
		refuse(r, 411, "parsing_exception", "send Content-Length");
	else if (r->length > BODY_MAX)
		refuse(r, 413, "content_too_long", "more than 8 MiB; send smaller bulks");
	else if (b->held)
		refuse(r, 429, "es_rejected_execution_exception",
		    "the spool is full; try again later");
	else
		r->body_max = BODY_MAX;
}

/* --- bodies --- */

/* False: answered with a refusal. */
static bool
unpack(struct request *r, struct buf *plain, struct slice *body)
{
	struct slice coding = request_header(r, "Content-Encoding", NULL);
	z_stream z = {.next_in = (uint8_t *)r->body.ptr, .avail_in = (unsigned)r->body.len};
	int rc = Z_OK;

	*body = r->body;
	if (coding.ptr == NULL || slice_equal_nocase(coding, SLICE("identity")))
		return true;
	if (!slice_equal_nocase(coding, SLICE("gzip"))) {
		refuse(r, 415, "parsing_exception", "Content-Encoding may be gzip only");
		return false;
	}
	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
		refuse(r, 503, "exception", "out of memory");
		return false;
	}
	while (rc == Z_OK) {
		uint8_t *room = buf_room(plain, 64 * 1024);

		if (room == NULL)
			break;
		z.next_out = room;
		z.avail_out = 64 * 1024;
		rc = inflate(&z, Z_NO_FLUSH);
		buf_added(plain, 64 * 1024 - z.avail_out);
		if (rc == Z_BUF_ERROR || (rc == Z_OK && z.avail_in == 0 && z.avail_out > 0))
			break; /* cut short */
	}
	inflateEnd(&z);
	*body = buf_slice(plain);
	if (plain->failed)
		refuse(r, 413, "content_too_long",
		    "more than 32 MiB when unpacked; send smaller bulks");
	else if (rc != Z_STREAM_END)
		refuse(r, 400, "parsing_exception", "the gzip body is damaged or cut short");
	return rc == Z_STREAM_END && !plain->failed;
}

static struct intake *
route_for(const struct bulk_listener *b, const char *index)
{
	struct intake *other = NULL;

	for (size_t i = 0; i < b->n_routes; i++) {
		if (b->routes[i].index == NULL)
			other = b->routes[i].intake;
		else if (strcmp(b->routes[i].index, index) == 0)
			return b->routes[i].intake;
	}
	return other;
}

/* What the sources held before a request, so that one that fails half way leaves no trace. */
struct before {
	size_t len[ROUTES_MAX];
};

static void
note_before(const struct bulk_listener *b, struct before *at)
{
	for (size_t i = 0; i < b->n_routes; i++)
		at->len[i] = b->routes[i].intake->waiting.len;
}

static void
take_back(const struct bulk_listener *b, const struct before *at)
{
	for (size_t i = 0; i < b->n_routes; i++)
		b->routes[i].intake->waiting.len = at->len[i];
}

/* 0: taken, `items` holds the answer's elements; otherwise the status to refuse with, and why.
 */
static unsigned
take_items(struct bulk_listener *b, struct slice body, struct slice index, struct buf *items,
    bool *errors, struct err *e)
{
	struct bulk bulk = bulk_over(body, index);
	struct bulk_item it;
	enum bulk_status st;

	while ((st = bulk_next(&bulk, &it, e)) == BULK_ITEM) {
		struct intake *in = route_for(b, it.index);
		const char *refused = NULL;

		if (!bulk_takes(it.action))
			refused = "a log is only added to: use index or create";
		else if (in == NULL)
			refused = "no source of this node takes this index";
		else if (!intake_add(in, it.document)) {
			err_set(e, "no room for more at the moment; send smaller bulks, or try "
				   "again later");
			return 429;
		}
		*errors |= refused != NULL;
		if (items->len > 0)
			buf_add_byte(items, ',');
		bulk_add_answer(items, &it, b->made_ids++, refused);
	}
	return st == BULK_BAD ? 400 : 0;
}

static void
on_bulk(struct bulk_listener *b, struct request *r, struct slice index)
{
	struct buf plain = BUF_INIT(PLAIN_MAX), items = BUF_INIT(2 * PLAIN_MAX);
	struct waiting *w = NULL;
	struct slice body;
	struct before at;
	bool errors = false;
	unsigned refused;
	struct err e;

	if (b->held) {
		refuse(r, 429, "es_rejected_execution_exception",
		    "the spool is full; try again later");
		return;
	}
	if (!unpack(r, &plain, &body))
		goto out;
	note_before(b, &at);
	refused = take_items(b, body, index, &items, &errors, &e);
	if (refused == 0 && (items.failed || (w = calloc(1, sizeof(*w))) == NULL)) {
		refused = 413;
		err_set(&e, "too many items; send smaller bulks");
	}
	if (refused != 0) {
		take_back(b, &at);
		refuse(r, refused,
		    refused == 429 ? "es_rejected_execution_exception"
				   : "illegal_argument_exception",
		    e.text);
		goto out;
	}
	w->answer = BUF_INIT(2 * PLAIN_MAX + 64);
	buf_printf(
	    &w->answer, "{\"took\":0,\"errors\":%s,\"items\":[", errors ? "true" : "false");
	buf_add(&w->answer, buf_slice(&items));
	buf_add_str(&w->answer, "]}");
	w->r = r;
	r->owner = w;
	w->next = b->waiting;
	b->waiting = w;
	b->on_lines(b->ctx);
out:
	buf_release(&plain);
	buf_release(&items);
}

static void
on_whole(void *ctx, struct request *r)
{
	struct slice index;

	if (is_bulk(r, &index))
		on_bulk(ctx, r, index);
	else
		answer_page(r);
}

static void
on_gone(void *ctx, struct request *r)
{
	struct waiting *w = r->owner;

	if (w != NULL)
		w->r = NULL;
	r->owner = NULL;
}

static void
answer_waiting(struct bulk_listener *b, bool durable)
{
	struct waiting *w = b->waiting, *next;
	bool any = w != NULL;

	b->waiting = NULL;
	for (; w != NULL; w = next) {
		next = w->next;
		if (w->r != NULL) {
			w->r->owner = NULL;
			if (durable && !w->answer.failed)
				answer(w->r, 200, buf_slice(&w->answer));
			else
				refuse(w->r, 429, "es_rejected_execution_exception",
				    "the spool could not be written; try again later");
		}
		buf_release(&w->answer);
		free(w);
	}
	if (any)
		http_run(b->http);
}

void
bulk_listener_committed(struct bulk_listener *b)
{
	answer_waiting(b, true);
}

void
bulk_listener_rolled_back(struct bulk_listener *b)
{
	for (size_t i = 0; i < b->n_routes; i++)
		intake_discard(b->routes[i].intake);
	answer_waiting(b, false);
}

void
bulk_listener_hold(struct bulk_listener *b, bool hold)
{
	b->held = hold;
}

/* --- life --- */

/* "Basic BASE64(user:secret)"; or, without a user, "ApiKey SECRET" in plain and as Beats encode
 * it. */
static bool
write_credentials(struct bulk_listener *b, struct slice user, struct slice secret)
{
	struct buf pair = BUF_INIT(SECRET_MAX / 2);
	char coded[SECRET_MAX];
	bool ok;

	if (secret.len == 0)
		return true;
	if (user.len > 0) {
		buf_add(&pair, user);
		buf_add_byte(&pair, ':');
	}
	buf_add(&pair, secret);
	ok = !pair.failed &&
	     sodium_base64_encoded_len(pair.len, sodium_base64_VARIANT_ORIGINAL) + 16 <
		 sizeof(coded);
	if (ok) {
		sodium_bin2base64(
		    coded, sizeof(coded), pair.ptr, pair.len, sodium_base64_VARIANT_ORIGINAL);
		snprintf(b->credentials[0], SECRET_MAX, "%s %.4000s",
		    user.len > 0 ? "Basic" : "ApiKey", coded);
		if (user.len == 0)
			snprintf(
			    b->credentials[1], SECRET_MAX, "ApiKey %.*s", SLICE_ARG(secret));
	}
	if (pair.ptr != NULL)
		sodium_memzero(pair.ptr, pair.cap);
	sodium_memzero(coded, sizeof(coded));
	buf_release(&pair);
	return ok;
}

int
bulk_listener_open(
    struct bulk_listener **out, struct loop *l, const struct bulk_options *o, struct err *e)
{
	struct bulk_listener *b = calloc(1, sizeof(*b));
	struct http_options http = {.name = "_bulk",
	    .connections_max = CONNECTIONS_MAX,
	    .per_address_max = CONNECTIONS_MAX,
	    .owner = {.ctx = b, .on_head = on_head, .on_whole = on_whole, .on_gone = on_gone}};
	int rc = -1;

	if (b == NULL || o->n_routes > ROUTES_MAX) {
		err_errno(e, ENOMEM, "receiving _bulk");
		goto out;
	}
	memcpy(b->routes, o->routes, o->n_routes * sizeof(b->routes[0]));
	b->n_routes = o->n_routes;
	b->on_lines = o->on_lines;
	b->ctx = o->ctx;
	if (!write_credentials(b, o->user, o->secret)) {
		err_set(e, "the name and password for _bulk are too long");
		goto out;
	}
	if (http_bind(o->address, &http.listener, e) != 0 ||
	    http_open(&b->http, l, &http, e) != 0)
		goto out;
	*out = b;
	b = NULL;
	rc = 0;
out:
	if (rc != 0)
		err_wrap(e, "receiving _bulk");
	bulk_listener_close(b);
	return rc;
}

void
bulk_listener_close(struct bulk_listener *b)
{
	if (b == NULL)
		return;
	answer_waiting(b, false);
	http_close(b->http);
	sodium_memzero(b->credentials, sizeof(b->credentials));
	free(b);
}
