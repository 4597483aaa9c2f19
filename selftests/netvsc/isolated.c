// SPDX-License-Identifier: GPL-2.0-only
/*
 * hv_netvsc in a confidential VM, whose memory the host does not see: what is
 * not copied into the send buffer goes through bounce buffers that the guest
 * shares with the host (netvsc_dma_map()). Skips in other guests, where that
 * function does nothing.
 *
 * Needs what netvsc.c needs, and tracefs and debugfs.
 */
#include <cpuid.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "../hyperv/host.h"
#include "net.h"

#define TRACING "/sys/kernel/tracing"
#define SWIOTLB "/sys/kernel/debug/swiotlb"
#define INSTANCE TRACING "/instances/azk-netvsc"
#define MIB (1024ULL * 1024)

/* Isolation by the hypervisor: a privilege, and then the leaf that says which kind (TLFS 2.4). */
static bool isolated(void)
{
	unsigned int a, b, c, d;

	__cpuid(0x40000000, a, b, c, d);
	if (b != 0x7263694d || a < 0x4000000c)		/* "Micr" */
		return false;
	__cpuid(0x40000003, a, b, c, d);
	if (!(b & 1 << 22))
		return false;
	__cpuid(0x4000000c, a, b, c, d);
	return b & 0xf;
}

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok ? 0 : -1;
}

/* Slots of the bounce buffers in use, -1 if the kernel does not tell. */
static long slots_used(void)
{
	FILE *f = fopen(SWIOTLB "/io_tlb_used", "r");
	long n = -1;

	if (f) {
		if (fscanf(f, "%ld", &n) != 1)
			n = -1;
		fclose(f);
	}
	return n;
}

/* Waits until no more than @n are; what is under way ends soon after the traffic does. */
static long slots_settle(long n)
{
	long used = slots_used();

	for (int i = 0; i < 50 && used > n; i++) {
		usleep(100000);
		used = slots_used();
	}
	return used;
}

