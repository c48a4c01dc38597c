/* forward.c - see forward.h. */
#include "node/forward.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "node/lines.h"
#include "node/retry.h"
#include "pki/cert.h"
#include "sys/log.h"
#include "sys/random.h"
#include "text/json.h"

#define SLOTS_MAX  32
#define STATUS_MAX (200 * 1024)
#define SKEW_TOLD  SPAN_SECONDS(10) /* a certificate's life and a line's time suffer beyond it \
				     */
#define REMIND_EVERY SPAN_MINUTES(5)
#define URL_MAX	     400
#define HEADERS	     9

enum slot_state { SLOT_FREE, SLOT_LOADED, SLOT_SENDING };

struct slot {
	struct forward *f;
	enum slot_state state;
	struct spool_item item;
};

struct forward {
	struct loop *loop;
	struct spool *sp;
	struct web *web;
	struct forward_options o;
	struct slot slots[SLOTS_MAX];
	int64_t loaded;	   /* id of the last batch taken from the spool */
	bool drained;	   /* the spool had nothing after it */
	unsigned failures; /* in a row; 0: the link is up */
	bool fresh;	   /* the next connection is a new one */
	bool unreachable;  /* the last failure was silence, not an answer */
	struct loop_timer *pause;
	struct span reminded;
	struct forward_health health;
	/* the other conversation, one at a time each */
	bool reporting, renewing;
	struct buf report, renewal, new_key;
};

const struct forward_health *
forward_health(const struct forward *f)
{
	return &f->health;
}

/* --- the link --- */

static void fill(struct forward *f);

static void
on_pause_over(void *ctx)
{
	struct forward *f = ctx;

	f->pause = NULL;
	fill(f);
}

static void
note_clock(struct forward *f, struct instant theirs)
{
	struct span ahead;

	if (theirs.us == 0)
		return;
	ahead = instant_since(clock_now(), theirs);
	if (llabs((long long)ahead.us) < SKEW_TOLD.us) {
		f->health.clock_ahead = SPAN_MS(0);
		return;
	}
	if (f->health.clock_ahead.us == 0)
		log_warning("this machine's clock is %lld s %s the center's; set it (NTP), or "
			    "certificates and times will be refused or wrong",
		    llabs((long long)ahead.us) / 1000000, ahead.us > 0 ? "ahead of" : "behind");
	f->health.clock_ahead = ahead;
}

static void
note_success(struct forward *f)
{
	if (!f->health.connected) {
		f->health.connected = true;
		f->health.since = clock_now();
		log_info("connected to the center %s", f->o.center);
	}
	f->failures = 0;
	f->fresh = false;
	f->health.trouble[0] = '\0';
}

static void
note_failure(struct forward *f, const char *why, struct span said)
{
	struct span wait, now = clock_monotonic();

	/* All that was on its way fails together: that is one failure, not one for each
	 * connection. */
	if (f->pause != NULL)
		return;
	f->failures++;
	wait = retry_pause(f->failures, said, random_u64());
	snprintf(f->health.trouble, sizeof(f->health.trouble), "%s", why);
	if (f->health.connected || f->failures == 1 ||
	    now.us - f->reminded.us > REMIND_EVERY.us) {
		log_warning("the center %s: %s; batches wait in the spool, next try in %.1f s",
		    f->o.center, why, (double)wait.us / 1e6);
		f->reminded = now;
	}
	if (f->health.connected || f->health.since.us == 0)
		f->health.since = clock_now();
	f->health.connected = false;
	f->pause = loop_after(f->loop, wait, on_pause_over, f);
}

/* What the other side said went wrong: a problem's "detail", or the status alone. */
static void
describe(const struct web_answer *a, char out[400])
{
	struct json *root = NULL;
	struct slice detail = {0};

	if (a->status == 0) {
		snprintf(out, 400, "%.390s", a->err.text);
		return;
	}
	if (json_parse(&root, a->body, WEB_ANSWER_MAX, NULL) == 0)
		json_want_string(root, "detail", 300, &detail, NULL);
	snprintf(out, 400, "answered %ld%s%.*s", a->status, detail.len > 0 ? ": " : "",
	    (int)(detail.len < 340 ? detail.len : 340), (const char *)detail.ptr);
	json_free(root);
}

