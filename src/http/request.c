/* request.c - one request and its answer: see http.h. */
#include <assert.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "http/inside.h"

#define SECRET_BODY_MAX (64 * 1024)

void
request_free(struct request *r)
{
	if (r == NULL)
		return;
	if (r->response != NULL)
		MHD_destroy_response(r->response);
	if (r->stream != NULL) {
		buf_release(&r->stream->out);
		free(r->stream);
	}
	/* Small bodies may hold a password or a token. */
	if (r->body_bytes != NULL && r->body_cap <= SECRET_BODY_MAX)
		explicit_bzero(r->body_bytes, r->body_cap);
	free(r->body_bytes);
	arena_free(r->mem);
	free(r);
}

/* -- asking ------------------------------------------------------------------ */

struct found {
	const char *name;
	struct slice value;
	unsigned n;
};

static enum MHD_Result
see_value(void *ctx, enum MHD_ValueKind kind, const char *name, size_t name_len,
    const char *value, size_t value_len)
{
	struct found *f = ctx;

	if (slice_equal_nocase(slice_of(name, name_len), slice_str(f->name))) {
		f->n++;
		f->value = slice_of(value == NULL ? "" : value, value_len);
	}
	return MHD_YES;
}

struct slice
request_header(struct request *r, const char *name, bool *repeated)
{
	struct found f = {.name = name};

	MHD_get_connection_values_n(r->mhd, MHD_HEADER_KIND, see_value, &f);
	if (f.n > 1 && repeated != NULL) {
		*repeated = true;
		return (struct slice){0};
	}
	return f.value;
}

struct slice
request_query(struct request *r, const char *name)
{
	struct found f = {.name = name};

	MHD_get_connection_values_n(r->mhd, MHD_GET_ARGUMENT_KIND, see_value, &f);
	/* Twice the same, or no text at all: nobody of ours sends that. */
	return f.n == 1 && utf8_valid(f.value) ? f.value : (struct slice){0};
}

struct slice
request_cookie(struct request *r, const char *name)
{
	struct found f = {.name = name};

	MHD_get_connection_values_n(r->mhd, MHD_COOKIE_KIND, see_value, &f);
	return f.n == 1 ? f.value : (struct slice){0};
}

const struct tls_peer *
request_peer(struct request *r, struct instant now)
{
	struct http_connection *c = r->connection;
	const union MHD_ConnectionInfo *info;

	if (!c->peer_known) {
		info = MHD_get_connection_info(r->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
		c->peer = (struct tls_peer){.status = TLS_PEER_NONE};
		if (info != NULL && info->tls_session != NULL)
			tls_read_peer(info->tls_session, &c->peer);
		c->peer_known = true;
	}
	/* A connection may outlive the certificate that opened it. */
	if (c->peer.status == TLS_PEER_TRUSTED && !instant_before(now, c->peer.until))
		c->peer.status = TLS_PEER_EXPIRED;
	return &c->peer;
}

/* -- answering --------------------------------------------------------------- */

void
request_add_header(struct request *r, const char *name, const char *value)
{
	assert(r->n_headers < HTTP_REPLY_HEADERS);
	r->headers[r->n_headers++] =
	    (struct http_header){name, arena_strdup(r->mem, slice_str(value))};
}

/* What every answer says, whatever it is. */
static void
add_headers(struct request *r, const char *type)
{
	bool cached = false;

	MHD_add_response_header(r->response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(r->response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(r->response, "Cross-Origin-Resource-Policy", "same-origin");
	if (type != NULL)
		MHD_add_response_header(r->response, "Content-Type", type);
	for (unsigned i = 0; i < r->n_headers; i++) {
		if (r->headers[i].value == NULL)
			continue;
		cached = cached || strcmp(r->headers[i].name, "Cache-Control") == 0;
		MHD_add_response_header(r->response, r->headers[i].name, r->headers[i].value);
	}
	if (!cached)
		MHD_add_response_header(r->response, "Cache-Control", "no-store");
}

void
request_wake(struct request *r)
{
	if (r->waiting || (r->stream != NULL && r->stream->asleep)) {
		r->waiting = false;
		if (r->stream != NULL)
			r->stream->asleep = false;
		MHD_resume_connection(r->mhd);
	}
}

/* The answer is there: if the request waited, libmicrohttpd asks again and gets it. */
static void
set_answer(struct request *r, unsigned status, const char *type, struct MHD_Response *response)
{
	assert(r->response == NULL);
	assert(response != NULL); /* a few hundred bytes: without them nothing works any more */
	r->response = response;
	r->status = status;
	add_headers(r, type);
	request_wake(r);
}

void
request_answer(struct request *r, unsigned status, const char *type, struct slice body)
{
	set_answer(r, status, type,
	    MHD_create_response_from_buffer(body.len, (void *)body.ptr, MHD_RESPMEM_MUST_COPY));
}

void
request_answer_buf(struct request *r, unsigned status, const char *type, struct buf *body)
{
	assert(!body->failed);
	if (body->len == 0) {
		request_answer(r, status, type, SLICE(""));
		return;
	}
	set_answer(r, status, type,
	    MHD_create_response_from_buffer(body->len, body->ptr, MHD_RESPMEM_MUST_FREE));
	*body = BUF_INIT(body->max);
}

void
request_answer_static(struct request *r, unsigned status, const char *type, struct slice body)
{
	set_answer(r, status, type,
	    MHD_create_response_from_buffer(
		body.len, (void *)body.ptr, MHD_RESPMEM_PERSISTENT));
}

enum MHD_Result
request_queue(struct request *r)
{
	r->queued = true;
	http_set_deadline(r->connection, r->stream != NULL ? SPAN_SECONDS(0) : ANSWER_TIME);
	return MHD_queue_response(r->mhd, r->status, r->response);
}

/* -- streams ----------------------------------------------------------------- */

/* libmicrohttpd asks for more: give it what there is, or sleep until there is. */
static ssize_t
read_stream(void *ctx, uint64_t at, char *room, size_t max)
{
	struct request *r = ctx;
	struct http_stream *s = r->stream;
	size_t n = s->out.len - s->sent;

	if (n == 0) {
		if (s->ended)
			return MHD_CONTENT_READER_END_OF_STREAM;
		s->asleep = true;
		MHD_suspend_connection(r->mhd);
		return 0;
	}
	if (n > max)
		n = max;
	memcpy(room, s->out.ptr + s->sent, n);
	s->sent += n;
	if (s->sent == s->out.len) {
		buf_reset(&s->out);
		s->sent = 0;
	}
	return (ssize_t)n;
}

void
request_answer_stream(struct request *r, const char *type)
{
	struct http_stream *s = calloc(1, sizeof(*s));

	assert(s != NULL);
	s->out = BUF_INIT(HTTP_STREAM_MAX);
	r->stream = s;
	set_answer(r, 200, type,
	    MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, 16 * 1024, read_stream, r, NULL));
}

bool
request_stream_write(struct request *r, struct slice bytes)
{
	struct http_stream *s = r->stream;

	if (s->ended)
		return false;
	buf_add(&s->out, bytes);
	/* A client that does not read is let go; it comes back and says where it was. */
	if (s->out.failed) {
		s->ended = true;
		s->out.failed = false;
	}
	request_wake(r);
	return !s->ended;
}

void
request_stream_end(struct request *r)
{
	r->stream->ended = true;
	request_wake(r);
}
