// SPDX-License-Identifier: GPL-2.0-only
/*
 * hv_storvsc, seen from userland. Disks that may be overwritten are named in
 * HV_SCRATCH_DISKS ("sdb sdc"), or have a serial number that begins with
 * "azk-scratch"; without one, only what does not write runs. What the host has
 * to do, such as adding a disk, is asked of it by QMP and skips elsewhere.
 *
 * STORVSC_SECONDS is for how long each verified run lasts.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "../hyperv/host.h"
#include "disk.h"

#define KIB 1024
#define MIB (1024 * 1024)
#define CHECK_CONDITION 2
#define ILLEGAL_REQUEST 5
#define GAP_MS 5000

static int run_seconds(void)
{
	const char *s = getenv("STORVSC_SECONDS");

	return s ? atoi(s) : 5;
}

FIXTURE(storvsc)
{
	char names[MAX_DISKS][32];
	int n;
};

FIXTURE_SETUP(storvsc)
{
	self->n = storvsc_disks(self->names, MAX_DISKS);
	if (!self->n)
		SKIP(return, "no disk behind hv_storvsc");
}

FIXTURE_TEARDOWN(storvsc)
{
}

TEST_F(storvsc, limits)
{
	for (int i = 0; i < self->n && i < MAX_DISKS; i++) {
		EXPECT_GE(disk_attr(self->names[i], "queue/max_hw_sectors_kb"), 128);
		EXPECT_GE(disk_attr(self->names[i], "queue/max_segments"), 33);
		/* no gaps but at page boundaries */
		EXPECT_EQ(4095, disk_attr(self->names[i], "queue/virt_boundary_mask") < 0 ? 4095 :
			  disk_attr(self->names[i], "queue/virt_boundary_mask"));
		EXPECT_GT(disk_attr(self->names[i], "device/queue_depth"), 1);
	}
}

