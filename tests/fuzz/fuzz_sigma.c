/* fuzz_sigma.c - whatever the rule file, loading answers, and the set it gives can be run. */
#include <assert.h>
#include <stdlib.h>

#include "detect/sigma/sigma.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char mapping[] =
    "sources:\n  - logsource: {}\n    classes: [proxy]\n    fields: {c-uri: "
    "[[url.original, url.path]]}\n";
static const char placeholders[] = "x: [a, 'b*']\nnets: 10.0.0.0/8\n";

static struct event event;

static bool
reread(void *ctx, uint32_t line, struct event *ev, uint64_t *offset)
{
	assert(line == 7);
	*ev = event;
	*offset = 0;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sigma_loader *l = sigma_loader_new();
	struct arena *mem = arena_new(16 << 20);
	struct findings found = findings_in(mem);
	struct sigma_set *set = NULL;
	struct sigma_run *run;
	struct err e;

	if (sigma_add_mapping(l, SLICE("m"), slice_str(mapping), &e) != 0 ||
	    sigma_add_placeholders(l, SLICE("p"), slice_str(placeholders), &e) != 0 ||
	    sigma_add_rules(l, SLICE("fuzz.yml"), slice_of(data, size), &e) != 0)
		abort();
	if (sigma_compile(l, &set, &e) != 0)
		abort();
	for (size_t i = 0; i < sigma_report_count(set); i++) {
		struct sigma_report r = sigma_report_at(set, i);

		assert(r.standing != SIGMA_UNUSABLE || (r.reason.len > 0 && r.line > 0));
	}
	assert((run = sigma_run_new(set)) != NULL);
	event_reset(&event, slice_of(data, size));
	event.class = EVENT_PROXY;
	event_set(&event, FIELD_URL_ORIGINAL, slice_of(data, size));
	event_set(&event, FIELD_URL_DOMAIN, slice_of(data, size / 2));
	event_add_extra(&event, SLICE("f"), SLICE("value"));
	sigma_run_start(run, reread, NULL, &found);
	sigma_run_see(run, &event, 7);
	if (sigma_run_finish(run, &e) != 0)
		abort();
	sigma_run_free(run);
	sigma_set_free(set);
	sigma_loader_free(l);
	arena_free(mem);
	return 0;
}
