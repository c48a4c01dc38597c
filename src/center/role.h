/*
 * role.h - what a role of a center is given at birth.
 *
 * `hinomi center` (the supervisor) starts each role by executing the program
 * anew with --role; the role finds here where it works and whom to wake.
 */
#ifndef HINOMI_CENTER_ROLE_H
#define HINOMI_CENTER_ROLE_H

#include <stdbool.h>

#include "base/err.h"

struct role_env {
	const char *role;	 /* "serve", "detect" */
	const char *data_dir;	 /* an absolute path; it exists */
	const char *config_file; /* NULL: every setting at its default */
	bool crashed; /* its last life ended by a fault of its own: a signal, not SIGKILL */

	/*
	 * eventfds, non-blocking, shared by all roles; -1 where there is none (a role
	 * started by hand): then look for news each second.
	 */
	int batches; /* serve adds 1 after batches were committed; detect waits for it */
	int alerts;  /* detect adds 1 after alerts or sources changed; serve waits for it */
	int ready;   /* role_ready() writes to it; -1: nobody waits */
};

/* Both return the process's exit status (design.md: 0, 2, 3). */
int serve_main(const struct role_env *env);
int detect_main(const struct role_env *env);

/*
 * The descriptors, as the supervisor writes them after --fds: "5,6,7", in the
 * order of the struct.  False where the text is none of its.
 */
bool role_parse_fds(struct role_env *env, const char *text);

/* Say that this role listens, has loaded, works. */
void role_ready(const struct role_env *env);

/*
 * Give up what this role does not need (its row in role.c): from here on only
 * the data directory can be written, and besides it only `read_below` (ended by
 * NULL, may be NULL) can be read.  After opening sockets, before any input and
 * before any thread.  Logs what could not be had.
 */
int role_enter_sandbox(
    const struct role_env *env, const char *const *read_below, struct err *e);

/* Wake whoever waits on the eventfd; -1 is welcome. */
void role_wake(int eventfd);

/* Forget what woke us.  True if anything did. */
bool role_woken(int eventfd);

#endif
