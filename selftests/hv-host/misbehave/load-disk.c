// SPDX-License-Identifier: GPL-2.0-only
/* Disk loads: verified I/O past the page cache, and controllers that come and go. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

#define THREADS	8		/* a disk */
#define AREA	(1 << 20)	/* of each thread */
#define LARGEST	(256 << 10)

struct writer {
	char disk[32];
	int number;
};

static void *writer(void *arg)
{
	struct writer *w = arg;
	static const size_t sizes[] = { 4096, 65536, LARGEST, 512, 8192, 131072 };
	unsigned char *out, *in;
	unsigned int n = 0;
	char path[64];

	if (posix_memalign((void **)&out, 4096, LARGEST) || posix_memalign((void **)&in, 4096, LARGEST))
		return NULL;
	snprintf(path, sizeof(path), "/dev/%s", w->disk);
	for (;;) {
		int fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);

		if (fd < 0) {
			pause_ms(200);
			continue;
		}
		for (;;) {
			size_t size = sizes[n % 6];
			off_t at = (off_t)w->number * AREA + (n * 4096 & (LARGEST - 1));

			memset(out, n + w->number, size);
			if (pwrite(fd, out, size, at) != (ssize_t)size)
				break;
			memset(in, ~(n + w->number), size);
			if (pread(fd, in, size, at) != (ssize_t)size)
				break;
			if (memcmp(in, out, size))
				say("disk: other bytes read than written");
			n++;
			counts[DISK]++;
		}
		close(fd);
		pause_ms(100);
	}
	return NULL;
}

static void *starter(void *arg)
{
	char seen[512] = "";

	(void)arg;
	for (;;) {
		DIR *d = opendir("/sys/block");
		struct dirent *e;

		while (d && (e = readdir(d))) {
			if (strncmp(e->d_name, "sd", 2) || strstr(seen, e->d_name) ||
			    strlen(seen) + strlen(e->d_name) + 2 > sizeof(seen))
				continue;
			strcat(strcat(seen, " "), e->d_name);
			/* completions go back to the CPU that asked */
			put("2", "/sys/block/%s/queue/rq_affinity", e->d_name);
			for (int i = 0; i < THREADS; i++) {
				struct writer *w = calloc(1, sizeof(*w));

				if (!w)
					break;
				snprintf(w->disk, sizeof(w->disk), "%.31s", e->d_name);
				w->number = i;
				start(writer, w, i);
			}
		}
		if (d)
			closedir(d);
		pause_ms(500);
	}
	return NULL;
}

void load_scsi(void)
{
	start(starter, NULL, -1);
}

static void *prober(void *arg)
{
	char names[16][64];
	int n = 0;

	(void)arg;
	for (;;) {
		DIR *d = opendir("/sys/bus/vmbus/drivers/hv_storvsc");
		struct dirent *e;

		for (n = 0; d && n < 16 && (e = readdir(d));)
			if (strlen(e->d_name) == 36)
				snprintf(names[n++], sizeof(names[0]), "%.63s", e->d_name);
		if (d)
			closedir(d);
		if (n)
			break;
		pause_ms(100);
	}
	for (;;)
		for (int i = 0; i < n; i++) {
			put(names[i], "/sys/bus/vmbus/drivers/hv_storvsc/unbind");
			put(names[i], "/sys/bus/vmbus/drivers/hv_storvsc/bind");
			counts[PROBE]++;
			pause_ms(20);
		}
	return NULL;
}

void load_probe(void)
{
	start(prober, NULL, -1);
}
