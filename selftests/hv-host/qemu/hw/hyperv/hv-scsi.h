/*
 * Hyper-V synthetic storage controllers: what their source files share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_HYPERV_HV_SCSI_H
#define HW_HYPERV_HV_SCSI_H

#include "hw/hyperv/vmbus.h"
#include "hw/hyperv/storvsp-proto.h"
#include "hw/scsi/scsi.h"

/* base of the two flavours */
#define TYPE_HV_STOR "hv-stor"
OBJECT_DECLARE_TYPE(HvStor, HvStorClass, HV_STOR)

#define TYPE_HV_SCSI "hv-scsi"
#define TYPE_HV_IDE "hv-ide"

/*
 * A packet of the guest from when it is read off the ring until its completion
 * is in the other ring.  Owned by one of the two lists of its channel.
 */
typedef struct HvStorRequest {
    VMBusChanReq vmreq;         /* first: vmbus_channel_recv_peek() wants it */
    StorVspPacket packet;       /* the request, then the completion */
    uint32_t packet_len;        /* of the completion, as long as the request */
    SCSIRequest *sreq;
    uint64_t seq;               /* in the order of the ring, of all channels */
    int64_t due;                /* not to be completed before this */
    QTAILQ_ENTRY(HvStorRequest) link;
} HvStorRequest;

typedef struct HvStorChannel {
    QTAILQ_HEAD(, HvStorRequest) active;        /* in the SCSI layer */
    QTAILQ_HEAD(, HvStorRequest) done;          /* wait for time or space */
    uint32_t count;                             /* of both */
    bool open;
    bool in_worker;                             /* the worker will send */
    QEMUTimer *timer;                           /* when one of @done is due */
} HvStorChannel;

typedef enum HvStorState {
    HV_STOR_BEGIN,              /* expects BEGIN_INITIALIZATION */
    HV_STOR_VERSION,            /* expects QUERY_PROTOCOL_VERSION */
    HV_STOR_PROPERTIES,         /* expects QUERY_PROPERTIES */
    HV_STOR_END,                /* expects END_INITIALIZATION */
    HV_STOR_READY,
} HvStorState;

struct HvStor {
    VMBusDevice parent_obj;

    SCSIBus bus;
    HvStorChannel *channels;    /* one for each the device can ever have */
    HvStorState state;
    uint16_t version;           /* as negotiated */
    bool rescan;                /* ENUMERATE_BUS is due */
    unsigned int drained;       /* the block layer wants silence */
    uint32_t tag;
    uint64_t seq;

    /* properties */
    uint16_t max_version;
    uint16_t max_subchannels;
    uint32_t max_transfer;      /* bytes */
    uint32_t queue_depth;       /* requests per channel */
    uint32_t service_ns;        /* of any request, 0: what it takes */
    uint8_t ide_channel;
    uint8_t ide_device;
};

struct HvStorClass {
    VMBusDeviceClass parent_class;

    DeviceRealize parent_realize;
    bool is_ide;
};

/*
 * Prepare the SCSI bus of @s.  Called once, when @s is realized.
 */
void hv_stor_bus_init(HvStor *s);

/*
 * Execute the SRB in @r, which the caller has checked to be complete.  @r is
 * on its channel's active list; it leaves it by hv_stor_complete(), maybe
 * before this function returns.
 */
void hv_stor_execute_srb(HvStor *s, HvStorRequest *r);

/*
 * Give up the requests of channel @idx without completing them: the rings are
 * about to go.
 */
void hv_stor_abandon(HvStor *s, uint32_t idx);

/*
 * Complete @r, whose packet holds what is to be told the guest, with NTSTATUS
 * @status.  Takes over @r.
 */
void hv_stor_complete(HvStorRequest *r, uint32_t status);

/*
 * Tell the guest that LUNs came or went, once it can hear it.
 */
void hv_stor_bus_changed(HvStor *s);

/*
 * Run the workers of all open channels, soon.
 */
void hv_stor_kick(HvStor *s);

#endif
