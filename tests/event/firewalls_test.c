/*
 * Lines of FortiGate, Sophos Firewall, SonicWall, netfilter and CEF senders.
 * Those marked "recorded" are in data/fortigate.log and data/cef.log; the others
 * follow the makers' published examples, with addresses for documentation.
 */
#include "read.h"

#include <stdlib.h>

#include "shared_data.h"

#define FORTI                                                                                  \
	"date=2026-11-23 time=10:08:07 devname=\"FGT60F\" devid=\"FGT60FTK1\" "                \
	"eventtime=1795396087123456789 tz=\"+0900\" "

static void
a_fortigate_traffic_line_is_a_firewalls(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL,
		"<189>" FORTI "logid=\"0000000013\" type=\"traffic\" subtype=\"forward\" "
		"level=\"notice\" vd=\"root\" srcip=10.1.100.11 srcport=58012 "
		"srcintf=\"port12\" dstip=203.0.113.35 dstport=443 dstintf=\"port11\" "
		"proto=6 action=\"deny\" policyid=1 service=\"HTTPS\" duration=2 "
		"sentbyte=1200 rcvdbyte=3400 sentpkt=5 rcvdpkt=4 "
		"srccountry=\"Reserved\" user=\"N/A\""),
	    CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "fortigate");
	assert_string_equal(reader_envelope(r.reader), "rfc3164");
	assert_at(&r, "2026-11-23T01:08:07.123456Z");
	assert_int_equal(r.ev.class, EVENT_FIREWALL);
	assert_slice(r.ev.dataset, "fortigate.traffic");
	assert_field(&r, OBSERVER_NAME, "FGT60F");
	assert_field(&r, EVENT_CODE, "0000000013");
	assert_field(&r, EVENT_ACTION, "deny");
	assert_field(&r, SOURCE_IP, "10.1.100.11");
	assert_field(&r, SOURCE_PORT, "58012");
	assert_field(&r, INTERFACE_IN, "port12");
	assert_field(&r, DESTINATION_IP, "203.0.113.35");
	assert_field(&r, DESTINATION_PORT, "443");
	assert_field(&r, NETWORK_TRANSPORT, "tcp");
	assert_field(&r, NETWORK_PROTOCOL, "https");
	assert_field(&r, RULE_ID, "1");
	assert_field(&r, EVENT_DURATION_MS, "2000");
	assert_field(&r, SOURCE_BYTES, "1200");
	assert_field(&r, DESTINATION_BYTES, "3400");
	assert_no_field(&r, USER_NAME);
	assert_slice(event_find(&r.ev, SLICE("srccountry")), "Reserved");
	assert_slice(event_find(&r.ev, SLICE("type")), "traffic");
	read_close(&r);
}

static void
a_fortigate_web_filter_line_is_a_proxys_with_a_whole_url(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL,
		FORTI
		"logid=\"0316013056\" type=\"utm\" subtype=\"webfilter\" "
		"eventtype=\"ftgd_blk\" level=\"warning\" vd=\"root\" policyid=1 "
		"srcip=10.1.100.18 srcport=59194 dstip=203.0.113.114 dstport=443 "
		"proto=6 service=\"HTTPS\" hostname=\"www.bad.example\" "
		"action=\"blocked\" reqtype=\"direct\" url=\"/a/b.exe?x=\\\"1\\\"z\" "
		"agent=\"Mozilla/5.0 (X11)\" sentbyte=84 rcvdbyte=0 "
		"catdesc=\"Malicious Websites\" msg=\"URL belongs to a denied category\""),
	    CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_PROXY);
	assert_slice(r.ev.dataset, "fortigate.webfilter");
	assert_field(&r, URL_FULL, "https://www.bad.example/a/b.exe?x=\"1\"z");
	assert_field(&r, URL_DOMAIN, "www.bad.example");
	assert_field(&r, URL_EXTENSION, "exe");
	assert_field(&r, PROXY_CATEGORY, "Malicious Websites");
	assert_field(&r, USER_AGENT, "Mozilla/5.0 (X11)");
	read_close(&r);
}

