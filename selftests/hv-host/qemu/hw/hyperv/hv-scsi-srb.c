/*
 * Hyper-V synthetic storage controllers: SRBs and the SCSI layer
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Turns a SCSI_REQUEST_BLOCK of the guest into a request to QEMU's SCSI layer
 * and that one's result into SRB status, sense data and NTSTATUS.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "block/aio-wait.h"
#include "scsi/constants.h"
#include "system/dma.h"
#include "hv-scsi.h"

/* peripheral qualifier and type of a LUN that is not there, SPC-3 6.4.2 */
#define NO_SUCH_LUN     0x7f

/* OpenVMM's storvsp, convert_srb_status_to_nt_status() */
static uint32_t srb_to_ntstatus(uint8_t srb_status)
{
    switch (srb_status & 0x3f) {
    case SRB_STATUS_SUCCESS:
        return STORVSP_STATUS_SUCCESS;
    case SRB_STATUS_BUSY:
        return STORVSP_STATUS_DEVICE_BUSY;
    case SRB_STATUS_INVALID_LUN:
        return STORVSP_STATUS_DEVICE_DOES_NOT_EXIST;
    case SRB_STATUS_TIMEOUT:
        return STORVSP_STATUS_IO_TIMEOUT;
    case SRB_STATUS_SELECTION_TIMEOUT:
        return STORVSP_STATUS_DEVICE_NOT_CONNECTED;
    case SRB_STATUS_DATA_OVERRUN:
        return STORVSP_STATUS_BUFFER_OVERFLOW;
    case SRB_STATUS_ABORTED:
        return STORVSP_STATUS_CANCELLED;
    default:
        return STORVSP_STATUS_IO_DEVICE_ERROR;
    }
}

/*
 * Complete @r.  @xfer: bytes moved.  @sense: fixed-format sense data, or NULL.
 */
static void complete_srb(HvStorRequest *r, uint8_t srb_status,
                         uint8_t scsi_status, uint32_t xfer,
                         const uint8_t *sense, unsigned int sense_len)
{
    StorVspScsiRequest *srb = &r->packet.srb;
    bool autosense = !(srb->srb_flags & SRB_FLAGS_DISABLE_AUTOSENSE);

    memset(srb->sense, 0, sizeof(srb->sense));
    if (sense && autosense) {
        srb_status |= SRB_STATUS_AUTOSENSE_VALID;
        sense_len = MIN(sense_len, MIN(srb->sense_length, STORVSP_SENSE_SIZE));
        memcpy(srb->sense, sense, sense_len);
        srb->sense_length = sense_len;
    } else {
        srb->sense_length = 0;
    }
    srb->srb_status = srb_status;
    srb->scsi_status = scsi_status;
    srb->data_transfer_length = xfer;
    hv_stor_complete(r, srb_to_ntstatus(srb_status));
}

static void complete_invalid(HvStorRequest *r, SCSISense code)
{
    uint8_t sense[SCSI_SENSE_LEN];
    int len = scsi_build_sense_buf(sense, sizeof(sense), code, true);

    complete_srb(r, SRB_STATUS_INVALID_REQUEST, CHECK_CONDITION, 0, sense, len);
}

/* Copy @len bytes of @buf to the guest's buffer, cut to its size. */
static void complete_data(HvStorRequest *r, void *buf, uint32_t len)
{
    QEMUSGList *sgl = &r->vmreq.sgl;

    len = sgl->nsg ? MIN(len, sgl->size) : 0;
    if (len && dma_buf_read(buf, len, NULL, sgl, MEMTXATTRS_UNSPECIFIED) !=
        MEMTX_OK) {
        complete_srb(r, SRB_STATUS_ERROR, GOOD, 0, NULL, 0);
        return;
    }
    complete_srb(r, SRB_STATUS_SUCCESS, GOOD, len, NULL, 0);
}

/*
 * REPORT LUNS of the target, SPC-3 6.21.  The controller answers it, also for
 * a target without any LUN, and does not make up a LUN 0: so does OpenVMM.
 */
static void report_luns(HvStor *s, HvStorRequest *r)
{
    const StorVspScsiRequest *srb = &r->packet.srb;
    uint32_t alloc = ldl_be_p(&srb->cdb[6]);
    g_autofree uint8_t *buf = g_malloc0(8 + 256 * 8);
    uint8_t *p = buf + 8;
    BusChild *kid;
    int lun;

    if (alloc < 8) {
        complete_invalid(r, SENSE_CODE(INVALID_FIELD));
        return;
    }
    for (lun = 0; lun < 256; lun++) {
        QTAILQ_FOREACH(kid, &s->bus.qbus.children, sibling) {
            SCSIDevice *d = SCSI_DEVICE(kid->child);

            if (qdev_is_realized(&d->qdev) && d->channel == srb->path_id &&
                d->id == srb->target_id && d->lun == lun) {
                p[1] = lun;     /* peripheral device addressing */
                p += 8;
            }
        }
    }
    stl_be_p(buf, p - buf - 8);
    complete_data(r, buf, MIN(alloc, p - buf));
}

