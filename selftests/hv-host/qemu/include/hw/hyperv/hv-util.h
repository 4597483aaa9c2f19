/*
 * Hyper-V integration services: what they have in common
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_HYPERV_HV_UTIL_H
#define HW_HYPERV_HV_UTIL_H

#include "hw/hyperv/vmbus.h"
#include "qom/object.h"

/*
 * An integration service is a VMBus device with one channel.  The host first
 * sends the versions of the framework and of the service's messages it can
 * speak, the guest answers with one of each, and from then on the host sends
 * requests of one message type, which the guest answers by sending them back.
 *
 * Layouts: OpenVMM's hyperv_ic_protocol; the pipe header in front is that of
 * its vmbus pipes in message mode.  include/linux/hyperv.h has the same.
 */

/* Header.message_type */
#define HV_IC_NEGOTIATE     0
#define HV_IC_HEARTBEAT     1
#define HV_IC_KVP           2
#define HV_IC_SHUTDOWN      3
#define HV_IC_TIMESYNC      4
#define HV_IC_VSS           5

/* Header.flags */
#define HV_IC_TRANSACTION   0x1
#define HV_IC_REQUEST       0x2
#define HV_IC_RESPONSE      0x4

/* Status codes of answers, HRESULTs */
#define HV_IC_S_OK          0x00000000
#define HV_IC_E_FAIL        0x80004005
#define HV_IC_S_CONT        0x80070103  /* no more items */

typedef struct QEMU_PACKED HvIcVersion {
    uint16_t major;
    uint16_t minor;
} HvIcVersion;

typedef struct QEMU_PACKED HvIcHeader {
    uint32_t pipe_type;         /* 1: data */
    uint32_t pipe_size;         /* bytes after the pipe header */
    HvIcVersion framework;
    uint16_t type;
    HvIcVersion version;
    uint16_t size;              /* bytes after this header */
    uint32_t status;
    uint8_t transaction;
    uint8_t flags;
    uint8_t reserved[2];
} HvIcHeader;

/* The largest message either side sends, headers included. */
#define HV_IC_MESSAGE_MAX   13312

#define TYPE_HV_UTIL "hv-util"
OBJECT_DECLARE_TYPE(HvUtil, HvUtilClass, HV_UTIL)

struct HvUtilClass {
    VMBusDeviceClass parent_class;

    /* type of the service's own messages, HV_IC_* */
    uint16_t type;
    /* versions of them, oldest first, ends with major 0; at most 6 */
    const HvIcVersion *versions;
    /* The guest has chosen its versions: requests can be sent now. */
    void (*ready)(HvUtil *u);
    /*
     * The guest has answered the request that was sent last.
     * @data of @len bytes is what follows the header, owned by the caller.
     */
    void (*response)(HvUtil *u, uint32_t status, const void *data,
                     uint32_t len);
    /* The channel is about to be closed; requests can no longer be sent. */
    void (*stop)(HvUtil *u);
};

struct HvUtil {
    VMBusDevice parent;

    /* negotiation: sent once the channel is open, see hv_util_notify() */
    bool negotiating;
    bool ready;
    HvIcVersion framework;
    HvIcVersion version;
    /* id of the request sent last, and whether its answer is awaited */
    uint8_t transaction;
    bool waiting;
    /* since realize, for tests */
    uint64_t requests;
    uint64_t responses;
    uint32_t status;
};

extern const VMStateDescription vmstate_hv_util;

/*
 * Send a request with @len bytes at @data to the guest; it is copied.
 * Return 0, -ENOTCONN if the guest has not agreed to a version, -EBUSY if it
 * has not answered the request before, -ENOSPC if the ring buffer is full.
 */
int hv_util_send(HvUtil *u, const void *data, uint32_t len);

/* As hv_util_send(), for use from property setters: says why in @errp. */
bool hv_util_request(HvUtil *u, const void *data, uint32_t len, Error **errp);

/* Whether the version agreed to is at least @major.@minor. */
bool hv_util_version_ge(HvUtil *u, uint16_t major, uint16_t minor);

#endif
