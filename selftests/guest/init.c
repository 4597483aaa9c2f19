// SPDX-License-Identifier: GPL-2.0-only
/*
 * Process 1 of a test guest. Mounts what the tests need, prints facts about
 * the boot, runs the programs of /tests/list and prints one nested KTAP
 * stream, then powers the machine off. Installed as the init of a disk it
 * checks that system first (azk.mode=installed) and runs its list, if it has
 * one (azk.list names another file); azk.mode=facts only prints the facts.
 * "init remote SECONDS" runs the list on a machine that is up, see remote.c.
 *
 * The last line is "azk-guest: end"; the runner outside takes a log without
 * it as a guest that died or hung.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init.h"

#define LIST		"/tests/list"
#define MAX_TESTS	512
#define DEFAULT_TIMEOUT	60

static const struct {
	const char *type, *dir, *data;
} mounts[] = {
	{ "proc",	"/proc",			NULL },
	{ "sysfs",	"/sys",				NULL },
	{ "devtmpfs",	"/dev",				"mode=0755" },
	{ "devpts",	"/dev/pts",			"ptmxmode=0666" },
	{ "tmpfs",	"/dev/shm",			"mode=1777" },
	{ "tmpfs",	"/tmp",				"mode=1777" },
	{ "tmpfs",	"/run",				"mode=0755" },
	{ "mqueue",	"/dev/mqueue",			NULL },
	{ "securityfs",	"/sys/kernel/security",		NULL },
	{ "debugfs",	"/sys/kernel/debug",		NULL },
	{ "tracefs",	"/sys/kernel/tracing",		NULL },
	{ "bpf",	"/sys/fs/bpf",			NULL },
	{ "cgroup2",	"/sys/fs/cgroup",		"nsdelegate" },
};

/*
 * pivot_root() refuses a root that is the initramfs itself; a bind mount of
 * it moved on top is an ordinary mount.
 */
static void leave_rootfs(void)
{
	mkdir("/.root", 0755);
	if (mount("/", "/.root", NULL, MS_BIND, NULL) < 0 ||
	    chdir("/.root") < 0 ||
	    mount("/.root", "/", NULL, MS_MOVE, NULL) < 0 ||
	    chroot(".") < 0 || chdir("/") < 0)
		say("# cannot leave the initramfs mount: %s", strerror(errno));
	/* as systemd does: mount tests expect shared propagation */
	mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL);
}

static void mount_all(bool all)
{
	size_t i;

	for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		if (!all && strcmp(mounts[i].type, "proc") &&
		    strcmp(mounts[i].type, "sysfs") &&
		    strcmp(mounts[i].type, "devtmpfs") &&
		    strcmp(mounts[i].type, "securityfs"))
			continue;
		mkdir(mounts[i].dir, 0755);
		if (mount(mounts[i].type, mounts[i].dir, mounts[i].type, 0,
			  mounts[i].data) < 0 && errno != EBUSY)
			say("# no %s on %s: %s", mounts[i].type,
			    mounts[i].dir, strerror(errno));
	}
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		say("# cannot write %s: %s", path, strerror(errno));
	close(fd);
}

static void load_modules(char *names)
{
	char *name, *save = NULL;

	for (name = strtok_r(names, "\n", &save); name;
	     name = strtok_r(NULL, "\n", &save))
		if (run_command("/sbin/modprobe", "-q", name))
			say("# no module %s", name);
}

void set_environment(void)
{
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/tmp", 1);
	setenv("TMPDIR", "/tmp", 1);
	setenv("TERM", "dumb", 1);
}

static void prepare(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char mods[1024];

	/* what udev would do */
	if (symlink("/proc/self/fd", "/dev/fd") < 0 ||
	    symlink("fd/0", "/dev/stdin") < 0 ||
	    symlink("fd/1", "/dev/stdout") < 0 ||
	    symlink("fd/2", "/dev/stderr") < 0)
		say("# no links in /dev: %s", strerror(errno));
	if (s >= 0) {
		if (ioctl(s, SIOCGIFFLAGS, &ifr) == 0) {
			ifr.ifr_flags |= IFF_UP;
			ioctl(s, SIOCSIFFLAGS, &ifr);
		}
		close(s);
	}
	/* tests look for a device or in /proc/filesystems and load nothing */
	if (read_text("/tests/modules", mods, sizeof(mods)) == 0)
		load_modules(mods);
	/* cgroup tests find the controllers enabled by a service manager */
	write_text("/sys/fs/cgroup/cgroup.subtree_control", "+memory +pids");
	write_text("/sys/fs/cgroup/cgroup.subtree_control", "+cpu +cpuset");
	set_environment();
}

