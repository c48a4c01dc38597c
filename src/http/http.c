/*
 * http.c - listeners and connections: see http.h.
 *
 * libmicrohttpd runs without threads of its own: its epoll descriptor is watched
 * by our loop.  Its own time limit counts silence only, so a client that sends a
 * byte a minute would stay for ever; therefore each connection has a deadline for
 * its current step, and a timer shuts down the sockets of those that passed it.
 */
#include "http/http.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "http/inside.h"
#include "sys/log.h"

#define HEAD_TIME	  SPAN_SECONDS(15) /* from accept to the end of the first head, with TLS */
#define IDLE_TIME	  SPAN_SECONDS(75) /* from the end of an answer to the end of the next head */
#define BODY_TIME	  SPAN_SECONDS(120) /* 300 KiB over a thin line */
#define SILENCE_MAX	  130u	      /* seconds; libmicrohttpd's own limit, for streams */
#define CONNECTION_MEMORY (64 * 1024) /* bounds the head: request line and all headers */
#define DRAIN_MAX	  (512 * 1024) /* of a refused body: read it, so that the answer arrives */
#define REQUEST_MEMORY	  (16 * 1024 * 1024)
#define RUNS_MAX	  64 /* rounds in a row before the loop gets its turn */
#define BACKLOG		  511

struct http {
	const char *name;
	struct loop *loop;
	struct MHD_Daemon *mhd;
	int epoll;
	bool tls;
	struct http_owner owner;
	struct loop_timer *sweep;
	struct http_connection *connections;
	unsigned n_connections;
	bool closing;
	char trust[16 * 1024];
};

/* -- listening --------------------------------------------------------------- */

/* "127.0.0.1:8440", "[::1]:8440", "*:8440": host and port apart. */
static bool
split_address(const char *text, char host[256], char port[8])
{
	const char *colon = strrchr(text, ':');
	uint64_t number;
	struct slice h;

	if (colon == NULL || !slice_to_u64(slice_str(colon + 1), &number) || number > 65535 ||
	    strlen(colon + 1) >= 8)
		return false;
	strcpy(port, colon + 1);
	h = slice_of(text, (size_t)(colon - text));
	if (h.len >= 2 && h.ptr[0] == '[' && h.ptr[h.len - 1] == ']')
		h = slice_of(h.ptr + 1, h.len - 2);
	else if (slice_find(h, ':') != SIZE_MAX)
		return false;
	if (h.len >= 256)
		return false;
	memcpy(host, h.ptr, h.len);
	host[h.len] = '\0';
	return true;
}

static int
bind_socket(const struct addrinfo *a, int *out)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1,
	    zero = 0;

	if (fd < 0)
		return errno;
	/* [::] alone serves IPv4 as well, whatever the system's default. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    (a->ai_family == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero)) != 0) ||
	    bind(fd, a->ai_addr, a->ai_addrlen) != 0) {
		int code = errno;

		close(fd);
		return code;
	}
	*out = fd;
	return 0;
}

int
http_bind(const char *address_and_port, int *out, struct err *e)
{
	const struct addrinfo hints = {
	    .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	char host[256], port[8];
	int code;

	if (!split_address(address_and_port, host, port))
		return err_set(e, "\"%s\" is no address and port, such as 127.0.0.1:8440",
		    address_and_port);
	code = getaddrinfo(
	    strcmp(host, "*") == 0 || *host == '\0' ? NULL : host, port, &hints, &list);
	if (code != 0)
		return err_set(e, "address \"%s\": %s", address_and_port, gai_strerror(code));
	code = bind_socket(list, out);
	freeaddrinfo(list);
	if (code == EADDRINUSE) {
		err_set(e,
		    "port %s is in use by another program (is a center running already?)",
		    port);
		if (e != NULL)
			e->code = code;
		return -1;
	}
	if (code != 0)
		return err_errno(e, code, "address \"%s\"", address_and_port);
	return 0;
}

int
http_listener_port(int listener)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof(a);

	if (getsockname(listener, (struct sockaddr *)&a, &n) != 0)
		return 0;
	return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
					     : ((struct sockaddr_in *)&a)->sin_port);
}

static bool
is_loopback(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
	if (a->sa_family == AF_INET6) {
		const struct in6_addr *in = &((const struct sockaddr_in6 *)a)->sin6_addr;

		return IN6_IS_ADDR_LOOPBACK(in) ||
		       (IN6_IS_ADDR_V4MAPPED(in) && in->s6_addr[12] == 127);
	}
	return false;
}

bool
http_listener_is_local(int listener)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof(a);

	return getsockname(listener, (struct sockaddr *)&a, &n) == 0 &&
	       is_loopback((struct sockaddr *)&a);
}

/* -- connections ------------------------------------------------------------- */

