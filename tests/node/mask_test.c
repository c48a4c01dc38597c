/* mask_test.c - pseudonyms are stable, can be opened with the key alone, and replace every
 * copy. */
#include "test.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/hash.h"
#include "node/mask.h"

static const uint8_t secret_a[MASK_SECRET_BYTES] = {1}, secret_b[MASK_SECRET_BYTES] = {2};

static void
pseudonyms_open_with_their_key_only(void **state)
{
	struct buf p = BUF_INIT(1 << 20), p2 = BUF_INIT(1 << 20), back = BUF_INIT(1 << 20);
	struct mask_key a, b;
	uint8_t value[600];
	struct err e;

	mask_key_init(&a, secret_a);
	mask_key_init(&b, secret_b);
	for (size_t n = 0; n < sizeof(value); n++) {
		value[n] = (uint8_t)hash_u64(n);
		buf_reset(&p);
		buf_reset(&p2);
		buf_reset(&back);
		mask_add_pseudonym(&a, MASK_USER, slice_of(value, n), &p);
		mask_add_pseudonym(&a, MASK_USER, slice_of(value, n), &p2);
		assert_true(slice_equal(buf_slice(&p), buf_slice(&p2)));
		assert_int_equal(mask_open_pseudonym(&a, buf_slice(&p), &back, &e), 0);
		assert_true(slice_equal(buf_slice(&back), slice_of(value, n)));
		assert_int_equal(mask_open_pseudonym(&b, buf_slice(&p), &back, &e), -1);
		buf_reset(&p2);
		mask_add_pseudonym(&b, MASK_USER, slice_of(value, n), &p2);
		assert_false(slice_equal(buf_slice(&p), buf_slice(&p2)));
	}
	buf_release(&p);
	buf_release(&p2);
	buf_release(&back);
}

static void
a_changed_pseudonym_does_not_open(void **state)
{
	struct buf p = BUF_INIT(1000), back = BUF_INIT(1000);
	struct mask_key a;
	struct err e;

	mask_key_init(&a, secret_a);
	mask_add_pseudonym(&a, MASK_USER, SLICE("tanaka"), &p);
	assert_true(slice_starts(buf_slice(&p), SLICE("u~")));
	for (size_t i = 0; i < p.len; i++) {
		uint8_t was = p.ptr[i];

		p.ptr[i] = was == 'q' ? 'u' : 'q';
		assert_int_equal(mask_open_pseudonym(&a, buf_slice(&p), &back, &e), -1);
		p.ptr[i] = was;
		assert_int_equal(
		    mask_open_pseudonym(&a, slice_first(buf_slice(&p), i), &back, &e), -1);
	}
	assert_int_equal(back.len, 0);
	buf_release(&p);
	buf_release(&back);
}

/* Mask `ev` and open every pseudonym in the result again, as "<value>". */
static void
check_masked(struct event *ev, struct mask_settings what, const char *expected)
{
	struct buf out = BUF_INIT(1 << 20), shown = BUF_INIT(1 << 20);
	struct mask_key k;
	struct err e;

	mask_key_init(&k, secret_a);
	if (!mask_event(&k, what, ev, &out)) {
		assert_int_equal(out.len, 0);
		buf_add_str(&shown, "refused");
	}
	for (size_t i = 0; i < out.len;) {
		struct slice rest = slice_from(buf_slice(&out), i);
		size_t n = 2;

		if (rest.len < 2 || rest.ptr[1] != '~') {
			buf_add_byte(&shown, rest.ptr[0]);
			i++;
			continue;
		}
		while (n < rest.len && strchr("abcdefghijklmnopqrstuvwxyz234567", rest.ptr[n]))
			n++;
		buf_add_byte(&shown, '<');
		assert_int_equal(mask_open_pseudonym(&k, slice_first(rest, n), &shown, &e), 0);
		buf_add_byte(&shown, '>');
		i += n;
	}
	assert_slice(buf_slice(&shown), expected);
	buf_release(&out);
	buf_release(&shown);
}

/* A slice of the line itself, as codecs give where nothing was decoded. */
static struct slice
in_line(const struct event *ev, const char *text)
{
	size_t at = slice_search(ev->raw, slice_str(text));

	assert_true(at != SIZE_MAX);
	return slice_first(slice_from(ev->raw, at), strlen(text));
}

static const struct mask_settings both = {.user = true, .query = true};

