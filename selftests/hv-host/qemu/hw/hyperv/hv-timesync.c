/*
 * Hyper-V integration service: time synchronisation
 *
 * When the guest connects, and when it is told to, the host sends the time for
 * the guest to set its clock to (SYNC).  Every few seconds it sends a sample
 * of both clocks for the guest to slew by if it wants (SAMPLE).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "hw/hyperv/hv-util.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"

#define TYPE_HV_TIMESYNC "hv-timesync"
OBJECT_DECLARE_SIMPLE_TYPE(HvTimesync, HV_TIMESYNC)

#define TIMESYNC_SYNC       0x1
#define TIMESYNC_SAMPLE     0x2

/* 1601-01-01 to 1970-01-01 in units of 100 ns */
#define UNIX_EPOCH          116444736000000000ULL

/*
 * Version 4: host's time and the reference counter of the guest's partition
 * at that moment, both in 100 ns.  OpenVMM's TimesyncMessageV4 ends with five
 * reserved bytes, Linux's struct ictimesync_ref_data with three.
 */
typedef struct QEMU_PACKED HvTimesyncV4 {
    uint64_t parent_time;
    uint64_t reference_time;
    uint8_t flags;
    uint8_t leap;
    uint8_t stratum;
    uint8_t reserved[5];
} HvTimesyncV4;

/* Versions 1 and 3: host's time, the guest's copy, round trip */
typedef struct QEMU_PACKED HvTimesyncV1 {
    uint64_t parent_time;
    uint64_t child_time;
    uint64_t round_trip;
    uint8_t flags;
} HvTimesyncV1;

struct HvTimesync {
    HvUtil parent;

    uint32_t interval_ms;
    /* what the time sent differs from the real one by, in ms */
    int64_t offset_ms;
    QEMUTimer *timer;
    /* a SYNC is to be sent as soon as the answer awaited has come */
    bool sync_pending;
};

static void timesync_send(HvTimesync *t)
{
    /*
     * QEMU keeps the reference counter of a partition in its virtual clock,
     * which is also what the reference counter MSR shows under TCG.
     */
    int64_t reference = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) / 100;
    uint64_t now = UNIX_EPOCH +
                   (g_get_real_time() + t->offset_ms * 1000) * 10;
    uint8_t flags = t->sync_pending ? TIMESYNC_SYNC : TIMESYNC_SAMPLE;
    int ret;

    if (hv_util_version_ge(&t->parent, 4, 0)) {
        HvTimesyncV4 msg = {
            .parent_time = cpu_to_le64(now),
            .reference_time = cpu_to_le64(reference),
            .flags = flags,
        };

        ret = hv_util_send(&t->parent, &msg, sizeof(msg));
    } else {
        HvTimesyncV1 msg = {
            .parent_time = cpu_to_le64(now),
            .flags = flags,
        };

        ret = hv_util_send(&t->parent, &msg, sizeof(msg));
    }
    if (!ret) {
        t->sync_pending = false;
    }
}

static void timesync_tick(void *opaque)
{
    HvTimesync *t = opaque;

    /* an answer that has not come by now will not come */
    t->parent.waiting = false;
    timesync_send(t);
    timer_mod(t->timer, qemu_clock_get_ms(QEMU_CLOCK_VIRTUAL) +
              t->interval_ms);
}

static void timesync_ready(HvUtil *u)
{
    HvTimesync *t = HV_TIMESYNC(u);

    t->sync_pending = true;
    timesync_tick(t);
}

static void timesync_response(HvUtil *u, uint32_t status, const void *data,
                              uint32_t len)
{
    HvTimesync *t = HV_TIMESYNC(u);

    if (t->sync_pending) {
        timesync_send(t);
    }
}

static void timesync_stop(HvUtil *u)
{
    HvTimesync *t = HV_TIMESYNC(u);

    timer_del(t->timer);
    t->sync_pending = false;
}

/* Sets the offset and has the guest set its clock. */
static void timesync_set_sync(Object *obj, Visitor *v, const char *name,
                              void *opaque, Error **errp)
{
    HvTimesync *t = HV_TIMESYNC(obj);
    int64_t value;

    if (!visit_type_int64(v, name, &value, errp)) {
        return;
    }
    if (!t->parent.ready) {
        error_setg(errp, "the guest has not agreed to a version yet");
        return;
    }
    t->offset_ms = value;
    t->sync_pending = true;
    timesync_send(t);
}

static void timesync_instance_init(Object *obj)
{
    HvTimesync *t = HV_TIMESYNC(obj);

    t->timer = timer_new_ms(QEMU_CLOCK_VIRTUAL, timesync_tick, t);
}

static void timesync_instance_finalize(Object *obj)
{
    timer_free(HV_TIMESYNC(obj)->timer);
}

static const VMStateDescription vmstate_timesync = {
    .name = TYPE_HV_TIMESYNC,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT(parent, HvTimesync, 0, vmstate_hv_util, HvUtil),
        VMSTATE_TIMER_PTR(timer, HvTimesync),
        VMSTATE_BOOL(sync_pending, HvTimesync),
        VMSTATE_END_OF_LIST()
    }
};

static const Property timesync_props[] = {
    DEFINE_PROP_UINT32("interval-ms", HvTimesync, interval_ms, 5000),
    DEFINE_PROP_INT64("offset-ms", HvTimesync, offset_ms, 0),
};

static const HvIcVersion timesync_versions[] = {
    { 1, 0 }, { 3, 0 }, { 4, 0 }, { }
};

static void timesync_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VMBusDeviceClass *vdc = VMBUS_DEVICE_CLASS(klass);
    HvUtilClass *uc = HV_UTIL_CLASS(klass);

    dc->desc = "Hyper-V time synchronisation";
    dc->vmsd = &vmstate_timesync;
    device_class_set_props(dc, timesync_props);
    qemu_uuid_parse("9527e630-d0ae-497b-adce-e80ab0175caf", &vdc->classid);
    qemu_uuid_parse("2dd1ce17-079e-403c-b352-a1921ee207ee", &vdc->instanceid);
    uc->type = HV_IC_TIMESYNC;
    uc->versions = timesync_versions;
    uc->ready = timesync_ready;
    uc->response = timesync_response;
    uc->stop = timesync_stop;
    object_class_property_add(klass, "sync", "int64", NULL, timesync_set_sync,
                              NULL, NULL);
    object_class_property_set_description(klass, "sync",
        "set offset-ms and have the guest set its clock");
}

static const TypeInfo timesync_types[] = {
    {
        .name = TYPE_HV_TIMESYNC,
        .parent = TYPE_HV_UTIL,
        .instance_size = sizeof(HvTimesync),
        .instance_init = timesync_instance_init,
        .instance_finalize = timesync_instance_finalize,
        .class_init = timesync_class_init,
    },
};

DEFINE_TYPES(timesync_types)
