/* registry_test.c - institutions, nodes, sources and tokens; and that scopes hold. */
#include "test.h"

#include "registry/registry.h"
#include "store.h"

static void
ids_fit_into_a_scope(void **state)
{
	const char *const bad[] = {"", "-a", "A", "a,b", "a%", "a_b", "a b", "北"};
	char id[INSTITUTION_ID_MAX + 1];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(institution_id_valid(slice_str(bad[i])));
	institution_make_id(id);
	assert_true(institution_id_valid(slice_str(id)));
}

static void
an_institution_is_added_once_and_found_by_id_or_name(void **state)
{
	struct institution i = {.id = SLICE("kita"), .name = SLICE("別"), .beds = -1};
	struct err e = {0};

	assert_int_equal(registry_add_institution(db, &i, today, &e), -1);
	assert_non_null(strstr(e.text, "kita"));
	assert_int_equal(
	    registry_name_institution(db, &everyone, SLICE("kita"), mem, &i, &e), 1);
	assert_slice(i.name, "北病院");
	assert_int_equal(i.beds, 120);
	assert_int_equal(
	    registry_name_institution(db, &everyone, SLICE("南病院"), mem, &i, &e), 1);
	assert_slice(i.id, "minami");
	assert_int_equal(i.beds, -1);
	assert_int_equal(registry_name_institution(db, &everyone, SLICE("東"), mem, &i, &e), 0);
}

static void
what_lies_outside_the_scope_does_not_exist(void **state)
{
	const struct scope nothing = {0}, part = {.list = SLICE(",kit,ita,k,")};
	struct institution i;
	struct institution_list list;
	struct err e = {0};

	assert_int_equal(
	    registry_find_institution(db, &only_kita, SLICE("kita"), mem, &i, &e), 1);
	assert_int_equal(
	    registry_find_institution(db, &only_kita, SLICE("minami"), mem, &i, &e), 0);
	assert_int_equal(
	    registry_find_institution(db, &nothing, SLICE("kita"), mem, &i, &e), 0);
	assert_int_equal(registry_find_institution(db, &part, SLICE("kita"), mem, &i, &e), 0);
	assert_int_equal(registry_list_institutions(db, &only_kita, mem, &list, &e), 0);
	assert_int_equal(list.n, 1);
	assert_int_equal(registry_list_institutions(db, &everyone, mem, &list, &e), 0);
	assert_int_equal(list.n, 2);
	assert_true(scope_covers(&only_kita, SLICE("kita")));
	assert_false(scope_covers(&only_kita, SLICE("minami")));
	assert_false(scope_covers(&only_kita, SLICE("")));
}

static void
enrol(struct slice institution, char node[NODE_ID_LEN + 1])
{
	char token[TOKEN_LEN + 1];
	struct institution i;
	struct err e = {0};

	assert_int_equal(registry_add_token(db, institution, today, token, &e), 0);
	assert_int_equal(registry_use_token(db, slice_str(token), today,
			     instant_add(today, SPAN_DAYS(30)), node, mem, &i, &e),
	    TOKEN_TAKEN);
	assert_true(slice_equal(i.id, institution));
}

static void
a_token_enrols_one_node_within_a_day(void **state)
{
	char token[TOKEN_LEN + 1], node[NODE_ID_LEN + 1];
	struct instant until = instant_add(today, SPAN_DAYS(30));
	struct institution i;
	struct err e = {0};

	assert_int_equal(registry_add_token(db, SLICE("kita"), today, token, &e), 0);
	assert_int_equal(strlen(token), TOKEN_LEN);
	assert_int_equal(
	    registry_use_token(db, SLICE("nonsense"), today, until, node, mem, &i, &e),
	    TOKEN_UNKNOWN);
	assert_int_equal(registry_use_token(db, slice_str(token),
			     instant_add(today, TOKEN_LIFE), until, node, mem, &i, &e),
	    TOKEN_EXPIRED);
	assert_int_equal(registry_use_token(db, slice_str(token),
			     (struct instant){instant_add(today, TOKEN_LIFE).us - 1}, until,
			     node, mem, &i, &e),
	    TOKEN_TAKEN);
	assert_int_equal(
	    registry_use_token(db, slice_str(token), today, until, node, mem, &i, &e),
	    TOKEN_USED);
}

