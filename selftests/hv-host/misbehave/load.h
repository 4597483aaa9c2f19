/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MISBEHAVE_LOAD_H
#define MISBEHAVE_LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* What was done so far; printed each second, so that the host sees what stands still. */
enum count {
	PING, STREAM, CONTROL, REOPEN,		/* network */
	DISK, PROBE,				/* disks */
	MOVE, BIND,				/* bus */
	KVP, VSS, MEMORY,			/* services */
	UP,					/* seconds: the guest itself */
	COUNTS
};

extern _Atomic unsigned long counts[COUNTS];

/* A line of the kernel log. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Runs @fn for ever, on @cpu unless negative. */
void start(void *(*fn)(void *), void *arg, int cpu);

void pause_ms(int ms);

/* Writes @text to a file of sysfs or procfs; returns 0 or -errno. */
int put(const char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* load-net.c, load-disk.c, load-bus.c: start the threads of a load */
void load_net(void);		/* frames and control messages of the first adapter */
void load_reopen(void);		/* the second adapter made anew again and again */
void load_scsi(void);		/* verified reads and writes of all disks */
void load_probe(void);		/* disk controllers unbound and bound */
void load_vmbus(void);		/* channels moved, opened and closed */
void load_utils(void);		/* daemons; services unbound and bound */
void load_balloon(void);	/* notes when memory comes and goes */

#endif
