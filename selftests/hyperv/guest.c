// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

int get_line(const char *path, char *line, size_t size)
{
	FILE *f = fopen(path, "r");
	int err = 0;

	line[0] = 0;
	if (!f)
		return -errno;
	if (!fgets(line, size, f) && ferror(f))
		err = -errno;
	fclose(f);
	line[strcspn(line, "\n")] = 0;
	return err;
}

int put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int err = 0;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	if (n < 0)
		err = -errno;
	close(fd);
	return err;
}

long long get_number(const char *path)
{
	char line[64], *end;
	long long v;

	if (get_line(path, line, sizeof(line)))
		return -1;
	v = strtoll(line, &end, 0);
	return end == line ? -1 : v;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char * const *)a, *(char * const *)b);
}

/* The n-th name in a directory, sorted, of those @wanted says yes to. */
static bool nth(const char *dir, int n, bool (*wanted)(const char *, const char *),
		const char *arg, char *name, size_t size)
{
	struct dirent *e;
	char *names[256];
	int count = 0, i;
	DIR *d = opendir(dir);

	if (!d)
		return false;
	while ((e = readdir(d)) && count < 256)
		if (e->d_name[0] != '.' && (!wanted || wanted(e->d_name, arg)))
			names[count++] = strdup(e->d_name);
	closedir(d);
	qsort(names, count, sizeof(*names), by_name);
	if (n < count)
		snprintf(name, size, "%s", names[n]);
	for (i = 0; i < count; i++)
		free(names[i]);
	return n < count;
}

static bool of_class(const char *name, const char *class)
{
	char path[512], line[64];

	snprintf(path, sizeof(path), VMBUS "/%s/class_id", name);
	return !class || (!get_line(path, line, sizeof(line)) && !strcmp(line, class));
}

bool find_device(const char *class, int n, char *name, size_t size)
{
	return nth(VMBUS, n, of_class, class, name, size);
}

bool find_channel(const char *device, int n, char *path, size_t size)
{
	char dir[256], name[64];

	snprintf(dir, sizeof(dir), VMBUS "/%s/channels", device);
	if (!nth(dir, n, NULL, NULL, name, sizeof(name)))
		return false;
	snprintf(path, size, "%s/%s", dir, name);
	return true;
}

int cpu_count(void)
{
	return sysconf(_SC_NPROCESSORS_CONF);
}

bool cpu_online(int cpu)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	/* the boot CPU may have no such file */
	return get_number(path) == 1 || (!cpu && access(path, F_OK));
}

long long callback_interrupts(int cpu)
{
	char line[8192];
	long long v = -1;
	FILE *f = fopen("/proc/interrupts", "r");

	while (f && fgets(line, sizeof(line), f)) {
		char *p = line + strspn(line, " ");
		int i;

		if (strncmp(p, "HYP:", 4))
			continue;
		p += 4;
		/* a column for each CPU that is online */
		for (i = 0; i <= cpu; i++)
			if (cpu_online(i))
				v = strtoll(p, &p, 10);
	}
	if (f)
		fclose(f);
	return v;
}

static int run(const char *const *argv)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		dup2(null, 2);
		execvp(argv[0], (char * const *)argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int module_load(const char *name, const char **why)
{
	const char *const argv[] = { "modprobe", name, NULL };
	int status = run(argv);

	*why = status == 127 ? "no modprobe" : "modprobe failed";
	return status ? -1 : 0;
}

int module_unload(const char *name, const char **why)
{
	const char *const argv[] = { "modprobe", "-r", name, NULL };
	char path[128];
	int status;

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	if (access(path, F_OK)) {
		*why = "not a loaded module";
		return -1;
	}
	status = run(argv);
	*why = status == 127 ? "no modprobe" : "modprobe -r failed";
	return status ? -1 : 0;
}

int start_daemon(const char *name)
{
	static const char *const dirs[] = { "/usr/sbin", "/usr/bin", "/usr/libexec/hypervkvpd", "/sbin" };
	char path[256];
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		pid_t pid;

		snprintf(path, sizeof(path), "%s/%s", dirs[i], name);
		if (access(path, X_OK))
			continue;
		/* which the daemon makes itself, but not what is above it */
		mkdir("/var/lib", 0755);
		pid = fork();
		if (!pid) {
			execl(path, path, "-n", NULL);
			_exit(127);
		}
		return pid > 0 ? pid : 0;
	}
	return 0;
}

void stop_daemon(int pid)
{
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

bool wait_for(bool (*cond)(void *arg), void *arg, int ms)
{
	struct timespec pause = { .tv_nsec = 50 * 1000000 };

	for (; ms > 0; ms -= 50) {
		if (cond(arg))
			return true;
		nanosleep(&pause, NULL);
	}
	return cond(arg);
}

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
void cpuid(unsigned int leaf, unsigned int r[4])
{
	__cpuid_count(leaf, 0, r[0], r[1], r[2], r[3]);
}
#else
void cpuid(unsigned int leaf, unsigned int r[4])
{
	(void)leaf;
	memset(r, 0, 4 * sizeof(*r));
}
#endif
