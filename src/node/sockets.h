/* sockets.h - listening sockets of the syslog receivers, from "ADDRESS:PORT". */
#ifndef HINOMI_NODE_SOCKETS_H
#define HINOMI_NODE_SOCKETS_H

#include <stdbool.h>

#include "base/err.h"

/* A bound, non-blocking socket (stream: listening), or -1 and a sentence. */
int socket_listen(const char *address, bool stream, struct err *e);

#endif
