/*
 * fuzz_indicator.c - any file of indicators: it loads or says why, the set is
 * built, and every line of the file can be looked up.  What is found is in the set.
 */
#include <assert.h>
#include <stdlib.h>

#include "detect/indicator/indicator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const enum field_id fields[] = {FIELD_URL_DOMAIN, FIELD_URL_FULL, FIELD_DESTINATION_IP,
    FIELD_DNS_ANSWER, FIELD_HTTP_HOST, FIELD_FILE_SHA256, FIELD_TLS_JA3, FIELD_TLS_JA4};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of(data, size), line;
	struct indicator_loader *l = indicator_loader_new(1);
	struct arena *mem = arena_new(16 << 20);
	struct findings found = findings_in(mem);
	struct indicator_set *set = NULL;
	struct indicator_report report;
	struct indicator_run *run;
	static struct event ev;
	struct err e = {0};

	/* The first byte chooses: some rows are for the allow-list, so that both are met. */
	if (size > 0 && data[0] % 4 == 0)
		indicator_add_allow(l, SLICE("fuzz"), slice_first(rest, size / 2), &report, &e);
	if (indicator_add(l, SLICE("fuzz"), rest, &report, &e) == 0)
		assert((report.refused > 0) == (report.reason.en.len > 0));
	assert(indicator_compile(l, &set, &e) == 0);
	run = indicator_run_new(set);
	for (int n = 0; n < 64 && slice_cut_line(&rest, &line); n++) {
		event_reset(&ev, line);
		ev.class = EVENT_PROXY;
		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
			event_set(&ev, fields[i], line);
		indicator_run_see(run, &ev, 0, &found);
		arena_reset(mem);
		assert(found.count == 0 || indicator_count(set) > 0);
		found = findings_in(mem);
	}
	indicator_run_free(run);
	indicator_set_free(set);
	indicator_loader_free(l);
	arena_free(mem);
	return 0;
}
