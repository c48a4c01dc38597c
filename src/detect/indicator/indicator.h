/*
 * indicator.h - domains, addresses, URLs, hashes and fingerprints known to be bad.
 *
 * An indicator_set is built once and then immutable.  Millions of rows: a
 * look-up costs about one cache miss, a row some tens of bytes.  Allow-lists win
 * over everything.
 */
#ifndef HINOMI_DETECT_INDICATOR_INDICATOR_H
#define HINOMI_DETECT_INDICATOR_INDICATOR_H

#include "base/err.h"
#include "detect/finding.h"

struct indicator_loader;
struct indicator_set;

enum indicator_kind {
	INDICATOR_DOMAIN, /* it and everything below it */
	INDICATOR_IP,	  /* an address or a CIDR prefix, IPv4 or IPv6 */
	INDICATOR_URL,	  /* without scheme; matches itself and what continues it */
	INDICATOR_HASH,	  /* MD5, SHA-1 or SHA-256, by length */
	INDICATOR_JA3,
	INDICATOR_JA4,
	INDICATOR_KIND_COUNT,
};

/* What one file gave, for people and for counters. */
struct indicator_report {
	struct slice file;
	const char
	    *format;	/* "list", "csv", "misp-warninglist", "misp-event", "stix", "json" */
	size_t rows;	/* indicators taken */
	size_t refused; /* rows that are none */
	unsigned line;	/* of the first refused row; in JSON its place in the list, from 1 */
	struct text2 reason; /* why that one was refused: static text; empty if none */
};

/* For the files added from now on; the zero value is the default. */
struct indicator_settings {
	bool private_addresses; /* take private, loopback and reserved addresses too */
	bool leveled; /* findings get `level`, whatever the kind of indicator suggests */
	enum level level;
};

/* NULL when memory is out.  `seed` is random: it keeps hostile lists from choosing collisions.
 */
struct indicator_loader *indicator_loader_new(uint64_t seed);
void indicator_loader_free(struct indicator_loader *l);
void indicator_loader_configure(struct indicator_loader *l, const struct indicator_settings *s);

/*
 * A file of indicators: plain list, CSV, MISP-warninglist-style JSON or STIX 2.1
 * bundle, recognised by looking.  Bytes are read, not kept.  A row that is no
 * indicator (a public suffix such as "co.jp", a private address, a word) is
 * refused and counted; -1 where the file as a whole cannot be read.
 */
int indicator_add(struct indicator_loader *l, struct slice name, struct slice bytes,
    struct indicator_report *report, struct err *e);

/* The same forms, for an allow-list: what it covers never matches. */
int indicator_add_allow(struct indicator_loader *l, struct slice name, struct slice bytes,
    struct indicator_report *report, struct err *e);

/* Build the set; the loader is empty afterwards and may be freed.  Fails as a whole or not at
 * all. */
int indicator_compile(struct indicator_loader *l, struct indicator_set **out, struct err *e);
void indicator_set_free(struct indicator_set *s);
size_t indicator_count(const struct indicator_set *s);

/* Per-thread scratch: a cache of recently seen hosts.  NULL without memory. */
struct indicator_run;
struct indicator_run *indicator_run_new(const struct indicator_set *s);
void indicator_run_free(struct indicator_run *r);

/*
 * Look up everything this event names; findings are added to out.  Their
 * rule_info is made on the first hit and lives as long as the set.
 */
void indicator_run_see(
    struct indicator_run *r, const struct event *ev, uint64_t offset, struct findings *out);

#endif
