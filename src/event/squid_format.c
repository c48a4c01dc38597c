/* squid_format.c - compile a logformat; see squid_format.h. */
#include "event/squid_format.h"

#include <stdlib.h>

#include "event/squid_format_inside.h"

static const struct code codes[] = {
#define SQUID_CODE(name, take, field, shape, encoding)                                         \
	{SLICE_LITERAL(name), TAKE_##take, FIELD_##field, SHAPE_##shape, ENCODING_##encoding},
#include "event/squid_codes.def"
#undef SQUID_CODE
};

/* Headers whose values have a field of their own. */
static const struct {
	const char *name;
	enum field_id request, reply;
} headers[] = {
    {"user-agent", FIELD_USER_AGENT, FIELD_NONE},
    {"referer", FIELD_HTTP_REFERRER, FIELD_NONE},
    {"host", FIELD_HTTP_HOST, FIELD_NONE},
    {"cookie", FIELD_HTTP_COOKIE, FIELD_NONE},
    {"content-type", FIELD_NONE, FIELD_HTTP_RESPONSE_TYPE},
};

static const struct {
	const char *name, *format;
} predefined[] = {
    {"squid", "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt"},
    {"common", "%>a %[ui %[un [%tl] \"%rm %ru HTTP/%rv\" %>Hs %<st %Ss:%Sh"},
    {"combined", "%>a %[ui %[un [%tl] \"%rm %ru HTTP/%rv\" %>Hs %<st \"%{Referer}>h\" "
		 "\"%{User-Agent}>h\" %Ss:%Sh"},
    {"referrer", "%ts.%03tu %>a %{Referer}>h %ru"},
    {"useragent", "%>a [%tl] \"%{User-Agent}>h\""},
};

/* "logformat NAME FORMAT" to FORMAT, a predefined name to its format, others as they are. */
static struct slice
resolve_name(struct slice text)
{
	struct slice word;

	text = slice_trim(text);
	if (slice_starts(text, SLICE("logformat "))) {
		text = slice_trim(slice_from(text, 10));
		slice_cut(&text, ' ', &word);
		text = slice_trim(text);
	}
	for (size_t i = 0; i < sizeof(predefined) / sizeof(predefined[0]); i++)
		if (slice_is(text, predefined[i].name))
			return slice_str(predefined[i].format);
	return text;
}

bool
squid_format_is_native(const char *text)
{
	/* As versions of Squid and their manuals spell it: the lines look the same. */
	static const char *const spellings[] = {
	    "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt",
	    "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %un %Sh/%<a %mt",
	    "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %>ru %[un %Sh/%<a %mt",
	    "%ts.%03tu %6tr %>a %Ss/%03Hs %<st %rm %ru %un %Sh/%<A %mt",
	};
	struct slice format = resolve_name(slice_str(text));

	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
		if (slice_is(format, spellings[i]))
			return true;
	return false;
}

struct compiler {
	struct squid_format *f;
	struct slice rest;
	size_t length;	/* of the whole text, to say where something is wrong */
	uint8_t quoted; /* '"' or '[' while inside one: Squid encodes by it */
};

static struct slice
keep_text(struct squid_format *f, struct slice s)
{
	size_t at = f->text.len;

	buf_add(&f->text, s);
	return f->text.failed ? (struct slice){0} : slice_of(f->text.ptr + at, s.len);
}

static size_t
position(const struct compiler *c)
{
	return c->length - c->rest.len + 1;
}

static struct step *
add_step(struct compiler *c, struct err *e)
{
	if (c->f->n == STEPS_MAX) {
		err_set(e, "the logformat has more than %d parts", STEPS_MAX);
		return NULL;
	}
	c->f->step[c->f->n] = (struct step){.field = FIELD_NONE};
	return &c->f->step[c->f->n++];
}

static int
add_literal_byte(struct compiler *c, uint8_t byte, struct err *e)
{
	struct squid_format *f = c->f;
	struct step *last = f->n > 0 ? &f->step[f->n - 1] : NULL;

	if (last == NULL || last->code != NULL)
		if ((last = add_step(c, e)) == NULL)
			return -1;
	struct slice kept = keep_text(f, slice_of(&byte, 1));
	if (last->literal.len == 0)
		last->literal.ptr = kept.ptr;
	last->literal.len++;
	if (byte == '"')
		c->quoted = c->quoted == '"' ? 0 : c->quoted == 0 ? '"' : c->quoted;
	else if (byte == '[' && c->quoted == 0)
		c->quoted = '[';
	else if (byte == ']' && c->quoted == '[')
		c->quoted = 0;
	return 0;
}

static const struct code *
longest_code(struct slice s)
{
	const struct code *best = NULL;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (slice_starts(s, codes[i].name) &&
		    (best == NULL || codes[i].name.len > best->name.len))
			best = &codes[i];
	return best;
}

static enum encoding
encoding_of(uint8_t mark, enum encoding otherwise)
{
	switch (mark) {
	case '"':
		return ENCODING_BACKSLASH;
	case '/':
		return ENCODING_SHELL;
	case '[':
	case '#':
		return ENCODING_PERCENT;
	case '\'':
		return ENCODING_RAW;
	default:
		return otherwise;
	}
}

static uint8_t
next_byte(const struct compiler *c)
{
	return c->rest.len > 0 ? c->rest.ptr[0] : 0;
}

static void
skip(struct compiler *c, size_t n)
{
	c->rest = slice_from(c->rest, n);
}

static int
cut_argument(struct compiler *c, struct slice *arg, struct err *e)
{
	size_t end = slice_find(c->rest, '}');

	if (end == SIZE_MAX)
		return err_set(e, "logformat, character %zu: \"{\" without \"}\"", position(c));
	*arg = slice_of(c->rest.ptr + 1, end - 1);
	skip(c, end + 1);
	return 0;
}

/* Field or extra name of a header's value. */
static void
name_header(struct squid_format *f, struct step *s, bool reply)
{
	struct slice name = s->arg;
	size_t colon = slice_find(name, ':'), from;
	struct slice prefix =
	    reply ? SLICE("http.response.headers.") : SLICE("http.request.headers.");

	if (colon != SIZE_MAX && colon > 0)
		name = slice_first(name, colon);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		if (slice_equal_nocase(name, slice_str(headers[i].name)))
			s->field = reply ? headers[i].reply : headers[i].request;
	from = f->text.len;
	buf_add(&f->text, prefix);
	for (size_t i = 0; i < name.len; i++) {
		uint8_t b = name.ptr[i];
		buf_add_byte(&f->text, b >= 'A' && b <= 'Z' ? b | 0x20 : b);
	}
	if (!f->text.failed)
		s->name = slice_of(f->text.ptr + from, f->text.len - from);
}

static void
name_extra(struct squid_format *f, struct step *s)
{
	size_t from = f->text.len;

	buf_add_str(&f->text, "squid.");
	buf_add(&f->text, s->code->name);
	if (s->arg.len > 0) {
		buf_add_byte(&f->text, '.');
		buf_add(&f->text, s->arg);
	}
	if (!f->text.failed)
		s->name = slice_of(f->text.ptr + from, f->text.len - from);
}

/* After '%': [encoding] [-] [[0]width[.max]] [{arg}] code [{arg}] */
static int
compile_value(struct compiler *c, struct err *e)
{
	struct step *s = add_step(c, e);
	uint8_t mark = c->quoted;
	struct slice arg = {0};

	if (s == NULL)
		return -1;
	if (next_byte(c) != 0 && strchr("\"[#'/", next_byte(c)) != NULL) {
		mark = next_byte(c);
		skip(c, 1);
	}
	if (next_byte(c) == '-') {
		s->left = true;
		skip(c, 1);
	}
	while ((next_byte(c) >= '0' && next_byte(c) <= '9') || next_byte(c) == '.') {
		s->padded = true;
		skip(c, 1);
	}
	if (next_byte(c) == '{' && cut_argument(c, &arg, e) != 0)
		return -1;
	if (slice_starts(c->rest, SLICE("http::")))
		skip(c, 6);
	s->code = longest_code(c->rest);
	if (s->code == NULL)
		return err_set(e, "logformat, character %zu: no %% code begins with \"%.*s\"",
		    position(c), SLICE_ARG(slice_first(c->rest, 8)));
	skip(c, s->code->name.len);
	if (next_byte(c) == '{' && arg.ptr == NULL && cut_argument(c, &arg, e) != 0)
		return -1;
	s->arg = keep_text(c->f, arg);
	s->encoding = encoding_of(mark, s->code->encoding);
	s->field = s->code->field;
	if (s->code->take == TAKE_REQUEST_HEADER || s->code->take == TAKE_REPLY_HEADER)
		name_header(c->f, s, s->code->take == TAKE_REPLY_HEADER);
	else if (s->field == FIELD_NONE)
		name_extra(c->f, s);
	return 0;
}

static int
compile(struct squid_format *f, struct slice text, struct err *e)
{
	struct compiler c = {.f = f, .rest = text, .length = text.len};

	/* Reserved whole, because steps keep slices of it. */
	if (buf_room(&f->text, text.len * 4 + STEPS_MAX * 64) == NULL)
		return err_set(e, "the logformat is too long");
	while (c.rest.len > 0) {
		uint8_t byte = c.rest.ptr[0];
		skip(&c, 1);
		if (byte == '%' && next_byte(&c) != '%') {
			if (compile_value(&c, e) != 0)
				return -1;
			continue;
		}
		if (byte == '%')
			skip(&c, 1);
		if (add_literal_byte(&c, byte, e) != 0)
			return -1;
	}
	if (f->n == 0)
		return err_set(e, "the logformat is empty");
	return 0;
}

int
squid_format_new(struct squid_format **out, struct slice text, struct err *e)
{
	struct squid_format *f = calloc(1, sizeof(*f));
	int rc = -1;

	if (f == NULL) {
		err_set(e, "out of memory");
		goto out;
	}
	f->text = BUF_INIT(64 * 1024);
	if (compile(f, resolve_name(text), e) != 0)
		goto out;
	*out = f;
	f = NULL;
	rc = 0;
out:
	squid_format_free(f);
	return rc;
}

void
squid_format_free(struct squid_format *f)
{
	if (f == NULL)
		return;
	buf_release(&f->text);
	free(f);
}
