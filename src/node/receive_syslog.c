/* receive_syslog.c - see receive_syslog.h. */
#define _GNU_SOURCE /* accept4, recvmmsg */
#include "node/receive_syslog.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/frame.h"
#include "node/sockets.h"
#include "sys/log.h"

#define CONNECTIONS_MAX 256 /* of one source */
#define DATAGRAMS	32  /* read by one call */
#define DATAGRAM_MAX	(64 * 1024)
#define READ_MAX	(64 * 1024)
#define TURN_READS	16 /* reads from one connection before others get their turn */

struct connection {
	struct syslog *owner;
	struct connection *next, **link;
	int fd;
	struct tls_stream *tls; /* NULL: plain TCP */
	enum frame_method method;
	struct buf waiting; /* bytes that are no whole record yet */
	bool watched;
};

struct syslog {
	struct loop *loop;
	struct syslog_options o;
	int udp, tcp, tls; /* -1: none */
	bool held;	   /* by the owner */
	bool paused;	   /* nothing is watched: held, or no room */
	bool told_crowded;
	uint32_t lost; /* the kernel's count of datagrams it had no room for */
	struct connection *connections;
	unsigned n_connections;
	uint8_t *datagrams;
};

static void on_connection_ready(void *ctx, int fd, unsigned ready);

static void
connection_close(struct connection *c)
{
	struct syslog *s = c->owner;
	struct slice rest = buf_slice(&c->waiting), record;

	if (frame_cut_rest(c->method, &rest, &record))
		intake_add(s->o.intake, record);
	loop_unwatch(s->loop, c->fd);
	tls_stream_free(c->tls);
	close(c->fd);
	buf_release(&c->waiting);
	*c->link = c->next;
	if (c->next != NULL)
		c->next->link = c->link;
	s->n_connections--;
	free(c);
}

static void
watch_connection(struct connection *c, unsigned want)
{
	if (loop_watch(c->owner->loop, c->fd, want, on_connection_ready, c, NULL) != 0)
		connection_close(c);
}

/* --- the records of a connection --- */

/* False: not syslog; hang up. */
static bool
take_records(struct connection *c)
{
	struct slice in = buf_slice(&c->waiting), record;
	enum frame_status st = FRAME_OK;

	while (intake_has_room(c->owner->o.intake) &&
	       (st = frame_cut_record(&c->method, &in, &record)) == FRAME_OK)
		intake_add(c->owner->o.intake, record);
	memmove(c->waiting.ptr, in.ptr, in.len);
	c->waiting.len = in.len;
	return st != FRAME_BAD;
}

static enum tls_status
read_plain(struct connection *c, void *buf, size_t len, size_t *got)
{
	ssize_t n = recv(c->fd, buf, len, 0);

	if (n > 0) {
		*got = (size_t)n;
		return TLS_BYTES;
	}
	if (n == 0)
		return TLS_END;
	return errno == EAGAIN || errno == EINTR ? TLS_WAIT : TLS_BROKEN;
}

static enum tls_status
read_some(struct connection *c)
{
	size_t space = c->waiting.max - c->waiting.len, got = 0;
	uint8_t *room = buf_room(&c->waiting, space < READ_MAX ? space : READ_MAX);
	enum tls_status st;

	if (room == NULL || space == 0)
		return TLS_BROKEN; /* a record that can't be: frame.h says BAD before this */
	if (space > READ_MAX)
		space = READ_MAX;
	st = c->tls != NULL ? tls_stream_read(c->tls, room, space, &got)
			    : read_plain(c, room, space, &got);
	if (st == TLS_BYTES)
		buf_added(&c->waiting, got);
	return st;
}

static void
pause_all(struct syslog *s)
{
	struct connection *next;

	if (s->paused)
		return;
	s->paused = true;
	for (struct connection *c = s->connections; c != NULL; c = next) {
		next = c->next;
		loop_unwatch(s->loop, c->fd);
	}
	if (s->udp >= 0)
		loop_unwatch(s->loop, s->udp);
}

static void
on_connection_ready(void *ctx, int fd, unsigned ready)
{
	struct connection *c = ctx;
	struct syslog *s = c->owner;
	enum tls_status st = TLS_BYTES;

	for (int i = 0; i < TURN_READS && st == TLS_BYTES && intake_has_room(s->o.intake);
	     i++) {
		st = read_some(c);
		if (st == TLS_BYTES && !take_records(c)) {
			log_warning("syslog for source \"%.*s\": a sender's bytes are no "
				    "syslog frames; "
				    "hung up",
			    SLICE_ARG(s->o.cfg->name));
			st = TLS_BROKEN;
		}
	}
	if (intake_waiting(s->o.intake) > 0)
		s->o.on_lines(s->o.ctx);
	if (st == TLS_END || st == TLS_BROKEN) {
		connection_close(c);
		s->o.on_lines(s->o.ctx);
	} else if (!intake_has_room(s->o.intake))
		pause_all(s);
	else
		watch_connection(c, st == TLS_WAIT_WRITE ? LOOP_WRITE : LOOP_READ);
}

