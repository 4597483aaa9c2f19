// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host does for a guest, and asks of it: heartbeat, time, shutdown,
 * KVP and VSS with the distribution's daemons, keyboard, balloon. Where and how
 * it runs: see hyperv.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/input.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "beat.h"

/* --- heartbeat */

static bool rises(void *arg)
{
	long long v, *above = arg;

	return !host_get_number("hv-heartbeat", "sequence", &v) && v > *above;
}

TEST_F_TIMEOUT(beat, is_seen_by_the_host, 60)
{
	long long before;

	if (host_open())
		SKIP(return, NO_HOST);
	ASSERT_EQ(0, host_get_number("hv-heartbeat", "sequence", &before));
	EXPECT_TRUE(wait_for(rises, &before, BEAT_MS));
}

/* --- integration services */

struct answer {
	const char *device;
	char text[4096];
};

static bool answered(void *arg)
{
	struct answer *a = arg;

	return !host_get(a->device, "response", a->text, sizeof(a->text)) && *a->text;
}

/* Has the host send a request, and returns the guest's answer to it. */
static const char *ask(struct __test_metadata *_metadata, struct answer *a, const char *request)
{
	ASSERT_EQ(0, host_set(a->device, "request", request)) TH_LOG("%s: %s", request, host_error());
	ASSERT_TRUE(wait_for(answered, a, 20000)) TH_LOG("%s: no answer", request);
	return a->text;
}

FIXTURE(service)
{
	struct answer a;
	int daemon;
};

FIXTURE_VARIANT(service)
{
	const char *device, *class, *daemon;
};

FIXTURE_VARIANT_ADD(service, kvp) {
	.device = "hv-kvp", .class = CLASS_KVP, .daemon = "hv_kvp_daemon",
};

FIXTURE_VARIANT_ADD(service, vss) {
	.device = "hv-vss", .class = CLASS_VSS, .daemon = "hv_vss_daemon",
};

FIXTURE_SETUP(service)
{
	char name[64];

	self->a.device = variant->device;
	if (!find_device(variant->class, 0, name, sizeof(name)))
		SKIP(return, "the host does not offer %s", variant->device);
	if (host_open())
		SKIP(return, NO_HOST);
	self->daemon = start_daemon(variant->daemon);
	if (!self->daemon)
		SKIP(return, "%s is not installed", variant->daemon);
	ASSERT_TRUE(wait_for(service_ready, (void *)variant->device, 30000))
		TH_LOG("%s does not agree to a version", variant->daemon);
}

FIXTURE_TEARDOWN(service)
{
	stop_daemon(self->daemon);
}

TEST_F_TIMEOUT(service, answers, 180)
{
	struct answer *a = &self->a;

	if (!strcmp(variant->device, "hv-vss")) {
		EXPECT_EQ(0, strncmp("check 0x00000000", ask(_metadata, a, "check"), 16)) TH_LOG("%s", a->text);
		EXPECT_EQ(0, strncmp("freeze 0x00000000", ask(_metadata, a, "freeze"), 17)) TH_LOG("%s", a->text);
		EXPECT_EQ(0, strncmp("thaw 0x00000000", ask(_metadata, a, "thaw"), 15)) TH_LOG("%s", a->text);
		return;
	}
	EXPECT_EQ(0, strncmp("set 0x00000000", ask(_metadata, a, "set 1 azk.key a value of words"), 14));
	/* Linux answers, but its daemon gets no room for the value to be put in */
	EXPECT_EQ(0, strncmp("get 0x00000000 azk.key=", ask(_metadata, a, "get 1 azk.key"), 23)) TH_LOG("%s", a->text);
	EXPECT_STREQ("enumerate 0x00000000 azk.key=a value of words", ask(_metadata, a, "enumerate 1 0"));
	EXPECT_EQ(0, strncmp("delete 0x00000000", ask(_metadata, a, "delete 1 azk.key"), 17));
	/* HV_S_CONT: there is no such item */
	EXPECT_EQ(0, strncmp("get 0x80070103", ask(_metadata, a, "get 1 azk.key"), 14)) TH_LOG("%s", a->text);
	/* what every guest says about itself */
	EXPECT_EQ(0, strncmp("enumerate 0x00000000 FullyQualifiedDomainName=",
			     ask(_metadata, a, "enumerate 2 0"), 46)) TH_LOG("%s", a->text);
}

static bool near_hour(void *arg)
{
	long long *base = arg, off = ns(CLOCK_REALTIME) - ns(CLOCK_MONOTONIC) - *base;

	return off > 3500 * 1000000000LL && off < 3700 * 1000000000LL;
}

static bool near_now(void *arg)
{
	long long *base = arg, off = ns(CLOCK_REALTIME) - ns(CLOCK_MONOTONIC) - *base;

	return off > -100 * 1000000000LL && off < 100 * 1000000000LL;
}

TEST_F_TIMEOUT(beat, host_sets_the_clock, 90)
{
	long long base = ns(CLOCK_REALTIME) - ns(CLOCK_MONOTONIC);
	char name[64];

	if (!find_device(CLASS_TIMESYNC, 0, name, sizeof(name)))
		SKIP(return, "the host offers no time synchronisation");
	if (host_open())
		SKIP(return, NO_HOST);
	/* the clock may not have been set yet: make it the host's */
	ASSERT_EQ(0, host_set_number("hv-timesync", "sync", 0)) TH_LOG("%s", host_error());
	sleep(1);
	base = ns(CLOCK_REALTIME) - ns(CLOCK_MONOTONIC);
	ASSERT_EQ(0, host_set_number("hv-timesync", "sync", 3600 * 1000)) TH_LOG("%s", host_error());
	EXPECT_TRUE(wait_for(near_hour, &base, 10000));
	ASSERT_EQ(0, host_set_number("hv-timesync", "sync", 0)) TH_LOG("%s", host_error());
	EXPECT_TRUE(wait_for(near_now, &base, 10000));
}

