// SPDX-License-Identifier: GPL-2.0-only
/* QEMU's monitor (QMP): a command at a time, events passed over. */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "drive.h"

#define PATIENCE_MS	30000

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

void pause_ms(int ms)
{
	usleep(ms * 1000);
}

/* One line into @line; false at the end or after too long a silence. */
static bool get_line(int fd, char *line, size_t size)
{
	size_t n = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		char c;

		if (poll(&p, 1, PATIENCE_MS) <= 0 || read(fd, &c, 1) != 1)
			return false;
		if (c == '\n')
			break;
		if (n + 1 < size)
			line[n++] = c;
	}
	line[n] = '\0';
	return true;
}

int monitor_open(const char *path, int seconds)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	double end = now() + seconds;
	char line[4096];
	int fd;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	for (;;) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			return -1;
		if (!connect(fd, (struct sockaddr *)&a, sizeof(a)))
			break;
		close(fd);
		if (now() > end)
			return -1;
		pause_ms(100);
	}
	if (!get_line(fd, line, sizeof(line)) ||
	    monitor_run(fd, line, sizeof(line), "{\"execute\": \"qmp_capabilities\"}")) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The text after "KEY": up to the end of the object, escapes undone. */
static void value_of(const char *line, const char *key, char *answer, size_t size)
{
	const char *p = strstr(line, key);
	size_t n = 0;

	p = p ? p + strlen(key) : "";
	p += strspn(p, ": \"");
	while (*p && n + 1 < size) {
		if (p[0] == '\\' && p[1]) {
			answer[n++] = p[1] == 'n' ? '\n' : p[1];
			p += 2;
			continue;
		}
		answer[n++] = *p++;
	}
	answer[n] = '\0';
}

int monitor_run(int fd, char *answer, size_t size, const char *format, ...)
{
	static char line[1 << 18], command[8192];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(command, sizeof(command) - 1, format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(command) - 1)
		return -1;
	command[n++] = '\n';
	if (send(fd, command, n, MSG_NOSIGNAL) != n)
		return -1;
	while (get_line(fd, line, sizeof(line))) {
		if (!strncmp(line, "{\"return\"", 9)) {
			value_of(line, "{\"return\"", answer, size);
			return 0;
		}
		if (!strncmp(line, "{\"error\"", 8)) {
			value_of(line, "\"desc\"", answer, size);
			return 1;
		}
	}
	return -1;
}
