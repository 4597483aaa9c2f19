// SPDX-License-Identifier: GPL-2.0-only
/*
 * A long run: TCP streams over all channels of two adapters, both ways, and
 * random I/O at depth on several disks, at once. Every byte that arrives and
 * every block that is read is compared with what was written. A watch looks
 * at each queue and each disk: one that stands still for STALL seconds is a
 * failure, however right its data is. A thread that does nothing but sleep
 * tells when the whole machine stood still instead, as an emulated one does on
 * a busy host: that time does not count, and is told.
 *
 * Not among the programs that run by default. Environment:
 *	LOAD_MIB	at least so many MiB each way (256)
 *	LOAD_SECONDS	and for at least so long (60)
 *	LOAD_CHANNELS	of each adapter (4)
 *	LOAD_DISKS	that must be there (4); see ../storvsc for which
 *	LOAD_STREAMS	TCP connections each way (16)
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../storvsc/disk.h"
#include "net.h"

#define MIB	(1024 * 1024)
#define STALL	5
#define DEPTH	64
#define WARM_UP	60		/* seconds until every queue must have been used */
#define ATTEMPTS 8		/* at connections that spread over all queues */
#define TELL	30		/* seconds between two lines of progress */

/* What makes progress, or does not. */
struct watched {
	char name[64];
	long long count;
	double since;		/* when it last changed */
	double longest;		/* time without a change */
	bool used;
};

static struct watched watched[4 * MAX_QUEUES + MAX_DISKS];
static int nwatched;
static _Atomic long long paused_us, longest_pause_us;
static int tests, failed;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Time in which the machine ran. */
static double alive(void)
{
	return now() - atomic_load(&paused_us) / 1e6;
}

#define PULSE 0.1
static void *pulse(void *arg)
{
	struct sched_param high = { .sched_priority = 50 };
	double last = now();

	pthread_setschedparam(pthread_self(), SCHED_FIFO, &high);
	for (;;) {
		long long late;

		usleep(PULSE * 1e6);
		late = (now() - last - PULSE) * 1e6;
		last += PULSE + late / 1e6;
		if (late < 500000)
			continue;
		atomic_fetch_add(&paused_us, late);
		if (late > atomic_load(&longest_pause_us))
			atomic_store(&longest_pause_us, late);
	}
	return arg;
}

static int number(const char *name, int otherwise)
{
	const char *s = getenv(name);
	int n = s ? atoi(s) : otherwise;

	return n > 0 ? n : otherwise;
}

static bool __attribute__((format(printf, 2, 3))) result(bool good, const char *format, ...)
{
	va_list ap;

	printf("%s %d ", good ? "ok" : "not ok", ++tests);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	failed += !good;
	return good;
}

static int __attribute__((noreturn)) leave(int status)
{
	printf("1..%d\n", tests);
	exit(status);
}

static int __attribute__((noreturn)) skip(const char *why)
{
	printf("ok %d load # SKIP %s\n", ++tests, why);
	leave(4);
}

static void seen(int i, double at, long long count)
{
	struct watched *w = &watched[i];

	if (count != w->count) {
		w->used = true;
		w->count = count;
		w->since = at;
	} else if (at - w->since > w->longest) {
		w->longest = at - w->since;
	}
}

/* Looks at everything, in the order of watch_all(). */
static void look(const struct pair *p, unsigned int channels, const struct io_job *jobs, int disks)
{
	int i = 0;

	for (int side = 0; side < 2; side++) {
		pair_enter(p, side ? 'b' : 'a');
		for (unsigned int q = 0; q < 2 * channels; q++)
			seen(i++, alive(), eth_queue_packets(side ? p->b : p->a, q % 2 ? "tx" : "rx", q / 2));
	}
	pair_enter(p, 'a');
	for (int d = 0; d < disks; d++)
		seen(i++, alive(), atomic_load(&jobs[d].bytes));
}

/* Names what is watched and begins: what was counted before is no progress. */
static void watch_all(const struct pair *p, unsigned int channels, const struct io_job *jobs, int disks)
{
	nwatched = 0;
	memset(watched, 0, sizeof(watched));
	for (int side = 0; side < 2; side++)
		for (unsigned int q = 0; q < 2 * channels; q++)
			snprintf(watched[nwatched++].name, sizeof(watched[0].name), "adapter %c %s queue %u",
				 side ? 'b' : 'a', q % 2 ? "tx" : "rx", q / 2);
	for (int d = 0; d < disks; d++)
		snprintf(watched[nwatched++].name, sizeof(watched[0].name), "disk %s", jobs[d].name);
	look(p, channels, jobs, disks);
	for (int i = 0; i < nwatched; i++) {
		watched[i].used = false;
		watched[i].since = alive();
		watched[i].longest = 0;
	}
}

static const char *idle(void)
{
	for (int i = 0; i < nwatched; i++)
		if (!watched[i].used)
			return watched[i].name;
	return NULL;
}

/*
 * A connection's queues follow from its port numbers, so that some queue may
 * get none of them; then other connections are made, before anything counts.
 */
static bool start_spread(struct traffic *t, unsigned int channels)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		double begin = now();

		if (!traffic_start(t))
			return false;
		watch_all(t->pair, channels, NULL, 0);
		while (idle() && now() - begin < WARM_UP) {
			usleep(200000);
			look(t->pair, channels, NULL, 0);
		}
		if (!idle())
			return true;
		printf("# %s got no connection, once more\n", idle());
		if (!traffic_stop(t))
			return false;
	}
	snprintf(t->error, sizeof(t->error), "no set of connections uses all queues");
	return false;
}

