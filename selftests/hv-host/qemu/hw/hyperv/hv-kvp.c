/*
 * Hyper-V integration service: key/value pair exchange
 *
 * The host reads and writes strings kept by a daemon in the guest, and asks
 * for the guest's network configuration.  There is no policy here: a request
 * is a property that is written, its answer a property that is read.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qapi/error.h"
#include "hw/hyperv/hv-util.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"

#define TYPE_HV_KVP "hv-kvp"
OBJECT_DECLARE_SIMPLE_TYPE(HvKvp, HV_KVP)

/*
 * Layouts and numbers: OpenVMM's hyperv_ic_protocol::kvp; those that Linux
 * has, too, are in include/uapi/linux/hyperv.h.  Strings are UTF-16, their
 * sizes in bytes and with the terminating zero.
 */
#define KVP_KEY_MAX     512
#define KVP_VALUE_MAX   2048
#define KVP_POOLS       5

enum {
    KVP_GET,
    KVP_SET,
    KVP_DELETE,
    KVP_ENUMERATE,
    KVP_GET_IP_INFO,
};

static const char *const kvp_operations[] = {
    [KVP_GET] = "get",
    [KVP_SET] = "set",
    [KVP_DELETE] = "delete",
    [KVP_ENUMERATE] = "enumerate",
    [KVP_GET_IP_INFO] = "get-ip",
};

#define KVP_REG_SZ      1
#define KVP_REG_U32     4
#define KVP_REG_U64     8

typedef struct QEMU_PACKED KvpHeader {
    uint8_t operation;
    uint8_t pool;
    uint16_t pad;
} KvpHeader;

typedef struct QEMU_PACKED KvpValue {
    uint32_t type;
    uint32_t key_size;
    uint32_t value_size;
    uint8_t key[KVP_KEY_MAX];
    uint8_t value[KVP_VALUE_MAX];
} KvpValue;

typedef struct QEMU_PACKED KvpDelete {
    uint32_t key_size;
    uint8_t key[KVP_KEY_MAX];
} KvpDelete;

typedef struct QEMU_PACKED KvpEnumerate {
    uint32_t index;
    KvpValue value;
} KvpEnumerate;

/* follows operation and pool without a pad, unlike the others */
typedef struct QEMU_PACKED KvpIpInfo {
    uint8_t adapter[256];
    uint8_t family;         /* 1 IPv4, 2 IPv6, or both */
    uint8_t dhcp;
    uint8_t address[2048];
    uint8_t netmask[2048];
    uint8_t gateway[1024];
    uint8_t dns[2048];
} KvpIpInfo;

typedef struct QEMU_PACKED KvpMessage {
    KvpHeader header;
    union {
        KvpValue value;
        KvpDelete delete;
        KvpEnumerate enumerate;
    } QEMU_PACKED;
} KvpMessage;

typedef struct QEMU_PACKED KvpIpMessage {
    uint8_t operation;
    uint8_t pool;
    KvpIpInfo ip;
} KvpIpMessage;

struct HvKvp {
    HvUtil parent;

    uint8_t operation;
    char *response;
};

/* Put @s as UTF-16 into @buf; return its size in bytes, 0 if it is too long. */
static uint32_t put_string(uint8_t *buf, size_t max, const char *s)
{
    glong n = 0;
    g_autofree gunichar2 *w = g_utf8_to_utf16(s, -1, NULL, &n, NULL);
    glong i;

    if (!w || (n + 1) * 2 > max) {
        return 0;
    }
    for (i = 0; i <= n; i++) {
        stw_le_p(buf + i * 2, w[i]);
    }
    return (n + 1) * 2;
}

/* The string of at most @size bytes at @buf, never NULL.  To be freed. */
static char *get_string(const uint8_t *buf, size_t max, uint32_t size)
{
    size_t n = MIN(max, size) / 2, i;
    g_autofree gunichar2 *w = g_new0(gunichar2, n + 1);
    char *s;

    for (i = 0; i < n; i++) {
        w[i] = lduw_le_p(buf + i * 2);
    }
    s = g_utf16_to_utf8(w, -1, NULL, NULL, NULL);
    return s ?: g_strdup("(not UTF-16)");
}

