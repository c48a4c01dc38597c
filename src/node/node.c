/*
 * node.c - the shell of a node: one loop, one transaction at a time.
 *
 * A turn looks at the files, then collects everything that is there (new lines of
 * files, what was received, acknowledgements) into one transaction of the spool.
 * If it is committed, everybody is told so; if not, everybody forgets it, and the
 * same is tried again.  Nothing else writes to the spool's batches and marks.
 */
#include "node/node.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "node/confine.h"
#include "node/forward.h"
#include "node/intake.h"
#include "node/receive_bulk.h"
#include "node/receive_syslog.h"
#include "node/status.h"
#include "node/tail.h"
#include "pki/cert.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/random.h"
#include "text/json.h"

#define GATHER SPAN_MS(50) /* after the first sign of new lines: others come along */
#define GATHER_SYSLOG                                                                          \
	SPAN_MS(200) /* a syslog line is followed by more; then one batch holds them */
#define ACK_LATER SPAN_MS(500) /* acknowledgements alone are no reason to sync the disk often  \
				*/
#define POLL	    SPAN_SECONDS(1)
#define REPORT	    SPAN_SECONDS(10)
#define REPORT_SOON SPAN_SECONDS(2) /* the first is made before the center could answer */
#define RENEW_CHECK SPAN_SECONDS(60)
#define DISK_RETRY  SPAN_SECONDS(1)
#define TURN_BYTES  (4 * 1024 * 1024) /* of each file source; then the loop looks elsewhere */
#define REPORT_MAX  (200 * 1024)
#define PEM_MAX	    (64 * 1024)

/* One source with whatever brings its lines. */
struct feed {
	struct source source;
	struct tail *tail;
	struct intake intake;
	struct syslog *syslog;
	bool has_intake;
	char told[200]; /* the start of the trouble that the log holds already; "" if none */
};

struct node {
	struct loop *loop;
	const struct node_config *cfg;
	const char *data_dir, *version;
	struct identity identity;
	struct mask_key mask_key;
	struct spool *sp;
	struct feed feeds[NODE_SOURCES_MAX];
	size_t n_feeds;
	struct bulk_listener *bulk[NODE_SOURCES_MAX];
	size_t n_bulk;
	struct tls_server *syslog_tls;
	struct forward *forward;
	char center[301], proxy[301], status_file[4200];

	int inotify;
	bool inotify_quiet; /* not watched until the next turn */
	struct loop_timer *turn;
	struct span turn_due;
	bool held;	   /* the spool is full: nothing more is taken */
	char trouble[400]; /* the disk refuses; "" if not */
	int lock;
};

static void take_turn(void *ctx);

/* A turn within this time, or earlier if one is due earlier. */
static void
want_turn(struct node *n, struct span within)
{
	struct span due = {clock_monotonic().us + within.us};

	if (n->turn != NULL && n->turn_due.us <= due.us)
		return;
	loop_timer_cancel(n->loop, n->turn);
	n->turn = loop_after(n->loop, within, take_turn, n);
	n->turn_due = due;
}

static void
on_lines_received(void *ctx)
{
	struct node *n = ctx;
	bool much = false;

	for (size_t i = 0; i < n->n_feeds; i++)
		much |= n->feeds[i].has_intake &&
			intake_waiting(&n->feeds[i].intake) >= BATCH_BYTES_MAX;
	want_turn(n, much ? SPAN_MS(0) : GATHER_SYSLOG);
}

/* A request waits for its answer: do not let it wait. */
static void
on_bulk_received(void *ctx)
{
	want_turn(ctx, SPAN_MS(5));
}

static void
on_acknowledged(void *ctx)
{
	want_turn(ctx, ACK_LATER);
}

static void
on_poll(void *ctx)
{
	want_turn(ctx, SPAN_MS(0));
}

/* --- inotify: a sign that it is worth looking; polling finds the same a second later --- */

