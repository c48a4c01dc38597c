/* fuzz_logformat.c - the first line is the logformat, the others were written with it. */
#include "fuzz_codec.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of(data, size), format;
	char *text;

	if (!slice_cut_line(&rest, &format) || (text = malloc(format.len + 1)) == NULL)
		return 0;
	memcpy(text, format.ptr, format.len);
	text[format.len] = '\0';
	fuzz_codec(
	    &(struct codec_config){.codec = "squid", .logformat = text}, rest.ptr, rest.len);
	free(text);
	return 0;
}