/* Channels of a disk's controller, 0 if they cannot be counted. */
static int channels_of(const char *disk)
{
	char path[512], channels[600];
	struct dirent *e;
	int n = 0;
	DIR *d;

	if (!disk_controller(disk, path, sizeof(path)))
		return 0;
	snprintf(channels, sizeof(channels), "%s/channels", path);
	d = opendir(channels);
	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

TEST_F(storvsc, channels)
{
	int n = channels_of(self->names[0]);

	EXPECT_GE(n, 1);
	TH_LOG("%d channels, %ld processors", n, sysconf(_SC_NPROCESSORS_ONLN));
}

TEST_F(storvsc, inquiry)
{
	static const uint8_t cdb[6] = { 0x12, 0, 0, 0, 96, 0 };
	struct scsi_result r;
	uint8_t data[96];

	memset(data, 0xee, sizeof(data));
	ASSERT_EQ(0, scsi_command(self->names[0], cdb, 6, data, sizeof(data), false, &r));
	EXPECT_EQ(0, r.status);
	EXPECT_EQ(0, data[0]);			/* a disk, and connected */
	EXPECT_GE(data[2], 4);			/* SPC-2 or later */
	EXPECT_LE(data[4] + 5, (int)sizeof(data));
}

TEST_F(storvsc, report_luns)
{
	static const uint8_t cdb[12] = { 0xa0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0 };
	uint8_t data[2048] = { 0 };
	struct scsi_result r;
	int n;

	ASSERT_EQ(0, scsi_command(self->names[0], cdb, 12, data, sizeof(data), false, &r));
	EXPECT_EQ(0, r.status);
	n = (data[2] << 8 | data[3]) / 8;
	EXPECT_GE(n, 1);
	EXPECT_LT(n, 256);
}

TEST_F(storvsc, capacity)
{
	static const uint8_t cdb[16] = { 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0 };
	uint64_t last = 0, block;
	struct scsi_result r;
	uint8_t data[32] = { 0 };

	ASSERT_EQ(0, scsi_command(self->names[0], cdb, 16, data, sizeof(data), false, &r));
	ASSERT_EQ(0, r.status);
	for (int i = 0; i < 8; i++)
		last = last << 8 | data[i];
	block = data[8] << 24 | data[9] << 16 | data[10] << 8 | data[11];
	EXPECT_EQ(disk_attr(self->names[0], "size") * 512, (long long)((last + 1) * block));
}

/* The host's answer to a read past the end comes through: status, sense, and nothing else breaks. */
TEST_F(storvsc, read_past_the_end)
{
	uint8_t cdb[16] = { 0x88, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0, 0, 0, 0, 8, 0, 0 };
	struct scsi_result r;
	uint8_t data[4096];

	cdb[2] = 0x0f;
	ASSERT_EQ(0, scsi_command(self->names[0], cdb, 16, data, sizeof(data), false, &r));
	EXPECT_EQ(CHECK_CONDITION, r.status);
	EXPECT_EQ(ILLEGAL_REQUEST, r.key);
	EXPECT_EQ(0x21, r.asc);			/* logical block address out of range */
	memset(cdb + 2, 0, 8);
	ASSERT_EQ(0, scsi_command(self->names[0], cdb, 16, data, sizeof(data), false, &r));
	EXPECT_EQ(0, r.status);
	EXPECT_EQ(0, r.resid);
}

TEST_F(storvsc, unknown_command)
{
	static const uint8_t cdb[10] = { 0x2c };		/* ERASE(10): not of a disk */
	struct scsi_result r;

	ASSERT_EQ(0, scsi_command(self->names[0], cdb, 10, NULL, 0, false, &r));
	EXPECT_EQ(CHECK_CONDITION, r.status);
	EXPECT_EQ(ILLEGAL_REQUEST, r.key);
	EXPECT_EQ(0x20, r.asc);			/* invalid command operation code */
}

FIXTURE(scratch)
{
	char names[MAX_DISKS][32];
	int n;
};

FIXTURE_SETUP(scratch)
{
	self->n = scratch_disks(self->names, MAX_DISKS);
	if (!self->n)
		SKIP(return, "no disk to be overwritten, see HV_SCRATCH_DISKS");
}

FIXTURE_TEARDOWN(scratch)
{
}

static void run_io(struct __test_metadata *_metadata, struct io_job *jobs, int n)
{
	bool ok = io_run_all(jobs, n);

	EXPECT_TRUE(ok);
	for (int i = 0; i < n; i++) {
		if (*jobs[i].error)
			TH_LOG("%s", jobs[i].error);
		EXPECT_LE(jobs[i].longest_gap_ms, GAP_MS);
		TH_LOG("%s: %llu reads, %llu writes, %llu MiB right, longest gap %d ms", jobs[i].name,
		       (unsigned long long)jobs[i].reads, (unsigned long long)jobs[i].writes,
		       (unsigned long long)(jobs[i].bytes / MIB), jobs[i].longest_gap_ms);
	}
}

TEST_F_TIMEOUT(scratch, depth_1, 120)
{
	struct io_job job = { .name = self->names[0], .depth = 1, .max_io = 64 * KIB, .seconds = run_seconds() };

	run_io(_metadata, &job, 1);
}

TEST_F_TIMEOUT(scratch, depth_64_all_disks, 900)
{
	struct io_job jobs[MAX_DISKS];
	int n = self->n < MAX_DISKS ? self->n : MAX_DISKS;

	for (int i = 0; i < n; i++)
		jobs[i] = (struct io_job) {
			.name = self->names[i], .depth = 64, .max_io = 256 * KIB, .seconds = run_seconds(),
		};
	run_io(_metadata, jobs, n);
}

/* Larger than any single command: the block layer splits it at the host's limit. */
TEST_F_TIMEOUT(scratch, large, 300)
{
	struct io_job job = { .name = self->names[0], .depth = 4, .max_io = 8 * MIB, .requests = 60 };

	run_io(_metadata, &job, 1);
}

/* From memory that begins in the middle of a page, and over many small pieces */
TEST_F_TIMEOUT(scratch, unaligned_memory, 120)
{
	size_t len = 1 * MIB;
	char path[64];
	uint8_t *room, *in, *out;
	int fd, align = disk_attr(self->names[0], "queue/dma_alignment");

	align = align < 511 ? 512 : align + 1;
	ASSERT_EQ(0, posix_memalign((void **)&room, 4096, 2 * len + 16384));
	out = room + align % 4096;
	in = room + len + 8192 + align % 4096;
	for (size_t i = 0; i < len; i++)
		out[i] = i * 13 + (i >> 12);
	snprintf(path, sizeof(path), "/dev/%s", self->names[0]);
	fd = open(path, O_RDWR | O_DIRECT);
	ASSERT_GE(fd, 0);
	ASSERT_EQ((ssize_t)len, pwrite(fd, out, len, 40 * MIB));
	ASSERT_EQ((ssize_t)len, pread(fd, in, len, 40 * MIB));
	EXPECT_EQ(0, memcmp(in, out, len));
	close(fd);
}

TEST_F_TIMEOUT(scratch, discard, 120)
{
	uint64_t range[2] = { 48 * MIB, 1 * MIB };
	static uint8_t block[MIB], in[MIB];
	char path[64];
	int fd;

	if (disk_attr(self->names[0], "queue/discard_max_bytes") <= 0)
		SKIP(return, "the host offers no UNMAP");
	snprintf(path, sizeof(path), "/dev/%s", self->names[0]);
	fd = open(path, O_RDWR);
	ASSERT_GE(fd, 0);
	memset(block, 0xa5, sizeof(block));
	for (int i = -1; i <= 1; i++)
		ASSERT_EQ((ssize_t)sizeof(block), pwrite(fd, block, sizeof(block), range[0] + i * MIB));
	ASSERT_EQ(0, fsync(fd));
	ASSERT_EQ(0, ioctl(fd, BLKDISCARD, range)) { TH_LOG("%s", strerror(errno)); }
	ASSERT_EQ(0, posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	/* what is beside it stays, and what was discarded can be written again */
	for (int i = -1; i <= 1; i += 2) {
		ASSERT_EQ((ssize_t)sizeof(in), pread(fd, in, sizeof(in), range[0] + i * MIB));
		EXPECT_EQ(0, memcmp(in, block, sizeof(in)));
	}
	ASSERT_EQ((ssize_t)sizeof(block), pwrite(fd, block, sizeof(block), range[0]));
	ASSERT_EQ(0, fsync(fd));
	close(fd);
}

/* --- with the host's help --- */

/* Adds a disk of @mib MiB as LUN @lun; QEMU's ids are made of @tag. */
static bool add_disk(const char *tag, int lun, int mib)
{
	return !host_do("blockdev-add", "{\"driver\": \"null-co\", \"node-name\": \"%s\", \"size\": %llu, "
		    "\"read-zeroes\": true}", tag, (unsigned long long)mib * MIB) &&
	       !host_do("device_add", "{\"driver\": \"scsi-hd\", \"id\": \"%s-dev\", \"bus\": \"scsi0.0\", "
		    "\"lun\": %d, \"drive\": \"%s\", \"serial\": \"%s\"}", tag, lun, tag, tag);
}

static bool remove_disk(const char *tag)
{
	bool ok = !host_do("device_del", "{\"id\": \"%s-dev\"}", tag);

	for (int i = 0; i < 100; i++) {
		if (!host_do("blockdev-del", "{\"node-name\": \"%s\"}", tag))
			break;
		usleep(100000);
	}
	return ok;
}

TEST_F_TIMEOUT(storvsc, hot_add_remove, 180)
{
	char name[32];

	if (host_open())
		SKIP(return, "needs the host to add a disk");
	for (int round = 0; round < 3; round++) {
		ASSERT_TRUE(add_disk("azk-hot", 17, 8)) { TH_LOG("%s", host_error()); }
		ASSERT_TRUE(wait_serial("azk-hot", true, name, 20)) { TH_LOG("the new disk does not appear"); }
		EXPECT_EQ(8 * MIB / 512, disk_attr(name, "size"));
		ASSERT_TRUE(remove_disk("azk-hot")) { TH_LOG("%s", host_error()); }
		EXPECT_TRUE(wait_serial("azk-hot", false, name, 20)) { TH_LOG("%s stays", name); }
	}
}

/* While another disk of the same controller is busy */
TEST_F_TIMEOUT(scratch, hot_add_remove_busy, 180)
{
	struct io_job job = { .name = self->names[0], .depth = 32, .max_io = 128 * KIB, .seconds = 8 };
	char name[32];
	pid_t pid;
	int status;

	if (host_open())
		SKIP(return, "needs the host to add a disk");
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		bool ok = io_run(&job);

		if (!ok)
			fprintf(stderr, "# %s\n", job.error);
		_exit(!ok);
	}
	for (int round = 0; round < 3; round++) {
		EXPECT_TRUE(add_disk("azk-busy", 18, 8)) { TH_LOG("%s", host_error()); }
		EXPECT_TRUE(wait_serial("azk-busy", true, name, 20));
		EXPECT_TRUE(remove_disk("azk-busy")) { TH_LOG("%s", host_error()); }
		EXPECT_TRUE(wait_serial("azk-busy", false, name, 20));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F_TIMEOUT(storvsc, resize, 120)
{
	char name[32], path[64], block[4096];
	long long size = -1;
	int fd;

	if (host_open())
		SKIP(return, "needs the host to resize a disk");
	if (host_do("block_resize", "{\"node-name\": \"azk-size\", \"size\": %d}", 8 * MIB))
		SKIP(return, "the host has no block device azk-size");
	ASSERT_EQ(0, host_do("device_add", "{\"driver\": \"scsi-hd\", \"id\": \"azk-size-dev\", \"bus\": \"scsi0.0\", "
			 "\"lun\": 19, \"drive\": \"azk-size\", \"serial\": \"azk-size\"}")) {
		TH_LOG("%s", host_error());
	}
	ASSERT_TRUE(wait_serial("azk-size", true, name, 20));
	EXPECT_EQ(8 * MIB / 512, disk_attr(name, "size"));
	ASSERT_EQ(0, host_do("block_resize", "{\"node-name\": \"azk-size\", \"size\": %d}", 12 * MIB)) {
		TH_LOG("%s", host_error());
	}
	/* the next command is answered with a unit attention, on which the driver looks again */
	snprintf(path, sizeof(path), "/dev/%s", name);
	for (int i = 0; i < 100 && size != 12 * MIB / 512; i++) {
		fd = open(path, O_RDONLY | O_DIRECT);
		if (fd >= 0) {
			void *aligned = (void *)(((uintptr_t)block + 511) & ~511UL);

			if (pread(fd, aligned, 512, 0) < 0)
				TH_LOG("read: %s", strerror(errno));
			close(fd);
		}
		size = disk_attr(name, "size");
		usleep(100000);
	}
	EXPECT_EQ(12 * MIB / 512, size);
	EXPECT_EQ(0, host_do("device_del", "{\"id\": \"azk-size-dev\"}")) { TH_LOG("%s", host_error()); }
	EXPECT_TRUE(wait_serial("azk-size", false, name, 20));
}

/*
 * A controller of which the guest gets fewer sub-channels than it asked for:
 * an offer that never comes, or a channel that does not open. What is there
 * has to do.
 */
FIXTURE(lost)
{
	char names[MAX_DISKS][32];
	char id[32];
};

FIXTURE_VARIANT(lost)
{
	const char *rule;
	int fewer;		/* channels in sysfs */
};

/* of the offers after the primary channel's the first, the third */
FIXTURE_VARIANT_ADD(lost, offer) {
	.rule = "dev=bus msg=offer skip=1 every=2 count=1000 drop", .fewer = 2,
};

FIXTURE_VARIANT_ADD(lost, open) {
	.rule = "dev=bus msg=open-result skip=1 count=1000 set:status=1", .fewer = 0,
};

FIXTURE_SETUP(lost)
{
	if (!storvsc_disks(self->names, MAX_DISKS))
		SKIP(return, "no disk behind hv_storvsc");
	if (host_open())
		SKIP(return, "needs the host to keep sub-channels back");
	if (channels_of(self->names[0]) < 3)
		SKIP(return, "fewer than three channels");
	if (host_do("block_resize", "{\"node-name\": \"azk-size\", \"size\": %d}", 64 * MIB))
		SKIP(return, "the host has no block device azk-size");
	snprintf(self->id, sizeof(self->id), "azk-lost-%d", getpid());
}

FIXTURE_TEARDOWN(lost)
{
	if (*self->id)
		host_set("vmbus-bridge", "fault", "");
}

TEST_F_TIMEOUT(lost, sub_channels, 120)
{
	struct io_job job = { .depth = 64, .max_io = 64 * KIB, .seconds = run_seconds() };
	char name[32];

	ASSERT_EQ(0, host_set("vmbus-bridge", "fault", variant->rule)) { TH_LOG("%s", host_error()); }
	ASSERT_EQ(0, host_do("device_add", "{\"driver\": \"hv-scsi\", \"id\": \"%s\"}", self->id)) {
		TH_LOG("%s", host_error());
	}
	ASSERT_EQ(0, host_do("device_add", "{\"driver\": \"scsi-hd\", \"id\": \"%s-disk\", \"bus\": \"%s.0\", "
			     "\"drive\": \"azk-size\", \"serial\": \"azk-lost\"}", self->id, self->id)) {
		TH_LOG("%s", host_error());
	}
	ASSERT_TRUE(wait_serial("azk-lost", true, name, 20)) { TH_LOG("the disk does not appear"); }
	sleep(1);			/* sub-channels come behind the disk */
	EXPECT_EQ(channels_of(self->names[0]) - variant->fewer, channels_of(name));
	job.name = name;
	EXPECT_TRUE(io_run(&job)) { TH_LOG("%s", job.error); }
	EXPECT_LE(job.longest_gap_ms, GAP_MS);
	TH_LOG("%s with %d channels: %llu MiB right", name, channels_of(name), (unsigned long long)(job.bytes / MIB));
	EXPECT_EQ(0, host_set("vmbus-bridge", "fault", "")) { TH_LOG("%s", host_error()); }
	EXPECT_EQ(0, host_do("device_del", "{\"id\": \"%s-disk\"}", self->id)) { TH_LOG("%s", host_error()); }
	EXPECT_TRUE(wait_serial("azk-lost", false, name, 20));
	/* the controller stays: the guest cannot give back an offer it never saw */
}

/* An error of the medium reaches the program that reads, and only that one. */
TEST_F_TIMEOUT(storvsc, medium_error, 120)
{
	static uint8_t room[3 * 4096];
	void *buf = (void *)(((uintptr_t)room + 4095) & ~4095UL);
	char name[32], path[64];
	int fd;

	if (host_open())
		SKIP(return, "needs the host to have a bad disk");
	ASSERT_EQ(0, host_do("blockdev-add", "{\"driver\": \"blkdebug\", \"node-name\": \"azk-bad\", "
			 "\"image\": {\"driver\": \"null-co\", \"size\": %d, \"read-zeroes\": true}, "
			 "\"inject-error\": [{\"event\": \"none\", \"iotype\": \"read\", \"errno\": 5, "
			 "\"sector\": 8192, \"once\": false}]}", 16 * MIB)) {
		TH_LOG("%s", host_error());
	}
	ASSERT_EQ(0, host_do("device_add", "{\"driver\": \"scsi-hd\", \"id\": \"azk-bad-dev\", \"bus\": \"scsi0.0\", "
			 "\"lun\": 20, \"drive\": \"azk-bad\", \"serial\": \"azk-bad\", \"rerror\": \"report\", "
			 "\"werror\": \"report\"}")) { TH_LOG("%s", host_error()); }
	ASSERT_TRUE(wait_serial("azk-bad", true, name, 20));
	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, O_RDWR | O_DIRECT);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(4096, pread(fd, buf, 4096, 0));
	errno = 0;
	EXPECT_EQ(-1, pread(fd, buf, 4096, 8192 * 512LL));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(4096, pread(fd, buf, 4096, 4 * 512 * 4096LL / 2 + MIB));
	EXPECT_EQ(4096, pwrite(fd, buf, 4096, MIB));
	close(fd);
	EXPECT_TRUE(remove_disk("azk-bad")) { TH_LOG("%s", host_error()); }
	EXPECT_TRUE(wait_serial("azk-bad", false, name, 20));
}

TEST_HARNESS_MAIN