/* --- batches --- */

static void
free_slot(struct slot *s)
{
	spool_item_release(&s->item);
	s->state = SLOT_FREE;
}

static void
set_aside(struct forward *f, struct slot *s, long status, const char *why)
{
	struct err e;

	log_error("the center refused batch %llu of source \"%s\" (%s); it is set aside, "
		  "`hinomi node status` shows how many are",
	    (unsigned long long)s->item.sequence, s->item.source, why);
	f->health.refused++;
	if (spool_quarantine(f->sp, s->item.id, status, slice_str(why), clock_now(), &e) == 0) {
		free_slot(s);
		return;
	}
	s->state = SLOT_LOADED; /* the disk refuses: the batch is where it was */
	note_failure(f, e.text, SPAN_MS(0));
}

static void
on_batch_answer(void *ctx, const struct web_answer *a)
{
	struct slot *s = ctx;
	struct forward *f = s->f;
	char why[400];

	note_clock(f, a->date);
	describe(a, why);
	s->state = SLOT_LOADED;
	switch (retry_read_status(a->status)) {
	case RETRY_DONE:
		note_success(f);
		f->health.sent++;
		spool_acknowledge(f->sp, s->item.id);
		free_slot(s);
		f->o.on_acknowledged(f->o.ctx);
		break;
	case RETRY_NEVER:
		note_success(f);
		set_aside(f, s, a->status, why);
		break;
	case RETRY_BARRED:
		f->fresh = true; /* with the certificate as it is by then */
				 /* fallthrough */
	case RETRY_LATER:
		f->unreachable = a->status == 0;
		note_failure(f, why, a->retry_after);
		break;
	}
	fill(f);
}

/* The wire contract's headers.  False when one does not fit, which never happens to our own
 * batches. */
static bool
write_headers(const struct spool_item *it, struct buf lines[], const char *headers[])
{
	char name[3 * 512 + 1], received[INSTANT_TEXT_MAX];
	size_t n = 0;

	for (size_t i = 0; i < HEADERS; i++)
		lines[i] = BUF_INIT(2 * PREAMBLE_MAX);
	if (!web_escape(slice_str(it->source), name, sizeof(name)))
		return false;
	buf_printf(&lines[n++], "Content-Type: application/zstd");
	buf_printf(&lines[n++], "Hinomi-Source: %s", name);
	buf_printf(&lines[n++], "Hinomi-Sequence: %llu", (unsigned long long)it->sequence);
	buf_printf(&lines[n++], "Hinomi-Offset: %llu", (unsigned long long)it->offset);
	buf_printf(&lines[n++], "Hinomi-Bytes: %llu", (unsigned long long)it->bytes);
	buf_printf(&lines[n++], "Hinomi-Lines: %llu", (unsigned long long)it->lines);
	buf_printf(&lines[n++], "Hinomi-Received: %s", instant_format(it->received, received));
	buf_printf(&lines[n++], "Hinomi-Config: %.*s", SLICE_ARG(buf_slice(&it->config)));
	if (it->preamble.len > 0) {
		size_t size =
		    sodium_base64_encoded_len(it->preamble.len, sodium_base64_VARIANT_ORIGINAL);
		uint8_t *room;

		buf_add_str(&lines[n], "Hinomi-Preamble: ");
		if ((room = buf_room(&lines[n], size)) == NULL)
			return false;
		sodium_bin2base64((char *)room, size, it->preamble.ptr, it->preamble.len,
		    sodium_base64_VARIANT_ORIGINAL);
		buf_added(&lines[n++], size - 1);
	}
	for (size_t i = 0; i < n; i++) {
		if ((headers[i] = buf_str(&lines[i])) == NULL)
			return false;
	}
	headers[n] = NULL;
	return true;
}

