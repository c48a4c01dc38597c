/* bulk.c - see bulk.h. */
#include "node/bulk.h"

#include "text/json.h"

static const char *const actions[] = {[BULK_INDEX] = "index",
    [BULK_CREATE] = "create",
    [BULK_UPDATE] = "update",
    [BULK_DELETE] = "delete"};
#define N_ACTIONS (sizeof(actions) / sizeof(actions[0]))

bool
bulk_takes(enum bulk_action a)
{
	return a == BULK_INDEX || a == BULK_CREATE;
}

/* JSON strings fitted in C strings: json_want_string refuses NULs and counts characters. */
static int
copy_member(const struct json *from, const char *name, size_t max, char *to, struct err *e)
{
	struct slice s = {0};

	if (json_want_string(from, name, max, &s, e) != 0)
		return -1;
	if (s.len > max)
		return err_set(e, "\"%s\" is longer than %zu bytes", name, max);
	if (s.ptr != NULL) {
		memcpy(to, s.ptr, s.len);
		to[s.len] = '\0';
	}
	return 0;
}

static int
read_action(struct slice line, struct bulk_item *item, struct err *e)
{
	struct json *root = NULL;
	const struct json *meta = NULL;
	struct json_walk walk = {0};
	struct slice name = {0};
	size_t a = 0;
	int rc = -1;

	if (json_parse(&root, line, BULK_ACTION_MAX, e) != 0)
		goto out;
	if (json_kind_of(root) != JSON_IS_OBJECT || json_count(root) != 1) {
		err_set(e, "an action is an object of one member, {\"create\": {}}");
		goto out;
	}
	json_next(root, &walk, &name, &meta);
	while (a < N_ACTIONS && !slice_is(name, actions[a]))
		a++;
	if (a == N_ACTIONS || json_kind_of(meta) != JSON_IS_OBJECT) {
		err_set(e,
		    "the action must be one of index, create, update, delete, and an object");
		goto out;
	}
	item->action = (enum bulk_action)a;
	if (copy_member(meta, "_index", BULK_NAME_MAX, item->index, e) != 0 ||
	    copy_member(meta, "_id", BULK_ID_MAX, item->id, e) != 0)
		goto out;
	rc = 0;
out:
	json_free(root);
	return rc;
}

enum bulk_status
bulk_next(struct bulk *b, struct bulk_item *item, struct err *e)
{
	struct slice line;

	*item = (struct bulk_item){0};
	do {
		if (!slice_cut_line(&b->rest, &line))
			return BULK_END;
		b->line++;
	} while (line.len == 0);
	if (b->index.len <= BULK_NAME_MAX && b->index.len > 0)
		memcpy(item->index, b->index.ptr, b->index.len);
	if (read_action(line, item, e) != 0) {
		err_wrap(
		    e, "Malformed action/metadata line [%llu]", (unsigned long long)b->line);
		return BULK_BAD;
	}
	if (item->action == BULK_DELETE)
		return BULK_ITEM;
	if (!slice_cut_line(&b->rest, &item->document) || item->document.len == 0) {
		err_set(e, "line [%llu]: the action has no document after it",
		    (unsigned long long)b->line);
		return BULK_BAD;
	}
	b->line++;
	return BULK_ITEM;
}

void
bulk_add_answer(
    struct buf *out, const struct bulk_item *item, uint64_t number, const char *refused)
{
	struct json_out o = json_out_to(out);
	char made[24];
	const char *id = item->id;

	if (id[0] == '\0') {
		for (int i = 0; i < 20; i++, number >>= 3)
			made[i] = (char)('a' + (number & 7));
		made[20] = '\0';
		id = made;
	}
	json_open_object(&o, NULL);
	json_open_object(&o, actions[item->action]);
	json_put_str(&o, "_index", item->index);
	json_put_str(&o, "_id", id);
	if (refused == NULL) {
		json_put_int(&o, "_version", 1);
		json_put_str(&o, "result", "created");
		json_put_raw(
		    &o, "_shards", SLICE("{\"total\":1,\"successful\":1,\"failed\":0}"));
		json_put_int(&o, "_seq_no", 0);
		json_put_int(&o, "_primary_term", 1);
		json_put_int(&o, "status", 201);
	} else {
		json_put_int(&o, "status", 400);
		json_open_object(&o, "error");
		json_put_str(&o, "type", "illegal_argument_exception");
		json_put_str(&o, "reason", refused);
		json_close_object(&o);
	}
	json_close_object(&o);
	json_close_object(&o);
}