void
http_set_deadline(struct http_connection *c, struct span from_now)
{
	c->deadline =
	    from_now.us == 0 ? from_now : (struct span){clock_monotonic().us + from_now.us};
}

static void
on_connection(void *ctx, struct MHD_Connection *mhd, void **socket_context,
    enum MHD_ConnectionNotificationCode what)
{
	struct http *h = ctx;
	struct http_connection *c = *socket_context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info =
		    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
		int one = 1;

		if ((c = calloc(1, sizeof(*c))) == NULL)
			return; /* its first request is refused */
		c->fd = info->connect_fd;
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		http_set_deadline(c, HEAD_TIME);
		if ((c->next = h->connections) != NULL)
			c->next->prev = c;
		h->connections = c;
		h->n_connections++;
		*socket_context = c;
	} else if (c != NULL) {
		if (c->prev != NULL)
			c->prev->next = c->next;
		else
			h->connections = c->next;
		if (c->next != NULL)
			c->next->prev = c->prev;
		h->n_connections--;
		free(c);
		*socket_context = NULL;
	}
}

static void
on_sweep(void *ctx)
{
	struct http *h = ctx;
	struct span now = clock_monotonic();

	/* The descriptor stays libmicrohttpd's: it sees the end and closes it. */
	for (struct http_connection *c = h->connections; c != NULL; c = c->next)
		if (c->deadline.us != 0 && now.us > c->deadline.us)
			shutdown(c->fd, SHUT_RDWR);
	http_run(h);
}

/* -- requests ---------------------------------------------------------------- */

static enum http_method
method_of(const char *text)
{
	if (strcmp(text, "GET") == 0 || strcmp(text, "HEAD") == 0)
		return HTTP_GET;
	if (strcmp(text, "POST") == 0)
		return HTTP_POST;
	return strcmp(text, "DELETE") == 0 ? HTTP_DELETE : HTTP_OTHER;
}

static void
read_address(struct request *r, const struct sockaddr *a)
{
	const void *in = &((const struct sockaddr_in *)a)->sin_addr;

	r->from_loopback = is_loopback(a);
	if (a->sa_family == AF_INET6) {
		const struct in6_addr *in6 = &((const struct sockaddr_in6 *)a)->sin6_addr;

		if (!IN6_IS_ADDR_V4MAPPED(in6)) {
			inet_ntop(AF_INET6, in6, r->address, sizeof(r->address));
			return;
		}
		in = &in6->s6_addr[12];
	}
	inet_ntop(AF_INET, in, r->address, sizeof(r->address));
}

/* -1: not a number of bytes we could want. */
static bool
read_length(struct request *r)
{
	bool repeated = false;
	struct slice said = request_header(r, "Content-Length", &repeated);
	struct slice coding = request_header(r, "Transfer-Encoding", &repeated);
	uint64_t n = 0;

	if (repeated || (coding.ptr != NULL && said.ptr != NULL))
		return false;
	if (coding.ptr != NULL) {
		r->length = HTTP_LENGTH_NOT_SAID;
		return true;
	}
	if (said.ptr != NULL && (!slice_to_u64(said, &n) || n > INT64_MAX))
		return false;
	r->length = (int64_t)n;
	return true;
}

