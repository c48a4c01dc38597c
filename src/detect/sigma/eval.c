/* eval.c - is this rule true of this event?  Exact, one event at a time. */
#include "detect/sigma/model.h"

static struct slice
field_slice(enum field_id f)
{
	return slice_str(field_name(f));
}

/* The values at one place: the first, and what event_add() put behind it. */
static unsigned
place_values(
    const struct place *p, const struct event *ev, struct named_value *out, unsigned max)
{
	unsigned n = 0;

	if (p->field != FIELD_NONE) {
		if (!event_has(ev, p->field) || max == 0)
			return 0;
		out[n++] = (struct named_value){p->name, ev->value[p->field]};
	}
	for (unsigned i = 0; i < ev->n_extra && n < max; i++) {
		const struct event_extra *x = &ev->extra[i];

		if (x->field == p->field &&
		    (p->field != FIELD_NONE || slice_equal(x->name, p->name)))
			out[n++] = (struct named_value){p->name, x->value};
	}
	return n;
}

static bool
inside(struct slice v, struct slice whole)
{
	return v.len == 0 || (v.ptr >= whole.ptr && v.ptr + v.len <= whole.ptr + whole.len);
}

/* The line, then every value that is not a piece of it (unescaped, converted). */
static unsigned
raw_values(const struct event *ev, struct named_value *out, unsigned max)
{
	unsigned n = 0;

	out[n++] = (struct named_value){SLICE("event.original"), ev->raw};
	for (unsigned w = 0; w < EVENT_PRESENT_SIZE; w++)
		for (uint64_t bits = ev->present[w]; bits != 0 && n < max; bits &= bits - 1) {
			enum field_id f = w * 64 + (unsigned)__builtin_ctzll(bits);

			if (!inside(ev->value[f], ev->raw))
				out[n++] = (struct named_value){field_slice(f), ev->value[f]};
		}
	for (unsigned i = 0; i < ev->n_extra && n < max; i++)
		if (!inside(ev->extra[i].value, ev->raw))
			out[n++] = (struct named_value){ev->extra[i].name, ev->extra[i].value};
	return n;
}

unsigned
column_values(const struct column *columns, uint32_t column, const struct event *ev,
    struct named_value *out, unsigned max)
{
	const struct column *c = &columns[column];
	unsigned n = 0;

	if (column == COLUMN_RAW)
		return raw_values(ev, out, max);
	for (unsigned i = 0; i < c->n && (n == 0 || c->places[i].joined); i++)
		n += place_values(&c->places[i], ev, out + n, max - n);
	return n;
}

static bool
digits(struct slice s, size_t from, size_t n, int *out)
{
	uint64_t v;

	if (s.len < from + n || !slice_to_u64(slice_of(s.ptr + from, n), &v))
		return false;
	*out = (int)v;
	return true;
}

