// SPDX-License-Identifier: GPL-2.0-only
/* SCSI commands by SG_IO */
#include <errno.h>
#include <fcntl.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "disk.h"

int scsi_command(const char *name, const uint8_t *cdb, int cdb_len, void *data, size_t len, bool out,
		 struct scsi_result *r)
{
	uint8_t sense[64] = { 0 };
	struct sg_io_hdr h = {
		.interface_id = 'S',
		.dxfer_direction = !len ? SG_DXFER_NONE : out ? SG_DXFER_TO_DEV : SG_DXFER_FROM_DEV,
		.cmd_len = cdb_len,
		.mx_sb_len = sizeof(sense),
		.dxfer_len = len,
		.dxferp = data,
		.cmdp = (void *)cdb,
		.sbp = sense,
		.timeout = 60000,
	};
	char path[64];
	int fd, ret;

	memset(r, 0, sizeof(*r));
	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = ioctl(fd, SG_IO, &h) < 0 ? -errno : 0;
	close(fd);
	r->status = h.status;
	r->host = h.host_status;
	r->driver = h.driver_status;
	r->resid = h.resid;
	if (h.sb_len_wr >= 14 && (sense[0] & 0x7e) == 0x70) {
		r->key = sense[2] & 0xf;
		r->asc = sense[12];
		r->ascq = sense[13];
	}
	return ret;
}