/*
 * A command for a LUN that does not exist.  INQUIRY succeeds and says so,
 * everything else is INVALID_LUN, on which Linux removes the disk.
 */
static void no_such_lun(HvStorRequest *r)
{
    const StorVspScsiRequest *srb = &r->packet.srb;
    uint8_t data[36] = { NO_SUCH_LUN, 0, 5 /* SPC-3 */, 2, sizeof(data) - 5 };

    if (srb->cdb[0] != INQUIRY) {
        complete_srb(r, SRB_STATUS_INVALID_LUN, CHECK_CONDITION, 0, NULL, 0);
    } else if ((srb->cdb[1] & 1) || srb->cdb[2] ||
               srb->data_in != STORVSP_DATA_IN) {
        complete_invalid(r, SENSE_CODE(INVALID_FIELD));
    } else {
        complete_data(r, data, MIN(lduw_be_p(&srb->cdb[3]), sizeof(data)));
    }
}

/*
 * The disk model moves as much as the scatter list has, not as much as the
 * command says: make them agree.
 */
static void trim_sgl(QEMUSGList *sgl, size_t size)
{
    size_t left = size;
    int i;

    for (i = 0; i < sgl->nsg && left; i++) {
        sgl->sg[i].len = MIN(sgl->sg[i].len, left);
        left -= sgl->sg[i].len;
    }
    sgl->nsg = i;
    sgl->size = size - left;
}

void hv_stor_execute_srb(HvStor *s, HvStorRequest *r)
{
    StorVspScsiRequest *srb = &r->packet.srb;
    QEMUSGList *sgl = &r->vmreq.sgl;
    SCSICommand *cmd;
    SCSIDevice *d;

    if (HV_STOR_GET_CLASS(s)->is_ide) {
        /* guests do not reliably say which disk they mean: there is one */
        d = srb->lun ? NULL : scsi_device_find(&s->bus, 0, 0, 0);
    } else {
        d = scsi_device_find(&s->bus, srb->path_id, srb->target_id, srb->lun);
    }
    if (d && d->lun != srb->lun) {
        d = NULL;
    }
    if (!srb->cdb_length || srb->cdb_length > STORVSP_CDB_SIZE) {
        complete_srb(r, SRB_STATUS_INVALID_REQUEST, GOOD, 0, NULL, 0);
        return;
    }
    if (srb->cdb[0] == REPORT_LUNS && !HV_STOR_GET_CLASS(s)->is_ide) {
        report_luns(s, r);
        return;
    }
    if (!d) {
        no_such_lun(r);
        return;
    }

    r->sreq = scsi_req_new(d, s->tag++, srb->lun, srb->cdb, srb->cdb_length, r);
    cmd = &r->sreq->cmd;
    if (cmd->mode != SCSI_XFER_NONE && cmd->xfer) {
        bool in = cmd->mode == SCSI_XFER_FROM_DEV;

        if (in != (srb->data_in == STORVSP_DATA_IN)) {
            scsi_req_unref(g_steal_pointer(&r->sreq));
            complete_srb(r, SRB_STATUS_INVALID_REQUEST, GOOD, 0, NULL, 0);
            return;
        }
        if (cmd->xfer > sgl->size) {
            scsi_req_unref(g_steal_pointer(&r->sreq));
            complete_srb(r, SRB_STATUS_DATA_OVERRUN, GOOD, 0, NULL, 0);
            return;
        }
        trim_sgl(sgl, cmd->xfer);
    }
    if (scsi_req_enqueue(r->sreq)) {
        scsi_req_continue(r->sreq);
    }
}

/* Leave the SCSI layer: no callback for @sreq comes after this. */
static HvStorRequest *take_back(SCSIRequest *sreq)
{
    HvStorRequest *r = sreq->hba_private;

    if (r) {
        sreq->hba_private = NULL;
        r->sreq = NULL;
        scsi_req_unref(sreq);
    }
    return r;
}

