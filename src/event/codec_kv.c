/*
 * codec_kv.c - any log of name=value pairs, and what Linux's netfilter writes.
 */
#include "event/declared.h"
#include "event/pairs.h"

static const struct declared_row rows[] = {
#define KEY(name, take, field) {name, DECLARED_##take, FIELD_##field},
#include "event/kv_keys.def"
#undef KEY
};

static const struct declared declaration = {
    .cut = declared_cut_pairs,
    .row = rows,
    .n_row = sizeof(rows) / sizeof(rows[0]),
    .dataset = SLICE_LITERAL("kv.log"),
};

/* Some pairs in a row from the line's beginning, or netfilter's names anywhere. */
static int
recognise(struct slice line)
{
	struct slice name, value, rest = slice_trim(line);
	size_t equals;

	if (slice_search(line, SLICE(" SRC=")) != SIZE_MAX &&
	    slice_search(line, SLICE(" DST=")) != SIZE_MAX &&
	    slice_search(line, SLICE("IN=")) != SIZE_MAX)
		return 60;
	for (int i = 0; i < 3; i++) {
		equals = slice_find(rest, '=');
		if (equals == SIZE_MAX || equals == 0 || equals > 32 ||
		    slice_find(slice_first(rest, equals), ' ') < equals)
			return 0;
		if (pairs_cut_quoted(&rest, &name, &value, NULL) != PAIRS_ONE)
			return 0;
		while (rest.len > 0 &&
		       (rest.ptr[0] == ',' || rest.ptr[0] == ';' || rest.ptr[0] == ' '))
			rest = slice_from(rest, 1);
	}
	return 30;
}

static int
state_new(struct codec_state **out, const struct codec_config *cfg, struct err *e)
{
	return declared_state_new(out, &declaration, e);
}

const struct codec codec_kv = {
    .id = "kv",
    .title = "key=value",
    .recognise = recognise,
    .state_new = state_new,
    .state_free = declared_state_free,
    .read = declared_read,
};
