/* value.c - see value.h. */
#include "detect/indicator/value.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "detect/indicator/suffix.h"

struct text2
refusal_text(enum refusal r)
{
	static const struct text2 texts[] = {
	    [REFUSED_NOT] = {{0}, {0}},
#define REFUSED(id, english, japanese)                                                         \
	[REFUSED_##id] = {SLICE_LITERAL(english), SLICE_LITERAL(japanese)},
#include "detect/indicator/refusals.def"
#undef REFUSED
	};

	return texts[r];
}

/* Addresses that would match a hospital's own network, or nothing at all. */
static const struct ip_prefix reserved[] = {
    {{4, {0}}, 8},	      /* this network (RFC 791) */
    {{4, {10}}, 8},	      /* private (RFC 1918) */
    {{4, {100, 64}}, 10},     /* carrier-grade NAT (RFC 6598) */
    {{4, {127}}, 8},	      /* loopback */
    {{4, {169, 254}}, 16},    /* link-local */
    {{4, {172, 16}}, 12},     /* private */
    {{4, {192, 168}}, 16},    /* private */
    {{4, {224}}, 4},	      /* multicast */
    {{4, {240}}, 4},	      /* reserved, broadcast */
    {{16, {0}}, 127},	      /* unspecified, loopback */
    {{16, {0xfc}}, 7},	      /* unique local (RFC 4193) */
    {{16, {0xfe, 0x80}}, 10}, /* link-local */
    {{16, {0xff}}, 8},	      /* multicast */
};

static bool
is_reserved(const struct ip_prefix *p)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (ip_prefix_covers(&reserved[i], &p->ip) ||
		    ip_prefix_covers(p, &reserved[i].ip))
			return true;
	return false;
}

/* Endings that lists of host names and lists of files both have, and no top-level domain is
 * called; sorted. */
static const char *const file_endings[] = {"7z", "apk", "asp", "aspx", "bat", "bin", "bmp",
    "cfg", "class", "conf", "css", "csv", "dat", "db", "dll", "dmg", "doc", "docm", "docx",
    "dotm", "elf", "exe", "gif", "gz", "hta", "htm", "html", "ico", "img", "ini", "iso", "jar",
    "jpeg", "jpg", "js", "jse", "json", "jsp", "lnk", "log", "msi", "ocx", "pdf", "php", "png",
    "ppt", "pptx", "ps1", "rar", "rtf", "scr", "swf", "sys", "tar", "tmp", "txt", "vbe", "vbs",
    "vhd", "wsf", "xls", "xlsb", "xlsm", "xlsx", "xml", "yaml", "yml"};

static int
compare_ending(const void *key, const void *row)
{
	return slice_compare(*(const struct slice *)key, slice_str(*(const char *const *)row));
}

static bool
is_file_ending(struct slice label)
{
	return bsearch(&label, file_endings, sizeof(file_endings) / sizeof(file_endings[0]),
		   sizeof(file_endings[0]), compare_ending) != NULL;
}

/* A top-level domain is alphabetic or international (RFC 3696, 2). */
static bool
is_tld(struct slice label)
{
	if (slice_starts(label, SLICE("xn--")))
		return true;
	for (size_t i = 0; i < label.len; i++)
		if (label.ptr[i] < 'a' || label.ptr[i] > 'z')
			return false;
	return label.len >= 2;
}

static enum refusal
check_host(struct slice host, bool exact, const struct value_rules *rules)
{
	struct slice rest = host, label = host;
	unsigned labels = 0;

	while (slice_cut(&rest, '.', &label))
		labels++;
	if (slice_is(label, "localhost") || slice_is(label, "localdomain"))
		return REFUSED_LOCALHOST;
	if (labels < 2)
		return REFUSED_SINGLE_LABEL;
	if (is_file_ending(label))
		return REFUSED_FILE_NAME;
	if (!is_tld(label))
		return REFUSED_BAD_HOST;
	if (!exact && !rules->allow && suffix_is_public(host))
		return REFUSED_PUBLIC_SUFFIX;
	return REFUSED_NOT;
}

static enum refusal
read_domain(struct slice text, const struct value_rules *rules, struct value *v)
{
	if (slice_starts(text, SLICE("*.")))
		text = slice_from(text, 2);
	else if (slice_starts(text, SLICE(".")))
		text = slice_from(text, 1);
	v->kind = INDICATOR_DOMAIN;
	v->text = host_normalise(text, v->host);
	if (v->text.ptr == NULL)
		return REFUSED_BAD_HOST;
	return check_host(v->text, false, rules);
}

