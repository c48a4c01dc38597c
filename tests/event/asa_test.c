/* Cisco ASA and FTD: connections from the right end, refusals, and VPN log-ins. */
#include "read.h"

static void
a_connection_begins_where_its_direction_says(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "<166>Nov 23 2026 01:07:59 fw1 : %ASA-6-302013: Built outbound TCP "
			  "connection 7 for outside:203.0.113.5/443 (203.0.113.5/443) to "
			  "inside:10.1.1.5/50000 (198.51.100.1/50000)"),
	    CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "asa");
	assert_int_equal(r.ev.class, EVENT_FIREWALL);
	assert_slice(r.ev.dataset, "cisco.asa");
	assert_at(&r, "2026-11-23T01:07:59.000000Z");
	assert_field(&r, OBSERVER_NAME, "fw1");
	assert_field(&r, EVENT_CODE, "302013");
	assert_field(&r, EVENT_SEVERITY, "6");
	assert_field(&r, SOURCE_IP, "10.1.1.5");
	assert_field(&r, SOURCE_PORT, "50000");
	assert_field(&r, DESTINATION_IP, "203.0.113.5");
	assert_field(&r, DESTINATION_PORT, "443");
	assert_field(&r, INTERFACE_IN, "inside");
	assert_field(&r, INTERFACE_OUT, "outside");
	assert_field(&r, NETWORK_TRANSPORT, "tcp");
	read_next(&r, "<166>Nov 23 2026 01:07:59 fw1 : %ASA-6-302015: Built inbound UDP "
		      "connection 8 for outside:198.51.100.9/5000 (198.51.100.9/5000) to "
		      "dmz:10.2.0.1/53 (203.0.113.1/53)");
	assert_field(&r, SOURCE_IP, "198.51.100.9");
	assert_field(&r, DESTINATION_IP, "10.2.0.1");
	assert_field(&r, INTERFACE_IN, "outside");
	read_next(&r,
	    "<166>Nov 23 2026 01:07:59 fw1 : %ASA-6-302014: Teardown TCP connection 7 "
	    "for outside:203.0.113.5/443 to inside:10.1.1.5/50000 duration 1:00:30 "
	    "bytes 1234 TCP FINs");
	assert_int_equal(r.ev.class, EVENT_CONNECTION);
	assert_field(&r, SOURCE_IP, "10.1.1.5");
	assert_field(&r, EVENT_DURATION_MS, "3630000");
	assert_field(&r, NETWORK_BYTES, "1234");
	read_close(&r);
}

static void
refusals_name_the_list(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL,
		"Nov 23 01:07:59 fw1 %FTD-4-106023: Deny tcp src outside:198.51.100.9/41 "
		"dst inside:10.1.1.5/3389 by access-group \"outside_in\" [0x0, 0x0]"),
	    CODEC_EVENT);
	assert_at(&r, "2026-11-23T01:07:59.000000Z");
	assert_field(&r, OBSERVER_NAME, "fw1");
	assert_field(&r, EVENT_ACTION, "deny");
	assert_field(&r, SOURCE_IP, "198.51.100.9");
	assert_field(&r, DESTINATION_PORT, "3389");
	assert_field(&r, RULE_NAME, "outside_in");
	read_next(&r, "Nov 23 01:07:59 fw1 %ASA-6-106100: access-list in permitted tcp "
		      "outside/198.51.100.9(41) -> inside/10.1.1.5(80) hit-cnt 1 first hit");
	assert_field(&r, EVENT_ACTION, "permitted");
	assert_field(&r, SOURCE_PORT, "41");
	assert_field(&r, DESTINATION_IP, "10.1.1.5");
	read_close(&r);
}

static void
vpn_logins_say_who_and_whether(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "%ASA-6-113005: AAA user authentication Rejected : reason = AAA "
			  "failure : server "
			  "= 10.1.1.1 : user = dr.sato : user IP = 198.51.100.9"),
	    CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_AUTH);
	assert_field(&r, EVENT_OUTCOME, "failure");
	assert_field(&r, USER_NAME, "dr.sato");
	assert_field(&r, SOURCE_IP, "198.51.100.9");
	assert_field(&r, EVENT_REASON, "AAA failure");
	read_next(&r,
	    "%ASA-4-722051: Group <Staff> User <dr.sato> IP <198.51.100.9> IPv4 Address "
	    "<10.9.0.5> IPv6 address <::> assigned to session");
	assert_field(&r, EVENT_OUTCOME, "success");
	assert_field(&r, SOURCE_IP, "198.51.100.9");
	assert_field(&r, CLIENT_IP, "10.9.0.5");
	read_next(&r,
	    "%ASA-6-605005: Login permitted from 10.1.1.9/5000 to inside:10.1.1.2/ssh "
	    "for user \"admin\"");
	assert_field(&r, USER_NAME, "admin");
	assert_field(&r, NETWORK_PROTOCOL, "ssh");
	read_next(&r,
	    "%ASA-4-113019: Group = Staff, Username = dr.sato, IP = 198.51.100.9, Session "
	    "disconnected. Session Type: SSL, Duration: 0h:10m:3s, Bytes xmt: 123, "
	    "Bytes rcv: 456, Reason: User Requested");
	assert_field(&r, DESTINATION_BYTES, "123");
	assert_field(&r, EVENT_REASON, "User Requested");
	read_close(&r);
}

static void
other_messages_keep_their_text(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL, "%ASA-1-104001: (Primary) Switching to ACTIVE"), CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_FIREWALL);
	assert_field(&r, EVENT_CODE, "104001");
	assert_field(&r, MESSAGE, "(Primary) Switching to ACTIVE");
	assert_no_field(&r, SOURCE_IP);
	read_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_connection_begins_where_its_direction_says),
	    cmocka_unit_test(refusals_name_the_list),
	    cmocka_unit_test(vpn_logins_say_who_and_whether),
	    cmocka_unit_test(other_messages_keep_their_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
