// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs one kselftest: own session, own time limit, output taken line by
 * line, and nothing of it left running afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

#define MAX_ARGS	32
#define KILL_WAIT_MS	5000

/* kselftest's exit codes */
#define KSFT_PASS	0
#define KSFT_XFAIL	2
#define KSFT_XPASS	3
#define KSFT_SKIP	4

void (*while_running)(void);

struct lines {
	char buf[4096];
	size_t used;
};

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void lines_flush(struct lines *l)
{
	if (l->used)
		say_nested(l->buf, l->used);
	l->used = 0;
}

static void lines_add(struct lines *l, const char *p, size_t n)
{
	for (; n; p++, n--) {
		if (*p == '\r')
			continue;
		if (*p == '\n' && !l->used)
			continue;
		if (*p == '\n' || l->used == sizeof(l->buf))
			lines_flush(l);
		if (*p != '\n')
			l->buf[l->used++] = *p;
	}
}

/* Returns false at end of file. */
static bool drain(int fd, struct lines *l)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		lines_add(l, chunk, n);
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void __attribute__((noreturn)) child(const struct test *t, int out)
{
	char *argv[MAX_ARGS + 1], *word, *save = NULL, *line;
	char dir[256];
	sigset_t none;
	int n = 0, null;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	null = open("/dev/null", O_RDONLY);
	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 ||
	    dup2(out, 2) < 0)
		_exit(126);
	if (null > 2)
		close(null);
	line = strdup(t->command);
	for (word = strtok_r(line, " \t", &save); word && n < MAX_ARGS;
	     word = strtok_r(NULL, " \t", &save))
		argv[n++] = word;
	argv[n] = NULL;
	snprintf(dir, sizeof(dir), "/tests/%s", t->target);
	if (!n || chdir(dir) < 0) {
		dprintf(2, "# azk: cannot enter %s: %s\n", dir, strerror(errno));
		_exit(126);
	}
	execvp(argv[0], argv);
	dprintf(2, "# azk: cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/*
 * A terminal and not a pipe: the C library then writes line by line, and a
 * test that forks does not print its pending output twice.
 */
static int open_terminal(int fds[2])
{
	struct termios t;
	int m, s;

	m = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (m < 0)
		return -1;
	if (grantpt(m) < 0 || unlockpt(m) < 0)
		goto err;
	s = open(ptsname(m), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (s < 0)
		goto err;
	if (tcgetattr(s, &t) == 0) {
		cfmakeraw(&t);
		tcsetattr(s, TCSANOW, &t);
	}
	fds[0] = m;
	fds[1] = s;
	return 0;
err:
	close(m);
	return -1;
}

/* Reaps everything that has ended; true once pid itself has. */
static bool reap(pid_t pid, int *status)
{
	bool done = false;
	int st;
	pid_t p;

	while ((p = waitpid(-1, &st, WNOHANG)) > 0) {
		if (p != pid)
			continue;
		*status = st;
		done = true;
	}
	return done;
}

static enum verdict judge(int status, char *why, size_t len)
{
	if (WIFSIGNALED(status)) {
		snprintf(why, len, "killed by signal %d", WTERMSIG(status));
		return FAIL;
	}
	switch (WEXITSTATUS(status)) {
	case KSFT_PASS:
	case KSFT_XFAIL:
	case KSFT_XPASS:
		return PASS;
	case KSFT_SKIP:
		snprintf(why, len, "skipped itself");
		return SKIP;
	default:
		snprintf(why, len, "exit status %d", WEXITSTATUS(status));
		return FAIL;
	}
}

enum verdict run_test(const struct test *t, char *why, size_t len)
{
	struct lines lines = { .used = 0 };
	struct pollfd pfd = { .events = POLLIN };
	bool open_end = true, done = false, late = false;
	long long end, kill_end;
	int fds[2], status = 0;
	pid_t pid;

	why[0] = '\0';
	if (open_terminal(fds) < 0) {
		snprintf(why, len, "cannot open a terminal: %s",
			 strerror(errno));
		return FAIL;
	}
	pid = fork();
	if (pid < 0) {
		close(fds[0]);
		close(fds[1]);
		snprintf(why, len, "cannot fork: %s", strerror(errno));
		return FAIL;
	}
	if (!pid)
		child(t, fds[1]);
	close(fds[1]);
	pfd.fd = fds[0];
	end = now_ms() + t->timeout * 1000LL;
	while (!done) {
		if (open_end && poll(&pfd, 1, 50) > 0)
			open_end = drain(fds[0], &lines);
		else if (!open_end)
			poll(NULL, 0, 20);
		done = reap(pid, &status);
		if (while_running)
			while_running();
		if (!done && now_ms() > end) {
			late = true;
			break;
		}
	}
	/* process 1 itself is not hit by -1: whatever the test left goes */
	kill(-1, SIGKILL);
	kill_end = now_ms() + KILL_WAIT_MS;
	while (!done && now_ms() < kill_end) {
		if (open_end)
			open_end = drain(fds[0], &lines);
		done = reap(pid, &status);
		poll(NULL, 0, 20);
	}
	if (open_end)
		drain(fds[0], &lines);
	lines_flush(&lines);
	close(fds[0]);
	reap(-1, &status);
	if (late) {
		snprintf(why, len, "no end within %u s%s", t->timeout,
			 done ? "" : ", and cannot be killed");
		return FAIL;
	}
	return judge(status, why, len);
}
