/* match_test.c - what a listed value matches and what it does not. */
#include "indicator_world.h"

#define CHECK(w, field, value, rules)                                                          \
	do {                                                                                   \
		const char *got_ = world_look(w, FIELD_##field, value);                        \
		if (strcmp(got_, rules) != 0)                                                  \
			fail_msg("%s: found \"%s\", expected \"%s\"", value, got_, rules);     \
	} while (0)

static void
a_domain_matches_itself_and_what_is_below_it(void **state)
{
	struct world w = world_begin();

	world_list(&w, "l.txt", "bad.example\nwww.worse.example\n");
	world_ready(&w);
	CHECK(&w, URL_DOMAIN, "bad.example", "indicator:domain:bad.example");
	CHECK(&w, URL_DOMAIN, "BAD.Example.", "indicator:domain:bad.example");
	CHECK(&w, URL_DOMAIN, "a.b.c.d.e.f.g.h.i.j.k.l.bad.example",
	    "indicator:domain:bad.example");
	CHECK(&w, DNS_QUESTION_NAME, "x.bad.example", "indicator:domain:bad.example");
	CHECK(&w, TLS_SERVER_NAME, "x.bad.example", "indicator:domain:bad.example");
	CHECK(&w, DESTINATION_DOMAIN, "bad.example", "indicator:domain:bad.example");
	CHECK(&w, HTTP_HOST, "bad.example:8080", "indicator:domain:bad.example");
	CHECK(&w, DNS_ANSWER, "cname.bad.example", "indicator:domain:bad.example");
	CHECK(&w, URL_DOMAIN, "notbad.example", "");
	CHECK(&w, URL_DOMAIN, "example", "");
	CHECK(&w, URL_DOMAIN, "bad.example.com", "");
	CHECK(&w, URL_DOMAIN, "worse.example", "");
	CHECK(&w, URL_DOMAIN, ".bad.example", "indicator:domain:bad.example");
	CHECK(&w, URL_DOMAIN, "a b..bad.example", "indicator:domain:bad.example");
	CHECK(&w, URL_DOMAIN, "", "");
	CHECK(&w, URL_DOMAIN, ".", "");
	CHECK(&w, USER_AGENT, "bad.example", "");
	world_end(&w);
}

static void
the_most_exact_indicator_is_the_one_that_is_told(void **state)
{
	struct world w = world_begin();

	world_list(&w, "l.txt",
	    "bad.example\nvery.bad.example\nbad.example/x\n198.51.100.0/24\n"
	    "198.51.100.7\n");
	world_ready(&w);
	CHECK(&w, URL_DOMAIN, "a.very.bad.example", "indicator:domain:very.bad.example");
	CHECK(&w, DESTINATION_IP, "198.51.100.7", "indicator:ip:198.51.100.7");
	CHECK(&w, DESTINATION_IP, "198.51.100.8", "indicator:ip:198.51.100.0/24");
	world_event(&w, EVENT_PROXY);
	world_set(&w, FIELD_URL_DOMAIN, "bad.example");
	world_set(&w, FIELD_URL_FULL, "http://bad.example/x/y");
	assert_string_equal(world_see(&w), "indicator:url:bad.example/x");
	world_set(&w, FIELD_DESTINATION_IP, "198.51.100.9");
	assert_string_equal(
	    world_see(&w), "indicator:ip:198.51.100.0/24 indicator:url:bad.example/x");
	world_end(&w);
}

static void
international_names_are_the_same_in_both_forms(void **state)
{
	struct world w = world_begin();

	world_list(&w, "l.txt", "日本語.example\nxn--bcher-kva.example\nＦＵＬＬ。example\n");
	assert_int_equal(w.report.rows, 3);
	world_ready(&w);
	CHECK(&w, URL_DOMAIN, "xn--wgv71a119e.example",
	    "indicator:domain:xn--wgv71a119e.example");
	CHECK(&w, URL_DOMAIN, "日本語.example", "indicator:domain:xn--wgv71a119e.example");
	CHECK(&w, URL_DOMAIN, "www.BÜCHER.example", "indicator:domain:xn--bcher-kva.example");
	CHECK(&w, URL_DOMAIN, "full.example", "indicator:domain:full.example");
	CHECK(&w, URL_DOMAIN, "\xff\xfe.example", "");
	world_end(&w);
}

static void
a_url_matches_itself_and_what_continues_it_at_a_boundary(void **state)
{
	static const char *const yes[] = {"http://bad.example/a/b", "https://bad.example/a/b",
	    "http://bad.example:80/a/b", "http://u:p@BAD.EXAMPLE/a/b",
	    "http://bad.example/a/b/", "http://bad.example/a/b/c", "http://bad.example/a/b?x=1",
	    "http://bad.example/a/b#f", "http://bad.example/a/b;v=1",
	    "http://bad.example/%61/b"};
	static const char *const no[] = {"http://bad.example/a/bc", "http://bad.example/a",
	    "http://bad.example/A/B", "http://www.bad.example/a/b",
	    "http://bad.example:8080/a/b", "http://bad.example/x/a/b",
	    "http://good.example/?u=http://bad.example/a/b", "http://bad.example/",
	    "http://bad.example", "bad.example:443"};
	struct world w = world_begin();

	world_list(&w, "l.txt", "hxxp://bad[.]example/a/b/\n");
	world_ready(&w);
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		CHECK(&w, URL_FULL, yes[i], "indicator:url:bad.example/a/b");
		world_event(&w, EVENT_PROXY);
		world_set(&w, FIELD_URL_DOMAIN, "bad.example");
		world_set(&w, FIELD_URL_ORIGINAL, yes[i]);
		assert_string_equal(world_see(&w), "indicator:url:bad.example/a/b");
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		CHECK(&w, URL_FULL, no[i], "");
	world_end(&w);
}

static void
a_url_is_put_together_where_the_log_splits_it(void **state)
{
	struct world w = world_begin();

	world_list(
	    &w, "l.txt", "http://bad.example:8080/gate.php?id=\nhttp://[2001:db8::1]/x\n");
	assert_int_equal(w.report.rows, 2);
	world_ready(&w);
	world_event(&w, EVENT_WEBSERVER);
	world_set(&w, FIELD_URL_DOMAIN, "bad.example");
	world_set(&w, FIELD_URL_PORT, "8080");
	world_set(&w, FIELD_URL_PATH, "/gate.php");
	world_set(&w, FIELD_URL_QUERY, "id=77");
	assert_string_equal(world_see(&w), "indicator:url:bad.example:8080/gate.php?id=");
	world_event(&w, EVENT_PROXY);
	world_set(&w, FIELD_URL_DOMAIN, "2001:db8::1");
	world_set(&w, FIELD_URL_SCHEME, "https");
	world_set(&w, FIELD_URL_PATH, "/x/y");
	assert_string_equal(world_see(&w), "indicator:url:[2001:db8::1]/x");
	world_end(&w);
}

static void
a_url_that_is_only_a_host_is_that_host_alone(void **state)
{
	struct world w = world_begin();

	world_list(&w, "l.txt", "http://bad.example/\nhttps://203.0.113.5\n");
	world_ready(&w);
	CHECK(&w, URL_DOMAIN, "bad.example", "indicator:domain:bad.example");
	CHECK(&w, DNS_QUESTION_NAME, "bad.example", "indicator:domain:bad.example");
	CHECK(&w, URL_DOMAIN, "www.bad.example", "");
	CHECK(&w, DESTINATION_IP, "203.0.113.5", "indicator:ip:203.0.113.5");
	world_end(&w);
}

static void
addresses_match_in_every_form(void **state)
{
	struct world w = world_begin();

	world_list(&w, "l.txt",
	    "203.0.113.7\n198.51.100.0/25\n2001:0DB8:0:0::5\n2001:db8:ffff::/48\n"
	    "192.0.2.9:8443\n[2001:db8::9]:53\n");
	assert_int_equal(w.report.rows, 6);
	world_ready(&w);
	CHECK(&w, DESTINATION_IP, "203.0.113.7", "indicator:ip:203.0.113.7");
	CHECK(&w, DESTINATION_IP, "::ffff:203.0.113.7", "indicator:ip:203.0.113.7");
	CHECK(&w, URL_DOMAIN, "203.0.113.7", "indicator:ip:203.0.113.7");
	CHECK(&w, DNS_ANSWER, "203.0.113.7", "indicator:ip:203.0.113.7");
	CHECK(&w, HTTP_HOST, "203.0.113.7:81", "indicator:ip:203.0.113.7");
	CHECK(&w, DESTINATION_IP, "198.51.100.127", "indicator:ip:198.51.100.0/25");
	CHECK(&w, DESTINATION_IP, "198.51.100.128", "");
	CHECK(&w, DESTINATION_IP, "2001:db8::5", "indicator:ip:2001:db8::5");
	CHECK(&w, URL_DOMAIN, "[2001:db8::5]", "indicator:ip:2001:db8::5");
	CHECK(&w, DESTINATION_IP, "2001:db8:ffff:1::", "indicator:ip:2001:db8:ffff::/48");
	CHECK(&w, DESTINATION_IP, "2001:db8:fffe:1::", "");
	CHECK(&w, DESTINATION_IP, "203.0.113", "");
	CHECK(&w, DESTINATION_IP, "-", "");
	/* With a port: that port, or an event that names none. */
	CHECK(&w, DESTINATION_IP, "192.0.2.9", "indicator:ip:192.0.2.9:8443");
	world_set(&w, FIELD_DESTINATION_PORT, "8443");
	assert_string_equal(world_see(&w), "indicator:ip:192.0.2.9:8443");
	world_event(&w, EVENT_CONNECTION);
	world_set(&w, FIELD_DESTINATION_IP, "192.0.2.9");
	world_set(&w, FIELD_DESTINATION_PORT, "443");
	assert_string_equal(world_see(&w), "");
	world_event(&w, EVENT_PROXY);
	world_set(&w, FIELD_URL_DOMAIN, "192.0.2.9");
	world_set(&w, FIELD_URL_SCHEME, "http");
	assert_string_equal(world_see(&w), "");
	world_end(&w);
}

static void
the_source_counts_only_where_it_is_the_other_side(void **state)
{
	struct world w = world_begin();

	world_list(&w, "l.txt", "203.0.113.7\n");
	world_ready(&w);
	for (int c = 0; c < EVENT_CLASS_COUNT; c++) {
		bool inbound = c == EVENT_WEBSERVER || c == EVENT_FIREWALL ||
			       c == EVENT_CONNECTION || c == EVENT_IDS || c == EVENT_AUTH;

		event_reset(&w.event, SLICE("x"));
		w.event.class = (enum event_class)c;
		world_set(&w, FIELD_SOURCE_IP, "203.0.113.7");
		assert_string_equal(world_see(&w), inbound ? "indicator:ip:203.0.113.7" : "");
	}
	world_end(&w);
}

static void
hashes_and_fingerprints_match_in_any_case(void **state)
{
	struct world w = world_begin();

	world_list(&w, "l.txt",
	    "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855\n"
	    "da39a3ee5e6b4b0d3255bfef95601890afd80709\nd41d8cd98f00b204e9800998ecf8427e\n"
	    "t13d1516h2_8daaf6152771_b186095e22b6\n");
	world_list(&w, "ja3-list.txt", "e7d705a3286e19ea42f587b344ee6865\n");
	world_ready(&w);
	CHECK(&w, FILE_SHA256,
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	    "indicator:hash:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	CHECK(&w, FILE_SHA1, "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709",
	    "indicator:hash:da39a3ee5e6b4b0d3255bfef95601890afd80709");
	CHECK(&w, FILE_MD5, "d41d8cd98f00b204e9800998ecf8427e",
	    "indicator:hash:d41d8cd98f00b204e9800998ecf8427e");
	CHECK(&w, TLS_JA3, "E7D705A3286E19EA42F587B344EE6865",
	    "indicator:ja3:e7d705a3286e19ea42f587b344ee6865");
	CHECK(&w, TLS_JA4, "t13d1516h2_8daaf6152771_b186095e22b6",
	    "indicator:ja4:t13d1516h2_8daaf6152771_b186095e22b6");
	CHECK(&w, FILE_MD5, "e7d705a3286e19ea42f587b344ee6865", "");
	CHECK(&w, TLS_JA3, "d41d8cd98f00b204e9800998ecf8427e", "");
	world_end(&w);
}

static void
one_indicator_is_one_finding_with_every_field_that_named_it(void **state)
{
	struct world w = world_begin();
	const struct finding *f;

	world_list(&w, "l.txt", "bad.example\n203.0.113.7\n");
	world_ready(&w);
	world_event(&w, EVENT_IDS);
	world_set(&w, FIELD_DNS_QUESTION_NAME, "www.bad.example");
	world_set(&w, FIELD_TLS_SERVER_NAME, "bad.example");
	world_set(&w, FIELD_DNS_ANSWER, "192.0.2.1");
	world_set(&w, FIELD_DNS_ANSWER, "203.0.113.7");
	assert_string_equal(
	    world_see(&w), "indicator:domain:bad.example indicator:ip:203.0.113.7");
	f = w.found.first;
	assert_int_equal(f->n_fields, 2);
	assert_slice(f->fields[0].name, "dns.question.name");
	assert_slice(f->fields[0].value, "www.bad.example");
	assert_slice(f->fields[0].pattern, "bad.example");
	assert_int_equal(f->offset, 7);
	assert_slice(f->entity, "10.1.2.3");
	assert_slice(f->next->fields[0].name, "dns.answers.data");
	world_end(&w);
}

static void
what_an_allow_list_covers_never_matches(void **state)
{
	struct world w = world_begin();

	world_list(&w, "l.txt",
	    "bad.example\nok.example\nok.example/x\n198.51.100.0/24\nshare.example/good/evil\n"
	    "d41d8cd98f00b204e9800998ecf8427e\n");
	world_allow(&w, "good.bad.example\nok.example\n198.51.100.128/25\n"
			"http://share.example/good\nhttp://bad.example/fine\n"
			"d41d8cd98f00b204e9800998ecf8427e\n");
	world_ready(&w);
	CHECK(&w, URL_DOMAIN, "bad.example", "indicator:domain:bad.example");
	CHECK(&w, URL_DOMAIN, "good.bad.example", "");
	CHECK(&w, URL_DOMAIN, "very.good.bad.example", "");
	CHECK(&w, URL_DOMAIN, "notgood.bad.example", "indicator:domain:bad.example");
	CHECK(&w, URL_DOMAIN, "ok.example", "");
	CHECK(&w, URL_FULL, "http://ok.example/x", "");
	CHECK(&w, DESTINATION_IP, "198.51.100.127", "indicator:ip:198.51.100.0/24");
	CHECK(&w, DESTINATION_IP, "198.51.100.128", "");
	CHECK(&w, URL_FULL, "http://share.example/good/evil", "");
	CHECK(&w, FILE_MD5, "d41d8cd98f00b204e9800998ecf8427e", "");
	world_event(&w, EVENT_PROXY);
	world_set(&w, FIELD_URL_DOMAIN, "bad.example");
	world_set(&w, FIELD_URL_FULL, "http://bad.example/fine/page");
	assert_string_equal(world_see(&w), "");
	world_event(&w, EVENT_PROXY);
	world_set(&w, FIELD_URL_DOMAIN, "bad.example");
	world_set(&w, FIELD_URL_FULL, "http://bad.example/other");
	assert_string_equal(world_see(&w), "indicator:domain:bad.example");
	world_end(&w);
}

static void
an_indicator_holds_in_its_time_only(void **state)
{
	struct world w = world_begin();

	world_list(&w, "b.json",
	    "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":["
	    "{\"type\":\"indicator\",\"id\":\"indicator--1\",\"name\":\"old\",\"confidence\":"
	    "20,"
	    "\"pattern_type\":\"stix\",\"pattern\":\"[domain-name:value = 'bad.example']\","
	    "\"valid_from\":\"2025-01-01T00:00:00Z\",\"valid_until\":\"2026-01-01T00:00:00Z\"},"
	    "{\"type\":\"indicator\",\"id\":\"indicator--2\",\"name\":\"new\",\"confidence\":"
	    "90,"
	    "\"pattern_type\":\"stix\",\"pattern\":\"[domain-name:value = 'bad.example']\","
	    "\"valid_from\":\"2026-06-01T00:00:00Z\"},"
	    "{\"type\":\"indicator\",\"id\":\"indicator--3\",\"revoked\":true,"
	    "\"pattern_type\":\"stix\",\"pattern\":\"[domain-name:value = 'no.example']\","
	    "\"valid_from\":\"2020-06-01T00:00:00Z\"}]}");
	assert_string_equal(w.report.format, "stix");
	assert_int_equal(w.report.rows, 2);
	assert_int_equal(w.report.refused, 1);
	assert_int_equal(w.report.line, 3);
	world_ready(&w);
	assert_int_equal(indicator_count(w.set), 2);
	static const struct {
		int year, month;
		unsigned severity;
	} cases[] = {{2024, 12, 0}, {2025, 1, 20}, {2025, 12, 20}, {2026, 1, 0}, {2026, 6, 90}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct civil c = {cases[i].year, cases[i].month, 1, 0, 0, 0, 0};

		world_event(&w, EVENT_PROXY);
		world_set(&w, FIELD_URL_DOMAIN, "bad.example");
		assert_true(instant_from_civil(&c, (struct span){0}, &w.event.at));
		world_see(&w);
		assert_int_equal(w.found.first == NULL ? 0 : w.found.first->rule->severity,
		    cases[i].severity);
	}
	world_end(&w);
}

static void
a_rule_tells_what_happened_in_both_languages(void **state)
{
	struct world w = world_begin();
	const struct rule_info *r;

	world_list(&w, "feeds/sector.csv",
	    "domain,malware,level\nbad.example,Emotet,critical\nother.example,,\n");
	world_ready(&w);
	world_look(&w, FIELD_URL_DOMAIN, "www.bad.example");
	r = w.found.first->rule;
	assert_string_equal(r->detector, "indicator");
	assert_slice(r->id, "indicator:domain:bad.example");
	assert_slice(r->title.en, "Contact with a listed domain: bad.example (list sector)");
	assert_slice(r->title.ja, "リスト掲載ドメインへの通信: bad.example (リスト sector)");
	assert_int_equal(r->level, LEVEL_CRITICAL);
	assert_int_equal(r->severity, 95);
	assert_true(
	    slice_search(r->description.en, SLICE("The list says: Emotet")) != SIZE_MAX);
	assert_true(slice_search(r->description.ja, SLICE("リストの記載: Emotet")) != SIZE_MAX);
	assert_true(r->advice.en.len > 0 && r->advice.ja.len > 0);
	assert_true(r->falsepositives.en.len > 0 && r->falsepositives.ja.len > 0);
	/* The same rule for the same indicator, whoever asks. */
	struct indicator_run *other = indicator_run_new(w.set);
	w.found = findings_in(w.mem);
	indicator_run_see(other, &w.event, 0, &w.found);
	assert_ptr_equal(w.found.first->rule, r);
	indicator_run_free(other);
	assert_ptr_equal(w.found.first->rule, r);
	world_look(&w, FIELD_URL_DOMAIN, "other.example");
	assert_int_equal(w.found.first->rule->level, LEVEL_HIGH);
	world_end(&w);
}

static void
the_same_row_in_two_lists_counts_once_with_the_graver_level(void **state)
{
	struct world w = world_begin();

	world_list(&w, "a.txt", "#! level: low\nbad.example\nbad.example/x\nonly.example\n");
	world_list(&w, "b.txt",
	    "#! level: critical\n#! name: Sector list\nbad.example\nBAD.example\n"
	    "bad.example/x\nbad.example/y\n");
	world_ready(&w);
	assert_int_equal(indicator_count(w.set), 4);
	world_look(&w, FIELD_URL_DOMAIN, "bad.example");
	assert_int_equal(w.found.first->rule->level, LEVEL_CRITICAL);
	assert_slice(w.found.first->rule->title.en,
	    "Contact with a listed domain: bad.example (list Sector list)");
	assert_null(w.found.first->next);
	world_look(&w, FIELD_URL_FULL, "https://bad.example/x");
	assert_int_equal(w.found.first->rule->level, LEVEL_CRITICAL);
	CHECK(&w, URL_FULL, "https://bad.example/y", "indicator:url:bad.example/y");
	world_look(&w, FIELD_URL_DOMAIN, "only.example");
	assert_int_equal(w.found.first->rule->level, LEVEL_LOW);
	world_end(&w);
}

/* However many different indicators one log hits, memory for their texts is bounded. */
static void
a_flood_of_hits_ends_in_one_rule_a_kind(void **state)
{
	struct world w = world_begin();
	size_t n = 262144 + 1000;
	char *text = malloc(n * 24), *p = text, name[32];

	for (size_t i = 0; i < n; i++)
		p += sprintf(p, "d%zu.example\n", i);
	world_list(&w, "flood.txt", text);
	assert_int_equal(w.report.rows, n);
	world_ready(&w);
	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "d%zu.example", i);
		world_look(&w, FIELD_URL_DOMAIN, name);
		assert_non_null(w.found.first);
	}
	assert_slice(w.found.first->rule->id, "indicator:domain");
	CHECK(&w, URL_DOMAIN, "d7.example", "indicator:domain:d7.example");
	free(text);
	world_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_domain_matches_itself_and_what_is_below_it),
	    cmocka_unit_test(the_most_exact_indicator_is_the_one_that_is_told),
	    cmocka_unit_test(international_names_are_the_same_in_both_forms),
	    cmocka_unit_test(a_url_matches_itself_and_what_continues_it_at_a_boundary),
	    cmocka_unit_test(a_url_is_put_together_where_the_log_splits_it),
	    cmocka_unit_test(a_url_that_is_only_a_host_is_that_host_alone),
	    cmocka_unit_test(addresses_match_in_every_form),
	    cmocka_unit_test(the_source_counts_only_where_it_is_the_other_side),
	    cmocka_unit_test(hashes_and_fingerprints_match_in_any_case),
	    cmocka_unit_test(one_indicator_is_one_finding_with_every_field_that_named_it),
	    cmocka_unit_test(what_an_allow_list_covers_never_matches),
	    cmocka_unit_test(an_indicator_holds_in_its_time_only),
	    cmocka_unit_test(a_rule_tells_what_happened_in_both_languages),
	    cmocka_unit_test(the_same_row_in_two_lists_counts_once_with_the_graver_level),
	    cmocka_unit_test(a_flood_of_hits_ends_in_one_rule_a_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