static void
fortigate_time_is_date_clock_and_zone_where_nothing_better_is_there(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL,
		"date=2026-11-23 time=10:08:07 devname=F devid=F tz=\"+0900\" "
		"logid=1 type=event subtype=system action=Add cfgpath=\"system.admin\""),
	    CODEC_EVENT);
	assert_at(&r, "2026-11-23T01:08:07.000000Z");
	assert_field(&r, EVENT_ACTION, "Add");
	assert_slice(r.ev.dataset, "fortigate.event");
	assert_slice(event_find(&r.ev, SLICE("cfgpath")), "system.admin");
	read_close(&r);

	assert_status(read_line(&r, &(struct codec_config){.utc_offset = SPAN_HOURS(9)},
			  "date=2026-11-23 time=10:08:07 devid=F logid=1 type=traffic "
			  "subtype=local srcip=::1"),
	    CODEC_EVENT);
	assert_at(&r, "2026-11-23T01:08:07.000000Z");
	read_close(&r);

	assert_status(read_line(&r, NULL,
			  "date=2026-13-23 time=10:08:07 devid=F logid=1 type=traffic "
			  "subtype=local"),
	    CODEC_BAD_TIME);
	assert_status(read_next(&r, "date=2026-11-23 logid=1 type=\"traffic"), CODEC_BAD_QUOTE);
	read_close(&r);
}

static void
recorded_fortigate_vpn_failures_are_failed_logins(void **state)
{
	struct slice text = shared_data_read(DATA_DIR "/fortigate.log"), rest = text, line;
	struct arena *mem = arena_new(1024 * 1024);
	struct reader *reader = NULL;
	struct event ev;
	unsigned lines = 0, named = 0;

	assert_non_null(text.ptr);
	assert_int_equal(reader_new(&reader, NULL, NULL), 0);
	reader_start(reader, &(struct batch){.lines = text, .received = READ_RECEIVED});
	while (slice_cut_line(&rest, &line)) {
		assert_status(reader_read(reader, line, mem, &ev), CODEC_EVENT);
		assert_int_equal(ev.class, EVENT_AUTH);
		assert_slice(event_get(&ev, FIELD_EVENT_OUTCOME), "failure");
		assert_slice(event_get(&ev, FIELD_EVENT_ACTION), "ssl-login-fail");
		assert_slice(event_get(&ev, FIELD_SOURCE_IP), "192.168.0.1");
		assert_true(ev.timed);
		assert_true(
		    ev.at.us / 1000000 >= 1728938800 && ev.at.us / 1000000 < 1728938815);
		named += event_has(&ev, FIELD_USER_NAME);
		lines++;
	}
	assert_int_equal(lines, 9);
	assert_int_equal(named, 5);
	reader_free(reader);
	arena_free(mem);
	free((void *)(uintptr_t)text.ptr);
}

