/* fuzz_stix_pattern.c - any pattern is read or refused; values lie inside its scratch. */
#include <assert.h>

#include "detect/indicator/stix_pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct stix_pattern p;
	enum refusal why = stix_pattern_read(slice_of(data, size), &p);

	assert((why == REFUSED_NOT) == (p.n > 0));
	for (unsigned i = 0; i < p.n; i++) {
		const char *text = (const char *)p.values[i].text.ptr;

		assert(text >= p.text && text + p.values[i].text.len <= p.text + p.used);
		assert(p.values[i].text.len <= size);
	}
	return 0;
}
