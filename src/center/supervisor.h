/*
 * supervisor.h - the parent of a center's roles.
 *
 * It reads nothing from outside and holds no secrets: it starts each role by
 * executing the program anew, starts again what died, and stops everything
 * together.
 */
#ifndef HINOMI_CENTER_SUPERVISOR_H
#define HINOMI_CENTER_SUPERVISOR_H

#include "base/err.h"
#include "base/instant.h"

struct supervisor_spec {
	const char *program;	 /* argv[0] of the roles */
	const char *data_dir;	 /* made where missing, mode 0700 */
	const char *config_file; /* NULL: none */
	const char *const
	    *roles;	   /* "serve", "detect"; ended by NULL; at most SUPERVISOR_ROLES_MAX */
	struct span grace; /* from SIGTERM to SIGKILL; 0: 10 s */
};

#define SUPERVISOR_ROLES_MAX 8

/*
 * Run until SIGTERM or SIGINT, then stop all roles: 0.  SIGHUP goes on to the
 * roles.  3 with *e set where it could not run: another center holds the data
 * directory, or a role ended with status 2 or 3 before it was ever ready (it has
 * said why on stderr); its status is then ours.
 */
int supervisor_run(const struct supervisor_spec *spec, struct err *e);

#endif
