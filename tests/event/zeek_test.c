/* Zeek's logs: TSV as its directives say, JSON by itself, both to the same fields. */
#include "read.h"

#include <stdlib.h>

#include "base/buf.h"
#include "shared_data.h"

#define HEAD "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"

static void
a_tsv_connection_has_its_fields(void **state)
{
	static const char head[] = HEAD
	    "#path\tconn\n#open\t2026-11-23-00-00-00\n"
	    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\t"
	    "duration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\thistory\ttunnel_"
	    "parents\n"
	    "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\t"
	    "count\tstring\tbool\tstring\tset[string]\n";
	struct read r;

	read_open(&r, NULL, head, "");
	assert_string_equal(reader_codec(r.reader)->id, "zeek");
	assert_status(
	    read_next(&r, "1795396079.645000\tCHhAvVGS1DHFjwGM9\t10.1.2.3\t50001\t2001:db8::"
			  "1\t443\ttcp\tssl\t1.250400\t512\t-\tSF\tT\tShADda\tCaaa,Cbbb"),
	    CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_CONNECTION);
	assert_slice(r.ev.dataset, "zeek.conn");
	assert_at(&r, "2026-11-23T01:07:59.645000Z");
	assert_field(&r, SOURCE_IP, "10.1.2.3");
	assert_field(&r, SOURCE_PORT, "50001");
	assert_field(&r, DESTINATION_IP, "2001:db8::1");
	assert_field(&r, NETWORK_TRANSPORT, "tcp");
	assert_field(&r, NETWORK_PROTOCOL, "ssl");
	assert_field(&r, EVENT_DURATION_MS, "1250");
	assert_field(&r, SOURCE_BYTES, "512");
	assert_no_field(&r, DESTINATION_BYTES);
	assert_slice(event_find(&r.ev, SLICE("conn_state")), "SF");
	assert_slice(event_find(&r.ev, SLICE("local_orig")), "true");
	assert_slice(event_find(&r.ev, SLICE("tunnel_parents")), "Caaa");
	assert_slice(r.ev.extra[r.ev.n_extra - 1].value, "Cbbb");
	assert_status(read_next(&r, "1795396079.645000\tC1\t10.1.2.3"), CODEC_SHORT);
	assert_status(
	    read_next(
		&r, "yesterday\tC1\t10.1.2.3\t1\t10.1.2.4\t2\ttcp\t-\t-\t-\t-\t-\t-\t-\t-"),
	    CODEC_BAD_TIME);
	assert_status(read_next(&r, "#close\t2026-11-23-01-00-00"), CODEC_NOTHING);
	read_close(&r);
}

static void
other_separators_and_words_are_taken_from_the_directives(void **state)
{
	struct read r;

	read_open(&r, NULL,
	    "#separator \\x7c\n#set_separator|;\n#empty_field|EMPTY\n#unset_field|NONE\n"
	    "#path|dns\n#fields|ts|query|qtype_name|answers|rejected\n"
	    "#types|time|string|string|vector[string]|bool\n",
	    "");
	assert_status(
	    read_next(&r, "1795396079|c2.example|A|192.0.2.1;c\\x7cd|F"), CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_DNS);
	assert_field(&r, DNS_QUESTION_NAME, "c2.example");
	assert_field(&r, DNS_ANSWER, "192.0.2.1");
	assert_slice(r.ev.extra[0].value, "c|d");
	assert_slice(event_find(&r.ev, SLICE("rejected")), "false");
	assert_status(read_next(&r, "1795396079|NONE|A|EMPTY|F"), CODEC_EVENT);
	assert_no_field(&r, DNS_QUESTION_NAME);
	assert_no_field(&r, DNS_ANSWER);
	read_close(&r);
}

static void
lines_before_their_header_say_so(void **state)
{
	struct read r;
	struct codec_config cfg = {.codec = "zeek"};

	assert_status(read_line(&r, &cfg, "1795396079.645000\tC1\t10.1.2.3"), CODEC_NO_HEADER);
	read_close(&r);
}