static void
on_accept(void *ctx, int fd, unsigned ready)
{
	struct syslog *s = ctx;
	int got = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct connection *c;

	if (got < 0)
		return;
	if (s->n_connections == CONNECTIONS_MAX || (c = calloc(1, sizeof(*c))) == NULL) {
		if (!s->told_crowded)
			log_warning("syslog for source \"%.*s\": more than %d connections; new "
				    "ones are "
				    "closed",
			    SLICE_ARG(s->o.cfg->name), CONNECTIONS_MAX);
		s->told_crowded = true;
		close(got);
		return;
	}
	c->owner = s;
	c->fd = got;
	c->waiting = BUF_INIT(FRAME_BYTES_MAX);
	c->link = &s->connections;
	if ((c->next = s->connections) != NULL)
		c->next->link = &c->next;
	s->connections = c;
	s->n_connections++;
	if (fd == s->tls && (c->tls = tls_stream_new(s->o.tls, got)) == NULL)
		connection_close(c);
	else if (!s->paused)
		watch_connection(c, LOOP_READ);
}

/* --- datagrams --- */

/* The kernel says with each datagram how many it dropped so far. */
static void
note_lost(struct syslog *s, struct msghdr *m)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h != NULL; h = CMSG_NXTHDR(m, h)) {
		uint32_t total;

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&total, CMSG_DATA(h), sizeof(total));
		if (total != s->lost) {
			s->o.intake->source->refused_lines += total - s->lost;
			log_warning("syslog for source \"%.*s\": %u UDP messages were lost, "
				    "there was no "
				    "room for them",
			    SLICE_ARG(s->o.cfg->name), total - s->lost);
		}
		s->lost = total;
	}
}

static void
on_datagrams(void *ctx, int fd, unsigned ready)
{
	struct syslog *s = ctx;
	struct mmsghdr messages[DATAGRAMS] = {0};
	struct iovec parts[DATAGRAMS];
	uint8_t control[DATAGRAMS][CMSG_SPACE(sizeof(uint32_t))];
	int n;

	for (int i = 0; i < DATAGRAMS; i++) {
		parts[i] =
		    (struct iovec){s->datagrams + (size_t)i * DATAGRAM_MAX, DATAGRAM_MAX};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i],
		    .msg_iovlen = 1,
		    .msg_control = control[i],
		    .msg_controllen = sizeof(control[i])};
	}
	n = recvmmsg(fd, messages, DATAGRAMS, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		struct slice record = slice_of(parts[i].iov_base, messages[i].msg_len);

		note_lost(s, &messages[i].msg_hdr);
		while (record.len > 0 && record.ptr[record.len - 1] == '\0')
			record.len--;
		if (!intake_add(s->o.intake, record))
			s->o.intake->source->refused_lines++;
	}
	if (n > 0)
		s->o.on_lines(s->o.ctx);
	if (!intake_has_room(s->o.intake))
		pause_all(s);
}

/* --- life --- */

void
syslog_resume(struct syslog *s)
{
	struct connection *next;

	if (s->held || !s->paused || !intake_has_room(s->o.intake))
		return;
	s->paused = false;
	if (s->udp >= 0)
		loop_watch(s->loop, s->udp, LOOP_READ, on_datagrams, s, NULL);
	for (struct connection *c = s->connections; c != NULL && !s->paused; c = next) {
		next = c->next;
		on_connection_ready(
		    c, c->fd, LOOP_READ); /* TLS may hold bytes that the socket does not show */
	}
}

void
syslog_hold(struct syslog *s, bool hold)
{
	s->held = hold;
	if (hold)
		pause_all(s);
	else
		syslog_resume(s);
}

static int
listen_on(struct syslog *s, const char *address, bool stream, loop_on_ready *fn, int *out,
    struct err *e)
{
	if (address == NULL)
		return 0;
	if ((*out = socket_listen(address, stream, e)) < 0)
		return -1;
	return loop_watch(s->loop, *out, LOOP_READ, fn, s, e);
}

int
syslog_open(struct syslog **out, struct loop *l, const struct syslog_options *o, struct err *e)
{
	struct syslog *s = calloc(1, sizeof(*s));
	int rc = -1;

	if (s == NULL)
		return err_errno(e, ENOMEM, "receiving syslog");
	s->loop = l;
	s->o = *o;
	s->udp = s->tcp = s->tls = -1;
	if (o->cfg->udp != NULL && (s->datagrams = malloc(DATAGRAMS * DATAGRAM_MAX)) == NULL) {
		err_errno(e, ENOMEM, "receiving syslog");
		goto out;
	}
	if (listen_on(s, o->cfg->udp, false, on_datagrams, &s->udp, e) != 0 ||
	    listen_on(s, o->cfg->tcp, true, on_accept, &s->tcp, e) != 0 ||
	    listen_on(s, o->cfg->tls, true, on_accept, &s->tls, e) != 0)
		goto out;
	*out = s;
	s = NULL;
	rc = 0;
out:
	if (rc != 0)
		err_wrap(e, "%.*s:%u: source \"%.*s\"", SLICE_ARG(o->cfg->file), o->cfg->line,
		    SLICE_ARG(o->cfg->name));
	syslog_close(s);
	return rc;
}

static void
close_listener(struct syslog *s, int fd)
{
	if (fd < 0)
		return;
	loop_unwatch(s->loop, fd);
	close(fd);
}

void
syslog_close(struct syslog *s)
{
	if (s == NULL)
		return;
	close_listener(s, s->udp);
	close_listener(s, s->tcp);
	close_listener(s, s->tls);
	while (s->connections != NULL)
		connection_close(s->connections);
	free(s->datagrams);
	free(s);
}
