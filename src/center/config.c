/* config.c - see config.h. */
#include "center/config.h"

#include "sys/file.h"

#define CONFIG_FILE_MAX (1024 * 1024)

/* In the order of enum log_level. */
static const char *const log_level_names[] = {"error", "warning", "info", "debug", NULL};

const struct setting center_settings[] = {
#define SETTING(member, kind, least, most, value, english, japanese)                           \
	{.name = #member,                                                                      \
	    .type = SETTING_##kind,                                                            \
	    .offset = offsetof(struct center_config, member),                                  \
	    .min = (least),                                                                    \
	    .max = (most),                                                                     \
	    .standard = (value),                                                               \
	    .choices = log_level_names,                                                        \
	    .en = (english),                                                                   \
	    .ja = (japanese)},
#include "center/settings.def"
#undef SETTING
    {0},
};

int
center_config_read(struct center_config *out, const char *file, struct err *e)
{
	struct center_config c = {.mem = arena_new(8 * CONFIG_FILE_MAX)};
	struct buf text = BUF_INIT(CONFIG_FILE_MAX);
	int rc = -1;

	if (c.mem == NULL) {
		err_set(e, "out of memory");
		goto out;
	}
	if (file != NULL && file_read(&text, file, e) != 0)
		goto out;
	if (settings_read(center_settings, file,
		file == NULL ? (struct slice){0} : arena_dup(c.mem, buf_slice(&text)), c.mem,
		&c, e) != 0)
		goto out;
	*out = c;
	c.mem = NULL;
	rc = 0;
out:
	buf_release(&text);
	arena_free(c.mem);
	return rc;
}

void
center_config_release(struct center_config *c)
{
	arena_free(c->mem);
	*c = (struct center_config){0};
}