static void
backslashes_of_shares_are_undone(void **state)
{
	struct read r;

	read_open(&r, NULL,
	    HEAD "#path\tsmb_files\n#fields\tts\tid.orig_h\taction\tpath\tname\tsize\n", "");
	assert_status(
	    read_next(&r, "1795396079.645\t10.1.2.3\tSMB::FILE_RENAME\t\\\\\\\\nas\\\\"
			  "karte\t\\xe3\\x82\\xab\\xe3\\x83\\xab\\xe3\\x83\\x86.lockbit"
			  "\t12"),
	    CODEC_EVENT);
	assert_int_equal(r.ev.class, EVENT_FILE);
	assert_field(&r, FILE_PATH, "\\\\nas\\karte");
	assert_field(&r, FILE_NAME, "カルテ.lockbit");
	assert_field(&r, FILE_SIZE, "12");
	assert_field(&r, EVENT_ACTION, "SMB::FILE_RENAME");
	read_close(&r);
}

static void
http_gives_a_whole_url(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL,
		"{\"ts\":1795396079.645,\"uid\":\"CHh\",\"id.orig_h\":\"10.1.2.3\",\"id.orig_"
		"p\":"
		"5,\"id.resp_h\":\"192.0.2.9\",\"id.resp_p\":8080,\"trans_depth\":1,\"method\":"
		"\"POST\",\"host\":\"c2.example\",\"uri\":\"/gate.php?a=1\",\"user_agent\":\"x "
		"y\",\"request_body_len\":9,\"response_body_len\":0,\"status_code\":200,"
		"\"password\":\"secret\",\"resp_mime_types\":[\"text/plain\",\"text/html\"]}"),
	    CODEC_EVENT);
	assert_string_equal(reader_codec(r.reader)->id, "zeek");
	assert_int_equal(r.ev.class, EVENT_PROXY);
	assert_slice(r.ev.dataset, "zeek.http");
	assert_at(&r, "2026-11-23T01:07:59.645000Z");
	assert_field(&r, URL_FULL, "http://c2.example:8080/gate.php?a=1");
	assert_field(&r, URL_DOMAIN, "c2.example");
	assert_field(&r, URL_PATH, "/gate.php");
	assert_field(&r, HTTP_METHOD, "POST");
	assert_field(&r, HTTP_STATUS, "200");
	assert_field(&r, HTTP_REQUEST_BYTES, "9");
	assert_field(&r, HTTP_RESPONSE_TYPE, "text/plain");
	assert_null(event_find(&r.ev, SLICE("password")).ptr);
	assert_slice(event_find(&r.ev, SLICE("uid")), "CHh");
	read_next(&r,
	    "{\"ts\":1795396079.645,\"_path\":\"http\",\"id\":{\"orig_h\":\"10.1.2.3\",\"resp_"
	    "p\":"
	    "3128},\"method\":\"CONNECT\",\"host\":\"c2.example\",\"uri\":\"c2.example:443\"}");
	assert_status(r.status, CODEC_EVENT);
	assert_field(&r, SOURCE_IP, "10.1.2.3");
	assert_field(&r, URL_ORIGINAL, "c2.example:443");
	assert_field(&r, URL_PORT, "443");
	read_close(&r);
}

static void
each_json_log_is_known_by_its_name_or_its_fields(void **state)
{
	static const struct {
		const char *line, *dataset;
		enum event_class class;
	} cases[] = {
	    {"{\"_path\":\"ssl\",\"ts\":\"2026-11-23T01:07:59.645000Z\",\"uid\":\"C1\","
	     "\"server_name\":\"c2.example\"}",
		"zeek.ssl", EVENT_TLS},
	    {"{\"ts\":1795396079.6,\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.1\",\"established\":"
	     "true}",
		"zeek.ssl", EVENT_TLS},
	    {"{\"ts\":1795396079.6,\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.1\",\"conn_state\":"
	     "\"S0\"}",
		"zeek.conn", EVENT_CONNECTION},
	    {"{\"ts\":1795396079.6,\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.1\",\"trans_id\":7,"
	     "\"rejected\":false}",
		"zeek.dns", EVENT_DNS},
	    {"{\"ts\":1795396079.6,\"fuid\":\"F1\",\"seen_bytes\":7}", "zeek.files",
		EVENT_FILE},
	    {"{\"ts\":1795396079.6,\"_path\":\"kerberos\",\"success\":false}", "zeek.kerberos",
		EVENT_AUTH},
	    {"{\"ts\":1795396079.6,\"_path\":\"notice\",\"note\":\"Scan::Port_Scan\",\"msg\":"
	     "\"a "
	     "scan\",\"src\":\"10.0.0.1\"}",
		"zeek.notice", EVENT_IDS},
	    {"{\"ts\":1795396079.6,\"_path\":\"weird\",\"name\":\"bad_checksum\"}",
		"zeek.weird", EVENT_IDS},
	    {"{\"ts\":1795396079.6,\"_path\":\"capture_loss\",\"percent_lost\":0.1}",
		"zeek.other", EVENT_CONNECTION},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct read r;
		assert_status(read_line(&r, NULL, cases[i].line), CODEC_EVENT);
		assert_string_equal(reader_codec(r.reader)->id, "zeek");
		assert_slice(r.ev.dataset, cases[i].dataset);
		assert_int_equal(r.ev.class, cases[i].class);
		assert_true(r.ev.timed);
		read_close(&r);
	}
}

