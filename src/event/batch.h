/*
 * batch.h - up to 256 KiB of raw log lines from one source: the unit of everything.
 *
 * A batch is transported, acknowledged, de-duplicated, detected on, archived and
 * searched as one.  Reading it is a pure function of these members.
 */
#ifndef HINOMI_EVENT_BATCH_H
#define HINOMI_EVENT_BATCH_H

#include "base/instant.h"
#include "base/slice.h"
#include "event/codec.h"

#define BATCH_BYTES_MAX (256 * 1024) /* of raw lines, before compression */
#define BATCH_LINE_MAX                                                                         \
	(64 * 1024) /* a longer line is cut into pieces at the node, never lost */

struct batch {
	struct slice id;	  /* how alerts name it: a file's path, or the batch log's id */
	struct slice institution; /* "" for a bare scan */
	struct slice source;	  /* the source's name within the institution */
	uint64_t sequence;	  /* counted by the node per source, from 1 */
	uint64_t offset;	  /* bytes of this source's stream before `lines` */
	struct instant received;  /* when the node made the batch: dates without a year, lines
				     without a time */
	struct slice
	    preamble; /* directive lines in force before `lines` (ELFF #Fields), not counted */
	struct slice lines;
	const struct codec_config *config;
};

#endif
