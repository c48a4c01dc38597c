/*
 * notify.h - tell the service manager how we are (systemd's sd_notify protocol).
 *
 * "READY=1", "RELOADING=1", "STOPPING=1", "STATUS=text"; several lines in one
 * call.  Without a service manager (no NOTIFY_SOCKET) nothing happens.
 */
#ifndef HINOMI_SYS_NOTIFY_H
#define HINOMI_SYS_NOTIFY_H

void notify_manager(const char *state);

#endif
