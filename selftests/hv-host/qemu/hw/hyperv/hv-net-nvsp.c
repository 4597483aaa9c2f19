/*
 * Hyper-V synthetic network adapter: NVSP messages
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is answered to which message follows OpenVMM's netvsp.  Not there:
 * packet direct (version 6), and the association with a virtual function, which
 * would send NVSP_MSG4_SEND_VF_ASSOCIATION and hear NVSP_MSG4_SWITCH_DATA_PATH.
 */

#include "qemu/osdep.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "hv-net.h"

/* what a host tells as the longest chain of buffers in a packet */
#define MAX_MDL_CHAIN   34

/*
 * Bytes of a receive section that hold no frame: RNDIS headers and the end,
 * which Windows' driver spoils.  Makes 1728 for an MTU of 1500 as on Hyper-V
 * (NETVSC_RECV_SECTION_SIZE in Linux); OpenVMM has 292 and so 1806.
 */
QEMU_BUILD_BUG_ON(HV_NET_MIN_FRAME + HV_NET_SECTION_OVERHEAD != 1728);

static const struct {
    const char *name;
    uint32_t version;
} versions[] = {
    { "1", NVSP_VERSION_1 },
    { "2", NVSP_VERSION_2 },
    { "4", NVSP_VERSION_4 },
    { "5", NVSP_VERSION_5 },
    { "6", NVSP_VERSION_6 },
    { "6.1", NVSP_VERSION_61 },
};

uint32_t hv_net_max_version(HvNet *s)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(versions); i++) {
        if (!g_strcmp0(s->max_version, versions[i].name)) {
            return versions[i].version;
        }
    }
    return 0;
}

uint32_t hv_net_msg_size(HvNet *s)
{
    return s->version >= NVSP_VERSION_61 ? NVSP_MSG_SIZE_V61
                                         : NVSP_MSG_SIZE_V1;
}

static uint32_t handle_init(HvNet *s, const NvspMessage *m)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(versions); i++) {
        if (versions[i].version == m->init.version &&
            versions[i].version <= hv_net_max_version(s)) {
            s->version = versions[i].version;
            return NVSP_STATUS_SUCCESS;
        }
    }
    return NVSP_STATUS_FAILURE;
}

static void revoke_recv_buf(HvNet *s)
{
    if (s->recv_gpadl) {
        hv_net_rx_cleanup(s);
        g_clear_pointer(&s->recv_gpadl, vmbus_put_gpadl);
    }
}

static void revoke_send_buf(HvNet *s)
{
    g_clear_pointer(&s->send_gpadl, vmbus_put_gpadl);
    s->send_sections = 0;
}

void hv_net_revoke_buffers(HvNet *s)
{
    revoke_recv_buf(s);
    revoke_send_buf(s);
}

static void handle_recv_buf(HvNet *s, VMBusChannel *chan, const NvspMessage *m,
                            NvspMessage *r)
{
    r->recv_buf_complete.status = NVSP_STATUS_FAILURE;
    if (s->recv_gpadl) {
        return;
    }
    s->recv_gpadl = vmbus_get_gpadl(chan, m->send_buf.gpadl);
    if (!s->recv_gpadl) {
        return;
    }
    if (!hv_net_rx_init(s, vmbus_gpadl_len(s->recv_gpadl))) {
        g_clear_pointer(&s->recv_gpadl, vmbus_put_gpadl);
        return;
    }
    s->recv_id = m->send_buf.id;
    r->recv_buf_complete.status = NVSP_STATUS_SUCCESS;
    r->recv_buf_complete.num_sections = 1;
    r->recv_buf_complete.section_size = s->section_size;
    r->recv_buf_complete.sections = s->sections;
    r->recv_buf_complete.end_offset = s->sections * s->section_size;
}

static void handle_send_buf(HvNet *s, VMBusChannel *chan, const NvspMessage *m,
                            NvspMessage *r)
{
    r->send_buf_complete.status = NVSP_STATUS_FAILURE;
    if (s->send_gpadl) {
        return;
    }
    s->send_gpadl = vmbus_get_gpadl(chan, m->send_buf.gpadl);
    if (!s->send_gpadl) {
        return;
    }
    s->send_id = m->send_buf.id;
    s->send_sections = vmbus_gpadl_len(s->send_gpadl) / HV_NET_SEND_SECTION;
    r->send_buf_complete.status = NVSP_STATUS_SUCCESS;
    r->send_buf_complete.section_size = HV_NET_SEND_SECTION;
}

