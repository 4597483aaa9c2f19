// SPDX-License-Identifier: GPL-2.0-only
/* The host's monitor at the end of a serial port: one JSON object a line. */
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

#include "host.h"

#define ANSWER_MS 20000
#define OPEN_MS 5000
/* More than any answer a test asks for. */
#define LINE_MAX_LEN (512 * 1024)

static int port = -1;
static int answer_ms = ANSWER_MS;
static char *line;
static size_t have;		/* bytes of an unfinished line */
static char error[512];

const char *host_error(void)
{
	return error;
}

/* The port's name in @name; -ENODEV if nobody gave one. */
static int port_name(char *name, size_t size)
{
	const char *env = getenv("HV_HOST_QMP");
	char cmdline[4096] = "", *p;
	FILE *f;

	if (env) {
		snprintf(name, size, "%s", env);
		return 0;
	}
	f = fopen("/proc/cmdline", "r");
	if (!f)
		return -errno;
	p = fgets(cmdline, sizeof(cmdline), f);
	fclose(f);
	p = p ? strstr(cmdline, "azk.qmp=") : NULL;
	if (!p)
		return -ENODEV;
	p += strlen("azk.qmp=");
	snprintf(name, size, "/dev/%.*s", (int)strcspn(p, " \n"), p);
	return 0;
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Reads one line into @line, without its end. */
static int read_line(long long until)
{
	static size_t used;	/* bytes of the line given out before */

	if (used) {
		memmove(line, line + used, have - used);
		have -= used;
		used = 0;
	}
	for (;;) {
		char *end = memchr(line, '\n', have);
		struct pollfd p = { .fd = port, .events = POLLIN };
		long long left = until - now_ms();
		ssize_t n;

		if (end) {
			*end = 0;
			used = end + 1 - line;
			return 0;
		}
		if (have == LINE_MAX_LEN)
			return -EMSGSIZE;
		if (left <= 0 || poll(&p, 1, left) <= 0)
			return -ETIMEDOUT;
		n = read(port, line + have, LINE_MAX_LEN - have);
		if (n < 0 && errno != EAGAIN)
			return -errno;
		if (n > 0)
			have += n;
	}
}

/* The value of a member of the outermost object, or NULL. No blanks but QEMU's. */
static const char *member(const char *json, const char *name)
{
	char key[64];
	int depth = 0;
	bool quoted = false;

	snprintf(key, sizeof(key), "\"%s\": ", name);
	for (; *json; json++) {
		if (quoted) {
			if (*json == '\\' && json[1])
				json++;
			else if (*json == '"')
				quoted = false;
			continue;
		}
		if (depth == 1 && !strncmp(json, key, strlen(key)))
			return json + strlen(key);
		if (*json == '"')
			quoted = true;
		else if (*json == '{' || *json == '[')
			depth++;
		else if (*json == '}' || *json == ']')
			depth--;
	}
	return NULL;
}

/* The length of the value that starts at @json. */
static size_t value_length(const char *json)
{
	const char *p = json;
	int depth = 0;
	bool quoted = false;

	for (; *p; p++) {
		if (quoted) {
			if (*p == '\\' && p[1])
				p++;
			else if (*p == '"')
				quoted = false;
		} else if (*p == '"') {
			quoted = true;
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if (*p == '}' || *p == ']') {
			if (!depth--)
				break;
		} else if (*p == ',' && !depth) {
			break;
		}
	}
	return p - json;
}

/* Copies a JSON string's content; false if @json is none. */
static bool unquote(const char *json, char *to, size_t size)
{
	size_t n = 0;

	if (*json++ != '"')
		return false;
	for (; *json && *json != '"'; json++) {
		char c = *json;

		if (c == '\\') {
			c = *++json;
			if (c == 'n')
				c = '\n';
			else if (c == 't')
				c = '\t';
		}
		if (n + 1 < size)
			to[n++] = c;
	}
	to[n] = 0;
	return true;
}

static int write_all(const char *text)
{
	size_t n = strlen(text);

	while (n) {
		struct pollfd p = { .fd = port, .events = POLLOUT };
		ssize_t w = write(port, text, n);

		if (w < 0 && errno == EAGAIN)
			poll(&p, 1, 1000);
		else if (w < 0)
			return -errno;
		else
			text += w, n -= w;
	}
	return 0;
}

int host_command(const char *name, const char *arguments, char *result, size_t size)
{
	static int last;
	long long until = now_ms() + answer_ms;
	char *text, id[32];
	int err;

	error[0] = 0;
	if (port < 0)
		return -ENODEV;
	/* Several tests, each a process of its own, talk on one connection. */
	snprintf(id, sizeof(id), "%d-%d", getpid(), ++last);
	if (asprintf(&text, "{\"execute\": \"%s\", \"id\": \"%s\"%s%s}\n", name, id,
		     arguments ? ", \"arguments\": " : "", arguments ?: "") < 0)
		return -ENOMEM;
	err = write_all(text);
	free(text);

	while (!err) {
		const char *v;
		char got[64];

		err = read_line(until);
		if (err)
			break;
		v = member(line, "id");
		if (!v || !unquote(v, got, sizeof(got)) || strcmp(got, id))
			continue;
		v = member(line, "error");
		if (v) {
			v = member(v, "desc");
			if (!v || !unquote(v, error, sizeof(error)))
				snprintf(error, sizeof(error), "refused");
			return -EREMOTEIO;
		}
		v = member(line, "return");
		if (!v)
			return -EPROTO;
		if (result)
			snprintf(result, size, "%.*s", (int)value_length(v), v);
		return 0;
	}
	return err;
}

int host_open(void)
{
	struct termios t;
	char name[128];
	int err, tries;

	if (port >= 0)
		return 0;
	err = port_name(name, sizeof(name));
	if (err)
		return err;
	line = line ?: malloc(LINE_MAX_LEN + 1);
	if (!line)
		return -ENOMEM;
	port = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (port < 0)
		return -errno;
	if (!tcgetattr(port, &t)) {
		cfmakeraw(&t);
		cfsetspeed(&t, B115200);
		t.c_cflag |= CLOCAL;
		tcsetattr(port, TCSANOW, &t);
	}
	tcflush(port, TCIFLUSH);
	/*
	 * Until the port was raw, it echoed: the monitor may be in the middle of
	 * what it said itself. A byte that is in no JSON makes it begin anew.
	 */
	answer_ms = OPEN_MS;
	for (tries = 0, err = -ETIMEDOUT; err == -ETIMEDOUT && tries < 4; tries++) {
		err = write_all("\xff");
		/* Refused on all but the first use of the connection. */
		if (!err)
			err = host_command("qmp_capabilities", NULL, NULL, 0);
	}
	answer_ms = ANSWER_MS;
	if (err && err != -EREMOTEIO) {
		close(port);
		port = -1;
		return err;
	}
	return 0;
}

int host_do(const char *name, const char *arguments, ...)
{
	char *text = NULL;
	va_list ap;
	int err;

	err = host_open();
	if (err)
		return err;
	if (arguments) {
		va_start(ap, arguments);
		err = vasprintf(&text, arguments, ap);
		va_end(ap);
		if (err < 0)
			return -ENOMEM;
	}
	err = host_command(name, text, NULL, 0);
	free(text);
	return err;
}

bool host_find(const char *device, char *path, size_t size)
{
	/* with an id, and without */
	static const char *const places[] = { "peripheral", "peripheral-anon" };
	char *json = malloc(LINE_MAX_LEN), child[128], args[128];
	bool found = false;
	size_t i;

	if (*device == '/') {
		snprintf(path, size, "%s", device);
		free(json);
		return true;
	}
	snprintf(child, sizeof(child), "child<%s>", device);
	for (i = 0; json && i < 2 && !found; i++) {
		const char *p = json;

		snprintf(args, sizeof(args), "{\"path\": \"/machine/%s\"}", places[i]);
		if (host_command("qom-list", args, json, LINE_MAX_LEN))
			continue;
		while (!found && (p = strchr(p, '{'))) {
			const char *type = member(p, "type"), *name = member(p, "name");
			char t[128], n[128];

			found = type && name && unquote(type, t, sizeof(t)) && unquote(name, n, sizeof(n)) &&
				!strcmp(t, child);
			if (found)
				snprintf(path, size, "/machine/%s/%s", places[i], n);
			p += value_length(p);
		}
	}
	free(json);
	return found;
}

bool host_has(const char *device)
{
	char path[256];

	return host_find(device, path, sizeof(path));
}

static int get(const char *device, const char *property, char *json, size_t size)
{
	char args[512], path[256];

	if (!host_find(device, path, sizeof(path))) {
		snprintf(error, sizeof(error), "no %s", device);
		return -EREMOTEIO;
	}
	snprintf(args, sizeof(args), "{\"path\": \"%s\", \"property\": \"%s\"}", path, property);
	return host_command("qom-get", args, json, size);
}

int host_get(const char *device, const char *property, char *value, size_t size)
{
	char *json = malloc(LINE_MAX_LEN);
	int err = json ? get(device, property, json, LINE_MAX_LEN) : -ENOMEM;

	if (!err && !unquote(json, value, size))
		err = -EPROTO;
	free(json);
	return err;
}

int host_get_number(const char *device, const char *property, long long *value)
{
	char json[64], *end;
	int err = get(device, property, json, sizeof(json));

	if (err)
		return err;
	*value = strtoll(json, &end, 10);
	return end == json ? -EPROTO : 0;
}

static int set(const char *device, const char *property, const char *json)
{
	char *args, path[256];
	int err;

	if (!host_find(device, path, sizeof(path))) {
		snprintf(error, sizeof(error), "no %s", device);
		return -EREMOTEIO;
	}
	if (asprintf(&args, "{\"path\": \"%s\", \"property\": \"%s\", \"value\": %s}", path, property,
		     json) < 0)
		return -ENOMEM;
	err = host_command("qom-set", args, NULL, 0);
	free(args);
	return err;
}

int host_set(const char *device, const char *property, const char *value)
{
	char *json;
	int err;

	/* no test sends quotes or backslashes */
	if (asprintf(&json, "\"%s\"", value) < 0)
		return -ENOMEM;
	err = set(device, property, json);
	free(json);
	return err;
}

int host_set_number(const char *device, const char *property, long long value)
{
	char json[32];

	snprintf(json, sizeof(json), "%lld", value);
	return set(device, property, json);
}
