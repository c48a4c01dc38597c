/* pattern_test.c - STIX patterns: what they look for, and what cannot be looked up. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "detect/indicator/stix_pattern.h"
#include "shared_data.h"

static struct stix_pattern pattern;

/* The values joined by blanks; or the reason why there are none. */
static void
check(const char *text, const char *values, unsigned unusable)
{
	enum refusal why = stix_pattern_read(slice_str(text), &pattern);
	char got[4096] = "";
	size_t n = 0;

	for (unsigned i = 0; why == REFUSED_NOT && i < pattern.n; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%.*s", n > 0 ? " " : "",
		    SLICE_ARG(pattern.values[i].text));
	if (strcmp(got, values) != 0 || pattern.unusable != unusable)
		fail_msg("%s: got \"%s\" and %u unusable (%.*s)", text, got, pattern.unusable,
		    SLICE_ARG(refusal_text(why).en));
}

static void
check_refused(const char *text, enum refusal want)
{
	enum refusal why = stix_pattern_read(slice_str(text), &pattern);

	if (why != want)
		fail_msg("%s: refused because \"%.*s\"", text, SLICE_ARG(refusal_text(why).en));
	assert_int_equal(pattern.n > 0, want == REFUSED_NOT);
}

static void
values_of_equality_sets_and_subsets(void **state)
{
	check("[domain-name:value = 'bad.example']", "bad.example", 0);
	check("[domain-name:value='bad.example']", "bad.example", 0);
	check("  [ ( domain-name:value = 'bad.example' ) ]  ", "bad.example", 0);
	check("([domain-name:value == 'bad.example'])", "bad.example", 0);
	check("[url:value = 'http://a.example/\\'x\\\\y']", "http://a.example/'x\\y", 0);
	check("[domain-name:value IN ('a.example', 'b.example')]", "a.example b.example", 0);
	check("[ipv4-addr:value ISSUBSET '203.0.113.0/24']", "203.0.113.0/24", 0);
	check("[network-traffic:dst_ref.value ISSUBSET '2001:db8::/64']", "2001:db8::/64", 0);
	check("[domain-name:value LIKE '%.bad.example']", "bad.example", 0);
	check("[file:hashes.MD5 = 'aa' OR file:hashes.'SHA-256' = 'bb']", "aa bb", 0);
	check("[a:b = 1 OR ipv6-addr:value = '2001:db8::1']", "2001:db8::1", 1);
	check("[domain-name:value = 'a.example'] OR [url:value = 'b.example/x' OR "
	      "ipv4-addr:value = '203.0.113.1']",
	    "a.example b.example/x 203.0.113.1", 0);
	check("[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = "
	      "'203.0.113.33/32']",
	    "203.0.113.33/32", 0);
	check("[file:hashes.MD5 = 'aa' AND file:hashes.'SHA-1' = 'bb']", "aa bb", 0);
	check("[file:name = 'x' AND file:hashes.MD5 = 'aa' OR domain-name:value = 'c.example']",
	    "c.example", 1);
	check("[domain-name:value = 'a.example'] OR [file:size > 10]", "a.example", 1);
}

static void
what_asks_for_more_is_refused_with_the_reason(void **state)
{
	check_refused("[file:name = 'x']", REFUSED_OTHER_TYPE);
	check_refused("[domain-name:value = 'a.example' AND "
		      "domain-name:resolves_to_refs[*].value = '203.0.113.1']",
	    REFUSED_PATTERN_AND);
	check_refused("[domain-name:value = 'a.example'] AND [domain-name:value = 'b.example']",
	    REFUSED_PATTERN_AND);
	check_refused("[domain-name:value = 'a.example'] FOLLOWEDBY [url:value = 'b']",
	    REFUSED_PATTERN_QUALIFIER);
	check_refused("[domain-name:value = 'a.example'] REPEATS 5 TIMES WITHIN 1800 SECONDS",
	    REFUSED_PATTERN_QUALIFIER);
	check_refused("[domain-name:value = 'a.example'] START t'2016-01-01T00:00:00Z' STOP "
		      "t'2016-02-01T00:00:00Z'",
	    REFUSED_PATTERN_QUALIFIER);
	check_refused("[domain-name:value != 'a.example']", REFUSED_PATTERN_OPERATOR);
	check_refused("[domain-name:value NOT = 'a.example']", REFUSED_PATTERN_OPERATOR);
	check_refused("[domain-name:value MATCHES '^a.*']", REFUSED_PATTERN_OPERATOR);
	check_refused("[domain-name:value LIKE 'a%']", REFUSED_PATTERN_OPERATOR);
	check_refused("[network-traffic:dst_ref.type = 'ipv4-addr']", REFUSED_OTHER_TYPE);
	check_refused(
	    "[network-traffic:dst_ref.type = 'ipv4-addr' OR domain-name:value = 'a.b']",
	    REFUSED_PATTERN_OPERATOR);
}

static void
what_is_no_pattern_is_refused(void **state)
{
	static const char *const bad[] = {"", "x", "[", "]", "[]", "[domain-name:value]",
	    "[domain-name:value =]", "[domain-name:value = 'x'", "domain-name:value = 'x'",
	    "[domain-name:value = 'x]", "[domain-name:value = 'x'] extra", "[value = 'x']",
	    "[domain-name:value IN ()]", "[domain-name:value IN ('a' 'b')]",
	    "[domain-name:value = 'x'] OR", "[domain-name:value = 'x' OR]",
	    "[domain-name:value = 'x'] WITHIN", "[[domain-name:value = 'x']]", "\xff", "'"};
	char deep[4096];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_refused(bad[i], REFUSED_PATTERN_SYNTAX);
	memset(deep, '(', 2000);
	strcpy(deep + 2000, "[domain-name:value = 'x']");
	check_refused(deep, REFUSED_PATTERN_LARGE);
	memset(deep + 1, '(', 2000);
	deep[0] = '[';
	check_refused(deep, REFUSED_PATTERN_LARGE);
}

/* Every pattern of the standard's own examples parses: none is called invalid. */
static void
the_standards_examples_parse(void **state)
{
	const char *path = shared_data_path("stix-examples/pattern_spec_examples_v21.txt");
	struct slice bytes, rest, line;
	size_t n = 0;

	if (path == NULL)
		skip();
	rest = bytes = shared_data_read(path);
	while (slice_cut_line(&rest, &line)) {
		line = slice_trim(line);
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		enum refusal why = stix_pattern_read(line, &pattern);
		if (why == REFUSED_PATTERN_SYNTAX || why == REFUSED_PATTERN_LARGE)
			fail_msg(
			    "%.*s: %.*s", SLICE_ARG(line), SLICE_ARG(refusal_text(why).en));
		n++;
	}
	assert_true(n > 20);
	free((void *)(uintptr_t)bytes.ptr);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_of_equality_sets_and_subsets),
	    cmocka_unit_test(what_asks_for_more_is_refused_with_the_reason),
	    cmocka_unit_test(what_is_no_pattern_is_refused),
	    cmocka_unit_test(the_standards_examples_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