static void
the_store_does_not_hold_the_token(void **state)
{
	char token[TOKEN_LEN + 1];
	struct db_stmt *st;
	struct err e = {0};

	assert_int_equal(registry_add_token(db, SLICE("kita"), today, token, &e), 0);
	assert_int_equal(db_prepare(db, "SELECT hash FROM token", &st, &e), 0);
	assert_int_equal(db_step(st, &e), 1);
	assert_int_equal(db_blob(st, 0).len, 32);
	assert_int_equal(slice_search(db_blob(st, 0), slice_str(token)), SIZE_MAX);
	db_reset(st);
}

static void
nodes_are_revoked_and_say_how_they_are(void **state)
{
	char id[NODE_ID_LEN + 1];
	struct node n;
	struct err e = {0};

	enrol(SLICE("kita"), id);
	assert_int_equal(registry_find_node(db, &everyone, slice_str(id), mem, &n, &e), 1);
	assert_int_equal(n.revoked.us, 0);
	assert_int_equal(n.seen.us, 0);
	assert_null(n.spool.ptr);
	assert_int_equal(
	    registry_note_status(db, slice_str(id), SLICE("0.1.0"), SLICE("{}"), today, &e), 1);
	assert_int_equal(registry_revoke_node(db, slice_str(id), today, &e), 1);
	assert_int_equal(registry_revoke_node(db, SLICE("n-none"), today, &e), 0);
	assert_int_equal(registry_find_node(db, &everyone, slice_str(id), mem, &n, &e), 1);
	assert_int_equal(n.revoked.us, today.us);
	assert_int_equal(n.seen.us, today.us);
	assert_slice(n.version, "0.1.0");
}

static void
two_nodes_may_name_a_source_alike_and_scopes_hold(void **state)
{
	char a[NODE_ID_LEN + 1], b[NODE_ID_LEN + 1];
	struct source s = {.name = SLICE("proxy"), .codec = SLICE("squid"), .lag_bytes = 5};
	struct source_list list;
	struct node_list nodes;
	struct err e = {0};

	enrol(SLICE("kita"), a);
	enrol(SLICE("minami"), b);
	s.institution = SLICE("kita");
	s.node = slice_str(a);
	assert_int_equal(registry_note_source(db, &s, &e), 0);
	s.lag_bytes = 7;
	assert_int_equal(registry_note_source(db, &s, &e), 0);
	s.institution = SLICE("minami");
	s.node = slice_str(b);
	s.codec = (struct slice){0};
	assert_int_equal(registry_note_source(db, &s, &e), 0);
	assert_int_equal(
	    registry_list_sources(db, &everyone, (struct slice){0}, mem, &list, &e), 0);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.at[0].lag_bytes, 7);
	assert_null(list.at[1].codec.ptr);
	assert_int_equal(
	    registry_list_sources(db, &only_kita, (struct slice){0}, mem, &list, &e), 0);
	assert_int_equal(list.n, 1);
	assert_int_equal(
	    registry_list_sources(db, &only_kita, SLICE("minami"), mem, &list, &e), 0);
	assert_int_equal(list.n, 0);
	assert_int_equal(
	    registry_list_nodes(db, &only_kita, (struct slice){0}, mem, &nodes, &e), 0);
	assert_int_equal(nodes.n, 1);
}

static void
a_node_can_not_fill_the_store_with_names(void **state)
{
	char id[NODE_ID_LEN + 1], name[32];
	struct source s = {.institution = SLICE("kita")};
	struct err e = {0};

	enrol(SLICE("kita"), id);
	s.node = slice_str(id);
	for (int i = 0; i < SOURCES_PER_NODE_MAX; i++) {
		snprintf(name, sizeof(name), "source-%d", i);
		s.name = slice_str(name);
		assert_int_equal(registry_note_source(db, &s, &e), 0);
	}
	s.name = SLICE("one-more");
	assert_int_equal(registry_note_source(db, &s, &e), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ids_fit_into_a_scope),
	    IN_STORE(an_institution_is_added_once_and_found_by_id_or_name),
	    IN_STORE(what_lies_outside_the_scope_does_not_exist),
	    IN_STORE(a_token_enrols_one_node_within_a_day),
	    IN_STORE(the_store_does_not_hold_the_token),
	    IN_STORE(nodes_are_revoked_and_say_how_they_are),
	    IN_STORE(two_nodes_may_name_a_source_alike_and_scopes_hold),
	    IN_STORE(a_node_can_not_fill_the_store_with_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
