/* write.c - see write.h. */
#include "server/write.h"

void
write_time(struct json_out *o, const char *name, struct instant t)
{
	if (t.us == 0)
		json_put_null(o, name);
	else
		json_put_instant(o, name, t);
}

static const char *
status_name(enum alert_status s)
{
	return s == ALERT_OPEN ? "open" : "closed";
}

static void
write_text(struct json_out *o, const char *name, struct slice en, struct slice ja)
{
	json_open_object(o, name);
	json_put_string(o, "en", en.ptr == NULL ? SLICE("") : en);
	if (ja.ptr != NULL)
		json_put_string(o, "ja", ja);
	json_close_object(o);
}

void
write_alert_summary(
    struct json_out *o, const struct alert_row *a, struct slice institution_name)
{
	json_open_object(o, NULL);
	json_put_str(o, "id", a->id);
	json_put_str(o, "status", status_name(a->status));
	json_put_instant(o, "time", a->last_seen);
	json_put_instant(o, "first_seen", a->first_seen);
	json_put_instant(o, "last_seen", a->last_seen);
	json_put_instant(o, "raised", a->raised);
	json_put_uint(o, "count", a->count);
	json_put_string(o, "institution", a->institution);
	json_put_string(o, "institution_name", institution_name);
	json_put_string(o, "source", a->source);
	json_put_string(o, "detector", a->detector);
	json_open_object(o, "rule");
	json_put_string(o, "id", a->rule_id);
	write_text(o, "title", a->title_en, a->title_ja);
	json_put_str(o, "level", level_name(a->level));
	json_close_object(o);
	json_put_uint(o, "severity", a->severity);
	json_put_raw(o, "attack", a->attack);
	json_open_object(o, "entity");
	json_put_string(o, "kind", a->entity_kind);
	json_put_string(o, "value", a->entity);
	json_close_object(o);
	json_close_object(o);
}

/* The audit log's "user:suzuki" is just suzuki to people. */
static struct slice
strip_user(struct slice actor)
{
	return slice_starts(actor, SLICE("user:")) ? slice_from(actor, 5) : actor;
}

void
write_alert(struct buf *out, const struct alert_row *a, struct slice stored,
    struct slice institution_name)
{
	struct json_out o = json_out_to(out);

	json_open_object(&o, NULL);
	json_put_str(&o, "status", status_name(a->status));
	if (a->status == ALERT_OPEN)
		json_put_null(&o, "closed");
	else {
		json_open_object(&o, "closed");
		json_put_string(&o, "by", strip_user(a->closed_by));
		json_put_instant(&o, "at", a->closed_at);
		json_put_string(&o, "reason", a->closed_reason);
		json_put_string(&o, "comment",
		    a->closed_comment.ptr == NULL ? SLICE("") : a->closed_comment);
		json_close_object(&o);
	}
	json_put_instant(&o, "raised", a->raised);
	json_put_string(&o, "institution_name", institution_name);
	/* The stored object goes on where ours stops: '{' off its front. */
	buf_add_byte(out, ',');
	buf_add(out, slice_from(stored, 1));
}

static int
compare_unread(const struct source_view *s, int a, int b)
{
	return s->unread[a] > s->unread[b] ? -1 : s->unread[a] < s->unread[b] ? 1 : a - b;
}

/* By reason, most first; a handful of rows. */
static void
write_unread(struct json_out *o, const struct source_view *s)
{
	int order[CODEC_STATUS_COUNT], n = 0;

	for (int i = 0; i < CODEC_STATUS_COUNT; i++) {
		int at = n;

		if (s->unread[i] == 0)
			continue;
		for (; at > 0 && compare_unread(s, order[at - 1], i) > 0; at--)
			order[at] = order[at - 1];
		order[at] = i;
		n++;
	}
	json_open_array(o, "unread");
	for (int i = 0; i < n; i++) {
		json_open_object(o, NULL);
		json_put_str(o, "reason", codec_status_name(order[i]));
		json_put_uint(o, "count", s->unread[order[i]]);
		write_text(o, "help", slice_str(codec_status_help(order[i], false)),
		    slice_str(codec_status_help(order[i], true)));
		json_close_object(o);
	}
	json_close_array(o);
}

void
write_source(struct json_out *o, const struct source_view *s)
{
	json_open_object(o, NULL);
	json_put_string(o, "institution", s->institution);
	json_put_string(o, "node", s->node);
	json_put_string(o, "name", s->name);
	json_put_string(o, "codec", s->codec);
	json_put_str(o, "health", health_name(s->health));
	write_time(o, "last_batch", s->last_batch);
	write_time(o, "last_event", s->last_event);
	json_put_int(o, "lag_bytes", s->lag_bytes);
	json_put_uint(o, "lines", s->lines);
	json_put_uint(o, "events", s->events);
	json_put_uint(o, "nothing", s->nothing);
	write_unread(o, s);
	json_put_int(o, "dropped_lines", s->dropped_lines);
	json_put_raw(o, "errors", s->errors.ptr == NULL ? SLICE("[]") : s->errors);
	json_close_object(o);
}

void
write_node(struct json_out *o, const struct node_view *n)
{
	json_open_object(o, NULL);
	json_put_string(o, "id", n->node.id);
	json_put_string(o, "version", n->node.version);
	json_put_str(o, "health", health_name(n->health));
	json_put_bool(o, "revoked", n->node.revoked.us != 0);
	json_put_instant(o, "enrolled", n->node.enrolled);
	json_put_instant(o, "certificate_expires", n->node.certificate_until);
	write_time(o, "last_seen", n->node.seen);
	if (n->node.spool.ptr == NULL)
		json_put_null(o, "spool");
	else
		json_put_raw(o, "spool", n->node.spool);
	json_close_object(o);
}
