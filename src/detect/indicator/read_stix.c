/*
 * read_stix.c - indicator objects of STIX 2.0 and 2.1, in bundles or without.
 *
 * Each indicator keeps its name, description, references and the time in which
 * it is valid; its confidence is the severity of its findings.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "detect/indicator/loader.h"
#include "detect/indicator/stix_pattern.h"

#define DEPTH_MAX 4 /* bundles in arrays in envelopes */

bool
stix_recognise(const struct json *root)
{
	const struct json *first =
	    json_kind_of(root) == JSON_IS_ARRAY ? json_item(root, 0) : root;

	return json_kind_of(json_member(first, "objects")) == JSON_IS_ARRAY ||
	       slice_is(json_text(json_member(first, "type")), "bundle") ||
	       (json_text(json_member(first, "type")).len > 0 &&
		   slice_search(json_text(json_member(first, "id")), SLICE("--")) != SIZE_MAX);
}

/* Absent is fine; false for a time that is none. */
static bool
read_time(const struct json *o, const char *name, struct instant *out)
{
	return json_want_instant(o, name, out, NULL) == 0;
}

/* STIX 2.1, appendix A, in its words: 1-29 low, 30-69 medium, 70-100 high. */
static enum level
level_of(int64_t confidence)
{
	return confidence >= 95	  ? LEVEL_CRITICAL
	       : confidence >= 70 ? LEVEL_HIGH
	       : confidence >= 30 ? LEVEL_MEDIUM
				  : LEVEL_LOW;
}

/* The URLs of external_references, one a line. */
static void
add_references(struct buf *b, const struct json *o)
{
	const struct json *refs = json_member(o, "external_references");

	for (size_t i = 0; i < json_count(refs) && i < 8; i++) {
		struct slice url = json_text(json_member(json_item(refs, i), "url"));

		if (url.len == 0 || url.len > 1024 || slice_find(url, '\n') != SIZE_MAX)
			continue;
		if (b->len > 0)
			buf_add_byte(b, '\n');
		buf_add(b, url);
	}
}

static int
own_origin(struct reading *r, const struct json *o, uint32_t *out)
{
	struct buf refs = BUF_INIT(16384);
	struct origin origin = r->base;
	int64_t confidence = 0;
	int rc;

	read_time(o, "valid_from", &origin.from);
	read_time(o, "valid_until", &origin.until);
	origin.name = utf8_cut(slice_trim(json_text(json_member(o, "name"))), NOTE_MAX);
	origin.note =
	    utf8_cut(slice_trim(json_text(json_member(o, "description"))), 5 * NOTE_MAX);
	if (!origin.graded && json_int(json_member(o, "confidence"), &confidence) &&
	    confidence > 0 && confidence <= 100) {
		origin.graded = true;
		origin.level = level_of(confidence);
		origin.severity = (uint8_t)confidence;
	}
	add_references(&refs, o);
	origin.references = buf_slice(&refs);
	rc = reading_own_origin(r, origin, out);
	buf_release(&refs);
	return rc;
}

static int
read_indicator(struct reading *r, unsigned line, const struct json *o, struct stix_pattern *p)
{
	struct slice type = json_text(json_member(o, "pattern_type"));
	struct instant from = {INT64_MIN}, until = {INT64_MAX};
	enum refusal why;
	uint32_t origin;

	if (json_truth(json_member(o, "revoked")))
		why = REFUSED_REVOKED;
	else if (type.len > 0 && !slice_is(type, "stix"))
		why = REFUSED_PATTERN_TYPE;
	else if (!read_time(o, "valid_from", &from) || !read_time(o, "valid_until", &until) ||
		 !instant_before(from, until))
		why = REFUSED_BAD_TIME;
	else
		why = stix_pattern_read(json_text(json_member(o, "pattern")), p);
	if (why != REFUSED_NOT) {
		reading_refuse(r, line, why);
		return 0;
	}
	if (p->unusable > 0)
		reading_refuse(r, line, p->why);
	if (own_origin(r, o, &origin) != 0)
		return -1;
	for (unsigned i = 0; i < p->n; i++)
		if (reading_offer(
			r, line, p->values[i].text, p->values[i].want, false, origin) != 0)
			return -1;
	return 0;
}

static int
read_objects(struct reading *r, const struct json *v, unsigned *line, struct stix_pattern *p,
    unsigned depth)
{
	const struct json *many =
	    json_kind_of(v) == JSON_IS_ARRAY ? v : json_member(v, "objects");

	if (slice_is(json_text(json_member(v, "type")), "indicator"))
		return read_indicator(r, *line, v, p);
	if (depth == DEPTH_MAX)
		return 0;
	for (size_t i = 0; json_kind_of(many) == JSON_IS_ARRAY && i < json_count(many); i++) {
		++*line;
		if (read_objects(r, json_item(many, i), line, p, depth + 1) != 0)
			return -1;
	}
	return 0;
}

int
read_stix(struct reading *r, const struct json *root)
{
	struct stix_pattern *p = malloc(sizeof(*p));
	unsigned line = 0;
	int rc;

	if (p == NULL)
		return err_set(r->e, "out of memory for a pattern");
	rc = read_objects(r, root, &line, p, 0);
	free(p);
	return rc;
}
