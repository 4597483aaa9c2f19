// SPDX-License-Identifier: GPL-2.0-only
/* QMP over a serial port. The port is HV_HOST_QMP, or azk.qmp= of the command line. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "qmp.h"

#define TIMEOUT_MS 30000

static int port = -1;
static int last_id;
static char answer[16384];

const char *qmp_answer(void)
{
	return answer;
}

/* Reads a line into @answer; false if none comes in time. */
static bool read_line(void)
{
	size_t n = 0;

	for (;;) {
		struct pollfd p = { .fd = port, .events = POLLIN };
		char c;

		if (poll(&p, 1, TIMEOUT_MS) <= 0 || read(port, &c, 1) != 1)
			return false;
		if (c == '\n')
			break;
		if (c != '\r' && n < sizeof(answer) - 1)
			answer[n++] = c;
	}
	answer[n] = '\0';
	return true;
}

static int send_all(const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(port, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		text += n;
		len -= n;
	}
	return 0;
}

/* Sends and waits for the answer of that id; events and echoes in between are passed over. */
static int transact(const char *command, const char *arguments)
{
	char text[4096], id[32];
	int n;

	/* ids stay unique when each test is a process of its own */
	last_id = last_id ? last_id + 1 : (int)(getpid() * 1000L % 1000000000L) + 1;
	snprintf(id, sizeof(id), "\"id\": %d}", last_id);
	n = snprintf(text, sizeof(text), "{\"execute\": \"%s\"%s%s, %s\n", command,
		     arguments ? ", \"arguments\": " : "", arguments ? arguments : "", id);
	if (n >= (int)sizeof(text) || send_all(text, n) < 0) {
		snprintf(answer, sizeof(answer), "cannot write to the monitor");
		return -1;
	}
	while (read_line()) {
		if (!strstr(answer, "\"return\"") && !strstr(answer, "\"error\""))
			continue;
		snprintf(id, sizeof(id), "\"id\": %d", last_id);
		if (strstr(answer, id))
			return strstr(answer, "\"error\"") ? -1 : 0;
	}
	snprintf(answer, sizeof(answer), "no answer of the monitor to %s", command);
	return -1;
}

static bool find_port(char *path, size_t size)
{
	const char *env = getenv("HV_HOST_QMP");
	char line[4096], *p;
	FILE *f;

	if (env) {
		snprintf(path, size, "%s", env);
		return true;
	}
	f = fopen("/proc/cmdline", "r");
	if (!f)
		return false;
	p = fgets(line, sizeof(line), f);
	fclose(f);
	p = p ? strstr(p, "azk.qmp=") : NULL;
	if (!p)
		return false;
	p += strlen("azk.qmp=");
	p[strcspn(p, " \n")] = '\0';
	snprintf(path, size, "/dev/%s", p);
	return true;
}

bool qmp_available(void)
{
	struct termios t;
	char path[128];

	if (port >= 0)
		return true;
	if (!find_port(path, sizeof(path)))
		return false;
	port = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (port < 0)
		return false;
	if (tcgetattr(port, &t) == 0) {
		cfmakeraw(&t);
		cfsetspeed(&t, B115200);
		tcsetattr(port, TCSANOW, &t);
	}
	tcflush(port, TCIFLUSH);
	/* An error is as good: another test was here before. */
	if (transact("qmp_capabilities", NULL) < 0 && !strstr(answer, "\"error\"")) {
		close(port);
		port = -1;
		return false;
	}
	return true;
}

int qmp(const char *command, const char *arguments, ...)
{
	char text[2048];
	va_list ap;

	if (!qmp_available()) {
		snprintf(answer, sizeof(answer), "no monitor");
		return -1;
	}
	if (arguments) {
		va_start(ap, arguments);
		vsnprintf(text, sizeof(text), arguments, ap);
		va_end(ap);
	}
	return transact(command, arguments ? text : NULL);
}
