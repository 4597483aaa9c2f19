// SPDX-License-Identifier: GPL-2.0-only
/* Finds the disks, and reads and writes them with every block verified. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"

#define BLOCK	4096
#define AREA	(32 << 20)
#define BLOCKS	(AREA / BLOCK)
#define MAX_DEPTH 256
#define PATIENCE 120		/* seconds for a request */

bool disk_text(const char *name, const char *file, char *text, size_t size)
{
	char path[256];
	bool ok;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/block/%s/%s", name, file);
	f = fopen(path, "r");
	if (!f)
		return false;
	ok = fgets(text, size, f);
	fclose(f);
	if (ok)
		text[strcspn(text, "\n")] = '\0';
	return ok;
}

long long disk_attr(const char *name, const char *file)
{
	char text[64];

	return disk_text(name, file, text, sizeof(text)) ? strtoll(text, NULL, 0) : -1;
}

/* VPD page 0x80: four bytes, then the number */
static bool serial_of(const char *name, char *serial, size_t size)
{
	char path[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/block/%s/device/vpd_pg80", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = pread(fd, serial, size - 1, 4);
	close(fd);
	if (n < 0)
		return false;
	serial[n] = '\0';
	return true;
}

static bool is_storvsc(const char *name)
{
	char path[256], target[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/block/%s/device", name);
	if (strncmp(name, "sd", 2) || !realpath(path, target))
		return false;
	return strstr(target, "VMBUS:") || strstr(target, "/vmbus") || disk_controller(name, target, sizeof(target));
}

bool disk_controller(const char *name, char *path, size_t size)
{
	char link[256], real[PATH_MAX], test[PATH_MAX + 16], *p;
	struct stat st;

	snprintf(link, sizeof(link), "/sys/block/%s/device", name);
	if (!realpath(link, real))
		return false;
	while ((p = strrchr(real, '/')) && p != real) {
		snprintf(test, sizeof(test), "%s/channels", real);
		if (!stat(test, &st)) {
			snprintf(path, size, "%s", real);
			return true;
		}
		*p = '\0';
	}
	return false;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int list_disks(char (*names)[32], int max, bool (*wanted)(const char *))
{
	DIR *d = opendir("/sys/block");
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.' || strlen(e->d_name) >= 32 || !is_storvsc(e->d_name) ||
		    !wanted(e->d_name))
			continue;
		if (n < max)
			strcpy(names[n], e->d_name);
		n++;
	}
	if (d)
		closedir(d);
	qsort(names, n < max ? n : max, 32, by_name);
	return n;
}

static bool any(const char *name)
{
	(void)name;
	return true;
}

static bool is_scratch(const char *name)
{
	const char *list = getenv("HV_SCRATCH_DISKS"), *p;
	size_t len = strlen(name);
	char serial[128];

	for (p = list; p && (p = strstr(p, name)); p += len)
		if ((p == list || p[-1] == ' ' || p[-1] == ',') && (!p[len] || p[len] == ' ' || p[len] == ','))
			return true;
	return !list && serial_of(name, serial, sizeof(serial)) && !strncmp(serial, "azk-scratch", 11);
}

int storvsc_disks(char (*names)[32], int max)
{
	return list_disks(names, max, any);
}

int scratch_disks(char (*names)[32], int max)
{
	return list_disks(names, max, is_scratch);
}

bool wait_serial(const char *serial, bool there, char *name, int seconds)
{
	for (int i = 0; i < seconds * 10; i++) {
		char names[MAX_DISKS][32], text[128];
		int n = storvsc_disks(names, MAX_DISKS);
		bool found = false;

		for (int k = 0; k < n && k < MAX_DISKS; k++) {
			if (serial_of(names[k], text, sizeof(text)) && !strcmp(text, serial)) {
				found = true;
				strcpy(name, names[k]);
			}
		}
		if (found == there)
			return true;
		usleep(100000);
	}
	return false;
}

/* --- verified input and output --- */

/* What a request is about; a slot has one request at a time. */
struct slot {
	struct iocb cb;
	uint8_t *buf;
	uint32_t first, count;	/* blocks */
	bool busy, write;
	long long started;
};

struct work {
	struct io_job *job;
	uint32_t *generation;	/* of each block, 0: never written */
	uint8_t *busy;		/* blocks under way */
	uint64_t random;
	struct slot slots[MAX_DEPTH];
};

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static uint64_t next_random(struct work *w)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random;
}

/* The content of block @n in its @generation: its own in every eight bytes. */
static void fill_block(uint8_t *p, uint32_t n, uint32_t generation)
{
	uint64_t x = ((uint64_t)n << 32 | generation) * 0x9e3779b97f4a7c15ULL;

	for (int i = 0; i < BLOCK; i += 8) {
		uint64_t v = x + i;

		memcpy(p + i, &v, 8);
	}
}

static bool check_block(const uint8_t *p, uint32_t n, uint32_t generation)
{
	uint64_t x = ((uint64_t)n << 32 | generation) * 0x9e3779b97f4a7c15ULL;

	for (int i = 0; i < BLOCK; i += 8) {
		uint64_t v;

		memcpy(&v, p + i, 8);
		if (v != x + i)
			return false;
	}
	return true;
}

