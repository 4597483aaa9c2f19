/*
 * Hyper-V integration services: negotiation and transport
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qapi/error.h"
#include "hw/hyperv/hv-util.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "trace.h"

/* Framework versions: 1.0 is Windows Server 2008's, 3.0 all later ones'. */
static const HvIcVersion framework_versions[] = { { 1, 0 }, { 3, 0 } };

typedef struct QEMU_PACKED HvIcNegotiate {
    uint16_t framework_count;
    uint16_t version_count;
    uint32_t reserved;
    HvIcVersion versions[ARRAY_SIZE(framework_versions) + 6];
} HvIcNegotiate;

static void put_version(HvIcVersion *to, const HvIcVersion *from)
{
    to->major = cpu_to_le16(from->major);
    to->minor = cpu_to_le16(from->minor);
}

static int send_message(HvUtil *u, uint16_t type, const void *data,
                        uint32_t len)
{
    VMBusChannel *chan = vmbus_device_channel(&u->parent, 0);
    uint32_t size = sizeof(HvIcHeader) + len;
    g_autofree HvIcHeader *h = g_malloc0(size);
    ssize_t ret;

    assert(size <= HV_IC_MESSAGE_MAX);

    h->pipe_type = cpu_to_le32(1);
    h->pipe_size = cpu_to_le32(size - offsetof(HvIcHeader, framework));
    put_version(&h->framework, &u->framework);
    put_version(&h->version, &u->version);
    h->type = cpu_to_le16(type);
    h->size = cpu_to_le16(len);
    h->transaction = ++u->transaction;
    h->flags = HV_IC_TRANSACTION | HV_IC_REQUEST;
    memcpy(h + 1, data, len);

    if (vmbus_channel_reserve(chan, 0, size)) {
        return -ENOSPC;
    }
    ret = vmbus_channel_send(chan, VMBUS_PACKET_DATA_INBAND, NULL, 0, h, size,
                             false, u->transaction);
    return ret < 0 ? ret : 0;
}

static void negotiate(HvUtil *u)
{
    HvUtilClass *uc = HV_UTIL_GET_CLASS(u);
    HvIcNegotiate msg = {
        .framework_count = cpu_to_le16(ARRAY_SIZE(framework_versions)),
    };
    HvIcVersion *v = msg.versions;
    uint16_t i, n;

    for (i = 0; i < ARRAY_SIZE(framework_versions); i++) {
        put_version(v++, &framework_versions[i]);
    }
    for (n = 0; uc->versions[n].major; n++) {
        assert(v < msg.versions + ARRAY_SIZE(msg.versions));
        put_version(v++, &uc->versions[n]);
    }
    msg.version_count = cpu_to_le16(n);

    if (!send_message(u, HV_IC_NEGOTIATE, &msg, (void *)v - (void *)&msg)) {
        u->negotiating = true;
    }
}

bool hv_util_version_ge(HvUtil *u, uint16_t major, uint16_t minor)
{
    return u->version.major > major ||
           (u->version.major == major && u->version.minor >= minor);
}

static bool version_offered(const HvIcVersion *list, size_t n,
                            const HvIcVersion *v)
{
    size_t i;

    for (i = 0; i < n && list[i].major; i++) {
        if (list[i].major == v->major && list[i].minor == v->minor) {
            return true;
        }
    }
    return false;
}

/* The guest's choice: exactly one version of each, if it agrees at all. */
static void negotiated(HvUtil *u, const void *data, uint32_t len)
{
    HvUtilClass *uc = HV_UTIL_GET_CLASS(u);
    const uint8_t *p = data;

    if (!u->negotiating) {
        return;
    }
    /* without an agreement nothing is sent until the channel is reopened */
    if (len < 16 || lduw_le_p(p) != 1 || lduw_le_p(p + 2) != 1) {
        warn_report("%s: the guest agrees to no version",
                    object_get_typename(OBJECT(u)));
        return;
    }
    u->framework.major = lduw_le_p(p + 8);
    u->framework.minor = lduw_le_p(p + 10);
    u->version.major = lduw_le_p(p + 12);
    u->version.minor = lduw_le_p(p + 14);
    if (!version_offered(framework_versions, ARRAY_SIZE(framework_versions),
                         &u->framework) ||
        !version_offered(uc->versions, SIZE_MAX, &u->version)) {
        warn_report("%s: the guest wants a version it was not offered",
                    object_get_typename(OBJECT(u)));
        return;
    }
    trace_hv_util_ready(object_get_typename(OBJECT(u)), u->framework.major,
                        u->framework.minor, u->version.major,
                        u->version.minor);
    u->negotiating = false;
    u->ready = true;
    if (uc->ready) {
        uc->ready(u);
    }
}

