/*
 * source.h - one stream of log lines of one format: from lines to batches in the spool.
 *
 * Whatever brings the lines (a file, syslog, _bulk), this is where they are
 * masked, compressed and put into the spool's open transaction.
 */
#ifndef HINOMI_NODE_SOURCE_H
#define HINOMI_NODE_SOURCE_H

#include "event/batch.h"
#include "node/mask.h"
#include "node/spool.h"

/* What becomes of a line that must be masked and cannot be read. */
enum source_unread { SOURCE_DROP_CONTENT, SOURCE_PASS };

#define SOURCE_NAME_MAX 128

/* Texts live as long as the configuration they were read from. */
struct source_config {
	struct slice name;
	struct slice file; /* where it was configured, for errors */
	unsigned line;
	/* exactly one way in: */
	const char *path;	     /* a file or a glob pattern */
	const char *udp, *tcp, *tls; /* syslog: addresses to listen on, any of them */
	const char *bulk;	     /* address to listen on, or that of the listener shared */
	const char *index; /* of _bulk: only documents for this index; NULL: all others */
	bool from_end;	   /* a file seen for the first time: only what comes */
	struct codec_config codec;
	struct mask_settings mask;
	enum source_unread unread;
};

struct source {
	const struct source_config *cfg;
	const struct spool_source *spooled; /* the spool's numbers */
	/* since the start of the program: */
	uint64_t read_bytes;
	struct instant last_line; /* when lines last came; 0: not yet */
	uint64_t refused_lines;	  /* lost before the spool: UDP while it was full */
	uint64_t masked_unread;	  /* lines whose content was dropped */
	struct err trouble;	  /* the newest; its text is empty when all is well */
	struct source_pack *pack;
};

/* key is NULL where nothing is masked; borrowed. */
int source_open(struct source *s, const struct source_config *cfg, struct spool *sp,
    const struct mask_key *key, struct instant now, struct err *e);
void source_close(struct source *s); /* the zero source is welcome */

/*
 * Put lines (each ended by a newline, but perhaps the last; at most
 * BATCH_BYTES_MAX) into the spool's transaction, as one batch or, where masking
 * made them longer, several.
 */
int source_put(struct source *s, struct spool *sp, struct slice lines, uint64_t n_lines,
    struct slice preamble, struct instant now, struct err *e);

#endif
