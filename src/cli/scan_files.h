/*
 * scan_files.h - run detection over files on any number of threads.
 *
 * A file is cut at line ends into batches; each thread has its own detector,
 * readers and alerts.  Alerts merge whatever the order, so the result is the
 * same for any number of threads.
 */
#ifndef HINOMI_CLI_SCAN_FILES_H
#define HINOMI_CLI_SCAN_FILES_H

#include "detect/detect.h"

/* What became of one file. */
struct scan_file {
	const char *path;
	const struct codec *codec; /* NULL: nothing recognised */
	const char *envelope;	   /* "rfc5424", or NULL */
	uint64_t bytes;		   /* after unpacking */
	struct detect_counts counts;
	bool failed;
	struct err err; /* where failed; what came before the trouble counts */
};

/* Called now and then from the thread that called scan_files(). */
typedef void scan_on_progress(
    void *ctx, const struct scan_file *file, uint64_t done, uint64_t size);

/* Called at the end for each rule that gave up on a line, with the count of all threads. */
typedef void scan_on_trouble(void *ctx, const struct sigma_trouble *trouble);

struct scan_options {
	struct codec_config config;
	const char *const *formats; /* try these codecs only, ended by NULL; NULL: all */
	unsigned threads;
	struct instant now;	       /* dates lines without a year or a time */
	scan_on_progress *on_progress; /* may be NULL */
	scan_on_trouble *on_trouble;   /* may be NULL */
	void *ctx;
};

/*
 * Scan files[0..n) one after the other and add to `alerts`.  Each file's path
 * must be set; the rest is filled in.  A file that cannot be read is marked and
 * the others go on; -1 only where the scan itself cannot run.
 */
int scan_files(struct scan_file *files, size_t n, struct content *content,
    const struct scan_options *opt, struct alert_set *alerts, struct err *e);

#endif
