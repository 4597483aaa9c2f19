/*
 * Hyper-V synthetic keyboard
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/hyperv/vmbus.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "qom/object.h"
#include "ui/input.h"

#define TYPE_HV_KBD "hv-kbd"
OBJECT_DECLARE_SIMPLE_TYPE(HvKbd, HV_KBD)

/*
 * Message types and layouts: HK_MESSAGE_TYPE and what follows in the keyboard
 * driver of Microsoft's UEFI for Hyper-V, and, the same, in Linux's
 * drivers/input/serio/hyperv-keyboard.c.  There is no pipe header.
 */
#define KBD_PROTOCOL_REQUEST    1
#define KBD_PROTOCOL_RESPONSE   2
#define KBD_EVENT               3
#define KBD_SET_LEDS            4

#define KBD_VERSION_1_0         (1 << 16)
#define KBD_ACCEPTED            1

#define KBD_BREAK               0x2
#define KBD_E0                  0x4
#define KBD_E1                  0x8

typedef struct QEMU_PACKED HvKbdPacket {
    uint32_t type;
    union {
        struct {
            uint32_t version;       /* or, in the response, its status */
        };
        struct {
            uint16_t make_code;
            uint16_t reserved;
            uint32_t flags;
        };
    };
} HvKbdPacket;

#define KBD_QUEUE_LEN   64

struct HvKbd {
    VMBusDevice parent;

    QemuInputHandlerState *input;
    bool connected;
    uint32_t leds;
    /*
     * keystrokes the ring buffer had no room for, oldest first; not worth
     * migrating
     */
    struct {
        uint16_t make_code;
        uint16_t flags;
    } queue[KBD_QUEUE_LEN];
    uint32_t queued;
};

static bool kbd_send(HvKbd *k, HvKbdPacket *p, uint32_t len)
{
    VMBusChannel *chan = vmbus_device_channel(&k->parent, 0);

    return !vmbus_channel_reserve(chan, 0, len) &&
           vmbus_channel_send(chan, VMBUS_PACKET_DATA_INBAND, NULL, 0, p, len,
                              false, 0) >= 0;
}

static void kbd_flush(HvKbd *k)
{
    uint32_t n;

    if (!k->connected) {
        return;
    }
    for (n = 0; n < k->queued; n++) {
        HvKbdPacket p = {
            .type = cpu_to_le32(KBD_EVENT),
            .make_code = cpu_to_le16(k->queue[n].make_code),
            .flags = cpu_to_le32(k->queue[n].flags),
        };

        if (!kbd_send(k, &p, sizeof(p))) {
            break;
        }
    }
    memmove(k->queue, k->queue + n, (k->queued - n) * sizeof(k->queue[0]));
    k->queued -= n;
}

/* A make code and flags from the bytes of scan code set 1. */
static void kbd_event(DeviceState *dev, QemuConsole *src, InputEvent *evt)
{
    HvKbd *k = HV_KBD(dev);
    InputKeyEvent *key = evt->u.key.data;
    int codes[3], n, i;
    uint16_t flags = 0;

    if (k->queued == KBD_QUEUE_LEN) {
        return;
    }
    n = qemu_input_key_value_to_scancode(key->key, key->down, codes);
    for (i = 0; i < n - 1; i++) {
        flags |= codes[i] == 0xe0 ? KBD_E0 : codes[i] == 0xe1 ? KBD_E1 : 0;
    }
    if (!n) {
        return;
    }
    if (!key->down) {
        flags |= KBD_BREAK;
    }
    k->queue[k->queued].make_code = codes[n - 1] & 0x7f;
    k->queue[k->queued].flags = flags;
    k->queued++;
    kbd_flush(k);
}

static const QemuInputHandler kbd_handler = {
    .name = "Hyper-V keyboard",
    .mask = INPUT_EVENT_MASK_KEY,
    .event = kbd_event,
};

