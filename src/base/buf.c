/* buf.c - see buf.h. */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

void
buf_release(struct buf *b)
{
	free(b->ptr);
	*b = (struct buf){.max = b->max};
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

uint8_t *
buf_room(struct buf *b, size_t n)
{
	if (b->failed)
		return NULL;
	if (n > b->max - b->len) {
		b->failed = true;
		return NULL;
	}
	if (b->len + n > b->cap) {
		size_t cap = b->cap < 128 ? 256 : b->cap * 2;
		uint8_t *ptr;

		if (cap > b->max)
			cap = b->max;
		if (cap < b->len + n)
			cap = b->len + n;
		if ((ptr = realloc(b->ptr, cap)) == NULL) {
			b->failed = true;
			return NULL;
		}
		b->ptr = ptr;
		b->cap = cap;
	}
	return b->ptr + b->len;
}

void
buf_added(struct buf *b, size_t n)
{
	assert(n <= b->cap - b->len);
	b->len += n;
}

void
buf_add(struct buf *b, struct slice s)
{
	uint8_t *room;

	if (s.len == 0 || (room = buf_room(b, s.len)) == NULL)
		return;
	memcpy(room, s.ptr, s.len);
	b->len += s.len;
}

void
buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, slice_str(s));
}

void
buf_add_byte(struct buf *b, uint8_t c)
{
	buf_add(b, slice_of(&c, 1));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	uint8_t *room;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = true;
		return;
	}
	if ((room = buf_room(b, (size_t)n + 1)) == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf((char *)room, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void
buf_add_json(struct buf *b, struct slice s)
{
	buf_add_byte(b, '"');
	while (s.len > 0) {
		size_t n = 0;

		while (n < s.len && s.ptr[n] >= 0x20 && s.ptr[n] < 0x7f && s.ptr[n] != '"' &&
		       s.ptr[n] != '\\')
			n++;
		buf_add(b, slice_first(s, n));
		s = slice_from(s, n);
		if (s.len == 0)
			break;
		if (s.ptr[0] == '"' || s.ptr[0] == '\\')
			buf_printf(b, "\\%c", s.ptr[0]);
		else if (s.ptr[0] == '\n')
			buf_add_str(b, "\\n");
		else if (s.ptr[0] == '\t')
			buf_add_str(b, "\\t");
		else if (s.ptr[0] == '\r')
			buf_add_str(b, "\\r");
		else if (s.ptr[0] < 0x20 || s.ptr[0] == 0x7f)
			buf_printf(b, "\\u%04x", s.ptr[0]);
		else if ((n = utf8_length(s)) > 0) {
			buf_add(b, slice_first(s, n));
			s = slice_from(s, n);
			continue;
		} else
			buf_add_str(b, "\xef\xbf\xbd");
		s = slice_from(s, 1);
	}
	buf_add_byte(b, '"');
}

const char *
buf_str(struct buf *b)
{
	uint8_t *room = buf_room(b, 1);

	if (room == NULL)
		return NULL;
	*room = '\0';
	return (const char *)b->ptr;
}
