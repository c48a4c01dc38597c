/* problem.c - see problem.h. */
#include "server/problem.h"

#include <stdio.h>

#include "text/json.h"

static const struct problem {
	unsigned status;
	const char *code, *title, *title_ja, *detail, *detail_ja;
} problems[PROBLEM_COUNT] = {
#define PROBLEM(id, number, code_, title_, title_ja_, detail_, detail_ja_)                     \
	[PROBLEM_##id] = {number, code_, title_, title_ja_, detail_, detail_ja_},
#include "server/problems.def"
#undef PROBLEM
};

/* "en-GB;q=0.8": the language's weight in thousandths, or 0. */
static unsigned
weight_of(struct slice range, const char *language)
{
	struct slice tag, rest = range;
	double q = 1;
	size_t at;

	slice_cut(&rest, ';', &tag);
	tag = slice_trim(tag);
	if (!slice_starts_nocase(tag, slice_str(language)) ||
	    (tag.len > 2 && tag.ptr[2] != '-'))
		return 0;
	if ((at = slice_search(rest, SLICE("q="))) != SIZE_MAX &&
	    !slice_to_double(slice_trim(slice_from(rest, at + 2)), &q))
		return 0;
	return q >= 0 && q <= 1 ? (unsigned)(q * 1000) : 0;
}

bool
problem_prefers_english(struct slice accept_language)
{
	struct slice rest = accept_language, range;
	unsigned en = 0, ja = 0, w;

	if (accept_language.len > 200)
		return false;
	while (slice_cut(&rest, ',', &range)) {
		if ((w = weight_of(range, "en")) > en)
			en = w;
		if ((w = weight_of(range, "ja")) > ja)
			ja = w;
	}
	return en > ja;
}

void
problem_answer(struct request *r, enum problem_id id, const char *en, const char *ja)
{
	const struct problem *p = &problems[id];
	bool english = problem_prefers_english(request_header(r, "Accept-Language", NULL));
	struct buf body = BUF_INIT(16 * 1024);
	struct json_out o = json_out_to(&body);

	if (en == NULL) {
		en = p->detail;
		ja = p->detail_ja;
	} else if (ja == NULL)
		ja = en;
	json_open_object(&o, NULL);
	json_put_str(&o, "type", "about:blank");
	json_put_str(&o, "title", english ? p->title : p->title_ja);
	json_put_int(&o, "status", p->status);
	json_put_str(&o, "code", p->code);
	json_put_str(&o, "detail", english ? en : ja);
	json_put_str(&o, "detail_ja", ja);
	json_close_object(&o);
	request_add_header(r, "Content-Language", english ? "en" : "ja");
	if (body.failed)
		request_answer(r, p->status, NULL, SLICE(""));
	else
		request_answer_buf(r, p->status, "application/problem+json", &body);
	buf_release(&body);
}

void
problem_answer_later(struct request *r, enum problem_id id, unsigned seconds)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", seconds);
	request_add_header(r, "Retry-After", text);
	problem_answer(r, id, NULL, NULL);
}
