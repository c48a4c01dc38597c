/* log_test.c - whatever a message quotes, it stays one line that moves no terminal. */
#include "test.h"

#include "sys/log.h"

static void
a_line_has_time_level_speaker_and_text(void **state)
{
	struct buf b = BUF_INIT(1000);

	log_format(
	    &b, (struct instant){0}, LOG_LINE_WARNING, "detect", SLICE("spool 80 % full"));
	assert_slice(
	    buf_slice(&b), "1970-01-01T00:00:00.000000Z warning detect: spool 80 % full\n");
	buf_reset(&b);
	log_format(&b, (struct instant){0}, LOG_LINE_ERROR, NULL, SLICE("x"));
	assert_slice(buf_slice(&b), "1970-01-01T00:00:00.000000Z error x\n");
	buf_release(&b);
}

static void
control_characters_and_broken_text_are_escaped(void **state)
{
	struct buf b = BUF_INIT(1000);

	log_format(&b, (struct instant){0}, LOG_LINE_INFO, NULL,
	    SLICE("\xe7\x81\xab a\nb\x1b[2J\x7f\xff\xc2\x9b"));
	assert_slice(buf_slice(&b), "1970-01-01T00:00:00.000000Z info \xe7\x81\xab "
				    "a\\x0ab\\x1b[2J\\x7f\\xff\\xc2\\x9b\n");
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_has_time_level_speaker_and_text),
	    cmocka_unit_test(control_characters_and_broken_text_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