static void
sophos_lines_of_both_styles_are_read(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL,
		"<30>device=\"SFW\" date=2026-11-23 time=10:08:07 timezone=\"JST\" "
		"device_name=\"XG210\" device_id=C01 log_id=010302602002 "
		"log_type=\"Firewall\" log_component=\"Firewall Rule\" "
		"log_subtype=\"Denied\" status=\"Deny\" priority=Information duration=0 "
		"fw_rule_id=3 user_name=\"\" src_ip=192.0.2.71 dst_ip=198.51.100.8 "
		"protocol=\"UDP\" src_port=500 dst_port=53 sent_bytes=10 recv_bytes=20"),
	    CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "sophos");
	assert_at(&r, "2026-11-23T01:08:07.000000Z");
	assert_int_equal(r.ev.class, EVENT_FIREWALL);
	assert_field(&r, EVENT_ACTION, "Denied");
	assert_field(&r, SOURCE_IP, "192.0.2.71");
	assert_field(&r, DESTINATION_PORT, "53");
	assert_field(&r, NETWORK_TRANSPORT, "udp");
	assert_no_field(&r, USER_NAME);
	read_close(&r);

	assert_status(
	    read_line(&r, NULL,
		"device_name=\"SFW\" timestamp=\"2026-11-23T10:08:07+0900\" "
		"device_model=\"XGS\" log_id=\"062910617702\" log_type=\"Event\" "
		"log_component=\"SSL VPN Authentication\" log_subtype=\"Authentication\" "
		"status=\"Failed\" log_version=1 severity=\"Notice\" user_name=\"taro\" "
		"src_ip=\"198.51.100.7\" message=\"User taro failed to login\" "
		"reason=\"wrong credentials\""),
	    CODEC_EVENT);
	assert_at(&r, "2026-11-23T01:08:07.000000Z");
	assert_int_equal(r.ev.class, EVENT_AUTH);
	assert_field(&r, EVENT_OUTCOME, "failure");
	assert_field(&r, USER_NAME, "taro");
	assert_field(&r, EVENT_REASON, "wrong credentials");
	read_close(&r);
}

static void
sonicwall_endpoints_are_taken_apart(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL,
		"<134>  id=firewall sn=18B1690729A8 time=\"2026-11-23 01:08:07 UTC\" "
		"fw=192.0.2.1 pri=6 c=1024 m=97 n=87 src=10.0.0.5:2788:X0:pc5 "
		"dst=203.0.113.9:443:X1 proto=tcp/https op=1 sent=500 rcvd=1500 result=403 "
		"dstname=www.bad.example arg=/x.js code=20 Category=\"Adult\""),
	    CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "sonicwall");
	assert_at(&r, "2026-11-23T01:08:07.000000Z");
	assert_int_equal(r.ev.class, EVENT_PROXY);
	assert_field(&r, SOURCE_IP, "10.0.0.5");
	assert_field(&r, SOURCE_PORT, "2788");
	assert_field(&r, INTERFACE_IN, "X0");
	assert_field(&r, SOURCE_DOMAIN, "pc5");
	assert_field(&r, DESTINATION_IP, "203.0.113.9");
	assert_field(&r, DESTINATION_PORT, "443");
	assert_field(&r, NETWORK_TRANSPORT, "tcp");
	assert_field(&r, NETWORK_PROTOCOL, "https");
	assert_field(&r, HTTP_STATUS, "403");
	assert_field(&r, URL_FULL, "https://www.bad.example/x.js");
	assert_status(
	    read_next(&r, "<134>id=firewall sn=18B1690729A8 time=\"2026-11-23 01:08:08\" "
			  "fw=192.0.2.1 pri=1 c=16 m=30 msg=\"Administrator login denied due "
			  "to bad credentials\" n=5 usr=\"admin\" src=198.51.100.3:0:X1 "
			  "dst=192.0.2.1:443:X1"),
	    CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_AUTH);
	assert_field(&r, EVENT_OUTCOME, "failure");
	assert_field(&r, USER_NAME, "admin");
	read_close(&r);
}

