/*
 * property_test.c - against a matcher so simple that it must be right.
 *
 * Seeded lists and events over a tiny alphabet, so that names, prefixes and
 * paths nest, repeat and nearly match all the time.
 */
#include "indicator_world.h"

#include "base/ip.h"

#define ROWS   120
#define EVENTS 400
#define ROUNDS 150

static uint64_t rng;

static unsigned
below(unsigned n)
{
	rng = rng * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(rng >> 33) % n;
}

static void
random_host(char *out, unsigned labels)
{
	static const char *const label[] = {"a", "b", "ab", "ba", "x-1"};
	static const char *const top[] = {"example", "co.jp", "jp", "com"};

	*out = '\0';
	for (unsigned i = 0; i < labels; i++)
		sprintf(out + strlen(out), "%s.", label[below(5)]);
	strcat(out, top[below(4)]);
}

static void
random_path(char *out, unsigned parts)
{
	static const char *const part[] = {
	    "/a", "/ab", "/a/", "?a", "?a=b", "&b=a", ";a", "/b"};

	*out = '\0';
	for (unsigned i = 0; i < parts; i++)
		strcat(out, part[below(8)]);
}

static void
random_ip(char *out, const char *suffix)
{
	if (below(4) == 0)
		sprintf(out, "2001:db8:%x::%x%s", below(2), below(4), suffix);
	else
		sprintf(out, "203.0.%u.%u%s", 112 + below(2), below(4) * 64 + below(2), suffix);
}

/* A row as text, and what the simple matcher needs to know of it. */
struct row {
	enum { ROW_DOMAIN, ROW_URL, ROW_IP } kind;
	char text[128];
	bool allow;
};

static void
random_row(struct row *r)
{
	char path[64], bits[8] = "";

	r->allow = below(8) == 0;
	r->kind = (int)below(3);
	if (r->kind == ROW_IP) {
		if (below(2) == 0)
			sprintf(bits, "/%u", 20 + below(12));
		random_ip(r->text, bits);
		return;
	}
	random_host(r->text, 1 + below(3));
	if (r->kind == ROW_URL) {
		path[0] = '\0';
		while (strchr(path, 'a') == NULL && strchr(path, 'b') == NULL)
			random_path(path, 1 + below(3));
		/* A list's last slash does not count. */
		while (path[strlen(path) - 1] == '/')
			path[strlen(path) - 1] = '\0';
		if (path[0] == '?' || path[0] == '/')
			strcat(r->text, path);
		else {
			strcat(r->text, "/");
			strcat(r->text, path);
		}
	}
}

static bool
host_below(const char *host, const char *name)
{
	size_t h = strlen(host), n = strlen(name);

	return h >= n && strcmp(host + h - n, name) == 0 && (h == n || host[h - n - 1] == '.');
}

static bool
url_continues(const char *url, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(url, prefix, n) != 0)
		return false;
	return url[n] == '\0' || strchr("/?&;", url[n]) != NULL ||
	       strchr("/?&;=", prefix[n - 1]) != NULL;
}

static bool
ip_inside(const char *ip, const char *prefix)
{
	struct ip_prefix p;
	struct ip i;

	return ip_prefix_parse(slice_str(prefix), &p) && ip_parse(slice_str(ip), &i) &&
	       ip_prefix_covers(&p, &i);
}

/* Everything the event should hit, by one loop over all rows. */
static void
expect(const struct row *rows, const char *host, const char *url, const char *ip, char *out)
{
	const struct row *best[3] = {NULL, NULL, NULL};
	bool allowed_ip = false, allowed_host = false;

	for (const struct row *r = rows; r < rows + ROWS; r++) {
		bool match = r->kind == ROW_DOMAIN ? host_below(host, r->text)
			     : r->kind == ROW_URL  ? url_continues(url, r->text)
						   : ip_inside(ip, r->text);

		if (!match)
			continue;
		if (r->allow && r->kind == ROW_IP)
			allowed_ip = true;
		else if (r->allow)
			allowed_host = true;
		else if (r->kind == ROW_IP) {
			struct ip_prefix a, b;

			ip_prefix_parse(slice_str(r->text), &a);
			if (best[ROW_IP] != NULL)
				ip_prefix_parse(slice_str(best[ROW_IP]->text), &b);
			if (best[ROW_IP] == NULL || a.bits > b.bits)
				best[ROW_IP] = r;
		} else if (best[r->kind] == NULL ||
			   strlen(r->text) > strlen(best[r->kind]->text))
			best[r->kind] = r;
	}
	*out = '\0';
	if (best[ROW_IP] != NULL && !allowed_ip) {
		struct ip_prefix p;
		char text[IP_TEXT_MAX];

		ip_prefix_parse(slice_str(best[ROW_IP]->text), &p);
		sprintf(out, "indicator:ip:%s", ip_format(&p.ip, text));
		if (p.bits < p.ip.len * 8)
			sprintf(out + strlen(out), "/%u", p.bits);
	}
	if (allowed_host || (best[ROW_URL] == NULL && best[ROW_DOMAIN] == NULL))
		return;
	sprintf(out + strlen(out), "%sindicator:%s", *out != '\0' ? " " : "",
	    best[ROW_URL] != NULL ? "url:" : "domain:");
	strcat(out, best[ROW_URL] != NULL ? best[ROW_URL]->text : best[ROW_DOMAIN]->text);
}

static void
check_round(unsigned round)
{
	static struct row rows[ROWS];
	struct world w = world_begin();
	char bad[ROWS * 128] = "", allow[ROWS * 128] = "";

	rng = round + 1;
	for (unsigned i = 0; i < ROWS; i++) {
		random_row(&rows[i]);
		strcat(rows[i].allow ? allow : bad, rows[i].text);
		strcat(rows[i].allow ? allow : bad, "\n");
	}
	world_list(&w, "l.txt", bad);
	world_allow(&w, allow);
	world_ready(&w);
	for (unsigned i = 0; i < EVENTS; i++) {
		char host[128], path[64], url[256], full[300], ip[64], want[1024];
		const char *got;

		random_host(host, below(5));
		random_path(path, below(5));
		random_ip(ip, "");
		snprintf(url, sizeof(url), "%s%s%s", host,
		    path[0] == '&' || path[0] == ';' ? "/" : "", path);
		snprintf(full, sizeof(full), "http://%s", url);
		world_event(&w, EVENT_PROXY);
		world_set(&w, FIELD_URL_DOMAIN, host);
		world_set(&w, FIELD_URL_FULL, full);
		world_set(&w, FIELD_DESTINATION_IP, ip);
		expect(rows, host, url, ip, want);
		got = world_see(&w);
		if (strcmp(got, want) != 0)
			fail_msg("round %u: %s %s: found \"%s\", expected \"%s\"", round, full,
			    ip, got, want);
	}
	world_end(&w);
}

static void
the_simple_matcher_finds_the_same(void **state)
{
	for (unsigned round = 0; round < ROUNDS; round++)
		check_round(round);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_simple_matcher_finds_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
