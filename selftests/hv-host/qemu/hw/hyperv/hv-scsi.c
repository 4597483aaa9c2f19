/*
 * Hyper-V synthetic storage controllers (StorVSP): hv-scsi and hv-ide
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The protocol's state machine, its channels and the QOM side.  The order in
 * which a guest has to initialize the controller, and what each message is
 * answered with, follow OpenVMM's storvsp (Worker::process_primary()).
 *
 * Threads: everything runs in the main loop with the BQL held.
 *
 * Ring space: a completion is queued on its channel and sent when it fits.  No
 * reservation is held across a return to the main loop, since the send ring
 * has only one "wanted" size.
 */

#include "qemu/osdep.h"
#include "qemu/module.h"
#include "qemu/units.h"
#include "qemu/uuid.h"
#include "qapi/error.h"
#include "block/aio-wait.h"
#include "hw/hotplug.h"
#include "hw/qdev-properties.h"
#include "hv-scsi.h"

QEMU_BUILD_BUG_ON(HOST_BIG_ENDIAN);     /* as VMBus itself */

#define HV_STOR_MAX_SUBCHANNELS 255
#define HV_PAGE_SIZE            4096    /* of the guest, whatever its own is */

static HvStorChannel *stor_channel(VMBusChannel *chan)
{
    HvStor *s = HV_STOR(vmbus_channel_device(chan));

    return &s->channels[vmbus_channel_idx(chan)];
}

void hv_stor_kick(HvStor *s)
{
    VMBusDevice *vdev = VMBUS_DEVICE(s);
    uint16_t i;

    for (i = 0; i < vdev->num_channels; i++) {
        VMBusChannel *chan = vmbus_device_channel(vdev, i);

        if (vmbus_channel_is_open(chan)) {
            vmbus_channel_notify_host(chan);
        }
    }
}

/* Send the completions that are due and fit. */
static void hv_stor_flush(VMBusChannel *chan)
{
    HvStor *s = HV_STOR(vmbus_channel_device(chan));
    HvStorChannel *c = stor_channel(chan);
    int64_t now = s->service_ns ? qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) : 0;
    HvStorRequest *r;

    while ((r = QTAILQ_FIRST(&c->done))) {
        if (r->due > now) {
            timer_mod(c->timer, r->due);
            return;
        }
        if (r->vmreq.need_comp) {
            if (vmbus_channel_reserve(chan, 0, r->packet_len)) {
                return;         /* the guest tells when there is room */
            }
            vmbus_channel_send_completion(&r->vmreq, &r->packet,
                                          r->packet_len);
        }
        QTAILQ_REMOVE(&c->done, r, link);
        c->count--;
        vmbus_free_req(r);
    }
}

static void hv_stor_due(void *opaque)
{
    VMBusChannel *chan = opaque;
    HvStor *s = HV_STOR(vmbus_channel_device(chan));
    HvStorChannel *c = stor_channel(chan);
    bool was_full = c->count >= s->queue_depth;

    if (c->open && !c->in_worker) {
        hv_stor_flush(chan);
        if (was_full && c->count < s->queue_depth) {
            vmbus_channel_notify_host(chan);
        }
    }
}

/* In the order of the ring: which one the host finished first is its chance. */
static void hv_stor_queue_done(HvStorChannel *c, HvStorRequest *r)
{
    HvStorRequest *before;

    QTAILQ_FOREACH_REVERSE(before, &c->done, link) {
        if (!r->due || before->seq < r->seq) {
            QTAILQ_INSERT_AFTER(&c->done, before, r, link);
            return;
        }
    }
    QTAILQ_INSERT_HEAD(&c->done, r, link);
}

void hv_stor_complete(HvStorRequest *r, uint32_t status)
{
    VMBusChannel *chan = r->vmreq.chan;
    HvStor *s = HV_STOR(vmbus_channel_device(chan));
    HvStorChannel *c = stor_channel(chan);
    bool was_full = c->count >= s->queue_depth;

    QTAILQ_REMOVE(&c->active, r, link);
    r->packet.operation = STORVSP_OP_COMPLETE_IO;
    r->packet.status = status;
    if (!c->open) {
        c->count--;
        vmbus_free_req(r);
        aio_wait_kick();
        return;
    }
    hv_stor_queue_done(c, r);
    if (!c->in_worker) {
        hv_stor_flush(chan);
        if (was_full && c->count < s->queue_depth) {
            vmbus_channel_notify_host(chan);
        }
    }
}