static void
values_of_a_text_line_are_replaced_in_place(void **state)
{
	struct event *ev = calloc(1, sizeof(*ev));

	event_reset(ev, SLICE("1.5 10.0.0.1 GET http://h/p?a=1&b=2 1 HIER/1 -"));
	event_set(ev, FIELD_USER_NAME, slice_of(ev->raw.ptr + 36, 1));
	event_set(ev, FIELD_URL_QUERY, in_line(ev, "a=1&b=2"));
	event_set(ev, FIELD_URL_ORIGINAL, in_line(ev, "http://h/p?a=1&b=2"));
	check_masked(ev, both, "1.5 10.0.0.1 GET http://h/p?<a=1&b=2> <1> HIER/1 -");
	check_masked(ev, (struct mask_settings){.query = true},
	    "1.5 10.0.0.1 GET http://h/p?<a=1&b=2> 1 HIER/1 -");
	check_masked(ev, (struct mask_settings){.user = true},
	    "1.5 10.0.0.1 GET http://h/p?a=1&b=2 <1> HIER/1 -");
	event_reset(ev, SLICE("GET http://me:pw@h/p?q -"));
	event_set(ev, FIELD_URL_FULL, in_line(ev, "http://me:pw@h/p?q"));
	event_set(ev, FIELD_USER_NAME, in_line(ev, "-"));
	check_masked(ev, both, "GET http://<me:pw>@h/p?<q> -");
	free(ev);
}

static void
escaped_values_are_found_where_the_line_says_them(void **state)
{
	struct event *ev = calloc(1, sizeof(*ev));

	event_reset(ev, SLICE("{\"user\":{\"name\":\"\\u7530\\u4e2d\"},\"related\":{\"user\":["
			      "\"\xe7\x94\xb0\xe4\xb8\xad\"]},"
			      "\"url\":\"http:\\/\\/h\\/?k=\\\"v\",\"n\":\"\\ud83d\\ude00\"}"));
	event_set(ev, FIELD_USER_NAME, SLICE("\xe7\x94\xb0\xe4\xb8\xad"));
	event_set(ev, FIELD_URL_FULL, SLICE("http://h/?k=\"v"));
	event_add_extra(ev, SLICE("client.user.name"), SLICE("\xf0\x9f\x98\x80"));
	check_masked(ev, both,
	    "{\"user\":{\"name\":\"<\xe7\x94\xb0\xe4\xb8\xad>\"},\"related\":{\"user\":[\"<"
	    "\xe7\x94\xb0\xe4\xb8\xad>\"]},"
	    "\"url\":\"http:\\/\\/h\\/?<k=\"v>\",\"n\":\"<\xf0\x9f\x98\x80>\"}");
	event_reset(ev, SLICE("10.0.0.1 - ta%6eaka [x]"));
	event_set(ev, FIELD_USER_NAME, SLICE("tanaka"));
	check_masked(ev, both, "10.0.0.1 - <tanaka> [x]");
	free(ev);
}

static void
a_second_copy_between_quotes_is_replaced_too(void **state)
{
	struct event *ev = calloc(1, sizeof(*ev));

	event_reset(
	    ev, SLICE("{\"user.name\":\"ito\",\"related.user\":[\"ito\"],\"x\":\"itoh ito\"}"));
	event_set(ev, FIELD_USER_NAME, in_line(ev, "ito"));
	check_masked(ev, both,
	    "{\"user.name\":\"<ito>\",\"related.user\":[\"<ito>\"],\"x\":\"itoh ito\"}");
	free(ev);
}

static void
what_cannot_be_found_refuses_the_line(void **state)
{
	struct event *ev = calloc(1, sizeof(*ev));

	event_reset(ev, SLICE("base64 dGFuYWth"));
	event_set(ev, FIELD_USER_NAME, SLICE("tanaka"));
	check_masked(ev, both, "refused");
	check_masked(ev, (struct mask_settings){.query = true}, "base64 dGFuYWth");
	free(ev);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pseudonyms_open_with_their_key_only),
	    cmocka_unit_test(a_changed_pseudonym_does_not_open),
	    cmocka_unit_test(values_of_a_text_line_are_replaced_in_place),
	    cmocka_unit_test(escaped_values_are_found_where_the_line_says_them),
	    cmocka_unit_test(a_second_copy_between_quotes_is_replaced_too),
	    cmocka_unit_test(what_cannot_be_found_refuses_the_line),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
