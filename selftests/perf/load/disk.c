// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load for a disk: random reads past the page cache, so many under way at a
 * time. The order of blocks is the same in every run.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/aio_abi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/fs.h>

#include "load.h"

#define MAX_DEPTH 256

struct disk {
	char path[64];
	int fd;
	uint64_t blocks;	/* of the load's size */
	uint64_t random;
	char *buf;
};

/* The first disk of hv_storvsc */
static bool find(const struct load *l, struct disk *d)
{
	glob_t g;

	if (l->device) {
		snprintf(d->path, sizeof(d->path), "%s", l->device);
		return true;
	}
	if (glob("/sys/bus/vmbus/drivers/hv_storvsc/*/host*/target*/*/block/*", 0, NULL, &g))
		return false;
	snprintf(d->path, sizeof(d->path), "/dev/%.32s", strrchr(g.gl_pathv[0], '/') + 1);
	globfree(&g);
	return true;
}

/* Marsaglia's xorshift64 */
static off_t next(const struct load *l, struct disk *d)
{
	d->random ^= d->random << 13;
	d->random ^= d->random >> 7;
	d->random ^= d->random << 17;
	return d->random % d->blocks * l->size;
}

static int one_by_one(const struct load *l, struct disk *d, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (pread(d->fd, d->buf, l->size, next(l, d)) != (ssize_t)l->size)
			return failed("%s: read %u", d->path, i);
	return 0;
}

static int at_depth(const struct load *l, struct disk *d, unsigned int count)
{
	static struct iocb cb[MAX_DEPTH], *idle[MAX_DEPTH];
	static struct io_event done[MAX_DEPTH];
	unsigned int n = 0, begun = 0, ended = 0, i;
	aio_context_t ctx = 0;

	if (syscall(SYS_io_setup, l->depth, &ctx))
		return failed("no asynchronous I/O");
	for (i = 0; i < l->depth; i++) {
		cb[i] = (struct iocb){
			.aio_data = i, .aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = d->fd,
			.aio_buf = (uintptr_t)d->buf + (size_t)i * l->size, .aio_nbytes = l->size,
		};
		idle[n++] = &cb[i];
	}
	while (ended < count) {
		long got;

		for (i = 0; i < n && begun + i < count; i++)
			idle[i]->aio_offset = next(l, d);
		if (i && syscall(SYS_io_submit, ctx, (long)i, idle) != (long)i)
			return failed("%s: submit", d->path);
		begun += i;
		n = 0;
		got = syscall(SYS_io_getevents, ctx, 1L, (long)l->depth, done, NULL);
		if (got < 1)
			return failed("%s: no event", d->path);
		for (i = 0; i < got; i++) {
			if (done[i].res != (long long)l->size)
				return failed("%s: read ended with %lld", d->path, (long long)done[i].res);
			idle[n++] = &cb[done[i].data];
		}
		ended += got;
	}
	syscall(SYS_io_destroy, ctx);
	return 0;
}

static int pass(const struct load *l, struct disk *d, unsigned int count)
{
	return l->depth == 1 ? one_by_one(l, d, count) : at_depth(l, d, count);
}

int load_io(const struct load *l)
{
	struct disk d = { .random = 88172645463325252ULL };
	uint64_t bytes = 0;
	int err;

	if (!find(l, &d)) {
		say("no disk of hv_storvsc");
		return 4;
	}
	if (!l->depth || l->depth > MAX_DEPTH || l->size % 512 || !l->size)
		return failed("depth: 1 to %d; size: whole sectors", MAX_DEPTH);
	run_place(l, "hv_storvsc");
	d.fd = open(d.path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (d.fd < 0 || ioctl(d.fd, BLKGETSIZE64, &bytes) || bytes < l->size)
		return failed("%s", d.path);
	d.blocks = bytes / l->size;
	if (posix_memalign((void **)&d.buf, 4096, (size_t)l->size * l->depth))
		return failed("no memory");
	memset(d.buf, 1, (size_t)l->size * l->depth);
	err = pass(l, &d, l->count / 4);
	if (!err) {
		run_begin(l);
		err = pass(l, &d, l->count);
		run_end(l, l->count);
	}
	free(d.buf);
	close(d.fd);
	return err;
}
