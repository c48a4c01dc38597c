/* ca_test.c - the center's own CA: what it makes, keeps, renews and signs. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pki/ca.h"

static char dir[64];
static const struct instant today = {1795392000000000}; /* 2026-11-23 */
static const struct slice names[] = {
    SLICE_LITERAL("center.example"), SLICE_LITERAL("127.0.0.1"), SLICE_LITERAL("::1")};

static int
make_dir(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/hinomi-ca-XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static void
remove_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

static int
remove_dir(void **state)
{
	const char *const all[] = {"ca.key", "ca.crt", "server.key", "server.crt"};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		remove_file(all[i]);
	return rmdir(dir);
}

static struct ca *
open_ca_with(const struct slice *list, size_t n, struct instant now)
{
	struct ca_options o = {.dir = dir,
	    .names = list,
	    .n_names = n,
	    .server_life = SPAN_DAYS(90),
	    .node_life = SPAN_DAYS(30)};
	struct err e = {0};
	struct ca *ca;

	if (ca_open(&ca, &o, now, &e) != 0)
		fail_msg("%s", e.text);
	return ca;
}

static struct ca *
open_ca(struct instant now)
{
	return open_ca_with(names, 3, now);
}

static mode_t
mode_of(const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 0777;
}

static void
keys_are_readable_by_their_owner_only(void **state)
{
	struct ca *ca = open_ca(today);

	assert_int_equal(mode_of("ca.key"), 0600);
	assert_int_equal(mode_of("server.key"), 0600);
	assert_int_equal(mode_of("ca.crt"), 0644);
	ca_free(ca);
}

static void
a_second_start_finds_the_same_certificates(void **state)
{
	struct ca *a = open_ca(today), *b = open_ca(instant_add(today, SPAN_DAYS(1)));
	char hex[CERT_PRINT_LEN + 1];
	struct err e;

	assert_string_equal(ca_fingerprint(a), ca_fingerprint(b));
	assert_true(slice_equal(ca_server_chain(a), ca_server_chain(b)));
	assert_int_equal(ca_read_fingerprint(dir, hex, &e), 0);
	assert_string_equal(hex, ca_fingerprint(a));
	ca_free(a);
	ca_free(b);
}

static void
age_renews_the_servers_certificate_but_never_the_root(void **state)
{
	struct ca *a = open_ca(today), *b = open_ca(instant_add(today, SPAN_DAYS(1)));
	struct err e;

	assert_int_equal(ca_renew_server(b, instant_add(today, SPAN_DAYS(59)), &e), 0);
	assert_int_equal(ca_renew_server(b, instant_add(today, SPAN_DAYS(61)), &e), 1);
	assert_false(slice_equal(ca_server_chain(a), ca_server_chain(b)));
	assert_true(instant_before(ca_server_until(a), ca_server_until(b)));
	assert_string_equal(ca_fingerprint(a), ca_fingerprint(b));
	ca_free(a);
	ca_free(b);
}

static void
a_name_that_the_certificate_lacks_renews_it(void **state)
{
	const struct slice more[] = {SLICE_LITERAL("other.example")};
	struct ca *a = open_ca(today), *fewer = open_ca_with(names, 1, today);
	struct ca *other = open_ca_with(more, 1, today);

	assert_true(slice_equal(ca_server_chain(a), ca_server_chain(fewer)));
	assert_false(slice_equal(ca_server_chain(a), ca_server_chain(other)));
	ca_free(a);
	ca_free(fewer);
	ca_free(other);
}

static void
a_damaged_server_pair_is_made_anew(void **state)
{
	struct ca *a = open_ca(today), *b;

	remove_file("server.key");
	b = open_ca(today);
	assert_string_equal(ca_fingerprint(a), ca_fingerprint(b));
	assert_false(slice_equal(ca_server_key(a), ca_server_key(b)));
	ca_free(a);
	ca_free(b);
}

static void
a_root_without_its_key_stops_the_start(void **state)
{
	struct ca_options o = {
	    .dir = dir, .server_life = SPAN_DAYS(1), .node_life = SPAN_DAYS(1)};
	struct ca *ca = open_ca(today);
	struct err e = {0};

	ca_free(ca);
	remove_file("ca.key");
	assert_int_equal(ca_open(&ca, &o, today, &e), -1);
	assert_non_null(strstr(e.text, "ca.key"));
}

static void
a_node_gets_our_name_and_its_own_key(void **state)
{
	struct ca *ca = open_ca(today);
	struct buf key = BUF_INIT(CERT_PEM_MAX), csr = BUF_INIT(CERT_PEM_MAX);
	struct buf crt = BUF_INIT(CERT_PEM_MAX), name = BUF_INIT(100);
	struct instant from, until;
	struct err e = {0};

	assert_int_equal(cert_make_key(&key, &e), 0);
	assert_int_equal(
	    cert_make_request(buf_slice(&key), SLICE("somebody-else"), &csr, &e), 0);
	assert_int_equal(
	    ca_sign_node(ca, buf_slice(&csr), SLICE("n-0123"), today, &crt, &e), CA_SIGNED);
	assert_int_equal(cert_read_name(buf_slice(&crt), &name, &e), 0);
	assert_slice(buf_slice(&name), "n-0123");
	assert_int_equal(cert_check_key(buf_slice(&crt), buf_slice(&key), &e), 0);
	assert_int_equal(cert_read_life(buf_slice(&crt), &from, &until, &e), 0);
	assert_int_equal(until.us, instant_add(today, SPAN_DAYS(30)).us);
	assert_true(instant_before(from, today));
	assert_int_equal(cert_check_pinned(ca_certificate(ca), ca_fingerprint(ca),
			     buf_slice(&crt), today, &e),
	    0);
	cert_wipe(&key);
	buf_release(&csr);
	buf_release(&crt);
	buf_release(&name);
	ca_free(ca);
}

static void
a_request_changed_on_the_way_is_refused(void **state)
{
	struct ca *ca = open_ca(today);
	struct buf key = BUF_INIT(CERT_PEM_MAX), csr = BUF_INIT(CERT_PEM_MAX);
	struct buf crt = BUF_INIT(CERT_PEM_MAX);
	struct err e = {0};
	size_t at;

	assert_int_equal(cert_make_key(&key, &e), 0);
	assert_int_equal(cert_make_request(buf_slice(&key), SLICE("node"), &csr, &e), 0);
	/* From the first line of base64 to before its last characters, where bits may be
	 * padding. */
	at = slice_find(buf_slice(&csr), '\n') + 1;
	for (size_t end = slice_search(buf_slice(&csr), SLICE("\n-----END")) - 4; at < end;
	     at += 5) {
		uint8_t was = csr.ptr[at];

		if (was == '\n')
			continue;
		csr.ptr[at] = was == 'A' ? 'B' : 'A';
		assert_int_equal(
		    ca_sign_node(ca, buf_slice(&csr), SLICE("n-1"), today, &crt, &e),
		    CA_BAD_REQUEST);
		csr.ptr[at] = was;
	}
	assert_int_equal(
	    ca_sign_node(ca, SLICE("hello"), SLICE("n-1"), today, &crt, &e), CA_BAD_REQUEST);
	assert_int_equal(
	    ca_sign_node(ca, SLICE(""), SLICE("n-1"), today, &crt, &e), CA_BAD_REQUEST);
	cert_wipe(&key);
	buf_release(&csr);
	buf_release(&crt);
	ca_free(ca);
}

static void
a_pin_refuses_every_other_ca(void **state)
{
	struct ca *ca = open_ca(today);
	struct err e = {0};
	char other[CERT_PRINT_LEN + 1];

	memset(other, 'a', CERT_PRINT_LEN);
	other[CERT_PRINT_LEN] = '\0';
	assert_int_equal(
	    cert_check_pinned(ca_certificate(ca), other, (struct slice){0}, today, &e), -1);
	/* The server's certificate hangs from the root, but is no CA itself. */
	assert_int_equal(cert_fingerprint(ca_server_chain(ca), other, &e), 0);
	assert_int_equal(
	    cert_check_pinned(ca_server_chain(ca), other, (struct slice){0}, today, &e), -1);
	assert_int_equal(cert_check_pinned(ca_certificate(ca), ca_fingerprint(ca),
			     ca_server_chain(ca), today, &e),
	    0);
	assert_int_equal(cert_check_pinned(ca_certificate(ca), ca_fingerprint(ca),
			     ca_server_chain(ca), instant_add(today, SPAN_DAYS(91)), &e),
	    -1);
	assert_non_null(strstr(e.text, "clock"));
	ca_free(ca);
}

int
main(void)
{
#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
	    IN_DIR(keys_are_readable_by_their_owner_only),
	    IN_DIR(a_second_start_finds_the_same_certificates),
	    IN_DIR(age_renews_the_servers_certificate_but_never_the_root),
	    IN_DIR(a_name_that_the_certificate_lacks_renews_it),
	    IN_DIR(a_damaged_server_pair_is_made_anew),
	    IN_DIR(a_root_without_its_key_stops_the_start),
	    IN_DIR(a_node_gets_our_name_and_its_own_key),
	    IN_DIR(a_request_changed_on_the_way_is_refused),
	    IN_DIR(a_pin_refuses_every_other_ca),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
