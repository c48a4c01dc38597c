/* process.c - see process.h. */
#define _GNU_SOURCE
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child between fork and exec: only calls that are safe there.  Never returns. */
static void
become(const struct process_spec *spec, pid_t parent)
{
	sigset_t none;

	sigemptyset(&none);
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL); /* refused for SIGKILL and SIGSTOP: fine */
	signal(SIGHUP, SIG_IGN); /* "reload" is no reason to die for who has not loaded yet */
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (spec->dies_with_us) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent) /* it ended before we asked */
			_exit(127);
	}
	close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	for (unsigned i = 0; i < spec->n_fds; i++)
		fcntl(spec->fds[i], F_SETFD, 0);
	execv("/proc/self/exe", (char *const *)(uintptr_t)spec->argv);
	static const char text[] =
	    "hinomi: /proc/self/exe cannot be executed: is /proc mounted?\n";
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(126);
	_exit(127);
}

int
process_spawn(struct process *out, const struct process_spec *spec, struct err *e)
{
	pid_t parent = getpid(), pid;
	int pidfd;

	if ((pid = fork()) < 0)
		return err_errno(e, errno, "starting \"%s\"", spec->argv[0]);
	if (pid == 0)
		become(spec, parent);
	if ((pidfd = pidfd_open(pid, 0)) < 0) { /* close-on-exec by itself */
		err_errno(e, errno, "watching process %d", (int)pid);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return -1;
	}
	*out = (struct process){pid, pidfd};
	return 0;
}

int
process_reap(struct process *p, struct process_end *end, struct err *e)
{
	siginfo_t info;
	int rc;

	do
		rc = waitid(P_PID, (id_t)p->pid, &info, WEXITED);
	while (rc != 0 && errno == EINTR);
	if (rc != 0)
		return err_errno(e, errno, "waiting for process %d", (int)p->pid);
	close(p->pidfd);
	*p = (struct process){0, -1};
	end->exited = info.si_code == CLD_EXITED;
	end->status = info.si_status;
	if (end->exited)
		snprintf(end->text, sizeof(end->text), "exit status %d", end->status);
	else
		snprintf(end->text, sizeof(end->text), "killed by signal %d (%s)", end->status,
		    sigdescr_np(end->status) != NULL ? sigdescr_np(end->status) : "?");
	return 0;
}

void
process_signal(const struct process *p, int signal)
{
	/* Until it is reaped, its number is not given to anybody else. */
	if (p->pid > 0)
		kill(p->pid, signal);
}
