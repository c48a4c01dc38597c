/*
 * config.h - the settings and sources of a node: one YAML file.
 *
 * Rows in settings.def; `sources` is a list, each an entry like
 *
 *	- name: proxy
 *	  path: /var/log/squid/access.log
 *
 * Read whole and checked before anything is used: a bad file changes nothing,
 * and the error names file and line.
 */
#ifndef HINOMI_NODE_CONFIG_H
#define HINOMI_NODE_CONFIG_H

#include "node/source.h"
#include "text/settings.h"

#define NODE_SOURCES_MAX 200

struct node_sources {
	struct source_config *at;
	size_t n;
};

struct node_config {
	struct arena *mem; /* owns all below */
	struct slice center, proxy;
	int64_t connections;
	struct span timeout;
	int64_t spool_limit;
	int spool_full; /* 1: keep-newest */
	struct slice syslog_certificate, syslog_key;
	struct slice bulk_user, bulk_password_file;
	int log_level; /* enum log_level */
	struct node_sources sources;
};

extern const struct setting node_settings[];

/* `file` is for messages.  -1 with "FILE:LINE: ...", and *out is untouched. */
int node_config_parse(
    struct node_config *out, const char *file, struct slice text, struct err *e);
int node_config_read(struct node_config *out, const char *file, struct err *e);
void node_config_release(struct node_config *c); /* the zero config is welcome */

#endif
