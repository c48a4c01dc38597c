/* alert.c - see alert.h.  The set is a hash table over alert ids; its bytes live in one arena.
 */
#include "detect/alert.h"

#include <assert.h>
#include <sodium/crypto_hash_sha256.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/utf8.h"

/* A raw line in an alert is evidence to read; the batch log has the whole. */
#define RAW_MAX	  (16 * 1024)
#define VALUE_MAX (4 * 1024)

/* What a set may hold: some million alerts.  Past it the machine is refusing. */
#define SET_MEMORY ((size_t)4 << 30)

struct slot {
	uint64_t hash;
	struct alert *alert; /* NULL: free */
};

struct alert_set {
	struct arena *mem;
	struct slot *slots; /* a power of two, at most half full */
	size_t n_slots;
	size_t count;
	struct rule_info **rules; /* copies, by hash of (detector, id) */
	size_t n_rules, cap_rules;
	struct alert **sorted; /* NULL until asked for */
};

/* ---- identity ---- */

static void
hash_part(crypto_hash_sha256_state *h, struct slice s)
{
	uint8_t len[8];

	for (int i = 0; i < 8; i++)
		len[i] = (uint8_t)((uint64_t)s.len >> (8 * i));
	crypto_hash_sha256_update(h, len, sizeof(len));
	if (s.len > 0)
		crypto_hash_sha256_update(h, s.ptr, s.len);
}

/* SHA-256 over the length-prefixed parts of the group, first half, in hexadecimal. */
static void
identify(char out[ALERT_ID_LEN + 1], struct slice rule, struct slice institution,
    struct slice entity_kind, struct slice entity, struct instant window)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t sum[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state h;

	crypto_hash_sha256_init(&h);
	hash_part(&h, rule);
	hash_part(&h, institution);
	hash_part(&h, entity_kind);
	hash_part(&h, entity);
	hash_part(&h, slice_of(&window.us, sizeof(window.us)));
	crypto_hash_sha256_final(&h, sum);
	for (int i = 0; i < ALERT_ID_LEN / 2; i++) {
		out[2 * i] = digits[sum[i] >> 4];
		out[2 * i + 1] = digits[sum[i] & 15];
	}
	out[ALERT_ID_LEN] = '\0';
}

/* ---- lines ---- */

static int
line_compare(const struct alert_line *a, const struct alert_line *b)
{
	int c;

	if (a->at.us != b->at.us)
		return a->at.us < b->at.us ? -1 : 1;
	if ((c = slice_compare(a->source, b->source)) != 0)
		return c;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return slice_compare(a->raw, b->raw);
}

/* Put l among the earliest lines; false when it is too late to be one of them. */
static bool
keep_line(struct alert *a, const struct alert_line *l)
{
	unsigned at = a->n_lines;

	if (at == ALERT_LINES_MAX && line_compare(l, &a->lines[at - 1]) >= 0)
		return false;
	if (at < ALERT_LINES_MAX)
		a->n_lines++;
	else
		at--;
	for (; at > 0 && line_compare(l, &a->lines[at - 1]) < 0; at--)
		a->lines[at] = a->lines[at - 1];
	a->lines[at] = *l;
	return true;
}

void
alert_merge(struct alert *into, const struct alert *from)
{
	into->count += from->count;
	if (instant_before(from->first_seen, into->first_seen))
		into->first_seen = from->first_seen;
	if (instant_before(into->last_seen, from->last_seen))
		into->last_seen = from->last_seen;
	for (unsigned i = 0; i < from->n_lines; i++)
		if (!keep_line(into, &from->lines[i]))
			break;
}

/* ---- copies ---- */

/* Text that survives JSON: bytes that are not UTF-8, and NUL, become \xHH; cut at max. */
static struct slice
visible(struct arena *mem, struct slice s, size_t max)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t *out;
	size_t n = 0, len;

	s = utf8_cut(s, max);
	if (memchr(s.ptr == NULL ? (const uint8_t *)"" : s.ptr, 0, s.len) == NULL &&
	    utf8_valid(s))
		return arena_dup(mem, s);
	if ((out = arena_alloc(mem, s.len * 4)) == NULL)
		return (struct slice){0};
	while (s.len > 0) {
		if (s.ptr[0] != 0 && (len = utf8_length(s)) > 0) {
			memcpy(out + n, s.ptr, len);
			n += len;
		} else {
			len = 1;
			out[n++] = '\\';
			out[n++] = 'x';
			out[n++] = digits[s.ptr[0] >> 4];
			out[n++] = digits[s.ptr[0] & 15];
		}
		s = slice_from(s, len);
	}
	return slice_of(out, n);
}

