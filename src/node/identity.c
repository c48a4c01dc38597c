/* identity.c - see identity.h. */
#include "node/identity.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include <sodium.h>

#include "pki/cert.h"
#include "sys/file.h"
#include "sys/random.h"
#include "text/json.h"

static void
path_in(char path[4200], const char *data_dir, const char *name)
{
	snprintf(path, 4200, "%s/pki/%s", data_dir, name);
}

static int
read_enrolled(struct identity *id, const char *path, struct err *e)
{
	struct buf text = BUF_INIT(64 * 1024);
	struct json *root = NULL;
	int rc = -1;

	if (file_read(&text, path, e) == 0 &&
	    json_parse(&root, buf_slice(&text), text.max, e) == 0 &&
	    json_need_chars(root, "center", id->center, sizeof(id->center), e) == 0 &&
	    json_need_chars(root, "node", id->node, sizeof(id->node), e) == 0 &&
	    json_need_chars(root, "institution.id", id->institution_id,
		sizeof(id->institution_id), e) == 0 &&
	    json_need_chars(root, "institution.name", id->institution_name,
		sizeof(id->institution_name), e) == 0)
		rc = 0;
	json_free(root);
	buf_release(&text);
	return rc == 0 ? 0 : err_wrap(e, "%s", path);
}

static int
read_life(struct identity *id, struct err *e)
{
	struct buf pem = BUF_INIT(2 * CERT_PEM_MAX);
	int rc = -1;

	if (file_read(&pem, id->pem_file, e) == 0) {
		struct slice text = buf_slice(&pem);
		size_t at = slice_search(text, SLICE("-----BEGIN CERTIFICATE"));

		rc = at == SIZE_MAX
			 ? err_set(e, "no certificate in it")
			 : cert_read_life(slice_from(text, at), &id->from, &id->until, e);
	}
	cert_wipe(&pem);
	buf_release(&pem);
	return rc == 0 ? 0 : err_wrap(e, "%s", id->pem_file);
}

int
identity_load(struct identity *id, const char *data_dir, struct err *e)
{
	char path[4200];
	struct stat st;

	*id = (struct identity){0};
	path_in(id->pem_file, data_dir, "node.pem");
	path_in(id->ca_file, data_dir, "ca.crt");
	path_in(path, data_dir, "enrolled.json");
	if (stat(path, &st) != 0)
		return err_errno(e, errno,
		    "this node is not enrolled (%s); ask the center for a token and run "
		    "`hinomi node enroll URL TOKEN --data %s`",
		    path, data_dir);
	return read_enrolled(id, path, e) == 0 && read_life(id, e) == 0 ? 0 : -1;
}

static int
write_pem(const char *path, struct slice key_pem, struct slice cert_pem, struct err *e)
{
	struct buf both = BUF_INIT(4 * CERT_PEM_MAX);
	int rc;

	buf_add(&both, key_pem);
	buf_add_byte(&both, '\n');
	buf_add(&both, cert_pem);
	rc = both.failed ? err_set(e, "%s: key and certificate are too long", path)
			 : file_write_atomic(path, buf_slice(&both), 0600, e);
	cert_wipe(&both);
	buf_release(&both);
	return rc;
}

int
identity_save(const char *data_dir, const struct identity *id, struct slice key_pem,
    struct slice cert_pem, struct slice ca_pem, struct err *e)
{
	struct buf text = BUF_INIT(64 * 1024);
	struct json_out o = json_out_to(&text);
	char path[4200];
	int rc = -1;

	path_in(path, data_dir, "");
	if (file_make_dirs(path, 0700, e) != 0)
		goto out;
	path_in(path, data_dir, "node.pem");
	if (write_pem(path, key_pem, cert_pem, e) != 0)
		goto out;
	path_in(path, data_dir, "ca.crt");
	if (file_write_atomic(path, ca_pem, 0644, e) != 0)
		goto out;
	json_open_object(&o, NULL);
	json_put_str(&o, "center", id->center);
	json_put_str(&o, "node", id->node);
	json_open_object(&o, "institution");
	json_put_str(&o, "id", id->institution_id);
	json_put_str(&o, "name", id->institution_name);
	json_close_object(&o);
	json_close_object(&o);
	buf_add_byte(&text, '\n');
	/* Last: what is there counts only with this file. */
	path_in(path, data_dir, "enrolled.json");
	rc = file_write_atomic(path, buf_slice(&text), 0644, e);
out:
	buf_release(&text);
	return rc;
}

int
identity_renew(struct identity *id, struct slice key_pem, struct slice cert_pem,
    struct instant now, struct err *e)
{
	struct buf ca = BUF_INIT(CERT_PEM_MAX);
	char print[CERT_PRINT_LEN + 1];
	int rc = -1;

	if (cert_check_key(cert_pem, key_pem, e) == 0 && file_read(&ca, id->ca_file, e) == 0 &&
	    cert_fingerprint(buf_slice(&ca), print, e) == 0 &&
	    cert_check_pinned(buf_slice(&ca), print, cert_pem, now, e) == 0 &&
	    write_pem(id->pem_file, key_pem, cert_pem, e) == 0)
		rc = read_life(id, e);
	buf_release(&ca);
	return rc;
}

int
identity_mask_key(struct mask_key *key, const char *data_dir, bool make, struct err *e)
{
	struct buf text = BUF_INIT(4096);
	uint8_t secret[MASK_SECRET_BYTES];
	char path[4200], hex[2 * MASK_SECRET_BYTES + 2];
	size_t n = 0;
	struct stat st;
	int rc = -1;

	path_in(path, data_dir, "mask.key");
	if (make && stat(path, &st) != 0 && errno == ENOENT) {
		char dir[4200];

		path_in(dir, data_dir, "");
		random_bytes(secret, sizeof(secret));
		sodium_bin2hex(hex, sizeof(hex), secret, sizeof(secret));
		hex[2 * MASK_SECRET_BYTES] = '\n';
		if (file_make_dirs(dir, 0700, e) != 0 ||
		    file_write_atomic(path, slice_of(hex, sizeof(hex) - 1), 0600, e) != 0)
			goto out;
	}
	if (file_read(&text, path, e) != 0)
		goto out;
	if (sodium_hex2bin(secret, sizeof(secret), (const char *)text.ptr, text.len, "\r\n ",
		&n, NULL) != 0 ||
	    n != sizeof(secret)) {
		err_set(e, "%s: not a masking key (64 hexadecimal digits)", path);
		goto out;
	}
	mask_key_init(key, secret);
	rc = 0;
out:
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(hex, sizeof(hex));
	cert_wipe(&text);
	buf_release(&text);
	return rc;
}
