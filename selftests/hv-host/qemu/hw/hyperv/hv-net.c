/*
 * Hyper-V synthetic network adapter (NetVSP)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The device and its channels.
 *
 * Ring space: a packet is answered before the next is read, and nothing more
 * is read while the answer waits for room.  No reservation is held across a
 * return to the main loop.
 */

#include "qemu/osdep.h"
#include "qemu/module.h"
#include "qemu/units.h"
#include "qemu/uuid.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "hw/qdev-properties.h"
#include "hv-net.h"

QEMU_BUILD_BUG_ON(HOST_BIG_ENDIAN);     /* as VMBus itself */

/* packets a worker reads before it lets others run */
#define WORKER_BUDGET   256

/* how long a guest has to be quiet before its adapter goes, and may not be */
#define LEAVE_QUIET_NS  (NANOSECONDS_PER_SECOND / 2)
#define LEAVE_NS        (10 * NANOSECONDS_PER_SECOND)

void hv_net_kick(HvNet *s)
{
    uint32_t i;

    for (i = 0; i < s->max_channels; i++) {
        if (s->channels[i].open) {
            vmbus_channel_notify_host(s->channels[i].chan);
        }
    }
}

static HvNetChannel *net_channel(VMBusChannel *chan)
{
    HvNet *s = HV_NET(vmbus_channel_device(chan));

    return &s->channels[vmbus_channel_idx(chan)];
}

/* --- channels --- */

/* Send the completion that waits; false if it still does. */
static bool flush_completion(HvNet *s, HvNetChannel *c)
{
    uint32_t size = hv_net_msg_size(s);

    if (c->comp_waits) {
        if (vmbus_channel_reserve(c->chan, 0, size)) {
            return false;
        }
        vmbus_channel_send(c->chan, VMBUS_PACKET_COMP, NULL, 0, &c->comp, size,
                           false, c->comp_id);
        c->comp_waits = false;
    }
    return true;
}

static bool may_read(HvNet *s, HvNetChannel *c)
{
    return c->open && !c->comp_waits && !s->tx_waits &&
           (c != s->channels || !s->recv_gpadl || g_queue_is_empty(s->control));
}

static void handle_packet(HvNet *s, HvNetChannel *c, VMBusChanReq *req)
{
    NvspMessage m = { 0 };

    if (req->pkt_type == VMBUS_PACKET_COMP) {
        hv_net_rx_complete(s, c, req->transaction_id);
        return;
    }
    memcpy(&m, req->msg, MIN(offsetof(NvspMessage, raw) + sizeof(m.raw),
                             req->msglen));
    memset(&c->comp, 0, sizeof(c->comp));
    hv_net_nvsp(s, req, &m, &c->comp);
    if (req->need_comp) {
        c->comp_waits = true;
        c->comp_id = req->transaction_id;
        flush_completion(s, c);
    }
    if (c == s->channels) {
        hv_net_rx_flush_control(s);
    }
}

static void hv_net_worker(VMBusChannel *chan)
{
    HvNet *s = HV_NET(vmbus_channel_device(chan));
    HvNetChannel *c = net_channel(chan);
    uint32_t budget = WORKER_BUDGET;
    VMBusChanReq *req;
    ssize_t read;

    if (!c->open || c->in_worker) {
        return;
    }
    c->in_worker = true;
    flush_completion(s, c);
    do {
        if (c == s->channels) {
            hv_net_rx_flush_control(s);
        }
        if (vmbus_channel_recv_start(chan)) {
            break;
        }
        while (budget && may_read(s, c) &&
               (req = vmbus_channel_recv_peek(chan, sizeof(*req)))) {
            budget--;
            vmbus_channel_recv_pop(chan);
            handle_packet(s, c, req);
            vmbus_free_req(req);
        }
        /*
         * The guest does not signal as long as it sees data in the ring, so
         * look again until there was none.
         */
        read = vmbus_channel_recv_done(chan);
    } while (read > 0 && budget && may_read(s, c));

    if (c->open && !budget) {
        vmbus_channel_notify_host(chan);
    }
    if (c == s->channels && s->send_table_due && !c->comp_waits) {
        hv_net_send_table(s);
    }
    if (c->open && s->recv_gpadl) {
        hv_net_rx_flush(s, c);
    }
    c->in_worker = false;

    if (s->rx_waits) {
        s->rx_waits = false;
        qemu_flush_queued_packets(qemu_get_queue(s->nic));
    }
}

/*
 * A guest that knows that the adapter is taken away neither completes packets
 * nor hears of completions any more (Linux: vmbus_onoffer_rescind() takes the
 * channel's callback away before anything else), but Linux waits until there
 * is none left in either direction.  So pull the cable first, which ends its
 * transmissions, send nothing, and tell it when all is quiet.
 */
