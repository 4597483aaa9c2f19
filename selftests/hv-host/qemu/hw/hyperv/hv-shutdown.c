/*
 * Hyper-V integration service: guest shutdown
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/hyperv/hv-util.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"

#define TYPE_HV_SHUTDOWN "hv-shutdown"
OBJECT_DECLARE_SIMPLE_TYPE(HvShutdown, HV_SHUTDOWN)

/* OpenVMM's ShutdownMessage and ShutdownFlags */
#define SHUTDOWN_FORCE      0x1
#define SHUTDOWN_RESTART    0x2
#define SHUTDOWN_HIBERNATE  0x4

typedef struct QEMU_PACKED HvShutdownMessage {
    uint32_t reason;
    uint32_t timeout_s;
    uint32_t flags;
    uint8_t text[2048];
} HvShutdownMessage;

struct HvShutdown {
    HvUtil parent;
};

static void shutdown_set_request(Object *obj, const char *value, Error **errp)
{
    HvUtil *u = HV_UTIL(obj);
    HvShutdownMessage msg = {
        /* planned: SHTDN_REASON_FLAG_PLANNED of the Windows SDK */
        .reason = cpu_to_le32(0x80000000),
    };

    if (!strcmp(value, "restart")) {
        /* flag and version: Linux ignores it if the guest is older than 3.1 */
        if (!hv_util_version_ge(u, 3, 1)) {
            error_setg(errp, "restart needs version 3.1, the guest has %u.%u",
                       u->version.major, u->version.minor);
            return;
        }
        msg.flags = cpu_to_le32(SHUTDOWN_RESTART);
    } else if (!strcmp(value, "hibernate")) {
        if (!hv_util_version_ge(u, 3, 2)) {
            error_setg(errp,
                       "hibernate needs version 3.2, the guest has %u.%u",
                       u->version.major, u->version.minor);
            return;
        }
        msg.flags = cpu_to_le32(SHUTDOWN_HIBERNATE);
    } else if (!strcmp(value, "force")) {
        msg.flags = cpu_to_le32(SHUTDOWN_FORCE);
    } else if (strcmp(value, "shutdown")) {
        error_setg(errp, "no request '%s': one of shutdown, force, restart, "
                   "hibernate", value);
        return;
    }
    hv_util_request(u, &msg, sizeof(msg), errp);
}

static const VMStateDescription vmstate_shutdown = {
    .name = TYPE_HV_SHUTDOWN,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT(parent, HvShutdown, 0, vmstate_hv_util, HvUtil),
        VMSTATE_END_OF_LIST()
    }
};

static const HvIcVersion shutdown_versions[] = {
    { 1, 0 }, { 3, 0 }, { 3, 1 }, { 3, 2 }, { }
};

static void shutdown_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VMBusDeviceClass *vdc = VMBUS_DEVICE_CLASS(klass);
    HvUtilClass *uc = HV_UTIL_CLASS(klass);

    dc->desc = "Hyper-V guest shutdown";
    dc->vmsd = &vmstate_shutdown;
    qemu_uuid_parse("0e0b6031-5213-4934-818b-38d90ced39db", &vdc->classid);
    qemu_uuid_parse("b6650ff7-33bc-4840-8048-e0676786f393", &vdc->instanceid);
    uc->type = HV_IC_SHUTDOWN;
    uc->versions = shutdown_versions;
    object_class_property_add_str(klass, "request", NULL,
                                  shutdown_set_request);
    object_class_property_set_description(klass, "request",
        "ask the guest to shutdown, force, restart or hibernate");
}

static const TypeInfo shutdown_types[] = {
    {
        .name = TYPE_HV_SHUTDOWN,
        .parent = TYPE_HV_UTIL,
        .instance_size = sizeof(HvShutdown),
        .class_init = shutdown_class_init,
    },
};

DEFINE_TYPES(shutdown_types)
