/*
 * content_watch.h - rules and indicators loaded beside the work, and again when they change.
 *
 * Loading takes seconds, so a thread does it; the owner's loop is woken when a
 * set is ready (or has failed) and takes it between two batches.  Changes are
 * seen by looking at names, sizes and times every few seconds, which works on
 * any file system; a folder is loaded when two looks agree, so half-copied
 * files are not.
 */
#ifndef HINOMI_CENTER_CONTENT_WATCH_H
#define HINOMI_CENTER_CONTENT_WATCH_H

#include "base/instant.h"
#include "center/config.h"
#include "content/content.h"
#include "observe/reading_db.h"
#include "sys/loop.h"

struct content_watch;

/* What one loading gave: content, or NULL and the story in err. */
struct content_news {
	struct content *content; /* a reference, the receiver's */
	struct content_summary summary;
	struct err err;
};

/* Called on the loop's thread.  The summary is released after it returns. */
typedef void content_on_news(void *ctx, struct content_news *news);

/* The folders: DATA/content/rules, indicators, allow, placeholders and those of the config. */
int content_watch_new(struct content_watch **out, const char *data_dir,
    const struct center_config *config, struct loop *loop, content_on_news *fn, void *ctx,
    struct err *e);
void content_watch_free(struct content_watch *w); /* waits for a loading under way */

/* Every path it reads, ended by NULL: for the sandbox. */
const char *const *content_watch_paths(const struct content_watch *w);

/*
 * Load here and now.  Where a file of the operator's stops that, it is left out and news->err
 * names it; where that is not enough, what is built in is loaded alone.
 */
int content_watch_load_first(struct content_watch *w, struct content_news *news, struct err *e);

/* From now on: look for changes.  After the sandbox: it starts a thread. */
int content_watch_start(struct content_watch *w, struct err *e);

/* Load again even if nothing has changed (SIGHUP). */
void content_watch_reload(struct content_watch *w);

#endif
