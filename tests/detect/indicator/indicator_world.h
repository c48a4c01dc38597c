/* indicator_world.h - load texts, make events and look them up, in one line each. */
#ifndef HINOMI_TESTS_INDICATOR_WORLD_H
#define HINOMI_TESTS_INDICATOR_WORLD_H

#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "detect/indicator/indicator.h"

/* Everything one test needs; world_end() releases it. */
struct world {
	struct indicator_loader *loader;
	struct indicator_set *set;
	struct indicator_run *run;
	struct arena *mem;
	struct findings found;
	struct event event;
	struct indicator_report report;
};

static inline struct world
world_begin(void)
{
	struct world w = {.loader = indicator_loader_new(0x5eed), .mem = arena_new(64 << 20)};

	assert_true(w.loader != NULL && w.mem != NULL);
	w.found = findings_in(w.mem);
	return w;
}

static inline void
world_list(struct world *w, const char *name, const char *text)
{
	struct err e = {0};

	if (indicator_add(w->loader, slice_str(name), slice_str(text), &w->report, &e) != 0)
		fail_msg("%s", e.text);
}

static inline void
world_allow(struct world *w, const char *text)
{
	struct err e = {0};

	if (indicator_add_allow(
		w->loader, SLICE("allow.txt"), slice_str(text), &w->report, &e) != 0)
		fail_msg("%s", e.text);
}

static inline void
world_ready(struct world *w)
{
	struct err e = {0};

	if (indicator_compile(w->loader, &w->set, &e) != 0)
		fail_msg("%s", e.text);
	w->run = indicator_run_new(w->set);
	assert_non_null(w->run);
}

static inline void
world_end(struct world *w)
{
	indicator_run_free(w->run);
	indicator_set_free(w->set);
	indicator_loader_free(w->loader);
	arena_free(w->mem);
}

/* A new event; then world_set() its fields. */
static inline void
world_event(struct world *w, enum event_class class)
{
	event_reset(&w->event, SLICE("the line"));
	w->event.class = class;
	w->event.at = (struct instant){1780272000000000}; /* 2026-06-01 */
	event_set(&w->event, FIELD_SOURCE_IP, SLICE("10.1.2.3"));
}

static inline void
world_set(struct world *w, enum field_id f, const char *value)
{
	event_add(&w->event, f, slice_str(value));
}

/* Look the event up; the rule ids found, joined by blanks (in a static buffer). */
static inline const char *
world_see(struct world *w)
{
	static char text[65536];
	size_t n = 0;

	arena_reset(w->mem);
	w->found = findings_in(w->mem);
	indicator_run_see(w->run, &w->event, 7, &w->found);
	text[0] = '\0';
	for (const struct finding *f = w->found.first; f != NULL; f = f->next)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s", n > 0 ? " " : "",
		    SLICE_ARG(f->rule->id));
	return text;
}

/* The rules hit by a proxy event with only this value in this field. */
static inline const char *
world_look(struct world *w, enum field_id f, const char *value)
{
	world_event(w, EVENT_PROXY);
	world_set(w, f, value);
	return world_see(w);
}

#endif
