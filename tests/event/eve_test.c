#include "read.h"

#include <stdio.h>

static void
http_has_its_whole_url(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL,
		"{\"timestamp\":\"2022-07-12T06:22:33.415742+0000\",\"flow_id\":"
		"1398609176796675,"
		"\"in_iface\":\"eth0\",\"event_type\":\"http\",\"src_ip\":\"10.0.0.3\",\"src_"
		"port\":33270,"
		"\"dest_ip\":\"203.0.113.5\",\"dest_port\":8080,\"proto\":\"TCP\",\"tx_id\":0,"
		"\"http\":{\"hostname\":\"a.example\",\"http_port\":8080,\"url\":\"/x/"
		"y.exe?q=1\","
		"\"http_user_agent\":\"curl/7.88.1\",\"http_content_type\":\"text/html\","
		"\"http_method\":\"GET\",\"protocol\":\"HTTP/"
		"1.1\",\"status\":200,\"length\":273}}"),
	    CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "eve");
	assert_at(&r, "2022-07-12T06:22:33.415742Z");
	assert_int_equal(r.ev.class, EVENT_PROXY);
	assert_slice(r.ev.dataset, "suricata.http");
	assert_field(&r, EVENT_ACTION, "http");
	assert_field(&r, SOURCE_IP, "10.0.0.3");
	assert_field(&r, SOURCE_PORT, "33270");
	assert_field(&r, DESTINATION_IP, "203.0.113.5");
	assert_field(&r, NETWORK_TRANSPORT, "tcp");
	assert_field(&r, INTERFACE_IN, "eth0");
	assert_field(&r, URL_DOMAIN, "a.example");
	assert_field(&r, URL_PORT, "8080");
	assert_field(&r, URL_ORIGINAL, "/x/y.exe?q=1");
	assert_field(&r, URL_FULL, "http://a.example:8080/x/y.exe?q=1");
	assert_field(&r, URL_PATH, "/x/y.exe");
	assert_field(&r, URL_EXTENSION, "exe");
	assert_field(&r, HTTP_METHOD, "GET");
	assert_field(&r, HTTP_VERSION, "1.1");
	assert_field(&r, HTTP_STATUS, "200");
	assert_field(&r, HTTP_RESPONSE_BYTES, "273");
	assert_field(&r, USER_AGENT, "curl/7.88.1");
	assert_slice(event_find(&r.ev, SLICE("flow_id")), "1398609176796675");
	assert_slice(event_find(&r.ev, SLICE("tx_id")), "0");
	read_close(&r);
}

static unsigned
count_values(const struct event *ev, enum field_id f)
{
	unsigned n = event_has(ev, f);

	for (unsigned i = 0; i < ev->n_extra; i++)
		n += ev->extra[i].field == f;
	return n;
}

static void
dns_reads_alike_in_its_three_versions(void **state)
{
	static const struct {
		const char *dns, *type;
		unsigned answers;
	} cases[] = {
	    {"{\"type\":\"query\",\"id\":7,\"rrname\":\"c2.example\",\"rrtype\":\"A\"}",
		"query", 0},
	    {"{\"type\":\"answer\",\"id\":7,\"rcode\":\"NOERROR\",\"rrname\":\"c2.example\","
	     "\"rrtype\":\"A\","
	     "\"ttl\":60,\"rdata\":\"192.0.2.1\"}",
		"answer", 1},
	    {"{\"version\":2,\"type\":\"answer\",\"id\":7,\"flags\":\"8180\",\"qr\":true,"
	     "\"rrname\":\"c2.example\","
	     "\"rrtype\":\"A\",\"rcode\":\"NOERROR\",\"answers\":[{\"rrname\":\"c2.example\","
	     "\"rrtype\":\"A\","
	     "\"ttl\":60,\"rdata\":\"192.0.2.1\"},{\"rrname\":\"c2.example\",\"rrtype\":\"A\","
	     "\"rdata\":\"192.0.2.2\"}]}",
		"answer", 2},
	    {"{\"version\":2,\"type\":\"answer\",\"id\":7,\"rrname\":\"c2.example\",\"rrtype\":"
	     "\"A\","
	     "\"rcode\":\"NOERROR\",\"grouped\":{\"A\":[\"192.0.2.1\",\"192.0.2.2\"]}}",
		"answer", 2},
	    {"{\"version\":3,\"type\":\"request\",\"tx_id\":0,\"id\":7,\"queries\":[{"
	     "\"rrname\":\"c2.example\","
	     "\"rrtype\":\"A\"}]}",
		"request", 0},
	    {"{\"version\":3,\"type\":\"response\",\"id\":7,\"rcode\":\"NOERROR\",\"queries\":["
	     "{\"rrname\":"
	     "\"c2.example\",\"rrtype\":\"A\"}],\"answers\":[{\"rrname\":\"c2.example\","
	     "\"rrtype\":\"A\",\"ttl\":1,"
	     "\"rdata\":\"192.0.2.1\"}]}",
		"response", 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct read r;
		char line[1024];
		snprintf(line, sizeof(line),
		    "{\"timestamp\":\"2026-11-23T01:00:00.000000+0900\",\"event_type\":\"dns\","
		    "\"src_ip\":\"10.0.0.3\",\"dns\":%s}",
		    cases[i].dns);
		assert_status(read_line(&r, NULL, line), CODEC_EVENT);
		assert_int_equal(r.ev.class, EVENT_DNS);
		assert_slice(r.ev.dataset, "suricata.dns");
		assert_field(&r, DNS_QUESTION_NAME, "c2.example");
		assert_field(&r, DNS_QUESTION_TYPE, "A");
		assert_field(&r, DNS_ID, "7");
		assert_field(&r, DNS_TYPE, cases[i].type);
		assert_int_equal(count_values(&r.ev, FIELD_DNS_ANSWER), cases[i].answers);
		if (cases[i].answers > 0) {
			assert_field(&r, DNS_ANSWER, "192.0.2.1");
			assert_field(&r, DNS_RESPONSE_CODE, "NOERROR");
		}
		read_close(&r);
	}
}

static void
tls_has_its_fingerprints(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL,
		"{\"timestamp\":\"2026-11-23T01:00:00.000000+0900\",\"event_type\":\"tls\","
		"\"src_ip\":"
		"\"2001:db8::3\",\"tls\":{\"subject\":\"CN=a\\/"
		"b\",\"issuerdn\":\"CN=ca\",\"fingerprint\":"
		"\"aa:bb:0c\",\"sni\":\"c2.example\",\"version\":\"TLS 1.2\",\"ja3\":{\"hash\":"
		"\"e7d705a3286e19ea42f587b344ee6865\",\"string\":\"771,4-5\"},\"ja3s\":{"
		"\"hash\":\"abc\"},"
		"\"ja4\":\"t13d1516h2_8daaf6152771_b186095e22b6\"}}"),
	    CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_TLS);
	assert_field(&r, SOURCE_IP, "2001:db8::3");
	assert_field(&r, TLS_SERVER_NAME, "c2.example");
	assert_field(&r, TLS_SUBJECT, "CN=a/b");
	assert_field(&r, TLS_CERT_SHA1, "aabb0c");
	assert_field(&r, TLS_JA3, "e7d705a3286e19ea42f587b344ee6865");
	assert_field(&r, TLS_JA4, "t13d1516h2_8daaf6152771_b186095e22b6");
	assert_slice(event_find(&r.ev, SLICE("tls.ja3.string")), "771,4-5");
	read_close(&r);
}

