/*
 * agree_test.c - the search finds exactly what a naive reading of the rules finds.
 *
 * Random rules over random events, seeded.  The naive reading shares nothing
 * with the engine: it matches globs by recursion and walks the rule as generated.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "bed.h"

#define RULES	250
#define EVENTS	600
#define FIELDS	4
#define SELECTS 3
#define ITEMS	2
#define VALUES	3

enum op { EQUALS, CONTAINS, STARTS, ENDS, REGEX, NOTHING, N_OPS };
static const char *const op_names[] = {"", "|contains", "|startswith", "|endswith", "|re", ""};

struct item {
	unsigned field;
	enum op op;
	bool all, cased;
	unsigned n;
	char values[VALUES][64];
};

struct selection {
	unsigned n;
	struct item items[ITEMS];
};

/* A condition in which every selection stands once: "(not) s0 OP ((not) s1 OP (not) s2)". */
struct random_rule {
	unsigned n;
	struct selection selections[SELECTS];
	bool not [SELECTS], or [SELECTS];
};

static uint64_t state;

static unsigned
below(unsigned n)
{
	return (unsigned)(hash_u64(state++ * 0x9e3779b97f4a7c15u) % n);
}

static const char *const words[] = {"needle", "mimikatz", "Cobalt", ".exe", "/gate", "a", "B",
    "-x ", "9", "zz", "powershell", "?id=", "\xe3\x81\x82", "%2f", "..", "Q"};

static void
random_words(char *out, size_t size, unsigned most)
{
	unsigned n = below(most) + 1;

	out[0] = '\0';
	for (unsigned i = 0; i < n; i++)
		strncat(out, words[below(sizeof(words) / sizeof(words[0]))],
		    size - strlen(out) - 1);
}

/* A value as the rule has it: words, now and then a wildcard; what is special in words is
 * escaped. */
static void
random_value(struct item *it, char *out)
{
	char text[48];
	size_t n = 0;

	random_words(text, sizeof(text) / 2, 2);
	for (const char *p = text; *p != '\0' && n < 56; p++) {
		if (*p == '?' || (it->op == REGEX && *p == '.'))
			out[n++] = '\\';
		out[n++] = *p;
	}
	if (it->op == REGEX) {
		n += (size_t)sprintf(out + n, "%s", below(2) ? ".*" : "");
		out[n++] = "abQ9z"[below(5)];
	} else if (below(6) == 0) {
		out[n++] = below(2) ? '*' : '?';
		out[n++] = "abQ9z"[below(5)];
	}
	out[n] = '\0';
}

static void
random_rule(struct random_rule *r)
{
	r->n = below(SELECTS) + 1;
	for (unsigned s = 0; s < r->n; s++) {
		struct selection *sel = &r->selections[s];

		r->not [s] = below(4) == 0;
		r->or [s] = below(3) == 0;
		sel->n = below(ITEMS) + 1;
		for (unsigned i = 0; i < sel->n; i++) {
			struct item *it = &sel->items[i];

			it->field = (i * 2 + below(2)) % FIELDS;
			it->op = (enum op)below(N_OPS);
			it->n = it->op == NOTHING ? 1 : below(VALUES) + 1;
			it->all = it->op != NOTHING && below(5) == 0;
			it->cased = it->op < REGEX && below(5) == 0;
			for (unsigned v = 0; v < it->n; v++)
				random_value(it, it->values[v]);
		}
	}
}

static void
write_rule(struct buf *b, const struct random_rule *r, unsigned id)
{
	buf_printf(
	    b, "---\ntitle: r%u\nid: r%05u\nlogsource: {category: test}\ndetection:\n", id, id);
	for (unsigned s = 0; s < r->n; s++) {
		buf_printf(b, "  s%u:\n", s);
		for (unsigned i = 0; i < r->selections[s].n; i++) {
			const struct item *it = &r->selections[s].items[i];

			buf_printf(b, "    f%u%s%s%s:\n", it->field, op_names[it->op],
			    it->all ? "|all" : "", it->cased ? "|cased" : "");
			for (unsigned v = 0; v < it->n; v++)
				if (it->op == NOTHING)
					buf_add_str(b, "      - null\n");
				else
					buf_printf(b, "      - '%s'\n", it->values[v]);
		}
	}
	buf_add_str(b, "  condition: ");
	for (unsigned s = 0; s < r->n; s++)
		buf_printf(b, "%ss%u%s", r->not [s] ? "not " : "", s,
		    s + 1 == r->n ? ""
		    : r->or [s]	  ? " or ("
				  : " and (");
	for (unsigned s = 1; s < r->n; s++)
		buf_add_byte(b, ')');
	buf_add_byte(b, '\n');
}

