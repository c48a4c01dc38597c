/* status.c - see status.h. */
#include "node/status.h"

#include "text/json.h"

static void
write_source(struct json_out *o, const struct source *s, uint64_t lag)
{
	const struct spool_source *n = s->spooled;
	struct buf text = BUF_INIT(1024);

	json_open_object(o, NULL);
	json_put_string(o, "name", s->cfg->name);
	if (s->cfg->codec.codec != NULL)
		json_put_str(o, "codec", s->cfg->codec.codec);
	json_put_uint(o, "lines", n->lines);
	json_put_uint(o, "read_bytes", n->offset);
	json_put_uint(o, "lag_bytes", lag);
	if (s->last_line.us != 0)
		json_put_instant(o, "last_line", s->last_line);
	json_put_uint(o, "dropped_lines", n->dropped_lines + s->refused_lines);
	json_open_array(o, "errors");
	if (s->trouble.text[0] != '\0')
		json_put_string(o, NULL, slice_first(slice_str(s->trouble.text), 400));
	if (n->dropped_lines + s->refused_lines > 0) {
		buf_printf(&text, "%llu lines were dropped because the spool was full",
		    (unsigned long long)(n->dropped_lines + s->refused_lines));
		json_put_string(o, NULL, buf_slice(&text));
		buf_reset(&text);
	}
	if (s->masked_unread > 0) {
		buf_printf(&text,
		    "the content of %llu lines was dropped because they could not be masked",
		    (unsigned long long)s->masked_unread);
		json_put_string(o, NULL, buf_slice(&text));
	}
	json_close_array(o);
	json_close_object(o);
	buf_release(&text);
}

void
status_write(const struct status *s, bool local, struct buf *out)
{
	struct json_out o = json_out_to(out);

	json_open_object(&o, NULL);
	json_put_str(&o, "version", s->version);
	if (local) {
		json_put_instant(&o, "time", s->now);
		json_open_object(&o, "center");
		json_put_bool(&o, "connected", s->link->connected);
		json_put_instant(&o, "since", s->link->since);
		json_put_uint(&o, "sent_batches", s->link->sent);
		json_put_int(&o, "clock_ahead_seconds", s->link->clock_ahead.us / 1000000);
		json_put_str(&o, "trouble", s->link->trouble);
		json_close_object(&o);
		json_put_str(&o, "trouble", s->trouble);
	}
	json_open_object(&o, "spool");
	json_put_int(&o, "bytes", s->spool.bytes);
	json_put_int(&o, "batches", s->spool.batches);
	json_put_int(&o, "limit", s->spool.limit);
	if (s->spool.oldest.us != 0)
		json_put_instant(&o, "oldest", s->spool.oldest);
	if (local)
		json_put_int(&o, "quarantined", s->spool.quarantined);
	json_close_object(&o);
	json_open_array(&o, "sources");
	for (size_t i = 0; i < s->n_sources; i++)
		write_source(&o, s->sources[i].source, s->sources[i].lag_bytes);
	json_close_array(&o);
	json_close_object(&o);
}
