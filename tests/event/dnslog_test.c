/* The query logs of BIND, unbound and dnsmasq, from files and through syslog. */
#include "read.h"

static void
unbound_queries_and_replies_are_read(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "[1795396079] unbound[12:0] info: 10.0.0.1 C2.example. AAAA IN"),
	    CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "dnslog");
	assert_int_equal(r.ev.class, EVENT_DNS);
	assert_slice(r.ev.dataset, "unbound.query");
	assert_at(&r, "2026-11-23T01:07:59.000000Z");
	assert_field(&r, SOURCE_IP, "10.0.0.1");
	assert_field(&r, DNS_QUESTION_NAME, "C2.example");
	assert_field(&r, DNS_QUESTION_TYPE, "AAAA");
	assert_no_field(&r, DNS_RESPONSE_CODE);
	read_next(&r, "[1795396079] unbound[12:0] info: reply: 2001:db8::1 c2.example. A IN "
		      "NXDOMAIN 0.035416 0 56");
	assert_field(&r, SOURCE_IP, "2001:db8::1");
	assert_field(&r, DNS_RESPONSE_CODE, "NXDOMAIN");
	assert_field(&r, EVENT_DURATION_MS, "35");
	assert_field(&r, DESTINATION_BYTES, "56");
	assert_status(
	    read_next(
		&r, "[1795396079] unbound[12:0] info: start of service (unbound 1.17.1)."),
	    CODEC_NOTHING);
	read_close(&r);
	assert_status(read_line(&r, NULL,
			  "<30>Nov 23 01:07:59 ns1 unbound[12]: [12:0] info: 10.0.0.1 "
			  "c2.example. A IN"),
	    CODEC_EVENT);
	assert_field(&r, DNS_QUESTION_NAME, "c2.example");
	assert_at(&r, "2026-11-23T01:07:59.000000Z");
	read_close(&r);
}

static void
bind_queries_are_read_with_and_without_their_prefixes(void **state)
{
	static const char *const lines[] = {
	    "23-Nov-2026 01:07:59.123 queries: info: client @0x7f8a 10.0.0.1#5353 "
	    "(c2.example): "
	    "query: c2.example IN TXT +E(0)K (10.0.0.53)",
	    "23-Nov-2026 01:07:59.123 client 10.0.0.1#5353 (c2.example): view in: query: "
	    "c2.example IN TXT + (10.0.0.53)",
	    "2026-11-23T01:07:59.123Z queries: info: client @0x7f8a 10.0.0.1#5353 "
	    "(c2.example): "
	    "query: c2.example IN TXT +E(0)K (10.0.0.53)",
	    "<30>1 2026-11-23T01:07:59.123Z ns1 named 12 - - client @0x7f8a 10.0.0.1#5353 "
	    "(c2.example): query: c2.example IN TXT +E(0)K (10.0.0.53)",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct read r;
		assert_status(read_line(&r, NULL, lines[i]), CODEC_EVENT);
		assert_string_equal(reader_codec(r.reader)->id, "dnslog");
		assert_slice(r.ev.dataset, "bind.query");
		assert_at(&r, "2026-11-23T01:07:59.123000Z");
		assert_field(&r, SOURCE_IP, "10.0.0.1");
		assert_field(&r, SOURCE_PORT, "5353");
		assert_field(&r, DNS_QUESTION_NAME, "c2.example");
		assert_field(&r, DNS_QUESTION_TYPE, "TXT");
		assert_field(&r, DESTINATION_IP, "10.0.0.53");
		read_close(&r);
	}
}

static void
bind_says_what_it_refused_and_rewrote(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "23-Nov-2026 01:07:59.123 rpz: info: client @0x7f8a 10.0.0.1#5353 "
			  "(c2.example): rpz QNAME NXDOMAIN rewrite c2.example/A/IN via "
			  "c2.example.rpz"),
	    CODEC_EVENT);
	assert_field(&r, DNS_QUESTION_NAME, "c2.example");
	assert_field(&r, EVENT_ACTION, "rpz");
	assert_status(
	    read_next(&r, "23-Nov-2026 01:07:59.123 general: info: running"), CODEC_NOTHING);
	read_close(&r);
}

static void
dnsmasq_queries_and_answers_are_read(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL,
		"Nov 23 01:07:59 dnsmasq[12]: query[type=65] c2.example from 10.0.0.1"),
	    CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "dnslog");
	assert_slice(r.ev.dataset, "dnsmasq.query");
	assert_field(&r, SOURCE_IP, "10.0.0.1");
	assert_field(&r, DNS_QUESTION_NAME, "c2.example");
	assert_field(&r, DNS_QUESTION_TYPE, "65");
	read_next(&r, "Nov 23 01:07:59 dnsmasq[12]: forwarded c2.example to 192.0.2.53#53");
	assert_field(&r, EVENT_ACTION, "forwarded");
	assert_field(&r, DESTINATION_IP, "192.0.2.53");
	read_next(&r, "Nov 23 01:07:59 dnsmasq[12]: reply c2.example is 192.0.2.1");
	assert_field(&r, DNS_ANSWER, "192.0.2.1");
	read_next(&r, "Nov 23 01:07:59 dnsmasq[12]: cached c2.example is NXDOMAIN");
	assert_field(&r, DNS_RESPONSE_CODE, "NXDOMAIN");
	assert_no_field(&r, DNS_ANSWER);
	read_next(
	    &r, "Nov 23 01:07:59 dnsmasq[12]: 7 10.0.0.1/5353 reply c2.example is <CNAME>");
	assert_status(r.status, CODEC_EVENT);
	assert_field(&r, SOURCE_IP, "10.0.0.1");
	assert_field(&r, SOURCE_PORT, "5353");
	assert_no_field(&r, DNS_ANSWER);
	read_next(
	    &r, "Nov 23 01:07:59 dnsmasq-dhcp[12]: DHCPACK(eth0) 10.0.0.5 aa:bb:cc:dd:ee:ff");
	assert_status(r.status, CODEC_NOTHING);
	read_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(unbound_queries_and_replies_are_read),
	    cmocka_unit_test(bind_queries_are_read_with_and_without_their_prefixes),
	    cmocka_unit_test(bind_says_what_it_refused_and_rewrote),
	    cmocka_unit_test(dnsmasq_queries_and_answers_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