static void hv_net_leave(void *opaque)
{
    HvNet *s = opaque;
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);

    if (s->leave_frames != s->tx_frames || !hv_net_rx_idle(s)) {
        s->leave_frames = s->tx_frames;
        s->leave_quiet = now;
    }
    if (!s->operational || now >= s->leave_quiet + LEAVE_QUIET_NS ||
        now >= s->leave_end) {
        vmbus_device_rescind(VMBUS_DEVICE(s));
    } else {
        timer_mod(s->leave_timer, now + LEAVE_QUIET_NS / 10);
    }
}

static void hv_net_unplug_request(VMBusDevice *vdev)
{
    HvNet *s = HV_NET(vdev);

    s->leaving = true;
    s->leave_quiet = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    s->leave_end = s->leave_quiet + LEAVE_NS;
    hv_net_indicate(s, RNDIS_STATUS_MEDIA_DISCONNECT, NULL, 0);
    timer_mod(s->leave_timer, s->leave_quiet);
}

static int hv_net_open(VMBusChannel *chan)
{
    HvNet *s = HV_NET(vmbus_channel_device(chan));
    HvNetChannel *c = net_channel(chan);

    c->chan = chan;
    c->open = true;
    if (c != s->channels && s->channels[0].open) {
        vmbus_channel_notify_host(s->channels[0].chan);
    }
    return 0;
}

static void net_reset(HvNet *s)
{
    hv_net_rndis_reset(s);
    hv_net_revoke_buffers(s);
    s->version = 0;
    s->ndis_major = 6;
    s->ndis_minor = 0;
    s->mtu = HV_NET_MIN_FRAME;
    s->capabilities = 0;
    s->subchannels = 0;
    s->send_table_due = false;
}

static void hv_net_close(VMBusChannel *chan)
{
    HvNet *s = HV_NET(vmbus_channel_device(chan));
    HvNetChannel *c = net_channel(chan);

    c->open = false;
    c->comp_waits = false;
    hv_net_rx_close(s, c);
    if (c == s->channels) {
        net_reset(s);
        /* let go of frames for a guest that does not take any more */
        qemu_flush_queued_packets(qemu_get_queue(s->nic));
    }
}

/* --- QEMU's side --- */

static void hv_net_link_status_changed(NetClientState *nc)
{
    HvNet *s = qemu_get_nic_opaque(nc);

    hv_net_indicate(s, nc->link_down ? RNDIS_STATUS_MEDIA_DISCONNECT :
                                       RNDIS_STATUS_MEDIA_CONNECT, NULL, 0);
}

static void hv_net_announce(NetClientState *nc)
{
    hv_net_indicate(qemu_get_nic_opaque(nc), RNDIS_STATUS_NETWORK_CHANGE, NULL,
                    0);
}

static NetClientInfo hv_net_info = {
    .type = NET_CLIENT_DRIVER_NIC,
    .size = sizeof(NICState),
    .can_receive = hv_net_can_receive,
    .receive = hv_net_receive,
    .link_status_changed = hv_net_link_status_changed,
    .announce = hv_net_announce,
};

static uint16_t hv_net_num_channels(VMBusDevice *vdev)
{
    /* none or too many fail in hv_net_realize() */
    return MIN(MAX(HV_NET(vdev)->max_channels, 1), HV_NET_MAX_CHANNELS);
}

static void hv_net_realize(VMBusDevice *vdev, Error **errp)
{
    HvNet *s = HV_NET(vdev);
    DeviceState *dev = DEVICE(vdev);
    uint32_t i;

    if (!s->friendly_name || !g_utf8_validate(s->friendly_name, -1, NULL)) {
        error_setg(errp, "friendly-name: not UTF-8");
        return;
    }
    if (!hv_net_max_version(s)) {
        error_setg(errp, "no NVSP version '%s': choose one of 1, 2, 4, 5, 6, "
                   "6.1", s->max_version ?: "");
        return;
    }
    if (!s->max_channels || s->max_channels > HV_NET_MAX_CHANNELS) {
        error_setg(errp, "channels: 1 to %u", HV_NET_MAX_CHANNELS);
        return;
    }
    if (!s->rx_batch || s->rx_batch > NVSP_MAX_PACKETS_PER_RECEIVE) {
        error_setg(errp, "rx-batch: 1 to %u", NVSP_MAX_PACKETS_PER_RECEIVE);
        return;
    }

    s->channels = g_new0(HvNetChannel, s->max_channels);
    for (i = 0; i < s->max_channels; i++) {
        s->channels[i].desc = g_malloc0(sizeof(NvspTransfer) +
                                        NVSP_MAX_RSC_FRAGMENTS *
                                        sizeof(NvspRange));
    }
    s->tx_buf = g_malloc(HV_NET_TX_BUF);
    s->control = g_queue_new();
    s->rx_bh = qemu_bh_new_guarded(hv_net_rx_bh, s, &dev->mem_reentrancy_guard);
    s->leave_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, hv_net_leave, s);
    qemu_macaddr_default_if_unset(&s->conf.macaddr);
    s->nic = qemu_new_nic(&hv_net_info, &s->conf, TYPE_HV_NET, dev->id,
                          &dev->mem_reentrancy_guard, s);
    qemu_format_nic_info_str(qemu_get_queue(s->nic), s->conf.macaddr.a);
    net_reset(s);
}

