#include "test.h"

#include <stdio.h>

#include "event/url.h"

static const struct {
	const char *text;
	bool bare;
	const char *scheme, *domain, *port, *path, *query, *extension;
} cases[] = {
    {"http://a.example/", false, "http", "a.example", NULL, "/", NULL, NULL},
    {"http://a.example", false, "http", "a.example", NULL, NULL, NULL, NULL},
    {"https://a.example:8443/x/y.exe?q=1#top", false, "https", "a.example", "8443", "/x/y.exe",
	"q=1", "exe"},
    {"http://u:p@a.example:80/a", false, "http", "a.example", "80", "/a", NULL, NULL},
    {"http://u@h@a.example/", false, "http", "a.example", NULL, "/", NULL, NULL},
    {"http://[2001:db8::1]:8080/x", false, "http", "[2001:db8::1]", "8080", "/x", NULL, NULL},
    {"http://[2001:db8::1]/x", false, "http", "[2001:db8::1]", NULL, "/x", NULL, NULL},
    {"http://[2001:db8::1]", false, "http", "[2001:db8::1]", NULL, NULL, NULL, NULL},
    {"http://a.example?q=/x.exe", false, "http", "a.example", NULL, NULL, "q=/x.exe", NULL},
    {"http://a.example/d.d/file", false, "http", "a.example", NULL, "/d.d/file", NULL, NULL},
    {"http://a.example/.profile", false, "http", "a.example", NULL, "/.profile", NULL, NULL},
    {"http://a.example/x.tar.gz", false, "http", "a.example", NULL, "/x.tar.gz", NULL, "gz"},
    {"http://a.example/a?b?c:d@e/f[g", false, "http", "a.example", NULL, "/a", "b?c:d@e/f[g",
	NULL},
    {"http://a.example/a:b@c.php", false, "http", "a.example", NULL, "/a:b@c.php", NULL, "php"},
    {"ftp://a.example/", false, "ftp", "a.example", NULL, "/", NULL, NULL},
    {"http:///x", false, "http", NULL, NULL, "/x", NULL, NULL},
    {"/x.php?y=http://z/", false, NULL, NULL, NULL, "/x.php", "y=http://z/", "php"},
    {"//x/y", false, NULL, NULL, NULL, "//x/y", NULL, NULL},
    {"a.example:443", true, NULL, "a.example", "443", NULL, NULL, NULL},
    {"[::1]:443", true, NULL, "[::1]", "443", NULL, NULL, NULL},
    {"a.example/p.exe?q", true, NULL, "a.example", NULL, "/p.exe", "q", "exe"},
    {"error:invalid-request", true, NULL, NULL, NULL, NULL, NULL, NULL},
    {"error:invalid-request", false, NULL, NULL, NULL, NULL, NULL, NULL},
    {"a.example:443", false, NULL, NULL, NULL, NULL, NULL, NULL},
    {"http://[2001:db8", false, NULL, NULL, NULL, NULL, NULL, NULL},
    {"urn:isbn:1", false, NULL, NULL, NULL, NULL, NULL, NULL},
    {"*", false, NULL, NULL, NULL, NULL, NULL, NULL},
    {"", false, NULL, NULL, NULL, NULL, NULL, NULL},
    {"http://"
     "0123456789012345678901234567890123456789.0123456789012345678901234567890123456789."
     "example:81"
     "/0123456789012345678901234567890123456789012345678901234567890123456789/x.js?y=1",
	false, "http",
	"0123456789012345678901234567890123456789.0123456789012345678901234567890123456789."
	"example",
	"81", "/0123456789012345678901234567890123456789012345678901234567890123456789/x.js",
	"y=1", "js"},
};

static void
assert_part(const char *url, struct slice got, const char *expected)
{
	if (expected == NULL ? got.ptr != NULL : !slice_is(got, expected))
		fail_msg("%s: got \"%.*s\", expected \"%s\"", url, SLICE_ARG(got),
		    expected == NULL ? "(absent)" : expected);
}

static void
a_url_is_cut_into_its_parts(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct event ev;
		const char *t = cases[i].text;
		event_reset(&ev, slice_str(t));
		url_put(&ev, slice_str(t), cases[i].bare);
		assert_part(t, event_get(&ev, FIELD_URL_SCHEME), cases[i].scheme);
		assert_part(t, event_get(&ev, FIELD_URL_DOMAIN), cases[i].domain);
		assert_part(t, event_get(&ev, FIELD_URL_PORT), cases[i].port);
		assert_part(t, event_get(&ev, FIELD_URL_PATH), cases[i].path);
		assert_part(t, event_get(&ev, FIELD_URL_QUERY), cases[i].query);
		assert_part(t, event_get(&ev, FIELD_URL_EXTENSION), cases[i].extension);
		assert_part(t, event_get(&ev, FIELD_URL_ORIGINAL), t);
		assert_part(t, event_get(&ev, FIELD_URL_FULL),
		    cases[i].scheme != NULL && cases[i].domain != NULL ? t : NULL);
	}
}

/* However long what comes before is, so wherever the blocks of 64 bytes fall. */
static void
the_parts_do_not_depend_on_where_they_lie(void **state)
{
	char text[1024];

	for (int pad = 1; pad < 200; pad++) {
		struct url u;
		snprintf(text, sizeof(text), "https://%0*d.example:8080/%0*d/a.b.exe?q=%0*d#f",
		    pad, 1, pad, 2, pad, 3);
		assert_true(url_split(slice_str(text), &u));
		assert_int_equal(u.domain.len, pad + 8);
		assert_slice(u.port, "8080");
		assert_int_equal(u.path.len, pad + 9);
		assert_slice(u.extension, "exe");
		assert_int_equal(u.query.len, pad + 2);
	}
}

static void
a_full_url_is_composed_from_columns(void **state)
{
	struct arena *mem = arena_new(4096);
	struct event ev;

	event_reset(&ev, SLICE(""));
	event_set(&ev, FIELD_URL_SCHEME, SLICE("http"));
	event_set(&ev, FIELD_URL_DOMAIN, SLICE("a.example"));
	event_set(&ev, FIELD_URL_PORT, SLICE("80"));
	event_set(&ev, FIELD_URL_PATH, SLICE("/x.exe"));
	event_set(&ev, FIELD_URL_QUERY, SLICE("y=1"));
	url_compose(&ev, mem);
	assert_slice(event_get(&ev, FIELD_URL_FULL), "http://a.example/x.exe?y=1");
	assert_slice(event_get(&ev, FIELD_URL_ORIGINAL), "http://a.example/x.exe?y=1");
	assert_slice(event_get(&ev, FIELD_URL_EXTENSION), "exe");
	arena_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_url_is_cut_into_its_parts),
	    cmocka_unit_test(the_parts_do_not_depend_on_where_they_lie),
	    cmocka_unit_test(a_full_url_is_composed_from_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