static struct web_request
to_center(
    const struct forward *f, const char *url, struct slice body, web_on_answer *fn, void *ctx)
{
	return (struct web_request){.url = url,
	    .body = body,
	    .ca_file = f->o.identity->ca_file,
	    .client_file = f->o.identity->pem_file,
	    .proxy = f->o.proxy,
	    .timeout = f->o.timeout,
	    .fresh = f->fresh,
	    .fn = fn,
	    .ctx = ctx};
}

static void
send_slot(struct forward *f, struct slot *s)
{
	struct buf lines[HEADERS] = {0};
	const char *headers[HEADERS + 1];
	char url[URL_MAX];
	struct web_request r;
	struct err e;
	bool ok = write_headers(&s->item, lines, headers);

	snprintf(url, sizeof(url), "%s/v1/batches", f->o.center);
	r = to_center(f, url, buf_slice(&s->item.body), on_batch_answer, s);
	r.headers = headers;
	if (!ok)
		set_aside(f, s, 0, "its headers are too long");
	else if (web_send(f->web, &r, &e) == 0)
		s->state = SLOT_SENDING;
	else
		note_failure(f, e.text, SPAN_MS(0));
	for (size_t i = 0; i < HEADERS; i++)
		buf_release(&lines[i]);
}

/* False: the spool has nothing more, or cannot be read now. */
static bool
load_slot(struct forward *f, struct slot *s)
{
	struct err e;
	int rc;

	if (f->drained)
		return false;
	rc = spool_next(f->sp, f->loaded, &s->item, &e);
	if (rc < 0) {
		note_failure(f, e.text, SPAN_MS(0));
		return false;
	}
	f->drained = rc == 0;
	if (rc == 0)
		return false;
	f->loaded = s->item.id;
	s->state = SLOT_LOADED;
	return true;
}

/* Batches taken up are not dropped to make room. */
static void
protect(struct forward *f)
{
	int64_t most = 0;

	for (size_t i = 0; i < f->o.connections; i++) {
		if (f->slots[i].state != SLOT_FREE && f->slots[i].item.id > most)
			most = f->slots[i].item.id;
	}
	spool_protect(f->sp, most);
}

static void
fill(struct forward *f)
{
	for (size_t i = 0; i < f->o.connections && f->pause == NULL; i++) {
		struct slot *s = &f->slots[i];

		if (s->state == SLOT_FREE && !load_slot(f, s))
			continue;
		if (s->state == SLOT_LOADED)
			send_slot(f, s);
		if (f->failures > 0 && s->state == SLOT_SENDING)
			break; /* one knocks, the others wait */
	}
	protect(f);
}

void
forward_kick(struct forward *f)
{
	bool knocking = false;

	for (size_t i = 0; i < f->o.connections; i++)
		knocking |= f->slots[i].state == SLOT_SENDING;
	f->drained = false;
	if (f->failures == 0 || !knocking)
		fill(f);
}

/* --- status and renewal --- */

/* Where no batch is on its way, this tells whether the center can be reached. */
static void
on_status_answer(void *ctx, const struct web_answer *a)
{
	struct forward *f = ctx;
	bool idle = f->pause == NULL;
	char why[400];

	f->reporting = false;
	note_clock(f, a->date);
	describe(a, why);
	for (size_t i = 0; i < f->o.connections; i++)
		idle &= f->slots[i].state == SLOT_FREE;
	if (a->status >= 200 && a->status < 300) {
		if (idle)
			note_success(f);
		/* It answers again: nobody asked for the rest of the pause. */
		if (f->unreachable && f->pause != NULL) {
			loop_timer_cancel(f->loop, f->pause);
			on_pause_over(f);
		}
	} else if (idle && (a->status == 0 || retry_read_status(a->status) == RETRY_BARRED))
		note_failure(f, why, a->retry_after);
	else
		log_debug("status report: %s", why);
}

static const char *const json_headers[] = {"Content-Type: application/json", NULL};

