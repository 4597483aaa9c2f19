// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's side of Hyper-V: detection, clocks and VMBus; the integration
 * services are services.c's. Runs as root on real Hyper-V, on Azure and on the
 * Hyper-V host of our selftests. A test that has to ask the host for something
 * is skipped where there is no way to (see host.h).
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "beat.h"

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

/* --- a channel */

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

TEST_HARNESS_MAIN