int hv_util_send(HvUtil *u, const void *data, uint32_t len)
{
    int ret;

    if (!u->ready) {
        return -ENOTCONN;
    }
    if (u->waiting) {
        return -EBUSY;
    }
    ret = send_message(u, HV_UTIL_GET_CLASS(u)->type, data, len);
    if (!ret) {
        u->waiting = true;
        u->requests++;
    }
    return ret;
}

bool hv_util_request(HvUtil *u, const void *data, uint32_t len, Error **errp)
{
    switch (hv_util_send(u, data, len)) {
    case 0:
        return true;
    case -ENOTCONN:
        error_setg(errp, "the guest has not agreed to a version yet");
        break;
    case -EBUSY:
        error_setg(errp, "the guest has not answered the last request");
        break;
    default:
        error_setg(errp, "the channel's ring buffer is full");
    }
    return false;
}

static void receive(HvUtil *u, const VMBusChanReq *req)
{
    HvUtilClass *uc = HV_UTIL_GET_CLASS(u);
    const HvIcHeader *h = req->msg;
    uint32_t size;

    if (req->msglen < sizeof(*h) ||
        !(h->flags & HV_IC_RESPONSE) || h->transaction != u->transaction) {
        trace_hv_util_stray(object_get_typename(OBJECT(u)), req->msglen);
        return;
    }
    size = MIN(le16_to_cpu(h->size), req->msglen - sizeof(*h));

    if (le16_to_cpu(h->type) == HV_IC_NEGOTIATE) {
        negotiated(u, h + 1, size);
    } else if (le16_to_cpu(h->type) == uc->type && u->waiting) {
        u->waiting = false;
        u->responses++;
        u->status = le32_to_cpu(h->status);
        trace_hv_util_response(object_get_typename(OBJECT(u)), u->status,
                               size);
        if (uc->response) {
            uc->response(u, u->status, h + 1, size);
        }
    }
}

static void hv_util_notify(VMBusChannel *chan)
{
    HvUtil *u = HV_UTIL(vmbus_channel_device(chan));

    /*
     * The bus calls this once after the guest was told that the channel is
     * open.  The host speaks first.
     */
    if (!u->negotiating && !u->ready) {
        negotiate(u);
    }

    /*
     * The guest does not signal while it sees a ring buffer that is not
     * empty: go on until nothing was taken.
     */
    do {
        VMBusChanReq *req;

        if (vmbus_channel_recv_start(chan)) {
            return;
        }
        while ((req = vmbus_channel_recv_peek(chan, sizeof(*req)))) {
            receive(u, req);
            vmbus_channel_recv_pop(chan);
            vmbus_free_req(req);
        }
    } while (vmbus_channel_recv_done(chan) > 0);
}

static void forget_guest(HvUtil *u)
{
    HvUtilClass *uc = HV_UTIL_GET_CLASS(u);

    if (uc->stop) {
        uc->stop(u);
    }
    u->negotiating = false;
    u->ready = false;
    u->waiting = false;
    /* what the negotiation itself is sent with */
    u->framework = (HvIcVersion) { 1, 0 };
    u->version = (HvIcVersion) { 1, 0 };
}

static int hv_util_open(VMBusChannel *chan)
{
    forget_guest(HV_UTIL(vmbus_channel_device(chan)));
    return 0;
}

static void hv_util_close(VMBusChannel *chan)
{
    forget_guest(HV_UTIL(vmbus_channel_device(chan)));
}

static void hv_util_reset(VMBusDevice *vdev)
{
    forget_guest(HV_UTIL(vdev));
}

static bool get_ready(Object *obj, Error **errp)
{
    return HV_UTIL(obj)->ready;
}

static char *get_version(Object *obj, Error **errp)
{
    HvUtil *u = HV_UTIL(obj);

    return u->ready ? g_strdup_printf("%u.%u", u->version.major,
                                      u->version.minor) : g_strdup("");
}

static void hv_util_instance_init(Object *obj)
{
    HvUtil *u = HV_UTIL(obj);

    object_property_add_uint64_ptr(obj, "requests", &u->requests,
                                   OBJ_PROP_FLAG_READ);
    object_property_add_uint64_ptr(obj, "responses", &u->responses,
                                   OBJ_PROP_FLAG_READ);
    object_property_add_uint32_ptr(obj, "status", &u->status,
                                   OBJ_PROP_FLAG_READ);
}