struct disks {
	struct io_job jobs[MAX_DISKS];
	int n;
	bool ok;
};

static void *disks_thread(void *arg)
{
	struct disks *d = arg;

	d->ok = io_run_all(d->jobs, d->n);
	return NULL;
}

static uint64_t disk_bytes(const struct disks *d)
{
	uint64_t sum = 0;

	for (int i = 0; i < d->n; i++)
		sum += atomic_load(&d->jobs[i].bytes);
	return sum;
}

/* Until there was enough of both, or something has gone wrong for good. */
static void watch(struct traffic *t, unsigned int channels, const struct disks *d, uint64_t bytes, int seconds)
{
	double begin = now(), told = begin;

	watch_all(t->pair, channels, d->jobs, d->n);
	while (now() - begin < seconds || traffic_moved_to(t, 'a') < bytes || traffic_moved_to(t, 'b') < bytes) {
		usleep(200000);
		look(t->pair, channels, d->jobs, d->n);
		for (int i = 0; i < nwatched; i++)
			if (watched[i].longest > 20 * STALL)
				return;
		if (now() - told < TELL)
			continue;
		told = now();
		printf("# %.0f s: %llu MiB to a, %llu MiB to b, %llu MiB on disks\n", told - begin,
		       (unsigned long long)traffic_moved_to(t, 'a') / MIB,
		       (unsigned long long)traffic_moved_to(t, 'b') / MIB,
		       (unsigned long long)disk_bytes(d) / MIB);
		fflush(stdout);
	}
}

int main(void)
{
	unsigned int channels = number("LOAD_CHANNELS", 4);
	uint64_t bytes = (uint64_t)number("LOAD_MIB", 256) * MIB, to_a, to_b, on_disks;
	int want = number("LOAD_DISKS", 4);
	char names[MAX_DISKS][32];
	static struct disks d;
	static _Atomic bool stop;
	struct traffic t = { .family = AF_INET, .streams = 2 * number("LOAD_STREAMS", 16) };
	struct pair p;
	const char *why;
	pthread_t thread, pulse_thread;
	double begin, took;
	bool ok;

	setvbuf(stdout, NULL, _IOLBF, 0);
	why = pair_make(&p);
	if (why && !p.broken)
		skip(why);
	if (why) {
		result(false, "a pair of adapters: %s", why);
		leave(1);
	}
	d.n = scratch_disks(names, MAX_DISKS);
	if (d.n < want)
		skip("fewer disks than LOAD_DISKS may be overwritten");
	d.n = want;
	for (int i = 0; i < d.n; i++)
		d.jobs[i] = (struct io_job){ .name = names[i], .depth = DEPTH, .max_io = 256 * 1024, .stop = &stop };
	for (int side = 0; side < 2; side++) {
		int err;

		pair_enter(&p, side ? 'b' : 'a');
		err = eth_set_channels(side ? p.b : p.a, channels);
		if (err)
			result(false, "%u channels: %s", channels, strerror(-err));
	}
	pair_enter(&p, 'a');
	t.pair = &p;
	if (failed)
		leave(1);
	pthread_create(&pulse_thread, NULL, pulse, NULL);
	if (!result(start_spread(&t, channels), "connections over all of %u channels", channels)) {
		printf("# %s\n", t.error);
		leave(1);
	}
	atomic_store(&paused_us, 0);
	atomic_store(&longest_pause_us, 0);
	begin = now();
	to_a = traffic_moved_to(&t, 'a');
	to_b = traffic_moved_to(&t, 'b');
	pthread_create(&thread, NULL, disks_thread, &d);
	watch(&t, channels, &d, bytes + (to_a > to_b ? to_a : to_b), number("LOAD_SECONDS", 60));
	took = now() - begin;
	to_a = traffic_moved_to(&t, 'a') - to_a;
	to_b = traffic_moved_to(&t, 'b') - to_b;
	on_disks = disk_bytes(&d);
	atomic_store(&stop, true);
	ok = traffic_stop(&t);
	pthread_join(thread, NULL);

	for (int i = 0; i < nwatched; i++)
		if (!result(watched[i].used && watched[i].longest < STALL, "%s goes on", watched[i].name))
			printf("# %s: stood still for %.1f s\n", watched[i].name, watched[i].longest);
	result(to_a >= bytes && to_b >= bytes, "at least %llu MiB each way", (unsigned long long)bytes / MIB);
	if (!result(ok, "all that was sent arrived, and right"))
		printf("# %s\n", t.error);
	if (!result(d.ok, "all that was read is what was written"))
		for (int i = 0; i < d.n; i++)
			printf("# %s: %s\n", names[i], d.jobs[i].error);
	took = took > 0 ? took : 1;
	printf("# load: seconds %.0f to_a_mib %llu to_b_mib %llu disks_mib %llu", took, (unsigned long long)to_a / MIB,
	       (unsigned long long)to_b / MIB, (unsigned long long)on_disks / MIB);
	for (int i = 0, k = 0; k < 2; k++) {
		double longest = 0;

		for (; i < nwatched && (k || strncmp(watched[i].name, "disk", 4)); i++)
			if (watched[i].longest > longest)
				longest = watched[i].longest;
		printf(" %s_pause_s %.1f", k ? "disk" : "queue", longest);
	}
	printf(" paused_s %.1f longest_s %.1f\n", atomic_load(&paused_us) / 1e6, atomic_load(&longest_pause_us) / 1e6);
	leave(failed ? 1 : 0);
}
