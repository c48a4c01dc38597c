/*
 * http.h - the one door to libmicrohttpd: listeners and requests inside our loop.
 *
 * A listener (struct http) accepts connections, with or without TLS, and bounds
 * them: how many, how many from one address, how long a request's head and body
 * and the reading of the answer may take.  Its owner is told twice about each
 * request: when the head is there (to refuse it early or to allow a body of a
 * certain size) and when it is whole.  Then it answers at once, or lets the
 * request wait and answers later from the loop, or turns it into a stream.
 */
#ifndef HINOMI_HTTP_HTTP_H
#define HINOMI_HTTP_HTTP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "pki/tls.h"
#include "sys/loop.h"

struct http;
struct request;
struct MHD_Connection;
struct MHD_Response;

/* What the owner of a listener does with requests. */
struct http_owner {
	void *ctx;
	void (*on_head)(void *ctx, struct request *r);	/* may answer; else sets r->body_max */
	void (*on_whole)(void *ctx, struct request *r); /* answers, waits or streams */
	void (*on_gone)(void *ctx, struct request *r);	/* r dies: forget it */
};

struct http_options {
	const char *name; /* for logs: "node", "console" */
	int listener;	  /* from http_bind(); taken over by http_open(), also when it fails */
	bool tls;	  /* show what tls_serve_certificate() set */
	struct slice
	    trust; /* PEM: ask clients for a certificate that this CA signed; or absent */
	unsigned connections_max, per_address_max;
	struct http_owner owner;
};

enum http_method {
	HTTP_GET, /* and HEAD */
	HTTP_POST,
	HTTP_DELETE,
	HTTP_OTHER,
};

#define HTTP_LENGTH_NOT_SAID (-1) /* Transfer-Encoding: chunked */
#define HTTP_ADDRESS_MAX     46
#define HTTP_REPLY_HEADERS   8

struct http_header {
	const char *name;
	char *value; /* in the request's arena */
};

/* Lives from its head to the end of its answer. */
struct request {
	/* For the owner to read. */
	struct http *http;
	struct arena *mem; /* goes with the request */
	enum http_method method;
	struct slice path; /* decoded, without the query */
	int64_t length;	   /* of the body, as the head says it */
	struct slice body; /* once whole */
	char address[HTTP_ADDRESS_MAX];
	bool from_loopback;

	/* For the owner to write: what it found out, and how large a body may be. */
	size_t body_max;
	void *owner;

	/* http.c's own. */
	struct MHD_Connection *mhd;
	struct http_connection *connection;
	uint8_t *body_bytes;
	size_t body_cap;
	struct http_header headers[HTTP_REPLY_HEADERS];
	unsigned n_headers;
	struct MHD_Response *response;
	unsigned status;
	bool waiting; /* suspended until answered */
	bool queued;
	struct http_stream *stream;
};

/*
 * Take an address: early, while the process still may.  http_open() then lets others connect.
 * -1 with a sentence: in use (err.code EADDRINUSE), no such address, not allowed.
 */
int http_bind(const char *address_and_port, int *out, struct err *e);
/* The port it got, for ":0". */
int http_listener_port(int listener);
/* Is it bound to a loopback address? */
bool http_listener_is_local(int listener);

int http_open(
    struct http **out, struct loop *loop, const struct http_options *o, struct err *e);
/* Ends all connections; owners are told of each request. */
void http_close(struct http *h);

/* Let it do what it can without sleeping: before each sleep, and after answering what waited.
 */
void http_run(struct http *h);
unsigned http_connections(const struct http *h);

/* -- asking ------------------------------------------------------------------ */

/* Absent if there is none.  Repeated headers: absent and *repeated set, where given. */
struct slice request_header(struct request *r, const char *name, bool *repeated);
struct slice request_query(struct request *r, const char *name);
struct slice request_cookie(struct request *r, const char *name);

/* The certificate of the other side; looked at once a connection, its end each time. */
const struct tls_peer *request_peer(struct request *r, struct instant now);

/* -- answering --------------------------------------------------------------- */

/* Before the answer; the value is copied.  Names are literals. */
void request_add_header(struct request *r, const char *name, const char *value);

/* Exactly one of these, once.  `type` may be NULL without a body. */
void request_answer(struct request *r, unsigned status, const char *type, struct slice body);
void request_answer_buf(struct request *r, unsigned status, const char *type, struct buf *body);
/* Bytes that live as long as the program. */
void request_answer_static(
    struct request *r, unsigned status, const char *type, struct slice body);

static inline bool
request_is_answered(const struct request *r)
{
	return r->response != NULL;
}

/* -- streams ----------------------------------------------------------------- */

#define HTTP_STREAM_MAX                                                                        \
	(256 * 1024) /* waiting to be read by a slow client; then it is cut off */

void request_answer_stream(struct request *r, const char *type);
/* False: it is over (too slow, or ended). */
bool request_stream_write(struct request *r, struct slice bytes);
void request_stream_end(struct request *r);

#endif
