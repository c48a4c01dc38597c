/* admin_user.c - `hinomi admin user …`. */
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <sodium.h>

#include "cli/admin.h"
#include "registry/users.h"
#include "sys/file.h"

struct secret {
	char text[PASSWORD_MAX + 2];
	char stored[PASSWORD_STORED_MAX];
};

/* One line from a terminal, unseen. */
static bool
ask(const char *prompt, char text[PASSWORD_MAX + 2])
{
	struct termios was, quiet;
	bool good;

	fputs(prompt, stderr);
	fflush(stderr);
	if (tcgetattr(STDIN_FILENO, &was) != 0)
		return false;
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	good = fgets(text, PASSWORD_MAX + 2, stdin) != NULL;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
	fputc('\n', stderr);
	text[strcspn(text, "\n")] = '\0';
	return good;
}

static int
ask_twice(struct secret *s, struct err *e)
{
	char again[PASSWORD_MAX + 2] = "";
	int rc = 0;

	if (!isatty(STDIN_FILENO))
		return err_set(e, "%s",
		    cli_say("no terminal to ask for a password: use --password-file FILE or "
			    "--generate",
			"端末がないためパスワードを尋ねられません。--password-file か "
			"--generate を使ってください"));
	if (!ask(cli_say("New password: ", "新しいパスワード: "), s->text) ||
	    !ask(cli_say("Once more: ", "もう一度: "), again))
		rc = err_set(e, "%s",
		    cli_say("no password was given", "パスワードが入力されませんでした"));
	else if (strcmp(s->text, again) != 0)
		rc = err_set(
		    e, "%s", cli_say("the two differ", "2 つのパスワードが一致しません"));
	sodium_memzero(again, sizeof(again));
	return rc;
}

/* The first line of the file; "-" is stdin. */
static int
read_file(const char *path, struct secret *s, struct err *e)
{
	struct buf text = BUF_INIT(PASSWORD_MAX + 1);
	struct slice rest, line;
	int rc = 0;

	if (file_read(&text, strcmp(path, "-") == 0 ? "/dev/stdin" : path, e) != 0)
		return -1;
	rest = buf_slice(&text);
	if (!slice_cut_line(&rest, &line) || rest.len > 0)
		rc = err_set(e, "\"%s\" %s", path,
		    cli_say("must hold one line, the password",
			"はパスワード 1 行だけのファイルにしてください"));
	else if (memchr(line.ptr, '\0', line.len) != NULL)
		rc = err_set(e, "\"%s\" %s", path,
		    cli_say("holds a NUL byte", "に NUL が含まれています"));
	else {
		memcpy(s->text, line.ptr, line.len);
		s->text[line.len] = '\0';
	}
	sodium_memzero(text.ptr, text.cap);
	buf_release(&text);
	return rc;
}

/* From wherever the options say; checked and hashed.  Before the sandbox closes. */
static int
get_password(struct admin *a, struct slice name, struct secret *s, struct err *e)
{
	const char *complaint;

	if (a->generate)
		password_generate(s->text);
	else if ((a->password_file != NULL ? read_file(a->password_file, s, e)
					   : ask_twice(s, e)) != 0)
		return -1;
	complaint = password_complaint(slice_str(s->text), name, cli_japanese() ? "ja" : "en");
	if (complaint != NULL)
		return err_set(e, "%s", complaint);
	return password_store(slice_str(s->text), s->stored, e);
}

static void
print_user(struct admin *a, struct slice name, const struct secret *s)
{
	struct buf line = BUF_INIT(4096);
	struct json_out o = json_out_to(&line);

	if (a->json) {
		json_open_object(&o, NULL);
		json_put_string(&o, "name", name);
		if (a->generate)
			json_put_str(&o, "password", s->text);
		json_close_object(&o);
		admin_print_json(&line);
	} else if (a->generate)
		printf("%s %.*s\n%s %s\n", cli_say("user:    ", "利用者:    "), SLICE_ARG(name),
		    cli_say("password:", "パスワード:"), s->text);
	else
		printf("%s: %.*s\n", cli_say("done", "完了"), SLICE_ARG(name));
	if (line.ptr != NULL)
		sodium_memzero(line.ptr, line.cap);
	buf_release(&line);
}

/* "a,b" becomes ",a,b,", each looked up; an absent text means every institution. */
static int
read_scope(struct admin *a, struct scope *out, struct buf *list, struct err *e)
{
	struct slice rest = slice_str(a->institution), part;

	*out = (struct scope){.all = a->institution == NULL};
	if (out->all)
		return 0;
	buf_add_byte(list, ',');
	while (slice_cut(&rest, ',', &part)) {
		struct db_stmt *st;
		int rc;

		if (db_prepare(a->db, "SELECT 1 FROM institution WHERE id = $1", &st, e) != 0)
			return -1;
		db_bind_text(st, 1, part);
		if ((rc = db_step(st, e)) < 0)
			return -1;
		db_reset(st);
		if (rc == 0)
			return err_set(e, "%s \"%.*s\"",
			    cli_say("there is no institution", "医療機関がありません:"),
			    SLICE_ARG(part));
		buf_add(list, part);
		buf_add_byte(list, ',');
	}
	out->list = buf_slice(list);
	return list->failed ? err_set(e, "too many institutions") : 0;
}

