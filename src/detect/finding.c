/* finding.c - see finding.h. */
#include "detect/finding.h"

static const struct {
	const char *name;
	unsigned severity;
} levels[] = {
    [LEVEL_INFORMATIONAL] = {"informational", 10},
    [LEVEL_LOW] = {"low", 25},
    [LEVEL_MEDIUM] = {"medium", 50},
    [LEVEL_HIGH] = {"high", 75},
    [LEVEL_CRITICAL] = {"critical", 95},
};

/* Who an event is about, in order of preference; the rest of the classes take the default row.
 */
#define ENTITY_CHOICES 4
static const enum field_id entities[EVENT_CLASS_COUNT][ENTITY_CHOICES] = {
    [EVENT_PROCESS] = {FIELD_HOST_NAME, FIELD_USER_NAME, FIELD_SOURCE_IP, FIELD_NONE},
    [EVENT_FILE] = {FIELD_HOST_NAME, FIELD_SOURCE_IP, FIELD_USER_NAME, FIELD_NONE},
    [EVENT_AUTH] = {FIELD_USER_NAME, FIELD_SOURCE_IP, FIELD_HOST_NAME, FIELD_NONE},
};
static const enum field_id entity_default[ENTITY_CHOICES] = {
    FIELD_SOURCE_IP, FIELD_CLIENT_IP, FIELD_HOST_NAME, FIELD_USER_NAME};

const char *
level_name(enum level l)
{
	return levels[l].name;
}

bool
level_by_name(struct slice name, enum level *out)
{
	for (int l = LEVEL_INFORMATIONAL; l <= LEVEL_CRITICAL; l++)
		if (slice_equal_nocase(name, slice_str(levels[l].name))) {
			*out = (enum level)l;
			return true;
		}
	return false;
}

unsigned
level_severity(enum level l)
{
	return levels[l].severity;
}

static enum field_id
entity_field(const struct event *ev)
{
	/* Row 0 of the designated table is SOURCE_IP too, so an unset row reads as the default.
	 */
	const enum field_id *row =
	    entities[ev->class][0] == (enum field_id)0 ? entity_default : entities[ev->class];

	for (int i = 0; i < ENTITY_CHOICES && row[i] != FIELD_NONE; i++)
		if (event_get(ev, row[i]).len > 0)
			return row[i];
	return FIELD_NONE;
}

void
findings_add(struct findings *out, const struct rule_info *rule, const struct event *ev,
    uint64_t offset, const struct matched_field *fields, unsigned n_fields)
{
	struct finding *f = arena_zalloc(out->mem, sizeof(*f));
	enum field_id who = entity_field(ev);

	if (f == NULL)
		return;
	f->rule = rule;
	f->at = ev->at;
	f->offset = offset;
	f->raw = ev->raw;
	if (who != FIELD_NONE) {
		f->entity_kind = slice_str(field_name(who));
		f->entity = arena_dup(out->mem, event_get(ev, who));
	}
	if ((f->fields = arena_array(out->mem, n_fields, sizeof(*fields))) == NULL)
		return;
	for (f->n_fields = 0; f->n_fields < n_fields; f->n_fields++) {
		struct matched_field *m = &f->fields[f->n_fields];
		m->name = arena_dup(out->mem, fields[f->n_fields].name);
		m->value = arena_dup(out->mem, fields[f->n_fields].value);
		m->pattern = arena_dup(out->mem, fields[f->n_fields].pattern);
	}
	if (arena_full(out->mem))
		return;
	out->count++;
	if (out->sink != NULL) {
		out->sink(out->ctx, f);
		arena_reset(out->mem);
		return;
	}
	*(out->last == NULL ? &out->first : out->last) = f;
	out->last = &f->next;
}