/*
 * ENUMERATE_BUS is the only message a StorVSP sends on its own.  No
 * transaction id, no answer; from 4.2 on (OpenVMM).
 */
static void hv_stor_send_rescan(HvStor *s)
{
    VMBusChannel *chan = vmbus_device_channel(VMBUS_DEVICE(s), 0);
    StorVspPacket p = { .operation = STORVSP_OP_ENUMERATE_BUS };

    if (!s->rescan || s->state != HV_STOR_READY || !s->channels[0].open) {
        return;
    }
    if (s->version < STORVSP_VERSION_WIN7) {
        s->rescan = false;
        return;
    }
    if (vmbus_channel_reserve(chan, 0, sizeof(p))) {
        return;
    }
    s->rescan = false;
    vmbus_channel_send(chan, VMBUS_PACKET_DATA_INBAND, NULL, 0, &p, sizeof(p),
                       false, 0);
}

void hv_stor_bus_changed(HvStor *s)
{
    s->rescan = true;
    if (s->channels && !s->channels[0].in_worker) {
        hv_stor_send_rescan(s);
    }
}

static uint32_t hv_stor_query_version(HvStor *s, const StorVspPacket *p)
{
    switch (p->version.version) {
    case STORVSP_VERSION_WIN6:
    case STORVSP_VERSION_WIN7:
    case STORVSP_VERSION_WIN8:
    case STORVSP_VERSION_BLUE:
    case STORVSP_VERSION_WIN10:
        if (p->version.version <= s->max_version) {
            s->version = p->version.version;
            s->state = HV_STOR_PROPERTIES;
            return STORVSP_STATUS_SUCCESS;
        }
        /* fall through */
    default:
        return STORVSP_STATUS_REVISION_MISMATCH;
    }
}

static uint32_t hv_stor_query_properties(HvStor *s, StorVspPacket *p)
{
    bool multi = s->version >= STORVSP_VERSION_WIN8 && s->max_subchannels;

    p->properties = (StorVspProperties) {
        .max_sub_channels = multi ? s->max_subchannels : 0,
        .flags = multi ? STORVSP_PROPERTY_MULTI_CHANNEL : 0,
        .max_transfer_bytes = s->max_transfer,
    };
    s->state = HV_STOR_END;
    return STORVSP_STATUS_SUCCESS;
}

/* Linux asks after END_INITIALIZATION, Windows before it: both are fine. */
static uint32_t hv_stor_create_subchannels(HvStor *s, const StorVspPacket *p)
{
    Error *err = NULL;
    uint16_t n = p->sub_channel_count;

    if (s->version < STORVSP_VERSION_WIN8 || n > s->max_subchannels) {
        return STORVSP_STATUS_INVALID_PARAMETER;
    }
    if (n && vmbus_device_offer_subchannels(VMBUS_DEVICE(s), n, &err)) {
        error_report_err(err);
        return STORVSP_STATUS_INVALID_PARAMETER;
    }
    return STORVSP_STATUS_SUCCESS;
}

