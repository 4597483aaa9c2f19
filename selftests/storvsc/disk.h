/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AZURE_STORVSC_DISK_H
#define AZURE_STORVSC_DISK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_DISKS 16

/* --- disk.c --- */

/*
 * Names of up to @max disks behind hv_storvsc that may be overwritten: those
 * HV_SCRATCH_DISKS names, or whose serial number begins with "azk-scratch".
 * Returns how many there are.
 */
int scratch_disks(char (*names)[32], int max);

/* The same, for any disk behind hv_storvsc. */
int storvsc_disks(char (*names)[32], int max);

/* A number from /sys/block/NAME/FILE, -1 if there is none. */
long long disk_attr(const char *name, const char *file);

/* A line of /sys/block/NAME/FILE; false if there is none. */
bool disk_text(const char *name, const char *file, char *text, size_t size);

/* Waits until a disk with this serial number is there (or is not); its name goes to @name. */
bool wait_serial(const char *serial, bool there, char *name, int seconds);

/* The controller's folder in /sys/bus/vmbus/devices of a disk. */
bool disk_controller(const char *name, char *path, size_t size);

struct io_job {
	const char *name;
	int depth;		/* requests under way */
	size_t max_io;		/* bytes of the largest */
	int seconds;		/* how long; or */
	uint64_t requests;	/* how many; or */
	_Atomic bool *stop;	/* until this is true */
	/* results; bytes may be read while it runs */
	uint64_t reads, writes;
	_Atomic uint64_t bytes;
	int longest_gap_ms;	/* without a completion */
	char error[256];	/* empty: none */
};

/*
 * Random reads and writes of random size over the first 32 MiB of the disk, each
 * read compared with what was written there last. True if all was right.
 */
bool io_run(struct io_job *job);

/* The same on @n disks at once, a thread each. */
bool io_run_all(struct io_job *jobs, int n);

/* --- scsi.c --- */

struct scsi_result {
	int status;		/* SCSI status */
	int host, driver;	/* as in sg_io_hdr */
	uint8_t key, asc, ascq;
	int resid;
};

/*
 * Sends a command to a disk by SG_IO. @len bytes from the device to @data, or
 * to it if @out. Returns 0 or -errno.
 */
int scsi_command(const char *name, const uint8_t *cdb, int cdb_len, void *data, size_t len, bool out,
		 struct scsi_result *r);

#endif
