/* read_test.c - every form that lists come in, and what is refused with which reason. */
#include "indicator_world.h"

#include "base/buf.h"

/* Load one text and check the counts; `reason` is part of the first refusal, NULL: none. */
static struct world
loaded(const char *name, const char *text, const char *format, size_t rows, size_t refused,
    unsigned line, const char *reason)
{
	struct world w = world_begin();

	world_list(&w, name, text);
	if (strcmp(w.report.format, format) != 0 || w.report.rows != rows ||
	    w.report.refused != refused || w.report.line != line)
		fail_msg("%s: read as %s, %zu rows, %zu refused, first at line %u (%.*s)", name,
		    w.report.format, w.report.rows, w.report.refused, w.report.line,
		    SLICE_ARG(w.report.reason.en));
	if (reason != NULL && slice_search(w.report.reason.en, slice_str(reason)) == SIZE_MAX)
		fail_msg("%s: the reason is \"%.*s\"", name, SLICE_ARG(w.report.reason.en));
	if (refused > 0)
		assert_true(w.report.reason.ja.len > 0);
	world_ready(&w);
	return w;
}

static void
hits(struct world *w, enum field_id f, const char *value)
{
	if (world_look(w, f, value)[0] == '\0')
		fail_msg("%s was not found", value);
}

static void
check_reason(const char *row, const char *reason)
{
	struct world w = loaded("l.txt", row, "list", 0, 1, 1, reason);

	world_end(&w);
}

static void
plain_lists_with_comments_notes_and_defanging(void **state)
{
	struct world w = loaded("l.txt",
	    "\xef\xbb\xbf# comment\r\n; comment\r\n! comment\n// comment\n\n"
	    "one.example\r\n"
	    "  two[.]example   # a note\n"
	    "three(.)example\tseen in May\n"
	    "hxxps://four[.]example/x\n"
	    "hXXp[://]five[dot]example[/]y\n"
	    "- six.example\n"
	    "* seven.example\n"
	    "\"eight.example\",\n"
	    "*.nine.example\n"
	    ".ten.example\n"
	    "198[.]51[.]100[.]7\n"
	    "203.0.113.0/24 // scanners\n"
	    "2001:db8::7\n"
	    "||eleven.example^$third-party\n"
	    "twelve\\.example\n"
	    "203.0.114.1;65",
	    "list", 16, 0, 0, NULL);

	hits(&w, FIELD_URL_DOMAIN, "one.example");
	hits(&w, FIELD_URL_DOMAIN, "two.example");
	hits(&w, FIELD_URL_DOMAIN, "three.example");
	hits(&w, FIELD_URL_FULL, "https://four.example/x");
	hits(&w, FIELD_URL_FULL, "http://five.example/y");
	hits(&w, FIELD_URL_DOMAIN, "six.example");
	hits(&w, FIELD_URL_DOMAIN, "seven.example");
	hits(&w, FIELD_URL_DOMAIN, "eight.example");
	hits(&w, FIELD_URL_DOMAIN, "x.nine.example");
	hits(&w, FIELD_URL_DOMAIN, "ten.example");
	hits(&w, FIELD_URL_DOMAIN, "eleven.example");
	hits(&w, FIELD_URL_DOMAIN, "twelve.example");
	hits(&w, FIELD_DESTINATION_IP, "198.51.100.7");
	hits(&w, FIELD_DESTINATION_IP, "203.0.113.200");
	hits(&w, FIELD_DESTINATION_IP, "203.0.114.1");
	hits(&w, FIELD_DESTINATION_IP, "2001:db8::7");
	world_look(&w, FIELD_URL_DOMAIN, "three.example");
	assert_true(slice_search(w.found.first->rule->description.en,
			SLICE("The list says: seen in May")) != SIZE_MAX);
	world_end(&w);
}