/* One message of the guest; takes over @r. */
static void hv_stor_handle(HvStor *s, HvStorRequest *r)
{
    bool primary = vmbus_channel_idx(r->vmreq.chan) == 0;
    uint32_t status = STORVSP_STATUS_INVALID_DEVICE_STATE;
    StorVspPacket *p = &r->packet;
    uint32_t op = p->operation;

    if (s->state != HV_STOR_READY && !primary) {
        hv_stor_complete(r, status);
        return;
    }
    switch (s->state) {
    case HV_STOR_BEGIN:
        if (op == STORVSP_OP_BEGIN_INITIALIZATION) {
            s->state = HV_STOR_VERSION;
            status = STORVSP_STATUS_SUCCESS;
        }
        break;
    case HV_STOR_VERSION:
        if (op == STORVSP_OP_QUERY_PROTOCOL_VERSION) {
            status = hv_stor_query_version(s, p);
        }
        break;
    case HV_STOR_PROPERTIES:
        if (op == STORVSP_OP_QUERY_PROPERTIES) {
            status = hv_stor_query_properties(s, p);
        }
        break;
    case HV_STOR_END:
        if (op == STORVSP_OP_CREATE_SUB_CHANNELS) {
            status = hv_stor_create_subchannels(s, p);
        } else if (op == STORVSP_OP_END_INITIALIZATION) {
            /* the guest scans the bus now: nothing to tell it */
            s->rescan = false;
            s->state = HV_STOR_READY;
            hv_stor_kick(s);
            status = STORVSP_STATUS_SUCCESS;
        }
        break;
    case HV_STOR_READY:
        switch (op) {
        case STORVSP_OP_EXECUTE_SRB:
            if (r->vmreq.msglen < STORVSP_PACKET_V1_SIZE) {
                break;
            }
            if (r->vmreq.msglen < sizeof(*p)) {
                p->srb.srb_flags = 0;
            }
            hv_stor_execute_srb(s, r);
            return;
        case STORVSP_OP_RESET_LUN:
        case STORVSP_OP_RESET_ADAPTER:
        case STORVSP_OP_RESET_BUS:
            /* "always been no-ops" on Hyper-V: the requests still complete */
            status = STORVSP_STATUS_SUCCESS;
            break;
        case STORVSP_OP_CREATE_SUB_CHANNELS:
            if (primary) {
                status = hv_stor_create_subchannels(s, p);
            }
            break;
        }
        break;
    }
    hv_stor_complete(r, status);
}

static void hv_stor_worker(VMBusChannel *chan)
{
    HvStor *s = HV_STOR(vmbus_channel_device(chan));
    HvStorChannel *c = stor_channel(chan);
    HvStorRequest *r;
    ssize_t read;

    if (!c->open || c->in_worker) {
        return;
    }
    c->in_worker = true;
    do {
        hv_stor_flush(chan);
        if (s->drained || vmbus_channel_recv_start(chan)) {
            break;
        }
        while (c->count < s->queue_depth && !s->drained &&
               (r = vmbus_channel_recv_peek(chan, sizeof(*r)))) {
            vmbus_channel_recv_pop(chan);
            if (r->vmreq.pkt_type == VMBUS_PACKET_COMP) {
                vmbus_free_req(r);      /* we never ask for one */
                continue;
            }
            memcpy(&r->packet, r->vmreq.msg,
                   MIN(sizeof(r->packet), r->vmreq.msglen));
            r->packet_len = MAX(MIN(sizeof(r->packet), r->vmreq.msglen),
                                STORVSP_PACKET_V1_SIZE);
            c->count++;
            r->seq = s->seq++;
            r->due = s->service_ns ? s->service_ns +
                     qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) : 0;
            QTAILQ_INSERT_TAIL(&c->active, r, link);
            hv_stor_handle(s, r);
        }
        /*
         * The guest does not signal as long as it sees data in the ring, so
         * look again until there was none.
         */
        read = vmbus_channel_recv_done(chan);
    } while (read > 0 && c->count < s->queue_depth);
    if (s->service_ns) {
        /* The guest's clock must not pass what it is to be told. */
        AIO_WAIT_WHILE_UNLOCKED(NULL, !QTAILQ_EMPTY(&c->active));
    }
    hv_stor_flush(chan);
    hv_stor_send_rescan(s);
    c->in_worker = false;
}

static int hv_stor_open(VMBusChannel *chan)
{
    HvStor *s = HV_STOR(vmbus_channel_device(chan));
    HvStorChannel *c = stor_channel(chan);

    if (vmbus_channel_idx(chan) == 0) {
        s->state = HV_STOR_BEGIN;
        s->version = 0;
        s->rescan = false;
    }
    c->open = true;
    return 0;
}

static void hv_stor_close(VMBusChannel *chan)
{
    HvStor *s = HV_STOR(vmbus_channel_device(chan));
    HvStorChannel *c = stor_channel(chan);

    c->open = false;
    timer_del(c->timer);
    hv_stor_abandon(s, vmbus_channel_idx(chan));
    if (vmbus_channel_idx(chan) == 0) {
        s->state = HV_STOR_BEGIN;
    }
}