const VMStateDescription vmstate_hv_util = {
    .name = TYPE_HV_UTIL,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT(parent, HvUtil, 0, vmstate_vmbus_dev, VMBusDevice),
        VMSTATE_BOOL(negotiating, HvUtil),
        VMSTATE_BOOL(ready, HvUtil),
        VMSTATE_UINT16(framework.major, HvUtil),
        VMSTATE_UINT16(framework.minor, HvUtil),
        VMSTATE_UINT16(version.major, HvUtil),
        VMSTATE_UINT16(version.minor, HvUtil),
        VMSTATE_UINT8(transaction, HvUtil),
        VMSTATE_BOOL(waiting, HvUtil),
        VMSTATE_UINT64(requests, HvUtil),
        VMSTATE_UINT64(responses, HvUtil),
        VMSTATE_UINT32(status, HvUtil),
        VMSTATE_END_OF_LIST()
    }
};

/* Offsets are from the pipe header on. */
#define IC_FIELD(name, field) \
    { "ic", name, VMBUS_KIND_PACKET, ~0, offsetof(HvIcHeader, field), \
      sizeof_field(HvIcHeader, field) }
static const VMBusFieldDesc hv_util_fields[] = {
    IC_FIELD("pipe-type", pipe_type),
    IC_FIELD("pipe-size", pipe_size),
    IC_FIELD("framework-major", framework.major),
    IC_FIELD("framework-minor", framework.minor),
    IC_FIELD("type", type),
    IC_FIELD("version-major", version.major),
    IC_FIELD("version-minor", version.minor),
    IC_FIELD("size", size),
    IC_FIELD("status", status),
    IC_FIELD("transaction", transaction),
    IC_FIELD("flags", flags),
    { "ic-negotiate", "framework-count", VMBUS_KIND_PACKET, HV_IC_NEGOTIATE,
      sizeof(HvIcHeader), 2 },
    { "ic-negotiate", "version-count", VMBUS_KIND_PACKET, HV_IC_NEGOTIATE,
      sizeof(HvIcHeader) + 2, 2 },
    { "ic-kvp", "operation", VMBUS_KIND_PACKET, HV_IC_KVP,
      sizeof(HvIcHeader), 1 },
    { "ic-kvp", "pool", VMBUS_KIND_PACKET, HV_IC_KVP,
      sizeof(HvIcHeader) + 1, 1 },
    { "ic-kvp", "key-size", VMBUS_KIND_PACKET, HV_IC_KVP,
      sizeof(HvIcHeader) + 8, 4 },
    { "ic-kvp", "value-size", VMBUS_KIND_PACKET, HV_IC_KVP,
      sizeof(HvIcHeader) + 12, 4 },
    { "ic-vss", "operation", VMBUS_KIND_PACKET, HV_IC_VSS,
      sizeof(HvIcHeader), 1 },
    { "ic-shutdown", "flags", VMBUS_KIND_PACKET, HV_IC_SHUTDOWN,
      sizeof(HvIcHeader) + 8, 4 },
    { "ic-timesync", "parent-time", VMBUS_KIND_PACKET, HV_IC_TIMESYNC,
      sizeof(HvIcHeader), 8 },
    { "ic-timesync", "reference-time", VMBUS_KIND_PACKET, HV_IC_TIMESYNC,
      sizeof(HvIcHeader) + 8, 8 },
    { }
};

static void hv_util_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VMBusDeviceClass *vdc = VMBUS_DEVICE_CLASS(klass);

    vdc->channel_flags = VMBUS_CHANNEL_NAMED_PIPE_MODE;
    vdc->vmdev_reset = hv_util_reset;
    vdc->open_channel = hv_util_open;
    vdc->close_channel = hv_util_close;
    vdc->chan_notify_cb = hv_util_notify;
    vdc->fields = hv_util_fields;
    vdc->msg_type_offset = offsetof(HvIcHeader, type);
    vdc->msg_type_size = sizeof_field(HvIcHeader, type);
    dc->vmsd = &vmstate_hv_util;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);

    object_class_property_add_bool(klass, "ready", get_ready, NULL);
    object_class_property_set_description(klass, "ready",
        "whether the guest has agreed to a version");
    object_class_property_add_str(klass, "message-version", get_version, NULL);
    object_class_property_set_description(klass, "message-version",
        "the version of the service's messages agreed to");
}

static const TypeInfo hv_util_types[] = {
    {
        .name = TYPE_HV_UTIL,
        .parent = TYPE_VMBUS_DEVICE,
        .abstract = true,
        .instance_size = sizeof(HvUtil),
        .instance_init = hv_util_instance_init,
        .class_size = sizeof(HvUtilClass),
        .class_init = hv_util_class_init,
    },
};

DEFINE_TYPES(hv_util_types)