static struct text2
copy_text2(struct arena *mem, struct text2 t)
{
	return (struct text2){visible(mem, t.en, RAW_MAX), visible(mem, t.ja, RAW_MAX)};
}

static struct rule_info *
copy_rule(struct arena *mem, const struct rule_info *r)
{
	struct rule_info *out = arena_zalloc(mem, sizeof(*out));
	struct slice *attack = arena_array(mem, r->n_attack, sizeof(*attack));

	if (out == NULL || attack == NULL)
		return NULL;
	*out = *r;
	out->id = visible(mem, r->id, VALUE_MAX);
	out->title = copy_text2(mem, r->title);
	out->description = copy_text2(mem, r->description);
	out->advice = copy_text2(mem, r->advice);
	out->falsepositives = copy_text2(mem, r->falsepositives);
	out->references = visible(mem, r->references, RAW_MAX);
	out->author = visible(mem, r->author, VALUE_MAX);
	for (unsigned i = 0; i < r->n_attack; i++)
		attack[i] = visible(mem, r->attack[i], VALUE_MAX);
	out->attack = attack;
	return out;
}

/* Our copy of a rule, made at its first finding. */
static const struct rule_info *
rule_of(struct alert_set *s, const struct rule_info *r)
{
	size_t at;

	if (s->n_rules * 2 >= s->cap_rules) {
		size_t cap = s->cap_rules == 0 ? 64 : s->cap_rules * 2;
		struct rule_info **rules = calloc(cap, sizeof(*rules));
		if (rules == NULL)
			return NULL;
		for (size_t i = 0; i < s->cap_rules; i++) {
			if (s->rules[i] == NULL)
				continue;
			at = hash_bytes(s->rules[i]->id, 0) & (cap - 1);
			while (rules[at] != NULL)
				at = (at + 1) & (cap - 1);
			rules[at] = s->rules[i];
		}
		free(s->rules);
		s->rules = rules;
		s->cap_rules = cap;
	}
	at = hash_bytes(r->id, 0) & (s->cap_rules - 1);
	for (; s->rules[at] != NULL; at = (at + 1) & (s->cap_rules - 1))
		if (slice_equal(s->rules[at]->id, r->id))
			return s->rules[at];
	struct rule_info *ours = copy_rule(s->mem, r);
	if (ours != NULL) {
		s->rules[at] = ours;
		s->n_rules++;
	}
	return ours;
}

/* ---- the set ---- */