static char *get_value(const KvpValue *v)
{
    switch (le32_to_cpu(v->type)) {
    case KVP_REG_U32:
        return g_strdup_printf("%u", ldl_le_p(v->value));
    case KVP_REG_U64:
        return g_strdup_printf("%" PRIu64, ldq_le_p(v->value));
    default:
        return get_string(v->value, sizeof(v->value),
                          le32_to_cpu(v->value_size));
    }
}

static char *describe_value(const KvpValue *v)
{
    g_autofree char *key = get_string(v->key, sizeof(v->key),
                                      le32_to_cpu(v->key_size));
    g_autofree char *value = get_value(v);

    return g_strdup_printf("%s=%s", key, value);
}

static char *describe_ip(const KvpIpInfo *ip)
{
    g_autofree char *address = get_string(ip->address, sizeof(ip->address),
                                          sizeof(ip->address));
    g_autofree char *netmask = get_string(ip->netmask, sizeof(ip->netmask),
                                          sizeof(ip->netmask));
    g_autofree char *gateway = get_string(ip->gateway, sizeof(ip->gateway),
                                          sizeof(ip->gateway));
    g_autofree char *dns = get_string(ip->dns, sizeof(ip->dns),
                                      sizeof(ip->dns));

    return g_strdup_printf("family=%u dhcp=%u address=%s netmask=%s "
                           "gateway=%s dns=%s", ip->family, ip->dhcp, address,
                           netmask, gateway, dns);
}

static void kvp_response(HvUtil *u, uint32_t status, const void *data,
                         uint32_t len)
{
    HvKvp *k = HV_KVP(u);
    const KvpMessage *msg = data;
    const KvpIpMessage *ip = data;
    g_autofree char *what = NULL;

    if (status != HV_IC_S_OK) {
        what = g_strdup("");
    } else if (k->operation == KVP_ENUMERATE &&
               len >= sizeof(KvpHeader) + sizeof(KvpEnumerate)) {
        what = describe_value(&msg->enumerate.value);
    } else if (k->operation == KVP_GET &&
               len >= sizeof(KvpHeader) + sizeof(KvpValue)) {
        what = describe_value(&msg->value);
    } else if (k->operation == KVP_GET_IP_INFO && len >= sizeof(*ip)) {
        what = describe_ip(&ip->ip);
    }
    g_free(k->response);
    k->response = g_strdup_printf("%s 0x%08x %s", kvp_operations[k->operation],
                                  status, what ?: "");
}

static bool fill_ip(KvpIpMessage *m, const char *adapter, Error **errp)
{
    m->operation = KVP_GET_IP_INFO;
    m->ip.family = 3;
    if (!put_string(m->ip.adapter, sizeof(m->ip.adapter), adapter)) {
        error_setg(errp, "adapter id is too long");
        return false;
    }
    return true;
}

