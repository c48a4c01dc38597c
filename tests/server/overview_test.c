/* overview_test.c - when a node or a source counts as late, silent or new. */
#include "test.h"

#include "server/overview.h"

static const struct instant now = {1795392000000000};

static struct instant
ago(struct span s)
{
	return (struct instant){now.us - s.us};
}

static void
a_node_is_as_well_as_its_last_report(void **state)
{
	struct node_view n = {0};

	assert_int_equal(health_of_node(&n, now), HEALTH_NEW);
	n.node.seen = ago(SPAN_SECONDS(60));
	assert_int_equal(health_of_node(&n, now), HEALTH_OK);
	n.node.seen = ago(SPAN_SECONDS(61));
	assert_int_equal(health_of_node(&n, now), HEALTH_SILENT);
	n.node.seen = now;
	n.spool_oldest = ago(SPAN_SECONDS(61));
	assert_int_equal(health_of_node(&n, now), HEALTH_LATE);
	n.spool_oldest = ago(SPAN_SECONDS(5));
	assert_int_equal(health_of_node(&n, now), HEALTH_OK);
}

static void
a_source_is_as_well_as_its_last_batch(void **state)
{
	struct node_view n = {.node.seen = now};
	struct source_view s = {0};

	assert_int_equal(health_of_source(&s, &n, now), HEALTH_NEW);
	s.last_batch = s.last_stored = ago(SPAN_MINUTES(15));
	assert_int_equal(health_of_source(&s, &n, now), HEALTH_OK);
	s.last_batch = s.last_stored = ago(SPAN_MINUTES(16));
	assert_int_equal(health_of_source(&s, &n, now), HEALTH_SILENT);
	s.last_stored = now;
	s.last_batch = ago(SPAN_SECONDS(61));
	assert_int_equal(health_of_source(&s, &n, now), HEALTH_LATE);
	s.last_batch = ago(SPAN_SECONDS(1));
	n.spool_oldest = ago(SPAN_MINUTES(2));
	assert_int_equal(health_of_source(&s, &n, now), HEALTH_LATE);
	assert_int_equal(health_of_source(&s, NULL, now), HEALTH_OK);
}

static void
an_institution_is_as_well_as_its_worst_part_that_counts(void **state)
{
	struct node_view nodes[] = {{.node.institution = SLICE("kita"), .health = HEALTH_OK},
	    {.node.institution = SLICE("minami"), .health = HEALTH_SILENT},
	    {.node = {.institution = SLICE("kita"), .revoked = now}, .health = HEALTH_SILENT}};
	struct source_view sources[] = {{.institution = SLICE("kita"),
					    .health = HEALTH_LATE,
					    .last_batch = ago(SPAN_HOURS(1))},
	    {.institution = SLICE("kita"),
		.health = HEALTH_SILENT,
		.revoked = true,
		.last_batch = ago(SPAN_HOURS(2))}};
	struct overview o = {
	    .now = now, .n_nodes = 3, .nodes = nodes, .n_sources = 2, .sources = sources};

	assert_int_equal(overview_institution_health(&o, SLICE("kita")), HEALTH_LATE);
	assert_int_equal(overview_institution_health(&o, SLICE("minami")), HEALTH_SILENT);
	assert_int_equal(overview_institution_health(&o, SLICE("nishi")), HEALTH_NEW);
	assert_int_equal(overview_last_batch(&o, SLICE("kita")).us, ago(SPAN_HOURS(1)).us);
	assert_int_equal(overview_last_batch(&o, SLICE("nishi")).us, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_node_is_as_well_as_its_last_report),
	    cmocka_unit_test(a_source_is_as_well_as_its_last_batch),
	    cmocka_unit_test(an_institution_is_as_well_as_its_worst_part_that_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