static void
hosts_files(void **state)
{
	struct world w = loaded("hosts",
	    "127.0.0.1 localhost\n::1 localhost ip6-localhost\n"
	    "0.0.0.0 bad.example www.bad2.example # both\n127.0.0.1\tbad3.example\n",
	    "list", 3, 3, 1, "names this computer itself");

	hits(&w, FIELD_URL_DOMAIN, "bad.example");
	hits(&w, FIELD_URL_DOMAIN, "www.bad2.example");
	hits(&w, FIELD_URL_DOMAIN, "bad3.example");
	world_end(&w);
}

static void
what_is_no_indicator_is_refused_with_a_reason(void **state)
{
	check_reason("co.jp", "a public suffix");
	check_reason("github.io", "a public suffix");
	check_reason("tokyo.jp", "a public suffix");
	check_reason("*.com.", "a single word");
	check_reason("COM", "no host name");
	check_reason("word", "no host name");
	check_reason("localhost", "no host name");
	check_reason("printer.localdomain", "names this computer");
	check_reason("10.1.2.3", "private");
	check_reason("127.0.0.1", "private");
	check_reason("192.168.0.0/24", "private");
	check_reason("172.0.0.0/8", "private");
	check_reason("224.0.0.1", "private");
	check_reason("fe80::1", "private");
	check_reason("::1", "private");
	check_reason("::ffff:10.0.0.1", "private");
	check_reason("http://192.168.1.1/x", "private");
	check_reason("11.0.0.0/7", "wide");
	check_reason("0.0.0.0/0", "wide");
	check_reason("2001::/8", "wide");
	check_reason("203.0.113.1-203.0.113.9", "CIDR");
	check_reason("someone@bad.example", "e-mail");
	check_reason("/gate.php", "path without a host");
	check_reason("invoice.exe", "file name");
	check_reason("a..b.example", "not a valid host");
	check_reason("bad_host!.example", "not a valid host");
	check_reason("1.2.3.4.5", "not a valid host");
	check_reason("1.2.3", "not a valid host");
	check_reason("bad.example:99999", "not a valid host");
	check_reason("\xff\xfe.example", "not UTF-8");
	check_reason("@@||good.example^", "exception");
	check_reason("cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
		     "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
	    "only MD5");

	for (size_t n = 3000; n <= 6000; n += 3000) {
		struct buf longer = BUF_INIT(10000);

		buf_add_str(&longer, "http://bad.example/");
		while (longer.len < n)
			buf_add_byte(&longer, 'a');
		check_reason(buf_str(&longer), "longer than");
		buf_release(&longer);
	}
}

static void
a_host_of_one_customer_of_a_cloud_is_an_indicator(void **state)
{
	struct world w = loaded("l.txt",
	    "ec2-192-0-2-1.compute-1.amazonaws.com\nbad.github.io\n", "list", 2, 0, 0, NULL);

	hits(&w, FIELD_URL_DOMAIN, "ec2-192-0-2-1.compute-1.amazonaws.com");
	assert_string_equal(
	    world_look(&w, FIELD_URL_DOMAIN, "ec2-192-0-2-2.compute-1.amazonaws.com"), "");
	world_end(&w);
}

static void
private_addresses_count_where_the_setting_says_so(void **state)
{
	struct world w = world_begin();
	struct indicator_settings s = {
	    .private_addresses = true, .leveled = true, .level = LEVEL_LOW};

	indicator_loader_configure(w.loader, &s);
	world_list(&w, "l.txt", "10.9.8.7\n");
	assert_int_equal(w.report.rows, 1);
	world_ready(&w);
	world_look(&w, FIELD_DESTINATION_IP, "10.9.8.7");
	assert_int_equal(w.found.first->rule->level, LEVEL_LOW);
	world_end(&w);
}