static void
whether_a_login_succeeded_is_said_in_both_words(void **state)
{
	struct read r;

	assert_status(
	    read_line(&r, NULL,
		"{\"ts\":1795396079.6,\"_path\":\"kerberos\",\"id.orig_h\":\"10.0.0.1\","
		"\"request_type\":\"TGS\",\"client\":\"dr/"
		"HOSP\",\"success\":false,\"error_msg\":"
		"\"KDC_ERR_PREAUTH_FAILED\"}"),
	    CODEC_EVENT);
	assert_field(&r, EVENT_OUTCOME, "failure");
	assert_field(&r, USER_NAME, "dr/HOSP");
	assert_field(&r, EVENT_REASON, "KDC_ERR_PREAUTH_FAILED");
	assert_slice(event_find(&r.ev, SLICE("success")), "false");
	assert_slice(event_find(&r.ev, SLICE("request_type")), "TGS");
	read_close(&r);
}

struct recorded {
	unsigned files, lines;
};

/* The project's own logs have their times blanked: any will do. */
static void
read_recorded(void *ctx, const char *name, struct slice bytes)
{
	struct recorded *seen = ctx;
	struct buf text = BUF_INIT(1 << 24);
	struct slice rest = bytes, line;
	struct read r;
	bool zeek = false;

	while (slice_cut_line(&rest, &line)) {
		size_t at;
		if (slice_starts(line, SLICE("###")))
			continue;
		zeek |= slice_starts(line, SLICE("#fields"));
		while ((at = slice_search(line, SLICE("XXXXXXXXXX.XXXXXX"))) != SIZE_MAX) {
			buf_add(&text, slice_first(line, at));
			buf_add_str(&text, "1795396079.645000");
			line = slice_from(line, at + 17);
		}
		buf_add(&text, line);
		buf_add_byte(&text, '\n');
	}
	if (!zeek || !slice_ends(slice_str(name), SLICE(".log"))) {
		buf_release(&text);
		return;
	}
	buf_add_byte(&text, 0);
	read_open(&r, NULL, NULL, (const char *)buf_slice(&text).ptr);
	assert_non_null(reader_codec(r.reader));
	assert_string_equal(reader_codec(r.reader)->id, "zeek");
	rest = slice_first(buf_slice(&text), buf_slice(&text).len - 1);
	while (slice_cut_line(&rest, &line)) {
		enum codec_status status = reader_read(r.reader, line, r.mem, &r.ev);
		if (status != CODEC_NOTHING) {
			if (status != CODEC_EVENT)
				fail_msg("%s: %s: %.*s", name, codec_status_name(status),
				    SLICE_ARG(line));
			seen->lines++;
		}
		arena_reset(r.mem);
	}
	seen->files++;
	read_close(&r);
	buf_release(&text);
}

static void
the_logs_that_zeek_itself_is_tested_with_are_read_whole(void **state)
{
	struct recorded seen = {0};
	char *dir = shared_data_unpack("zeek-pcaps-half");

	if (dir == NULL)
		skip();
	shared_data_each(dir, read_recorded, &seen);
	shared_data_remove(dir);
	print_message("%u logs, %u lines\n", seen.files, seen.lines);
	assert_true(seen.files > 50 && seen.lines > 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_tsv_connection_has_its_fields),
	    cmocka_unit_test(other_separators_and_words_are_taken_from_the_directives),
	    cmocka_unit_test(lines_before_their_header_say_so),
	    cmocka_unit_test(backslashes_of_shares_are_undone),
	    cmocka_unit_test(http_gives_a_whole_url),
	    cmocka_unit_test(each_json_log_is_known_by_its_name_or_its_fields),
	    cmocka_unit_test(whether_a_login_succeeded_is_said_in_both_words),
	    cmocka_unit_test(the_logs_that_zeek_itself_is_tested_with_are_read_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