static void
netfilter_and_plain_pairs_are_read(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "Nov 23 01:08:07 gw kernel: [12.5] [UFW BLOCK] IN=eth0 OUT= "
			  "MAC=01:02 SRC=198.51.100.9 DST=10.0.0.1 LEN=40 TTL=243 ID=54321 "
			  "PROTO=TCP SPT=43573 DPT=3389 WINDOW=65535 SYN URGP=0"),
	    CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "kv");
	assert_at(&r, "2026-11-23T01:08:07.000000Z");
	assert_int_equal(r.ev.class, EVENT_FIREWALL);
	assert_field(&r, DESTINATION_PORT, "3389");
	assert_field(&r, NETWORK_TRANSPORT, "tcp");
	read_close(&r);

	assert_status(read_line(&r, NULL,
			  "time=2026-11-23T01:08:07Z, user=\"taro\", action=view, x=1,2 "
			  "q=\"a \\\"b\\\" c\" dir=\"C:\\x\\\" end=1"),
	    CODEC_EVENT);
	assert_at(&r, "2026-11-23T01:08:07.000000Z");
	assert_field(&r, USER_NAME, "taro");
	assert_field(&r, EVENT_ACTION, "view");
	assert_slice(event_find(&r.ev, SLICE("x")), "1,2");
	assert_slice(event_find(&r.ev, SLICE("q")), "a \"b\" c");
	assert_slice(event_find(&r.ev, SLICE("dir")), "C:\\x\\");
	assert_slice(event_find(&r.ev, SLICE("end")), "1");
	read_close(&r);
}

static void
cef_escapes_labels_and_spaces_are_undone(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL,
		"<134>Nov 23 01:08:07 fw CEF:0|Maker\\|s|Box|1.0|100|worm stopped|10|"
		"src=10.0.0.1 dst=2001:db8::1 spt=1232 dpt=443 proto=17 "
		"request=https://a.example/p?q\\=1 msg=two words \\\\ more "
		"cs1Label=Rule Set cs1=strict mode cs2=bare rt=Nov 23 2026 10:08:07.250 JST"),
	    CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "cef");
	assert_at(&r, "2026-11-23T01:08:07.250000Z");
	assert_slice(event_find(&r.ev, SLICE("observer.vendor")), "Maker|s");
	assert_slice(event_find(&r.ev, SLICE("cef.name")), "worm stopped");
	assert_field(&r, EVENT_CODE, "100");
	assert_field(&r, EVENT_SEVERITY, "10");
	assert_field(&r, SOURCE_IP, "10.0.0.1");
	assert_field(&r, DESTINATION_IP, "2001:db8::1");
	assert_field(&r, NETWORK_TRANSPORT, "udp");
	assert_field(&r, URL_QUERY, "q=1");
	assert_field(&r, MESSAGE, "two words \\ more");
	assert_slice(event_find(&r.ev, SLICE("Rule Set")), "strict mode");
	assert_slice(event_find(&r.ev, SLICE("cs2")), "bare");
	assert_status(
	    read_next(&r, "<134>Nov 23 01:08:07 fw CEF:0|Maker|Box|1.0|100"), CODEC_SHORT);
	read_close(&r);
}

static void
recorded_cef_of_unifi_is_read_in_each_of_its_wrappings(void **state)
{
	static const char *const users[] = {"10.72.1.222", "10.0.0.100", "198.51.100.10"};
	static const char *const times[] = {"2025-09-04T08:32:58.445000Z",
	    "2025-08-30T17:53:21.915000Z", "2025-10-26T19:01:31.807000Z"};
	struct slice text = shared_data_read(DATA_DIR "/cef.log"), rest = text, line;
	char at[INSTANT_TEXT_MAX];

	assert_non_null(text.ptr);
	for (unsigned i = 0; slice_cut_line(&rest, &line); i++) {
		struct read r;
		char *copy = calloc(1, line.len + 1);
		assert_true(i < 3);
		memcpy(copy, line.ptr, line.len);
		assert_status(read_line(&r, NULL, copy), CODEC_EVENT);
		assert_slice(event_get(&r.ev, FIELD_SOURCE_IP), users[i]);
		assert_string_equal(instant_format(r.ev.at, at), times[i]);
		assert_slice(event_find(&r.ev, SLICE("observer.product")), "UniFi Network");
		if (i > 0) {
			assert_int_equal(r.ev.class, EVENT_IDS);
			assert_slice(event_get(&r.ev, FIELD_RULE_ID), "2402000");
		}
		read_close(&r);
		free(copy);
	}
	free((void *)(uintptr_t)text.ptr);
}