static void hv_stor_req_complete(SCSIRequest *sreq, size_t resid)
{
    uint8_t sense[SCSI_SENSE_BUF_SIZE];
    uint32_t xfer = sreq->cmd.xfer - MIN(resid, sreq->cmd.xfer);
    int status = sreq->status;
    int len = scsi_req_get_sense(sreq, sense, sizeof(sense));
    HvStorRequest *r = take_back(sreq);

    if (!r) {
        return;
    }
    switch (status) {
    case GOOD:
        complete_srb(r, SRB_STATUS_SUCCESS, GOOD, xfer, NULL, 0);
        break;
    case BUSY:
    case TASK_SET_FULL:
        complete_srb(r, SRB_STATUS_BUSY, status, 0, NULL, 0);
        break;
    case TASK_ABORTED:
        complete_srb(r, SRB_STATUS_ABORTED, status, 0, NULL, 0);
        break;
    default:
        complete_srb(r, SRB_STATUS_ERROR, status, xfer, len ? sense : NULL,
                     len);
        break;
    }
}

static void hv_stor_req_fail(SCSIRequest *sreq)
{
    int host_status = sreq->host_status;
    HvStorRequest *r = take_back(sreq);
    uint8_t srb_status;

    if (!r) {
        return;
    }
    switch (host_status) {
    case SCSI_HOST_NO_LUN:
        srb_status = SRB_STATUS_INVALID_LUN;
        break;
    case SCSI_HOST_BUSY:
    case SCSI_HOST_ALLOCATION_FAILURE:
        srb_status = SRB_STATUS_BUSY;
        break;
    case SCSI_HOST_TIME_OUT:
        srb_status = SRB_STATUS_TIMEOUT;
        break;
    case SCSI_HOST_ABORTED:
        srb_status = SRB_STATUS_ABORTED;
        break;
    case SCSI_HOST_RESET:
        srb_status = SRB_STATUS_BUS_RESET;
        break;
    case SCSI_HOST_TRANSPORT_DISRUPTED:
        srb_status = SRB_STATUS_SELECTION_TIMEOUT;
        break;
    default:
        srb_status = SRB_STATUS_ERROR;
        break;
    }
    complete_srb(r, srb_status, GOOD, 0, NULL, 0);
}

static void hv_stor_req_cancel(SCSIRequest *sreq)
{
    HvStorRequest *r = take_back(sreq);

    if (r) {
        complete_srb(r, SRB_STATUS_ABORTED, GOOD, 0, NULL, 0);
    }
}

static QEMUSGList *hv_stor_get_sg_list(SCSIRequest *sreq)
{
    HvStorRequest *r = sreq->hba_private;

    return r->vmreq.sgl.nsg ? &r->vmreq.sgl : NULL;
}

/* Only for commands without a buffer of the guest: nothing to copy. */
static void hv_stor_transfer_data(SCSIRequest *sreq, uint32_t len)
{
    scsi_req_continue(sreq);
}

static void hv_stor_drained_begin(SCSIBus *bus)
{
    HvStor *s = container_of(bus, HvStor, bus);

    s->drained++;
}

static void hv_stor_drained_end(SCSIBus *bus)
{
    HvStor *s = container_of(bus, HvStor, bus);

    assert(s->drained);
    if (--s->drained == 0) {
        hv_stor_kick(s);
    }
}

#define HV_STOR_BUS(channel, target, lun) { \
    .tcq = true, \
    .max_channel = channel, \
    .max_target = target, \
    .max_lun = lun, \
    .transfer_data = hv_stor_transfer_data, \
    .fail = hv_stor_req_fail, \
    .complete = hv_stor_req_complete, \
    .cancel = hv_stor_req_cancel, \
    .get_sg_list = hv_stor_get_sg_list, \
    .drained_begin = hv_stor_drained_begin, \
    .drained_end = hv_stor_drained_end, \
}

/* Paths, targets and LUNs a guest can address, storvsc_drv.c and OpenVMM */
static const SCSIBusInfo hv_scsi_bus_info = HV_STOR_BUS(7, 1, 254);
static const SCSIBusInfo hv_ide_bus_info = HV_STOR_BUS(0, 0, 0);

void hv_stor_bus_init(HvStor *s)
{
    scsi_bus_init(&s->bus, sizeof(s->bus), DEVICE(s),
                  HV_STOR_GET_CLASS(s)->is_ide ? &hv_ide_bus_info
                                               : &hv_scsi_bus_info);
}

void hv_stor_abandon(HvStor *s, uint32_t idx)
{
    HvStorChannel *c = &s->channels[idx];
    HvStorRequest *r, *next;

    /* hv_stor_complete() frees what ends while the channel is not open */
    QTAILQ_FOREACH_SAFE(r, &c->active, link, next) {
        if (r->sreq && !r->sreq->io_canceled) {
            scsi_req_cancel(r->sreq);
        }
    }
    /* what device_del cancelled a moment ago ends by itself */
    AIO_WAIT_WHILE_UNLOCKED(NULL, !QTAILQ_EMPTY(&c->active));

    while ((r = QTAILQ_FIRST(&c->done))) {
        QTAILQ_REMOVE(&c->done, r, link);
        c->count--;
        vmbus_free_req(r);
    }
    assert(!c->count);
}
