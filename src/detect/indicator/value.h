/*
 * value.h - what one piece of text from a list stands for.
 *
 * Reads defanged forms too ("hxxp://bad[.]example").  Pure.
 */
#ifndef HINOMI_DETECT_INDICATOR_VALUE_H
#define HINOMI_DETECT_INDICATOR_VALUE_H

#include "base/ip.h"
#include "detect/finding.h"
#include "detect/indicator/host.h"
#include "detect/indicator/indicator.h"
#include "detect/indicator/url.h"

enum refusal {
	REFUSED_NOT, /* it is an indicator */
#define REFUSED(id, en, ja) REFUSED_##id,
#include "detect/indicator/refusals.def"
#undef REFUSED
};

struct text2 refusal_text(enum refusal r);

/* What the text must be: a kind, or any. */
#define VALUE_ANY INDICATOR_KIND_COUNT

#define VALUE_TEXT_MAX 4096 /* bytes of a row's value, before it is made normal */

/* Which rows count. */
struct value_rules {
	bool private_addresses;
	bool allow; /* for an allow-list: no network is too wide, public suffixes are taken */
};

struct value {
	enum indicator_kind kind;
	bool exact;		 /* a domain without what is below it */
	struct slice text;	 /* DOMAIN, URL, JA4: the normal form; lives in this struct */
	struct ip_prefix prefix; /* IP */
	uint16_t port;		 /* IP: only with this port; 0: any */
	uint8_t digest[32];	 /* HASH, JA3 */
	uint8_t digest_len;
	struct url url; /* scratch */
	char host[HOST_MAX + 1];
	char plain[VALUE_TEXT_MAX];
};

/* Read one value; anything but REFUSED_NOT says why it is no indicator. */
enum refusal value_read(struct slice text, enum indicator_kind want,
    const struct value_rules *rules, struct value *v);

#endif