static void
on_inotify(void *ctx, int fd, unsigned ready)
{
	struct node *n = ctx;

	loop_unwatch(n->loop, fd);
	n->inotify_quiet = true;
	want_turn(n, GATHER);
}

static void
drain_inotify(struct node *n)
{
	char events[16384];

	if (n->inotify < 0)
		return;
	while (read(n->inotify, events, sizeof(events)) > 0)
		;
	if (n->inotify_quiet &&
	    loop_watch(n->loop, n->inotify, LOOP_READ, on_inotify, n, NULL) == 0)
		n->inotify_quiet = false;
}

/* Adding a watch again changes nothing, so no list of them is kept. */
static void
watch_directories(struct node *n)
{
	for (size_t i = 0; n->inotify >= 0 && i < n->n_feeds; i++) {
		if (n->feeds[i].tail == NULL)
			continue;
		for (const char *const *d = tail_directories(n->feeds[i].tail); *d != NULL; d++)
			inotify_add_watch(n->inotify, *d,
			    IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE);
	}
}

/* --- a turn --- */

static void
look_at_files(struct node *n)
{
	struct err e;

	for (size_t i = 0; i < n->n_feeds; i++) {
		struct feed *f = &n->feeds[i];

		if (f->tail != NULL && tail_scan(f->tail, false, clock_now(), &e) != 0)
			log_error(
			    "source \"%.*s\": %s", SLICE_ARG(f->source.cfg->name), e.text);
	}
	watch_directories(n);
}

/* 1: there is more to read at once; 0; -1: the spool refused. */
static int
collect(struct node *n, struct err *e)
{
	struct instant now = clock_now();
	int more = 0;

	if (spool_begin(n->sp, e) != 0)
		return -1;
	for (size_t i = 0; i < n->n_feeds; i++) {
		struct feed *f = &n->feeds[i];
		int rc = 0;

		if (f->tail != NULL)
			rc = tail_collect(f->tail, n->sp, TURN_BYTES, now, e);
		else if (spool_has_room(n->sp))
			rc = intake_collect(&f->intake, n->sp, now, e);
		if (rc < 0)
			return -1;
		more |= rc;
	}
	return spool_commit(n->sp, e) == 0 ? more : -1;
}

static void
settle(struct node *n, bool committed)
{
	if (!committed)
		spool_rollback(n->sp);
	for (size_t i = 0; i < n->n_feeds; i++) {
		struct feed *f = &n->feeds[i];

		if (f->tail != NULL)
			(committed ? tail_committed : tail_rolled_back)(f->tail);
		else
			(committed ? intake_committed : intake_rolled_back)(&f->intake);
	}
	for (size_t i = 0; i < n->n_bulk; i++)
		(committed ? bulk_listener_committed : bulk_listener_rolled_back)(n->bulk[i]);
	for (size_t i = 0; i < n->n_feeds && committed; i++) {
		if (n->feeds[i].syslog != NULL)
			syslog_resume(n->feeds[i].syslog);
	}
}

static void
hold(struct node *n, bool held)
{
	if (held == n->held)
		return;
	n->held = held;
	if (held)
		log_error("the spool is full (%lld MiB, setting spool_limit) because the "
			  "center takes "
			  "nothing; reading stops until there is room",
		    (long long)(n->cfg->spool_limit >> 20));
	else
		log_info("the spool has room again; reading goes on");
	for (size_t i = 0; i < n->n_feeds; i++) {
		if (n->feeds[i].syslog != NULL)
			syslog_hold(n->feeds[i].syslog, held);
	}
	for (size_t i = 0; i < n->n_bulk; i++)
		bulk_listener_hold(n->bulk[i], held);
}

static void
note_disk(struct node *n, const struct err *e)
{
	if (e != NULL && n->trouble[0] == '\0')
		log_error("%s: %s; reading stops and goes on when that is over", n->data_dir,
		    e->text);
	if (e == NULL && n->trouble[0] != '\0')
		log_info("%s can be written again; reading goes on", n->data_dir);
	snprintf(n->trouble, sizeof(n->trouble), "%.390s", e == NULL ? "" : e->text);
}

