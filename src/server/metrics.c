/*
 * metrics.c - /metrics for Prometheus and /healthz for whatever wakes people.
 *
 * /healthz says what is wrong, and 503 if anything is: disk, batch log, store,
 * detection's lag, the server's certificate.
 */
#include <stdio.h>

#include <sys/statvfs.h>

#include "incident/alert_db.h"
#include "observe/reading_db.h"
#include "server/handlers.h"
#include "server/ingest.h"
#include "server/serve.h"
#include "server/streams.h"
#include "text/json.h"

#define TEXT_MAX      (1024 * 1024)
#define DISK_FREE_MIN (256ull << 20)
#define LAG_MAX	      SPAN_MINUTES(5)
#define TROUBLE_MAX   512

/* -- what is wrong ------------------------------------------------------------ */

/* Each writes a sentence and returns true where something is wrong. */
typedef bool health_check(struct visit *v, char out[TROUBLE_MAX]);

static bool
check_disk(struct visit *v, char out[TROUBLE_MAX])
{
	struct statvfs fs;

	if (statvfs(v->serve->env->data_dir, &fs) != 0) {
		snprintf(out, TROUBLE_MAX, "the data directory can not be looked at");
		return true;
	}
	if ((uint64_t)fs.f_bavail * fs.f_frsize >= DISK_FREE_MIN)
		return false;
	snprintf(out, TROUBLE_MAX, "the data directory's disk has %llu MiB left",
	    (unsigned long long)((uint64_t)fs.f_bavail * fs.f_frsize >> 20));
	return true;
}

static bool
check_batch_log(struct visit *v, char out[TROUBLE_MAX])
{
	const char *trouble = ingest_trouble(v->serve->ingest);

	if (trouble != NULL)
		snprintf(out, TROUBLE_MAX, "%s", trouble);
	return trouble != NULL;
}

static bool
check_store(struct visit *v, char out[TROUBLE_MAX])
{
	struct err e = {0};
	int64_t cursor;

	if (reading_get_cursor(v->serve->db, &cursor, &e) == 0)
		return false;
	snprintf(out, TROUBLE_MAX, "%.*s", TROUBLE_MAX - 1, e.text);
	return true;
}

/* The oldest batch that detection has not seen yet, by when it was stored; 0: none. */
static int
oldest_unseen(struct visit *v, struct instant *out, int64_t *behind, struct err *e)
{
	struct batchlog_stats stats;
	struct batch_record next;
	int64_t cursor;
	int rc;

	*out = (struct instant){0};
	if (reading_get_cursor(v->serve->db, &cursor, e) != 0 ||
	    batchlog_stats(v->serve->log, &stats, e) != 0)
		return -1;
	*behind = stats.last > cursor ? stats.last - cursor : 0;
	if (*behind == 0)
		return 0;
	if ((rc = batchlog_take_next(v->serve->log, cursor, v->r->mem, &next, e)) < 0)
		return -1;
	if (rc == 1)
		*out = next.stored;
	return 0;
}

static bool
check_detection(struct visit *v, char out[TROUBLE_MAX])
{
	struct instant oldest, now = clock_now();
	struct err e = {0};
	int64_t behind;

	if (oldest_unseen(v, &oldest, &behind, &e) != 0) {
		snprintf(out, TROUBLE_MAX, "%.*s", TROUBLE_MAX - 1, e.text);
		return true;
	}
	if (oldest.us == 0 || instant_since(now, oldest).us < LAG_MAX.us)
		return false;
	snprintf(out, TROUBLE_MAX, "detection is %lld batches and %lld seconds behind",
	    (long long)behind, (long long)(instant_since(now, oldest).us / 1000000));
	return true;
}

static int
note_failure(void *ctx, const struct content_status *s, struct err *e)
{
	char *out = ctx;

	if (s->failed_at.us != 0)
		snprintf(out, TROUBLE_MAX,
		    "rules or indicators were not loaded again, the old ones stay in use: %.*s",
		    SLICE_ARG(slice_first(s->failure, TROUBLE_MAX)));
	return 0;
}

static bool
check_content(struct visit *v, char out[TROUBLE_MAX])
{
	struct err e = {0};

	out[0] = '\0';
	if (content_status_get(v->serve->db, note_failure, out, &e) != 0)
		snprintf(out, TROUBLE_MAX, "%.*s", TROUBLE_MAX - 1, e.text);
	return out[0] != '\0';
}

static bool
check_certificate(struct visit *v, char out[TROUBLE_MAX])
{
	if (instant_before(clock_now(), ca_server_until(v->serve->ca)))
		return false;
	snprintf(out, TROUBLE_MAX, "the server's certificate has expired");
	return true;
}

