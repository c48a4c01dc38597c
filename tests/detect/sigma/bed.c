/* bed.c - see bed.h. */
#include "test.h"

#include "bed.h"

#include <stdlib.h>

#include "base/buf.h"

const char bed_mapping[] = "sources:\n  - logsource: {category: test}\n    classes: [other]\n";

void
bed_open(struct bed *b)
{
	*b = (struct bed){.loader = sigma_loader_new(), .mem = arena_new(256 << 20)};
	assert_non_null(b->loader);
	assert_non_null(b->mem);
	if (sigma_add_mapping(b->loader, SLICE("test.yaml"), slice_str(bed_mapping), &b->err) !=
	    0)
		fail_msg("%s", b->err.text);
}

void
bed_close(struct bed *b)
{
	sigma_run_free(b->run);
	sigma_set_free(b->set);
	sigma_loader_free(b->loader);
	arena_free(b->mem);
	free(b->events);
}

void
bed_add(struct bed *b, const char *file, struct slice yaml)
{
	if (sigma_add_rules(b->loader, slice_str(file), yaml, &b->err) != 0)
		fail_msg("%s", b->err.text);
}

void
bed_compile(struct bed *b)
{
	if (sigma_compile(b->loader, &b->set, &b->err) != 0)
		fail_msg("%s", b->err.text);
	assert_non_null(b->run = sigma_run_new(b->set));
}

const char *
bed_rule(struct bed *b, const char *id, const char *detection)
{
	return arena_printf(b->mem,
	    "title: %s\nid: %s\nlogsource: {category: test}\ndetection:\n%s", id, id,
	    detection);
}

static unsigned
hex(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

static struct slice
unescape(struct bed *b, struct slice s)
{
	struct buf out = BUF_INIT(1 << 20);
	struct slice copy;

	for (size_t i = 0; i < s.len; i++) {
		char next = i + 1 < s.len ? (char)s.ptr[i + 1] : 0;

		if (s.ptr[i] != '\\' || (next != 'n' && next != '0' && next != 'x')) {
			buf_add_byte(&out, s.ptr[i]);
		} else if (next == 'x') {
			buf_add_byte(&out,
			    (uint8_t)(hex((char)s.ptr[i + 2]) * 16 + hex((char)s.ptr[i + 3])));
			i += 3;
		} else {
			buf_add_byte(&out, next == 'n' ? '\n' : '\0');
			i++;
		}
	}
	copy = out.len == 0 ? SLICE("") : arena_dup(b->mem, buf_slice(&out));
	buf_release(&out);
	return copy;
}

struct event *
bed_event(struct bed *b, const char *text)
{
	struct slice rest = slice_str(text), line, name;
	struct event *ev;

	if (b->n_events == b->cap_events) {
		b->cap_events = b->cap_events == 0 ? 16 : b->cap_events * 2;
		assert_non_null(b->events = realloc(b->events, b->cap_events * sizeof(*ev)));
	}
	ev = &b->events[b->n_events++];
	event_reset(ev, slice_str(text));
	while (slice_cut_line(&rest, &line)) {
		enum field_id f;
		struct slice value;

		if (!slice_cut(&line, '=', &name) || line.ptr == NULL)
			continue;
		value = unescape(b, line);
		f = field_by_name(name);
		if (f != FIELD_NONE)
			event_add(ev, f, value);
		else
			event_add_extra(ev, name, value);
	}
	return ev;
}

static bool
reread(void *ctx, uint32_t line, struct event *ev, uint64_t *offset)
{
	struct bed *b = ctx;

	*ev = b->events[line];
	*offset = line * 100;
	return true;
}

void
bed_run(struct bed *b)
{
	b->found = findings_in(b->mem);
	sigma_run_start(b->run, reread, b, &b->found);
	for (size_t i = 0; i < b->n_events; i++)
		sigma_run_see(b->run, &b->events[i], (uint32_t)i);
	if (sigma_run_finish(b->run, &b->err) != 0)
		fail_msg("%s", b->err.text);
	b->n_events = 0;
}

unsigned
bed_count(const struct bed *b, const char *id)
{
	unsigned n = 0;

	for (const struct finding *f = b->found.first; f != NULL; f = f->next)
		n += slice_is(f->rule->id, id);
	return n;
}

struct sigma_report
bed_report(const struct bed *b, size_t i)
{
	assert_true(i < sigma_report_count(b->set));
	return sigma_report_at(b->set, i);
}
