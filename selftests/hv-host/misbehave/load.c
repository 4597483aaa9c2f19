// SPDX-License-Identifier: GPL-2.0-only
/*
 * Process 1 of a guest whose host misbehaves: keeps the messages flowing that
 * a rule of the host is about, and says what comes of it. azk.load=A,B on the
 * kernel's command line names the loads. Nothing here ends or gives up: what
 * the host makes fail is tried again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "load.h"

_Atomic unsigned long counts[COUNTS];

static const char *const count_names[COUNTS] = {
	[PING] = "ping", [STREAM] = "stream", [CONTROL] = "control",
	[REOPEN] = "reopen", [DISK] = "disk", [PROBE] = "probe",
	[MOVE] = "move", [BIND] = "bind", [KVP] = "kvp", [VSS] = "vss",
	[MEMORY] = "memory", [UP] = "up",
};

static int kmsg = -1;

void say(const char *format, ...)
{
	char line[512] = "azk: ";
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line + 5, sizeof(line) - 5, format, ap);
	va_end(ap);
	if (n < 0 || write(kmsg, line, strlen(line)) < 0)
		return;		/* nobody left to tell */
}

void pause_ms(int ms)
{
	usleep(ms * 1000);
}

int put(const char *text, const char *format, ...)
{
	char path[512];
	va_list ap;
	int fd, ret;

	va_start(ap, format);
	vsnprintf(path, sizeof(path), format, ap);
	va_end(ap);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

void start(void *(*fn)(void *), void *arg, int cpu)
{
	pthread_attr_t attr;
	pthread_t thread;
	cpu_set_t set;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (cpu >= 0) {
		CPU_ZERO(&set);
		CPU_SET(cpu % sysconf(_SC_NPROCESSORS_ONLN), &set);
		pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	}
	if (pthread_create(&thread, &attr, fn, arg))
		say("no thread");
	pthread_attr_destroy(&attr);
}

static void mounts(void)
{
	static const char *const dirs[][2] = {
		{ "proc", "/proc" }, { "sysfs", "/sys" }, { "devtmpfs", "/dev" },
		{ "debugfs", "/sys/kernel/debug" },
	};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		mkdir(dirs[i][1], 0755);
		if (mount(dirs[i][0], dirs[i][1], dirs[i][0], 0, NULL) && errno != EBUSY)
			say("no %s: %s", dirs[i][1], strerror(errno));
	}
}

/* vbs concerns the host only: the guest is a confidential one. */
static void load_nothing(void)
{
}

/* A kernel of a distribution has its drivers in modules: those of /modules, by name. */
static void load_modules(void)
{
	struct dirent **list;
	int n = scandir("/modules", &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char path[300];
		int fd;

		if (list[i]->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/modules/%s", list[i]->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			say("module %s: %s", list[i]->d_name, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
}

static const struct {
	const char *name;
	void (*start)(void);
} loads[] = {
	{ "net", load_net }, { "reopen", load_reopen }, { "scsi", load_scsi },
	{ "probe", load_probe }, { "vmbus", load_vmbus },
	{ "utils", load_utils }, { "balloon", load_balloon },
	{ "vbs", load_nothing },
};

static void start_loads(void)
{
	char line[4096] = "", *p, *name, *save = NULL;
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, line, sizeof(line) - 1) <= 0) {
		say("no command line");
		return;
	}
	close(fd);
	p = strstr(line, "azk.load=");
	if (!p)
		return;
	p += strlen("azk.load=");
	p[strcspn(p, " \n")] = '\0';
	for (name = strtok_r(p, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		size_t i = 0, n = sizeof(loads) / sizeof(loads[0]);

		while (i < n && strcmp(loads[i].name, name))
			i++;
		if (i < n)
			loads[i].start();
		else
			say("no load called %s", name);
	}
}

int main(void)
{
	mkdir("/dev", 0755);
	if (mount("devtmpfs", "/dev", "devtmpfs", 0, NULL) && errno != EBUSY)
		return 1;
	kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	mounts();
	load_modules();
	/* no notes of promiscuous mode and disks, which would fill the log */
	put("6", "/proc/sys/kernel/printk");
	start_loads();
	for (;;) {
		char line[400];
		int n = 0;

		counts[UP]++;
		for (int i = 0; i < COUNTS; i++)
			if (counts[i])
				n += snprintf(line + n, sizeof(line) - n, " %s=%lu",
					      count_names[i], counts[i]);
		line[n] = '\0';
		say("load%s", line);
		sleep(1);
	}
}
