/* admin_site.c - `hinomi admin institution …`, `token` and `node …`. */
#include <stdio.h>

#include "cli/admin.h"
#include "pki/ca.h"
#include "registry/registry.h"

static const struct scope everyone = {.all = true};

int
admin_institution_add(struct admin *a, struct err *e)
{
	char made[INSTITUTION_ID_MAX + 1];
	struct institution i = {.name = slice_str(a->words[0]),
	    .kana = slice_str(a->kana),
	    .prefecture = slice_str(a->prefecture),
	    .beds = -1};
	struct buf line = BUF_INIT(4096);
	struct json_out o = json_out_to(&line);
	uint64_t beds;

	if (a->beds != NULL) {
		if (!slice_to_u64(slice_str(a->beds), &beds) || beds > 100000)
			return cli_misuse("admin", "%s",
			    cli_say("--beds is a number up to 100000",
				"--beds は 100000 までの数です"));
		i.beds = (int64_t)beds;
	}
	institution_make_id(made);
	i.id = slice_str(a->id == NULL ? made : a->id);
	if (admin_open(a, e) != 0)
		return EXIT_CANNOT;
	if (db_begin(a->db, e) != 0 || registry_add_institution(a->db, &i, a->now, e) != 0 ||
	    admin_audit(a, "institution.add", "institution", i.id, e) != 0 ||
	    db_commit(a->db, e) != 0) {
		db_rollback(a->db);
		return EXIT_CANNOT;
	}
	if (a->json) {
		json_open_object(&o, NULL);
		json_put_string(&o, "id", i.id);
		json_put_string(&o, "name", i.name);
		json_close_object(&o);
		admin_print_json(&line);
	} else
		printf("%.*s\n", SLICE_ARG(i.id));
	buf_release(&line);
	return EXIT_DONE;
}

int
admin_institution_list(struct admin *a, struct err *e)
{
	struct buf line = BUF_INIT(64 * 1024);
	struct institution_list list;

	if (admin_open(a, e) != 0 ||
	    registry_list_institutions(a->db, &everyone, a->mem, &list, e) != 0)
		return EXIT_CANNOT;
	for (size_t n = 0; n < list.n; n++) {
		const struct institution *i = &list.at[n];
		struct json_out o = json_out_to(&line);

		if (!a->json) {
			printf("%-20.*s %.*s\n", SLICE_ARG(i->id), SLICE_ARG(i->name));
			continue;
		}
		json_open_object(&o, NULL);
		json_put_string(&o, "id", i->id);
		json_put_string(&o, "name", i->name);
		json_put_int(&o, "nodes", i->n_nodes);
		json_put_int(&o, "sources", i->n_sources);
		json_close_object(&o);
		admin_print_json(&line);
	}
	buf_release(&line);
	return EXIT_DONE;
}

static int
make_token(struct admin *a, struct institution *i, char token[TOKEN_LEN + 1],
    char print[CERT_PRINT_LEN + 1], struct err *e)
{
	struct slice wanted = slice_str(a->words[0]);
	char *pki;
	int rc;

	if (admin_open(a, e) != 0 ||
	    (pki = arena_printf(a->mem, "%s/pki", a->data_dir)) == NULL)
		return -1;
	if (ca_read_fingerprint(pki, print, e) != 0)
		return err_wrap(e, "%s",
		    cli_say("the center has no certificate yet: start it once, then ask again",
			"センターの証明書がまだありません。一度センターを起動してから実行してく"
			"ださい"));
	if (db_begin(a->db, e) != 0)
		return -1;
	if ((rc = registry_name_institution(a->db, &everyone, wanted, a->mem, i, e)) == 0)
		return err_set(e, "%s \"%.*s\"",
		    cli_say("there is no institution", "医療機関がありません:"),
		    SLICE_ARG(wanted));
	if (rc < 0 || registry_add_token(a->db, i->id, a->now, token, e) != 0 ||
	    admin_audit(a, "token.add", "institution", i->id, e) != 0)
		return -1;
	return db_commit(a->db, e);
}

int
admin_token(struct admin *a, struct err *e)
{
	char token[TOKEN_LEN + 1], print[CERT_PRINT_LEN + 1];
	struct buf line = BUF_INIT(4096);
	struct json_out o = json_out_to(&line);
	struct institution i;

	if (make_token(a, &i, token, print, e) != 0) {
		if (a->db != NULL)
			db_rollback(a->db);
		return EXIT_CANNOT;
	}
	if (a->json) {
		buf_printf(&line, "{\"institution\":");
		buf_add_json(&line, i.id);
		buf_printf(&line, ",\"token\":\"%s.%s\",\"expires\":", token, print);
		json_put_instant(&o, NULL, instant_add(a->now, TOKEN_LIFE));
		buf_add_byte(&line, '}');
		admin_print_json(&line);
	} else
		printf("%s.%s\n", token, print);
	buf_release(&line);
	return EXIT_DONE;
}

int
admin_node_list(struct admin *a, struct err *e)
{
	struct buf line = BUF_INIT(64 * 1024);
	struct node_list list;

	if (admin_open(a, e) != 0 ||
	    registry_list_nodes(a->db, &everyone, (struct slice){0}, a->mem, &list, e) != 0)
		return EXIT_CANNOT;
	for (size_t n = 0; n < list.n; n++) {
		const struct node *x = &list.at[n];
		struct json_out o = json_out_to(&line);

		if (!a->json) {
			printf("%-20.*s %-20.*s %-10.*s %s\n", SLICE_ARG(x->id),
			    SLICE_ARG(x->institution), SLICE_ARG(x->version),
			    x->revoked.us == 0 ? "" : cli_say("revoked", "失効"));
			continue;
		}
		json_open_object(&o, NULL);
		json_put_string(&o, "id", x->id);
		json_put_string(&o, "institution", x->institution);
		json_put_string(&o, "version", x->version);
		json_put_instant(&o, "enrolled", x->enrolled);
		json_put_bool(&o, "revoked", x->revoked.us != 0);
		json_close_object(&o);
		admin_print_json(&line);
	}
	buf_release(&line);
	return EXIT_DONE;
}

int
admin_node_revoke(struct admin *a, struct err *e)
{
	struct slice id = slice_str(a->words[0]);
	int rc = -1;

	if (admin_open(a, e) != 0)
		return EXIT_CANNOT;
	if (db_begin(a->db, e) == 0)
		rc = registry_revoke_node(a->db, id, a->now, e);
	if (rc == 0)
		err_set(e, "%s \"%.*s\"", cli_say("there is no node", "ノードがありません:"),
		    SLICE_ARG(id));
	if (rc == 1 && admin_audit(a, "node.revoke", "node", id, e) == 0 &&
	    db_commit(a->db, e) == 0) {
		if (!a->json)
			printf(
			    "%s: %.*s\n", cli_say("revoked", "失効させました"), SLICE_ARG(id));
		return EXIT_DONE;
	}
	db_rollback(a->db);
	return EXIT_CANNOT;
}
