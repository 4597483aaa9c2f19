/*
 * Hyper-V integration service: volume snapshots (VSS)
 *
 * Before the host takes a backup of the guest's disks it has the guest freeze
 * its file systems, and thaw them afterwards.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/hyperv/hv-util.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"

#define TYPE_HV_VSS "hv-vss"
OBJECT_DECLARE_SIMPLE_TYPE(HvVss, HV_VSS)

/* Operations: enum hv_vss_op in Linux's include/uapi/linux/hyperv.h */
#define VSS_HOT_BACKUP  2
#define VSS_FREEZE      5

static const struct {
    const char *name;
    uint8_t operation;
} vss_operations[] = {
    { "check", VSS_HOT_BACKUP },    /* can the guest do it at all? */
    { "info", 3 },
    { "complete", 4 },
    { "freeze", VSS_FREEZE },
    { "thaw", 6 },
};

typedef struct QEMU_PACKED HvVssMessage {
    uint8_t operation;
    uint8_t reserved[7];
    uint32_t flags;         /* in the answer to check and info */
} HvVssMessage;

struct HvVss {
    HvUtil parent;

    uint8_t operation;
    char *response;
};

static const char *vss_name(uint8_t operation)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(vss_operations); i++) {
        if (vss_operations[i].operation == operation) {
            return vss_operations[i].name;
        }
    }
    return "?";
}

static void vss_response(HvUtil *u, uint32_t status, const void *data,
                         uint32_t len)
{
    HvVss *v = HV_VSS(u);
    const HvVssMessage *msg = data;

    g_free(v->response);
    v->response = g_strdup_printf("%s 0x%08x flags=0x%x",
                                  vss_name(v->operation), status,
                                  len >= sizeof(*msg) ?
                                  le32_to_cpu(msg->flags) : 0);
}

static void vss_set_request(Object *obj, const char *text, Error **errp)
{
    HvVss *v = HV_VSS(obj);
    HvVssMessage msg = { };
    int i;

    for (i = 0; i < ARRAY_SIZE(vss_operations); i++) {
        if (!strcmp(vss_operations[i].name, text)) {
            break;
        }
    }
    if (i == ARRAY_SIZE(vss_operations)) {
        error_setg(errp, "no request '%s': one of check, info, complete, "
                   "freeze, thaw", text);
        return;
    }
    msg.operation = vss_operations[i].operation;
    if (hv_util_request(&v->parent, &msg, sizeof(msg), errp)) {
        v->operation = msg.operation;
        g_clear_pointer(&v->response, g_free);
    }
}

static char *vss_get_response(Object *obj, Error **errp)
{
    return g_strdup(HV_VSS(obj)->response ?: "");
}

static void vss_instance_finalize(Object *obj)
{
    g_free(HV_VSS(obj)->response);
}

static const VMStateDescription vmstate_vss = {
    .name = TYPE_HV_VSS,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT(parent, HvVss, 0, vmstate_hv_util, HvUtil),
        VMSTATE_UINT8(operation, HvVss),
        VMSTATE_END_OF_LIST()
    }
};

/* Freeze and thaw are in 5.0 and later. */
static const HvIcVersion vss_versions[] = { { 5, 0 }, { 6, 0 }, { 7, 0 }, { } };

static void vss_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VMBusDeviceClass *vdc = VMBUS_DEVICE_CLASS(klass);
    HvUtilClass *uc = HV_UTIL_CLASS(klass);

    dc->desc = "Hyper-V volume snapshots";
    dc->vmsd = &vmstate_vss;
    qemu_uuid_parse("35fa2e29-ea23-4236-96ae-3a6ebacba440", &vdc->classid);
    qemu_uuid_parse("2450ee40-33bf-4fbd-892e-9fb06e9214cf", &vdc->instanceid);
    uc->type = HV_IC_VSS;
    uc->versions = vss_versions;
    uc->response = vss_response;
    object_class_property_add_str(klass, "request", NULL, vss_set_request);
    object_class_property_set_description(klass, "request",
        "check, info, complete, freeze or thaw");
    object_class_property_add_str(klass, "response", vss_get_response, NULL);
    object_class_property_set_description(klass, "response",
        "OPERATION STATUS flags=FLAGS, empty until the guest has answered");
}

static const TypeInfo vss_types[] = {
    {
        .name = TYPE_HV_VSS,
        .parent = TYPE_HV_UTIL,
        .instance_size = sizeof(HvVss),
        .instance_finalize = vss_instance_finalize,
        .class_init = vss_class_init,
    },
};

DEFINE_TYPES(vss_types)
