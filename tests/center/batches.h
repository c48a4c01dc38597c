/* batches.h - a center's data directory with content of the test's own, and batches of Squid
 * lines. */
#ifndef HINOMI_TESTS_CENTER_BATCHES_H
#define HINOMI_TESTS_CENTER_BATCHES_H

#include <sys/stat.h>
#include <zstd.h>

#include "base/buf.h"
#include "dir.h"
#include "store/batchlog.h"
#include "sys/file.h"

static const char evil_rule[] = "title: Evil host\n"
				"id: 6f0a2c4e-0000-4000-8000-000000000001\n"
				"status: test\n"
				"logsource:\n"
				"    category: proxy\n"
				"detection:\n"
				"    selection:\n"
				"        c-uri|contains: 'evil.example'\n"
				"    condition: selection\n"
				"level: high\n";

static const char worse_rule[] = "title: Worse host\n"
				 "id: 6f0a2c4e-0000-4000-8000-000000000002\n"
				 "status: test\n"
				 "logsource:\n"
				 "    category: proxy\n"
				 "detection:\n"
				 "    selection:\n"
				 "        c-uri|contains: 'worse.example'\n"
				 "    condition: selection\n"
				 "level: critical\n";

static inline void
write_text(const char *path, const char *text)
{
	struct err e = {0};

	if (file_write_atomic(path, slice_str(text), 0644, &e) != 0)
		fail_msg("%s", e.text);
}

/* One native Squid line of this second, client and host. */
static inline void
add_line(struct buf *b, unsigned second, unsigned client, const char *host)
{
	buf_printf(b,
	    "%u.%03u    120 10.0.%u.%u TCP_MISS/200 4512 GET http://%s/path/%u - "
	    "HIER_DIRECT/192.0.2.1 text/html\n",
	    1790000000u + second, second % 1000, client / 250, client % 250, host, second);
}

/* Room for the frame is the caller's. */
static inline struct batch_record
make_batch(uint64_t sequence, struct slice lines, uint64_t n_lines, uint8_t *room, size_t size)
{
	size_t n = ZSTD_compress(room, size, lines.ptr, lines.len, 1);

	assert_false(ZSTD_isError(n));
	return (struct batch_record){
	    .institution = SLICE("east"),
	    .node = SLICE("n-1"),
	    .source = SLICE("squid"),
	    .sequence = sequence,
	    .offset = sequence * 100000,
	    .bytes = lines.len,
	    .lines = n_lines,
	    .received = {1790000000000000 + (int64_t)sequence},
	    .stored = {1790000000000000 + (int64_t)sequence},
	    .frame = slice_of(room, n),
	};
}

static inline void
append_record(struct batchlog *l, struct batch_record *r)
{
	enum batchlog_fate fate;
	struct err e = {0};

	if (batchlog_append(l, r, &fate, 1, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(fate, BATCHLOG_NEW);
}

/* A batch of 20 lines, of which `evil` go to the evil host and `worse` to the worse one. */
static inline void
append_lines(struct batchlog *l, uint64_t sequence, unsigned evil, unsigned worse)
{
	static uint8_t room[1 << 16];
	struct buf lines = BUF_INIT(1 << 16);
	struct batch_record r;

	for (unsigned i = 0; i < 20; i++)
		add_line(&lines, (unsigned)sequence * 20 + i, (unsigned)sequence * 7 % 40,
		    i < evil	       ? "www.evil.example"
		    : i < evil + worse ? "worse.example"
				       : "www.good.example");
	r = make_batch(sequence, buf_slice(&lines), 20, room, sizeof(room));
	append_record(l, &r);
	buf_release(&lines);
}

#endif