/* OPERATION POOL KEY [VALUE], "enumerate" POOL INDEX, "get-ip" 0 ADAPTER */
static void kvp_set_request(Object *obj, const char *text, Error **errp)
{
    HvKvp *k = HV_KVP(obj);
    g_auto(GStrv) word = g_strsplit(text, " ", 4);
    guint words = g_strv_length(word);
    g_autofree KvpMessage *msg = g_new0(KvpMessage, 1);
    g_autofree KvpIpMessage *ip = g_new0(KvpIpMessage, 1);
    const void *data = msg;
    uint32_t len = sizeof(KvpHeader) + sizeof(KvpValue);
    unsigned pool, index;
    int op = 0;

    while (op < ARRAY_SIZE(kvp_operations) &&
           (!words || strcmp(word[0], kvp_operations[op]))) {
        op++;
    }
    if (op == ARRAY_SIZE(kvp_operations) || words != (op == KVP_SET ? 4 : 3) ||
        qemu_strtoui(word[1], NULL, 0, &pool) || pool >= KVP_POOLS) {
        error_setg(errp, "a request is 'get|delete POOL KEY', "
                   "'set POOL KEY VALUE', 'enumerate POOL INDEX' or "
                   "'get-ip 0 ADAPTER'; pools are 0 to %d", KVP_POOLS - 1);
        return;
    }
    msg->header.operation = op;
    msg->header.pool = pool;

    switch (op) {
    case KVP_GET_IP_INFO:
        if (!fill_ip(ip, word[2], errp)) {
            return;
        }
        data = ip;
        len = sizeof(*ip);
        break;
    case KVP_ENUMERATE:
        if (qemu_strtoui(word[2], NULL, 0, &index)) {
            error_setg(errp, "'%s' is no index", word[2]);
            return;
        }
        msg->enumerate.index = cpu_to_le32(index);
        len = sizeof(KvpHeader) + sizeof(KvpEnumerate);
        break;
    case KVP_DELETE:
        msg->delete.key_size = cpu_to_le32(put_string(msg->delete.key,
                                                      KVP_KEY_MAX, word[2]));
        len = sizeof(KvpHeader) + sizeof(KvpDelete);
        if (!msg->delete.key_size) {
            error_setg(errp, "key is too long");
            return;
        }
        break;
    default:
        msg->value.type = cpu_to_le32(KVP_REG_SZ);
        msg->value.key_size = cpu_to_le32(put_string(msg->value.key,
                                                     KVP_KEY_MAX, word[2]));
        if (op == KVP_SET) {
            msg->value.value_size =
                cpu_to_le32(put_string(msg->value.value, KVP_VALUE_MAX,
                                       word[3]));
        }
        if (!msg->value.key_size || (op == KVP_SET && !msg->value.value_size)) {
            error_setg(errp, "key or value is too long");
            return;
        }
    }
    if (hv_util_request(&k->parent, data, len, errp)) {
        k->operation = op;
        g_clear_pointer(&k->response, g_free);
    }
}

static char *kvp_get_response(Object *obj, Error **errp)
{
    return g_strdup(HV_KVP(obj)->response ?: "");
}

static void kvp_instance_finalize(Object *obj)
{
    g_free(HV_KVP(obj)->response);
}

static const VMStateDescription vmstate_kvp = {
    .name = TYPE_HV_KVP,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT(parent, HvKvp, 0, vmstate_hv_util, HvUtil),
        VMSTATE_UINT8(operation, HvKvp),
        VMSTATE_END_OF_LIST()
    }
};

static const HvIcVersion kvp_versions[] = {
    { 3, 0 }, { 4, 0 }, { 5, 0 }, { }
};

static void kvp_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VMBusDeviceClass *vdc = VMBUS_DEVICE_CLASS(klass);
    HvUtilClass *uc = HV_UTIL_CLASS(klass);

    dc->desc = "Hyper-V key/value pair exchange";
    dc->vmsd = &vmstate_kvp;
    qemu_uuid_parse("a9a0f4e7-5a45-4d96-b827-8a841e8c03e6", &vdc->classid);
    qemu_uuid_parse("242ff919-07db-4180-9c2e-b86cb68c8c55", &vdc->instanceid);
    uc->type = HV_IC_KVP;
    uc->versions = kvp_versions;
    uc->response = kvp_response;
    object_class_property_add_str(klass, "request", NULL, kvp_set_request);
    object_class_property_set_description(klass, "request",
        "OPERATION POOL KEY [VALUE]");
    object_class_property_add_str(klass, "response", kvp_get_response, NULL);
    object_class_property_set_description(klass, "response",
        "OPERATION STATUS [KEY=VALUE], empty until the guest has answered");
}

static const TypeInfo kvp_types[] = {
    {
        .name = TYPE_HV_KVP,
        .parent = TYPE_HV_UTIL,
        .instance_size = sizeof(HvKvp),
        .instance_finalize = kvp_instance_finalize,
        .class_init = kvp_class_init,
    },
};

DEFINE_TYPES(kvp_types)
