/* envelope.c - see envelope.h. */
#include "event/envelope.h"

#include "event/value.h"

/* "123 " before "<", as RFC 6587 counts octets. */
static void
skip_octet_count(struct slice *s)
{
	size_t i = 0;

	while (i < s->len && i < 6 && s->ptr[i] >= '0' && s->ptr[i] <= '9')
		i++;
	if (i > 0 && i + 1 < s->len && s->ptr[i] == ' ' && s->ptr[i + 1] == '<')
		*s = slice_from(*s, i + 1);
}

/* "<34>": one to three digits. */
static bool
cut_priority(struct slice *s, struct slice *priority)
{
	size_t i = 1;

	if (s->len < 3 || s->ptr[0] != '<')
		return false;
	while (i < s->len && i < 4 && s->ptr[i] >= '0' && s->ptr[i] <= '9')
		i++;
	if (i == 1 || i >= s->len || s->ptr[i] != '>')
		return false;
	*priority = slice_of(s->ptr + 1, i - 1);
	*s = slice_from(*s, i + 1);
	return true;
}

/* Up to the next space, which is removed.  False without a space. */
static bool
cut_word(struct slice *s, struct slice *word)
{
	size_t at = slice_find(*s, ' ');

	if (at == SIZE_MAX || at == 0)
		return false;
	*word = slice_first(*s, at);
	*s = slice_from(*s, at + 1);
	return true;
}

static struct slice
nil_to_absent(struct slice s)
{
	return value_is_absent(s) ? (struct slice){0} : s;
}

/* "-" or any number of [id name="value" ...], where a backslash escapes '"', '\' and ']'. */
static bool
skip_structured_data(struct slice *s)
{
	size_t i = 0;
	bool quoted = false;

	/* Check Point writes its whole message so, with a colon where RFC 5424 has "=". */
	if (s->len > 0 && s->ptr[0] == '[' &&
	    slice_search(*s, SLICE(":\"")) < slice_find(*s, ' '))
		return true;
	if (s->len > 0 && s->ptr[0] == '-')
		i = 1;
	while (i < s->len && s->ptr[i] == '[') {
		for (i++; i < s->len && (quoted || s->ptr[i] != ']'); i++) {
			if (s->ptr[i] == '\\' && quoted)
				i++;
			else if (s->ptr[i] == '"')
				quoted = !quoted;
		}
		if (i >= s->len)
			return false;
		i++;
	}
	if (i == 0 || (i < s->len && s->ptr[i] != ' '))
		return false;
	*s = slice_from(*s, i < s->len ? i + 1 : i);
	return true;
}

/* "@cee: " says that JSON follows; the codecs see that for themselves. */
static struct slice
without_cookie(struct slice s)
{
	if (slice_starts(s, SLICE("@cee:")))
		s = slice_from(s, 5);
	while (s.len > 0 && s.ptr[0] == ' ')
		s = slice_from(s, 1);
	return s;
}

/* VERSION SP TIMESTAMP SP HOSTNAME SP APP-NAME SP PROCID SP MSGID SP STRUCTURED-DATA [SP MSG]
 */
static bool
open_5424(struct slice s, struct span zone, struct envelope *env)
{
	struct slice version, time, host, app, proc, msgid;

	if (!cut_word(&s, &version) || !slice_is(version, "1") || !cut_word(&s, &time) ||
	    !cut_word(&s, &host) || !cut_word(&s, &app) || !cut_word(&s, &proc) ||
	    !cut_word(&s, &msgid) || !skip_structured_data(&s))
		return false;
	if (!slice_is(time, "-")) {
		if (!instant_parse(time, zone, &env->at))
			return false;
		env->timed = true;
	}
	if (s.len >= 3 && memcmp(s.ptr, "\xef\xbb\xbf", 3) == 0)
		s = slice_from(s, 3);
	env->kind = ENVELOPE_RFC5424;
	env->hostname = nil_to_absent(host);
	env->appname = nil_to_absent(app);
	env->procid = nil_to_absent(proc);
	env->msgid = nil_to_absent(msgid);
	env->message = without_cookie(s);
	return true;
}

static bool
is_tag_byte(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' ||
	       c == '_' || c == '.' || c == '/' || c == '(' || c == ')';
}

