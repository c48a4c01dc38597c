/*
 * spec_test.c - the sentences of Sigma's specification (rules 2.1, modifiers 2.1)
 * that say what matches, each as a small rule and events.
 *
 * Every case runs alone and once more together with all others in one set, so
 * that sharing one database changes no answer.
 */
#include "test.h"

#include <stdio.h>

#include "bed.h"

#define ONE(sel) "  s:\n    " sel "\n  condition: s\n"

static const struct spec {
	const char *what;
	const char *detection;
	const char
	    *yes; /* events that must match, or NULL; several are parted by a line "--" */
	const char *no;
} specs[] = {
    /* General */
    {"values are case-insensitive strings", ONE("f: AbC"), "f=abc\n--\nf=ABC",
	"f=abcd\n--\nf=xabc\n--\ng=abc"},
    {"? replaces a single mandatory character", ONE("f: prog?.exe"),
	"f=progA.exe\n--\nf=prog\xe3\x81\x82.exe", "f=prog.exe\n--\nf=progAB.exe"},
    {"* replaces an unbounded length wildcard", ONE("f: anti_V*.exe"),
	"f=anti_V1.exe\n--\nf=anti_V21.2.1.exe\n--\nf=anti_V.exe", "f=anti_V1.ex"},
    {"*something is endswith", ONE("f: '*thing'"), "f=something\n--\nf=thing", "f=things"},
    {"something* is startswith", ONE("f: 'some*'"), "f=something\n--\nf=some", "f=asome"},
    {"*something* is contains", ONE("f: '*meth*'"), "f=something\n--\nf=meth", "f=met"},
    {"several wildcards backtrack as far as needed", ONE("f: '*ab*ab?b'"),
	"f=abxababbabab\n--\nf=ababcb", "f=ababc\n--\nf=abcb"},
    {"a lone wildcard takes any value that is there", ONE("f: '*'"), "f=x\n--\nf=", "g=x"},
    {"? counts characters at the end too", ONE("f: '*a?'"), "f=aab\n--\nf=za\xe3\x81\x82",
	"f=a"},
    /* Escaping */
    {"a backslash not before a wildcard is itself", ONE("f: 'C:\\Win\\y.exe'"),
	"f=c:\\win\\y.exe", "f=c:winx.exe"},
    {"a double backslash is one", ONE("f: 'C:\\\\Win'"), "f=c:\\win", "f=c:\\\\win"},
    {"an escaped wildcard is plain", ONE("f: 'a\\*b\\?'"), "f=a*b?", "f=axxb?\n--\nf=a*bc"},
    {"a backslash before a wildcard is escaped", ONE("f: 'a\\\\*'"), "f=a\\\n--\nf=a\\bc",
	"f=abc\n--\nf=a*"},
    {"three backslashes: backslash and plain wildcard", ONE("f: 'a\\\\\\*'"), "f=a\\*",
	"f=a\\b\n--\nf=a*"},
    {"three backslashes without wildcard are two", ONE("f: 'a\\\\\\b'"), "f=a\\\\b", "f=a\\b"},
    {"four backslashes are two", ONE("f: 'a\\\\\\\\b'"), "f=a\\\\b", "f=a\\b"},
    /* Lists and maps */
    {"a list of strings is looked for in the whole message, with or",
	"  k: [EVILSERVICE, 'svchost.exe -n evil']\n  condition: k\n",
	"x=an evilservice here\n--\nanything svchost.exe -n evil", "x=svchost.exe"},
    {"keywords may hold wildcards", "  k: ['be*r']\n  condition: k\n", "x=a beer", "x=b"},
    {"keywords are found in values that were decoded out of the line",
	"  k: ['tab\\here']\n  condition: k\n", "x=tab\\here\n--\nf=\\x74ab\\here", "f=tab"},
    {"a list of maps is or",
	"  s:\n    - f|endswith: '\\ex.exe'\n    - g|contains: 'Test'\n  condition: s\n",
	"f=c:\\ex.exe\n--\ng=a test", "f=ex\n--\nh=test"},
    {"maps are and, lists of values or",
	"  s:\n    log: Security\n    id: [517, 1102]\n  condition: s\n",
	"log=Security\nid=517\n--\nid=1102\nlog=security",
	"log=Security\nid=5170\n--\nlog=System\nid=517"},
    {"numbers compare as they are written", ONE("id: 4769"), "id=4769",
	"id=04769\n--\nid=47690"},
    {"booleans compare as words", ONE("f: true"), "f=true\n--\nf=True", "f=1\n--\nf=false"},
    {"any of a field's several values may match", ONE("f: b"), "f=a\nf=b", "f=a\nf=c"},
    {"field names are exact", ONE("Field: b"), "Field=b", "field=b"},
    {"keys that are quoted numbers are fields", ONE("'1': b"), "1=b", "1=c"},
    /* Special values */
    {"'' is an empty value", ONE("f: ''"), "f=", "f=x\n--\ng="},
    {"null is no value", ONE("f: null"), "g=1", "f=x\n--\nf="},
    {"not null by another selection",
	"  s: {id: 1}\n  filter: {f: null}\n  condition: s and not filter\n", "id=1\nf=x",
	"id=1"},
    {"null in a list of values", ONE("f: [null, '', '-']"), "g=1\n--\nf=\n--\nf=-", "f=x"},
    /* Generic modifiers */
    {"contains", ONE("f|contains: ell"), "f=hello\n--\nf=ELL", "f=el"},
    {"startswith", ONE("f|startswith: he"), "f=hello\n--\nf=HE", "f=ahe"},
    {"endswith", ONE("f|endswith: lo"), "f=hello\n--\nf=LO", "f=lox"},
    {"all makes and of values", ONE("f|contains|all: [a, b]"), "f=xbxa", "f=a\n--\nf=b"},
    {"all of keywords", "  k:\n    '|all': [OabVirtual, ' -External ']\n  condition: k\n",
	"x -external y oabvirtual", "x=oabvirtual"},
    {"exists: true", ONE("f|exists: true"), "f=x\n--\nf=", "g=1"},
    {"exists: false", ONE("f|exists: false"), "g=1", "f=x\n--\nf="},
    {"cased", ONE("f|cased: AbC"), "f=AbC", "f=abc"},
    {"cased with contains", ONE("f|contains|cased: bC"), "f=AbCd", "f=abcd"},
    {"neq differs from the value", ONE("f|neq: a"), "f=b", "f=a\n--\nf=A"},
    {"neq differs from every value of a list", ONE("f|neq: [a, b]"), "f=c", "f=a\n--\nf=b"},
    {"wildcards inside of contains", ONE("f|contains: 'a*b'"), "f=xaxxbx", "f=ba"},
    /* String modifiers */
    {"windash takes any dash for any other", ONE("f|windash|contains: ' -f '"),
	"f=x -f y\n--\nf=x /f y\n--\nf=x \\xe2\\x80\\x93f y\n--\nf=x \\xe2\\x80\\x94f "
	"y\n--\nf=x \\xe2\\x80\\x95f y",
	"f=x f y\n--\nf=x +f y"},
    {"windash works behind contains too", ONE("f|contains|windash: '-a-b /c'"), "f=/a-b -c",
	"f=/a/b -c"},
    {"several dashes vary independently", ONE("f|windash|contains|all: ['-x 1 -y']"),
	"f=-x 1 /y\n--\nf=/x 1 -y", "f=x 1 y"},
    {"windash at both ends", ONE("f|windash|endswith: ' -q'"), "f=a /q", "f=a /q."},
    /* Regular expressions */
    {"re is case-sensitive and finds anywhere", ONE("f|re: 'b+c'"), "f=abbc", "f=aBBC"},
    {"re|i", ONE("f|re|i: 'b+c'"), "f=aBBC", "f=aBB"},
    {"re|m lets anchors match at lines", ONE("f|re|m: '^b$'"), "f=a\\nb\\nc", "f=a\\nbc"},
    {"without m they do not", ONE("f|re: '^b$'"), "f=b", "f=a\\nb\\nc"},
    {"re|s lets the dot match a newline", ONE("f|re|s: 'a.c'"), "f=a\\nc\n--\nf=abc", "f=ac"},
    {"without s it does not", ONE("f|re: 'a.c'"), "f=abc", "f=a\\nc"},
    {"re|i|m|s together", ONE("f|re|i|m|s: '^B.c$'"), "f=x\\nb\\nC", "f=xb\\nC"},
    {"re: classes, counts, groups, alternation", ONE("f|re: '^(foo|ba[rz]){2,3}[^x-z]?$'"),
	"f=foobar\n--\nf=barbazfooa", "f=foo\n--\nf=foobarx"},
    {"re: alternatives each with a text of their own", ONE("f|re: 'needle[0-9]+|hays?tack'"),
	"f=a needle7\n--\nf=haytack", "f=needle\n--\nf=haystac"},
    {"re: optional parts are not needed", ONE("f|re: 'abcdef(ghi)?jkl(mno)*'"),
	"f=abcdefjkl\n--\nf=abcdefghijkl", "f=abcdefghi"},
    {"re: inline flags", ONE("f|re: '(?i)evil\\.exe'"), "f=EVIL.EXE", "f=evilxexe"},
    {"re: look-ahead is no part of the text", ONE("f|re: 'abc(?!def)xyz'"), "f=abcxyz",
	"f=abcdefxyz"},
    {"re: hexadecimal characters", ONE("f|re: 'q\\x41\\x5cz'"), "f=qA\\z", "f=qa\\z"},
    {"re: backslashes are PCRE's, not Sigma's", ONE("f|re: '\\\\\\\\server'"), "f=\\\\server",
	"f=\\server"},
    {"re: all", ONE("f|re|all: ['a.b', 'c.d']"), "f=axb cxd", "f=axb"},
    /* Encodings */
    {"base64", ONE("f|base64: foobar"), "f=Zm9vYmFy", "f=foobar"},
    {"base64 with contains, padded", ONE("f|base64|contains: 'test1'"), "f=x dGVzdDE= y",
	"f=dGVzdDE"},
    {"base64offset at offset 0", ONE("f|base64offset|contains: 'foobar'"),
	"f=Zm9vYmFy\n--\nf=QUJDZm9vYmFy", "f=Zm9v"},
    {"base64offset at offset 1 and 2", ONE("f|base64offset|contains: 'foobar'"),
	"f=IGZvb2Jhcg==\n--\nf=QUJmb29iYXI=", "f=IGZvb2I="},
    {"wide", ONE("f|wide: cmd"), "f=c\\0m\\0d\\0", "f=cmd"},
    {"utf16le", ONE("f|utf16le|contains: cmd"), "f=xc\\0m\\0d\\0x", "f=\\0c\\0m\\0d"},
    {"utf16be", ONE("f|utf16be: cmd"), "f=\\0c\\0m\\0d", "f=c\\0m\\0d\\0"},
    {"utf16 begins with a byte order mark", ONE("f|utf16: cmd"), "f=\\xff\\xfec\\0m\\0d\\0",
	"f=c\\0m\\0d\\0"},
    {"wide, then base64offset", ONE("f|wide|base64offset|contains: 'spin'"),
	"f=cwBwAGkAbgA=\n--\nf=IHMAcABpAG4A", "f=spin"},
    /* Numbers */
    {"lt", ONE("n|lt: 10"), "n=9.5\n--\nn=-3", "n=10\n--\nn=x\n--\nm=1"},
    {"lte", ONE("n|lte: 10"), "n=10", "n=10.1"},
    {"gt", ONE("n|gt: 10"), "n=11\n--\nn=1e3", "n=10"},
    {"gte", ONE("n|gte: 1.5"), "n=1.5", "n=1.4"},
    {"neq of numbers", ONE("n|neq: 5"), "n=6", "n=5"},
    /* Time */
    {"minute", ONE("t|minute: 7"), "t=2026-11-23T01:07:59Z", "t=2026-11-23T07:01:59Z"},
    {"hour, compared", ONE("t|hour|gte: 22"), "t=2026-11-23 23:00:00",
	"t=2026-11-23 21:59:59\n--\nt=late"},
    {"hour takes no time zone into account", ONE("t|hour: 8"), "t=2026-11-23T08:00:00+09:00",
	"t=2026-11-22T23:00:00Z"},
    {"day", ONE("t|day: 23"), "t=2026-11-23", "t=2026-11-24"},
    {"week", ONE("t|week: 48"), "t=2026-11-23\n--\nt=2026-11-29",
	"t=2026-11-22\n--\nt=2026-11-30"},
    {"week 53 and week 1", ONE("t|week: [53, 1]"),
	"t=2026-12-31\n--\nt=2027-01-03\n--\nt=2027-01-04", "t=2026-12-27"},
    {"month", ONE("t|month: 11"), "t=2026-11-23T00:00:00Z", "t=2026-10-11T00:00:00Z"},
    {"year", ONE("t|year|lt: 2000"), "t=1999-12-31", "t=2000-01-01"},
    /* Addresses */
    {"cidr of IPv4", ONE("ip|cidr: 10.0.0.0/8"), "ip=10.1.2.3",
	"ip=11.0.0.1\n--\nip=::a00:1\n--\nip=host"},
    {"cidr that does not end at a byte", ONE("ip|cidr: 172.16.0.0/12"), "ip=172.31.255.255",
	"ip=172.32.0.0"},
    {"cidr of IPv6", ONE("ip|cidr: 'fe80::/10'"), "ip=fe80::1\n--\nip=FEBF::1",
	"ip=fec0::1\n--\nip=10.0.0.1"},
    {"cidr of one address", ONE("ip|cidr: 192.0.2.1"), "ip=192.0.2.1", "ip=192.0.2.2"},
    /* Field references */
    {"fieldref compares two fields", ONE("a|fieldref: b"), "a=X\nb=x",
	"a=x\nb=y\n--\na=x\n--\nb=x"},
    {"fieldref with contains", ONE("a|fieldref|contains: b"), "a=xyz\nb=Y", "a=xz\nb=y"},
    {"fieldref with startswith", ONE("a|fieldref|startswith: b"), "a=xyz\nb=xy", "a=xyz\nb=yz"},
    {"fieldref with endswith", ONE("a|fieldref|endswith: b"), "a=xyz\nb=yz", "a=xyz\nb=xy"},
    {"fieldref with neq", ONE("a|fieldref|neq: b"), "a=x\nb=y", "a=x\nb=X"},
    /* Conditions */
    {"or binds weaker than and, and than not",
	"  a: {a: 1}\n  b: {b: 1}\n  c: {c: 1}\n  condition: a or b and not c\n",
	"a=1\nc=1\n--\nb=1", "b=1\nc=1"},
    {"brackets", "  a: {a: 1}\n  b: {b: 1}\n  c: {c: 1}\n  condition: (a or b) and not c\n",
	"a=1\n--\nb=1", "a=1\nc=1"},
    {"not of brackets, doubled", "  a: {a: 1}\n  b: {b: 1}\n  condition: not (not (a and b))\n",
	"a=1\nb=1", "a=1\n--\nb=1"},
    {"not alone", "  a: {a: 1}\n  condition: not a\n", "a=2\n--\nb=1", "a=1"},
    {"1 of them", "  a: {a: 1}\n  b: {b: 1}\n  condition: 1 of them\n", "a=1\n--\nb=1", "c=1"},
    {"all of them", "  a: {a: 1}\n  b: {b: 1}\n  condition: all of them\n", "a=1\nb=1", "a=1"},
    {"them leaves out names that begin with _",
	"  a: {a: 1}\n  _b: {b: 1}\n  condition: all of them\n", "a=1", "b=1"},
    {"1 of a pattern",
	"  sel_a: {a: 1}\n  sel_b: {b: 1}\n  other: {c: 1}\n  condition: 1 of sel_*\n",
	"a=1\n--\nb=1", "c=1"},
    {"all of a pattern, and not one of another",
	"  sel_a: {a: 1}\n  sel_b: {b: 1}\n  f_x: {c: 1}\n  condition: all of sel_* and not 1 "
	"of f_*\n",
	"a=1\nb=1", "a=1\n--\na=1\nb=1\nc=1"},
    {"patterns may have * anywhere",
	"  a_sel: {a: 1}\n  b_sel_x: {b: 1}\n  condition: all of *_sel*\n", "a=1\nb=1", "a=1"},
    {"any of is 1 of", "  sel_a: {a: 1}\n  condition: any of sel_*\n", "a=1", "a=2"},
    {"a list of conditions is or", "  a: {a: 1}\n  b: {b: 1}\n  condition: [a, b]\n",
	"a=1\n--\nb=1", "c=1"},
    {"operators in capitals", "  a: {a: 1}\n  b: {b: 1}\n  condition: a AND NOT b\n", "a=1",
	"a=1\nb=1"},
    {"an identifier may be named like a word of the language",
	"  1: {a: 1}\n  all: {b: 1}\n  condition: 1 and all\n", "a=1\nb=1", "a=1"},
    {"timeframe is no search identifier",
	"  a: {a: 1}\n  timeframe: 5m\n  condition: all of them\n", "a=1", "a=2"},
};
#define N_SPECS (sizeof(specs) / sizeof(specs[0]))