void
forward_post_status(struct forward *f, struct slice json)
{
	char url[URL_MAX];
	struct web_request r;

	if (f->reporting)
		return;
	buf_reset(&f->report);
	buf_add(&f->report, json);
	snprintf(url, sizeof(url), "%s/v1/status", f->o.center);
	r = to_center(f, url, buf_slice(&f->report), on_status_answer, f);
	r.headers = json_headers;
	f->reporting = !f->report.failed && web_send(f->web, &r, NULL) == 0;
}

static void
on_renewal_answer(void *ctx, const struct web_answer *a)
{
	struct forward *f = ctx;
	struct json *root = NULL;
	struct slice cert = {0};
	struct err e = {0};
	char why[400];

	f->renewing = false;
	describe(a, why);
	if (a->status != 200)
		log_warning("renewing the certificate: %s; it will be tried again", why);
	else if (json_parse(&root, a->body, WEB_ANSWER_MAX, &e) != 0 ||
		 json_need_string(root, "certificate", CERT_PEM_MAX, &cert, &e) != 0 ||
		 identity_renew(f->o.identity, buf_slice(&f->new_key), cert, clock_now(), &e) !=
		     0)
		log_error("renewing the certificate: %s", e.text);
	else {
		char until[INSTANT_TEXT_MAX];

		log_info("certificate renewed, good until %s",
		    instant_format(f->o.identity->until, until));
		f->fresh = true;
	}
	cert_wipe(&f->new_key);
	json_free(root);
}

void
forward_renew_if_due(struct forward *f)
{
	struct identity *id = f->o.identity;
	struct buf csr = BUF_INIT(CERT_PEM_MAX);
	struct json_out o = json_out_to(&f->renewal);
	char url[URL_MAX];
	struct web_request r;
	struct err e;

	if (f->renewing || !cert_is_due(id->from, id->until, clock_now()))
		return;
	buf_reset(&f->renewal);
	f->new_key = BUF_INIT(CERT_PEM_MAX);
	if (cert_make_key(&f->new_key, &e) != 0 ||
	    cert_make_request(buf_slice(&f->new_key), slice_str(id->node), &csr, &e) != 0)
		goto out;
	json_open_object(&o, NULL);
	json_put_string(&o, "csr", buf_slice(&csr));
	json_close_object(&o);
	snprintf(url, sizeof(url), "%s/v1/renew", f->o.center);
	r = to_center(f, url, buf_slice(&f->renewal), on_renewal_answer, f);
	r.headers = json_headers;
	f->renewing = web_send(f->web, &r, &e) == 0;
out:
	if (!f->renewing) {
		log_warning("renewing the certificate: %s", e.text);
		cert_wipe(&f->new_key);
	}
	buf_release(&csr);
}

/* --- life --- */

int
forward_open(struct forward **out, struct loop *l, struct spool *sp,
    const struct forward_options *o, struct err *e)
{
	struct forward *f = calloc(1, sizeof(*f));
	int rc = -1;

	if (f == NULL || o->connections > SLOTS_MAX) {
		err_set(e, "starting to forward: out of memory");
		goto out;
	}
	f->loop = l;
	f->sp = sp;
	f->o = *o;
	f->report = BUF_INIT(STATUS_MAX);
	f->renewal = BUF_INIT(2 * CERT_PEM_MAX);
	for (size_t i = 0; i < SLOTS_MAX; i++)
		f->slots[i].f = f;
	if (web_new(&f->web, l, o->connections + 2, e) != 0)
		goto out;
	*out = f;
	f = NULL;
	rc = 0;
out:
	forward_close(f);
	return rc;
}

void
forward_close(struct forward *f)
{
	if (f == NULL)
		return;
	web_free(f->web);
	loop_timer_cancel(f->loop, f->pause);
	for (size_t i = 0; i < SLOTS_MAX; i++)
		free_slot(&f->slots[i]);
	buf_release(&f->report);
	buf_release(&f->renewal);
	cert_wipe(&f->new_key);
	free(f);
}