static void handle_ndis_config(HvNet *s, const NvspMessage *m)
{
    if (s->recv_gpadl) {
        return;                 /* the sections are for the MTU as it was */
    }
    s->mtu = MIN(MAX(m->ndis_config.mtu, HV_NET_MIN_FRAME), HV_NET_MAX_FRAME);
    s->capabilities = m->ndis_config.capabilities;
}

static void handle_subchannel(HvNet *s, const NvspMessage *m, NvspMessage *r)
{
    uint32_t n = m->subchannel.count;
    Error *err = NULL;

    r->subchannel_complete.status = NVSP_STATUS_FAILURE;
    if (m->subchannel.operation != NVSP_SUBCHANNEL_ALLOCATE ||
        s->version < NVSP_VERSION_5 || n >= s->max_channels) {
        return;
    }
    if (n && vmbus_device_offer_subchannels(VMBUS_DEVICE(s), n, &err)) {
        error_report_err(err);
        return;
    }
    s->subchannels = n;
    s->send_table_due = true;
    r->subchannel_complete.status = NVSP_STATUS_SUCCESS;
    r->subchannel_complete.count = n;
}

void hv_net_send_table(HvNet *s)
{
    HvNetChannel *c = &s->channels[0];
    NvspMessage m = {
        .type = NVSP_MSG5_SEND_INDIRECTION_TABLE,
        .send_table.count = NVSP_SEND_TABLE_SIZE,
        .send_table.offset = NVSP_SEND_TABLE_OFFSET,
    };
    uint32_t i;

    for (i = 1; i <= s->subchannels; i++) {
        if (!s->channels[i].open) {
            return;
        }
    }
    for (i = 0; i < NVSP_SEND_TABLE_SIZE; i++) {
        m.send_table.table[i] = i % (s->subchannels + 1);
    }
    if (vmbus_channel_reserve(c->chan, 0, sizeof(m))) {
        return;
    }
    vmbus_channel_send(c->chan, VMBUS_PACKET_DATA_INBAND, NULL, 0, &m,
                       sizeof(m), false, 0);
    s->send_table_due = false;
}

void hv_net_nvsp(HvNet *s, VMBusChanReq *req, const NvspMessage *m,
                 NvspMessage *r)
{
    bool primary = vmbus_channel_idx(req->chan) == 0;

    if (m->type == NVSP_MSG1_SEND_RNDIS_PACKET) {
        r->type = NVSP_MSG1_SEND_RNDIS_PACKET_COMPLETE;
        r->rndis_complete.status = s->recv_gpadl ? hv_net_tx(s, req, m) :
                                                   NVSP_STATUS_FAILURE;
        return;
    }
    if (!primary || (!s->version && m->type != NVSP_MSG_INIT)) {
        return;
    }

    switch (m->type) {
    case NVSP_MSG_INIT:
        r->type = NVSP_MSG_INIT_COMPLETE;
        r->init_complete.deprecated = m->init.version;
        r->init_complete.max_mdl_chain = MAX_MDL_CHAIN;
        r->init_complete.status = handle_init(s, m);
        break;
    case NVSP_MSG1_SEND_NDIS_VERSION:
        s->ndis_major = m->ndis_version.major;
        s->ndis_minor = m->ndis_version.minor;
        break;
    case NVSP_MSG1_SEND_RECV_BUF:
        r->type = NVSP_MSG1_SEND_RECV_BUF_COMPLETE;
        handle_recv_buf(s, req->chan, m, r);
        break;
    case NVSP_MSG1_REVOKE_RECV_BUF:
        revoke_recv_buf(s);
        break;
    case NVSP_MSG1_SEND_SEND_BUF:
        r->type = NVSP_MSG1_SEND_SEND_BUF_COMPLETE;
        handle_send_buf(s, req->chan, m, r);
        break;
    case NVSP_MSG1_REVOKE_SEND_BUF:
        revoke_send_buf(s);
        break;
    case NVSP_MSG2_SEND_NDIS_CONFIG:
        if (s->version >= NVSP_VERSION_2) {
            handle_ndis_config(s, m);
        }
        break;
    case NVSP_MSG5_SUBCHANNEL:
        r->type = NVSP_MSG5_SUBCHANNEL;
        handle_subchannel(s, m, r);
        break;
    default:
        break;                  /* also a switch to a VF that is not there */
    }
}