/* The events of a text; returns how many. */
static unsigned
add_events(struct bed *b, const char *text)
{
	struct slice rest = slice_str(text), line;
	unsigned n = 0;

	while (rest.len > 0) {
		struct slice from = rest, event = {from.ptr, 0};

		while (rest.len > 0) {
			struct slice before = rest;

			slice_cut_line(&rest, &line);
			if (slice_is(line, "--"))
				break;
			event.len += before.len - rest.len;
		}
		bed_event(b, arena_strdup(b->mem, event));
		n++;
	}
	return n;
}

static void
check_spec(struct bed *b, const struct spec *s, const char *id)
{
	unsigned yes = add_events(b, s->yes);

	bed_run(b);
	if (bed_count(b, id) != yes)
		fail_msg(
		    "%s: %u of %u events matched that must", s->what, bed_count(b, id), yes);
	add_events(b, s->no);
	bed_run(b);
	if (bed_count(b, id) != 0)
		fail_msg("%s: %u events matched that must not", s->what, bed_count(b, id));
}

static void
every_sentence_holds_alone(void **state)
{
	for (size_t i = 0; i < N_SPECS; i++) {
		struct bed b;

		bed_open(&b);
		bed_add(&b, "spec.yml", slice_str(bed_rule(&b, "spec", specs[i].detection)));
		bed_compile(&b);
		if (bed_report(&b, 0).standing != SIGMA_LOADED)
			fail_msg(
			    "%s: %.*s", specs[i].what, SLICE_ARG(bed_report(&b, 0).reason));
		check_spec(&b, &specs[i], "spec");
		bed_close(&b);
	}
}

static void
every_sentence_holds_among_all_others(void **state)
{
	char id[32];
	struct bed b;

	bed_open(&b);
	for (size_t i = 0; i < N_SPECS; i++) {
		snprintf(id, sizeof(id), "spec-%03zu", i);
		bed_add(&b, id, slice_str(bed_rule(&b, id, specs[i].detection)));
	}
	bed_compile(&b);
	assert_int_equal(sigma_rule_count(b.set), N_SPECS);
	for (size_t i = 0; i < N_SPECS; i++) {
		snprintf(id, sizeof(id), "spec-%03zu", i);
		check_spec(&b, &specs[i], id);
	}
	bed_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_sentence_holds_alone),
	    cmocka_unit_test(every_sentence_holds_among_all_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
