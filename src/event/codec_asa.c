/*
 * codec_asa.c - Cisco ASA's and Firepower Threat Defense's messages.
 *
 * "%ASA-6-302013: text": the number says what the text looks like, so a table of
 * templates reads it.
 */
#include "event/codec.h"

#include <stdlib.h>

#include "event/stamp.h"
#include "event/url.h"
#include "event/value.h"

#define PIECES_MAX 16

static const struct message {
	const char *number;
	enum event_class class;
	struct slice action, outcome;
	struct slice text;
} messages[] = {
#define ASA(number, class, action, outcome, text)                                              \
	{number, EVENT_##class, SLICE_LITERAL(action), SLICE_LITERAL(outcome),                 \
	    SLICE_LITERAL(text)},
#include "event/asa_messages.def"
#undef ASA
};
#define N_MESSAGES (sizeof(messages) / sizeof(messages[0]))

/* A template cut up: text, then a value that reaches to the next piece's text. */
struct piece {
	struct slice text;
	enum field_id field;
	bool value;    /* a value follows the text */
	bool duration; /* "h:mm:ss" */
};

struct template
{
	unsigned n;
	struct piece piece[PIECES_MAX];
};

struct codec_state {
	struct template template[N_MESSAGES];
};

static void
compile(struct template *t, struct slice text)
{
	while (t->n < PIECES_MAX) {
		struct piece *p = &t->piece[t->n++];
		size_t open = slice_find(text, '{'), close = slice_find(text, '}');
		struct slice name;
		p->text = slice_first(text, open);
		p->field = FIELD_NONE;
		if (open == SIZE_MAX)
			return;
		name = slice_of(text.ptr + open + 1, close - open - 1);
		p->value = true;
		p->duration = slice_is(name, "duration");
		p->field = field_by_name(name);
		text = slice_from(text, close + 1);
	}
}

/* "0:00:30" to milliseconds. */
static void
put_duration(struct event *ev, struct slice v, struct arena *mem)
{
	uint64_t total = 0, n;
	struct slice part;
	char *text;

	while (slice_cut(&v, ':', &part)) {
		if (!slice_to_u64(part, &n) || n > 1000000)
			return;
		total = total * 60 + n;
	}
	if (total < 1000000000 &&
	    (text = arena_printf(mem, "%llu000", (unsigned long long)total)) != NULL)
		event_set(ev, FIELD_EVENT_DURATION_MS, slice_str(text));
}

static void
put_piece(struct event *ev, const struct piece *p, struct slice v, struct arena *mem)
{
	v = slice_trim(v);
	if (p->duration)
		put_duration(ev, v, mem);
	if (p->field == FIELD_NONE || value_is_absent(v))
		return;
	if (field_kind(p->field) == FIELD_IP && !value_is_ip(v)) {
		/* The device writes a name where it was told one. */
		if (p->field == FIELD_SOURCE_IP)
			event_set(ev, FIELD_SOURCE_DOMAIN, v);
		else if (p->field == FIELD_DESTINATION_IP)
			event_set(ev, FIELD_DESTINATION_DOMAIN, v);
		return;
	}
	if (field_kind(p->field) == FIELD_NUMBER && !value_is_number(v))
		return;
	event_set(ev, p->field, v);
}

/* False where the text is not of this template; *values holds n slices then too. */
static bool
match(const struct template *t, struct slice text, struct slice values[PIECES_MAX])
{
	for (unsigned i = 0; i < t->n; i++) {
		const struct piece *p = &t->piece[i];
		const struct slice next =
		    i + 1 < t->n ? t->piece[i + 1].text : (struct slice){0};
		size_t end = SIZE_MAX;
		if (!slice_starts(text, p->text))
			return false;
		text = slice_from(text, p->text.len);
		if (!p->value)
			return true;
		if (next.len > 0 && (end = slice_search(text, next)) == SIZE_MAX)
			return false;
		values[i] = slice_first(text, end);
		text = slice_from(text, values[i].len);
	}
	return true;
}

/*
 * The end named first is the outer one, and an inbound connection began there.  A
 * teardown does not say: the lower port is taken for the server's.
 */
static void
turn_ends(struct event *ev)
{
	static const enum field_id pairs[][2] = {{FIELD_SOURCE_IP, FIELD_DESTINATION_IP},
	    {FIELD_SOURCE_PORT, FIELD_DESTINATION_PORT},
	    {FIELD_SOURCE_DOMAIN, FIELD_DESTINATION_DOMAIN}};
	struct slice direction = event_get(ev, FIELD_NETWORK_DIRECTION);
	uint64_t from, to;
	bool turn = slice_is(direction, "inbound");

	if (direction.len == 0)
		turn = slice_to_u64(event_get(ev, FIELD_SOURCE_PORT), &from) &&
		       slice_to_u64(event_get(ev, FIELD_DESTINATION_PORT), &to) && from < to;
	for (size_t i = 0; turn && i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		enum field_id a = pairs[i][0], b = pairs[i][1];
		struct slice old = event_get(ev, a), new = event_get(ev, b);
		ev->present[a / 64] &= ~((uint64_t)1 << (a % 64));
		ev->present[b / 64] &= ~((uint64_t)1 << (b % 64));
		if (new.ptr != NULL)
			event_set(ev, a, new);
		if (old.ptr != NULL)
			event_set(ev, b, old);
	}
	/* The packets came in where the source is. */
	if (!turn && event_has(ev, FIELD_INTERFACE_IN) && event_has(ev, FIELD_INTERFACE_OUT)) {
		struct slice in = event_get(ev, FIELD_INTERFACE_IN);
		event_set(ev, FIELD_INTERFACE_IN, event_get(ev, FIELD_INTERFACE_OUT));
		event_set(ev, FIELD_INTERFACE_OUT, in);
	}
}

