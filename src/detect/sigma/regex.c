/* regex.c - the one door to PCRE2. */
#include "detect/sigma/regex.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define SOURCE_MAX  (16 * 1024)
#define STEPS_MAX   200000 /* of one match: well under a millisecond */
#define STACK_MAX   (256 * 1024)
#define PROBE_BYTES 96

struct regex {
	pcre2_code *code;
	uint32_t least; /* bytes of the shortest value that can match */
};

struct regex_run {
	pcre2_match_data *data;
	pcre2_match_context *limits;
	pcre2_jit_stack *stack;
};

struct regex_run *
regex_run_new(void)
{
	struct regex_run *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->data = pcre2_match_data_create(1, NULL);
	r->limits = pcre2_match_context_create(NULL);
	r->stack = pcre2_jit_stack_create(32 * 1024, STACK_MAX, NULL);
	if (r->data == NULL || r->limits == NULL || r->stack == NULL) {
		regex_run_free(r);
		return NULL;
	}
	pcre2_set_match_limit(r->limits, STEPS_MAX);
	pcre2_set_depth_limit(r->limits, 10000);
	pcre2_set_heap_limit(r->limits, 4096); /* KiB */
	pcre2_jit_stack_assign(r->limits, NULL, r->stack);
	return r;
}

void
regex_run_free(struct regex_run *r)
{
	if (r == NULL)
		return;
	pcre2_match_data_free(r->data);
	pcre2_match_context_free(r->limits);
	pcre2_jit_stack_free(r->stack);
	free(r);
}

enum regex_answer
regex_match(const struct regex *r, struct regex_run *run, struct slice value)
{
	int rc;

	if (value.len < r->least)
		return REGEX_NO;
	rc = pcre2_match(r->code, value.ptr == NULL ? (PCRE2_SPTR) "" : value.ptr, value.len, 0,
	    0, run->data, run->limits);
	if (rc >= 0)
		return REGEX_YES;
	return rc == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_LIMIT;
}

/*
 * Exponential expressions show on short texts: repeat each of the expression's
 * own letters, alone and in pairs, and end with a byte that spoils the match.
 * Behind it stands the byte that PCRE2 looks for before it tries at all.
 */
static bool
probe(const struct regex *r, struct slice source)
{
	struct regex_run *run = regex_run_new();
	uint8_t text[PROBE_BYTES], seen[256] = {0};
	bool good = true;
	uint8_t last = 'a';
	uint32_t wanted = 0;

	if (run == NULL)
		return true;
	pcre2_pattern_info(r->code, PCRE2_INFO_LASTCODEUNIT, &wanted);
	seen['a'] = seen[' '] = seen['0'] = 1;
	for (size_t i = 0; i < source.len; i++)
		if (source.ptr[i] >= ' ')
			seen[source.ptr[i]] = 1;
	for (unsigned c = 0; c < 256 && good; c++) {
		if (!seen[c])
			continue;
		for (unsigned pair = 0; pair < 2 && good; pair++) {
			for (size_t i = 0; i < PROBE_BYTES; i++)
				text[i] = pair == 1 && i % 2 == 1 ? last : (uint8_t)c;
			text[PROBE_BYTES - 2] = 1;
			text[PROBE_BYTES - 1] = (uint8_t)wanted;
			good = regex_match(r, run, slice_of(text, PROBE_BYTES)) != REGEX_LIMIT;
		}
		last = (uint8_t)c;
	}
	regex_run_free(run);
	return good;
}

void
regex_free(struct regex *r)
{
	if (r == NULL)
		return;
	pcre2_code_free(r->code);
	free(r);
}

int
regex_new(struct regex **out, struct slice source, const char *flags, struct err *e)
{
	uint32_t options = PCRE2_NEVER_BACKSLASH_C;
	struct regex *r = NULL;
	PCRE2_UCHAR why[256];
	PCRE2_SIZE at;
	int code, rc = -1;

	for (const char *f = flags; *f != '\0'; f++)
		options |= *f == 'i'   ? PCRE2_CASELESS
			   : *f == 'm' ? PCRE2_MULTILINE
				       : PCRE2_DOTALL;
	for (size_t i = 0; i < source.len; i++)
		if (source.ptr[i] >= 0x80)
			options |= PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
	if (source.len > SOURCE_MAX) {
		err_set(e, "the regular expression is longer than %d KiB", SOURCE_MAX / 1024);
		goto out;
	}
	if ((r = calloc(1, sizeof(*r))) == NULL) {
		err_set(e, "no memory for the regular expression");
		goto out;
	}
	r->code = pcre2_compile(source.ptr, source.len, options, &code, &at, NULL);
	if (r->code == NULL) {
		pcre2_get_error_message(code, why, sizeof(why));
		err_set(e, "the regular expression is refused at character %zu: %s",
		    (size_t)at + 1, (const char *)why);
		goto out;
	}
	pcre2_jit_compile(
	    r->code, PCRE2_JIT_COMPLETE); /* where it cannot, the interpreter does */
	pcre2_pattern_info(r->code, PCRE2_INFO_MINLENGTH, &r->least);
	if (!probe(r, source)) {
		err_set(e,
		    "the regular expression needs exponentially many steps on some texts "
		    "(nested repetition): rewrite it");
		goto out;
	}
	*out = r;
	r = NULL;
	rc = 0;
out:
	regex_free(r);
	return rc;
}
