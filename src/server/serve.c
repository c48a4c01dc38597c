/*
 * serve.c - the serve role from birth to end: see center/role.h.
 *
 * The ports are opened first, then the sandbox closes around the data directory,
 * then keys and databases are opened, and only then is a byte from outside looked at.
 */
#include "server/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "observe/reading_db.h"
#include "server/hasher.h"
#include "server/idempotency.h"
#include "server/ingest.h"
#include "server/streams.h"
#include "store/migrations.h"
#include "sys/log.h"
#include "sys/random.h"
#include "text/json.h"

#define EXIT_OK	    0
#define EXIT_CANNOT 3

#define RENEW_EVERY  SPAN_MINUTES(1)
#define SWEEP_EVERY  SPAN_HOURS(1)
#define TRIM_EVERY   SPAN_SECONDS(10)
#define TRIM_AT_ONCE 64 /* batches: a few milliseconds */
#define COMMITS_MAX  16 /* in a row before the loop gets its turn */

/* -- names ---------------------------------------------------------------------- */

/* What the certificate names and the console answers for: the settings' and this machine. */
static int
collect_hosts(struct serve *s, struct err *e)
{
	static const struct slice here[] = {
	    SLICE_LITERAL("localhost"), SLICE_LITERAL("127.0.0.1"), SLICE_LITERAL("::1")};
	const struct setting_texts *names = &s->config.names;
	struct slice *list = arena_array(s->config.mem, names->n + 4, sizeof(*list));
	char host[256] = "";

	if (list == NULL)
		return err_set(e, "out of memory");
	for (size_t i = 0; i < names->n; i++)
		list[s->n_hosts++] = names->at[i];
	if (names->n == 0 && gethostname(host, sizeof(host) - 1) == 0 && host[0] != '\0')
		list[s->n_hosts++] = arena_dup(s->config.mem, slice_str(host));
	for (size_t i = 0; i < 3; i++)
		list[s->n_hosts++] = here[i];
	s->hosts = list;
	return 0;
}

/* -- the loop's turns ------------------------------------------------------------ */

/*
 * Before each sleep: everything that arrived becomes durable together.  Answering
 * lets more be read, so look again until there is nothing to commit.
 */
static void
on_before_sleep(void *ctx)
{
	struct serve *s = ctx;

	for (int i = 0; i < COMMITS_MAX; i++) {
		http_run(s->node);
		if (ingest_commit(s->ingest) == 0)
			break;
	}
	http_run(s->node);
	http_run(s->console);
}

static void
on_alerts(void *ctx, int fd, unsigned ready)
{
	struct serve *s = ctx;

	if (role_woken(fd))
		streams_look(s->streams);
}

static void
on_renew(void *ctx)
{
	struct serve *s = ctx;
	struct err e = {0};
	int rc = ca_renew_server(s->ca, clock_now(), &e);

	if (rc == 1 &&
	    tls_serve_certificate(ca_server_chain(s->ca), ca_server_key(s->ca), &e) == 0)
		log_info("renewed the server's certificate");
	else if (rc != 0)
		log_error("renewing the server's certificate: %s", e.text);
}

static void
on_sweep(void *ctx)
{
	struct serve *s = ctx;
	struct err e = {0};

	if (session_sweep(s->db, clock_now(), &e) != 0 ||
	    idempotency_sweep(s->db, clock_now(), &e) != 0)
		log_warning("forgetting what is over: %s", e.text);
}

static void
on_trim(void *ctx)
{
	struct serve *s = ctx;
	struct batchlog_keep keep = {.before = {clock_now().us - s->config.batches_keep.us},
	    .bytes_max = s->config.batches_size_max};
	struct err e = {0};

	if (reading_get_cursor(s->db, &keep.keep_after, &e) != 0 ||
	    batchlog_trim(s->log, &keep, TRIM_AT_ONCE, &e) < 0)
		log_warning("deleting old batches: %s", e.text);
}

/* -- birth and end ---------------------------------------------------------------- */

static int
open_stores(struct serve *s, struct err *e)
{
	char *pki = arena_printf(s->config.mem, "%s/pki", s->env->data_dir);
	char *batches = arena_printf(s->config.mem, "%s/store/batches.db", s->env->data_dir);
	struct ca_options o = {.dir = pki,
	    .names = s->hosts,
	    .n_names = s->n_hosts,
	    .server_life = s->config.server_certificate_life,
	    .node_life = s->config.node_certificate_life};

	if (pki == NULL || batches == NULL)
		return err_set(e, "out of memory");
	if (store_open(&s->db, s->env->data_dir, e) != 0 ||
	    batchlog_open(&s->log, batches, e) != 0 || ca_open(&s->ca, &o, clock_now(), e) != 0)
		return -1;
	return tls_serve_certificate(ca_server_chain(s->ca), ca_server_key(s->ca), e);
}

