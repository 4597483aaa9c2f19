// SPDX-License-Identifier: GPL-2.0-only
/* Loads of the bus and of the integration services. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/hyperv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "load.h"

#define DEVICES	"/sys/bus/vmbus/devices"
#define DRIVERS	"/sys/bus/vmbus/drivers"

/* Each write of another CPU is a MODIFYCHANNEL. */
static void *mover(void *arg)
{
	unsigned int n = 0;

	(void)arg;
	for (;;) {
		DIR *d = opendir(DEVICES);
		struct dirent *e, *c;

		n++;
		while (d && (e = readdir(d))) {
			char path[320];
			DIR *channels;

			if (e->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), DEVICES "/%s/channels", e->d_name);
			channels = opendir(path);
			while (channels && (c = readdir(channels)))
				if (c->d_name[0] != '.' &&
				    !put(n & 1 ? "1" : "0", "%s/%s/cpu", path, c->d_name))
					counts[MOVE]++;
			if (channels)
				closedir(channels);
		}
		if (d)
			closedir(d);
		pause_ms(50);
	}
	return NULL;
}

/* All devices of a driver, unbound and bound in turn. */
static void *binder(void *arg)
{
	const char *driver = arg;

	for (;;) {
		char path[320], names[16][64];
		struct dirent *e;
		int n = 0;
		DIR *d;

		snprintf(path, sizeof(path), DRIVERS "/%s", driver);
		d = opendir(path);
		while (d && n < 16 && (e = readdir(d)))
			if (strlen(e->d_name) == 36)
				snprintf(names[n++], sizeof(names[0]), "%.63s", e->d_name);
		if (d)
			closedir(d);
		for (int i = 0; i < n; i++) {
			put(names[i], "%s/unbind", path);
			put(names[i], "%s/bind", path);
			counts[BIND]++;
			pause_ms(30);
		}
		pause_ms(50);
	}
	return NULL;
}

/* What hv_kvp_daemon does: says that it is there and answers. */
static void *kvp_daemon(void *arg)
{
	static struct hv_kvp_msg m;

	(void)arg;
	for (;;) {
		int fd = open("/dev/vmbus/hv_kvp", O_RDWR | O_CLOEXEC);

		memset(&m, 0, sizeof(m));
		m.kvp_hdr.operation = KVP_OP_REGISTER1;
		if (fd < 0 || write(fd, &m, sizeof(m)) != sizeof(m)) {
			if (fd >= 0)
				close(fd);
			pause_ms(100);
			continue;
		}
		while (read(fd, &m, sizeof(m)) == sizeof(m)) {
			if (m.kvp_hdr.operation == KVP_OP_REGISTER1)
				continue;	/* the kernel's version */
			counts[KVP]++;
			m.error = HV_S_OK;
			if (write(fd, &m, sizeof(m)) != sizeof(m))
				break;
		}
		close(fd);
	}
	return NULL;
}

static void *vss_daemon(void *arg)
{
	static struct hv_vss_msg m;

	(void)arg;
	for (;;) {
		int fd = open("/dev/vmbus/hv_vss", O_RDWR | O_CLOEXEC);

		memset(&m, 0, sizeof(m));
		m.vss_hdr.operation = VSS_OP_REGISTER1;
		if (fd < 0 || write(fd, &m, sizeof(m)) != sizeof(m)) {
			if (fd >= 0)
				close(fd);
			pause_ms(100);
			continue;
		}
		/* the kernel's version first, in 4 bytes */
		while (read(fd, &m, sizeof(m)) > 0) {
			if (m.vss_hdr.operation == VSS_OP_REGISTER1)
				continue;
			counts[VSS]++;
			m.error = HV_S_OK;
			if (write(fd, &m, sizeof(m)) != sizeof(m))
				break;
		}
		close(fd);
	}
	return NULL;
}

void load_vmbus(void)
{
	start(mover, NULL, -1);
	start(binder, "hv_utils", -1);
}

static void *memory_watcher(void *arg)
{
	unsigned long before = 0;
	struct sysinfo s;

	(void)arg;
	for (;; pause_ms(100)) {
		if (sysinfo(&s))
			continue;
		/* what the balloon took is no longer part of the total */
		if (s.totalram != before)
			counts[MEMORY]++;
		before = s.totalram;
	}
	return NULL;
}

void load_balloon(void)
{
	start(memory_watcher, NULL, -1);
}

void load_utils(void)
{
	start(kvp_daemon, NULL, -1);
	start(vss_daemon, NULL, -1);
	start(binder, "hv_utils", -1);
}
