/*
 * table.h - the indicators of a set, packed, and the ways to find one.
 *
 * Entries lie one after the other in a pool of bytes:
 *
 *	kind and flags (1) | origin (1 to 5) | length (1 to 2) | key
 *
 * and an index (index.h) leads from a key's hash to its place.  A host is walked
 * from its last two labels on, and every listed host, be it a domain or a URL's,
 * leaves a slot at each level of that walk: so for most hosts one look at the
 * registrable domain says that neither it, nor anything below it, nor a URL on
 * it is listed.  With 10 million rows an index slot takes 8 bytes, an entry's
 * header 3 to 5.  Pure.
 */
#ifndef HINOMI_DETECT_INDICATOR_TABLE_H
#define HINOMI_DETECT_INDICATOR_TABLE_H

#include "base/instant.h"
#include "detect/indicator/index.h"
#include "detect/indicator/value.h"

/* Where rows come from: a list, or one object of a bundle.  Texts live in the loader's arena.
 */
struct origin {
	struct slice list;	 /* what the list is called */
	struct slice name;	 /* what the indicator or its report is called; may be absent */
	struct slice note;	 /* what the list says about it; may be absent */
	struct slice references; /* one URL a line; may be absent */
	struct instant from;	 /* in force for events from here on ... */
	struct instant until;	 /* ... and before there */
	bool graded;		 /* level and severity are said, not the kind's own */
	uint8_t severity;
	enum level level;
};

struct entry {
	enum indicator_kind kind;
	bool exact;
	bool with_port; /* IP: the key is an address and a port, not a prefix */
	uint32_t origin;
	struct slice key;
};

#define TABLE_NONE UINT32_MAX

struct table {
	uint64_t seed;
	uint8_t *pool;
	size_t pool_len, pool_cap;
	size_t rows;	/* entries in the pool */
	size_t urls;	/* of them */
	size_t dropped; /* the same key in force at too many different times */
	struct index index;
	uint64_t prefixes4;    /* bit n: there are IPv4 prefixes of n bits */
	uint64_t prefixes6[3]; /* the same for IPv6, n up to 128 */
	struct origin *origins;
	size_t n_origins, cap_origins;
};

void table_init(struct table *t, uint64_t seed);
void table_release(struct table *t);

/* A new origin; -1 without memory. */
int table_add_origin(struct table *t, const struct origin *o, uint32_t *out, struct err *e);

/* Append a row.  -1 without memory or beyond 4 GiB of rows. */
int table_add(struct table *t, const struct value *v, uint32_t origin, struct err *e);

/* Make what was added findable; the same row twice stays once, with its graver origin. */
int table_build(struct table *t, struct err *e);

struct entry table_entry(const struct table *t, uint32_t place);

/* The entry's value as people write it, in buf (URL_MAX + IP_TEXT_MAX is enough). */
#define ENTRY_TEXT_MAX (URL_MAX + 64)
size_t entry_text(const struct entry *en, char buf[ENTRY_TEXT_MAX]);

/* 0 to 100: what its origin says, or its kind's own. */
unsigned table_severity(const struct table *t, const struct entry *en);
enum level table_level(const struct table *t, const struct entry *en);

/* What a look-up gives. */
struct table_answer {
	uint32_t place; /* the most specific entry in force at that time, or TABLE_NONE */
	bool urls;	/* of a host: URLs on that very host are listed */
	bool listed;	/* something is listed there, in force at that time or not */
};

/*
 * A host is folded (host.h).  Of an address as a host ("192.0.2.1") this only
 * says whether URLs on it are listed: table_find_ip() says the rest.
 */
struct table_answer table_find_host(
    const struct table *t, struct slice host, bool address, struct instant at);
struct table_answer table_find_url(
    const struct table *t, const struct url *u, struct instant at);
/* port 0: the event does not say, then entries with any port count. */
struct table_answer table_find_ip(
    const struct table *t, const struct ip *ip, unsigned port, struct instant at);
/* A digest (HASH, JA3) or a text (JA4). */
struct table_answer table_find_exact(
    const struct table *t, enum indicator_kind kind, struct slice key, struct instant at);

#endif
