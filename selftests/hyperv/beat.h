/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs share: a channel that has interrupts without anybody doing anything, and words for skips. */
#ifndef HYPERV_BEAT_H
#define HYPERV_BEAT_H

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "guest.h"
#include "host.h"

#define NO_HOST "no way to ask the host (HV_HOST_QMP, azk.qmp=)"
/* A beat comes every two seconds. */
#define BEAT_MS 12000

static inline long long ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* A service has agreed to a version with the guest. */
static inline bool service_ready(void *device)
{
	char version[32];

	return !host_get(device, "message-version", version, sizeof(version)) && *version;
}

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

static inline bool counted(void *arg)
{
	struct count *c = arg;

	return get_number(c->path) > c->above;
}

/* Whether the channel gets another interrupt in time. */
static inline bool beats(const char *channel)
{
	struct count c;

	snprintf(c.path, sizeof(c.path), "%s/interrupts", channel);
	c.above = get_number(c.path);
	return c.above >= 0 && wait_for(counted, &c, BEAT_MS);
}

#endif
