// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the probes share: files, the kernel's log, the state of lockdown.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probes.h"

#define STATE "/sys/kernel/security/lockdown"

char probe_note[256];

void note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(probe_note, sizeof(probe_note), fmt, ap);
	va_end(ap);
}

int lockdown_level(void)
{
	static const char * const names[] = {
		"[none]", "[integrity]", "[confidentiality]"
	};
	char text[128];
	ssize_t n;
	int fd, i;

	fd = open(STATE, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n < 0)
		return -EIO;
	text[n] = '\0';
	for (i = 0; i < 3; i++)
		if (strstr(text, names[i]))
			return i;
	return -EINVAL;
}

int lockdown_raise(const char *level)
{
	return put(STATE, level);
}

bool secure_boot(void)
{
	static const char name[] =
		"SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
	char dir[] = "/tmp/efivarsXXXXXX", path[128];
	unsigned char var[5] = { 0 };
	bool on = false;
	int fd;

	/* 4 bytes of attributes, then one that is 1 */
	if (access("/sys/firmware/efi", F_OK) < 0)
		return false;
	modprobe("efivarfs");
	if (!mkdtemp(dir))
		return false;
	if (mount("efivarfs", dir, "efivarfs", MS_RDONLY, NULL) == 0) {
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			on = read(fd, var, sizeof(var)) == sizeof(var) &&
			     var[4] == 1;
			close(fd);
		}
		umount(dir);
	}
	rmdir(dir);
	return on;
}

void *slurp(const char *path, size_t *size)
{
	struct stat st;
	char *data;
	size_t used = 0;
	ssize_t n = 1;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) < 0) {
		close(fd);
		return NULL;
	}
	/* files in /proc and /sys say 0 or a page */
	*size = st.st_size > 1 << 20 ? st.st_size : 1 << 20;
	data = malloc(*size + 1);
	while (data && used < *size &&
	       (n = read(fd, data + used, *size - used)) > 0)
		used += n;
	close(fd);
	if (!data || n < 0) {
		free(data);
		return NULL;
	}
	data[used] = '\0';
	*size = used;
	return data;
}

int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	note("open %s", path);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int modprobe(const char *name)
{
	int status, null;
	pid_t pid = fork();

	if (!pid) {
		null = open("/dev/null", O_RDWR);
		dup2(null, 1);
		dup2(null, 2);
		execlp("modprobe", "modprobe", "-q", name, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

int file_of(const void *data, size_t size)
{
	char path[] = "/tmp/lockdownXXXXXX";
	int fd, ret;

	/* what the kernel loads from must not be open for writing */
	fd = mkstemp(path);
	if (fd < 0)
		return -errno;
	if (write(fd, data, size) != (ssize_t)size) {
		ret = -EIO;
	} else {
		ret = open(path, O_RDONLY | O_CLOEXEC);
		if (ret < 0)
			ret = -errno;
	}
	close(fd);
	unlink(path);
	return ret;
}

static int kmsg = -1;

void log_mark(void)
{
	if (kmsg < 0)
		kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	lseek(kmsg, 0, SEEK_END);
}

bool log_says(const char *text)
{
	char rec[8192];
	bool found = false;
	ssize_t n;

	while ((n = read(kmsg, rec, sizeof(rec) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;
		rec[n] = '\0';
		/* our own output is in there too where the console is kmsg */
		if (strstr(rec, text) && !strstr(rec, ";azk: "))
			found = true;
	}
	return found;
}
