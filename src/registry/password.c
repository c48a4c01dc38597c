/*
 * password.c - what a password must be, and how it is kept: see users.h.
 *
 * NIST SP 800-63B: length counts, composition rules do not, and what everybody
 * chooses is refused.
 */
#include "registry/users.h"

#include <assert.h>

#include <sodium.h>

#include "base/utf8.h"
#include "sys/random.h"

/* Memory 64 MiB, three passes: above OWASP's floor, and several logins at once fit a small
 * center. */
#define COST_PASSES crypto_pwhash_OPSLIMIT_MODERATE
#define COST_MEMORY crypto_pwhash_MEMLIMIT_INTERACTIVE

static_assert(PASSWORD_STORED_MAX >= crypto_pwhash_STRBYTES, "the stored form fits");

static const char *const common[] = {
#define COMMON(text) text,
#include "registry/common_passwords.def"
#undef COMMON
};

static size_t
count_characters(struct slice s)
{
	size_t n = 0;

	while (s.len > 0) {
		s = slice_from(s, utf8_length(s));
		n++;
	}
	return n;
}

static size_t
count_distinct(struct slice s)
{
	bool seen[256] = {0};
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		if (!seen[s.ptr[i]]) {
			seen[s.ptr[i]] = true;
			n++;
		}
	return n;
}

/* "Password1234!" is "Password" with ornaments. */
static struct slice
strip_ornaments(struct slice s)
{
	while (s.len > 0) {
		uint8_t c = s.ptr[s.len - 1];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80)
			break;
		s.len--;
	}
	return s;
}

static bool
is_common(struct slice s)
{
	struct slice bare = strip_ornaments(s);

	if (bare.len == 0) /* nothing but digits and signs: 123456789012 */
		return true;
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (slice_equal_nocase(s, slice_str(common[i])) ||
		    slice_equal_nocase(bare, slice_str(common[i])))
			return true;
	return false;
}

const char *
password_complaint(struct slice password, struct slice name, const char *language)
{
	bool ja = slice_is(slice_str(language), "ja");

	if (!utf8_valid(password) || password.len > PASSWORD_MAX)
		return ja ? "パスワードは 1024 バイト以内の UTF-8 にしてください。"
			  : "A password is at most 1024 bytes of UTF-8.";
	if (count_characters(password) < PASSWORD_MIN)
		return ja ? "パスワードは 12 文字以上にしてください。"
			  : "A password has at least 12 characters.";
	if (count_distinct(password) < 5)
		return ja ? "同じ文字の繰り返しです。別のパスワードにしてください。"
			  : "This is a few characters repeated: choose another password.";
	if (is_common(password) ||
	    (name.len > 0 &&
		slice_equal_nocase(strip_ornaments(password), strip_ornaments(name))))
		return ja ? "よく使われる、または名前と同じパスワードです。別のものにしてくださ"
			    "い。"
			  : "This password is commonly used or is the user's name: choose "
			    "another.";
	return NULL;
}

int
password_store(struct slice password, char stored[PASSWORD_STORED_MAX], struct err *e)
{
	if (sodium_init() < 0 || crypto_pwhash_str(stored, (const char *)password.ptr,
				     password.len, COST_PASSES, COST_MEMORY) != 0)
		return err_set(e, "hashing a password: out of memory");
	return 0;
}

bool
password_matches(const char *stored, struct slice password)
{
	char spare[crypto_pwhash_STRBYTES];

	if (sodium_init() < 0 || password.len > PASSWORD_MAX)
		return false;
	if (stored == NULL) {
		/* Nobody of that name: pay the same, so that time does not tell. */
		(void)!crypto_pwhash_str(
		    spare, (const char *)password.ptr, password.len, COST_PASSES, COST_MEMORY);
		return false;
	}
	return crypto_pwhash_str_verify(stored, (const char *)password.ptr, password.len) == 0;
}

void
password_generate(char out[25])
{
	uint8_t bytes[18];

	random_bytes(bytes, sizeof(bytes));
	sodium_bin2base64(
	    out, 25, bytes, sizeof(bytes), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(bytes, sizeof(bytes));
}
