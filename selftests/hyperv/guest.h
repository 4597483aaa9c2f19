/* SPDX-License-Identifier: GPL-2.0-only */
/* What the guest's kernel shows of Hyper-V: sysfs, /proc, modules. */
#ifndef HYPERV_GUEST_H
#define HYPERV_GUEST_H

#include <stdbool.h>
#include <stddef.h>

#define VMBUS "/sys/bus/vmbus/devices"

/* Class ids, as in the GUID definitions of include/linux/hyperv.h. */
#define CLASS_HEARTBEAT	"{57164f39-9115-4e78-ab55-382f3bd5422d}"
#define CLASS_SHUTDOWN	"{0e0b6031-5213-4934-818b-38d90ced39db}"
#define CLASS_TIMESYNC	"{9527e630-d0ae-497b-adce-e80ab0175caf}"
#define CLASS_KVP	"{a9a0f4e7-5a45-4d96-b827-8a841e8c03e6}"
#define CLASS_VSS	"{35fa2e29-ea23-4236-96ae-3a6ebacba440}"
#define CLASS_KEYBOARD	"{f912ad6d-2b17-48ea-bd65-f927a61c7684}"
#define CLASS_BALLOON	"{525074dc-8985-46e2-8057-a307dc18a502}"

/* Reads a file's first line, without its end. 0 or -errno. */
int get_line(const char *path, char *line, size_t size);
/* Writes text to a file. 0 or -errno. */
int put_text(const char *path, const char *text);
long long get_number(const char *path);	/* -1 if it cannot be read */

/*
 * The directory below VMBUS of the n-th device of a class, from 0; every
 * device if class is NULL. False if there is none.
 */
bool find_device(const char *class, int n, char *name, size_t size);
/* The directory of the n-th channel of that device, as a whole path. */
bool find_channel(const char *device, int n, char *path, size_t size);

/* Highest CPU number + 1 of those online, and whether one is. */
int cpu_count(void);
bool cpu_online(int cpu);

/* Hyper-V callback interrupts seen by a CPU so far, -1 if not counted. */
long long callback_interrupts(int cpu);

/* 0, or -1 with the reason in @why: no module of that name, say. */
int module_load(const char *name, const char **why);
int module_unload(const char *name, const char **why);

/* Starts one of the Hyper-V daemons of the distribution; its pid, or 0. */
int start_daemon(const char *name);
void stop_daemon(int pid);

/* Waits until @cond() is true; false after @ms milliseconds. */
bool wait_for(bool (*cond)(void *arg), void *arg, int ms);

void cpuid(unsigned int leaf, unsigned int r[4]);

#endif