static const struct {
	const char *name;
	health_check *run;
} checks[] = {
    {"disk", check_disk},
    {"batch_log", check_batch_log},
    {"store", check_store},
    {"detection", check_detection},
    {"content", check_content},
    {"certificate", check_certificate},
};

void
metrics_on_health(struct visit *v)
{
	struct buf body = BUF_INIT(TEXT_MAX);
	struct json_out o = json_out_to(&body);
	char trouble[TROUBLE_MAX];
	bool well = true;

	json_open_object(&o, NULL);
	json_open_object(&o, "checks");
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		bool bad = checks[i].run(v, trouble);

		json_put_str(&o, checks[i].name, bad ? trouble : "ok");
		well = well && !bad;
	}
	json_close_object(&o);
	json_put_str(&o, "status", well ? "ok" : "failing");
	json_close_object(&o);
	visit_answer_json(v, well ? 200 : 503, &body);
}

/* -- counters and gauges ------------------------------------------------------- */

static void
put_counters(struct buf *out, const struct metrics *m)
{
#define COUNTER(member, help)                                                                  \
	buf_printf(out,                                                                        \
	    "# HELP hinomi_serve_" #member "_total " help "\n"                                 \
	    "# TYPE hinomi_serve_" #member "_total counter\n"                                  \
	    "hinomi_serve_" #member "_total %llu\n",                                           \
	    (unsigned long long)m->member);
#include "server/metrics.def"
#undef COUNTER
}

static void
put_gauge(struct buf *out, const char *name, const char *help, double value)
{
	buf_printf(out, "# HELP hinomi_%s %s\n# TYPE hinomi_%s gauge\nhinomi_%s %.15g\n", name,
	    help, name, name, value);
}

static int
put_content(void *ctx, const struct content_status *s, struct err *e)
{
	struct buf *out = ctx;

	put_gauge(out, "content_rules", "Rules in use.", (double)s->rules);
	put_gauge(out, "content_rules_unusable", "Rules that cannot be used.",
	    (double)s->rules_unusable);
	put_gauge(out, "content_indicators", "Indicators in use.", (double)s->indicators);
	put_gauge(out, "content_loaded_seconds",
	    "When they were loaded, in seconds since 1970.", (double)s->loaded_at.us / 1e6);
	return 0;
}

static int
put_stores(struct visit *v, struct buf *out, struct err *e)
{
	const struct scope everyone = {.all = true};
	uint64_t open[LEVEL_CRITICAL + 1];
	struct batchlog_stats stats;
	struct instant oldest;
	int64_t behind;

	if (batchlog_stats(v->serve->log, &stats, e) != 0 ||
	    oldest_unseen(v, &oldest, &behind, e) != 0 ||
	    alert_db_count_open(v->serve->db, &everyone, (struct slice){0}, open, e) != 0 ||
	    content_status_get(v->serve->db, put_content, out, e) != 0)
		return -1;
	put_gauge(
	    out, "batchlog_position", "Position of the newest batch.", (double)stats.last);
	put_gauge(
	    out, "batchlog_bytes", "Bytes of the batch log in use.", (double)stats.used_bytes);
	put_gauge(out, "detect_behind_batches", "Batches that detection has not seen yet.",
	    (double)behind);
	put_gauge(out, "detect_behind_seconds", "Age of the oldest of them.",
	    oldest.us == 0 ? 0 : (double)instant_since(clock_now(), oldest).us / 1e6);
	buf_add_str(
	    out, "# HELP hinomi_alerts_open Open alerts.\n# TYPE hinomi_alerts_open gauge\n");
	for (int l = 0; l <= LEVEL_CRITICAL; l++)
		buf_printf(out, "hinomi_alerts_open{level=\"%s\"} %llu\n", level_name(l),
		    (unsigned long long)open[l]);
	return 0;
}

void
metrics_on_get(struct visit *v)
{
	struct serve *s = v->serve;
	struct buf body = BUF_INIT(TEXT_MAX);
	struct err e = {0};

	put_counters(&body, &s->metrics);
	put_gauge(
	    &body, "node_connections", "Connections from nodes.", http_connections(s->node));
	put_gauge(&body, "console_connections", "Connections to the console.",
	    http_connections(s->console));
	put_gauge(
	    &body, "console_streams", "Console pages updated live.", streams_count(s->streams));
	put_gauge(&body, "certificate_expires_seconds",
	    "Life left of the server's certificate.",
	    (double)instant_since(ca_server_until(s->ca), clock_now()).us / 1e6);
	if (put_stores(v, &body, &e) != 0 || body.failed) {
		buf_release(&body);
		visit_fail(v, &e);
		return;
	}
	request_answer_buf(v->r, 200, "text/plain; version=0.0.4; charset=utf-8", &body);
	buf_release(&body);
}