/* What a misbehaving host may get wrong, see vmbus-fault.h */
#define COMPLETION(name, field) \
    { "storvsp-complete", name, VMBUS_KIND_PACKET, STORVSP_OP_COMPLETE_IO, \
      offsetof(StorVspPacket, field), sizeof_field(StorVspPacket, field) }

static const VMBusFieldDesc hv_stor_fields[] = {
    COMPLETION("operation", operation),
    COMPLETION("status", status),
    COMPLETION("srb-status", srb.srb_status),
    COMPLETION("scsi-status", srb.scsi_status),
    COMPLETION("sense-length", srb.sense_length),
    COMPLETION("transfer-length", srb.data_transfer_length),
    COMPLETION("max-sub-channels", properties.max_sub_channels),
    COMPLETION("property-flags", properties.flags),
    COMPLETION("max-transfer", properties.max_transfer_bytes),
    { "storvsp-enumerate-bus", "operation", VMBUS_KIND_PACKET,
      STORVSP_OP_ENUMERATE_BUS, offsetof(StorVspPacket, operation), 4 },
    { }
};

static uint16_t hv_stor_num_channels(VMBusDevice *vdev)
{
    HvStor *s = HV_STOR(vdev);

    if (HV_STOR_GET_CLASS(s)->is_ide) {
        s->max_subchannels = 0;
    }
    /* one too many fails in hv_stor_vmdev_realize() */
    return MIN(s->max_subchannels, HV_STOR_MAX_SUBCHANNELS + 1) + 1;
}

static void hv_stor_plug(HotplugHandler *handler, DeviceState *dev,
                         Error **errp)
{
    hv_stor_bus_changed(HV_STOR(handler));
}

static void hv_stor_unplug(HotplugHandler *handler, DeviceState *dev,
                           Error **errp)
{
    qdev_simple_device_unplug_cb(handler, dev, errp);
    hv_stor_bus_changed(HV_STOR(handler));
}

static void hv_stor_vmdev_realize(VMBusDevice *vdev, Error **errp)
{
    HvStor *s = HV_STOR(vdev);
    uint32_t i;

    if (s->max_subchannels > HV_STOR_MAX_SUBCHANNELS) {
        error_setg(errp, "subchannels: at most %u", HV_STOR_MAX_SUBCHANNELS);
        return;
    }
    if (s->max_transfer < HV_PAGE_SIZE || s->max_transfer > 32 * MiB ||
        !QEMU_IS_ALIGNED(s->max_transfer, HV_PAGE_SIZE)) {
        error_setg(errp, "max-transfer: whole pages, at most 32 MiB");
        return;
    }
    if (!s->queue_depth) {
        error_setg(errp, "queue-depth: at least 1");
        return;
    }
    s->channels = g_new0(HvStorChannel, s->max_subchannels + 1);
    for (i = 0; i <= s->max_subchannels; i++) {
        QTAILQ_INIT(&s->channels[i].active);
        QTAILQ_INIT(&s->channels[i].done);
        s->channels[i].timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, hv_stor_due,
                                            vmbus_device_channel(vdev, i));
    }
    hv_stor_bus_init(s);
    qbus_set_hotplug_handler(BUS(&s->bus), OBJECT(s));
}

static void hv_stor_vmdev_unrealize(VMBusDevice *vdev)
{
    HvStor *s = HV_STOR(vdev);
    uint32_t i;

    qbus_set_hotplug_handler(BUS(&s->bus), NULL);
    for (i = 0; i <= s->max_subchannels; i++) {
        timer_free(s->channels[i].timer);
    }
    g_clear_pointer(&s->channels, g_free);
}

static const VMStateDescription vmstate_hv_stor = {
    .name = TYPE_HV_STOR,
    /* VMBus restores its channels before it knows the devices' */
    .unmigratable = 1,
};

static const Property hv_stor_props[] = {
    DEFINE_PROP_UINT16("version", HvStor, max_version, STORVSP_VERSION_WIN10),
    DEFINE_PROP_UINT32("max-transfer", HvStor, max_transfer, 256 * KiB),
    DEFINE_PROP_UINT32("queue-depth", HvStor, queue_depth, 1024),
    DEFINE_PROP_UINT32("service-time-ns", HvStor, service_ns, 0),
};

