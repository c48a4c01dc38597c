/*
 * sandbox.h - give up, for good, every power this process does not need.
 *
 * Entered after a role has opened its sockets and keys and before it looks at
 * any input; threads are started afterwards only (Landlock binds the thread that
 * enters and those it starts).  In this order: the data directory's owner
 * instead of root, no capabilities, no core dumps, no new privileges, Landlock
 * (files below the named directories only, no new TCP), seccomp (an allow-list;
 * anything else kills the process, and its parent logs that and starts it again).
 *
 * Where the kernel lacks Landlock, or a container forbids it, the report says so
 * and the rest still holds.
 */
#ifndef HINOMI_SYS_SANDBOX_H
#define HINOMI_SYS_SANDBOX_H

#include <stdbool.h>

#include "base/err.h"

/* Which system calls stay.  sandbox_calls.def names them. */
enum sandbox_power {
	SANDBOX_COMPUTE, /* files and memory: no network */
	SANDBOX_LISTEN,	 /* and sockets that are bound already */
	SANDBOX_CONNECT, /* and sockets of one's own making, outwards */
	SANDBOX_POWER_COUNT,
};

struct sandbox {
	enum sandbox_power power;
	const char *owner_of; /* as root: become the owner of this directory; NULL: stay */
	const char *const *write_below; /* files or directories, ended by NULL; NULL: none */
	const char *const *read_below;	/* those that are missing are passed over */
	bool refuse_only; /* for debugging: a forbidden call fails with EPERM, and the kernel
			     logs it */
};

/* What took hold. */
struct sandbox_report {
	int landlock; /* the kernel's version of it; 0: none */
	bool seccomp; /* false only in builds under a sanitizer, whose runtime needs more calls
		       */
	char text[160]; /* one line for the log: what does not hold, and why; "" if all does */
};

int sandbox_enter(const struct sandbox *s, struct sandbox_report *report, struct err *e);

#endif
