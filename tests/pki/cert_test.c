/* cert_test.c - keys, requests and what a certificate says. */
#include "test.h"

#include "pki/cert.h"

static void
two_thirds_of_a_life_make_it_due(void **state)
{
	struct instant from = {0}, until = {.us = SPAN_DAYS(30).us};

	assert_false(cert_is_due(from, until, (struct instant){SPAN_DAYS(20).us - 1}));
	assert_true(cert_is_due(from, until, (struct instant){SPAN_DAYS(20).us}));
	assert_true(cert_is_due(from, until, (struct instant){SPAN_DAYS(40).us}));
}

static void
keys_are_all_different(void **state)
{
	struct buf a = BUF_INIT(CERT_PEM_MAX), b = BUF_INIT(CERT_PEM_MAX);
	struct err e;

	assert_int_equal(cert_make_key(&a, &e), 0);
	assert_int_equal(cert_make_key(&b, &e), 0);
	assert_true(slice_starts(buf_slice(&a), SLICE("-----BEGIN PRIVATE KEY-----")));
	assert_false(slice_equal(buf_slice(&a), buf_slice(&b)));
	cert_wipe(&a);
	cert_wipe(&b);
	assert_null(a.ptr);
}

static void
a_request_is_made_for_the_key(void **state)
{
	struct buf key = BUF_INIT(CERT_PEM_MAX), csr = BUF_INIT(CERT_PEM_MAX);
	struct err e;

	assert_int_equal(cert_make_key(&key, &e), 0);
	assert_int_equal(cert_make_request(buf_slice(&key), SLICE("node"), &csr, &e), 0);
	assert_true(
	    slice_starts(buf_slice(&csr), SLICE("-----BEGIN NEW CERTIFICATE REQUEST-----")));
	assert_int_equal(cert_make_request(SLICE("no key"), SLICE("node"), &csr, &e), -1);
	cert_wipe(&key);
	buf_release(&csr);
}

static void
what_is_no_certificate_is_refused_with_a_sentence(void **state)
{
	const struct slice bad[] = {SLICE_LITERAL(""), SLICE_LITERAL("hello"),
	    SLICE_LITERAL("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")};
	char hex[CERT_PRINT_LEN + 1];
	struct instant from, until;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = {0};

		assert_int_equal(cert_fingerprint(bad[i], hex, &e), -1);
		assert_true(e.text[0] != '\0');
		assert_int_equal(cert_read_life(bad[i], &from, &until, &e), -1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_thirds_of_a_life_make_it_due),
	    cmocka_unit_test(keys_are_all_different),
	    cmocka_unit_test(a_request_is_made_for_the_key),
	    cmocka_unit_test(what_is_no_certificate_is_refused_with_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