static void
put_literal(struct event *ev, enum field_id f, struct slice v, struct arena *mem)
{
	if (v.len > 0)
		event_set(ev, f, arena_dup(mem, v));
}

static void
put_message(const struct codec_state *st, struct slice number, struct slice text,
    struct arena *mem, struct event *ev)
{
	struct slice values[PIECES_MAX];

	for (size_t i = 0; i < N_MESSAGES; i++) {
		const struct message *m = &messages[i];
		const struct template *t = &st->template[i];
		if (!slice_is(number, m->number) || !match(t, text, values))
			continue;
		ev->class = m->class;
		put_literal(ev, FIELD_EVENT_ACTION, m->action, mem);
		put_literal(ev, FIELD_EVENT_OUTCOME, m->outcome, mem);
		for (unsigned k = 0; k < t->n; k++)
			if (t->piece[k].value)
				put_piece(ev, &t->piece[k], values[k], mem);
		if (slice_starts(number, SLICE("30201"))) {
			bool tcp = slice_is(number, "302013") || slice_is(number, "302014");
			put_literal(ev, FIELD_NETWORK_TRANSPORT,
			    tcp ? SLICE("tcp") : SLICE("udp"), mem);
			turn_ends(ev);
		}
		if (event_has(ev, FIELD_URL_ORIGINAL))
			url_put(ev, event_get(ev, FIELD_URL_ORIGINAL), false);
		return;
	}
}

/* What stands before the '%': "<166>Nov 23 2026 01:07:59 fw1 : ", much of it optional. */
static void
put_head(struct slice head, struct span zone, struct instant received, struct event *ev)
{
	struct stamp_parts parts = {0};
	struct instant at;
	size_t close = slice_find(head, '>');

	if (head.len > 0 && head.ptr[0] == '<' && close != SIZE_MAX)
		head = slice_from(head, close + 1);
	if ((stamp_cut_parts(&head, SLICE("%b %d %Y %H:%M:%S"), &parts) &&
		stamp_from_parts(&parts, zone, received, &at)) ||
	    stamp_cut_bsd(&head, zone, received, &at)) {
		if (!ev->timed)
			ev->at = at;
		ev->timed = true;
	}
	while (head.len > 0 && (head.ptr[0] == ' ' || head.ptr[0] == ':'))
		head = slice_from(head, 1);
	head = slice_first(head, slice_find(head, ' '));
	if (head.len > 0 && head.ptr[head.len - 1] == ':')
		head.len--;
	value_put(ev, FIELD_OBSERVER_NAME, head);
}

/* "%ASA-6-302013: ", "%FTD-6-302013: ", and "%ASA-session-6-302013: ". */
static bool
cut_number(struct slice *line, struct slice *head, struct slice *severity, struct slice *number)
{
	size_t at = slice_search(*line, SLICE("%ASA-")), colon, dash;
	struct slice code;

	if (at == SIZE_MAX)
		at = slice_search(*line, SLICE("%FTD-"));
	if (at == SIZE_MAX)
		return false;
	code = slice_from(*line, at + 5);
	if ((colon = slice_find(code, ':')) == SIZE_MAX || colon < 8 || colon > 40)
		return false;
	*head = slice_first(*line, at);
	*line = slice_trim(slice_from(code, colon + 1));
	*number = slice_from(slice_first(code, colon), colon - 6);
	dash = colon - 7;
	if (code.ptr[dash] != '-' || !value_is_number(*number))
		return false;
	*severity = slice_of(code.ptr + dash - 1, 1);
	return value_is_number(*severity);
}

static enum codec_status
read_line(struct codec_state *st, const struct codec_config *cfg, struct slice line,
    struct instant received, struct arena *mem, struct event *ev)
{
	struct slice head, severity, number;

	if (!cut_number(&line, &head, &severity, &number))
		return CODEC_SHORT;
	ev->class = EVENT_FIREWALL;
	ev->dataset = SLICE("cisco.asa");
	put_head(head, cfg->utc_offset, received, ev);
	event_set(ev, FIELD_EVENT_CODE, number);
	event_set(ev, FIELD_EVENT_SEVERITY, severity);
	value_put(ev, FIELD_MESSAGE, line);
	put_message(st, number, line, mem, ev);
	return CODEC_EVENT;
}

static int
recognise(struct slice line)
{
	struct slice head, severity, number;

	return cut_number(&line, &head, &severity, &number) && head.len < 80 ? 95 : 0;
}

static void
state_free(struct codec_state *st)
{
	free(st);
}

static int
state_new(struct codec_state **out, const struct codec_config *cfg, struct err *e)
{
	struct codec_state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return err_set(e, "out of memory");
	for (size_t i = 0; i < N_MESSAGES; i++)
		compile(&st->template[i], messages[i].text);
	*out = st;
	return 0;
}

const struct codec codec_asa = {
    .id = "asa",
    .title = "Cisco ASA and FTD",
    .recognise = recognise,
    .state_new = state_new,
    .state_free = state_free,
    .read = read_line,
};