static const char panos_traffic[] =
    "1,2026/11/23 10:08:07,007051000000001,TRAFFIC,end,2561,2026/11/23 10:0"
    "8:07,10.0.0.5,203.0.113.9,0.0.0.0,0.0.0.0,\"out, all\",hosp\\taro,,ssl"
    ",vsys1,trust,untrust,ethernet1/1,ethernet1/2,fwd,2026/11/23 10:08:07,1"
    "2345,1,50001,443,0,0,0x1c,tcp,allow,5000,1200,3800,20,2026/11/23 10:07"
    ":51,15,any,0,777,0x0,Japan,United States,0,9,11,tcp-fin,0,0,0,0,,PA-22"
    "0,from-policy";
static const char panos_url[] =
    "1,2026/11/23 10:08:07,007051000000001,THREAT,url,2561,2026/11/23 10:08"
    ":07,10.0.0.5,203.0.113.9,0.0.0.0,0.0.0.0,web,hosp\\taro,,web-browsing,"
    "vsys1,trust,untrust,ethernet1/1,ethernet1/2,fwd,2026/11/23 10:08:07,12"
    "345,1,50001,80,0,0,0x1c,tcp,block-url,\"www.bad.example/a.exe?x=1,2\","
    "(9999),malware,informational,client-to-server,778,0x0,Japan,United Sta"
    "tes,0,application/octet-stream,0,,,1,\"Mozilla/5.0 \"\"x\"\"\",,,,,,,0"
    ",0,0,0,0,,PA-220,";
static const char panos_vpn[] =
    "1,2026/11/23 10:08:07,007051000000001,GLOBALPROTECT,0,2561,2026/11/23 "
    "10:08:07,vsys1,gateway-auth,login,LDAP,,taro,JP,PC5,198.51.100.7,0.0.0"
    ".0,0.0.0.0,0.0.0.0,host-id,SN,6.1.0,Windows,\"Windows 11\",1,,Authenti"
    "cation failed,,failure,,0,,0,GW,779,0x0";
static const char checkpoint[] =
    "<134>1 2026-11-23T01:08:09Z gw1 CheckPoint 12345 - [action:\"Drop\"; f"
    "lags:\"400644\"; ifdir:\"inbound\"; ifname:\"eth1\"; origin:\"192.0.2."
    "1\"; time:\"1795396087\"; dst:\"203.0.113.9\"; proto:\"6\"; product:\""
    "VPN-1 & FireWall-1\"; rule_name:\"Clean \\\"up\\\" rule\"; s_port:\"50"
    "001\"; service:\"445\"; src:\"10.0.0.5\"]";

static void
pan_os_columns_are_named_by_the_type_of_the_log(void **state)
{
	struct codec_config tokyo = {.utc_offset = SPAN_HOURS(9)};
	struct read r;

	assert_status(read_line(&r, &tokyo, panos_traffic), CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "panos");
	assert_at(&r, "2026-11-23T01:08:07.000000Z");
	assert_int_equal(r.ev.class, EVENT_FIREWALL);
	assert_field(&r, SOURCE_IP, "10.0.0.5");
	assert_field(&r, SOURCE_PORT, "50001");
	assert_field(&r, DESTINATION_IP, "203.0.113.9");
	assert_field(&r, DESTINATION_PORT, "443");
	assert_field(&r, NETWORK_TRANSPORT, "tcp");
	assert_field(&r, EVENT_ACTION, "allow");
	assert_field(&r, RULE_NAME, "out, all");
	assert_field(&r, USER_NAME, "hosp\\taro");
	assert_field(&r, SOURCE_BYTES, "1200");
	assert_field(&r, DESTINATION_BYTES, "3800");
	assert_field(&r, EVENT_DURATION_MS, "15000");
	assert_field(&r, EVENT_REASON, "tcp-fin");
	assert_field(&r, HOST_NAME, "PA-220");

	assert_status(read_next(&r, panos_url), CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_PROXY);
	assert_field(&r, URL_DOMAIN, "www.bad.example");
	assert_field(&r, URL_QUERY, "x=1,2");
	assert_field(&r, USER_AGENT, "Mozilla/5.0 \"x\"");
	assert_field(&r, RULE_ID, "9999");
	assert_field(&r, PROXY_CATEGORY, "malware");

	assert_status(read_next(&r, panos_vpn), CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_AUTH);
	assert_field(&r, EVENT_OUTCOME, "failure");
	assert_field(&r, USER_NAME, "taro");
	assert_field(&r, SOURCE_IP, "198.51.100.7");
	assert_field(&r, EVENT_ACTION, "gateway-auth");
	assert_status(read_next(&r, "1,2026/11/23 10:08:07,1,TRAFFIC,end"), CODEC_SHORT);
	read_close(&r);
}

