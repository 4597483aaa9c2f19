// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the guest knows about itself: times, memory, the kernel's command
 * line, and, when booted from a disk, whether the installed system holds
 * together.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

double uptime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int read_text(const char *path, char *buf, size_t len)
{
	size_t used = 0;
	ssize_t n = 0;
	int fd;

	buf[0] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (used < len - 1 &&
	       (n = read(fd, buf + used, len - 1 - used)) > 0)
		used += n;
	if (n < 0)
		n = -errno;
	close(fd);
	buf[used] = '\0';
	if (used && buf[used - 1] == '\n')
		buf[used - 1] = '\0';
	return n < 0 ? n : 0;
}

bool cmdline_has(const char *key, char *val, size_t len)
{
	size_t klen = strlen(key);
	char line[4096], *word, *save = NULL;

	if (read_text("/proc/cmdline", line, sizeof(line)) < 0)
		return false;
	for (word = strtok_r(line, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		if (strncmp(word, key, klen) ||
		    (word[klen] != '=' && word[klen]))
			continue;
		if (val && len)
			snprintf(val, len, "%s",
				 word[klen] == '=' ? word + klen + 1 : "");
		return true;
	}
	return false;
}

static long meminfo(const char *text, const char *key)
{
	const char *p = strstr(text, key);

	return p ? strtol(p + strlen(key), NULL, 10) : -1;
}

void print_facts(double started)
{
	char text[8192], lock[128];
	struct utsname u;
	struct stat btf;

	uname(&u);
	if (stat("/sys/kernel/btf/vmlinux", &btf) < 0)
		btf.st_size = 0;
	if (read_text("/sys/kernel/security/lockdown", lock, sizeof(lock)) < 0)
		snprintf(lock, sizeof(lock), "absent");
	read_text("/proc/meminfo", text, sizeof(text));
	say("azk-guest: uptime %.3f MemTotal %ld MemAvailable %ld BTF %lld",
	    started, meminfo(text, "MemTotal:"), meminfo(text, "MemAvailable:"),
	    (long long)btf.st_size);
	say("azk-guest: release %s machine %s cpus %ld lockdown %s",
	    u.release, u.machine, sysconf(_SC_NPROCESSORS_ONLN), lock);
}

/* Finds the ext4 superblock's UUID of the block device dev. */
static int ext4_uuid(dev_t dev, char *out, size_t len)
{
	unsigned char sb[1024];
	char node[] = "/dev/.azk-root";
	size_t used;
	int i, fd;

	unlink(node);
	if (mknod(node, S_IFBLK | 0600, dev) < 0)
		return -errno;
	fd = open(node, O_RDONLY | O_CLOEXEC);
	unlink(node);
	if (fd < 0)
		return -errno;
	if (pread(fd, sb, sizeof(sb), 1024) != sizeof(sb) ||
	    sb[0x38] != 0x53 || sb[0x39] != 0xef) {
		close(fd);
		return -EINVAL;
	}
	close(fd);
	for (i = 0, used = 0; i < 16 && used + 4 < len; i++)
		used += snprintf(out + used, len - used, "%s%02x",
				 i == 4 || i == 6 || i == 8 || i == 10 ?
				 "-" : "", sb[0x68 + i]);
	return 0;
}

static bool module_loaded(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	return access(path, F_OK) == 0;
}

int run_command(const char *file, const char *arg, const char *arg2)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execl(file, file, arg, arg2, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void result(int *nr, int *failures, bool good, const char *what,
		   const char *detail)
{
	if (!good)
		++*failures;
	say("%s %d installed:%s", good ? "ok" : "not ok", ++*nr, what);
	if (detail && *detail)
		say("# installed:%s: %s", what, detail);
}

/*
 * On the command line: azk.uname=RELEASE, azk.modules=a,b and the usual
 * root=UUID=... ; each is checked against what is really there.
 */
int check_installed(void)
{
	char want[256], have[256], mods[512], *mod, *save = NULL;
	int nr = 0, failures = 0;
	struct statfs fs;
	struct utsname u;
	struct stat st;

	say("KTAP version 1");
	if (stat("/", &st) < 0 || statfs("/", &fs) < 0)
		memset(&fs, 0, sizeof(fs));
	snprintf(have, sizeof(have), "%u:%u", major(st.st_dev), minor(st.st_dev));
	result(&nr, &failures, fs.f_type == 0xef53, "root_is_ext4", have);

	have[0] = '\0';
	ext4_uuid(st.st_dev, have, sizeof(have));
	result(&nr, &failures,
	       cmdline_has("root", want, sizeof(want)) &&
	       !strncmp(want, "UUID=", 5) && !strcmp(want + 5, have),
	       "root_uuid_is_the_one_asked_for", have);

	uname(&u);
	result(&nr, &failures,
	       cmdline_has("azk.uname", want, sizeof(want)) &&
	       !strcmp(want, u.release), "uname_r", u.release);

	snprintf(have, sizeof(have), "/lib/modules/%s/modules.dep", u.release);
	result(&nr, &failures, access(have, R_OK) == 0,
	       "modules_of_this_kernel_are_installed", have);

	if (!cmdline_has("azk.modules", mods, sizeof(mods)))
		mods[0] = '\0';
	for (mod = strtok_r(mods, ",", &save); mod;
	     mod = strtok_r(NULL, ",", &save)) {
		bool before = module_loaded(mod);
		int ret = run_command("/sbin/modprobe", "--", mod);

		snprintf(have, sizeof(have), "modprobe_%s", mod);
		snprintf(want, sizeof(want), "modprobe said %d%s", ret,
			 before ? ", was loaded before" : "");
		result(&nr, &failures, ret == 0 && module_loaded(mod), have,
		       want);
	}

	result(&nr, &failures,
	       read_text("/sys/kernel/security/lockdown", have,
			 sizeof(have)) == 0 &&
	       strchr(have, '['), "lockdown_state_is_readable", have);
	say("1..%d", nr);
	say("azk-guest: totals %d passed, %d failed, 0 skipped",
	    nr - failures, failures);
	return failures;
}