static void
csv_with_named_columns(void **state)
{
	struct world w = loaded("c.csv",
	    "\"First Seen\",\"Indicator Value\",\"Type\",\"Comment\"\r\n"
	    "\"2026-01-01\", \"bad.example\", \"domain\", \"says \"\"hello\"\", with "
	    "comma\"\r\n"
	    "2026-01-02,203.0.113.7,ip,\"two\nlines\"\r\n"
	    "2026-01-03,e7d705a3286e19ea42f587b344ee6865,ja3,\r\n"
	    "2026-01-04,,domain,empty\r\n"
	    "2026-01-05,co.jp,domain,suffix\r\n",
	    "csv", 3, 2, 6, "no column");

	hits(&w, FIELD_URL_DOMAIN, "bad.example");
	assert_true(slice_search(w.found.first->rule->description.en,
			SLICE("says \"hello\", with comma")) != SIZE_MAX);
	hits(&w, FIELD_DESTINATION_IP, "203.0.113.7");
	hits(&w, FIELD_TLS_JA3, "e7d705a3286e19ea42f587b344ee6865");
	assert_string_equal(
	    world_look(&w, FIELD_FILE_MD5, "e7d705a3286e19ea42f587b344ee6865"), "");
	world_end(&w);
}

static void
csv_with_several_columns_of_indicators(void **state)
{
	struct world w = loaded("c.csv",
	    "# header in a comment\n# id;url;md5_hash;dst_ip\n"
	    "1;http://bad.example/x;d41d8cd98f00b204e9800998ecf8427e;203.0.113.7\n"
	    "2;-;;203.0.113.8:8080\n",
	    "csv", 4, 0, 0, NULL);

	hits(&w, FIELD_URL_FULL, "http://bad.example/x");
	hits(&w, FIELD_FILE_MD5, "D41D8CD98F00B204E9800998ECF8427E");
	hits(&w, FIELD_DESTINATION_IP, "203.0.113.7");
	hits(&w, FIELD_DESTINATION_IP, "203.0.113.8");
	world_end(&w);
}

static void
csv_without_names_takes_the_column_with_most_indicators(void **state)
{
	struct world w = loaded("c.csv",
	    "1,malware,bad.example,high\n2,phishing,worse.example,low\n3,x,third.example,low\n",
	    "csv", 3, 0, 0, NULL);

	hits(&w, FIELD_URL_DOMAIN, "worse.example");
	world_end(&w);
	w = loaded("one.csv", "domain\nbad.example\n", "csv", 1, 0, 0, NULL);
	world_end(&w);
	w = loaded("t.tsv", "ip\tnote\n203.0.113.7\tscanner\n", "csv", 1, 0, 0, NULL);
	world_end(&w);
	w = loaded(
	    "c2.csv", "url|first_seen\nhttp://bad.example/x|2026\n", "csv", 1, 0, 0, NULL);
	world_end(&w);
}

static void
a_quote_that_does_not_end_costs_its_line_only(void **state)
{
	struct world w =
	    loaded("c.csv", "domain,comment\nbad.example,\"never ends\nworse.example,fine\n",
		"csv", 1, 1, 2, "quoted field");

	hits(&w, FIELD_URL_DOMAIN, "worse.example");
	world_end(&w);

	struct buf text = BUF_INIT(300000);
	buf_add_str(&text, "domain,comment\nbad.example,");
	for (int i = 0; i < 200000; i++)
		buf_add_byte(&text, 'x');
	buf_add_str(&text, "\nworse.example,fine\n");
	w = loaded("c.csv", buf_str(&text), "csv", 1, 1, 2, "64 KiB");
	world_end(&w);
	buf_release(&text);
}

static void
misp_warning_lists_by_type(void **state)
{
	struct world w = loaded("w.json",
	    "{\"name\":\"Some "
	    "list\",\"type\":\"hostname\",\"list\":[\"bad.example\",\".b.example\","
	    "\"co.jp\",5]}",
	    "misp-warninglist", 2, 2, 3, "a public suffix");

	hits(&w, FIELD_URL_DOMAIN, "www.bad.example");
	assert_true(
	    slice_search(w.found.first->rule->title.en, SLICE("(list Some list)")) != SIZE_MAX);
	world_end(&w);
	w = loaded("w.json",
	    "{\"name\":\"n\",\"type\":\"string\",\"list\":[\"bad.example\",\"203.0.113.7\"]}",
	    "misp-warninglist", 2, 0, 0, NULL);
	hits(&w, FIELD_URL_DOMAIN, "bad.example");
	assert_string_equal(world_look(&w, FIELD_URL_DOMAIN, "www.bad.example"), "");
	world_end(&w);
	w = loaded("w.json",
	    "{\"name\":\"n\",\"type\":\"cidr\",\"list\":[\"203.0.113.0/24\",\"bad.example\"]}",
	    "misp-warninglist", 1, 1, 2, "not of the kind");
	world_end(&w);
	w = loaded("w.json", "{\"name\":\"n\",\"type\":\"regex\",\"list\":[\"/.*/\",\"x\"]}",
	    "misp-warninglist", 0, 2, 1, "regex or substring cannot be used");
	world_end(&w);
}

