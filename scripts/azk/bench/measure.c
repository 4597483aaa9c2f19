// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * measure [--kill USEC] COMMAND...: runs it and prints "SECONDS USER SYSTEM KB STATUS",
 * wall and CPU time and the peak resident set, to descriptor 3, or to standard
 * output where 3 is not open. With --kill the command gets SIGKILL after that
 * many microseconds, unless it ended before.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	long kill_after = -1;
	struct rusage ru;
	sigset_t child;
	double begin;
	pid_t pid;
	int st, out = fcntl(3, F_GETFD) < 0 ? 1 : 3;

	if (argc > 2 && !strcmp(argv[1], "--kill")) {
		kill_after = strtol(argv[2], NULL, 10);
		argv += 2;
		argc -= 2;
	}
	if (argc < 2) {
		fputs("usage: measure [--kill USEC] COMMAND...\n", stderr);
		return 2;
	}
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	begin = now();
	pid = fork();
	if (pid < 0) {
		perror("fork");
		return 2;
	}
	if (!pid) {
		sigprocmask(SIG_UNBLOCK, &child, NULL);
		if (out == 3)
			close(3);
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	if (kill_after >= 0) {
		struct timespec t = { kill_after / 1000000, kill_after % 1000000 * 1000 };

		/* wakes up early when the command ends */
		if (sigtimedwait(&child, NULL, &t) < 0 && errno == EAGAIN)
			kill(pid, SIGKILL);
	}
	if (wait4(pid, &st, 0, &ru) < 0) {
		perror("wait");
		return 2;
	}
	dprintf(out, "%.3f %.3f %.3f %ld %d\n", now() - begin, seconds(ru.ru_utime), seconds(ru.ru_stime),
		ru.ru_maxrss, WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st));
	return 0;
}