static enum refusal
check_prefix(const struct ip_prefix *p, const struct value_rules *rules)
{
	if (rules->allow)
		return REFUSED_NOT;
	if (p->bits < (p->ip.len == 4 ? 8 : 16))
		return REFUSED_WIDE;
	return !rules->private_addresses && is_reserved(p) ? REFUSED_PRIVATE : REFUSED_NOT;
}

/* A URL; one that is only a host is that host, alone. */
static enum refusal
read_url(struct slice text, const struct value_rules *rules, struct value *v)
{
	enum refusal r;
	struct slice end;

	if (!url_normalise(text, &v->url))
		return REFUSED_BAD_HOST;
	if (v->url.cut)
		return REFUSED_TOO_LONG;
	v->text = v->url.text;
	if (v->text.ptr[v->text.len - 1] == '/')
		v->text.len--;
	end = slice_from(v->text, v->url.host.len);
	if (v->url.ip.len != 0) {
		v->prefix = (struct ip_prefix){v->url.ip, (uint8_t)(v->url.ip.len * 8)};
		r = check_prefix(&v->prefix, rules);
	} else
		r = check_host(v->url.host, true, rules);
	v->kind = INDICATOR_URL;
	if (v->url.ip.len != 0 && (end.len == 0 || slice_find(end, '/') == SIZE_MAX) &&
	    slice_find(end, '?') == SIZE_MAX) {
		v->kind = INDICATOR_IP;
		v->port = v->url.port;
	} else if (end.len == 0) {
		v->kind = INDICATOR_DOMAIN;
		v->exact = true;
	}
	return r;
}

static bool
is_hex(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i] | 0x20;

		if (!((c >= 'a' && c <= 'f') || (s.ptr[i] >= '0' && s.ptr[i] <= '9')))
			return false;
	}
	return s.len > 0;
}

static enum refusal
read_digest(struct slice text, enum indicator_kind want, struct value *v)
{
	static const uint8_t lengths[] = {32, 40, 64};
	size_t i = 0;

	while (i < sizeof(lengths) && lengths[i] != text.len)
		i++;
	if (i == sizeof(lengths))
		return REFUSED_OTHER_HASH;
	v->kind = want == INDICATOR_JA3 && text.len == 32 ? INDICATOR_JA3 : INDICATOR_HASH;
	v->digest_len = (uint8_t)(text.len / 2);
	for (size_t n = 0; n < text.len; n++) {
		uint8_t c = text.ptr[n];
		uint8_t d = (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);

		v->digest[n / 2] = (uint8_t)(n % 2 == 0 ? d << 4 : v->digest[n / 2] | d);
	}
	return REFUSED_NOT;
}

/* "t13d1516h2_8daaf6152771_b186095e22b6": protocol, version, SNI, counts, ALPN; two hashes. */
static bool
is_ja4(struct slice s)
{
	if (s.len != 36 || s.ptr[10] != '_' || s.ptr[23] != '_' ||
	    strchr("tqd", s.ptr[0]) == NULL || (s.ptr[3] != 'd' && s.ptr[3] != 'i'))
		return false;
	for (size_t i = 4; i < 8; i++)
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
	return is_hex(slice_of(s.ptr + 11, 12)) && is_hex(slice_of(s.ptr + 24, 12));
}

/* "192.0.2.1-192.0.2.9" */
static bool
is_range(struct slice s)
{
	size_t dash = slice_find(s, '-');
	struct ip ip;

	return dash != SIZE_MAX && ip_parse(slice_trim(slice_first(s, dash)), &ip) &&
	       ip_parse(slice_trim(slice_from(s, dash + 1)), &ip);
}

