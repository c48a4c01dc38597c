/* frame.c - see frame.h. */
#include "node/frame.h"

/* Digits at the start of s, at most one more than FRAME_COUNT_MAX has. */
static size_t
count_digits(struct slice s)
{
	size_t n = 0;

	while (n < s.len && n < 7 && s.ptr[n] >= '0' && s.ptr[n] <= '9')
		n++;
	return n;
}

/* FRAME_OK: *method is set. */
static enum frame_status
decide_method(struct slice s, enum frame_method *method)
{
	size_t n = count_digits(s);

	if (n > 0 && n < 7 && s.ptr[0] != '0') {
		if (s.len < n + 2 && (s.len == n || s.ptr[n] == ' '))
			return FRAME_MORE;
		if (s.ptr[n] == ' ' && s.ptr[n + 1] == '<') {
			*method = FRAME_COUNTED;
			return FRAME_OK;
		}
	}
	*method = FRAME_LINES;
	return FRAME_OK;
}

/* "17 <34>1 ...": RFC 6587, 3.4.1 forbids a leading zero, and two peers could disagree on
 * "010". */
static enum frame_status
cut_counted(struct slice *in, struct slice *rec)
{
	size_t n = count_digits(*in), length = 0;

	if (in->len == 0)
		return FRAME_MORE;
	if (n == 0 || n == 7 || in->ptr[0] == '0')
		return FRAME_BAD;
	if (in->len == n)
		return FRAME_MORE;
	if (in->ptr[n] != ' ')
		return FRAME_BAD;
	for (size_t i = 0; i < n; i++)
		length = length * 10 + (in->ptr[i] - '0');
	if (length > FRAME_COUNT_MAX)
		return FRAME_BAD;
	if (in->len - n - 1 < length)
		return FRAME_MORE;
	*rec = slice_first(slice_from(*in, n + 1), length);
	*in = slice_from(*in, n + 1 + length);
	return FRAME_OK;
}

static size_t
find_end(struct slice s)
{
	size_t newline = slice_find(s, '\n');
	size_t nul = slice_find(slice_first(s, newline), '\0');

	return nul < newline ? nul : newline;
}

static enum frame_status
cut_line(struct slice *in, struct slice *rec)
{
	while (in->len > 0) {
		struct slice window = slice_first(*in, FRAME_LINE_MAX);
		size_t end = find_end(window), len = end;

		if (end == SIZE_MAX) {
			if (window.len < FRAME_LINE_MAX)
				return FRAME_MORE;
			*rec = window;
			*in = slice_from(*in, window.len);
			return FRAME_OK;
		}
		if (len > 0 && in->ptr[len - 1] == '\r')
			len--;
		window = slice_first(*in, len);
		*in = slice_from(*in, end + 1);
		if (len > 0) {
			*rec = window;
			return FRAME_OK;
		}
	}
	return FRAME_MORE;
}

enum frame_status
frame_cut_record(enum frame_method *method, struct slice *in, struct slice *rec)
{
	if (*method == FRAME_UNDECIDED &&
	    (in->len == 0 || decide_method(*in, method) != FRAME_OK))
		return FRAME_MORE;
	return *method == FRAME_COUNTED ? cut_counted(in, rec) : cut_line(in, rec);
}

bool
frame_cut_rest(enum frame_method method, struct slice *in, struct slice *rec)
{
	struct slice rest = *in;

	*in = slice_from(*in, in->len);
	if (method == FRAME_COUNTED) {
		size_t space = slice_find(rest, ' ');

		rest = slice_from(rest, space == SIZE_MAX ? rest.len : space + 1);
	}
	if (rest.len > 0 && rest.ptr[rest.len - 1] == '\r')
		rest.len--;
	*rec = rest;
	return rest.len > 0;
}
