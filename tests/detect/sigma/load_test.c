/* load_test.c - what loading says: of bad rules, of filters, and of a rule's own words. */
#include "test.h"

#include <stdio.h>

#include "base/buf.h"
#include "bed.h"

#define HEAD		"title: T\nid: x\nlogsource: {category: test}\n"
#define RULE(detection) HEAD "detection:\n" detection

static const struct bad {
	const char *yaml;
	unsigned line;
	const char *reason;
} bads[] = {
    {"title: [a\n", 2,
	"not YAML: while parsing a flow sequence, did not find expected ',' or ']'"},
    {"- a\n", 1, "this is no Sigma rule: a mapping is expected"},
    {"id: x\nlogsource: {category: test}\ndetection: {s: {f: 1}, condition: s}\n", 1,
	"\"title\" is missing"},
    {"title: T\ndetection: {s: {f: 1}, condition: s}\n", 1, "\"logsource\" is missing"},
    {"title: T\nlogsource: web\n", 2, "\"logsource\" must be a mapping"},
    {HEAD, 1, "\"detection\" is missing"},
    {HEAD "detection: [a]\n", 4, "\"detection\" must be a mapping"},
    {RULE("  s: {f: 1}\n"), 5, "\"condition\" is missing"},
    {RULE("  condition: s\n"), 5, "there is no search identifier"},
    {RULE("  s: {f: 1}\n  condition: t\n"), 6,
	"in the condition, a search identifier is expected instead of \"t\""},
    {RULE("  s: {f: 1}\n  condition: s and\n"), 6,
	"the condition ends where a search identifier is expected"},
    {RULE("  s: {f: 1}\n  condition: (s\n"), 6, "the condition ends where \")\" is expected"},
    {RULE("  s: {f: 1}\n  condition: s s\n"), 6,
	"in the condition, \"and\", \"or\" or the end is expected instead of \"s\""},
    {RULE("  s: {f: 1}\n  condition: 1 of t*\n"), 6,
	"in the condition, a pattern that fits some search identifier is expected instead of "
	"\"t*\""},
    {RULE("  s: {f: 1}\n  condition: 2 of them\n"), 6,
	"in the condition, a search identifier is expected instead of \"2\""},
    {RULE("  s: {f: 1}\n  condition: s | count() > 5\n"), 6,
	"aggregations behind \"|\" are not part of Sigma 2: write a correlation"},
    {RULE("  s: {f: 1}\n  condition: {a: 1}\n"), 6, "a condition must be a text"},
    {RULE("  s: {f: 1}\n  condition: []\n"), 6, "the condition is empty"},
    {RULE("  s: {}\n  condition: s\n"), 5, "this selection is empty"},
    {RULE("  s: []\n  condition: s\n"), 5, "this selection is empty"},
    {RULE("  s:\n    f: []\n  condition: s\n"), 6, "\"f\" has no values"},
    {RULE("  s:\n    f: {a: b}\n  condition: s\n"), 6, "a field's value cannot be a mapping"},
    {RULE("  s:\n    f: [[a]]\n  condition: s\n"), 6, "a single value is expected here"},
    {RULE("  s:\n    - [a]\n  condition: s\n"), 6, "a list inside a list is not part of Sigma"},
    {RULE("  s:\n    f|conains: a\n  condition: s\n"), 6,
	"the modifier \"conains\" is not known"},
    {RULE("  s:\n    f|i: a\n  condition: s\n"), 6,
	"the modifiers i, m and s belong behind \"re\""},
    {RULE("  s:\n    f|re|startswith: a\n  condition: s\n"), 6,
	"the modifier \"re\" cannot be combined with the others here"},
    {RULE("  s:\n    f|re: '('\n  condition: s\n"), 6,
	"the regular expression is refused at character 2: missing closing parenthesis"},
    {RULE("  s:\n    f|re: '^(a+)+$'\n  condition: s\n"), 6,
	"the regular expression needs exponentially many steps on some texts (nested "
	"repetition): rewrite it"},
    {RULE("  s:\n    f|re: '(x|xx)*y'\n  condition: s\n"), 6,
	"the regular expression needs exponentially many steps on some texts (nested "
	"repetition): rewrite it"},
    {RULE("  s:\n    f|cidr: 10.0.0.0/33\n  condition: s\n"), 6,
	"\"10.0.0.0/33\" is no address range such as 10.0.0.0/8 or fe80::/10"},
    {RULE("  s:\n    f|lt: many\n  condition: s\n"), 6, "a number is expected here"},
    {RULE("  s:\n    f|exists: maybe\n  condition: s\n"), 6,
	"\"f|exists\" must be true or false"},
    {RULE("  s:\n    f|contains: null\n  condition: s\n"), 6,
	"null takes no modifiers and is no keyword"},
    {RULE("  s:\n    f|base64: 'a*'\n  condition: s\n"), 6,
	"wildcards make no sense here: escape them or leave them out"},
    {RULE("  s:\n    f|expand: '%none%'\n  condition: s\n"), 6,
	"the placeholder %none% has no values: give them in a placeholder file"},
    {HEAD "level: loud\ndetection: {s: {f: 1}, condition: s}\n", 4,
	"\"level\" must be one of informational, low, medium, high or critical"},
    {HEAD "status: deprecated\ndetection: {s: {f: 1}, condition: s}\n", 4,
	"the rule's author calls it deprecated, so it is left out"},
    {HEAD "status: unsupported\ndetection: {s: {f: 1}, condition: s}\n", 4,
	"the rule's author calls it unsupported, so it is left out"},
    {"title: T\ncorrelation: {type: event_count}\n", 2,
	"correlation rules are not supported yet: only single events are looked at"},
    {"action: global\ntitle: T\n", 1,
	"rule collections (\"action\") are no part of Sigma 2: write each rule out"},
    {HEAD "hinomi: {titel: {ja: a}}\ndetection: {s: {f: 1}, condition: s}\n", 4,
	"unknown key \"titel\": expected title, description, advice, falsepositives, severity "
	"or entity"},
    {HEAD "hinomi: {severity: 101}\ndetection: {s: {f: 1}, condition: s}\n", 4,
	"\"severity\" must be a whole number from 0 to 100"},
};