static struct request *
make_request(struct http *h, struct MHD_Connection *mhd, const char *url, const char *method)
{
	struct request *r = calloc(1, sizeof(*r));
	const union MHD_ConnectionInfo *info;

	if (r == NULL || (r->mem = arena_new(REQUEST_MEMORY)) == NULL)
		goto refuse;
	r->http = h;
	r->mhd = mhd;
	r->method = method_of(method);
	r->path = arena_dup(r->mem, slice_str(url));
	info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	if (info == NULL || (r->connection = info->socket_context) == NULL ||
	    r->path.ptr == NULL)
		goto refuse;
	info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (info != NULL && info->client_addr != NULL)
		read_address(r, info->client_addr);
	if (!read_length(r))
		goto refuse;
	r->connection->request = r;
	return r;
refuse:
	request_free(r);
	return NULL;
}

/* The head is there.  An answer now, to a request with a body, ends the connection. */
static enum MHD_Result
take_head(struct http *h, struct request *r)
{
	http_set_deadline(r->connection, BODY_TIME);
	h->owner.on_head(h->owner.ctx, r);
	if (request_is_answered(r)) {
		if (r->length == HTTP_LENGTH_NOT_SAID || r->length > DRAIN_MAX)
			return request_queue(r);
		return MHD_YES; /* read the body first: closing early could lose the answer */
	}
	assert(r->length >= 0 && (uint64_t)r->length <= r->body_max);
	if (r->length > 0 && (r->body_bytes = malloc((size_t)r->length)) == NULL)
		return MHD_NO;
	r->body_cap = (size_t)r->length;
	return MHD_YES;
}

static enum MHD_Result
take_body(struct request *r, const char *data, size_t *n)
{
	if (!request_is_answered(r)) {
		if (*n > r->body_cap - r->body.len)
			return MHD_NO;
		memcpy(r->body_bytes + r->body.len, data, *n);
		r->body = slice_of(r->body_bytes, r->body.len + *n);
	}
	*n = 0;
	return MHD_YES;
}

static enum MHD_Result
take_whole(struct http *h, struct request *r)
{
	if (!request_is_answered(r) && !r->waiting) {
		http_set_deadline(r->connection, SPAN_SECONDS(0));
		h->owner.on_whole(h->owner.ctx, r);
		if (!request_is_answered(r)) {
			r->waiting = true;
			MHD_suspend_connection(r->mhd);
			return MHD_YES;
		}
	}
	return request_queue(r);
}

static enum MHD_Result
on_request(void *ctx, struct MHD_Connection *mhd, const char *url, const char *method,
    const char *version, const char *data, size_t *n, void **context)
{
	struct http *h = ctx;
	struct request *r = *context;

	if (r == NULL) {
		if ((r = make_request(h, mhd, url, method)) == NULL)
			return MHD_NO;
		*context = r;
		return take_head(h, r);
	}
	if (r->queued)
		return MHD_YES;
	return *n > 0 ? take_body(r, data, n) : take_whole(h, r);
}

static void
on_completed(
    void *ctx, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode how)
{
	struct http *h = ctx;
	struct request *r = *context;

	if (r == NULL)
		return;
	r->connection->request = NULL;
	http_set_deadline(r->connection, IDLE_TIME);
	h->owner.on_gone(h->owner.ctx, r);
	request_free(r);
	*context = NULL;
}

/* libmicrohttpd speaks of clients' mistakes: worth a line only when asked for. */
static void
on_complaint(void *ctx, const char *fmt, va_list ap)
{
	struct http *h = ctx;
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	log_debug("%s listener: %s", h->name, text);
}

/* -- life -------------------------------------------------------------------- */

static void
on_ready(void *ctx, int fd, unsigned ready)
{
	http_run(ctx);
}

static void
on_again(void *ctx)
{
	http_run(ctx);
}

void
http_run(struct http *h)
{
	for (int i = 0; i < RUNS_MAX; i++) {
		MHD_UNSIGNED_LONG_LONG wait;

		MHD_run(h->mhd);
		if (MHD_get_timeout(h->mhd, &wait) != MHD_YES || wait != 0)
			return;
	}
	if (!h->closing)
		loop_after(h->loop, SPAN_MS(0), on_again, h);
}

