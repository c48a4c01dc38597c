/*
 * key.h - how an entry of a table is packed, and under which hashes it is found.
 *
 * For table.c, which puts entries in, and table_find.c, which looks them up: both
 * must walk hosts and URLs in the same way.
 */
#ifndef HINOMI_DETECT_INDICATOR_KEY_H
#define HINOMI_DETECT_INDICATOR_KEY_H

#include "base/hash.h"
#include "detect/indicator/table.h"

#define KIND_BITS      0x0f
#define FLAG_EXACT     0x10
#define FLAG_WITH_PORT 0x20

static inline uint32_t
get_number(const uint8_t **p)
{
	uint32_t v = 0;

	for (unsigned shift = 0;; shift += 7) {
		uint8_t c = *(*p)++;

		v |= (uint32_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return v;
	}
}

/* The entry at p; *p moves behind it. */
static inline struct entry
read_entry(const uint8_t **p)
{
	struct entry en;
	uint8_t head = *(*p)++;
	size_t len;

	en.kind = (enum indicator_kind)(head & KIND_BITS);
	en.exact = head & FLAG_EXACT;
	en.with_port = head & FLAG_WITH_PORT;
	en.origin = get_number(p);
	len = get_number(p);
	en.key = slice_of(*p, len);
	*p += len;
	return en;
}

/*
 * Hosts are hashed from the right: the last two labels first, then one label at
 * a time.  Each listed name leaves a slot at every such level below it, so a
 * look-up that meets a level without slots knows that nothing is listed beyond:
 * for most hosts that is the first one, of the registrable domain.
 */
struct host_walk {
	struct slice host;
	size_t at; /* where this level's name starts */
	uint64_t hash;
};

/* Where the label before `end` starts. */
static inline size_t
label_start(struct slice host, size_t end)
{
	while (end > 0 && host.ptr[end - 1] != '.')
		end--;
	return end;
}

/* False for a single label. */
static inline bool
walk_start(struct host_walk *w, const struct table *t, struct slice host)
{
	size_t tld = label_start(host, host.len);

	if (tld == 0)
		return false;
	w->host = host;
	w->at = label_start(host, tld - 1);
	w->hash = hash_bytes(slice_from(host, w->at), t->seed);
	return true;
}

static inline bool
walk_deeper(struct host_walk *w)
{
	size_t end = w->at;

	if (end == 0)
		return false;
	w->at = label_start(w->host, end - 1);
	w->hash = hash_bytes(slice_of(w->host.ptr + w->at, end - 1 - w->at), w->hash);
	return true;
}

static inline struct slice
walk_name(const struct host_walk *w)
{
	return slice_from(w->host, w->at);
}

/* The hash of a whole host; of an address, which has no levels. */
static inline uint64_t
host_hash(const struct table *t, struct slice host)
{
	struct host_walk w;

	if (!walk_start(&w, t, host))
		return hash_bytes(host, t->seed);
	while (walk_deeper(&w))
		;
	return w.hash;
}

static inline bool
is_address(struct slice url_host)
{
	uint8_t last = url_host.ptr[url_host.len - 1];

	return last == ']' || (last >= '0' && last <= '9');
}

static inline uint64_t
kind_hash(const struct table *t, enum indicator_kind kind, struct slice key)
{
	return hash_bytes(key, t->seed + 1 + (uint64_t)kind);
}

/*
 * URLs are hashed piece by piece, a piece ending at each cut after the host, so
 * that one pass over an event's URL gives the hash of every prefix that may be listed.
 */
struct url_walk {
	struct slice text;
	size_t done;
	uint64_t hash;
};

static inline struct url_walk
walk_over(const struct table *t, struct slice text)
{
	return (struct url_walk){.text = text, .hash = t->seed + 1 + INDICATOR_URL};
}

/* Go on to the next cut at or after `from`, or to the end. */
static inline void
walk_on(struct url_walk *w)
{
	size_t to = w->done + 1;

	while (to < w->text.len && !url_is_cut(w->text, to))
		to++;
	w->hash = hash_bytes(slice_of(w->text.ptr + w->done, to - w->done), w->hash);
	w->done = to;
}

static inline uint64_t
url_hash(const struct table *t, struct slice text)
{
	struct url_walk w = walk_over(t, text);

	while (w.done < text.len)
		walk_on(&w);
	return w.hash;
}

/* The host of a URL in normal form, as it stands in its text. */
static inline struct slice
url_host(struct slice text)
{
	size_t n = 0;

	if (text.len > 0 && text.ptr[0] == '[')
		n = slice_find(text, ']') + 1;
	while (n < text.len && text.ptr[n] != '/' && text.ptr[n] != '?' && text.ptr[n] != ':')
		n++;
	return slice_first(text, n);
}

/* A prefix as the bits that count, in numbers where they fit. */
static inline uint64_t
prefix_hash(const struct table *t, const struct ip *masked, unsigned bits)
{
	const uint8_t *b = masked->bytes;
	uint64_t v = (uint64_t)b[0] << 32 | (uint64_t)b[1] << 24 | (uint64_t)b[2] << 16 |
		     (uint64_t)b[3] << 8 | bits;

	if (masked->len == 4)
		return hash_u64(t->seed + v * 0x9e3779b97f4a7c15u);
	return hash_bytes(slice_of(b, 16), t->seed + 1 + bits);
}

/* The address in the key of an IP entry. */
static inline struct ip
entry_ip(const struct entry *en)
{
	struct ip ip = {.len = (uint8_t)(en->key.len - (en->with_port ? 2 : 1))};

	memcpy(ip.bytes, en->key.ptr + (en->with_port ? 0 : 1), ip.len);
	return ip;
}

/* An entry with a port is found under its address alone. */
static inline unsigned
entry_bits(const struct entry *en)
{
	return en->with_port ? (unsigned)(en->key.len - 2) * 8 : en->key.ptr[0];
}

static inline uint64_t
entry_hash(const struct table *t, const struct entry *en)
{
	struct ip ip;

	switch (en->kind) {
	case INDICATOR_DOMAIN:
		return host_hash(t, en->key);
	case INDICATOR_URL:
		return url_hash(t, en->key);
	case INDICATOR_IP:
		ip = entry_ip(en);
		return prefix_hash(t, &ip, entry_bits(en));
	case INDICATOR_HASH:
	case INDICATOR_JA3:
	case INDICATOR_JA4:
	case INDICATOR_KIND_COUNT:
		break;
	}
	return kind_hash(t, en->kind, en->key);
}

/* The host that an entry is about; absent where it is about none. */
static inline struct slice
entry_host(const struct entry *en)
{
	if (en->kind == INDICATOR_DOMAIN)
		return en->key;
	return en->kind == INDICATOR_URL ? url_host(en->key) : (struct slice){0};
}

/* Is `host` this name or below it? */
static inline bool
is_within(struct slice host, struct slice name)
{
	return slice_ends(host, name) &&
	       (host.len == name.len || host.ptr[host.len - name.len - 1] == '.');
}

#endif