static const char good[] = "title: Good\nid: good\nlogsource: {category: test}\n"
			   "detection: {s: {f: needle}, condition: s}\n";

static void
every_bad_rule_has_its_sentence_and_harms_no_other(void **state)
{
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		struct sigma_report r;
		struct bed b;

		bed_open(&b);
		bed_add(&b, "bad.yml", slice_str(bads[i].yaml));
		bed_add(&b, "good.yml", slice_str(good));
		bed_compile(&b);
		r = bed_report(&b, 0);
		if (r.standing != SIGMA_UNUSABLE || !slice_is(r.reason, bads[i].reason) ||
		    r.line != bads[i].line)
			fail_msg(
			    "%s\nsays: %u: %.*s", bads[i].yaml, r.line, SLICE_ARG(r.reason));
		assert_slice(r.file, "bad.yml");
		assert_int_equal(sigma_rule_count(b.set), 1);
		bed_event(&b, "f=needle");
		bed_run(&b);
		assert_int_equal(bed_count(&b, "good"), 1);
		bed_close(&b);
	}
}

static void
report_is(
    struct bed *b, size_t i, enum sigma_standing standing, unsigned line, const char *reason)
{
	struct sigma_report r = bed_report(b, i);

	assert_int_equal(r.standing, standing);
	assert_slice(r.reason, reason);
	assert_int_equal(r.line, line);
}

