/*
 * VMBus fault engine: fields of the control messages, and named scenarios
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "vmbus-fault-internal.h"

#define CONTROL(message, type, name, st, field) \
    { message, name, VMBUS_KIND_CONTROL, type, offsetof(st, field), \
      sizeof_field(st, field) }

static const VMBusFieldDesc control_fields[] = {
    { "control", "type", VMBUS_KIND_CONTROL, ~0, 0, 4 },
#define OFFER(name, field) \
    CONTROL("offer", VMBUS_MSG_OFFERCHANNEL, name, \
            vmbus_message_offer_channel, field)
    OFFER("channel-flags", channel_flags),
    OFFER("mmio", mmio_size_mb),
    OFFER("sub-channel-index", sub_channel_index),
    OFFER("relid", child_relid),
    OFFER("monitor-id", monitor_id),
    OFFER("monitor-flags", monitor_flags),
    OFFER("interrupt-flags", interrupt_flags),
    OFFER("connection-id", connection_id),
    CONTROL("rescind", VMBUS_MSG_RESCIND_CHANNELOFFER, "relid",
            vmbus_message_rescind_channel_offer, child_relid),
    CONTROL("open-result", VMBUS_MSG_OPENCHANNEL_RESULT, "relid",
            vmbus_message_open_result, child_relid),
    CONTROL("open-result", VMBUS_MSG_OPENCHANNEL_RESULT, "open-id",
            vmbus_message_open_result, open_id),
    CONTROL("open-result", VMBUS_MSG_OPENCHANNEL_RESULT, "status",
            vmbus_message_open_result, status),
    CONTROL("gpadl-created", VMBUS_MSG_GPADL_CREATED, "relid",
            vmbus_message_gpadl_created, child_relid),
    CONTROL("gpadl-created", VMBUS_MSG_GPADL_CREATED, "gpadl",
            vmbus_message_gpadl_created, gpadl_id),
    CONTROL("gpadl-created", VMBUS_MSG_GPADL_CREATED, "status",
            vmbus_message_gpadl_created, status),
    CONTROL("gpadl-torndown", VMBUS_MSG_GPADL_TORNDOWN, "gpadl",
            vmbus_message_gpadl_torndown, gpadl_id),
    CONTROL("version-response", VMBUS_MSG_VERSION_RESPONSE, "supported",
            vmbus_message_version_response, version_supported),
    CONTROL("version-response", VMBUS_MSG_VERSION_RESPONSE, "status",
            vmbus_message_version_response, status),
    CONTROL("version-response", VMBUS_MSG_VERSION_RESPONSE, "connection-id",
            vmbus_message_version_response, msg_conn_id),
    CONTROL("modify-channel-response", VMBUS_MSG_MODIFYCHANNEL_RESPONSE,
            "relid", vmbus_message_modify_channel_response, child_relid),
    CONTROL("modify-channel-response", VMBUS_MSG_MODIFYCHANNEL_RESPONSE,
            "status", vmbus_message_modify_channel_response, status),
    { }
};

const VMBusFieldDesc *fault_fields(VMBusDevice *dev)
{
    return dev ? VMBUS_DEVICE_GET_CLASS(dev)->fields : control_fields;
}

/*
 * Offsets are those of the protocols, so that nothing here depends on how a
 * device model names its fields: RNDIS messages start with type and length
 * (MS-RNDIS 2.2.5), an RNDIS packet's per-packet information follows its
 * 44 byte header if there is any (2.2.14); NVSP and StorVSP messages start
 * with their type; type 108 completes a frame.
 */
