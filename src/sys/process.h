/*
 * process.h - start this very program anew, and learn when it ends.
 *
 * A child executes /proc/self/exe: it shares no memory with its parent, and only
 * the descriptors named for it.  Its end shows as readability of a pidfd, so a
 * loop can watch it like any descriptor.
 */
#ifndef HINOMI_SYS_PROCESS_H
#define HINOMI_SYS_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct process {
	pid_t pid; /* 0: none */
	int pidfd; /* readable when it ended; ours to close by process_reap() */
};

struct process_spec {
	const char *const *argv; /* ended by NULL; argv[0] is for people */
	const int *fds; /* kept open in the child, under the same numbers, beside 0, 1 and 2 */
	unsigned n_fds;
	bool dies_with_us; /* SIGTERM when our process ends, however it ends */
};

/* Starts with an empty signal mask and default handlers; SIGHUP is ignored until a loop catches
 * it. */
int process_spawn(struct process *out, const struct process_spec *spec, struct err *e);

/* How it ended; `text` says it in words: "exit status 3", "killed by signal 9 (Killed)". */
struct process_end {
	bool exited;
	int status; /* exit status, or the signal */
	char text[64];
};

/* Waits for the end, closes the pidfd, zeroes *p. */
int process_reap(struct process *p, struct process_end *end, struct err *e);

void process_signal(const struct process *p, int signal); /* harmless after its end */

#endif
