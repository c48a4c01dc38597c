#include "fuzz_codec.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_codec(&(struct codec_config){.codec = "leef"}, data, size);
	return 0;
}