/* Fills @s with a request for blocks nobody else is at; false if none was found. */
static bool prepare(struct work *w, struct slot *s, int fd)
{
	uint32_t max = w->job->max_io / BLOCK;

	for (int tries = 0; tries < 50; tries++) {
		uint32_t count = 1 + next_random(w) % max, i;
		uint32_t first;

		if (next_random(w) % 4)
			count = 1 + count % 4;		/* most are small */
		first = next_random(w) % (BLOCKS - count);
		for (i = 0; i < count && !w->busy[first + i]; i++)
			;
		if (i < count)
			continue;
		memset(w->busy + first, 1, count);
		s->first = first;
		s->count = count;
		s->write = next_random(w) % 2 || !w->generation[first];
		for (i = 0; s->write && i < count; i++)
			fill_block(s->buf + i * BLOCK, first + i, ++w->generation[first + i]);
		memset(&s->cb, 0, sizeof(s->cb));
		s->cb.aio_data = (uintptr_t)s;
		s->cb.aio_lio_opcode = s->write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
		s->cb.aio_fildes = fd;
		s->cb.aio_buf = (uintptr_t)s->buf;
		s->cb.aio_nbytes = (uint64_t)count * BLOCK;
		s->cb.aio_offset = (int64_t)first * BLOCK;
		s->busy = true;
		s->started = now_ms();
		return true;
	}
	return false;
}

static bool finish(struct work *w, struct slot *s, long long res)
{
	struct io_job *job = w->job;

	s->busy = false;
	memset(w->busy + s->first, 0, s->count);
	if (res != (long long)s->count * BLOCK) {
		snprintf(job->error, sizeof(job->error), "%s: %s of block %u, %u blocks: %lld", job->name,
			 s->write ? "write" : "read", s->first, s->count, res);
		return false;
	}
	for (uint32_t i = 0; !s->write && i < s->count; i++) {
		uint32_t g = w->generation[s->first + i];

		if (g && !check_block(s->buf + i * BLOCK, s->first + i, g)) {
			snprintf(job->error, sizeof(job->error), "%s: block %u is not what was written (%u)",
				 job->name, s->first + i, g);
			return false;
		}
	}
	atomic_fetch_add(&job->bytes, res);
	if (s->write)
		job->writes++;
	else
		job->reads++;
	return true;
}

/* The first slot that is free. */
static struct slot *free_slot(struct work *w)
{
	for (int i = 0; i < w->job->depth; i++)
		if (!w->slots[i].busy)
			return &w->slots[i];
	return NULL;
}

/* Whether another request is due. */
static bool goes_on(const struct io_job *job, uint64_t submitted, long long begin)
{
	if (job->requests)
		return submitted < job->requests;
	if (job->stop)
		return !atomic_load(job->stop);
	return now_ms() - begin < job->seconds * 1000LL;
}

static bool io_loop(struct work *w, int fd, aio_context_t ctx)
{
	struct io_job *job = w->job;
	long long begin = now_ms(), last = begin;
	struct io_event events[64];
	uint64_t submitted = 0;
	int under_way = 0;

	for (;;) {
		bool more = goes_on(job, submitted, begin);
		struct timespec wait = { .tv_sec = PATIENCE };
		struct slot *s;
		long n;

		while (more && under_way < job->depth && (s = free_slot(w)) && prepare(w, s, fd)) {
			struct iocb *cb = &s->cb;

			if (syscall(SYS_io_submit, ctx, 1, &cb) != 1) {
				snprintf(job->error, sizeof(job->error), "%s: io_submit: %s", job->name,
					 strerror(errno));
				return false;
			}
			under_way++;
			submitted++;
			more = !job->requests || submitted < job->requests;
		}
		if (!under_way)
			return true;
		n = syscall(SYS_io_getevents, ctx, 1, 64, events, &wait);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			snprintf(job->error, sizeof(job->error), "%s: no completion in %d s", job->name, PATIENCE);
			return false;
		}
		if (now_ms() - last > job->longest_gap_ms)
			job->longest_gap_ms = now_ms() - last;
		last = now_ms();
		for (long i = 0; i < n; i++) {
			under_way--;
			if (!finish(w, (struct slot *)(uintptr_t)events[i].data, events[i].res))
				return false;
		}
	}
}

bool io_run(struct io_job *job)
{
	struct work *w = calloc(1, sizeof(*w));
	aio_context_t ctx = 0;
	char path[64];
	bool ok = false;
	int fd, i;

	job->error[0] = '\0';
	job->reads = job->writes = 0;
	atomic_store(&job->bytes, 0);
	job->longest_gap_ms = 0;
	w->job = job;
	w->generation = calloc(BLOCKS, sizeof(*w->generation));
	w->busy = calloc(BLOCKS, 1);
	w->random = 88172645463325252ULL + job->name[2];
	snprintf(path, sizeof(path), "/dev/%s", job->name);
	fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_io_setup, job->depth, &ctx) < 0) {
		snprintf(job->error, sizeof(job->error), "%s: %s", path, strerror(errno));
		goto out;
	}
	for (i = 0; i < job->depth; i++) {
		if (posix_memalign((void **)&w->slots[i].buf, BLOCK, job->max_io)) {
			snprintf(job->error, sizeof(job->error), "no memory");
			goto out;
		}
	}
	ok = io_loop(w, fd, ctx);
	if (ok && fsync(fd) < 0) {
		snprintf(job->error, sizeof(job->error), "%s: fsync: %s", job->name, strerror(errno));
		ok = false;
	}
out:
	if (ctx)
		syscall(SYS_io_destroy, ctx);
	if (fd >= 0)
		close(fd);
	for (i = 0; i < job->depth; i++)
		free(w->slots[i].buf);
	free(w->generation);
	free(w->busy);
	free(w);
	return ok;
}

static void *run_thread(void *job)
{
	return io_run(job) ? job : NULL;
}

bool io_run_all(struct io_job *jobs, int n)
{
	pthread_t threads[MAX_DISKS];
	bool ok = true;
	void *ret;
	int i;

	for (i = 0; i < n; i++)
		pthread_create(&threads[i], NULL, run_thread, &jobs[i]);
	for (i = 0; i < n; i++) {
		pthread_join(threads[i], &ret);
		ok = ok && ret;
	}
	return ok;
}