/* The status says it all the time; the log when it begins, changes and ends. */
static void
tell_troubles(struct node *n)
{
	for (size_t i = 0; i < n->n_feeds; i++) {
		struct feed *f = &n->feeds[i];
		char now[sizeof(f->told)];

		snprintf(now, sizeof(now), "%s", f->source.trouble.text);
		if (strcmp(now, f->told) == 0)
			continue;
		if (now[0] != '\0')
			log_warning("source \"%.*s\": %s", SLICE_ARG(f->source.cfg->name),
			    f->source.trouble.text);
		else
			log_info(
			    "source \"%.*s\" is read again", SLICE_ARG(f->source.cfg->name));
		memcpy(f->told, now, sizeof(now));
	}
}

static void
take_turn(void *ctx)
{
	struct node *n = ctx;
	struct err e;
	int rc;

	n->turn = NULL;
	drain_inotify(n);
	look_at_files(n);
	rc = collect(n, &e);
	settle(n, rc >= 0);
	note_disk(n, rc < 0 ? &e : NULL);
	tell_troubles(n);
	hold(n, !spool_has_room(n->sp));
	if (rc != 0)
		want_turn(n, rc < 0 ? DISK_RETRY : SPAN_MS(0));
	forward_kick(n->forward);
}

/* --- reports --- */

static void
report(void *ctx)
{
	struct node *n = ctx;
	struct status s = {.version = n->version,
	    .now = clock_now(),
	    .link = forward_health(n->forward),
	    .trouble = n->trouble,
	    .n_sources = n->n_feeds};
	struct buf out = BUF_INIT(REPORT_MAX);
	struct err e;

	if (spool_count(n->sp, &s.spool, &e) != 0)
		log_warning("%s", e.text);
	for (size_t i = 0; i < n->n_feeds; i++) {
		s.sources[i].source = &n->feeds[i].source;
		s.sources[i].lag_bytes = n->feeds[i].tail != NULL
					     ? tail_lag(n->feeds[i].tail)
					     : intake_waiting(&n->feeds[i].intake);
	}
	status_write(&s, false, &out);
	if (!out.failed)
		forward_post_status(n->forward, buf_slice(&out));
	buf_reset(&out);
	status_write(&s, true, &out);
	buf_add_byte(&out, '\n');
	/* Said once: whoever asks for the status sees how old it is. */
	if (!out.failed && file_write_atomic(n->status_file, buf_slice(&out), 0644, &e) != 0 &&
	    n->trouble[0] == '\0')
		log_warning("writing the status: %s", e.text);
	buf_release(&out);
}

static void
check_certificate(void *ctx)
{
	struct node *n = ctx;

	forward_renew_if_due(n->forward);
}

/* --- start --- */

static int
make_syslog_tls(struct node *n, struct err *e)
{
	struct buf chain = BUF_INIT(PEM_MAX), key = BUF_INIT(PEM_MAX);
	char path[2][4200];
	bool own = n->cfg->syslog_certificate.len == 0;
	int rc = -1;

	snprintf(path[0], sizeof(path[0]), "%.*s", SLICE_ARG(n->cfg->syslog_certificate));
	snprintf(path[1], sizeof(path[1]), "%.*s", SLICE_ARG(n->cfg->syslog_key));
	if (file_read(&chain, own ? n->identity.pem_file : path[0], e) == 0 &&
	    file_read(&key, own ? n->identity.pem_file : path[1], e) == 0)
		rc = tls_server_new(&n->syslog_tls, buf_slice(&chain), buf_slice(&key), e);
	cert_wipe(&chain);
	cert_wipe(&key);
	return rc == 0 ? 0 : err_wrap(e, "syslog over TLS");
}