unsigned
http_connections(const struct http *h)
{
	return h->n_connections;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Undo percent-encoding in place, but leave "%00" as it stands: a path ends at a
 * NUL for everybody who reads it as a C string, and so names something else.
 */
static size_t
unescape(void *ctx, struct MHD_Connection *c, char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0';) {
		int high = from[0] == '%' ? hex_digit(from[1]) : -1;
		int low = high < 0 ? -1 : hex_digit(from[2]);

		if (low >= 0 && high + low > 0) {
			*to++ = (char)(high << 4 | low);
			from += 3;
		} else
			*to++ = *from++;
	}
	*to = '\0';
	return (size_t)(to - text);
}

static int
start_daemon(struct http *h, const struct http_options *o, struct err *e)
{
	struct MHD_OptionItem tls[] = {
	    {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES},
	    {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(intptr_t)tls_retrieve_certificate()},
	    {o->trust.len > 0 ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, h->trust},
	    {MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
			 (o->tls ? MHD_USE_TLS : 0);
	const union MHD_DaemonInfo *info;

	h->mhd = MHD_start_daemon(flags, 0, NULL, NULL, on_request, h,
	    MHD_OPTION_EXTERNAL_LOGGER, on_complaint, h, MHD_OPTION_UNESCAPE_CALLBACK, unescape,
	    NULL, MHD_OPTION_LISTEN_SOCKET, o->listener, MHD_OPTION_CONNECTION_LIMIT,
	    o->connections_max, MHD_OPTION_PER_IP_CONNECTION_LIMIT, o->per_address_max,
	    MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)CONNECTION_MEMORY, MHD_OPTION_NOTIFY_CONNECTION, on_connection, h,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, h, MHD_OPTION_STRICT_FOR_CLIENT, 1,
	    MHD_OPTION_ARRAY, o->tls ? tls : none, MHD_OPTION_END);
	if (h->mhd == NULL)
		return err_set(e, "starting the %s listener: libmicrohttpd refused", o->name);
	info = MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL || info->epoll_fd < 0)
		return err_set(e, "starting the %s listener: no epoll descriptor", o->name);
	h->epoll = info->epoll_fd;
	return 0;
}

int
http_open(struct http **out, struct loop *loop, const struct http_options *o, struct err *e)
{
	struct http *h = calloc(1, sizeof(*h));
	int rc = -1;

	if (h == NULL || o->trust.len >= sizeof(h->trust)) {
		err_set(e, "starting the %s listener: out of memory", o->name);
		goto out;
	}
	h->name = o->name;
	h->loop = loop;
	h->tls = o->tls;
	h->owner = o->owner;
	h->epoll = -1;
	if (o->trust.len > 0)
		memcpy(h->trust, o->trust.ptr, o->trust.len);
	/* Only now that there is somebody to answer may others connect. */
	if (listen(o->listener, BACKLOG) != 0) {
		err_errno(e, errno, "listening for the %s listener", o->name);
		goto out;
	}
	if (start_daemon(h, o, e) != 0 ||
	    loop_watch(loop, h->epoll, LOOP_READ, on_ready, h, e) != 0)
		goto out;
	if ((h->sweep = loop_every(loop, SPAN_SECONDS(1), on_sweep, h)) == NULL) {
		err_set(e, "out of memory");
		goto out;
	}
	*out = h;
	h = NULL;
	rc = 0;
out:
	if (h != NULL && h->mhd == NULL)
		close(o->listener);
	http_close(h);
	return rc;
}

void
http_close(struct http *h)
{
	if (h == NULL)
		return;
	h->closing = true;
	loop_timer_cancel(h->loop, h->sweep);
	if (h->epoll >= 0)
		loop_unwatch(h->loop, h->epoll);
	/* libmicrohttpd insists that nobody sleeps when it stops. */
	for (struct http_connection *c = h->connections; c != NULL; c = c->next)
		if (c->request != NULL)
			request_wake(c->request);
	if (h->mhd != NULL)
		MHD_stop_daemon(h->mhd);
	free(h);
}
