// SPDX-License-Identifier: GPL-2.0-only
/*
 * Output of the guest's init. Everything goes through /dev/kmsg: a record
 * is printed whole on every console, in order with the kernel's own lines,
 * on a serial port, a Hyper-V console or a paravirtual one alike.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

/* The kernel refuses records above 1024 bytes, its prefix included. */
#define LINE_MAX_BYTES 900

static int kmsg = -1;

void console_open(void)
{
	kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
}

static void emit(const char *indent, const char *text, size_t len)
{
	char line[LINE_MAX_BYTES + 64];
	size_t i;
	int n;

	if (len > LINE_MAX_BYTES)
		len = LINE_MAX_BYTES;
	n = snprintf(line, sizeof(line), "%sazk: %s%.*s\n",
		     kmsg < 0 ? "" : "<5>", indent, (int)len, text);
	/* escape sequences would end up in the saved log */
	for (i = 0; i + 1 < (size_t)n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = ' ';
	if (write(kmsg < 0 ? STDOUT_FILENO : kmsg, line, n) < 0 && kmsg >= 0)
		dprintf(STDOUT_FILENO, "%s", line);
}

void say(const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n > (int)sizeof(line) - 1)
		n = sizeof(line) - 1;
	emit("", line, n);
}

void say_nested(const char *text, size_t len)
{
	emit("    ", text, len);
}