/* A part of "2026-11-23T01:07…" as it is written: no time zone is applied. */
static bool
time_part_of(struct slice s, enum time_part part, double *out)
{
	int year, month, day, hour = -1, minute = -1;
	int64_t days, thursday;

	if (!digits(s, 0, 4, &year) || !digits(s, 5, 2, &month) || !digits(s, 8, 2, &day) ||
	    s.ptr[4] != s.ptr[7] || month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	if (!digits(s, 11, 2, &hour) || !digits(s, 14, 2, &minute))
		hour = minute = -1;
	switch (part) {
	case TIME_MINUTE:
		*out = minute;
		return minute >= 0;
	case TIME_HOUR:
		*out = hour;
		return hour >= 0;
	case TIME_DAY:
		*out = day;
		return true;
	case TIME_MONTH:
		*out = month;
		return true;
	case TIME_YEAR:
		*out = year;
		return true;
	case TIME_WEEK:
		/* ISO 8601: a week belongs to the year of its Thursday; 1970-01-01 was one. */
		days = days_from_civil(year, month, day);
		thursday = days - ((days % 7 + 10) % 7) + 3;
		year = instant_to_civil(
		    (struct instant){thursday * 86400 * 1000000}, (struct span){0})
			   .year;
		*out = (double)((thursday - days_from_civil(year, 1, 1)) / 7 + 1);
		return true;
	case TIME_NONE:
		break;
	}
	return false;
}

static bool
compare(const struct atom *a, struct slice value)
{
	double v, want = a->u.compare.number;

	if (a->u.compare.part != TIME_NONE ? !time_part_of(value, a->u.compare.part, &v)
					   : !slice_to_double(value, &v))
		return false;
	switch (a->u.compare.op) {
	case COMPARE_LT:
		return v < want;
	case COMPARE_LTE:
		return v <= want;
	case COMPARE_GT:
		return v > want;
	case COMPARE_GTE:
		return v >= want;
	case COMPARE_EQ:
		return v == want;
	}
	return false;
}

static bool
same_as_field(struct evaluation *x, const struct atom *a, struct slice value)
{
	struct named_value others[VALUES_MAX];
	unsigned n = column_values(x->columns, a->u.field.column, x->ev, others, VALUES_MAX);
	struct part part = {.kind = PART_TEXT};
	struct pattern p = {a->u.field.at_start, a->u.field.at_end, a->u.field.cased, 1, &part};
	uint8_t folded[4096];

	for (unsigned i = 0; i < n; i++) {
		struct slice other = others[i].value;

		part.text = other;
		if (!p.cased && other.len > sizeof(folded)) {
			/* Too long to fold a copy of: only equality is looked at. */
			if (slice_equal_nocase(value, other))
				return true;
			continue;
		}
		if (!p.cased) {
			for (size_t k = 0; k < other.len; k++)
				folded[k] = fold_case(other.ptr[k]);
			part.text.ptr = folded;
		}
		if (other.len == 0 ? value.len == 0 : pattern_match(&p, value))
			return true;
	}
	return false;
}

/* Have the column's values at hand. */
static inline void
look_at(struct evaluation *x, uint32_t column)
{
	if (x->column == column)
		return;
	x->n_values = column_values(x->columns, column, x->ev, x->values, VALUES_MAX);
	x->column = column;
	x->has_ip = false;
}

/* Many ranges are asked of one address. */
static bool
in_range(struct evaluation *x, const struct ip_prefix *range, struct slice v)
{
	struct ip ip = {0};

	if (v.ptr != x->values[0].value.ptr)
		return ip_parse(v, &ip) && ip_prefix_covers(range, &ip);
	if (!x->has_ip && !ip_parse(v, &x->ip))
		x->ip.len = 0;
	x->has_ip = true;
	return x->ip.len > 0 && ip_prefix_covers(range, &x->ip);
}

static bool
value_true(struct evaluation *x, const struct atom *a, struct slice v)
{
	switch (a->kind) {
	case ATOM_PATTERN:
		return pattern_match(&a->u.pattern, v);
	case ATOM_REGEX:
		switch (regex_match(a->u.regex, x->regex, v)) {
		case REGEX_YES:
			return true;
		case REGEX_LIMIT:
			x->limits_met++;
			return false;
		case REGEX_NO:
			return false;
		}
		return false;
	case ATOM_CIDR:
		return in_range(x, &a->u.cidr, v);
	case ATOM_COMPARE:
		return compare(a, v);
	case ATOM_FIELD:
		return same_as_field(x, a, v);
	case ATOM_EXISTS:
	case ATOM_NULL:
		break;
	}
	return false;
}

void
evaluation_start(struct evaluation *x, const struct column *columns, const struct event *ev,
    struct regex_run *regex)
{
	x->columns = columns;
	x->ev = ev;
	x->regex = regex;
	x->limits_met = 0;
	x->column = UINT32_MAX;
}

/* *value is the one that matched. */
static bool
atom_true(struct evaluation *x, const struct atom *a, struct slice *name, struct slice *value)
{
	char stamp[INSTANT_TEXT_MAX];
	const struct named_value *values;
	unsigned n;

	*value = *name = (struct slice){0};
	if (a->column == COLUMN_TIME) {
		*name = SLICE("@timestamp");
		if (a->kind == ATOM_EXISTS || a->kind == ATOM_NULL)
			return (a->kind == ATOM_EXISTS && a->u.exists) == x->ev->timed;
		return x->ev->timed &&
		       value_true(x, a, slice_str(instant_format(x->ev->at, stamp)));
	}
	look_at(x, a->column);
	values = x->values;
	n = x->n_values;
	if (n > 0) {
		*name = values[0].name;
		*value = values[0].value;
	}
	if (a->kind == ATOM_EXISTS)
		return a->u.exists == (n > 0);
	if (a->kind == ATOM_NULL)
		return n == 0;
	for (unsigned i = 0; i < n; i++)
		if (value_true(x, a, values[i].value)) {
			*name = values[i].name;
			*value = values[i].value;
			return true;
		}
	return false;
}

bool
node_true(struct evaluation *x, const struct node *n)
{
	struct slice name, value;

	if (n->needs != COLUMN_NONE) {
		look_at(x, n->needs);
		if (x->n_values == 0)
			return false;
	}
	switch (n->kind) {
	case NODE_ATOM:
		return atom_true(x, n->u.atom, &name, &value);
	case NODE_NOT:
		return !node_true(x, n->u.kids[0]);
	case NODE_AND:
		for (uint32_t i = 0; i < n->n; i++)
			if (!node_true(x, n->u.kids[i]))
				return false;
		return true;
	case NODE_OR:
		for (uint32_t i = 0; i < n->n; i++)
			if (node_true(x, n->u.kids[i]))
				return true;
		return false;
	}
	return false;
}

unsigned
node_matches(
    struct evaluation *x, const struct node *n, struct matched_field *out, unsigned max)
{
	struct slice name, value;
	unsigned count = 0;

	switch (n->kind) {
	case NODE_ATOM:
		if (max == 0 || !atom_true(x, n->u.atom, &name, &value) || value.ptr == NULL)
			return 0;
		out[0] = (struct matched_field){name, value, n->u.atom->shown};
		return 1;
	case NODE_NOT:
		return 0;
	case NODE_AND:
		for (uint32_t i = 0; i < n->n; i++)
			count += node_matches(x, n->u.kids[i], out + count, max - count);
		return count;
	case NODE_OR:
		for (uint32_t i = 0; i < n->n; i++)
			if (node_true(x, n->u.kids[i]))
				return node_matches(x, n->u.kids[i], out, max);
		return 0;
	}
	return 0;
}
