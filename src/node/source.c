/* source.c - see source.h. */
#include "node/source.h"

#include <errno.h>
#include <stdlib.h>

#include <zstd.h>

#include "node/lines.h"
#include "text/json.h"

/* Level 1 packs proxy logs to about a sixth; level 3 takes half as long again and gains a
 * tenth. */
#define ZSTD_LEVEL 1
#define LINE_MEM   (1024 * 1024) /* what a codec may need for one line */
#define CONFIG_MAX 8192

struct source_pack {
	ZSTD_CCtx *zstd;
	uint8_t *frame; /* ZSTD_compressBound(BATCH_BYTES_MAX) bytes */
	struct buf config;
	/* for masking only */
	const struct mask_key *key;
	struct reader *reader;
	struct arena *mem;
	struct event *event;
	struct buf masked, line;
};

static void
pack_free(struct source_pack *p)
{
	if (p == NULL)
		return;
	ZSTD_freeCCtx(p->zstd);
	free(p->frame);
	buf_release(&p->config);
	reader_free(p->reader);
	arena_free(p->mem);
	free(p->event);
	buf_release(&p->masked);
	buf_release(&p->line);
	free(p);
}

/* What the center needs to read the lines: Hinomi-Config. */
static void
write_config(const struct codec_config *c, struct buf *out)
{
	struct json_out o = json_out_to(out);

	json_open_object(&o, NULL);
	if (c->codec != NULL)
		json_put_str(&o, "codec", c->codec);
	if (c->logformat != NULL)
		json_put_str(&o, "logformat", c->logformat);
	if (c->charset != NULL)
		json_put_str(&o, "charset", c->charset);
	if (c->utc_offset.us != 0) {
		long long minutes = llabs((long long)c->utc_offset.us / 60000000);
		struct buf text = BUF_INIT(16);

		buf_printf(&text, "%c%02lld:%02lld", c->utc_offset.us < 0 ? '-' : '+',
		    minutes / 60, minutes % 60);
		json_put_string(&o, "utc_offset", buf_slice(&text));
		buf_release(&text);
	}
	json_close_object(&o);
}

static int
pack_make(struct source_pack **out, const struct source_config *cfg, const struct mask_key *key,
    struct err *e)
{
	struct source_pack *p = calloc(1, sizeof(*p));
	int rc = -1;

	if (p == NULL)
		goto out;
	p->config = BUF_INIT(CONFIG_MAX);
	write_config(&cfg->codec, &p->config);
	if ((p->zstd = ZSTD_createCCtx()) == NULL ||
	    (p->frame = malloc(ZSTD_compressBound(BATCH_BYTES_MAX))) == NULL ||
	    p->config.failed)
		goto out;
	ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
	ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1);
	if (cfg->mask.user || cfg->mask.query) {
		p->key = key;
		p->masked = BUF_INIT(BATCH_BYTES_MAX);
		p->line = BUF_INIT(BATCH_BYTES_MAX - 1);
		if ((p->mem = arena_new(LINE_MEM)) == NULL ||
		    (p->event = calloc(1, sizeof(*p->event))) == NULL)
			goto out;
		if (reader_new(&p->reader, &cfg->codec, e) != 0) {
			pack_free(p);
			return -1;
		}
	}
	*out = p;
	p = NULL;
	rc = 0;
out:
	if (rc != 0)
		err_errno(e, ENOMEM, "preparing to compress");
	pack_free(p);
	return rc;
}

int
source_open(struct source *s, const struct source_config *cfg, struct spool *sp,
    const struct mask_key *key, struct instant now, struct err *e)
{
	*s = (struct source){.cfg = cfg};
	if (pack_make(&s->pack, cfg, key, e) != 0 ||
	    spool_need_source(sp, cfg->name, now, &s->spooled, e) != 0) {
		source_close(s);
		return err_wrap(e, "%.*s:%u: source \"%.*s\"", SLICE_ARG(cfg->file), cfg->line,
		    SLICE_ARG(cfg->name));
	}
	return 0;
}