static char
low(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* The length of the character at v: the words hold one of three bytes. */
static size_t
char_length(const char *v)
{
	return (unsigned char)*v == 0xe3 ? 3 : 1;
}

static bool
glob(const char *p, const char *v, bool cased)
{
	if (*p == '\0')
		return *v == '\0';
	if (*p == '*')
		return glob(p + 1, v, cased) || (*v != '\0' && glob(p, v + 1, cased));
	if (*v == '\0')
		return false;
	if (*p == '?')
		return glob(p + 1, v + char_length(v), cased);
	if (*p == '\\' && (p[1] == '?' || p[1] == '*' || p[1] == '\\'))
		p++;
	return (cased ? *p == *v : low(*p) == low(*v)) && glob(p + 1, v + 1, cased);
}

/* Our expressions: escaped words, perhaps ".*", then one character. */
static bool
regex_here(const char *p, const char *v)
{
	if (*p == '\0')
		return true;
	if (p[0] == '.' && p[1] == '*')
		return regex_here(p + 2, v) || (*v != '\0' && regex_here(p, v + 1));
	if (*p == '\\')
		p++;
	return *p == *v && regex_here(p + 1, v + 1);
}

static bool
value_matches(const struct item *it, const char *pattern, const char *v)
{
	char wide[80];

	if (it->op == REGEX) {
		for (;; v++)
			if (regex_here(pattern, v))
				return true;
			else if (*v == '\0')
				return false;
	}
	snprintf(wide, sizeof(wide), "%s%s%s", it->op == CONTAINS || it->op == ENDS ? "*" : "",
	    pattern, it->op == CONTAINS || it->op == STARTS ? "*" : "");
	return glob(wide, v, it->cased);
}

static bool
naive(const struct random_rule *r, const char *const *fields)
{
	bool found = false;

	/* From the right, as the brackets stand. */
	for (unsigned s = r->n; s-- > 0;) {
		bool here = true;

		for (unsigned i = 0; i < r->selections[s].n; i++) {
			const struct item *it = &r->selections[s].items[i];
			const char *v = fields[it->field];
			bool one = it->all;

			for (unsigned k = 0; k < it->n; k++) {
				bool m = it->op == NOTHING
					     ? v == NULL
					     : v != NULL && value_matches(it, it->values[k], v);

				one = it->all ? one && m : one || m;
			}
			here = here && one;
		}
		here = here != r->not [s];
		found = s + 1 == r->n ? here : r->or [s] ? here || found : here && found;
	}
	return found;
}

static unsigned
rule_number(const struct rule_info *info)
{
	uint64_t n = RULES;

	assert_true(slice_to_u64(slice_from(info->id, 1), &n) && n < RULES);
	return (unsigned)n;
}

static void
check_seed(uint64_t seed)
{
	static struct random_rule rules[RULES];
	static char texts[EVENTS][FIELDS][64];
	static bool present[EVENTS][FIELDS];
	static bool engine[EVENTS][RULES];
	struct buf yaml = BUF_INIT(1 << 22), event = BUF_INIT(4096);
	unsigned matches = 0;
	struct bed b;

	state = seed * 1000003;
	bed_open(&b);
	for (unsigned r = 0; r < RULES; r++) {
		random_rule(&rules[r]);
		write_rule(&yaml, &rules[r], r);
	}
	bed_add(&b, "random.yml", buf_slice(&yaml));
	bed_compile(&b);
	for (unsigned r = 0; r < RULES; r++)
		if (bed_report(&b, r).standing != SIGMA_LOADED)
			fail_msg("seed %u: %.*s", (unsigned)seed,
			    SLICE_ARG(bed_report(&b, r).reason));
	for (unsigned i = 0; i < EVENTS; i++) {
		buf_reset(&event);
		for (unsigned f = 0; f < FIELDS; f++) {
			present[i][f] = below(5) != 0;
			random_words(texts[i][f], sizeof(texts[i][f]), 4);
			if (present[i][f])
				buf_printf(&event, "f%u=%s\n", f, texts[i][f]);
		}
		bed_event(&b, arena_strdup(b.mem, buf_slice(&event)));
	}
	bed_run(&b);
	memset(engine, 0, sizeof(engine));
	for (const struct finding *f = b.found.first; f != NULL; f = f->next)
		engine[f->offset / 100][rule_number(f->rule)] = true;
	for (unsigned i = 0; i < EVENTS; i++)
		for (unsigned r = 0; r < RULES; r++) {
			const char *fields[FIELDS];
			bool want;

			for (unsigned f = 0; f < FIELDS; f++)
				fields[f] = present[i][f] ? texts[i][f] : NULL;
			want = naive(&rules[r], fields);
			matches += want;
			if (want == engine[i][r])
				continue;
			buf_reset(&yaml);
			write_rule(&yaml, &rules[r], r);
			fail_msg("seed %u: expected %d of the event\n%.*s\nand the rule\n%s",
			    (unsigned)seed, want, SLICE_ARG(b.events[i].raw), buf_str(&yaml));
		}
	/* A test in which nothing matches, or all, would agree on nothing. */
	assert_true(matches > EVENTS * RULES / 100 && matches < EVENTS * RULES * 3 / 4);
	bed_close(&b);
	buf_release(&yaml);
	buf_release(&event);
}

static void
search_and_naive_reading_agree(void **unused)
{
	for (uint64_t seed = 1; seed <= 12; seed++)
		check_seed(seed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(search_and_naive_reading_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
