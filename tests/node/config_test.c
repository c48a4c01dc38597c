/* config_test.c - what a node's configuration may say, and how it is told what is wrong. */
#include "test.h"
#include <stdlib.h>

#include "node/config.h"
#include "sys/file.h"

static struct node_config
parse(const char *text)
{
	struct node_config c;
	struct err e;

	if (node_config_parse(&c, "node.yaml", slice_str(text), &e) != 0)
		fail_msg("%s", e.text);
	return c;
}

static void
an_empty_file_has_every_default(void **state)
{
	struct node_config c = parse("");

	assert_int_equal(c.sources.n, 0);
	assert_int_equal(c.spool_full, 0);
	assert_int_equal(c.spool_limit, (int64_t)4 << 30);
	assert_int_equal(c.connections, 8);
	assert_int_equal(c.log_level, 2);
	node_config_release(&c);
}

static void
sources_of_every_kind(void **state)
{
	struct node_config c =
	    parse("spool_full: keep-newest\n"
		  "sources:\n"
		  "- {name: proxy, path: /x/*.log, codec: auto, from: end,\n"
		  "   utc_offset: '+09:00', charset: shift_jis,\n"
		  "   mask: {user: true, unread: pass}}\n"
		  "- {name: 火壁, syslog: {udp: '127.0.0.1:1', tls: '[::1]:2'}}\n"
		  "- {name: a, bulk: {listen: '127.0.0.1:3', index: logs}}\n"
		  "- {name: b, bulk: {listen: '127.0.0.1:3'}}\n");

	assert_int_equal(c.spool_full, 1);
	assert_int_equal(c.sources.n, 4);
	assert_slice(c.sources.at[0].name, "proxy");
	assert_null(c.sources.at[0].codec.codec);
	assert_int_equal(c.sources.at[0].codec.utc_offset.us, SPAN_HOURS(9).us);
	assert_true(c.sources.at[0].from_end);
	assert_true(c.sources.at[0].mask.user);
	assert_false(c.sources.at[0].mask.query);
	assert_int_equal(c.sources.at[0].unread, SOURCE_PASS);
	assert_string_equal(c.sources.at[1].udp, "127.0.0.1:1");
	assert_string_equal(c.sources.at[1].tls, "[::1]:2");
	assert_string_equal(c.sources.at[2].index, "logs");
	assert_null(c.sources.at[3].index);
	node_config_release(&c);
}

static void
mistakes_are_named_by_file_and_line(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
	    {"sources:\n- {name: a}\n", "node.yaml:2: source \"a\" needs exactly one of"},
	    {"sources:\n- {name: a, path: /x, bulk: {listen: 'a:1'}}\n", "exactly one of"},
	    {"sources:\n- {path: /x}\n", "node.yaml:2"},
	    {"sources:\n- {name: a, path: x.log}\n", "must start with /"},
	    {"sources:\n- {name: a, path: /x, codec: nosuch}\n", "nosuch"},
	    {"sources:\n- {name: a, path: /x, colour: red}\n", "colour"},
	    {"sources:\n- {name: a, path: /x, utc_offset: 9}\n", "+09:00"},
	    {"sources:\n- {name: a, path: /x}\n- {name: a, path: /y}\n", "node.yaml:3"},
	    {"sources:\n- {name: a, path: /x}\n- {name: b, path: /x}\n", "the same files"},
	    {"sources:\n- {name: a, syslog: {}}\n", "at least one of"},
	    {"sources:\n- {name: a, bulk: {listen: 'a:1'}}\n- {name: b, bulk: {listen: "
	     "'a:1'}}\n",
		"an \"index\" of its own"},
	    {"sources: yes\n", "must be a list"},
	    {"center: http://x\n", "https://"},
	    {"spool_limit: 3\n", "spool_limit"},
	    {"spool_full: keep-all\n", "spool_full"},
	    {"nonsense: 1\n", "nonsense"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct node_config c;
		struct err e = {0};

		assert_int_equal(
		    node_config_parse(&c, "node.yaml", slice_str(cases[i].text), &e), -1);
		if (strstr(e.text, cases[i].says) == NULL)
			fail_msg(
			    "case %zu: \"%s\" does not say \"%s\"", i, e.text, cases[i].says);
	}
}

/* Its sources stand in a block of comments: take the signs away and it must hold as well. */
static void
the_sample_is_right_with_and_without_its_comments(void **state)
{
	struct node_config c;
	struct buf text = BUF_INIT(1 << 20), bare = BUF_INIT(1 << 20);
	struct slice rest, line;
	struct err e;
	const char *sample = getenv("HINOMI_SAMPLE_CONFIG");

	if (sample == NULL || file_read(&text, sample, &e) != 0)
		fail_msg("%s", sample == NULL ? "HINOMI_SAMPLE_CONFIG is not set" : e.text);
	rest = buf_slice(&text);
	while (slice_cut_line(&rest, &line)) {
		if (slice_is(line, "sources: []"))
			continue;
		if (slice_starts(line, SLICE("#sources:")) ||
		    slice_starts(line, SLICE("#    ")))
			line = slice_from(line, 1);
		buf_add(&bare, line);
		buf_add_byte(&bare, '\n');
	}
	c = parse(buf_str(&text));
	assert_int_equal(c.sources.n, 0);
	node_config_release(&c);
	c = parse(buf_str(&bare));
	assert_int_equal(c.sources.n, 3);
	node_config_release(&c);
	buf_release(&text);
	buf_release(&bare);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_file_has_every_default),
	    cmocka_unit_test(sources_of_every_kind),
	    cmocka_unit_test(mistakes_are_named_by_file_and_line),
	    cmocka_unit_test(the_sample_is_right_with_and_without_its_comments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
