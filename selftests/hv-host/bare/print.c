// SPDX-License-Identifier: GPL-2.0-only
/* TAP on the first serial port. */
#include <stdarg.h>
#include "bare.h"

static u32 tests, failures;

static void put(char c)
{
	u8 status = 0;

	do {
		asm volatile("inb %1, %0" : "+a"(status) : "Nd"((u16)0x3fd));
	} while (!(status & 0x20));
	asm volatile("outb %0, %1" :: "a"(c), "Nd"((u16)0x3f8));
}

static void number(u64 v, u32 base)
{
	char digits[20];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (n)
		put(digits[--n]);
}

/* %s, %lu and %lx: all that is needed */
void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	for (; *format; format++) {
		if (*format != '%') {
			put(*format);
			continue;
		}
		if (*++format == 's') {
			for (const char *s = va_arg(args, const char *); *s; s++)
				put(*s);
			continue;
		}
		format++;
		number(va_arg(args, u64), *format == 'x' ? 16 : 10);
	}
	va_end(args);
}

void ok(bool good, const char *name)
{
	failures += !good;
	print("%sok %lu - %s\n", good ? "" : "not ", (u64)++tests, name);
}

void skip(const char *name, const char *why)
{
	print("ok %lu - %s # SKIP %s\n", (u64)++tests, name, why);
}

void is_equal(const char *name, u64 got, u64 want)
{
	ok(got == want, name);
	if (got != want)
		print("# %s: 0x%lx instead of 0x%lx\n", name, got, want);
}

void done(void)
{
	print("1..%lu\n# %lu failed\n", (u64)tests, (u64)failures);
}