/* VMBus' name of an adapter, which is the one its mappings are traced under. */
static bool device_of(const char *name, char *device, size_t size)
{
	char path[256], target[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/class/net/%s/device", name);
	if (!realpath(path, target))
		return false;
	snprintf(device, size, "%s", strrchr(target, '/') + 1);
	return true;
}

/* Records each bounce of @device, and where it came from. */
static bool trace_start(const char *device)
{
	char filter[256];

	mkdir(INSTANCE, 0700);
	snprintf(filter, sizeof(filter), "dev_name == \"%s\"", device);
	return !put(INSTANCE "/buffer_size_kb", "4096") && !put(INSTANCE "/options/stacktrace", "1") &&
	       !put(INSTANCE "/events/swiotlb/swiotlb_bounced/filter", filter) &&
	       !put(INSTANCE "/events/swiotlb/swiotlb_bounced/enable", "1");
}

/* Ends that. Returns how many there were; @from_netvsc: so many in a call by the driver's transmit path. */
static long trace_stop(long *from_netvsc, size_t *largest)
{
	char line[512];
	long n = 0;
	bool open = false;
	FILE *f;

	*from_netvsc = 0;
	*largest = 0;
	put(INSTANCE "/events/swiotlb/swiotlb_bounced/enable", "0");
	f = fopen(INSTANCE "/trace", "r");
	while (f && fgets(line, sizeof(line), f)) {
		char *p = strstr(line, " size=");

		if (strstr(line, "swiotlb_bounced:") && p) {
			size_t size = strtoul(p + 6, NULL, 10);

			n++;
			open = true;
			if (size > *largest)
				*largest = size;
		} else if (open && (strstr(line, "netvsc_send") || strstr(line, "netvsc_dma_map"))) {
			++*from_netvsc;
			open = false;
		}
	}
	if (f)
		fclose(f);
	rmdir(INSTANCE);
	return n;
}

FIXTURE(isolated)
{
	struct pair pair;
	char device[128];
};

FIXTURE_SETUP(isolated)
{
	const char *why;

	if (!isolated())
		SKIP(return, "not a confidential VM on Hyper-V");
	why = pair_make(&self->pair);
	ASSERT_FALSE(self->pair.broken) { TH_LOG("%s", why); }
	if (why)
		SKIP(return, "%s", why);
	ASSERT_TRUE(device_of(self->pair.a, self->device, sizeof(self->device)));
	if (access(TRACING "/events", F_OK))
		mount("tracefs", TRACING, "tracefs", 0, NULL);
	if (access(SWIOTLB, F_OK))
		mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
}

FIXTURE_TEARDOWN(isolated)
{
}

/* Streams are sent as large segments, in place: right, and each piece of them through a bounce buffer. */
TEST_F_TIMEOUT(isolated, bounces, 120)
{
	struct traffic t = { .pair = &self->pair, .family = AF_INET, .streams = 4, .bytes = 2 * MIB };
	long before = slots_used(), n, from_netvsc;
	size_t largest;
	bool ok;

	ok = trace_start(self->device);
	if (!ok)
		SKIP(return, "no trace of bounce buffers (swiotlb:swiotlb_bounced)");
	ok = traffic_run(&t);
	n = trace_stop(&from_netvsc, &largest);
	EXPECT_TRUE(ok) { TH_LOG("%s", t.error); }
	TH_LOG("%llu MiB right, %ld bounces, %ld of them by netvsc_dma_map(), the largest %zu bytes",
	       (unsigned long long)(t.moved / MIB), n, from_netvsc, largest);
	EXPECT_GE(from_netvsc, 100);
	/* stacks of several CPUs may be interleaved */
	EXPECT_GE(from_netvsc, n * 9 / 10);
	EXPECT_GE(largest, 4096);
	if (before < 0)
		SKIP(return, "the kernel does not tell of its bounce buffers");
	EXPECT_LE(slots_settle(before), before) { TH_LOG("bounce buffers are not given back"); }
}

/* Frames that fit into no section of the send buffer, in all sizes */
TEST_F_TIMEOUT(isolated, large_frames, 120)
{
	static const size_t sizes[] = { 6000, 6100, 6200, 8972, 20000, 40000, 65000 };
	long before;

	ASSERT_EQ(0, sh("ip link set %s mtu 9000", self->pair.a));
	pair_enter(&self->pair, 'b');
	ASSERT_EQ(0, sh("ip link set %s mtu 9000", self->pair.b));
	pair_enter(&self->pair, 'a');
	before = slots_used();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		EXPECT_EQ(NULL, udp_echo(&self->pair, i & 1 ? AF_INET6 : AF_INET, sizes[i], 20)) {
			TH_LOG("%zu bytes", sizes[i]);
		}
	}
	EXPECT_EQ(0, sh("ping -c 10 -i 0.1 -W 5 -s 65000 %s >/dev/null", B4));
	if (before >= 0) {
		EXPECT_LE(slots_settle(before), before) { TH_LOG("bounce buffers are not given back"); }
	}
}

/*
 * Each change of the MTU shuts the adapter down. The message that does so
 * (RNDIS HALT) gets no answer, and the driver gives a bounce buffer back only
 * when there is one.
 */
TEST_F_TIMEOUT(isolated, halt_gives_its_buffer_back, 60)
{
	long before;

	ASSERT_EQ(0, sh("ip link set %s mtu 3000", self->pair.a));
	before = slots_used();
	if (before < 0)
		SKIP(return, "the kernel does not tell of its bounce buffers");
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, sh("ip link set %s mtu 1500 && ip link set %s mtu 3000", self->pair.a, self->pair.a));
	EXPECT_LE(slots_settle(before), before) {
		TH_LOG("%ld bounce buffers in use, %ld before", slots_used(), before);
	}
	EXPECT_EQ(0, sh("ip link set %s mtu 1500", self->pair.a));
}

/* Fixtures run in this order: after all of that, nothing of it was in memory the guest had not made visible. */
FIXTURE(afterwards)
{
};

FIXTURE_SETUP(afterwards)
{
}

FIXTURE_TEARDOWN(afterwards)
{
}

TEST_F(afterwards, host_denied_nothing)
{
	long long denied;

	if (!isolated())
		SKIP(return, "not a confidential VM on Hyper-V");
	if (host_open())
		SKIP(return, "needs the host to tell what it was denied");
	ASSERT_EQ(0, host_get_number("/machine/hyperv-partition", "host-denied", &denied)) {
		TH_LOG("%s", host_error());
	}
	EXPECT_EQ(0, denied);
}

TEST_HARNESS_MAIN