static void
hostile_files_get_one_sentence_each(void **state)
{
	struct buf text = BUF_INIT(16 << 20);
	struct bed b;

	bed_open(&b);
	/* Ten megabytes in one rule. */
	buf_add_str(&text, "title: T\ndescription: ");
	while (text.len < 10 << 20)
		buf_add_str(&text, "lorem ipsum ");
	bed_add(&b, "large.yml", buf_slice(&text));
	/* A bomb of aliases. */
	buf_reset(&text);
	buf_add_str(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 8; i++) {
		buf_printf(&text, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			buf_printf(&text, "%s*a%d", k == 0 ? "" : ", ", i - 1);
		buf_add_str(&text, "]\n");
	}
	bed_add(&b, "bomb.yml", buf_slice(&text));
	/* A condition that names a large selection over and over. */
	buf_reset(&text);
	buf_add_str(&text, HEAD "detection:\n  s:\n    f:\n");
	for (int i = 0; i < 2000; i++)
		buf_printf(&text, "      - v%d\n", i);
	buf_add_str(&text, "  condition: s");
	for (int i = 0; i < 2000; i++)
		buf_add_str(&text, " or s");
	bed_add(&b, "repeat.yml", buf_slice(&text));
	/* Deep brackets. */
	buf_reset(&text);
	buf_add_str(&text, RULE("  s: {f: 1}\n  condition: "));
	for (int i = 0; i < 20000; i++)
		buf_add_byte(&text, '(');
	bed_add(&b, "deep.yml", buf_slice(&text));
	bed_add(&b, "good.yml", slice_str(good));
	bed_compile(&b);
	report_is(&b, 0, SIGMA_UNUSABLE, 1,
	    "the document is larger than 1024 KiB, the most one may be");
	report_is(&b, 1, SIGMA_UNUSABLE, 5,
	    "the document is too large with its aliases written out: at "
	    "most 100000 nodes and 1024 KiB of text");
	report_is(
	    &b, 2, SIGMA_UNUSABLE, 2007, "the rule is too large: more than 100000 comparisons");
	report_is(&b, 3, SIGMA_UNUSABLE, 6, "the condition is nested deeper than 64 levels");
	assert_int_equal(sigma_rule_count(b.set), 1);
	bed_close(&b);
	buf_release(&text);
}

static void
an_expression_that_takes_too_long_is_counted_and_named(void **state)
{
	struct buf text = BUF_INIT(1 << 20);
	struct sigma_trouble t;
	struct bed b;

	bed_open(&b);
	/* Quadratic: quick on short texts, so it loads. */
	bed_add(&b, "slow.yml",
	    slice_str(bed_rule(
		&b, "slow", "  s:\n    f|re: 'needle.*a.*b.*c.*d!'\n  condition: s\n")));
	bed_compile(&b);
	assert_int_equal(bed_report(&b, 0).standing, SIGMA_LOADED);
	buf_add_str(&text, "f=needle");
	for (int i = 0; i < 20000; i++)
		buf_add_str(&text, "abc");
	buf_add_str(&text, "!");
	bed_event(&b, buf_str(&text));
	bed_event(&b, "f=needleabcd!");
	bed_run(&b);
	assert_int_equal(bed_count(&b, "slow"), 1);
	assert_int_equal(sigma_run_troubles(b.run, 0, &t), 1);
	assert_slice(t.rule->id, "slow");
	assert_int_equal(t.count, 1);
	assert_int_equal(sigma_run_troubles(b.run, 1, &t), 0);
	bed_close(&b);
	buf_release(&text);
}

static void
a_bad_document_leaves_its_neighbours(void **state)
{
	struct buf text = BUF_INIT(1 << 16);
	struct bed b;

	bed_open(&b);
	buf_printf(&text, "%s---\ntitle: [\n---\n%s---\n",
	    bed_rule(&b, "a", "  s: {f: 1}\n  condition: s\n"),
	    bed_rule(&b, "b", "  s: {f: 2}\n  condition: s\n"));
	bed_add(&b, "three.yml", buf_slice(&text));
	bed_compile(&b);
	assert_int_equal(sigma_report_count(b.set), 3);
	assert_int_equal(sigma_rule_count(b.set), 2);
	assert_int_equal(bed_report(&b, 1).standing, SIGMA_UNUSABLE);
	bed_close(&b);
	buf_release(&text);
}

static void
one_id_is_one_rule(void **state)
{
	struct bed b;

	bed_open(&b);
	bed_add(&b, "first.yml", slice_str(good));
	bed_add(&b, "second.yml", slice_str(good));
	bed_compile(&b);
	assert_int_equal(sigma_rule_count(b.set), 1);
	report_is(&b, 1, SIGMA_UNUSABLE, 1, "its id is already taken by the rule in first.yml");
	bed_close(&b);
}

static void
a_rule_without_a_log_source_of_ours_waits(void **state)
{
	struct bed b;

	bed_open(&b);
	bed_add(&b, "x.yml",
	    SLICE(
		"title: T\nlogsource: {product: vax}\ndetection: {s: {f: 1}, condition: s}\n"));
	bed_compile(&b);
	report_is(&b, 0, SIGMA_UNROUTED, 1, "no mapping knows this log source");
	assert_slice(bed_report(&b, 0).logsource, "vax");
	assert_int_equal(sigma_rule_count(b.set), 0);
	bed_event(&b, "f=1");
	bed_run(&b);
	assert_int_equal(b.found.count, 0);
	bed_close(&b);
}

/* The rules a and b look for x in f; a is also named "rule_a". */
static void
with_filter(const char *filter, unsigned a, unsigned b_count, enum sigma_standing standing,
    const char *reason)
{
	struct bed b;

	bed_open(&b);
	/* The filter comes first: the order of files does not matter. */
	bed_add(&b, "filter.yml", slice_str(filter));
	bed_add(&b, "a.yml",
	    slice_str(arena_printf(b.mem, "name: rule_a\n%s",
		bed_rule(&b, "a", "  s: {f: x}\n  condition: s\n"))));
	bed_add(&b, "b.yml", slice_str(bed_rule(&b, "b", "  s: {f: x}\n  condition: s\n")));
	bed_compile(&b);
	assert_int_equal(bed_report(&b, 0).standing, standing);
	assert_slice(bed_report(&b, 0).reason, reason);
	bed_event(&b, "f=x\nuser=adm_1");
	bed_event(&b, "f=x\nuser=eve");
	bed_run(&b);
	assert_int_equal(bed_count(&b, "a"), a);
	assert_int_equal(bed_count(&b, "b"), b_count);
	bed_close(&b);
}

#define FILTER(source, rules, condition)                                                       \
	"title: F\nlogsource: " source "\nfilter:\n  rules: " rules                            \
	"\n  selection:\n    user|startswith: adm_\n  condition: " condition "\n"

static void
filters_are_joined_to_the_rules_they_name(void **state)
{
	with_filter(FILTER("{category: test}", "[a]", "not selection"), 1, 2, SIGMA_LOADED, "");
	with_filter(
	    FILTER("{category: test}", "[rule_a]", "not selection"), 1, 2, SIGMA_LOADED, "");
	with_filter(
	    FILTER("{category: test}", "[a, b]", "not selection"), 1, 1, SIGMA_LOADED, "");
	with_filter(FILTER("{category: test}", "any", "not selection"), 1, 1, SIGMA_LOADED, "");
	with_filter(FILTER("{category: test}", "[b]", "selection"), 2, 1, SIGMA_LOADED, "");
	with_filter(FILTER("{category: other}", "any", "not selection"), 2, 2, SIGMA_UNUSABLE,
	    "none of the rules it names is loaded for this log source");
	with_filter(FILTER("{category: test}", "[c]", "not selection"), 2, 2, SIGMA_UNUSABLE,
	    "none of the rules it names is loaded for this log source");
	with_filter(FILTER("{category: test}", "any", "not selektion"), 2, 2, SIGMA_UNUSABLE,
	    "in the condition, a search identifier is expected instead of \"selektion\"");
}

static void
placeholders_of_later_files_replace_earlier_ones(void **state)
{
	struct bed b;

	bed_open(&b);
	assert_int_equal(sigma_add_placeholders(b.loader, SLICE("p1"),
			     SLICE("hosts: [old]\nnets: 10.0.0.0/8\n"), &b.err),
	    0);
	assert_int_equal(sigma_add_placeholders(
			     b.loader, SLICE("p2"), SLICE("hosts: ['srv*', db]\n"), &b.err),
	    0);
	bed_add(&b, "a",
	    slice_str(bed_rule(&b, "a", "  s: {f|expand: 'x-%hosts%'}\n  condition: s\n")));
	bed_add(&b, "b",
	    slice_str(bed_rule(&b, "b", "  s: {f|cidr|expand: '%nets%'}\n  condition: s\n")));
	bed_add(&b, "c",
	    slice_str(bed_rule(&b, "c", "  s: {f|expand: '\\%x%hosts%'}\n  condition: s\n")));
	bed_add(&b, "d", slice_str(bed_rule(&b, "d", "  s: {f: '%hosts%'}\n  condition: s\n")));
	bed_compile(&b);
	assert_int_equal(sigma_rule_count(b.set), 4);
	bed_event(&b, "f=x-srv17");
	bed_event(&b, "f=x-db");
	bed_event(&b, "f=x-old");
	bed_event(&b, "f=10.1.1.1");
	bed_event(&b, "f=%xdb");
	bed_event(&b, "f=%hosts%");
	bed_run(&b);
	assert_int_equal(bed_count(&b, "a"), 2);
	assert_int_equal(bed_count(&b, "b"), 1);
	assert_int_equal(bed_count(&b, "c"), 1);
	assert_int_equal(bed_count(&b, "d"), 1);
	bed_close(&b);
}

static void
a_finding_says_what_matched_and_what_to_do(void **state)
{
	static const char rule[] =
	    "title: Title\nid: r1\nlevel: high\nlogsource: {category: test}\n"
	    "description: |\n  Why.\nauthor: A, B\nreferences: [https://a.example/, "
	    "https://b.example/]\n"
	    "tags: [attack.execution, attack.t1059.001, attack.T1059.001, attack.t1001, "
	    "cve.2026-1]\n"
	    "falsepositives: [x, y]\n"
	    "detection:\n  s:\n    url.domain|endswith: '.Evil.example'\n    g: ['n', 'm*']\n  "
	    "other: {h: 1}\n"
	    "  condition: s and not other\n"
	    "hinomi:\n  title: {ja: 題}\n  description: {ja: 説明}\n  severity: 42\n  "
	    "falsepositives: {ja: [あ, い]}\n";
	static const char advice[] =
	    "default: {en: D, ja: D2}\nexecution: {en: E, ja: E2}\nimpact: {en: I}\n";
	const struct rule_info *info;
	const struct finding *f;
	struct bed b;

	bed_open(&b);
	assert_int_equal(
	    sigma_add_advice(b.loader, SLICE("advice"), slice_str(advice), &b.err), 0);
	bed_add(&b, "r.yml", slice_str(rule));
	bed_compile(&b);
	bed_event(&b, "g=n\nurl.domain=a.b");
	bed_event(&b, "url.domain=www.evil.example\ng=moo\nsource.ip=192.0.2.7");
	bed_run(&b);
	assert_int_equal(b.found.count, 1);
	f = b.found.first;
	info = f->rule;
	assert_int_equal(f->offset, 100);
	assert_slice(f->entity, "192.0.2.7");
	assert_int_equal(f->n_fields, 2);
	assert_slice(f->fields[0].name, "url.domain");
	assert_slice(f->fields[0].value, "www.evil.example");
	assert_slice(f->fields[0].pattern, ".Evil.example");
	assert_slice(f->fields[1].value, "moo");
	assert_string_equal(info->detector, "sigma");
	assert_slice(info->title.en, "Title");
	assert_slice(info->title.ja, "題");
	assert_slice(info->description.en, "Why.");
	assert_slice(info->falsepositives.en, "x\ny");
	assert_slice(info->falsepositives.ja, "あ\nい");
	assert_slice(info->references, "https://a.example/\nhttps://b.example/");
	assert_slice(info->author, "A, B");
	assert_slice(info->advice.en, "E");
	assert_slice(info->advice.ja, "E2");
	assert_int_equal(info->level, LEVEL_HIGH);
	assert_int_equal(info->severity, 42);
	assert_int_equal(info->n_attack, 2);
	assert_slice(info->attack[0], "T1001");
	assert_slice(info->attack[1], "T1059.001");
	bed_close(&b);
}

static void
findings_come_in_the_order_of_lines_then_rules(void **state)
{
	uint64_t last = 0;
	struct slice last_id = SLICE("");
	char text[64];
	struct bed b;

	bed_open(&b);
	bed_add(&b, "z",
	    slice_str(bed_rule(&b, "z", "  s: {f|contains: needle}\n  condition: s\n")));
	bed_add(&b, "a",
	    slice_str(bed_rule(&b, "a", "  s: {f|contains: needle}\n  condition: s\n")));
	bed_add(&b, "m", slice_str(bed_rule(&b, "m", "  s: {f: null}\n  condition: not s\n")));
	bed_compile(&b);
	for (int i = 0; i < 5000; i++) {
		snprintf(
		    text, sizeof(text), "f=%s%d%050d", i % 7 == 0 ? "needle" : "hay", i, i);
		bed_event(&b, arena_strdup(b.mem, slice_str(text)));
	}
	bed_run(&b);
	assert_int_equal(bed_count(&b, "a"), 715);
	assert_int_equal(bed_count(&b, "z"), 715);
	assert_int_equal(bed_count(&b, "m"), 5000);
	for (const struct finding *f = b.found.first; f != NULL; f = f->next) {
		assert_true(f->offset > last ||
			    (f->offset == last && slice_compare(f->rule->id, last_id) > 0));
		last = f->offset;
		last_id = f->rule->id;
	}
	bed_close(&b);
}

static void
mapping_files_are_taken_whole_or_refused_with_a_line(void **state)
{
	static const struct {
		const char *yaml, *why;
	} wrong[] = {
	    {"fields: {a: b}\n", "m.yaml:1: \"sources\" is missing"},
	    {"sources:\n  - logsource: {category: x}\n    classes: [proxies]\n",
		"m.yaml:3: \"proxies\" is no event class"},
	    {"sources:\n  - logsource: {category: x}\n    fields: {a: []}\n",
		"m.yaml:3: one to 15 field names are expected here"},
	    {"sources:\n  - logsource: {category: x}\n    class: proxy\n",
		"m.yaml:3: unknown key \"class\": expected logsource, classes, dataset, where "
		"or fields"},
	};
	struct bed b;

	bed_open(&b);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(sigma_add_mapping(b.loader, SLICE("m.yaml"),
				     slice_str(wrong[i].yaml), &b.err),
		    -1);
		assert_string_equal(b.err.text, wrong[i].why);
	}
	bed_close(&b);
}