static void hv_net_unrealize(VMBusDevice *vdev)
{
    HvNet *s = HV_NET(vdev);
    uint32_t i;

    net_reset(s);
    qemu_del_nic(s->nic);
    qemu_bh_delete(s->rx_bh);
    timer_free(s->leave_timer);
    g_queue_free(s->control);
    g_clear_pointer(&s->tx_buf, g_free);
    for (i = 0; i < s->max_channels; i++) {
        g_free(s->channels[i].desc);
    }
    g_clear_pointer(&s->channels, g_free);
}

static void hv_net_get_speed(Object *obj, Visitor *v, const char *name,
                             void *opaque, Error **errp)
{
    visit_type_uint32(v, name, &HV_NET(obj)->link_speed, errp);
}

/* May be set at any time: the guest is told. */
static void hv_net_set_speed(Object *obj, Visitor *v, const char *name,
                             void *opaque, Error **errp)
{
    HvNet *s = HV_NET(obj);
    uint32_t mbit, hundreds;

    if (!visit_type_uint32(v, name, &mbit, errp)) {
        return;
    }
    s->link_speed = mbit;
    if (DEVICE(obj)->realized) {
        hundreds = MIN(mbit * 10000ull, UINT32_MAX);
        hv_net_indicate(s, RNDIS_STATUS_LINK_SPEED_CHANGE, &hundreds,
                        sizeof(hundreds));
    }
}

static void hv_net_instance_init(Object *obj)
{
    HvNet *s = HV_NET(obj);

    s->link_speed = 10000;
    s->max_version = g_strdup("6.1");
    s->friendly_name = g_strdup("Network Adapter");     /* as Hyper-V does */
}

static const VMStateDescription vmstate_hv_net = {
    .name = TYPE_HV_NET,
    /* VMBus restores its channels before it knows the devices' */
    .unmigratable = 1,
};

static const Property hv_net_props[] = {
    DEFINE_NIC_PROPERTIES(HvNet, conf),
    DEFINE_PROP_STRING("nvsp", HvNet, max_version),
    DEFINE_PROP_UINT32("channels", HvNet, max_channels, HV_NET_MAX_CHANNELS),
    DEFINE_PROP_UINT32("rx-batch", HvNet, rx_batch, 1),
    DEFINE_PROP_STRING("friendly-name", HvNet, friendly_name),
    DEFINE_PROP_BOOL("offloads", HvNet, offloads, true),
    DEFINE_PROP_BOOL("rsc", HvNet, rsc, true),
};

static void hv_net_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VMBusDeviceClass *vdc = VMBUS_DEVICE_CLASS(klass);

    qemu_uuid_parse(NVSP_CLASS_ID, &vdc->classid);
    vdc->subchannels_on_demand = true;
    vdc->num_channels = hv_net_num_channels;
    vdc->vmdev_realize = hv_net_realize;
    vdc->vmdev_unrealize = hv_net_unrealize;
    vdc->vmdev_unplug_request = hv_net_unplug_request;
    vdc->open_channel = hv_net_open;
    vdc->close_channel = hv_net_close;
    vdc->chan_notify_cb = hv_net_worker;
    vdc->fields = hv_net_fields;
    dc->desc = "Hyper-V synthetic network adapter";
    dc->vmsd = &vmstate_hv_net;
    device_class_set_props(dc, hv_net_props);
    object_class_property_add(klass, "link-speed", "uint32", hv_net_get_speed,
                              hv_net_set_speed, NULL, NULL);
    object_class_property_set_description(klass, "link-speed", "Mbit/s");
    set_bit(DEVICE_CATEGORY_NETWORK, dc->categories);
}

static const TypeInfo hv_net_types[] = {
    {
        .name = TYPE_HV_NET,
        .parent = TYPE_VMBUS_DEVICE,
        .instance_size = sizeof(HvNet),
        .instance_init = hv_net_instance_init,
        .class_init = hv_net_class_init,
    },
};

DEFINE_TYPES(hv_net_types)