/* "squid[123]: ", "(squid-1)[7]: ", "nginx: ". */
static bool
cut_tag(struct slice *s, struct envelope *env)
{
	struct slice app, proc = {0};
	size_t i = 0, from;

	while (i < s->len && i < 64 && is_tag_byte(s->ptr[i]))
		i++;
	if (i == 0)
		return false;
	app = slice_first(*s, i);
	if (slice_is(app, "CEF") || slice_is(app, "LEEF"))
		return false; /* what these begin with is no tag */
	if (i < s->len && s->ptr[i] == '[') {
		from = ++i;
		while (i < s->len && i - from < 16 && s->ptr[i] != ']' && s->ptr[i] != ' ')
			i++;
		if (i >= s->len || s->ptr[i] != ']')
			return false;
		proc = slice_of(s->ptr + from, i - from);
		i++;
	}
	if (i >= s->len || s->ptr[i] != ':')
		return false;
	i++;
	if (i < s->len && s->ptr[i] == ' ')
		i++;
	env->appname = app;
	env->procid = nil_to_absent(proc);
	*s = slice_from(*s, i);
	return true;
}

/* Firewalls send no tag; where a relay then wrote no priority either, these tell them. */
static bool
is_untagged(struct slice s)
{
	static const char *const starts[] = {
	    "CEF:", "LEEF:", "date=", "device=", "device_name=", "id=", "1,20"};

	s = slice_trim(s);
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (slice_starts(s, slice_str(starts[i])))
			return true;
	return false;
}

/*
 * TIMESTAMP SP HOSTNAME SP TAG: MSG.  Senders leave out the host (Squid's own
 * syslog output does on the local socket), so a word that is a tag is one.
 */
static bool
open_3164(struct slice s, struct span zone, struct instant received, struct envelope *env)
{
	struct slice host, time;
	bool prioritised = env->priority.ptr != NULL;

	if (stamp_cut_bsd(&s, zone, received, &env->at)) {
		env->timed = true;
		if (s.len == 0 || s.ptr[0] != ' ')
			return false;
		s = slice_from(s, 1);
	} else if (s.len > 20 && s.ptr[4] == '-' && s.ptr[10] == 'T' && cut_word(&s, &time)) {
		if (!instant_parse(time, zone, &env->at))
			return false;
		env->timed = true;
	}
	if (!cut_tag(&s, env) && env->timed) {
		if (!cut_word(&s, &host))
			return false;
		env->hostname = nil_to_absent(host);
		if (!cut_tag(&s, env) && !prioritised && !is_untagged(s))
			return false;
	}
	/* With nothing but a tag in front it takes the tag's process number to be sure. */
	if (!prioritised && !env->timed && env->procid.ptr == NULL)
		return false;
	env->kind = ENVELOPE_RFC3164;
	env->message = without_cookie(s);
	return true;
}

enum envelope_kind
envelope_open(
    struct slice line, struct span zone, struct instant received, struct envelope *env)
{
	struct envelope found = {0};

	skip_octet_count(&line);
	if (cut_priority(&line, &found.priority) && line.len > 1 && line.ptr[0] == '1' &&
	    line.ptr[1] == ' ' && open_5424(line, zone, &found)) {
		*env = found;
		return found.kind;
	}
	found = (struct envelope){.priority = found.priority};
	if (!open_3164(line, zone, received, &found))
		return ENVELOPE_NONE;
	*env = found;
	return found.kind;
}

static void
put(struct event *ev, enum field_id f, struct slice v)
{
	if (v.ptr != NULL)
		event_set(ev, f, v);
}

void
envelope_put(const struct envelope *env, struct event *ev)
{
	put(ev, FIELD_SYSLOG_PRIORITY, env->priority);
	put(ev, FIELD_SYSLOG_HOSTNAME, env->hostname);
	put(ev, FIELD_SYSLOG_APPNAME, env->appname);
	put(ev, FIELD_SYSLOG_PROCID, env->procid);
	put(ev, FIELD_SYSLOG_MSGID, env->msgid);
	if (env->timed) {
		ev->at = env->at;
		ev->timed = true;
	}
}

const char *
envelope_name(enum envelope_kind k)
{
	static const char *const names[] = {NULL, "rfc5424", "rfc3164"};

	return names[k];
}
