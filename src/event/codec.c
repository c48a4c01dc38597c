/* codec.c - the tables of codecs and of unread reasons. */
#include "event/codec.h"

#define CODEC(id) extern const struct codec codec_##id;
#include "event/codecs.def"
#undef CODEC

const struct codec *const codec_all[] = {
#define CODEC(id) &codec_##id,
#include "event/codecs.def"
#undef CODEC
    NULL,
};

static const struct {
	const char *name, *en, *ja;
} statuses[] = {
    [CODEC_EVENT] = {"event", "The line was read.", "読み取りました。"},
    [CODEC_NOTHING] = {"nothing", "A header, a comment or an empty line.",
	"見出し、コメント、または空行です。"},
#define UNREAD(id, name, en, ja) [CODEC_##id] = {name, en, ja},
#include "event/unread.def"
#undef UNREAD
};

const struct codec *
codec_by_id(const char *id)
{
	for (const struct codec *const *c = codec_all; *c != NULL; c++)
		if (strcmp((*c)->id, id) == 0)
			return *c;
	return NULL;
}

const char *
codec_status_name(enum codec_status s)
{
	return statuses[s].name;
}

const char *
codec_status_help(enum codec_status s, bool japanese)
{
	return japanese ? statuses[s].ja : statuses[s].en;
}
