/* Windows events: however a shipper wraps them, the same values under the same names. */
#include "read.h"

static void
the_events_own_json_is_read(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL,
		"{\"Event\":{\"#attributes\":{\"xmlns\":\"x\"},\"System\":{\"Provider\":{"
		"\"#attributes\":{\"Name\":\"Microsoft-Windows-Sysmon\"}},\"EventID\":1,"
		"\"TimeCreated\":{\"#attributes\":{\"SystemTime\":\"2026-11-23T01:07:59.645Z\"}"
		"},"
		"\"Correlation\":null,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\","
		"\"Computer\":\"PC1\"},\"EventData\":{\"Image\":\"C:\\\\Windows\\\\cmd.exe\","
		"\"CommandLine\":\"cmd /c \\\"x\\\"\",\"ProcessId\":5112,\"OriginalFileName\":"
		"\"-\",\"Hashes\":\"MD5=AA,SHA256=BB,IMPHASH=CC\",\"User\":\"H\\\\dr\"}}}"),
	    CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "winevent");
	assert_int_equal(r.ev.class, EVENT_PROCESS);
	assert_slice(r.ev.dataset, "windows.event");
	assert_at(&r, "2026-11-23T01:07:59.645000Z");
	assert_field(&r, EVENT_CODE, "1");
	assert_field(&r, EVENT_PROVIDER, "Microsoft-Windows-Sysmon");
	assert_field(&r, HOST_NAME, "PC1");
	assert_field(&r, PROCESS_EXECUTABLE, "C:\\Windows\\cmd.exe");
	assert_field(&r, PROCESS_COMMAND_LINE, "cmd /c \"x\"");
	assert_field(&r, PROCESS_PID, "5112");
	assert_field(&r, USER_NAME, "H\\dr");
	assert_field(&r, FILE_MD5, "AA");
	assert_field(&r, FILE_SHA256, "BB");
	assert_slice(event_find(&r.ev, SLICE("Hashes")), "MD5=AA,SHA256=BB,IMPHASH=CC");
	assert_slice(event_find(&r.ev, SLICE("OriginalFileName")), "-");
	assert_slice(
	    event_find(&r.ev, SLICE("Channel")), "Microsoft-Windows-Sysmon/Operational");
	read_close(&r);
}

static void
winlogbeat_says_the_same_with_its_names(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL,
		"{\"@timestamp\":\"2026-11-23T01:07:59.645Z\",\"event\":{\"code\":\"4625\","
		"\"provider\":\"Microsoft-Windows-Security-Auditing\"},\"host\":{\"name\":"
		"\"dc1\"},"
		"\"message\":\"An account failed to log on.\",\"winlog\":{\"event_id\":4625,"
		"\"channel\":\"Security\",\"computer_name\":\"dc1\",\"provider_name\":"
		"\"Microsoft-Windows-Security-Auditing\",\"event_data\":{\"TargetUserName\":"
		"\"admin\",\"LogonType\":\"3\",\"IpAddress\":\"10.0.0.9\",\"IpPort\":\"-\","
		"\"SubStatus\":\"0xc000006a\"}}}"),
	    CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "winevent");
	assert_int_equal(r.ev.class, EVENT_AUTH);
	assert_field(&r, EVENT_CODE, "4625");
	assert_field(&r, EVENT_OUTCOME, "failure");
	assert_field(&r, USER_NAME, "admin");
	assert_field(&r, SOURCE_IP, "10.0.0.9");
	assert_no_field(&r, SOURCE_PORT);
	assert_slice(event_find(&r.ev, SLICE("LogonType")), "3");
	assert_slice(event_find(&r.ev, SLICE("SubStatus")), "0xc000006a");
	for (unsigned i = 0; i < r.ev.n_extra; i++)
		assert_int_equal(r.ev.extra[i].field, FIELD_NONE); /* nothing said twice */
	read_close(&r);
}

static void
nxlog_is_flat(void **state)
{
	static const char line[] =
	    "{\"EventReceivedTime\":\"2026-11-23 10:09:00\",\"EventTime\":\"2026-11-23 "
	    "10:07:59\","
	    "\"Hostname\":\"pc2\",\"Keywords\":-9223372036854775808,\"EventType\":\"INFO\","
	    "\"SeverityValue\":2,\"EventID\":13,\"SourceName\":\"Microsoft-Windows-Sysmon\","
	    "\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"TargetObject\":\"HKLM\\\\"
	    "SOFTWARE\\\\Run\\\\x\",\"Details\":\"C:\\\\x.exe\"}";
	struct codec_config cfg = {.utc_offset = SPAN_SECONDS(9 * 3600)};
	struct read r;

	assert_status(read_line(&r, &cfg, line), CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "winevent");
	assert_int_equal(r.ev.class, EVENT_HOST);
	assert_at(&r, "2026-11-23T01:07:59.000000Z");
	assert_field(&r, HOST_NAME, "pc2");
	assert_field(&r, EVENT_CODE, "13");
	assert_field(&r, EVENT_PROVIDER, "Microsoft-Windows-Sysmon");
	assert_slice(event_find(&r.ev, SLICE("TargetObject")), "HKLM\\SOFTWARE\\Run\\x");
	read_close(&r);
}

static void
user_data_and_names_with_spaces_lose_what_is_around_them(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL,
		"{\"Event\":{\"System\":{\"EventID\":{\"#text\":5858,\"#attributes\":{"
		"\"Qualifiers\":0}},\"Channel\":\"Microsoft-Windows-WMI-Activity/"
		"Operational\"},"
		"\"UserData\":{\"Operation_ClientFailure\":{\"Operation\":\"Start\"}},"
		"\"EventData\":{\"Threat Name\":\"X\"}}}"),
	    CODEC_EVENT);
	assert_field(&r, EVENT_CODE, "5858");
	assert_slice(event_find(&r.ev, SLICE("Operation")), "Start");
	assert_slice(event_find(&r.ev, SLICE("ThreatName")), "X");
	assert_false(r.ev.timed);
	read_close(&r);
}

static void
json_of_others_stays_theirs(void **state)
{
	struct read r;

	assert_status(read_line(&r, NULL,
			  "{\"@timestamp\":\"2026-11-23T01:07:59Z\",\"event\":{\"code\":\"1\"},"
			  "\"source\":{\"ip\":\"10.0.0.1\"}}"),
	    CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "ecs");
	read_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_events_own_json_is_read),
	    cmocka_unit_test(winlogbeat_says_the_same_with_its_names),
	    cmocka_unit_test(nxlog_is_flat),
	    cmocka_unit_test(user_data_and_names_with_spaces_lose_what_is_around_them),
	    cmocka_unit_test(json_of_others_stays_theirs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
