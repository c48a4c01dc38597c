/* notify_test.c - the service manager hears what was said, on a path or in the abstract name
 * space. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "dir.h"
#include "sys/notify.h"

static void
check_heard(const char *name)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	size_t n = strlen(name);
	char got[100];

	memcpy(at.sun_path, name, n);
	if (*name == '@')
		at.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&at,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)),
	    0);
	setenv("NOTIFY_SOCKET", name, 1);
	notify_manager("READY=1\nSTATUS=well");
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(recv(fd, got, sizeof(got), 0), 19);
	assert_memory_equal(got, "READY=1\nSTATUS=well", 19);
	close(fd);
}

static void
both_kinds_of_sockets_hear(void **state)
{
	char name[100];

	snprintf(name, sizeof(name), "%s/notify", test_dir);
	check_heard(name);
	snprintf(name, sizeof(name), "@hinomi-test-%d", (int)getpid());
	check_heard(name);
}

static void
without_a_manager_or_with_nonsense_nothing_happens(void **state)
{
	static char too_long[300];
	static const char *const nonsense[] = {
	    "", "/", "relative/path", "@", too_long, "/no/such/socket"};

	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[0] = '/';
	unsetenv("NOTIFY_SOCKET");
	notify_manager("READY=1");
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(*nonsense); i++) {
		setenv("NOTIFY_SOCKET", nonsense[i], 1);
		notify_manager("READY=1");
	}
	unsetenv("NOTIFY_SOCKET");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(both_kinds_of_sockets_hear, enter_dir, leave_dir),
	    cmocka_unit_test(without_a_manager_or_with_nonsense_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