/* What a value is, by its look. */
static enum refusal
read_any(
    struct slice s, enum indicator_kind want, const struct value_rules *rules, struct value *v)
{
	if (slice_search(s, SLICE("://")) != SIZE_MAX)
		return read_url(s, rules, v);
	if (is_hex(s) && (s.len == 32 || s.len == 40 || s.len == 64))
		return read_digest(s, want, v);
	if (is_hex(s) && (s.len == 56 || s.len == 96 || s.len == 128))
		return REFUSED_OTHER_HASH;
	if (is_ja4(s)) {
		v->kind = INDICATOR_JA4;
		v->text = s;
		return REFUSED_NOT;
	}
	if (ip_prefix_parse(s, &v->prefix)) {
		v->kind = INDICATOR_IP;
		return check_prefix(&v->prefix, rules);
	}
	if (is_range(s))
		return REFUSED_RANGE;
	if (s.ptr[0] == '/' || s.ptr[0] == '\\')
		return REFUSED_PATH_ONLY;
	if (slice_find(slice_first(s, slice_find(s, '/')), '@') != SIZE_MAX)
		return REFUSED_EMAIL;
	if (slice_find(s, '/') != SIZE_MAX || slice_find(s, '?') != SIZE_MAX ||
	    slice_find(s, ':') != SIZE_MAX)
		return read_url(s, rules, v);
	if (slice_find(s, '.') == SIZE_MAX && utf8_length(s) == 1 && want != INDICATOR_DOMAIN)
		return REFUSED_UNKNOWN;
	return read_domain(s, rules, v);
}

/* Ways to write an address so that nobody follows it by mistake, undone. */
static const struct {
	struct slice from;
	struct slice to;
} refangs[] = {
    {SLICE_LITERAL("[://]"), SLICE_LITERAL("://")},
    {SLICE_LITERAL("[:]"), SLICE_LITERAL(":")},
    {SLICE_LITERAL("[/]"), SLICE_LITERAL("/")},
    {SLICE_LITERAL("[.]"), SLICE_LITERAL(".")},
    {SLICE_LITERAL("(.)"), SLICE_LITERAL(".")},
    {SLICE_LITERAL("{.}"), SLICE_LITERAL(".")},
    {SLICE_LITERAL("[."), SLICE_LITERAL(".")},
    {SLICE_LITERAL("[dot]"), SLICE_LITERAL(".")},
    {SLICE_LITERAL("(dot)"), SLICE_LITERAL(".")},
    {SLICE_LITERAL("{dot}"), SLICE_LITERAL(".")},
    {SLICE_LITERAL("\\."), SLICE_LITERAL(".")},
};

static struct slice
refang(struct slice s, char *out)
{
	size_t n = 0;

	if (slice_starts_nocase(s, SLICE("hxxp")) || slice_starts_nocase(s, SLICE("h**p"))) {
		memcpy(out, "http", 4);
		n = 4;
		s = slice_from(s, 4);
	}
	while (s.len > 0) {
		size_t i = 0, count = sizeof(refangs) / sizeof(refangs[0]);

		while (i < count && !slice_starts_nocase(s, refangs[i].from))
			i++;
		if (i == count) {
			out[n++] = (char)s.ptr[0];
			s = slice_from(s, 1);
			continue;
		}
		memcpy(out + n, refangs[i].to.ptr, refangs[i].to.len);
		n += refangs[i].to.len;
		s = slice_from(s, refangs[i].from.len);
	}
	return slice_of(out, n);
}

static bool
is_defanged(struct slice s)
{
	static const char marks[] = "[({\\*";

	for (size_t i = 0; marks[i] != '\0'; i++)
		if (slice_find(s, (uint8_t)marks[i]) != SIZE_MAX)
			return true;
	return slice_starts_nocase(s, SLICE("hxxp"));
}

enum refusal
value_read(struct slice text, enum indicator_kind want, const struct value_rules *rules,
    struct value *v)
{
	enum refusal r;

	text = slice_trim(text);
	if (text.len == 0)
		return REFUSED_EMPTY;
	if (text.len > VALUE_TEXT_MAX)
		return REFUSED_TOO_LONG;
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return REFUSED_NOT_TEXT;
	if (!utf8_valid(text))
		return REFUSED_NOT_TEXT;
	if (is_defanged(text))
		text = refang(text, v->plain);
	v->exact = false;
	v->port = 0;
	r = read_any(text, want, rules, v);
	if (r != REFUSED_NOT || want == VALUE_ANY || v->kind == want)
		return r;
	/* Where a URL or a domain is expected, what is less than that is still meant. */
	if ((want == INDICATOR_URL && v->kind <= INDICATOR_URL) ||
	    (want == INDICATOR_DOMAIN && v->kind == INDICATOR_IP))
		return REFUSED_NOT;
	return REFUSED_OTHER_KIND;
}