static void
check_points_message_is_no_structured_data(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL, checkpoint), CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "checkpoint");
	assert_string_equal(reader_envelope(r.reader), "rfc5424");
	assert_at(&r, "2026-11-23T01:08:07.000000Z");
	assert_int_equal(r.ev.class, EVENT_FIREWALL);
	assert_field(&r, SYSLOG_HOSTNAME, "gw1");
	assert_field(&r, EVENT_ACTION, "Drop");
	assert_field(&r, SOURCE_IP, "10.0.0.5");
	assert_field(&r, DESTINATION_PORT, "445");
	assert_field(&r, NETWORK_TRANSPORT, "tcp");
	assert_field(&r, RULE_NAME, "Clean \"up\" rule");
	read_close(&r);
}

static void
leef_of_both_versions_is_cut_at_its_delimiter(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL,
		"LEEF:1.0|Maker|Box|4.1|AUTH_FAIL|src=192.0.2.1\tdst=10.0.0.1\tsev=5\t"
		"devTime=Nov 23 2026 01:08:07 GMT\tusrName=taro yamada\tproto=17"),
	    CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "leef");
	assert_at(&r, "2026-11-23T01:08:07.000000Z");
	assert_field(&r, EVENT_CODE, "AUTH_FAIL");
	assert_field(&r, SOURCE_IP, "192.0.2.1");
	assert_field(&r, USER_NAME, "taro yamada");
	assert_field(&r, NETWORK_TRANSPORT, "udp");
	assert_slice(event_find(&r.ev, SLICE("observer.product")), "Box");
	assert_status(read_next(&r, "LEEF:2.0|Maker|Box|4.1|41|x5E|src=192.0.2.1^"
				    "url=http://a.example/x^custom=a=b"),
	    CODEC_EVENT);
	assert_field(&r, URL_DOMAIN, "a.example");
	assert_slice(event_find(&r.ev, SLICE("custom")), "a=b");
	assert_status(read_next(&r, "LEEF:1.0|Maker|Box"), CODEC_SHORT);
	read_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_fortigate_traffic_line_is_a_firewalls),
	    cmocka_unit_test(a_fortigate_web_filter_line_is_a_proxys_with_a_whole_url),
	    cmocka_unit_test(
		fortigate_time_is_date_clock_and_zone_where_nothing_better_is_there),
	    cmocka_unit_test(recorded_fortigate_vpn_failures_are_failed_logins),
	    cmocka_unit_test(sophos_lines_of_both_styles_are_read),
	    cmocka_unit_test(sonicwall_endpoints_are_taken_apart),
	    cmocka_unit_test(netfilter_and_plain_pairs_are_read),
	    cmocka_unit_test(cef_escapes_labels_and_spaces_are_undone),
	    cmocka_unit_test(recorded_cef_of_unifi_is_read_in_each_of_its_wrappings),
	    cmocka_unit_test(pan_os_columns_are_named_by_the_type_of_the_log),
	    cmocka_unit_test(check_points_message_is_no_structured_data),
	    cmocka_unit_test(leef_of_both_versions_is_cut_at_its_delimiter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