static void hv_stor_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VMBusDeviceClass *vdc = VMBUS_DEVICE_CLASS(klass);
    HotplugHandlerClass *hc = HOTPLUG_HANDLER_CLASS(klass);

    vdc->num_channels = hv_stor_num_channels;
    vdc->subchannels_on_demand = true;
    vdc->fields = hv_stor_fields;
    vdc->vmdev_realize = hv_stor_vmdev_realize;
    vdc->vmdev_unrealize = hv_stor_vmdev_unrealize;
    vdc->open_channel = hv_stor_open;
    vdc->close_channel = hv_stor_close;
    vdc->chan_notify_cb = hv_stor_worker;
    hc->plug = hv_stor_plug;
    hc->unplug = hv_stor_unplug;
    dc->vmsd = &vmstate_hv_stor;
    device_class_set_props(dc, hv_stor_props);
    set_bit(DEVICE_CATEGORY_STORAGE, dc->categories);
}

static const Property hv_scsi_props[] = {
    DEFINE_PROP_UINT16("subchannels", HvStor, max_subchannels, 16),
};

static void hv_scsi_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VMBusDeviceClass *vdc = VMBUS_DEVICE_CLASS(klass);

    qemu_uuid_parse(STORVSP_SCSI_CLASS_ID, &vdc->classid);
    dc->desc = "Hyper-V synthetic SCSI controller";
    device_class_set_props(dc, hv_scsi_props);
}

/*
 * The instance id of an IDE channel tells controller and device: the first two
 * fields are their numbers, the third is 8899h (OpenVMM, build_ide()).
 */
static void hv_ide_realize(DeviceState *dev, Error **errp)
{
    HvStor *s = HV_STOR(dev);
    g_autofree char *id = NULL;

    if (s->ide_channel > 1 || s->ide_device > 1) {
        error_setg(errp, "channel and device are 0 or 1");
        return;
    }
    id = g_strdup_printf("%08x-%04x-8899-0000-000000000000", s->ide_channel,
                         s->ide_device);
    qemu_uuid_parse(id, &VMBUS_DEVICE(dev)->instanceid);
    HV_STOR_GET_CLASS(dev)->parent_realize(dev, errp);
}

/* Old drivers of Windows know the disk by this, others by the instance id. */
static void hv_ide_offer_user_data(VMBusDevice *vdev, uint8_t *data)
{
    HvStor *s = HV_STOR(vdev);
    StorVspIdeOffer offer = {
        .path_id = s->ide_channel,
        .target_id = s->ide_device,
        .flags = STORVSP_OFFER_FLAG_IDE,
    };

    memcpy(data, &offer, sizeof(offer));
}

static const Property hv_ide_props[] = {
    DEFINE_PROP_UINT8("channel", HvStor, ide_channel, 0),
    DEFINE_PROP_UINT8("device", HvStor, ide_device, 0),
};

static void hv_ide_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VMBusDeviceClass *vdc = VMBUS_DEVICE_CLASS(klass);
    HvStorClass *hsc = HV_STOR_CLASS(klass);

    qemu_uuid_parse(STORVSP_IDE_CLASS_ID, &vdc->classid);
    dc->desc = "Hyper-V IDE accelerator channel";
    vdc->offer_user_data = hv_ide_offer_user_data;
    hsc->is_ide = true;
    device_class_set_props(dc, hv_ide_props);
    device_class_set_parent_realize(dc, hv_ide_realize, &hsc->parent_realize);
}

static const TypeInfo hv_stor_types[] = {
    {
        .name = TYPE_HV_STOR,
        .parent = TYPE_VMBUS_DEVICE,
        .abstract = true,
        .instance_size = sizeof(HvStor),
        .class_size = sizeof(HvStorClass),
        .class_init = hv_stor_class_init,
        .interfaces = (InterfaceInfo[]) {
            { TYPE_HOTPLUG_HANDLER },
            { }
        },
    }, {
        .name = TYPE_HV_SCSI,
        .parent = TYPE_HV_STOR,
        .class_init = hv_scsi_class_init,
    }, {
        .name = TYPE_HV_IDE,
        .parent = TYPE_HV_STOR,
        .class_init = hv_ide_class_init,
    },
};

DEFINE_TYPES(hv_stor_types)
