/* ip_test.c - addresses read as the system's own parser reads them, and written shortest. */
#include "test.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ip.h"

static void
check_text(const char *in, const char *out)
{
	char buf[IP_TEXT_MAX];
	struct ip ip;

	if (!ip_parse(slice_str(in), &ip))
		fail_msg("%s was refused", in);
	assert_string_equal(ip_format(&ip, buf), out);
}

static void
known_forms_are_read_and_written_shortest(void **state)
{
	check_text("192.0.2.1", "192.0.2.1");
	check_text("0.0.0.0", "0.0.0.0");
	check_text("255.255.255.255", "255.255.255.255");
	check_text("::", "::");
	check_text("::1", "::1");
	check_text("2001:DB8:0:0:0:0:0:1", "2001:db8::1");
	check_text("2001:db8::", "2001:db8::");
	check_text("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1");
	check_text("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");
	check_text("64:ff9b::192.0.2.33", "64:ff9b::c000:221");
	check_text("::ffff:192.0.2.1", "192.0.2.1");
	check_text("::ffff:c000:201", "192.0.2.1");
	check_text("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0");
}

static void
what_is_no_address_is_refused(void **state)
{
	static const char *const bad[] = {"", ".", "1.2.3", "1.2.3.4.", "1.2.3.4.5", "01.2.3.4",
	    "256.1.1.1", "1.2.3.4 ", "1..2.3", "1.2.3.a", ":", ":::", "1::2::3",
	    "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "::1%eth0", "[::1]",
	    "1:2:3:4:5:6:7:8::", "::1.2.3", "1:", ":1", "1:2:3:4:5:6:7:1.2.3.4",
	    "g::", "0x1.2.3.4", "1.2.3.4::"};
	struct ip ip = {.len = 99};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (ip_parse(slice_str(bad[i]), &ip))
			fail_msg("%s was taken", bad[i]);
	assert_int_equal(ip.len, 99);
}

/* Random strings of the right letters: the same verdict and bytes as inet_pton(). */
static void
it_agrees_with_the_system(void **state)
{
	static const char letters[] = "0123456789abcF:::...";
	unsigned seed = 7;
	size_t taken = 0;

	for (int round = 0; round < 400000; round++) {
		char text[24];
		uint8_t want[16] = {0};
		struct ip ip;
		size_t n = 1 + (size_t)rand_r(&seed) % 15;

		for (size_t i = 0; i < n; i++)
			text[i] = letters[(size_t)rand_r(&seed) % (sizeof(letters) - 1)];
		text[n] = '\0';
		bool v4 = inet_pton(AF_INET, text, want) == 1;
		bool v6 = !v4 && inet_pton(AF_INET6, text, want) == 1;
		bool got = ip_parse(slice_str(text), &ip);
		if (got != (v4 || v6))
			fail_msg("%s: %d, the system says %d", text, got, v4 || v6);
		if (got && ip.len == (v4 ? 4 : 16))
			assert_memory_equal(ip.bytes, want, ip.len);
		taken += got;
	}
	assert_true(taken > 100);
}

static void
a_prefix_covers_what_shares_its_bits(void **state)
{
	struct ip_prefix p;
	struct ip ip;

	assert_true(ip_prefix_parse(SLICE("198.51.100.77/23"), &p));
	assert_true(ip_parse(SLICE("198.51.101.255"), &ip) && ip_prefix_covers(&p, &ip));
	assert_true(ip_parse(SLICE("198.51.102.0"), &ip) && !ip_prefix_covers(&p, &ip));
	assert_true(ip_parse(SLICE("::1"), &ip) && !ip_prefix_covers(&p, &ip));
	assert_true(ip_prefix_parse(SLICE("2001:db8::1"), &p) && p.bits == 128);
	assert_true(ip_prefix_parse(SLICE("::/0"), &p) && ip_prefix_covers(&p, &ip));
	assert_true(ip_prefix_parse(SLICE("::ffff:10.0.0.0/104"), &p));
	assert_true(p.ip.len == 4 && p.bits == 8);
	assert_false(ip_prefix_parse(SLICE("10.0.0.0/33"), &p));
	assert_false(ip_prefix_parse(SLICE("10.0.0.0/"), &p));
	assert_false(ip_prefix_parse(SLICE("10.0.0.0/8/8"), &p));
	assert_false(ip_prefix_parse(SLICE("::ffff:10.0.0.0/95"), &p));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_forms_are_read_and_written_shortest),
	    cmocka_unit_test(what_is_no_address_is_refused),
	    cmocka_unit_test(it_agrees_with_the_system),
	    cmocka_unit_test(a_prefix_covers_what_shares_its_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