static void
fields_are_looked_for_in_order_and_together(void **state)
{
	static const char mapping[] =
	    "sources:\n  - logsource: {category: web, product: p}\n    classes: [proxy]\n    "
	    "dataset: p.\n"
	    "    where: {kind: access}\n"
	    "    fields:\n      u: [url.full, url.path]\n      v: [[url.full, url.path]]\n";
	static const char rules[] = "title: U\nid: u\nlogsource: {category: web, product: "
				    "p}\ndetection: {s: {u: /x}, condition: s}\n"
				    "---\n"
				    "title: V\nid: v\nlogsource: {category: web, product: p, "
				    "service: s}\ndetection: {s: {v: /x}, condition: s}\n";
	static const char *const events[] = {"url.path=/x\nkind=access",
	    "url.full=http://a/x\nurl.path=/x\nkind=access", "u=/x\nkind=access",
	    "url.path=/x\nkind=other"};
	struct bed b;

	bed_open(&b);
	assert_int_equal(
	    sigma_add_mapping(b.loader, SLICE("m"), slice_str(mapping), &b.err), 0);
	bed_add(&b, "r.yml", slice_str(rules));
	bed_compile(&b);
	assert_int_equal(sigma_rule_count(b.set), 2);
	for (size_t i = 0; i < 4; i++) {
		struct event *ev = bed_event(&b, events[i]);

		ev->class = EVENT_PROXY;
		ev->dataset = SLICE("p.access");
	}
	bed_event(&b, events[0])->class = EVENT_PROXY;	       /* of another dataset */
	bed_event(&b, events[0])->dataset = SLICE("p.access"); /* of another class */
	bed_run(&b);
	assert_int_equal(bed_count(&b, "u"), 2); /* url.path alone; by its own name */
	assert_int_equal(bed_count(&b, "v"), 2); /* url.path alone; beside url.full */
	bed_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_bad_rule_has_its_sentence_and_harms_no_other),
	    cmocka_unit_test(hostile_files_get_one_sentence_each),
	    cmocka_unit_test(an_expression_that_takes_too_long_is_counted_and_named),
	    cmocka_unit_test(a_bad_document_leaves_its_neighbours),
	    cmocka_unit_test(one_id_is_one_rule),
	    cmocka_unit_test(a_rule_without_a_log_source_of_ours_waits),
	    cmocka_unit_test(filters_are_joined_to_the_rules_they_name),
	    cmocka_unit_test(placeholders_of_later_files_replace_earlier_ones),
	    cmocka_unit_test(a_finding_says_what_matched_and_what_to_do),
	    cmocka_unit_test(findings_come_in_the_order_of_lines_then_rules),
	    cmocka_unit_test(mapping_files_are_taken_whole_or_refused_with_a_line),
	    cmocka_unit_test(fields_are_looked_for_in_order_and_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
