/* config_test.c - the center's settings: each has a default that holds and a sentence of help.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "center/config.h"

static void
without_a_file_every_setting_has_its_default(void **state)
{
	struct center_config c = {0};
	struct err e = {0};

	if (center_config_read(&c, NULL, &e) != 0)
		fail_msg("%s", e.text);
	assert_slice(c.console_listen, "127.0.0.1:8440");
	assert_slice(c.node_listen, "0.0.0.0:8441");
	assert_int_equal(c.node_certificate_life.us, SPAN_DAYS(30).us);
	assert_int_equal(c.monitors.n, 2);
	center_config_release(&c);
	center_config_release(&c);
}

static void
every_setting_has_help_in_both_languages(void **state)
{
	for (const struct setting *s = center_settings; s->name != NULL; s++) {
		assert_true(strlen(s->en) > 10);
		assert_true(strlen(s->ja) > 10);
	}
}

static void
the_printed_configuration_is_one(void **state)
{
	const char *const languages[] = {"en", "ja"};

	for (int i = 0; i < 2; i++) {
		char path[] = "/tmp/hinomi-config-XXXXXX";
		int fd = mkstemp(path);
		struct buf text = BUF_INIT(100000);
		struct center_config c = {0};
		struct err e = {0};

		settings_print(center_settings, languages[i], &text);
		assert_int_equal(write(fd, text.ptr, text.len), text.len);
		close(fd);
		if (center_config_read(&c, path, &e) != 0)
			fail_msg("%s", e.text);
		assert_slice(c.console_listen, "127.0.0.1:8440");
		unlink(path);
		center_config_release(&c);
		buf_release(&text);
	}
}

static void
a_file_that_is_not_there_is_named(void **state)
{
	struct center_config c = {0};
	struct err e = {0};

	assert_int_equal(center_config_read(&c, "/nonexistent/center.yaml", &e), -1);
	assert_non_null(strstr(e.text, "/nonexistent/center.yaml"));
	assert_null(c.mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_file_every_setting_has_its_default),
	    cmocka_unit_test(every_setting_has_help_in_both_languages),
	    cmocka_unit_test(the_printed_configuration_is_one),
	    cmocka_unit_test(a_file_that_is_not_there_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