static int
store_user(struct admin *a, struct user *u, struct err *e)
{
	struct buf list = BUF_INIT(64 * 1024);
	int rc = -1;

	if (db_begin(a->db, e) == 0 && read_scope(a, &u->scope, &list, e) == 0 &&
	    users_add(a->db, u, a->now, e) == 0 &&
	    admin_audit(a, "user.add", "user", u->name, e) == 0 && db_commit(a->db, e) == 0)
		rc = 0;
	else
		db_rollback(a->db);
	buf_release(&list);
	return rc;
}

int
admin_user_add(struct admin *a, struct err *e)
{
	struct user u = {.name = slice_str(a->words[0])};
	struct secret s = {0};
	int status = EXIT_CANNOT;

	if (a->role == NULL || !role_by_name(slice_str(a->role), &u.role))
		return cli_misuse("admin", "%s",
		    cli_say("--role is analyst, lead or administrator",
			"--role は analyst、lead、administrator のいずれかです"));
	u.language = slice_str(a->language == NULL ? "ja" : a->language);
	if (!slice_is(u.language, "ja") && !slice_is(u.language, "en"))
		return cli_misuse("admin", "%s",
		    cli_say("--language is ja or en", "--language は ja か en です"));
	if (get_password(a, u.name, &s, e) == 0 && admin_open(a, e) == 0) {
		u.password = slice_str(s.stored);
		if (store_user(a, &u, e) == 0) {
			print_user(a, u.name, &s);
			status = EXIT_DONE;
		}
	}
	sodium_memzero(&s, sizeof(s));
	return status;
}

int
admin_user_password(struct admin *a, struct err *e)
{
	struct slice name = slice_str(a->words[0]);
	struct secret s = {0};
	int status = EXIT_CANNOT, rc = -1;

	if (get_password(a, name, &s, e) != 0 || admin_open(a, e) != 0)
		goto out;
	if (db_begin(a->db, e) == 0)
		rc = users_set_password(a->db, name, slice_str(s.stored), e);
	if (rc == 0)
		err_set(e, "%s \"%.*s\"", cli_say("there is no user", "利用者がいません:"),
		    SLICE_ARG(name));
	if (rc == 1 && admin_audit(a, "user.password", "user", name, e) == 0 &&
	    db_commit(a->db, e) == 0) {
		print_user(a, name, &s);
		status = EXIT_DONE;
	} else
		db_rollback(a->db);
out:
	sodium_memzero(&s, sizeof(s));
	return status;
}

/* "a,b" of the stored ",a,b,": as --institution takes it. */
static struct slice
without_ends(struct slice list)
{
	return list.len < 2 ? list : slice_first(slice_from(list, 1), list.len - 2);
}

int
admin_user_list(struct admin *a, struct err *e)
{
	struct buf line = BUF_INIT(128 * 1024);
	struct user_list list;

	if (admin_open(a, e) != 0 || users_list(a->db, a->mem, &list, e) != 0)
		return EXIT_CANNOT;
	for (size_t i = 0; i < list.n; i++) {
		const struct user *u = &list.at[i];
		struct slice scope = u->scope.all ? SLICE("*") : without_ends(u->scope.list);
		struct json_out o = json_out_to(&line);

		if (!a->json) {
			printf("%-20.*s %-14s %.*s\n", SLICE_ARG(u->name), role_name(u->role),
			    SLICE_ARG(scope));
			continue;
		}
		json_open_object(&o, NULL);
		json_put_string(&o, "name", u->name);
		json_put_str(&o, "role", role_name(u->role));
		json_put_string(&o, "scope", scope);
		json_put_string(&o, "language", u->language);
		json_put_instant(&o, "created", u->created);
		json_close_object(&o);
		admin_print_json(&line);
	}
	buf_release(&line);
	return EXIT_DONE;
}

static int
print_session(void *ctx, struct slice user, struct slice address, struct instant created,
    struct instant used, struct err *e)
{
	struct admin *a = ctx;
	struct buf line = BUF_INIT(4096);
	struct json_out o = json_out_to(&line);
	char since[INSTANT_TEXT_MAX];

	if (a->json) {
		json_open_object(&o, NULL);
		json_put_string(&o, "user", user);
		json_put_string(&o, "address", address);
		json_put_instant(&o, "created", created);
		json_put_instant(&o, "used", used);
		json_close_object(&o);
		admin_print_json(&line);
	} else
		printf("%-20.*s %-40.*s %s\n", SLICE_ARG(user), SLICE_ARG(address),
		    instant_format(created, since));
	buf_release(&line);
	return 0;
}

int
admin_session_list(struct admin *a, struct err *e)
{
	if (admin_open(a, e) != 0 || session_each(a->db, a->now, print_session, a, e) != 0)
		return EXIT_CANNOT;
	return EXIT_DONE;
}
