// SPDX-License-Identifier: GPL-2.0-only
/* Finds the adapters and makes a pair of two. */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net.h"

#define DRIVER "hv_netvsc"

int sh(const char *format, ...)
{
	char command[1024];
	va_list ap;
	int status;

	va_start(ap, format);
	vsnprintf(command, sizeof(command), format, ap);
	va_end(ap);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

long net_attr(const char *name, const char *file)
{
	char path[256];
	long value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, file);
	f = fopen(path, "r");
	if (f) {
		if (fscanf(f, "%ld", &value) != 1)
			value = -1;
		fclose(f);
	}
	return value;
}

bool wait_net_attr(const char *name, const char *file, long value, int seconds)
{
	for (int i = 0; i < seconds * 20; i++) {
		if (net_attr(name, file) == value)
			return true;
		usleep(50000);
	}
	return false;
}

static bool is_netvsc(const char *name)
{
	char path[256], target[256], *base;
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/class/net/%s/device/driver", name);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	base = strrchr(target, '/');
	return base && !strcmp(base + 1, DRIVER);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

int adapters(char (*names)[IFNAMSIZ], int max)
{
	DIR *d = opendir("/sys/class/net");
	struct dirent *e;
	int n = 0;

	if (!d)
		return 0;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.' || strlen(e->d_name) >= IFNAMSIZ || !is_netvsc(e->d_name))
			continue;
		if (n < max)
			strcpy(names[n], e->d_name);
		n++;
	}
	closedir(d);
	qsort(names, n < max ? n : max, IFNAMSIZ, by_name);
	return n;
}

bool wait_adapters(int n, int seconds)
{
	char names[8][IFNAMSIZ];

	for (int i = 0; i < seconds * 10; i++) {
		if (adapters(names, 8) >= n)
			return true;
		usleep(100000);
	}
	return false;
}

void pair_enter(const struct pair *p, char side)
{
	if (setns(side == 'a' ? p->ns_a : p->ns_b, CLONE_NEWNET) < 0)
		perror("setns");
}

static int setup_side(const char *name, const char *v4, const char *v6)
{
	return sh("ip link set lo up; ip addr flush dev %s; ip link set %s up && ip addr add %s/24 dev %s && "
		  "ip -6 addr add %s/64 dev %s nodad", name, name, v4, name, v6, name);
}

const char *pair_make(struct pair *p)
{
	char names[2][IFNAMSIZ];
	int n;

	memset(p, 0, sizeof(*p));
	wait_adapters(2, 15);		/* an earlier test's namespace may be on its way out */
	n = adapters(names, 2);
	if (n < 2)
		return n ? "needs two adapters on one switch" : "no netvsc adapter";
	/* Adapters with an address carry the machine's own traffic. */
	if (sh("ip addr show dev %s | grep -q 'inet .*global' && ! ip addr show dev %s | grep -q %s",
	       names[0], names[0], A4) == 0)
		return "the adapters are in use";
	p->broken = true;
	strcpy(p->a, names[0]);
	strcpy(p->b, names[1]);
	p->ns_a = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (p->ns_a < 0 || unshare(CLONE_NEWNET) < 0)
		return "cannot make a network namespace";
	p->ns_b = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	pair_enter(p, 'a');
	if (p->ns_b < 0 || sh("ip link set %s netns /proc/%d/fd/%d", p->b, getpid(), p->ns_b))
		return "cannot move an adapter to another namespace";
	if (setup_side(p->a, A4, A6))
		return "cannot set up the first adapter";
	pair_enter(p, 'b');
	if (setup_side(p->b, B4, B6))
		return "cannot set up the second adapter";
	pair_enter(p, 'a');
	p->broken = false;
	if (sh("ping -c 1 -W 5 %s >/dev/null 2>&1 || ping -c 1 -W 5 %s >/dev/null 2>&1", B4, B4))
		return "needs two adapters on one switch: the two do not reach each other";
	return NULL;
}
