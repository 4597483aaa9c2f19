// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the guest's console while it is written: faults the kernel tells, with
 * the function they happened in, and the counters of the loads.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../guest/faults.h"
#include "drive.h"

/* A splat names its function within so many lines, or not at all. */
#define LOOK_LINES	45

bool console_open(struct console *c, const char *path)
{
	memset(c, 0, sizeof(*c));
	c->fd = open(path, O_RDONLY | O_CLOEXEC);
	return c->fd >= 0;
}

void console_close(struct console *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

void console_reset(struct console *c)
{
	c->fault[0] = c->where[0] = c->pending[0] = c->last[0] = '\0';
	c->repeats = 0;
	c->panicked = false;
}

static char *skip_stamps(char *s)
{
	char *p;

	while (*s == '[') {
		for (p = s + 1; isalnum((unsigned char)*p) || *p == '.' || *p == ' ' || *p == '@'; p++)
			;
		if (p[0] != ']' || p[1] != ' ')
			break;
		s = p + 2;
	}
	return s;
}

static void have_fault(struct console *c, const char *where)
{
	if (!c->fault[0]) {
		snprintf(c->fault, sizeof(c->fault), "%s", c->pending);
		snprintf(c->where, sizeof(c->where), "%s", where);
	}
	if (c->on_fault)
		c->on_fault(c->arg, c->pending, where);
	c->pending[0] = '\0';
}

void console_settle(struct console *c)
{
	if (c->pending[0])
		have_fault(c, "");
}

/*
 * The function: behind " in " of KASAN's line, behind RIP: of an exception;
 * for a task that waits or a lock that is wanted, the first frame of its stack
 * that is one of the drivers'.
 */
static bool function_in(const char *line, const char *fault, char *where, size_t size)
{
	static const char *const drivers[] = {
		"netvsc", "rndis", "storvsc", "vmbus", "hv_", "hvutil", "kvp_", "vss_", "util_",
		"balloon", "handle_", "process_", "free_balloon", "heartbeat", "timesync", "shutdown_",
		"init_vp", "hvt_", "scsi_", "__vmbus", "dm_",
	};
	const char *p = strstr(line, "RIP: 0010:");
	size_t n;

	if (p && !strstr(fault, "blocked for")) {
		p += strlen("RIP: 0010:");
		n = strcspn(p, "+ ");
		snprintf(where, size, "%.*s", (int)n, p);
		/* what only reports is not where it happened */
		return strncmp(where, "__list_", 7) && strncmp(where, "refcount_", 9) &&
		       strncmp(where, "__warn", 6);
	}
	while (*line == ' ')
		line++;
	if (*line == '?')
		return false;
	n = strcspn(line, "+");
	if (!line[n] || line[n + 1] != '0')
		return false;
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (!strncmp(line, drivers[i], strlen(drivers[i]))) {
			snprintf(where, size, "%.*s", (int)n, line);
			return true;
		}
	return false;
}

static void count_line(struct console *c, char *s)
{
	char *word, *save = NULL;
	double t = now();

	for (word = strtok_r(s, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *eq = strchr(word, '=');
		unsigned long v;
		int i;

		if (!eq)
			continue;
		*eq = '\0';
		v = strtoul(eq + 1, NULL, 10);
		for (i = 0; i < c->loads && strcmp(c->load[i].name, word); i++)
			;
		if (i == LOADS_MAX)
			continue;
		if (i == c->loads) {
			c->loads++;
			snprintf(c->load[i].name, sizeof(c->load[i].name), "%s", word);
			c->load[i].value = 0;
		}
		if (v > c->load[i].value)
			c->load[i].grown = t;
		c->load[i].value = v;
	}
}

static void one_line(struct console *c, char *raw)
{
	char *s = skip_stamps(raw), where[128] = "";
	const char *in;
	size_t i;

	if (!strncmp(s, "Linux version ", 14)) {
		c->boots++;
		c->loads = 0;
	}
	if (!strncmp(s, "azk: load", 9)) {
		count_line(c, s + 9);
		return;
	}
	if (!*s)
		return;
	if (!strncmp(c->again, s, LINE_MAX_LEN - 1))
		c->repeats++;
	else if (c->repeats)
		c->repeats--;
	else
		snprintf(c->again, sizeof(c->again), "%.*s", LINE_MAX_LEN - 1, s);
	if (!c->pending[0])
		snprintf(c->last, sizeof(c->last), "%.*s", LINE_MAX_LEN - 1, s);
	if (c->pending[0]) {
		if (function_in(s, c->pending, where, sizeof(where)))
			have_fault(c, where);
		else if (++c->pending_lines > LOOK_LINES || strstr(s, "---[ end "))
			have_fault(c, "");
		else if (strstr(s, "Kernel panic"))
			c->panicked = true;
		return;
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (strstr(s, bad[i]))
			break;
	if (i == sizeof(bad) / sizeof(bad[0]) && !strstr(s, "azk: disk: other"))
		return;		/* of a stream's bytes the host may make what it likes */
	if (strstr(s, "Kernel panic"))
		c->panicked = true;
	snprintf(c->pending, sizeof(c->pending), "%.*s", LINE_MAX_LEN - 1, s);
	c->pending_lines = 0;
	in = strstr(s, "KASAN:") ? strstr(s, " in ") : NULL;
	if (in) {
		snprintf(where, sizeof(where), "%.*s", (int)strcspn(in + 4, "+ "), in + 4);
		have_fault(c, where);
	} else if (!strncmp(s, "azk:", 4)) {
		have_fault(c, "");
	}
}

void console_read(struct console *c)
{
	char block[16384];
	ssize_t n;

	while ((n = read(c->fd, block, sizeof(block))) > 0)
		for (ssize_t i = 0; i < n; i++) {
			if (block[i] != '\n') {
				if (c->len + 1 < sizeof(c->line) && block[i] != '\r' && block[i])
					c->line[c->len++] = block[i];
				continue;
			}
			c->line[c->len] = '\0';
			c->len = 0;
			one_line(c, c->line);
		}
}
