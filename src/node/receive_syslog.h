/*
 * receive_syslog.h - syslog over UDP, TCP and TLS (RFC 5426, 6587, 5425), each
 * listener for one source.
 *
 * A message becomes one line, header and all; its codec looks inside.  TCP and
 * TLS senders are held back while there is no room; what UDP brings then is lost
 * and counted.  There is no acknowledgement in syslog, so what was received in
 * the last moment before a crash is lost.
 */
#ifndef HINOMI_NODE_RECEIVE_SYSLOG_H
#define HINOMI_NODE_RECEIVE_SYSLOG_H

#include "node/intake.h"
#include "pki/stream.h"
#include "sys/loop.h"

struct syslog;

struct syslog_options {
	struct intake *intake;
	const struct source_config *cfg; /* its udp, tcp and tls */
	const struct tls_server *tls;	 /* needed where cfg->tls is set; borrowed */
	void (*on_lines)(void *ctx);	 /* something waits in the intake */
	void *ctx;
};

int syslog_open(
    struct syslog **out, struct loop *l, const struct syslog_options *o, struct err *e);
void syslog_close(struct syslog *s); /* NULL is welcome */

/* Held back (or let go on) because the spool takes nothing. */
void syslog_hold(struct syslog *s, bool hold);

/* After a commit there may be room again. */
void syslog_resume(struct syslog *s);

#endif
