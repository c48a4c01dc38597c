/* sockets.c - see sockets.h. */
#include "node/sockets.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG	   128
#define UDP_BUFFER (8 * 1024 * 1024) /* a burst that comes while we sync the disk */

/* "127.0.0.1:514", "[::1]:514", "*:514" */
static bool
split(const char *address, char host[256], char port[8])
{
	const char *colon = strrchr(address, ':');
	size_t n;

	if (colon == NULL || colon[1] == '\0' || strlen(colon + 1) > 5 ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return false;
	snprintf(port, 8, "%s", colon + 1);
	n = (size_t)(colon - address);
	if (n >= 2 && address[0] == '[' && address[n - 1] == ']') {
		address++;
		n -= 2;
	} else if (memchr(address, ':', n) != NULL)
		return false;
	if (n >= 256)
		return false;
	memcpy(host, address, n);
	host[n] = '\0';
	return true;
}

static int
open_one(const struct addrinfo *a, bool stream)
{
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
	    one = 1, size = UDP_BUFFER, code;

	if (fd < 0)
		return -1;
	if (stream)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	else {
		if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
			setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof(one));
	}
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && (!stream || listen(fd, BACKLOG) == 0))
		return fd;
	code = errno;
	close(fd);
	errno = code;
	return -1;
}

int
socket_listen(const char *address, bool stream, struct err *e)
{
	struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	    .ai_socktype = stream ? SOCK_STREAM : SOCK_DGRAM};
	struct addrinfo *list = NULL;
	char host[256], port[8];
	int rc, fd;

	if (!split(address, host, port))
		return err_set(e,
		    "\"%s\" is no address and port; write 127.0.0.1:5514 or [::1]:5514",
		    address);
	rc = getaddrinfo(
	    host[0] == '\0' || strcmp(host, "*") == 0 ? NULL : host, port, &hints, &list);
	if (rc != 0)
		return err_set(e, "listening on \"%s\": %s", address, gai_strerror(rc));
	if ((fd = open_one(list, stream)) < 0) {
		err_errno(
		    e, errno, "listening on \"%s\" (%s)", address, stream ? "TCP" : "UDP");
		if (errno == EADDRINUSE)
			err_wrap(e, "another program has this port; choose one that is free");
	}
	freeaddrinfo(list);
	return fd;
}