static int
open_feed(struct node *n, const struct source_config *cfg, struct err *e)
{
	struct feed *f = &n->feeds[n->n_feeds];
	struct syslog_options o = {
	    .intake = &f->intake, .cfg = cfg, .on_lines = on_lines_received, .ctx = n};

	if (source_open(&f->source, cfg, n->sp, &n->mask_key, clock_now(), e) != 0)
		return -1;
	f->has_intake = cfg->path == NULL;
	intake_init(
	    &f->intake, &f->source, cfg->bulk != NULL ? INTAKE_BULK_MAX : INTAKE_SYSLOG_MAX);
	n->n_feeds++;
	if (cfg->path != NULL)
		return tail_open(&f->tail, &f->source, n->sp, e);
	if (cfg->bulk != NULL)
		return 0;
	if (cfg->tls != NULL && n->syslog_tls == NULL && make_syslog_tls(n, e) != 0)
		return -1;
	o.tls = n->syslog_tls;
	return syslog_open(&f->syslog, n->loop, &o, e);
}

/* One listener for all sources with this address; false: an earlier source made it. */
static bool
gather_routes(struct node *n, size_t first, struct bulk_route *routes, size_t *count)
{
	const char *address = n->feeds[first].source.cfg->bulk;

	*count = 0;
	for (size_t i = 0; i < n->n_feeds; i++) {
		const struct source_config *cfg = n->feeds[i].source.cfg;

		if (cfg->bulk == NULL || strcmp(cfg->bulk, address) != 0)
			continue;
		if (i < first)
			return false;
		routes[(*count)++] =
		    (struct bulk_route){.index = cfg->index, .intake = &n->feeds[i].intake};
	}
	return true;
}

static int
open_bulk(struct node *n, struct err *e)
{
	struct bulk_route routes[NODE_SOURCES_MAX];
	struct buf secret = BUF_INIT(2048);
	char path[4200];
	int rc = 0;

	snprintf(path, sizeof(path), "%.*s", SLICE_ARG(n->cfg->bulk_password_file));
	if (path[0] != '\0')
		rc = file_read(&secret, path, e);
	for (size_t i = 0; i < n->n_feeds && rc == 0; i++) {
		struct bulk_options o = {.address = n->feeds[i].source.cfg->bulk,
		    .routes = routes,
		    .user = n->cfg->bulk_user,
		    .secret = slice_trim(buf_slice(&secret)),
		    .on_lines = on_bulk_received,
		    .ctx = n};

		if (o.address == NULL || !gather_routes(n, i, routes, &o.n_routes))
			continue;
		if ((rc = bulk_listener_open(&n->bulk[n->n_bulk], n->loop, &o, e)) == 0)
			n->n_bulk++;
	}
	cert_wipe(&secret);
	return rc;
}

static int
open_inotify(struct node *n, struct err *e)
{
	n->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (n->inotify < 0) {
		log_warning("inotify is not to be had (%s); files are looked at every second",
		    strerror(errno));
		return 0;
	}
	return loop_watch(n->loop, n->inotify, LOOP_READ, on_inotify, n, e);
}

static int
open_center(struct node *n, struct err *e)
{
	struct forward_options o = {.identity = &n->identity,
	    .center = n->center,
	    .proxy = n->proxy[0] == '\0' ? NULL : n->proxy,
	    .connections = (unsigned)n->cfg->connections,
	    .timeout = n->cfg->timeout,
	    .version = n->version,
	    .on_acknowledged = on_acknowledged,
	    .ctx = n};

	if (n->cfg->center.len > 0)
		snprintf(n->center, sizeof(n->center), "%.*s", SLICE_ARG(n->cfg->center));
	else
		snprintf(n->center, sizeof(n->center), "%s", n->identity.center);
	snprintf(n->proxy, sizeof(n->proxy), "%.*s", SLICE_ARG(n->cfg->proxy));
	return forward_open(&n->forward, n->loop, n->sp, &o, e);
}

static bool
masks_anything(const struct node_config *cfg)
{
	for (size_t i = 0; i < cfg->sources.n; i++) {
		if (cfg->sources.at[i].mask.user || cfg->sources.at[i].mask.query)
			return true;
	}
	return false;
}