static char *copy(const char *s, size_t n)
{
	char *p = strndup(s, n);

	if (!p) {
		say("azk-guest: out of memory");
		exit(1);
	}
	return p;
}

/* A line: target:program [timeout=SECONDS] [retry=no] command [argument ...] */
static size_t read_list(const char *list, struct test *tests, size_t max)
{
	char *line = NULL, *p, *colon;
	size_t size = 0, n = 0, len;
	FILE *f = fopen(list, "re");

	/* no list was packed: the guest only boots */
	if (!f)
		return 0;
	while (n < max && getline(&line, &size, f) >= 0) {
		struct test *t = &tests[n];

		line[strcspn(line, "#\n")] = '\0';
		p = line + strspn(line, " \t");
		len = strcspn(p, " \t");
		if (!len)
			continue;
		colon = memchr(p, ':', len);
		t->name = copy(p, len);
		t->target = copy(p, colon ? (size_t)(colon - p) : len);
		t->timeout = DEFAULT_TIMEOUT;
		p += len;
		p += strspn(p, " \t");
		if (!strncmp(p, "timeout=", 8)) {
			t->timeout = strtoul(p + 8, &p, 10);
			p += strspn(p, " \t");
		}
		t->once = !strncmp(p, "retry=no ", 9);
		p += t->once ? 9 : 0;
		t->command = copy(p, strlen(p));
		n++;
	}
	free(line);
	fclose(f);
	return n;
}

void run_list(const char *list)
{
	static struct test tests[MAX_TESTS];
	size_t n = read_list(list, tests, MAX_TESTS), i;
	int count[3] = { 0 };
	char why[128];

	say("KTAP version 1");
	say("1..%zu", n);
	for (i = 0; i < n; i++) {
		const struct test *t = &tests[i];
		double from = uptime();
		enum verdict v;
		int tries = 0;

		/*
		 * Many tests sleep some milliseconds where they ought to wait,
		 * too short for an emulated CPU on a busy host. A second
		 * chance, said aloud; the report counts them.
		 */
		do {
			if (tries)
				say("# %s: %s; once more", t->name, why);
			say_nested("KTAP version 1", 14);
			say("    # Subtest: %s", t->name);
			v = run_test(t, why, sizeof(why));
		} while (v == FAIL && !t->once && uptime() - from < t->timeout && !tries++);
		count[v]++;
		if (why[0] && v == FAIL)
			say("# %s: %s", t->name, why);
		say("# %s: %.1f s", t->name, uptime() - from);
		say("%s %zu %s%s%s", v == FAIL ? "not ok" : "ok", i + 1,
		    t->name, v == SKIP ? " # SKIP " : "",
		    v == SKIP ? why : "");
	}
	say("azk-guest: totals %d passed, %d failed, %d skipped",
	    count[PASS], count[FAIL], count[SKIP]);
}

static void __attribute__((noreturn)) power_off(void)
{
	say("azk-guest: end");
	sync();
	reboot(RB_POWER_OFF);
	/* no way to switch this machine off: the runner sees the marker */
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	double started = uptime();
	char mode[32] = "tests", list[128] = LIST;
	bool installed, listed;

	if (argc == 3 && !strcmp(argv[1], "remote"))
		return run_remote(argv[2]);
	mkdir("/proc", 0755);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, "mode=0755");
	console_open();
	cmdline_has("azk.mode", mode, sizeof(mode));
	cmdline_has("azk.list", list, sizeof(list));
	installed = !strcmp(mode, "installed");
	/* the runner's own test: a kernel that panics */
	if (!strcmp(mode, "die"))
		return 1;
	/* the results must reach the console even after "quiet" */
	write_text("/proc/sys/kernel/printk_devkmsg", "on\n");
	write_text("/proc/sys/kernel/printk", "7\n");
	if (!strcmp(mode, "facts")) {
		mount_all(false);
		print_facts(started);
		power_off();
	}
	if (!installed) {
		umount2("/proc", MNT_DETACH);
		umount2("/dev", MNT_DETACH);
		leave_rootfs();
	}
	listed = !installed || access(list, F_OK) == 0;
	mount_all(listed);
	print_facts(started);
	if (installed)
		check_installed();
	if (listed) {
		prepare();
		run_list(list);
	}
	power_off();
}