void
source_close(struct source *s)
{
	pack_free(s->pack);
	s->pack = NULL;
}

static int
put_batch(struct source *s, struct spool *sp, struct slice lines, uint64_t n_lines,
    struct slice preamble, struct instant now, struct err *e)
{
	struct source_pack *p = s->pack;
	struct spool_batch b = {.bytes = lines.len,
	    .lines = n_lines,
	    .received = now,
	    .config = buf_slice(&p->config),
	    .preamble = preamble};
	size_t n = ZSTD_compress2(
	    p->zstd, p->frame, ZSTD_compressBound(BATCH_BYTES_MAX), lines.ptr, lines.len);

	if (ZSTD_isError(n))
		return err_set(e, "compressing a batch: %s", ZSTD_getErrorName(n));
	b.body = slice_of(p->frame, n);
	return spool_put(sp, s->spooled->id, &b, e);
}

/* One line without its newline into p->line, as it may leave. */
static void
mask_line(struct source *s, struct slice line)
{
	struct source_pack *p = s->pack;
	enum codec_status st;
	bool ok;

	buf_reset(&p->line);
	arena_reset(p->mem);
	st = reader_read(p->reader, line, p->mem, p->event);
	if (st == CODEC_NOTHING)
		ok = true;
	else if (st == CODEC_EVENT) {
		p->event->raw = line;
		ok = mask_event(p->key, s->cfg->mask, p->event, &p->line) && !p->line.failed;
		if (ok)
			return;
	} else
		ok = s->cfg->unread == SOURCE_PASS;
	buf_reset(&p->line);
	if (ok)
		buf_add(&p->line, line);
	else {
		s->masked_unread++;
		mask_add_dropped(line, &p->line);
	}
}

static int
put_masked(struct source *s, struct spool *sp, struct slice lines, struct slice preamble,
    struct instant now, struct err *e)
{
	struct source_pack *p = s->pack;
	struct buf in_force = BUF_INIT(PREAMBLE_MAX);
	struct batch b = {
	    .received = now, .preamble = preamble, .lines = lines, .config = &s->cfg->codec};
	uint64_t n = 0;
	int rc = 0;

	buf_add(&in_force, preamble);
	buf_reset(&p->masked);
	reader_start(p->reader, &b);
	while (lines.len > 0 && rc == 0) {
		size_t end = slice_find(lines, '\n');
		struct slice line = slice_first(lines, end);
		bool ended = end != SIZE_MAX;

		lines = slice_from(lines, line.len + ended);
		mask_line(s, line);
		if (p->masked.len + p->line.len + 1 > BATCH_BYTES_MAX) {
			rc = put_batch(
			    s, sp, buf_slice(&p->masked), n, buf_slice(&in_force), now, e);
			lines_see_directives(buf_slice(&p->masked), &in_force);
			buf_reset(&p->masked);
			n = 0;
		}
		buf_add(&p->masked, buf_slice(&p->line));
		if (ended)
			buf_add_byte(&p->masked, '\n');
		n++;
	}
	if (rc == 0 && n > 0)
		rc = put_batch(s, sp, buf_slice(&p->masked), n, buf_slice(&in_force), now, e);
	buf_release(&in_force);
	return rc;
}

int
source_put(struct source *s, struct spool *sp, struct slice lines, uint64_t n_lines,
    struct slice preamble, struct instant now, struct err *e)
{
	int rc = s->pack->reader != NULL ? put_masked(s, sp, lines, preamble, now, e)
					 : put_batch(s, sp, lines, n_lines, preamble, now, e);

	if (rc != 0)
		return err_wrap(e, "source \"%.*s\"", SLICE_ARG(s->cfg->name));
	s->read_bytes += lines.len;
	s->last_line = now;
	return 0;
}
