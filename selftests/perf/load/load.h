/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Load for network adapters and disks: what its files share.
 */
#ifndef AZK_PERF_LOAD_H
#define AZK_PERF_LOAD_H

#include <stdbool.h>
#include <stdint.h>

struct load {
	const char *kind;	/* rx, tx, io */
	const char *name;	/* of the phase */
	const char *device;	/* interface or block device; NULL: the first of Hyper-V's */
	const char *sink;	/* rx: plain, other, udp; tx: raw, udp */
	unsigned int count;	/* operations */
	unsigned int size;	/* bytes of each: a frame without its checksum, or a read */
	unsigned int burst;	/* rx: frames at a time; tx: frames to a system call */
	unsigned int gap;	/* rx: ns from burst to burst */
	unsigned int depth;	/* io: reads under way */
	int cpu;		/* where to run, -1: anywhere, -2: not where the interrupt is */
};

/*
 * A run: count operations, first a quarter of them to warm up. Each returns 0,
 * or an exit status of kselftest (1 failed, 4 skipped) after saying why.
 */
int load_rx(const struct load *l);
int load_tx(const struct load *l);
int load_io(const struct load *l);

/* --- load.c --- */

/* Begin and end of what is measured. Latencies, if there are any, are in ns. */
void run_begin(const struct load *l);
void run_end(const struct load *l, unsigned int operations);

double now(void);
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int failed(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Stay on the CPU the load asks for; driver is that of the device below
 * /sys/bus/vmbus, which tells where its interrupts go.
 */
void run_place(const struct load *l, const char *driver);

/* First line of a file without its end, or "". */
const char *file_line(char *buf, unsigned int len, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void file_write(const char *path, const char *text);

#endif
