// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hardware and memory as userland reaches them: /dev/mem, PCI, MSRs, serial
 * ports, hibernation, hardware parameters of modules, debugfs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probes.h"

int try_dev_mem(void)
{
	return try_open("/dev/mem", O_RDONLY);
}

/* What dmidecode took from /dev/mem once, it gets from a file. */
int works_smbios(void)
{
	if (access("/sys/firmware/dmi/tables", F_OK) < 0)
		return try_open("/proc/iomem", O_RDONLY);
	return try_open("/sys/firmware/dmi/tables/DMI", O_RDONLY);
}

/*
 * Opening the snapshot device asks the very question that writing "disk" to
 * /sys/power/state asks, and does not switch the machine off if the answer is
 * yes. What the two files say must agree with it.
 */
int try_hibernation(void)
{
	char *state, *disk;
	bool offered, disabled, opened;
	size_t size;
	int ret = try_open("/dev/snapshot", O_RDONLY);

	state = slurp("/sys/power/state", &size);
	disk = slurp("/sys/power/disk", &size);
	offered = state && strstr(state, "disk");
	disabled = disk && strstr(disk, "[disabled]");
	free(state);
	free(disk);
	opened = !ret;
	if (opened != offered || opened == disabled) {
		note("/sys/power: offers disk %d, disabled %d; /dev/snapshot: %d",
		     offered, disabled, ret);
		return -EPROTO;
	}
	if (ret < 0 && put("/sys/power/state", "disk") != ret)
		return -EPROTO;
	return ret;
}

int works_power_files(void)
{
	return put("/sys/power/pm_async", "1");
}

/* The first PCI device's configuration space; false where there is none. */
static bool pci_config(char *path, size_t len)
{
	DIR *d = opendir("/sys/bus/pci/devices");
	struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, len, "/sys/bus/pci/devices/%s/config",
			 e->d_name);
		found = true;
	}
	if (d)
		closedir(d);
	if (!found)
		note("no PCI device");
	return found;
}

int try_pci_config(void)
{
	unsigned char line;
	char path[300];
	int fd, ret = 0;

	if (!pci_config(path, sizeof(path)))
		return PROBE_SKIP;
	note("write the cache line size it has to %s", path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (pread(fd, &line, 1, 0x0c) != 1 || pwrite(fd, &line, 1, 0x0c) != 1)
		ret = -errno;
	close(fd);
	return ret;
}

int works_pci_config(void)
{
	unsigned char head[64];
	char path[300];
	int fd, ret = 0;

	if (!pci_config(path, sizeof(path)))
		return PROBE_SKIP;
	note("read %s", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (pread(fd, head, sizeof(head), 0) != sizeof(head))
		ret = -EIO;
	close(fd);
	return ret;
}

#define MSR_DEV			"/dev/cpu/0/msr"
#define MSR_IA32_ENERGY_PERF_BIAS 0x1b0	/* the one the driver lets be written silently */

static int msr(bool write_it)
{
	unsigned char val[8];
	int fd, ret = 0;

	modprobe("msr");
	if (access(MSR_DEV, F_OK) < 0) {
		note("no %s", MSR_DEV);
		return PROBE_SKIP;
	}
	note("%s IA32_ENERGY_PERF_BIAS through %s",
	     write_it ? "write to" : "read", MSR_DEV);
	fd = open(MSR_DEV, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* EIO: this CPU has no such register, which lockdown did not decide */
	if (pread(fd, val, 8, MSR_IA32_ENERGY_PERF_BIAS) != 8) {
		memset(val, 0, sizeof(val));
		ret = errno == EIO ? 0 : -errno;
	}
	if (write_it && !ret &&
	    pwrite(fd, val, 8, MSR_IA32_ENERGY_PERF_BIAS) != 8)
		ret = errno == EIO ? 0 : -errno;
	close(fd);
	return ret;
}

int try_msr(void)
{
	return msr(true);
}

int works_msr(void)
{
	return msr(false);
}

/*
 * ttyS1: the console may be ttyS0. Where there is no second port the slot for
 * one is still configurable, which is what this is about.
 */
static int serial(bool move_it)
{
	struct serial_struct was, now;
	int fd, ret = 0;

	note("TIOCSSERIAL on /dev/ttyS1 with %s",
	     move_it ? "another interrupt" : "another closing_wait");
	fd = open("/dev/ttyS1", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENXIO ? PROBE_SKIP : -errno;
	if (ioctl(fd, TIOCGSERIAL, &was) < 0) {
		ret = -errno;
		goto out;
	}
	now = was;
	if (move_it)
		now.irq = was.irq == 3 ? 5 : 3;
	else
		now.closing_wait = was.closing_wait == 100 ? 200 : 100;
	if (ioctl(fd, TIOCSSERIAL, &now) < 0)
		ret = -errno;
	else if (ioctl(fd, TIOCSSERIAL, &was) < 0)
		ret = -errno;
out:
	close(fd);
	return ret;
}

int try_tiocsserial(void)
{
	return serial(true);
}

int works_tiocsserial(void)
{
	return serial(false);
}

/* Writes back to a module parameter what it has. */
static int parameter(const char *path)
{
	size_t size;
	char *val = slurp(path, &size);
	int ret;

	note("write to %s", path);
	if (!val)
		return errno == ENOENT ? PROBE_SKIP : -errno;
	ret = put(path, val);
	free(val);
	return ret;
}

/* module_param_hw(): it says where hardware is or how interrupts are shared */
int try_module_parameter(void)
{
	return parameter("/sys/module/8250/parameters/share_irqs");
}

int works_module_parameter(void)
{
	return parameter("/sys/module/printk/parameters/time");
}

#define DEBUGFS "/sys/kernel/debug"

static int debugfs(const char * const *names)
{
	char path[128];

	if (access(DEBUGFS "/clear_warn_once", F_OK) < 0)
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	for (; *names; names++) {
		snprintf(path, sizeof(path), DEBUGFS "/%s", *names);
		if (access(path, F_OK) == 0)
			return try_open(path, O_RDONLY);
	}
	note("none of the files looked for in " DEBUGFS);
	return PROBE_SKIP;
}

/* Root may write these, so that not even reading is let through. */
int try_debugfs(void)
{
	static const char * const names[] = {
		"sched/features", "sched/verbose", "fault_around_bytes", NULL
	};

	return debugfs(names);
}

/* Files nobody may write and everybody may read. */
int works_debugfs(void)
{
	static const char * const names[] = {
		"devices_deferred", "wakeup_sources", "clk/clk_summary",
		"regulator/supply_map", NULL
	};

	return debugfs(names);
}

/* 0 if there is no way to the ports from userland. */
int absent_ioport(void)
{
#ifdef __x86_64__
	if (syscall(SYS_ioperm, 0x80, 1, 1) == 0 || errno != ENOSYS)
		return -EEXIST;
	if (syscall(SYS_iopl, 3) == 0 || errno != ENOSYS)
		return -EEXIST;
#endif
	return access("/dev/port", F_OK) == 0 ? -EEXIST : 0;
}
