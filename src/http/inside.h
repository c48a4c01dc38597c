/* inside.h - shared by http.c (connections) and request.c (requests) only. */
#ifndef HINOMI_HTTP_INSIDE_H
#define HINOMI_HTTP_INSIDE_H

#include <microhttpd.h>

#include "http/http.h"

/* One TCP connection: its deadline keeps slow or silent clients from staying. */
struct http_connection {
	struct http_connection *next, *prev;
	struct request *request; /* the one in hand, or NULL */
	int fd;
	struct span deadline; /* monotonic; 0: none while we work or stream */
	bool peer_known;
	struct tls_peer peer;
};

/* The bytes of a stream that the client has not read yet. */
struct http_stream {
	struct buf out;
	size_t sent; /* of out */
	bool asleep; /* suspended: nothing to send */
	bool ended;
};

#define ANSWER_TIME SPAN_SECONDS(120) /* for the client to read an answer */

void request_free(struct request *r); /* NULL is welcome */

/* Let a suspended request go on; harmless for one that is not. */
void request_wake(struct request *r);

/* How long the current step of a connection may take. */
void http_set_deadline(struct http_connection *c, struct span from_now);

/* Hand the answer to libmicrohttpd. */
enum MHD_Result request_queue(struct request *r);

#endif