static const struct {
    const char *name;
    const char *about;
    const char *rules;
} scenarios[] = {
    { "rndis-ppi-size-zero",
      "per-packet information of size 0 in a received frame",
      "dev=hv-net kind=buffer type=1 set:@44/4=0" },
    { "rndis-ppi-size-large",
      "per-packet information larger than all of it",
      "dev=hv-net kind=buffer type=1 set:@44/4=4000" },
    { "rndis-ppi-offset",
      "per-packet information whose value is behind its end",
      "dev=hv-net kind=buffer type=1 set:@52/4=4096" },
    { "rndis-data-offset",
      "frame data outside the RNDIS message",
      "dev=hv-net kind=buffer type=1 set:@8/4=0xfffffff0" },
    { "rndis-data-length",
      "frame longer than the RNDIS message",
      "dev=hv-net kind=buffer type=1 set:@12/4=0xffffff" },
    { "rndis-length",
      "RNDIS message longer than its section",
      "dev=hv-net kind=buffer type=1 set:@4/4=0x100000" },
    { "rndis-response-twice",
      "each answer to an RNDIS request comes twice",
      "dev=hv-net pkt=xfer chan=0 dup=1" },
    { "rndis-alignment",
      "packet alignment factor of 255 in the answer to the initialisation",
      "dev=hv-net kind=buffer type=0x80000002 set:@40/4=255" },
    { "rndis-silence",
      "requests of the network adapter are no longer answered",
      "dev=hv-net pkt=xfer chan=0 skip=20 drop" },
    { "net-completion-empty",
      "completion without payload",
      "dev=hv-net pkt=comp type=108 truncate=0" },
    { "net-completion-of-init",
      "completion of a frame with an id of the initialisation",
      "dev=hv-net pkt=comp type=108 set:pkt-id=1" },
    { "net-completion-short",
      "completion of 4 bytes",
      "dev=hv-net pkt=comp type=108 truncate=4" },
    { "net-completion-wrong-id",
      "completion for an id that is not in use",
      "dev=hv-net pkt=comp type=108 add:pkt-id=1000" },
    { "net-completion-twice",
      "completion twice",
      "dev=hv-net pkt=comp type=108 dup=1" },
    { "net-sections",
      "receive buffer with 2^31 sections",
      "dev=hv-net pkt=comp type=102 set:@8/4=0x80000000" },
    { "net-section-size",
      "send buffer sections of size 0",
      "dev=hv-net pkt=comp type=105 set:@8/4=0" },
    { "net-subchannels",
      "more sub-channels granted than asked for",
      "dev=hv-net pkt=comp type=133 set:@8/4=0xffff" },
    { "net-indirection-entry",
      "send indirection table that names channel 65535",
      "dev=hv-net pkt=inband type=134 set:@12/4=65535" },
    { "net-indirection-offset",
      "send indirection table behind the end of its message",
      "dev=hv-net pkt=inband type=134 set:@8/4=0x7ffffff0" },
    { "net-ranges",
      "transfer page packet with 65535 ranges in a packet of one",
      "dev=hv-net kind=desc set:@4/4=65535" },
    { "net-range-offset",
      "range outside the receive buffer",
      "dev=hv-net kind=desc set:@12/4=0x7ffffff0" },
    { "net-rescind",
      "the network adapter disappears under traffic and comes back",
      "dev=hv-net skip=200 count=1 rescind=2000" },
    { "scsi-completion-twice",
      "each completion of a command comes twice",
      "dev=hv-scsi pkt=comp skip=6 dup=1" },
    { "scsi-completion-wrong-id",
      "completion for an id that is not in use",
      "dev=hv-scsi pkt=comp skip=6 add:pkt-id=1000" },
    { "scsi-completion-short",
      "completion of 8 bytes",
      "dev=hv-scsi pkt=comp skip=6 truncate=8" },
    { "scsi-max-transfer",
      "largest transfer of 4 GiB less one byte",
      "dev=hv-scsi pkt=comp skip=2 count=1 set:@24/4=0xffffffff" },
    { "scsi-subchannels",
      "65535 sub-channels in the controller's properties",
      "dev=hv-scsi pkt=comp skip=2 count=1 set:@16/2=65535" },
    { "scsi-sense-length",
      "255 bytes of sense data",
      "dev=hv-scsi pkt=comp skip=6 set:@15/1=2 set:@21/1=255" },
    { "scsi-data-length",
      "more data transferred than was asked for",
      "dev=hv-scsi pkt=comp skip=6 set:@24/4=0xffffffff" },
    { "scsi-silence",
      "commands are no longer completed",
      "dev=hv-scsi pkt=comp skip=200 drop" },
    { "scsi-rescind",
      "the controller disappears under I/O",
      "dev=hv-scsi pkt=comp skip=200 count=1 rescind" },
    { "ic-version-count",
      "negotiation with 65535 versions in a message of a few",
      "kind=packet msg=ic-negotiate set:framework-count=65535 "
      "set:version-count=65535" },
    { "ic-short",
      "message of an integration service that ends in its header",
      "kind=packet msg=ic skip=1 truncate=20" },
    { "ic-size",
      "integration service's message size larger than the packet",
      "kind=packet msg=ic set:ic.size=0xffff" },
    { "kvp-key-size",
      "key of 4 GiB in a key/value request",
      "kind=packet msg=ic-kvp set:key-size=0xffffffff" },
    { "offer-twice",
      "each channel is offered twice",
      "dev=bus msg=offer dup=1" },
    { "offer-relid",
      "offers of a channel id the bitmap has no room for",
      "dev=bus msg=offer set:relid=0xffff" },
    { "rescind-unknown",
      "another channel id than the one to be taken back",
      "dev=bus msg=rescind set:relid=1999" },
    { "modify-silence",
      "moving a channel to another CPU is not answered",
      "dev=bus msg=modify-channel-response drop" },
    { "gpadl-unknown",
      "answer about a GPADL that there is not",
      "dev=bus msg=gpadl-created skip=1 count=1 dup=1 add:gpadl=1000" },
};

const char *fault_scenario(const char *name)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(scenarios); i++) {
        if (!strcmp(scenarios[i].name, name)) {
            return scenarios[i].rules;
        }
    }
    return NULL;
}

char *fault_scenario_list(void)
{
    GString *s = g_string_new(NULL);
    int i;

    for (i = 0; i < ARRAY_SIZE(scenarios); i++) {
        g_string_append_printf(s, "  %-26s %s\n", scenarios[i].name,
                               scenarios[i].about);
    }
    return g_string_free(s, false);
}
