/*
 * Hyper-V integration service: heartbeat
 *
 * The host sends a counter every two seconds and sees by the answers that the
 * guest's kernel runs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "hw/hyperv/hv-util.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"

#define TYPE_HV_HEARTBEAT "hv-heartbeat"
OBJECT_DECLARE_SIMPLE_TYPE(HvHeartbeat, HV_HEARTBEAT)

/*
 * sequence, application state, reserved: OpenVMM's HeartbeatMessage.  Linux
 * has eight reserved words after the sequence (struct heartbeat_msg_data);
 * send as much as it may look at.
 */
typedef struct QEMU_PACKED HvHeartbeatMessage {
    uint64_t sequence;
    uint32_t state;
    uint32_t reserved[7];
} HvHeartbeatMessage;

#define INTERVAL_MIN_MS 10

struct HvHeartbeat {
    HvUtil parent;

    uint32_t interval_ms;
    QEMUTimer *timer;
    /* number to send next, number the guest answered last, its state then */
    uint64_t next;
    uint64_t answered;
    uint32_t state;
};

static void heartbeat_tick(void *opaque)
{
    HvHeartbeat *h = opaque;
    HvHeartbeatMessage msg = { .sequence = cpu_to_le64(h->next) };

    /* whatever became of the last one */
    h->parent.waiting = false;
    if (!hv_util_send(&h->parent, &msg, sizeof(msg))) {
        h->next++;
    }
    timer_mod(h->timer, qemu_clock_get_ms(QEMU_CLOCK_VIRTUAL) +
              MAX(h->interval_ms, INTERVAL_MIN_MS));
}

static void heartbeat_response(HvUtil *u, uint32_t status, const void *data,
                               uint32_t len)
{
    HvHeartbeat *h = HV_HEARTBEAT(u);

    if (len >= 12) {
        h->answered = ldq_le_p(data);
        h->state = ldl_le_p((const uint8_t *)data + 8);
    }
}

static void heartbeat_ready(HvUtil *u)
{
    heartbeat_tick(HV_HEARTBEAT(u));
}

static void heartbeat_stop(HvUtil *u)
{
    timer_del(HV_HEARTBEAT(u)->timer);
}

static void heartbeat_instance_init(Object *obj)
{
    HvHeartbeat *h = HV_HEARTBEAT(obj);

    h->timer = timer_new_ms(QEMU_CLOCK_VIRTUAL, heartbeat_tick, h);
    h->next = 1;
    h->interval_ms = 2000;
    /* not a qdev property, so that it can be changed while the guest runs */
    object_property_add_uint32_ptr(obj, "interval-ms", &h->interval_ms,
                                   OBJ_PROP_FLAG_READWRITE);
    object_property_add_uint64_ptr(obj, "sequence", &h->answered,
                                   OBJ_PROP_FLAG_READ);
    object_property_add_uint32_ptr(obj, "application-state", &h->state,
                                   OBJ_PROP_FLAG_READ);
}

static void heartbeat_instance_finalize(Object *obj)
{
    timer_free(HV_HEARTBEAT(obj)->timer);
}

static const VMStateDescription vmstate_heartbeat = {
    .name = TYPE_HV_HEARTBEAT,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT(parent, HvHeartbeat, 0, vmstate_hv_util, HvUtil),
        VMSTATE_TIMER_PTR(timer, HvHeartbeat),
        VMSTATE_UINT64(next, HvHeartbeat),
        VMSTATE_UINT64(answered, HvHeartbeat),
        VMSTATE_UINT32(state, HvHeartbeat),
        VMSTATE_END_OF_LIST()
    }
};

static const HvIcVersion heartbeat_versions[] = { { 1, 0 }, { 3, 0 }, { } };

static void heartbeat_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VMBusDeviceClass *vdc = VMBUS_DEVICE_CLASS(klass);
    HvUtilClass *uc = HV_UTIL_CLASS(klass);

    dc->desc = "Hyper-V heartbeat";
    dc->vmsd = &vmstate_heartbeat;
    qemu_uuid_parse("57164f39-9115-4e78-ab55-382f3bd5422d", &vdc->classid);
    qemu_uuid_parse("fd149e91-82e0-4a7d-afa6-2a4166cbd7c0", &vdc->instanceid);
    uc->type = HV_IC_HEARTBEAT;
    uc->versions = heartbeat_versions;
    uc->ready = heartbeat_ready;
    uc->response = heartbeat_response;
    uc->stop = heartbeat_stop;
}

static const TypeInfo heartbeat_types[] = {
    {
        .name = TYPE_HV_HEARTBEAT,
        .parent = TYPE_HV_UTIL,
        .instance_size = sizeof(HvHeartbeat),
        .instance_init = heartbeat_instance_init,
        .instance_finalize = heartbeat_instance_finalize,
        .class_init = heartbeat_class_init,
    },
};

DEFINE_TYPES(heartbeat_types)
