// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's side of Hyper-V: detection, clocks, VMBus and the integration
 * services. Runs as root on real Hyper-V, on Azure and on the Hyper-V host of
 * our selftests. A test that has to ask the host for something is skipped
 * where there is no way to (see host.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/input.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "guest.h"
#include "host.h"

#define NO_HOST "no way to ask the host (HV_HOST_QMP, azk.qmp=)"
/* A beat comes every two seconds. */
#define BEAT_MS 12000

static long long ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

/* --- detection and clocks */

TEST(detected)
{
	unsigned int r[4];
	char sig[13] = "";

	cpuid(0x40000000, r);
	memcpy(sig, &r[1], 12);
	ASSERT_STREQ("Microsoft Hv", sig);
	ASSERT_GE(r[0], 0x40000005);
	cpuid(0x40000001, r);
	ASSERT_EQ(0x31237648, r[0]) TH_LOG("interface is not Hv#1");
	ASSERT_EQ(0, access("/sys/bus/vmbus", F_OK)) TH_LOG("the kernel has no vmbus");
}

TEST(clocksource)
{
	static const char dir[] = "/sys/devices/system/clocksource/clocksource0/";
	char path[256], current[64], all[512];

	snprintf(path, sizeof(path), "%savailable_clocksource", dir);
	ASSERT_EQ(0, get_line(path, all, sizeof(all)));
	ASSERT_NE(NULL, strstr(all, "hyperv_clocksource_tsc_page"));
	snprintf(path, sizeof(path), "%scurrent_clocksource", dir);
	ASSERT_EQ(0, get_line(path, current, sizeof(current)));
	/* a host that promises an invariant TSC makes the kernel prefer that */
	ASSERT_TRUE(!strcmp(current, "hyperv_clocksource_tsc_page") || !strcmp(current, "tsc"))
		TH_LOG("current clocksource is %s", current);
}

TEST(clock_goes_forward_on_every_cpu)
{
	long long last = ns(CLOCK_MONOTONIC);
	int i, cpu;

	for (i = 0; i < 200; i++) {
		for (cpu = 0; cpu < cpu_count(); cpu++) {
			long long t;
			int n;

			if (!cpu_online(cpu))
				continue;
			ASSERT_EQ(0, pin(cpu));
			for (n = 0; n < 100; n++) {
				t = ns(CLOCK_MONOTONIC);
				ASSERT_GE(t, last) TH_LOG("CPU %d is %lld ns behind", cpu, last - t);
				last = t;
			}
		}
	}
}

TEST(clockevents)
{
	unsigned int r[4];
	int cpu;

	cpuid(0x40000003, r);
	if (!(r[0] & (1 << 3)))
		SKIP(return, "the host has no synthetic timers");

	for (cpu = 0; cpu < cpu_count(); cpu++) {
		struct timespec t = { .tv_nsec = 20000000 };
		long long before, took;
		char path[128], name[64];

		if (!cpu_online(cpu))
			continue;
		snprintf(path, sizeof(path), "/sys/devices/system/clockevents/clockevent%d/current_device", cpu);
		ASSERT_EQ(0, get_line(path, name, sizeof(name)));
		EXPECT_STREQ("Hyper-V clockevent", name);

		ASSERT_EQ(0, pin(cpu));
		before = ns(CLOCK_MONOTONIC);
		nanosleep(&t, NULL);
		took = ns(CLOCK_MONOTONIC) - before;
		EXPECT_GE(took, 20000000);
		EXPECT_LT(took, 2000000000LL) TH_LOG("20 ms took %lld ms on CPU %d", took / 1000000, cpu);
	}
}

/* --- VMBus */

TEST(offers)
{
	char name[64], other[64], path[600], line[128], chan[512];
	int i, j, k, unbound = 0;

	for (i = 0; find_device(NULL, i, name, sizeof(name)); i++) {
		/* a device's name is its instance GUID, once */
		for (j = 0; find_device(NULL, j, other, sizeof(other)); j++)
			ASSERT_TRUE(i == j || strcmp(name, other));
		snprintf(path, sizeof(path), VMBUS "/%s/device_id", name);
		ASSERT_EQ(0, get_line(path, line, sizeof(line)));
		ASSERT_EQ(0, strncmp(line + 1, name, strlen(name))) TH_LOG("%s is called %s", line, name);

		ASSERT_TRUE(find_channel(name, 0, chan, sizeof(chan))) TH_LOG("%s has no channel", name);
		for (k = 0; find_channel(name, k, chan, sizeof(chan)); k++) {
			long long cpu;

			snprintf(path, sizeof(path), "%s/cpu", chan);
			cpu = get_number(path);
			ASSERT_GE(cpu, 0);
			ASSERT_LT(cpu, cpu_count());
			snprintf(path, sizeof(path), "%s/subchannel_id", chan);
			ASSERT_GE(get_number(path), 0);
		}
		snprintf(path, sizeof(path), VMBUS "/%s/driver", name);
		if (access(path, F_OK)) {
			snprintf(path, sizeof(path), VMBUS "/%s/class_id", name);
			get_line(path, line, sizeof(line));
			ksft_print_msg("no driver for %s of class %s\n", name, line);
			unbound++;
		}
	}
	ASSERT_GT(i, 0) TH_LOG("the host offers nothing");
	ksft_print_msg("%d devices, %d without a driver\n", i, unbound);
}

TEST(offers_are_the_hosts)
{
	static const struct { const char *device, *class; } known[] = {
		{ "hv-heartbeat", CLASS_HEARTBEAT }, { "hv-shutdown", CLASS_SHUTDOWN },
		{ "hv-timesync", CLASS_TIMESYNC }, { "hv-kvp", CLASS_KVP }, { "hv-vss", CLASS_VSS },
		{ "hv-kbd", CLASS_KEYBOARD },
	};
	char name[64];
	size_t i;

	if (host_open())
		SKIP(return, NO_HOST);
	for (i = 0; i < ARRAY_SIZE(known); i++)
		EXPECT_EQ(host_has(known[i].device), find_device(known[i].class, 0, name, sizeof(name)))
			TH_LOG("offer %zu of those known", i);
}

TEST(version_is_the_hosts)
{
	char version[64], line[512];
	bool found = false;
	FILE *f;

	if (host_open())
		SKIP(return, NO_HOST);
	ASSERT_EQ(0, host_get("vmbus-bridge", "version", version, sizeof(version)));
	snprintf(line, sizeof(line), "Vmbus version:%s", version);
	f = popen("dmesg", "r");
	ASSERT_NE(NULL, f);
	strcpy(version, line);
	while (fgets(line, sizeof(line), f))
		found |= !!strstr(line, version);
	pclose(f);
	ASSERT_TRUE(found) TH_LOG("the kernel did not say '%s'", version);
}

/* Channels that have interrupts without anybody doing anything. */
FIXTURE(beat)
{
	char device[64];
	char channel[512];
	int first_cpu;
};

FIXTURE_SETUP(beat)
{
	char path[600];

	if (!find_device(CLASS_HEARTBEAT, 0, self->device, sizeof(self->device)))
		SKIP(return, "the host offers no heartbeat");
	ASSERT_TRUE(find_channel(self->device, 0, self->channel, sizeof(self->channel)));
	snprintf(path, sizeof(path), VMBUS "/%s/driver", self->device);
	if (access(path, F_OK))
		SKIP(return, "no driver for the heartbeat (hv_utils)");
	snprintf(path, sizeof(path), "%s/cpu", self->channel);
	self->first_cpu = get_number(path);
}

FIXTURE_TEARDOWN(beat)
{
	char path[600], text[16];

	if (!*self->channel)
		return;
	snprintf(path, sizeof(path), "%s/cpu", self->channel);
	snprintf(text, sizeof(text), "%d", self->first_cpu);
	put_text(path, text);
}

struct count {
	char path[600];
	long long above;
};

static bool counted(void *arg)
{
	struct count *c = arg;

	return get_number(c->path) > c->above;
}

/* Whether the channel gets another interrupt in time. */
static bool beats(const char *channel)
{
	struct count c;

	snprintf(c.path, sizeof(c.path), "%s/interrupts", channel);
	c.above = get_number(c.path);
	return c.above >= 0 && wait_for(counted, &c, BEAT_MS);
}

TEST_F(beat, comes)
{
	EXPECT_TRUE(beats(self->channel));
}

struct interrupt {
	int cpu;
	long long above;
};

static bool interrupted(void *arg)
{
	struct interrupt *i = arg;

	return callback_interrupts(i->cpu) > i->above;
}

TEST_F_TIMEOUT(beat, moves_to_every_cpu, 600)
{
	char path[600], text[16];
	int cpu;

	snprintf(path, sizeof(path), "%s/cpu", self->channel);
	for (cpu = 0; cpu < cpu_count(); cpu++) {
		struct interrupt i = { .cpu = cpu };
		int err;

		if (!cpu_online(cpu))
			continue;
		snprintf(text, sizeof(text), "%d", cpu);
		err = put_text(path, text);
		if (err == -EIO)
			SKIP(return, "protocol before 4.1: channels do not move");
		ASSERT_EQ(0, err) TH_LOG("CPU %d", cpu);
		ASSERT_EQ(cpu, get_number(path));
		/* interrupts arrive there, and the channel's own go on */
		i.above = callback_interrupts(cpu);
		EXPECT_TRUE(beats(self->channel)) TH_LOG("no beat on CPU %d", cpu);
		if (i.above >= 0)
			EXPECT_TRUE(wait_for(interrupted, &i, BEAT_MS)) TH_LOG("no interrupt on CPU %d", cpu);
	}
}

TEST_F_TIMEOUT(beat, moves_while_interrupted, 120)
{
	char path[600], text[16];
	int i, cpu = 0;

	if (cpu_count() < 2 || !cpu_online(1))
		SKIP(return, "one CPU");
	snprintf(path, sizeof(path), "%s/cpu", self->channel);
	for (i = 0; i < 200; i++, cpu = !cpu) {
		int err;

		snprintf(text, sizeof(text), "%d", cpu);
		err = put_text(path, text);
		if (err == -EIO)
			SKIP(return, "protocol before 4.1: channels do not move");
		ASSERT_EQ(0, err);
	}
	EXPECT_TRUE(beats(self->channel));
}

TEST_F(beat, refuses_a_cpu_there_is_not)
{
	char path[600], text[16];

	snprintf(path, sizeof(path), "%s/cpu", self->channel);
	snprintf(text, sizeof(text), "%d", cpu_count() + 4096);
	EXPECT_GT(0, put_text(path, text));
	EXPECT_EQ(self->first_cpu, get_number(path));
}

TEST_F_TIMEOUT(beat, signals_by_monitor_page, 60)
{
	char path[600];
	long long latency, events;

	if (host_open())
		SKIP(return, NO_HOST);
	ASSERT_EQ(0, host_get_number("vmbus-bridge", "monitor-latency-us", &latency)) TH_LOG("%s", host_error());
	if (!latency)
		SKIP(return, "the host does not look at monitor pages (monitor-latency-us)");
	snprintf(path, sizeof(path), "%s/latency", self->channel);
	EXPECT_EQ(latency * 10, get_number(path));
	/* the guest answers the beats, and none of the answers takes a hypercall */
	snprintf(path, sizeof(path), "%s/events", self->channel);
	events = get_number(path);
	ASSERT_GE(events, 0);
	EXPECT_TRUE(beats(self->channel));
	EXPECT_TRUE(beats(self->channel));
	EXPECT_EQ(events, get_number(path));
}

TEST_F_TIMEOUT(beat, survives_module_reload, 300)
{
	const char *why;
	int i;

	for (i = 0; i < 5; i++) {
		if (module_unload("hv_utils", &why)) {
			if (i)
				ASSERT_TRUE(false) TH_LOG("unloading again: %s", why);
			SKIP(return, "hv_utils: %s", why);
		}
		ASSERT_EQ(0, module_load("hv_utils", &why)) TH_LOG("%s", why);
		ASSERT_TRUE(find_channel(self->device, 0, self->channel, sizeof(self->channel)));
		EXPECT_TRUE(beats(self->channel)) TH_LOG("after reload %d", i + 1);
	}
}

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

static bool service_ready(void *device)
{
	char version[32];

	return !host_get(device, "message-version", version, sizeof(version)) && *version;
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

/* --- devices that come and go, and a host that misbehaves */

static bool vss_there(void *arg)
{
	char name[64];

	return find_device(CLASS_VSS, 0, name, sizeof(name)) == *(bool *)arg;
}

TEST(remove_and_add)
{
	bool there = true, gone = false;
	char path[256], args[512];
	int i;

	if (host_open() || !host_has("hv-vss"))
		SKIP(return, NO_HOST);
	for (i = 0; i < 10; i++) {
		ASSERT_TRUE(host_find("hv-vss", path, sizeof(path)));
		snprintf(args, sizeof(args), "{\"id\": \"%s\"}", path);
		ASSERT_EQ(0, host_command("device_del", args, NULL, 0)) TH_LOG("%s", host_error());
		ASSERT_TRUE(wait_for(vss_there, &gone, 10000)) TH_LOG("not removed, round %d", i);
		/* the host's device goes when the guest has let go of it */
		while (host_has("hv-vss"))
			usleep(20000);
		ASSERT_EQ(0, host_command("device_add", "{\"driver\": \"hv-vss\", \"id\": \"hv-vss\"}", NULL, 0))
			TH_LOG("%s", host_error());
		ASSERT_TRUE(wait_for(vss_there, &there, 10000)) TH_LOG("not added, round %d", i);
		/* A device taken away while it is being probed is another matter: see README.md. */
		ASSERT_TRUE(wait_for(service_ready, "hv-vss", 10000)) TH_LOG("not in use, round %d", i);
	}
}

static bool consumed(void *arg)
{
	char status[512], *p;

	if (host_get("vmbus-bridge", "fault-status", status, sizeof(status)))
		return false;
	p = strstr(status, "consumed ");
	return p && atoi(p + 9) >= *(int *)arg;
}

static int faults(const char *rules)
{
	return host_set("vmbus-bridge", "fault", rules);
}

/* A bad message is dropped, and the service goes on with the next good one. */
TEST_F_TIMEOUT(beat, survives_bad_messages, 400)
{
	static const char *const rules[] = {
		"dev=hv-heartbeat truncate=4", "dev=hv-heartbeat truncate=20", "dev=hv-heartbeat lengthen=500",
		"dev=hv-heartbeat set:type=77", "dev=hv-heartbeat set:size=65535", "dev=hv-heartbeat dup=3",
		"dev=hv-heartbeat set:pkt-id=-1", "dev=hv-heartbeat set:pkt-type=3",
		"seed=1; dev=hv-heartbeat random=1000 with=set,bytes,dup,id",
	};
	int three = 3;
	size_t i;

	if (host_open())
		SKIP(return, NO_HOST);
	/* slow enough for each to be read before the next comes: see README.md for what happens if not */
	ASSERT_EQ(0, host_set_number("hv-heartbeat", "interval-ms", 1000)) TH_LOG("%s", host_error());
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		ASSERT_EQ(0, faults(rules[i])) TH_LOG("%s", host_error());
		EXPECT_TRUE(wait_for(consumed, &three, BEAT_MS)) TH_LOG("not consumed: %s", rules[i]);
		ASSERT_EQ(0, faults("")) TH_LOG("%s", host_error());
		EXPECT_TRUE(beats(self->channel)) TH_LOG("no beat after: %s", rules[i]);
	}
	EXPECT_EQ(0, host_set_number("hv-heartbeat", "interval-ms", 2000));
}

TEST(host_refuses_bad_rules)
{
	if (host_open())
		SKIP(return, NO_HOST);
	EXPECT_EQ(-EREMOTEIO, faults("dev=hv-heartbeat"));
	EXPECT_EQ(-EREMOTEIO, faults("set:type=x"));
	EXPECT_EQ(-EREMOTEIO, faults("scenario=no-such"));
	EXPECT_NE(NULL, strstr(host_error(), "no scenario"));
	EXPECT_EQ(0, faults(""));
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
