// SPDX-License-Identifier: GPL-2.0-only
/*
 * load FILE: loads a network adapter or a disk, as each line of FILE says, and
 * tells how long it took. In a guest that an instruction counter watches it
 * marks the phases for it (../count/mark.h); elsewhere the marks do nothing.
 * TAP on standard output. A line:
 *
 *	rx name=rx-64 sink=other size=60 burst=64 gap=1000000 count=20000
 *	tx name=tx-64 sink=raw size=60 burst=64 count=20000
 *	io name=disk-4k-1 size=4096 depth=1 count=5000
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../count/mark.h"
#include "load.h"

#define MAX_LOADS 64

static double begun;

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

void say(const char *fmt, ...)
{
	va_list ap;

	fputs("# ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

int failed(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	fputs("# ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(" (%s)\n", strerror(err));
	fflush(stdout);
	return 1;
}

const char *file_line(char *buf, unsigned int len, const char *fmt, ...)
{
	char path[512];
	va_list ap;
	ssize_t n;
	int fd;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	buf[0] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return buf;
	n = read(fd, buf, len - 1);
	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	close(fd);
	return buf;
}

void file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		say("cannot write %s: %s", path, strerror(errno));
	close(fd);
}

/* The CPU that the first channel of the driver's first device interrupts; -1 if that is not VMBus. */
static int interrupt_cpu(const char *driver)
{
	char pattern[256], line[32];
	int cpu = -1;
	glob_t g;

	snprintf(pattern, sizeof(pattern), "/sys/bus/vmbus/drivers/%s/*/channels/*/cpu", driver);
	if (glob(pattern, 0, NULL, &g))
		return -1;
	if (g.gl_pathc && *file_line(line, sizeof(line), "%s", g.gl_pathv[0]))
		cpu = atoi(line);
	globfree(&g);
	return cpu;
}

void run_place(const struct load *l, const char *driver)
{
	int irq = interrupt_cpu(driver), cpu = l->cpu, n = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	if (cpu == -2)
		cpu = irq < 0 ? -1 : (irq + 1) % n;
	else if (cpu == -3)
		cpu = irq;
	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		say("cannot stay on CPU %d: %s", cpu, strerror(errno));
}

void run_begin(const struct load *l)
{
	begun = now();
	mark_begin(l->name);
}

void run_end(const struct load *l, unsigned int operations)
{
	double t;

	mark_end(operations);
	t = now() - begun;
	say("%s: %u operations in %.6f s, %.0f per second", l->name, operations, t, operations / t);
}

/* Give the counter the kernel's symbols. Nothing to say if that fails: it will say so itself. */
static void send_symbols(void)
{
	size_t size = 32 << 20, len = 0;
	char *text = malloc(size);
	int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (!text || fd < 0) {
		say("no /proc/kallsyms: %s", strerror(errno));
		free(text);
		return;
	}
	while (len < size && (n = read(fd, text + len, size - len)) > 0)
		len += n;
	close(fd);
	mark_symbols(text, len);
	free(text);
}

static bool set_number(unsigned int *where, const char *value)
{
	char *end;

	*where = strtoul(value, &end, 0);
	return *value && !*end;
}

static bool set_option(struct load *l, const char *word)
{
	const char *value = strchr(word, '=');
	size_t len = value ? (size_t)(value - word) : 0;
	const struct {
		const char *name;
		const char **text;
		unsigned int *number;
	} options[] = {
		{ "name", &l->name, NULL }, { "device", &l->device, NULL }, { "sink", &l->sink, NULL },
		{ "count", NULL, &l->count }, { "size", NULL, &l->size }, { "burst", NULL, &l->burst },
		{ "gap", NULL, &l->gap }, { "depth", NULL, &l->depth },
	};
	size_t i;

	if (!value++)
		return false;
	if (len == 3 && !strncmp(word, "cpu", 3)) {
		l->cpu = !strcmp(value, "other") ? -2 : !strcmp(value, "irq") ? -3 : atoi(value);
		return true;
	}
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strlen(options[i].name) != len || strncmp(options[i].name, word, len))
			continue;
		if (options[i].text)
			*options[i].text = value;
		return options[i].text || set_number(options[i].number, value);
	}
	return false;
}

static int run(const struct load *l)
{
	if (!strcmp(l->kind, "rx"))
		return load_rx(l);
	if (!strcmp(l->kind, "tx"))
		return load_tx(l);
	return load_io(l);
}

/* A line into l; false if it says nothing that can be done. */
static bool parse(char *line, struct load *l)
{
	char *save = NULL, *word = strtok_r(line, " \t", &save);

	*l = (struct load){ .kind = word, .name = word, .sink = "other", .count = 10000, .size = 60,
			    .burst = 64, .gap = 1000000, .depth = 1, .cpu = -1 };
	if (strcmp(word, "rx") && strcmp(word, "tx") && strcmp(word, "io"))
		return false;
	while ((word = strtok_r(NULL, " \t", &save)))
		if (!set_option(l, word))
			return false;
	return true;
}

/* The loads of a file, of which the lines stay in memory; -1 after a message. */
static int read_loads(const char *path, struct load *loads)
{
	unsigned int number = 0;
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	int n = 0;

	if (!f) {
		fprintf(stderr, "load: %s: %s\n", path, strerror(errno));
		return -1;
	}
	while (getline(&line, &size, f) >= 0) {
		number++;
		line[strcspn(line, "#\n")] = '\0';
		if (!line[strspn(line, " \t")])
			continue;
		if (n == MAX_LOADS || !parse(line, &loads[n])) {
			fprintf(stderr, "load: %s:%u: not understood, or more than %d loads\n", path, number, MAX_LOADS);
			fclose(f);
			return -1;
		}
		n++;
		line = NULL;
		size = 0;
	}
	free(line);
	fclose(f);
	return n;
}

int main(int argc, char **argv)
{
	static struct load loads[MAX_LOADS];
	int n, i, status = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: load FILE; see load.c\n");
		return 2;
	}
	n = read_loads(argv[1], loads);
	if (n < 0)
		return 2;
	send_symbols();
	printf("TAP version 13\n1..%d\n", n);
	for (i = 0; i < n; i++) {
		int r = run(&loads[i]);

		printf("%s %d - %s%s\n", r == 1 ? "not ok" : "ok", i + 1, loads[i].name, r == 4 ? " # SKIP for the reason above" : "");
		fflush(stdout);
		if (r == 1)
			status = 1;
	}
	return status;
}
