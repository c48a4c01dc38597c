/* batch_open.c - see batch_open.h. */
#include "center/batch_open.h"

#include <inttypes.h>
#include <stdlib.h>

#include <zstd.h>

#include "text/json.h"

#define CONFIG_MAX 16384

struct batch_opener {
	ZSTD_DCtx *zstd;
	uint8_t lines[BATCH_BYTES_MAX];
};

struct batch_opener *
batch_opener_new(void)
{
	struct batch_opener *o = malloc(sizeof(*o));

	if (o != NULL && (o->zstd = ZSTD_createDCtx()) == NULL) {
		free(o);
		o = NULL;
	}
	return o;
}

void
batch_opener_free(struct batch_opener *o)
{
	if (o == NULL)
		return;
	ZSTD_freeDCtx(o->zstd);
	free(o);
}

static int
unpack(struct batch_opener *o, const struct batch_record *r, struct slice *lines, struct err *e)
{
	size_t n;

	/* The room is the bound, whatever the frame or the record claims. */
	n = ZSTD_decompressDCtx(
	    o->zstd, o->lines, sizeof(o->lines), r->frame.ptr, r->frame.len);
	if (ZSTD_isError(n))
		return err_set(e, "its frame can not be unpacked: %s", ZSTD_getErrorName(n));
	if (n != r->bytes)
		return err_set(e,
		    "its frame holds %zu bytes, not the %" PRIu64 " that were announced", n,
		    r->bytes);
	*lines = slice_of(o->lines, n);
	return 0;
}

/* "+09:00" */
static bool
read_offset(struct slice s, struct span *out)
{
	uint64_t hours, minutes;

	if (s.len != 6 || (s.ptr[0] != '+' && s.ptr[0] != '-') || s.ptr[3] != ':' ||
	    !slice_to_u64(slice_first(slice_from(s, 1), 2), &hours) ||
	    !slice_to_u64(slice_from(s, 4), &minutes) || hours > 23 || minutes > 59)
		return false;
	*out = SPAN_MINUTES((int64_t)(hours * 60 + minutes) * (s.ptr[0] == '-' ? -1 : 1));
	return true;
}

static const char *
text_or_null(struct arena *mem, struct slice s)
{
	return s.ptr == NULL ? NULL : arena_strdup(mem, s);
}

static int
read_config(struct slice text, struct arena *mem, struct codec_config *out, struct err *e)
{
	struct slice codec = {0}, logformat = {0}, charset = {0}, offset = {0};
	struct json *o = NULL;
	int rc = -1;

	*out = (struct codec_config){0};
	if (text.len == 0)
		return 0;
	if (json_parse(&o, text, CONFIG_MAX, e) != 0 ||
	    json_want_string(o, "codec", 64, &codec, e) != 0 ||
	    json_want_string(o, "logformat", CONFIG_MAX, &logformat, e) != 0 ||
	    json_want_string(o, "charset", 64, &charset, e) != 0 ||
	    json_want_string(o, "utc_offset", 6, &offset, e) != 0)
		goto out;
	if (offset.ptr != NULL && !read_offset(offset, &out->utc_offset)) {
		err_set(e, "\"utc_offset\" must be like \"+09:00\"");
		goto out;
	}
	out->codec = text_or_null(mem, codec);
	out->logformat = text_or_null(mem, logformat);
	out->charset = text_or_null(mem, charset);
	rc = 0;
out:
	json_free(o);
	return rc == 0 ? 0 : err_wrap(e, "its settings");
}

int
batch_open(struct batch_opener *o, const struct batch_record *r, struct arena *mem,
    struct batch *out, struct err *e)
{
	struct codec_config *config = arena_alloc(mem, sizeof(*config));
	char *id = arena_printf(mem, "%" PRId64, r->position);

	if (config == NULL || id == NULL)
		return err_set(e, "no memory to read it");
	*out = (struct batch){
	    .id = slice_str(id),
	    .institution = r->institution,
	    .source = r->source,
	    .sequence = r->sequence,
	    .offset = r->offset,
	    .received = r->received,
	    .preamble = r->preamble,
	    .config = config,
	};
	if (unpack(o, r, &out->lines, e) != 0 || read_config(r->config, mem, config, e) != 0)
		return -1;
	return arena_full(mem) ? err_set(e, "no memory to read its settings") : 0;
}