static int
bind_to(struct slice address, struct serve *s, int *fd, struct err *e)
{
	char *text = arena_strdup(s->config.mem, address);

	return text == NULL ? err_set(e, "out of memory") : http_bind(text, fd, e);
}

static int
bind_listeners(struct serve *s, int *console, int *node, struct err *e)
{
	if (bind_to(s->config.node_listen, s, node, e) != 0)
		return err_wrap(e, "setting \"node_listen\"");
	if (bind_to(s->config.console_listen, s, console, e) != 0)
		return err_wrap(e, "setting \"console_listen\"");
	return 0;
}

/* Takes over both listening sockets. */
static int
open_https(struct serve *s, int console, int node, struct err *e)
{
	const struct http_options for_nodes = {.name = "node",
	    .listener = node,
	    .tls = true,
	    .trust = ca_certificate(s->ca),
	    .connections_max = (unsigned)s->config.node_connections_max,
	    .per_address_max = (unsigned)s->config.node_connections_per_address,
	    .owner = front_node(s)};
	const struct http_options for_people = {.name = "console",
	    .listener = console,
	    .tls = !http_listener_is_local(console),
	    .connections_max = (unsigned)s->config.console_connections_max,
	    .per_address_max = (unsigned)s->config.console_connections_per_address,
	    .owner = front_console(s)};
	int local_port = http_listener_port(console), node_port = http_listener_port(node);

	if (http_open(&s->node, s->loop, &for_nodes, e) != 0) {
		close(console);
		return -1;
	}
	if (http_open(&s->console, s->loop, &for_people, e) != 0)
		return -1;
	log_info("console on %s port %d, nodes on port %d, CA %s",
	    for_people.tls ? "https" : "http", local_port, node_port, ca_fingerprint(s->ca));
	return 0;
}

static int
open_parts(struct serve *s, struct err *e)
{
	if ((s->throttle = throttle_new(random_u64())) == NULL)
		return err_set(e, "out of memory");
	if (hasher_open(&s->hasher, s->loop, e) != 0 || ingest_open(&s->ingest, s, e) != 0 ||
	    streams_open(&s->streams, s, e) != 0)
		return -1;
	if (s->env->alerts >= 0 &&
	    loop_watch(s->loop, s->env->alerts, LOOP_READ, on_alerts, s, e) != 0)
		return -1;
	loop_before_sleep(s->loop, on_before_sleep, s);
	if (loop_every(s->loop, RENEW_EVERY, on_renew, s) == NULL ||
	    loop_every(s->loop, SWEEP_EVERY, on_sweep, s) == NULL ||
	    loop_every(s->loop, TRIM_EVERY, on_trim, s) == NULL)
		return err_set(e, "out of memory");
	return loop_catch_signals(s->loop, NULL, NULL, e);
}

/* Requests first: their owners are still there to be told. */
static void
close_all(struct serve *s)
{
	http_close(s->console);
	http_close(s->node);
	streams_close(s->streams);
	ingest_free(s->ingest);
	hasher_close(s->hasher);
	throttle_free(s->throttle);
	tls_serve_nothing();
	ca_free(s->ca);
	batchlog_close(s->log);
	db_close(s->db);
	loop_free(s->loop);
	center_config_release(&s->config);
}

static int
open_all(struct serve *s, struct err *e)
{
	static const char *const read_below[] = {"/etc/localtime", "/usr/share/zoneinfo", NULL};
	int console = -1, node = -1;

	json_seed(random_u64());
	if (center_config_read(&s->config, s->env->config_file, e) != 0)
		return -1;
	log_set_level((enum log_level)s->config.log_level);
	if (collect_hosts(s, e) != 0 || loop_new(&s->loop, e) != 0)
		return -1;
	/* Ports while we may; files only as whoever we then are. */
	if (bind_listeners(s, &console, &node, e) != 0 ||
	    role_enter_sandbox(s->env, read_below, e) != 0 || open_stores(s, e) != 0 ||
	    open_parts(s, e) != 0) {
		if (console >= 0)
			close(console);
		if (node >= 0)
			close(node);
		return -1;
	}
	return open_https(s, console, node, e);
}

int
serve_main(const struct role_env *env)
{
	struct serve s = {.env = env};
	struct err e = {0};
	int status = EXIT_CANNOT;

	log_set_name("serve");
	if (open_all(&s, &e) != 0)
		log_error("%s", e.text);
	else {
		role_ready(env);
		loop_run(s.loop);
		status = EXIT_OK;
	}
	close_all(&s);
	return status;
}
