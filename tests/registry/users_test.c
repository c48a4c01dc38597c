/* users_test.c - people and their sessions. */
#include "test.h"

#include "registry/users.h"
#include "store.h"

static struct instant
later(struct span by)
{
	return instant_add(today, by);
}

static void
add_suzuki(void)
{
	const struct user u = {.name = SLICE("suzuki"),
	    .role = ROLE_ANALYST,
	    .scope = only_kita,
	    .language = SLICE("ja"),
	    .password = SLICE("(stored)")};
	struct err e = {0};

	if (users_add(db, &u, today, &e) != 0)
		fail_msg("%s", e.text);
}

static void
a_name_belongs_to_one_person(void **state)
{
	struct user u = {
	    .name = SLICE("suzuki"), .language = SLICE("ja"), .password = SLICE("x")};
	struct user_list list;
	struct err e = {0};

	add_suzuki();
	assert_int_equal(users_add(db, &u, today, &e), -1);
	assert_non_null(strstr(e.text, "suzuki"));
	u.name = SLICE("a b");
	assert_int_equal(users_add(db, &u, today, &e), -1);
	assert_int_equal(users_find(db, SLICE("suzuki"), mem, &u, &e), 1);
	assert_int_equal(u.role, ROLE_ANALYST);
	assert_false(u.scope.all);
	assert_slice(u.scope.list, ",kita,");
	assert_int_equal(users_find(db, SLICE("tanaka"), mem, &u, &e), 0);
	assert_int_equal(users_list(db, mem, &list, &e), 0);
	assert_int_equal(list.n, 1);
}

static void
roles_are_named_and_may_different_things(void **state)
{
	enum user_role r;

	for (int i = 0; i < ROLE_COUNT; i++) {
		assert_true(role_by_name(slice_str(role_name(i)), &r));
		assert_int_equal(r, i);
	}
	assert_false(role_by_name(SLICE("god"), &r));
}

static void
a_session_ends_idle_or_old(void **state)
{
	char secret[SESSION_SECRET_LEN + 1];
	struct session s;
	struct err e = {0};

	add_suzuki();
	assert_int_equal(
	    session_begin(db, SLICE("suzuki"), SLICE("192.0.2.1"), today, secret, &e), 0);
	assert_int_equal(
	    session_find(db, slice_str(secret), later(SPAN_HOURS(11)), mem, &s, &e), 1);
	assert_slice(s.user.name, "suzuki");
	assert_slice(s.user.scope.list, ",kita,");
	/* Used at 11 h, so idle until 23 h. */
	assert_int_equal(
	    session_find(db, slice_str(secret), later(SPAN_HOURS(22)), mem, &s, &e), 1);
	assert_int_equal(
	    session_find(db, slice_str(secret), later(SPAN_HOURS(34)), mem, &s, &e), 0);
	for (int h = 10; h < 7 * 24; h += 10)
		(void)session_find(db, slice_str(secret), later(SPAN_HOURS(h)), mem, &s, &e);
	assert_int_equal(
	    session_find(db, slice_str(secret), later(SPAN_DAYS(7)), mem, &s, &e), 0);
	assert_int_equal(session_sweep(db, later(SPAN_DAYS(8)), &e), 0);
	assert_int_equal(session_is_open(db, s.hash, today, &e), 0);
}

static void
only_the_secret_opens_a_session_and_the_store_has_it_not(void **state)
{
	char secret[SESSION_SECRET_LEN + 1], csrf[CSRF_LEN + 1];
	struct db_stmt *st;
	struct session s;
	struct err e = {0};

	add_suzuki();
	assert_int_equal(
	    session_begin(db, SLICE("suzuki"), SLICE("192.0.2.1"), today, secret, &e), 0);
	session_csrf(slice_str(secret), csrf);
	assert_string_not_equal(secret, csrf);
	assert_int_equal(session_find(db, slice_str(csrf), today, mem, &s, &e), 0);
	assert_int_equal(session_find(db, SLICE(""), today, mem, &s, &e), 0);
	assert_int_equal(db_prepare(db, "SELECT hash FROM session", &st, &e), 0);
	assert_int_equal(db_step(st, &e), 1);
	assert_int_equal(slice_search(db_blob(st, 0), slice_str(secret)), SIZE_MAX);
	/* A stolen hash is no secret. */
	assert_int_equal(session_find(db, db_blob(st, 0), today, mem, &s, &e), 0);
	db_reset(st);
}

static void
signing_out_and_a_new_password_end_sessions(void **state)
{
	char a[SESSION_SECRET_LEN + 1], b[SESSION_SECRET_LEN + 1];
	struct session s;
	struct err e = {0};

	add_suzuki();
	assert_int_equal(session_begin(db, SLICE("suzuki"), SLICE("x"), today, a, &e), 0);
	assert_int_equal(session_begin(db, SLICE("suzuki"), SLICE("x"), today, b, &e), 0);
	assert_int_equal(session_find(db, slice_str(a), today, mem, &s, &e), 1);
	assert_int_equal(session_end(db, s.hash, &e), 0);
	assert_int_equal(session_find(db, slice_str(a), today, mem, &s, &e), 0);
	assert_int_equal(session_find(db, slice_str(b), today, mem, &s, &e), 1);
	assert_int_equal(users_set_password(db, SLICE("suzuki"), SLICE("new"), &e), 1);
	assert_int_equal(session_find(db, slice_str(b), today, mem, &s, &e), 0);
	assert_int_equal(users_set_password(db, SLICE("nobody"), SLICE("new"), &e), 0);
}

static int
count_row(void *ctx, struct slice user, struct slice address, struct instant created,
    struct instant used, struct err *e)
{
	assert_slice(user, "suzuki");
	assert_slice(address, "192.0.2.1");
	*(int *)ctx += 1;
	return 0;
}

static void
who_is_signed_in_can_be_listed(void **state)
{
	char secret[SESSION_SECRET_LEN + 1];
	struct err e = {0};
	int n = 0;

	add_suzuki();
	assert_int_equal(
	    session_begin(db, SLICE("suzuki"), SLICE("192.0.2.1"), today, secret, &e), 0);
	assert_int_equal(session_each(db, later(SPAN_HOURS(1)), count_row, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(session_each(db, later(SPAN_HOURS(13)), count_row, &n, &e), 0);
	assert_int_equal(n, 1);
}

static void
a_person_has_a_bounded_number_of_sessions(void **state)
{
	char first[SESSION_SECRET_LEN + 1], secret[SESSION_SECRET_LEN + 1];
	struct session s;
	struct err e = {0};

	add_suzuki();
	assert_int_equal(session_begin(db, SLICE("suzuki"), SLICE("x"), today, first, &e), 0);
	for (int i = 1; i <= SESSIONS_MAX; i++)
		assert_int_equal(session_begin(db, SLICE("suzuki"), SLICE("x"),
				     later(SPAN_SECONDS(i)), secret, &e),
		    0);
	assert_int_equal(session_find(db, slice_str(first), today, mem, &s, &e), 0);
	assert_int_equal(session_find(db, slice_str(secret), today, mem, &s, &e), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_STORE(a_name_belongs_to_one_person),
	    cmocka_unit_test(roles_are_named_and_may_different_things),
	    IN_STORE(a_session_ends_idle_or_old),
	    IN_STORE(only_the_secret_opens_a_session_and_the_store_has_it_not),
	    IN_STORE(signing_out_and_a_new_password_end_sessions),
	    IN_STORE(who_is_signed_in_can_be_listed),
	    IN_STORE(a_person_has_a_bounded_number_of_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
