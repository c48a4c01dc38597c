/* rule.c - see rule.h. */
#include "detect/indicator/rule.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/hash.h"

/* Longest texts of one rule: a URL four times, names and notes. */
#define TEXTS_MAX (8 * URL_MAX + 16384)

struct rule_node {
	struct rule_node *next;
	uint32_t place;
	struct slice text;
	struct rule_info info;
	uint8_t bytes[]; /* what the slices above point into */
};

static const struct {
	const char *name;
	struct text2 title, description, advice, falsepositives;
	enum level level;
} kinds[] = {
#define KIND(id, name, level, title, title_ja, why, why_ja, advice, advice_ja, fp, fp_ja)      \
	[INDICATOR_##id] = {name, {SLICE_LITERAL(title), SLICE_LITERAL(title_ja)},             \
	    {SLICE_LITERAL(why), SLICE_LITERAL(why_ja)},                                       \
	    {SLICE_LITERAL(advice), SLICE_LITERAL(advice_ja)},                                 \
	    {SLICE_LITERAL(fp), SLICE_LITERAL(fp_ja)}, LEVEL_##level},
#include "detect/indicator/kinds.def"
#undef KIND
};

const char *
indicator_kind_name(enum indicator_kind k)
{
	return kinds[k].name;
}

struct rule_cache *
rule_cache_new(void)
{
	static const struct slice ids[] = {
#define KIND(id, name, ...) [INDICATOR_##id] = SLICE_LITERAL("indicator:" name),
#include "detect/indicator/kinds.def"
#undef KIND
	};
	struct rule_cache *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	for (int k = 0; k < INDICATOR_KIND_COUNT; k++)
		c->overflow[k] = (struct rule_info){
		    .detector = "indicator",
		    .id = ids[k],
		    .title = kinds[k].title,
		    .description = kinds[k].description,
		    .advice = kinds[k].advice,
		    .falsepositives = kinds[k].falsepositives,
		    .level = kinds[k].level,
		    .severity = level_severity(kinds[k].level),
		};
	return c;
}

void
rule_cache_free(struct rule_cache *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < RULE_HEADS; i++)
		for (struct rule_node *n = atomic_load(&c->heads[i]); n != NULL;) {
			struct rule_node *next = n->next;

			free(n);
			n = next;
		}
	free(c);
}

/* Append the parts and return where they are in the buffer, as an offset in `ptr`'s place. */
static struct slice
join(struct buf *b, size_t n, const struct slice *parts)
{
	size_t start = b->len;

	for (size_t i = 0; i < n; i++)
		buf_add(b, parts[i]);
	return (struct slice){(const uint8_t *)(uintptr_t)start, b->len - start};
}

#define JOIN(b, ...)                                                                           \
	join(b, sizeof((struct slice[]){__VA_ARGS__}) / sizeof(struct slice),                  \
	    (struct slice[]){__VA_ARGS__})

/* A text that starts as the kind's own and goes on with what the list says. */
static struct slice
described(struct buf *b, struct slice own, const struct origin *o, const char *called,
    const char *says)
{
	size_t start = b->len;

	buf_add(b, own);
	if (o->name.len > 0) {
		buf_add_str(b, called);
		buf_add(b, o->name);
	}
	if (o->note.len > 0) {
		buf_add_str(b, says);
		buf_add(b, o->note);
	}
	return (struct slice){(const uint8_t *)(uintptr_t)start, b->len - start};
}

static void
settle(struct slice *s, const uint8_t *bytes)
{
	s->ptr = bytes + (uintptr_t)s->ptr;
}

static struct rule_node *
node_new(const struct table *t, uint32_t place)
{
	struct entry en = table_entry(t, place);
	const struct origin *o = &t->origins[en.origin];
	char value[ENTRY_TEXT_MAX];
	struct slice v = slice_of(value, entry_text(&en, value));
	struct buf b = BUF_INIT(TEXTS_MAX);
	struct rule_info r = {.detector = "indicator"};
	struct rule_node *n = NULL;
	struct slice text;

	text = JOIN(&b, v);
	r.id = JOIN(&b, SLICE("indicator:"), slice_str(kinds[en.kind].name), SLICE(":"), v);
	r.title.en = JOIN(
	    &b, kinds[en.kind].title.en, SLICE(": "), v, SLICE(" (list "), o->list, SLICE(")"));
	r.title.ja = JOIN(&b, kinds[en.kind].title.ja, SLICE(": "), v, SLICE(" (リスト "),
	    o->list, SLICE(")"));
	r.description.en = described(
	    &b, kinds[en.kind].description.en, o, "\nListed as: ", "\nThe list says: ");
	r.description.ja =
	    described(&b, kinds[en.kind].description.ja, o, "\n掲載名: ", "\nリストの記載: ");
	if (!b.failed && (n = malloc(sizeof(*n) + b.len)) != NULL) {
		*n = (struct rule_node){.place = place, .text = text, .info = r};
		memcpy(n->bytes, b.ptr, b.len);
		settle(&n->text, n->bytes);
		settle(&n->info.id, n->bytes);
		settle(&n->info.title.en, n->bytes);
		settle(&n->info.title.ja, n->bytes);
		settle(&n->info.description.en, n->bytes);
		settle(&n->info.description.ja, n->bytes);
		n->info.advice = kinds[en.kind].advice;
		n->info.falsepositives = kinds[en.kind].falsepositives;
		n->info.references = o->references;
		n->info.level = table_level(t, &en);
		n->info.severity = table_severity(t, &en);
	}
	buf_release(&b);
	return n;
}

static struct rule_node *
find_node(struct rule_node *n, uint32_t place)
{
	while (n != NULL && n->place != place)
		n = n->next;
	return n;
}

const struct rule_info *
rule_of_entry(struct rule_cache *c, const struct table *t, uint32_t place, struct slice *text)
{
	_Atomic(struct rule_node *) *head = &c->heads[hash_u64(place) % RULE_HEADS];
	struct rule_node *first = atomic_load_explicit(head, memory_order_acquire);
	struct rule_node *n = find_node(first, place), *made, *other;

	if (n == NULL && atomic_load(&c->count) >= RULES_MAX) {
		*text = (struct slice){0};
		return &c->overflow[table_entry(t, place).kind];
	}
	if (n == NULL) {
		if ((made = node_new(t, place)) == NULL)
			return NULL;
		/* Another thread may add the same one meanwhile: then that one is it. */
		do {
			made->next = first;
			other = find_node(first, place);
		} while (other == NULL && !atomic_compare_exchange_weak(head, &first, made));
		if (other != NULL)
			free(made);
		else
			atomic_fetch_add(&c->count, 1);
		n = other != NULL ? other : made;
	}
	*text = n->text;
	return &n->info;
}
