/*
 * node.h - the hospital's side: sources into the spool, the spool to the center.
 *
 *	files ─ tail ──────┐
 *	syslog ─ intake ───┼─ one transaction ─ spool ─ forward ─ center
 *	_bulk ─ intake ────┘
 */
#ifndef HINOMI_NODE_NODE_H
#define HINOMI_NODE_NODE_H

#include "node/config.h"

/* Run until SIGTERM or SIGINT.  0, or -1 and why it could not start. */
int node_run(
    const struct node_config *cfg, const char *data_dir, const char *version, struct err *e);

/*
 * Redeem a token printed by the center: "<secret>.<fingerprint of its CA>".  The
 * CA is checked against the fingerprint before the secret is sent to anybody.
 * Fails where this node is enrolled already.
 */
int node_enroll(const char *data_dir, const char *center, const char *token, const char *proxy,
    const char *version, struct err *e);

#endif