static void kbd_receive(HvKbd *k, const VMBusChanReq *req)
{
    const HvKbdPacket *p = req->msg;

    if (req->msglen < 8) {
        return;
    }
    switch (le32_to_cpu(p->type)) {
    case KBD_PROTOCOL_REQUEST: {
        HvKbdPacket answer = {
            .type = cpu_to_le32(KBD_PROTOCOL_RESPONSE),
        };

        k->connected = le32_to_cpu(p->version) == KBD_VERSION_1_0;
        answer.version = cpu_to_le32(k->connected ? KBD_ACCEPTED : 0);
        kbd_send(k, &answer, 8);
        break;
    }
    case KBD_SET_LEDS:
        k->leds = le32_to_cpu(p->version);
        break;
    }
}

static void kbd_notify(VMBusChannel *chan)
{
    HvKbd *k = HV_KBD(vmbus_channel_device(chan));

    do {
        VMBusChanReq *req;

        if (vmbus_channel_recv_start(chan)) {
            return;
        }
        while ((req = vmbus_channel_recv_peek(chan, sizeof(*req)))) {
            kbd_receive(k, req);
            vmbus_channel_recv_pop(chan);
            vmbus_free_req(req);
        }
    } while (vmbus_channel_recv_done(chan) > 0);
    kbd_flush(k);
}

static void kbd_close(VMBusChannel *chan)
{
    HvKbd *k = HV_KBD(vmbus_channel_device(chan));

    k->connected = false;
    k->queued = 0;
}

static void kbd_vmdev_reset(VMBusDevice *vdev)
{
    HvKbd *k = HV_KBD(vdev);

    k->connected = false;
    k->queued = 0;
    k->leds = 0;
}

static void kbd_vmdev_realize(VMBusDevice *vdev, Error **errp)
{
    HvKbd *k = HV_KBD(vdev);

    k->input = qemu_input_handler_register(DEVICE(vdev), &kbd_handler);
    qemu_input_handler_activate(k->input);
}

static void kbd_vmdev_unrealize(VMBusDevice *vdev)
{
    qemu_input_handler_unregister(HV_KBD(vdev)->input);
}

static bool kbd_get_connected(Object *obj, Error **errp)
{
    return HV_KBD(obj)->connected;
}

static const VMStateDescription vmstate_kbd = {
    .name = TYPE_HV_KBD,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT(parent, HvKbd, 0, vmstate_vmbus_dev, VMBusDevice),
        VMSTATE_BOOL(connected, HvKbd),
        VMSTATE_UINT32(leds, HvKbd),
        VMSTATE_END_OF_LIST()
    }
};

static const VMBusFieldDesc kbd_fields[] = {
    { "kbd-response", "type", VMBUS_KIND_PACKET, KBD_PROTOCOL_RESPONSE, 0, 4 },
    { "kbd-response", "status", VMBUS_KIND_PACKET, KBD_PROTOCOL_RESPONSE, 4,
      4 },
    { "kbd-event", "type", VMBUS_KIND_PACKET, KBD_EVENT, 0, 4 },
    { "kbd-event", "make-code", VMBUS_KIND_PACKET, KBD_EVENT, 4, 2 },
    { "kbd-event", "flags", VMBUS_KIND_PACKET, KBD_EVENT, 8, 4 },
    { }
};

static void kbd_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VMBusDeviceClass *vdc = VMBUS_DEVICE_CLASS(klass);

    dc->desc = "Hyper-V keyboard";
    dc->vmsd = &vmstate_kbd;
    set_bit(DEVICE_CATEGORY_INPUT, dc->categories);
    qemu_uuid_parse("f912ad6d-2b17-48ea-bd65-f927a61c7684", &vdc->classid);
    qemu_uuid_parse("d34b2567-b9b6-42b9-8778-0a4ec0b955bf", &vdc->instanceid);
    vdc->vmdev_realize = kbd_vmdev_realize;
    vdc->vmdev_unrealize = kbd_vmdev_unrealize;
    vdc->vmdev_reset = kbd_vmdev_reset;
    vdc->close_channel = kbd_close;
    vdc->chan_notify_cb = kbd_notify;
    vdc->fields = kbd_fields;
    object_class_property_add_bool(klass, "connected", kbd_get_connected, NULL);
}

static const TypeInfo kbd_types[] = {
    {
        .name = TYPE_HV_KBD,
        .parent = TYPE_VMBUS_DEVICE,
        .instance_size = sizeof(HvKbd),
        .class_init = kbd_class_init,
    },
};

DEFINE_TYPES(kbd_types)
