/* fuzz_reader.c - everything is recognised; the first byte chooses the character set. */
#include "fuzz_codec.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const charsets[] = {NULL, "shift_jis", "euc-jp"};
	struct codec_config cfg = {.utc_offset = SPAN_HOURS(9)};

	if (size == 0)
		return 0;
	cfg.charset = charsets[data[0] % 3];
	fuzz_codec(&cfg, data + 1, size - 1);
	return 0;
}