static bool exists(void *path)
{
	return !access(path, F_OK);
}

TEST(shutdown_is_tried)
{
	static const char flag[] = "/tmp/azk-poweroff", tool[] = "/tmp/azk-poweroff.sh";
	char old[256], name[64];
	long long status = -1;
	FILE *f;

	if (!find_device(CLASS_SHUTDOWN, 0, name, sizeof(name)))
		SKIP(return, "the host offers no shutdown service");
	if (host_open())
		SKIP(return, NO_HOST);
	/* the kernel runs this to power off: have it leave a note instead */
	ASSERT_EQ(0, get_line("/proc/sys/kernel/poweroff_cmd", old, sizeof(old)));
	f = fopen(tool, "w");
	ASSERT_NE(NULL, f);
	fprintf(f, "#!/bin/sh\n: >%s\n", flag);
	fclose(f);
	chmod(tool, 0755);
	unlink(flag);
	ASSERT_EQ(0, put_text("/proc/sys/kernel/poweroff_cmd", tool));
	EXPECT_EQ(0, host_set("hv-shutdown", "request", "shutdown")) TH_LOG("%s", host_error());
	EXPECT_TRUE(wait_for(exists, (void *)flag, 10000));
	put_text("/proc/sys/kernel/poweroff_cmd", old);
	EXPECT_EQ(0, host_get_number("hv-shutdown", "status", &status));
	EXPECT_EQ(0, status);
	unlink(flag);
	unlink(tool);
}

/* --- keyboard */

TEST(keyboard)
{
	static const char key[] =
		"{\"events\": [{\"type\": \"key\", \"data\": {\"down\": %s, \"key\": {\"type\": \"qcode\", \"data\": \"a\"}}}]}";
	struct input_event ev;
	char name[64], path[64], args[256], where[PATH_MAX];
	int i, fd = -1, downs = 0;
	const char *why;

	if (!find_device(CLASS_KEYBOARD, 0, name, sizeof(name)))
		SKIP(return, "the host offers no keyboard");
	if (host_open() || !host_has("hv-kbd"))
		SKIP(return, NO_HOST);
	module_load("evdev", &why);
	for (i = 0; i < 32 && fd < 0; i++) {
		snprintf(path, sizeof(path), "/sys/class/input/event%d", i);
		/* the link leads through the device it belongs to */
		if (!realpath(path, where) || !strstr(where, name))
			continue;
		snprintf(path, sizeof(path), "/dev/input/event%d", i);
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	}
	if (fd < 0)
		SKIP(return, "no event device of the keyboard (evdev, atkbd)");

	for (i = 0; i < 2; i++) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		snprintf(args, sizeof(args), key, i ? "false" : "true");
		ASSERT_EQ(0, host_command("input-send-event", args, NULL, 0)) TH_LOG("%s", host_error());
		ASSERT_EQ(1, poll(&p, 1, 5000)) TH_LOG("no event from the keyboard");
		while (read(fd, &ev, sizeof(ev)) == sizeof(ev))
			if (ev.type == EV_KEY && ev.code == KEY_A && ev.value == !i)
				downs++;
	}
	close(fd);
	EXPECT_EQ(2, downs);
}

/* --- balloon */

static long long total_kb(void)
{
	char line[128];
	long long v = -1;
	FILE *f = fopen("/proc/meminfo", "r");

	if (f && fgets(line, sizeof(line), f))
		sscanf(line, "MemTotal: %lld", &v);
	if (f)
		fclose(f);
	return v;
}

struct memory {
	long long limit;
	bool below;
};

static bool resized(void *arg)
{
	struct memory *m = arg;

	return m->below ? total_kb() < m->limit : total_kb() > m->limit;
}

/* The host holds back for 50 s after the driver has connected. */
#define BALLOON_MS 75000

FIXTURE(memory)
{
};

FIXTURE_SETUP(memory)
{
}

FIXTURE_TEARDOWN(memory)
{
}

TEST_F_TIMEOUT(memory, follows_the_balloon, 200)
{
	struct memory m = { .limit = total_kb() - 96 * 1024, .below = true };
	char answer[256], args[64], name[64];
	long long actual = 0;

	if (!find_device(CLASS_BALLOON, 0, name, sizeof(name)))
		SKIP(return, "the host offers no balloon");
	if (host_open())
		SKIP(return, NO_HOST);
	ASSERT_EQ(0, host_command("query-balloon", NULL, answer, sizeof(answer))) TH_LOG("%s", host_error());
	ASSERT_EQ(1, sscanf(answer, "{\"actual\": %lld", &actual));
	snprintf(args, sizeof(args), "{\"value\": %lld}", actual - (128 << 20));
	ASSERT_EQ(0, host_command("balloon", args, NULL, 0)) TH_LOG("%s", host_error());
	EXPECT_TRUE(wait_for(resized, &m, BALLOON_MS)) TH_LOG("MemTotal is still %lld kB", total_kb());
	m.limit = m.limit + 64 * 1024;
	m.below = false;
	snprintf(args, sizeof(args), "{\"value\": %lld}", actual);
	ASSERT_EQ(0, host_command("balloon", args, NULL, 0)) TH_LOG("%s", host_error());
	EXPECT_TRUE(wait_for(resized, &m, BALLOON_MS)) TH_LOG("MemTotal is still %lld kB", total_kb());
}

TEST_HARNESS_MAIN