struct alert_set *
alert_set_new(void)
{
	struct alert_set *s = calloc(1, sizeof(*s));

	if (s == NULL || (s->mem = arena_new(SET_MEMORY)) == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

void
alert_set_clear(struct alert_set *s)
{
	arena_reset(s->mem);
	if (s->slots != NULL)
		memset(s->slots, 0, s->n_slots * sizeof(*s->slots));
	if (s->rules != NULL)
		memset(s->rules, 0, s->cap_rules * sizeof(*s->rules));
	free(s->sorted);
	s->sorted = NULL;
	s->count = s->n_rules = 0;
}

void
alert_set_free(struct alert_set *s)
{
	if (s == NULL)
		return;
	arena_free(s->mem);
	free(s->slots);
	free(s->rules);
	free(s->sorted);
	free(s);
}

static struct slot *
find_slot(struct slot *slots, size_t n, uint64_t hash, const char *id)
{
	size_t at = hash & (n - 1);

	while (slots[at].alert != NULL &&
	       (slots[at].hash != hash || memcmp(slots[at].alert->id, id, ALERT_ID_LEN) != 0))
		at = (at + 1) & (n - 1);
	return &slots[at];
}

static int
grow(struct alert_set *s, struct err *e)
{
	size_t n = s->n_slots == 0 ? 256 : s->n_slots * 2;
	struct slot *slots = calloc(n, sizeof(*slots));

	if (slots == NULL)
		return err_set(e, "not enough memory for %zu alerts", s->count + 1);
	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slots[i].alert != NULL)
			*find_slot(slots, n, s->slots[i].hash, s->slots[i].alert->id) =
			    s->slots[i];
	free(s->slots);
	s->slots = slots;
	s->n_slots = n;
	return 0;
}

/* The alert of this id and where it belongs; *slot is free when it is new. */
static int
look_up(struct alert_set *s, const char *id, struct slot **slot, uint64_t *hash, struct err *e)
{
	if (s->count * 2 >= s->n_slots && grow(s, e) != 0)
		return -1;
	*hash = hash_bytes(slice_of(id, ALERT_ID_LEN), 0);
	*slot = find_slot(s->slots, s->n_slots, *hash, id);
	free(s->sorted);
	s->sorted = NULL;
	return 0;
}

static struct alert_line
copy_line(struct arena *mem, const struct alert_line *l)
{
	struct alert_line out = *l;

	out.batch = visible(mem, l->batch, VALUE_MAX);
	out.source = visible(mem, l->source, VALUE_MAX);
	out.raw = visible(mem, l->raw, RAW_MAX);
	if (out.n_fields > ALERT_FIELDS_MAX)
		out.n_fields = ALERT_FIELDS_MAX;
	if ((out.fields = arena_array(mem, out.n_fields, sizeof(*out.fields))) == NULL)
		out.n_fields = 0;
	for (unsigned i = 0; i < out.n_fields; i++) {
		out.fields[i].name = visible(mem, l->fields[i].name, VALUE_MAX);
		out.fields[i].value = visible(mem, l->fields[i].value, VALUE_MAX);
		out.fields[i].pattern = visible(mem, l->fields[i].pattern, VALUE_MAX);
	}
	return out;
}

/* Merge an alert whose slices are somebody else's; copies only what stays. */
static int
take(struct alert_set *s, const struct alert *theirs, struct err *e)
{
	struct slot *slot;
	uint64_t hash;

	if (look_up(s, theirs->id, &slot, &hash, e) != 0)
		return -1;
	if (slot->alert == NULL) {
		struct alert *a = arena_alloc(s->mem, sizeof(*a));
		if (a == NULL)
			return err_set(e, "not enough memory for %zu alerts", s->count + 1);
		*a = *theirs;
		a->institution = visible(s->mem, theirs->institution, VALUE_MAX);
		a->entity_kind = visible(s->mem, theirs->entity_kind, VALUE_MAX);
		a->entity = visible(s->mem, theirs->entity, VALUE_MAX);
		a->rule = rule_of(s, theirs->rule);
		for (unsigned i = 0; i < a->n_lines; i++)
			a->lines[i] = copy_line(s->mem, &theirs->lines[i]);
		if (a->rule == NULL || arena_full(s->mem))
			return err_set(e, "not enough memory for %zu alerts", s->count + 1);
		*slot = (struct slot){hash, a};
		s->count++;
		return 0;
	}
	struct alert merged = *theirs;
	merged.n_lines = 0;
	for (unsigned i = 0; i < theirs->n_lines; i++) {
		const struct alert *a = slot->alert;
		if (a->n_lines == ALERT_LINES_MAX &&
		    line_compare(&theirs->lines[i], &a->lines[a->n_lines - 1]) >= 0)
			break;
		merged.lines[merged.n_lines++] = copy_line(s->mem, &theirs->lines[i]);
	}
	alert_merge(slot->alert, &merged);
	return arena_full(s->mem) ? err_set(e, "not enough memory for the lines of alerts") : 0;
}

int
alert_set_add(
    struct alert_set *s, const struct batch *b, const struct finding *f, struct err *e)
{
	struct alert a = {
	    .first_seen = f->at,
	    .last_seen = f->at,
	    .count = 1,
	    .institution = b->institution,
	    .rule = f->rule,
	    .entity_kind = f->entity_kind,
	    .entity = f->entity,
	    .n_lines = 1,
	    .lines = {{
		.batch = b->id,
		.source = b->source,
		.offset = b->offset + f->offset,
		.at = f->at,
		.raw = f->raw,
		.n_fields = f->n_fields,
		.fields = f->fields,
	    }},
	};

	identify(a.id, f->rule->id, b->institution, f->entity_kind, f->entity,
	    instant_floor(f->at, ALERT_WINDOW));
	return take(s, &a, e);
}

int
alert_set_merge(struct alert_set *to, struct alert_set *from, struct err *e)
{
	for (size_t i = 0; i < from->n_slots; i++)
		if (from->slots[i].alert != NULL && take(to, from->slots[i].alert, e) != 0)
			return -1;
	return 0;
}

size_t
alert_set_count(const struct alert_set *s)
{
	return s->count;
}

static int
by_first_seen(const void *x, const void *y)
{
	const struct alert *a = *(struct alert *const *)x, *b = *(struct alert *const *)y;

	if (a->first_seen.us != b->first_seen.us)
		return a->first_seen.us < b->first_seen.us ? -1 : 1;
	return memcmp(a->id, b->id, ALERT_ID_LEN);
}

const struct alert *
alert_set_at(struct alert_set *s, size_t i)
{
	assert(i < s->count);
	if (s->sorted == NULL) {
		size_t n = 0;
		s->sorted = calloc(s->count, sizeof(*s->sorted));
		assert(s->sorted != NULL);
		for (size_t k = 0; k < s->n_slots; k++)
			if (s->slots[k].alert != NULL)
				s->sorted[n++] = s->slots[k].alert;
		qsort(s->sorted, n, sizeof(*s->sorted), by_first_seen);
	}
	return s->sorted[i];
}