static void
misp_events_with_their_marks(void **state)
{
	struct world w = loaded("e.json",
	    "{\"Event\":{\"info\":\"Operation X\",\"threat_level_id\":\"3\",\"Attribute\":["
	    "{\"type\":\"domain\",\"value\":\"bad.example\",\"to_ids\":true,\"comment\":\"C2\"}"
	    ","
	    "{\"type\":\"domain\",\"value\":\"context.example\",\"to_ids\":false},"
	    "{\"type\":\"ip-dst|port\",\"value\":\"203.0.113.7|8443\",\"to_ids\":\"1\"},"
	    "{\"type\":\"filename|md5\",\"value\":\"a.exe|d41d8cd98f00b204e9800998ecf8427e\","
	    "\"to_ids\":true},"
	    "{\"type\":\"yara\",\"value\":\"rule x\",\"to_ids\":true}],"
	    "\"Object\":[{\"Attribute\":[{\"type\":\"domain|ip\",\"value\":\"c.example|203.0."
	    "113.8\","
	    "\"to_ids\":true}]}]}}",
	    "misp-event", 5, 2, 2, "not for detection");

	hits(&w, FIELD_URL_DOMAIN, "bad.example");
	assert_int_equal(w.found.first->rule->level, LEVEL_LOW);
	assert_true(slice_search(w.found.first->rule->description.en,
			SLICE("Listed as: Operation X\nThe list says: C2")) != SIZE_MAX);
	hits(&w, FIELD_DESTINATION_IP, "203.0.113.7");
	hits(&w, FIELD_FILE_MD5, "d41d8cd98f00b204e9800998ecf8427e");
	hits(&w, FIELD_URL_DOMAIN, "c.example");
	hits(&w, FIELD_DESTINATION_IP, "203.0.113.8");
	world_end(&w);
	/* Where nothing is marked, the mark is not in use. */
	w = loaded("e.json",
	    "{\"response\":[{\"Event\":{\"Attribute\":["
	    "{\"type\":\"domain\",\"value\":\"bad.example\",\"to_ids\":false}]}}]}",
	    "misp-event", 1, 0, 0, NULL);
	world_end(&w);
}