static void
an_alert_names_its_rule(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "{\"timestamp\":\"2022-07-12T06:22:33.415742+0000\",\"event_type\":"
			  "\"alert\",\"src_ip\":"
			  "\"1.2.3.4\",\"alert\":{\"action\":\"blocked\",\"gid\":1,\"signature_"
			  "id\":2034125,\"rev\":4,"
			  "\"signature\":\"ET EXPLOIT Path "
			  "Traversal\",\"category\":\"Attempted Administrator\","
			  "\"severity\":1,\"metadata\":{\"cve\":[\"CVE_2021_41773\",\"CVE_2021_"
			  "42013\"]}}}"),
	    CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_IDS);
	assert_field(&r, RULE_ID, "2034125");
	assert_field(&r, RULE_NAME, "ET EXPLOIT Path Traversal");
	assert_field(&r, RULE_CATEGORY, "Attempted Administrator");
	assert_field(&r, EVENT_SEVERITY, "1");
	assert_field(&r, EVENT_OUTCOME, "blocked");
	assert_slice(event_find(&r.ev, SLICE("alert.metadata.cve")), "CVE_2021_41773");
	read_close(&r);
}

static void
files_and_flows_have_their_numbers(void **state)
{
	struct read r;

	read_line(&r, NULL,
	    "{\"timestamp\":\"2022-07-12T06:22:33.415742+0000\",\"event_type\":\"fileinfo\","
	    "\"fileinfo\":"
	    "{\"filename\":\"/x/"
	    "a.exe\",\"magic\":\"PE32\",\"sha256\":\"00ff\",\"size\":12,\"stored\":false}}");
	assert_status(r.status, CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_FILE);
	assert_field(&r, FILE_NAME, "/x/a.exe");
	assert_field(&r, FILE_SHA256, "00ff");
	assert_field(&r, FILE_SIZE, "12");
	assert_slice(event_find(&r.ev, SLICE("fileinfo.stored")), "false");
	read_next(&r,
	    "{\"timestamp\":\"2022-07-12T06:22:33.415742+0000\",\"event_type\":\"flow\","
	    "\"proto\":\"UDP\","
	    "\"flow\":{\"pkts_toserver\":2,\"pkts_toclient\":1,\"bytes_toserver\":120,\"bytes_"
	    "toclient\":60,"
	    "\"start\":\"2022-07-12T06:22:33.415742+0000\",\"state\":\"established\"}}");
	assert_status(r.status, CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_CONNECTION);
	assert_field(&r, SOURCE_BYTES, "120");
	assert_field(&r, DESTINATION_PACKETS, "1");
	assert_slice(event_find(&r.ev, SLICE("flow.state")), "established");
	assert_status(
	    read_next(&r,
		"{\"timestamp\":\"2022-07-12T06:22:33.415742+0000\",\"event_type\":\"stats\"}"),
	    CODEC_NOTHING);
	read_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(http_has_its_whole_url),
	    cmocka_unit_test(dns_reads_alike_in_its_three_versions),
	    cmocka_unit_test(tls_has_its_fingerprints),
	    cmocka_unit_test(an_alert_names_its_rule),
	    cmocka_unit_test(files_and_flows_have_their_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