static int
open_all(struct node *n, struct err *e)
{
	struct spool_options spool = {
	    .limit = n->cfg->spool_limit, .keep_newest = n->cfg->spool_full == 1};
	char path[4200];

	if (file_make_dirs(n->data_dir, 0750, e) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/lock", n->data_dir);
	if ((n->lock = file_lock(path, e)) < 0)
		return e->code == EWOULDBLOCK
			   ? err_wrap(e, "is a node running already with this data directory?")
			   : -1;
	if (identity_load(&n->identity, n->data_dir, e) != 0 ||
	    (masks_anything(n->cfg) &&
		identity_mask_key(&n->mask_key, n->data_dir, true, e) != 0))
		return -1;
	snprintf(n->status_file, sizeof(n->status_file), "%s/status.json", n->data_dir);
	snprintf(path, sizeof(path), "%s/spool.db", n->data_dir);
	spool.path = path;
	if (loop_new(&n->loop, e) != 0 || loop_catch_signals(n->loop, NULL, NULL, e) != 0 ||
	    spool_open(&n->sp, &spool, e) != 0)
		return -1;
	for (size_t i = 0; i < n->cfg->sources.n; i++) {
		if (open_feed(n, &n->cfg->sources.at[i], e) != 0)
			return -1;
	}
	if (open_bulk(n, e) != 0 || open_inotify(n, e) != 0 || open_center(n, e) != 0)
		return -1;
	if (loop_every(n->loop, POLL, on_poll, n) == NULL ||
	    loop_after(n->loop, REPORT_SOON, report, n) == NULL ||
	    loop_every(n->loop, REPORT, report, n) == NULL ||
	    loop_every(n->loop, RENEW_CHECK, check_certificate, n) == NULL)
		return err_errno(e, ENOMEM, "starting");
	return 0;
}

static void
close_all(struct node *n)
{
	for (size_t i = 0; i < n->n_feeds; i++)
		syslog_close(n->feeds[i].syslog);
	/* What was received and not yet written: syslog senders will not send it again. */
	if (n->sp != NULL && n->forward != NULL) {
		struct err e;
		bool committed = collect(n, &e) >= 0;

		if (!committed)
			log_error("what was received last is lost: %s", e.text);
		for (size_t i = 0; i < n->n_feeds; i++)
			n->feeds[i].syslog = NULL;
		settle(n, committed);
	}
	for (size_t i = 0; i < n->n_bulk; i++)
		bulk_listener_close(n->bulk[i]);
	forward_close(n->forward);
	for (size_t i = 0; i < n->n_feeds; i++) {
		tail_close(n->feeds[i].tail);
		intake_release(&n->feeds[i].intake);
		source_close(&n->feeds[i].source);
	}
	spool_close(n->sp);
	tls_server_free(n->syslog_tls);
	if (n->inotify >= 0)
		close(n->inotify);
	if (n->loop != NULL)
		loop_free(n->loop);
	mask_key_wipe(&n->mask_key);
	if (n->lock >= 0)
		close(n->lock);
}

int
node_run(
    const struct node_config *cfg, const char *data_dir, const char *version, struct err *e)
{
	struct node *n = calloc(1, sizeof(*n));
	int rc = -1;

	if (n == NULL)
		return err_errno(e, ENOMEM, "starting");
	n->cfg = cfg;
	n->data_dir = data_dir;
	n->version = version;
	n->inotify = n->lock = -1;
	json_seed(random_u64());
	if (open_all(n, e) == 0 && node_confine(cfg, data_dir, e) == 0) {
		log_info("node %s of %s: %zu sources, center %s", n->identity.node,
		    n->identity.institution_name, n->n_feeds, n->center);
		check_certificate(n);
		want_turn(n, SPAN_MS(0));
		report(n);
		loop_run(n->loop);
		report(n);
		log_info("stopped");
		rc = 0;
	}
	close_all(n);
	free(n);
	return rc;
}