static void
stix_in_bundles_arrays_and_envelopes(void **state)
{
#define OBJECT(pattern)                                                                        \
	"{\"type\":\"indicator\",\"id\":\"indicator--1\",\"name\":\"Bad "                      \
	"thing\",\"pattern_type\":"                                                            \
	"\"stix\",\"valid_from\":\"2026-01-01T00:00:00Z\",\"external_references\":[{\"url\":"  \
	"\"https://report.example/1\"},{\"source_name\":\"x\"}],\"pattern\":\"" pattern "\"}"
	struct world w = loaded("s.json",
	    "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":["
	    "{\"type\":\"malware\",\"id\":\"malware--1\"}," OBJECT(
		"[domain-name:value IN "
		"('bad.example','worse."
		"example')]") "," OBJECT("[file:name = "
					 "'x']") "]}",
	    "stix", 2, 1, 3, "not seen in logs");

	hits(&w, FIELD_URL_DOMAIN, "worse.example");
	assert_slice(w.found.first->rule->references, "https://report.example/1");
	assert_true(slice_search(w.found.first->rule->description.ja,
			SLICE("掲載名: Bad thing")) != SIZE_MAX);
	world_end(&w);
	w = loaded("s.json", "[" OBJECT("[ipv4-addr:value = '203.0.113.0/24']") "]", "stix", 1,
	    0, 0, NULL);
	hits(&w, FIELD_DESTINATION_IP, "203.0.113.77");
	world_end(&w);
	w = loaded("s.json",
	    "{\"more\":false,\"objects\":[" OBJECT("[url:value = 'http://b.example/x']") "]}",
	    "stix", 1, 0, 0, NULL);
	world_end(&w);
	w = loaded("s.json",
	    "[{\"type\":\"indicator\",\"id\":\"indicator--1\",\"pattern_type\":\"yara\","
	    "\"pattern\":\"rule x {}\"},"
	    "{\"type\":\"indicator\",\"id\":\"indicator--2\",\"pattern_type\":\"stix\","
	    "\"valid_from\":\"tomorrow\",\"pattern\":\"[domain-name:value='x.example']\"},"
	    "{\"type\":\"indicator\",\"id\":\"indicator--3\"}]",
	    "stix", 0, 3, 1, "not a STIX pattern");
	world_end(&w);
	w = loaded(
	    "s.json", "[\"bad.example\", \"203.0.113.7\", 7]", "json", 2, 1, 3, "no host");
	world_end(&w);
}

static void
check_error(const char *text, size_t len, const char *message)
{
	struct world w = world_begin();
	struct err e = {0};

	assert_int_equal(
	    indicator_add(w.loader, SLICE("x.json"), slice_of(text, len), &w.report, &e), -1);
	if (strstr(e.text, message) == NULL || strstr(e.text, "\"x.json\"") == NULL)
		fail_msg("the error is \"%s\"", e.text);
	/* What was read before stays usable. */
	world_list(&w, "l.txt", "bad.example");
	world_ready(&w);
	hits(&w, FIELD_URL_DOMAIN, "bad.example");
	world_end(&w);
}

static void
a_file_that_is_none_of_these_says_so(void **state)
{
	struct buf deep = BUF_INIT(100000);

	check_error("{\"a\":1}", 7, "neither a STIX bundle");
	check_error("{\"a\":", 5, "not valid JSON");
	check_error("a\0b", 3, "not a text file");
	for (int i = 0; i < 5000; i++)
		buf_add_byte(&deep, '[');
	check_error((const char *)deep.ptr, deep.len, "nested deeper");
	buf_release(&deep);
}

static void
an_empty_file_is_an_empty_list(void **state)
{
	struct world w = loaded("l.txt", "", "list", 0, 0, 0, NULL);

	assert_int_equal(indicator_count(w.set), 0);
	assert_string_equal(world_look(&w, FIELD_URL_DOMAIN, "bad.example"), "");
	assert_string_equal(world_look(&w, FIELD_DESTINATION_IP, "203.0.113.7"), "");
	assert_string_equal(
	    world_look(&w, FIELD_FILE_MD5, "d41d8cd98f00b204e9800998ecf8427e"), "");
	world_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_lists_with_comments_notes_and_defanging),
	    cmocka_unit_test(hosts_files),
	    cmocka_unit_test(what_is_no_indicator_is_refused_with_a_reason),
	    cmocka_unit_test(a_host_of_one_customer_of_a_cloud_is_an_indicator),
	    cmocka_unit_test(private_addresses_count_where_the_setting_says_so),
	    cmocka_unit_test(csv_with_named_columns),
	    cmocka_unit_test(csv_with_several_columns_of_indicators),
	    cmocka_unit_test(csv_without_names_takes_the_column_with_most_indicators),
	    cmocka_unit_test(a_quote_that_does_not_end_costs_its_line_only),
	    cmocka_unit_test(misp_warning_lists_by_type),
	    cmocka_unit_test(misp_events_with_their_marks),
	    cmocka_unit_test(stix_in_bundles_arrays_and_envelopes),
	    cmocka_unit_test(a_file_that_is_none_of_these_says_so),
	    cmocka_unit_test(an_empty_file_is_an_empty_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
