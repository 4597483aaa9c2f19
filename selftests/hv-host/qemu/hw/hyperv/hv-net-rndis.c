/*
 * Hyper-V synthetic network adapter: RNDIS control messages
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which objects there are and what a Hyper-V switch answers follows OpenVMM's
 * netvsp (Adapter::handle_oid_query() and handle_oid_set()).
 */

#include "qemu/osdep.h"
#include "qemu/units.h"
#include "net/eth.h"
#include "hv-net.h"

/* largest answer: the friendly name, 256 characters of two bytes */
#define MAX_INFO        512

#define NAME_CHARS      255

static void queue_message(HvNet *s, uint32_t type, const void *body,
                          uint32_t body_len, const void *info,
                          uint32_t info_len)
{
    RndisHeader h = {
        .type = type,
        .len = sizeof(h) + body_len + info_len,
    };
    uint8_t *msg = g_malloc(h.len);

    memcpy(msg, &h, sizeof(h));
    memcpy(msg + sizeof(h), body, body_len);
    if (info_len) {
        memcpy(msg + sizeof(h) + body_len, info, info_len);
    }
    g_queue_push_tail(s->control, g_bytes_new_take(msg, h.len));
}

void hv_net_indicate(HvNet *s, uint32_t status, const void *buf, uint32_t len)
{
    RndisIndicate body = {
        .status = status,
        .buf_len = len,
        .buf_offset = len ? sizeof(body) : 0,
    };

    if (!s->operational) {
        return;
    }
    queue_message(s, RNDIS_MSG_INDICATE, &body, sizeof(body), buf, len);
    hv_net_kick(s);
}

void hv_net_rndis_reset(HvNet *s)
{
    GBytes *msg;

    s->operational = false;
    s->filter = 0;
    s->multicast_count = 0;
    s->offload = (HvNetOffload) { 0 };
    s->hash_info = 0;
    memcpy(s->mac, s->conf.macaddr.a, sizeof(s->mac));
    while ((msg = g_queue_pop_head(s->control))) {
        g_bytes_unref(msg);
    }
}

/* --- queries --- */

static const uint32_t supported_oids[] = {
    OID_GEN_SUPPORTED_LIST, OID_GEN_HARDWARE_STATUS, OID_GEN_MEDIA_SUPPORTED,
    OID_GEN_MEDIA_IN_USE, OID_GEN_MAXIMUM_LOOKAHEAD, OID_GEN_CURRENT_LOOKAHEAD,
    OID_GEN_MAXIMUM_FRAME_SIZE, OID_GEN_MAXIMUM_TOTAL_SIZE,
    OID_GEN_TRANSMIT_BLOCK_SIZE, OID_GEN_RECEIVE_BLOCK_SIZE, OID_GEN_LINK_SPEED,
    OID_GEN_TRANSMIT_BUFFER_SPACE, OID_GEN_RECEIVE_BUFFER_SPACE,
    OID_GEN_VENDOR_ID, OID_GEN_VENDOR_DESCRIPTION,
    OID_GEN_VENDOR_DRIVER_VERSION, OID_GEN_DRIVER_VERSION, OID_GEN_CURRENT_PACKET_FILTER, OID_GEN_MAC_OPTIONS,
    OID_GEN_MEDIA_CONNECT_STATUS, OID_GEN_MAXIMUM_SEND_PACKETS,
    OID_GEN_NETWORK_LAYER_ADDRESSES, OID_GEN_FRIENDLY_NAME, OID_GEN_XMIT_OK,
    OID_GEN_RCV_OK, OID_GEN_RCV_NO_BUFFER, OID_802_3_PERMANENT_ADDRESS,
    OID_802_3_CURRENT_ADDRESS, OID_802_3_MULTICAST_LIST,
    OID_802_3_MAXIMUM_LIST_SIZE, OID_GEN_RNDIS_CONFIG_PARAMETER,
    /* NDIS 6.0 */
    OID_GEN_LINK_STATE, OID_GEN_MAX_LINK_SPEED, OID_TCP_OFFLOAD_PARAMETERS,
    OID_OFFLOAD_ENCAPSULATION, OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES,
    OID_TCP_OFFLOAD_CURRENT_CONFIG,
    /* NDIS 6.30 */
    OID_GEN_RECEIVE_SCALE_CAPABILITIES, OID_GEN_RECEIVE_SCALE_PARAMETERS,
};

static bool ndis_630(HvNet *s)
{
    return s->ndis_major > 6 || (s->ndis_major == 6 && s->ndis_minor >= 30);
}

static bool have_rsc(HvNet *s)
{
    return s->rsc && s->version >= NVSP_VERSION_61 &&
           (s->capabilities & NVSP_CAP_RSC);
}

/* What the adapter can do or, if @current, what of it the guest has enabled */
static uint32_t get_offload(HvNet *s, bool current, uint8_t *info)
{
    HvNetOffload all = {
        true, true, true, true, true, have_rsc(s), have_rsc(s)
    };
    const HvNetOffload *o = current ? &s->offload : &all;
    NdisOffload *p = (NdisOffload *)info;

    *p = (NdisOffload) {
        .header.type = NDIS_TYPE_OFFLOAD,
        .header.revision = 1,
        .header.size = NDIS_OFFLOAD_SIZE_REV1,
    };
    if (ndis_630(s)) {
        p->header.revision = 3;
        p->header.size = NDIS_OFFLOAD_SIZE_REV3;
    } else if (s->ndis_major == 6 && s->ndis_minor >= 1) {
        p->header.revision = 2;
        p->header.size = NDIS_OFFLOAD_SIZE_REV2;
    }
    if (s->offloads) {
        p->csum.ip4_tx_encap = p->csum.ip4_rx_encap = NDIS_ENCAP_8023;
        p->csum.ip6_tx_encap = p->csum.ip6_rx_encap = NDIS_ENCAP_8023;
        p->csum.ip4_tx = 0x155;         /* all of the pairs of bits */
        p->csum.ip6_tx = 0x55;
        p->csum.ip4_rx = 0x5 | o->tcp4_rx << 4 | o->udp4_rx << 6 |
                         o->ip4_rx << 8;
        p->csum.ip6_rx = 0x5 | o->tcp6_rx << 4 | o->udp6_rx << 6;
        p->lso_v2.ip4_encap = p->lso_v2.ip6_encap = NDIS_ENCAP_8023;
        p->lso_v2.ip4_max_size = p->lso_v2.ip6_max_size = HV_NET_MAX_LSO;
        p->lso_v2.ip4_min_segments = p->lso_v2.ip6_min_segments = 2;
        p->lso_v2.ip6_flags = 0x5;
    }
    p->rsc_ip4 = o->rsc4;
    p->rsc_ip6 = o->rsc6;
    return p->header.size;
}

static uint32_t get_name(HvNet *s, uint8_t *info)
{
    glong n = 0;
    g_autofree gunichar2 *name = g_utf8_to_utf16(s->friendly_name, -1, NULL,
                                                 &n, NULL);

    memset(info, 0, (NAME_CHARS + 1) * 2);
    memcpy(info, name, MIN(n, NAME_CHARS) * 2);
    return (NAME_CHARS + 1) * 2;
}

/*
 * Write the value of @oid to @info, which is zeroed.  Return its length in
 * bytes, or 0 if the adapter does not have the object.
 */
static uint32_t get_oid(HvNet *s, uint32_t oid, uint8_t *info)
{
    bool down = qemu_get_queue(s->nic)->link_down;
    uint64_t speed = s->link_speed * 1000000ull;
    uint32_t value;

    switch (oid) {
    case OID_GEN_SUPPORTED_LIST:
        memcpy(info, supported_oids, sizeof(supported_oids));
        return sizeof(supported_oids);
    case OID_GEN_FRIENDLY_NAME:
        return get_name(s, info);
    case OID_GEN_VENDOR_DESCRIPTION:
        strcpy((char *)info, "QEMU");
        return 5;
    case OID_802_3_PERMANENT_ADDRESS:
        memcpy(info, s->conf.macaddr.a, ETH_ALEN);
        return ETH_ALEN;
    case OID_802_3_CURRENT_ADDRESS:
        memcpy(info, s->mac, ETH_ALEN);
        return ETH_ALEN;
    case OID_802_3_MULTICAST_LIST:
        memcpy(info, s->multicast, s->multicast_count * ETH_ALEN);
        return s->multicast_count * ETH_ALEN;
    case OID_GEN_LINK_STATE:
        *(NdisLinkState *)info = (NdisLinkState) {
            .header = { NDIS_TYPE_DEFAULT, 1, sizeof(NdisLinkState) },
            .connect_state = down ? 2 : 1,
            .tx_speed = speed,
            .rx_speed = speed,
        };
        return sizeof(NdisLinkState);
    case OID_GEN_MAX_LINK_SPEED:
        stq_le_p(info, speed);
        stq_le_p(info + 8, speed);
        return 16;
    case OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES:
        return get_offload(s, false, info);
    case OID_TCP_OFFLOAD_CURRENT_CONFIG:
        return get_offload(s, true, info);
    case OID_OFFLOAD_ENCAPSULATION:
        *(NdisOffloadEncapsulation *)info = (NdisOffloadEncapsulation) {
            .header = { NDIS_TYPE_OFFLOAD_ENCAPSULATION, 1,
                        sizeof(NdisOffloadEncapsulation) },
            .ip4_enabled = NDIS_OFFLOAD_ON,
            .ip4_type = NDIS_ENCAP_8023,
            .ip4_header_size = ETH_HLEN,
            .ip6_enabled = NDIS_OFFLOAD_ON,
            .ip6_type = NDIS_ENCAP_8023,
            .ip6_header_size = ETH_HLEN,
        };
        return sizeof(NdisOffloadEncapsulation);
    case OID_GEN_RECEIVE_SCALE_CAPABILITIES:
        if (!ndis_630(s)) {
            return 0;
        }
        *(NdisRssCapabilities *)info = (NdisRssCapabilities) {
            .header = { NDIS_TYPE_RSS_CAPABILITIES, 2,
                        sizeof(NdisRssCapabilities) },
            .flags = NDIS_HASH_TOEPLITZ | NDIS_RSS_CAPS_TCP_IPV4 |
                     NDIS_RSS_CAPS_TCP_IPV6,
            .interrupt_messages = 1,
            .receive_queues = s->max_channels,
            .table_entries = NDIS_RSS_TABLE_SIZE,
        };
        return sizeof(NdisRssCapabilities);
    case OID_GEN_HARDWARE_STATUS:       /* ready */
    case OID_GEN_MEDIA_SUPPORTED:       /* 802.3 */
    case OID_GEN_MEDIA_IN_USE:
        value = 0;
        break;
    case OID_GEN_MAXIMUM_LOOKAHEAD:
    case OID_GEN_CURRENT_LOOKAHEAD:
    case OID_GEN_MAXIMUM_FRAME_SIZE:
        value = s->mtu - ETH_HLEN;
        break;
    case OID_GEN_MAXIMUM_TOTAL_SIZE:
    case OID_GEN_TRANSMIT_BLOCK_SIZE:
    case OID_GEN_RECEIVE_BLOCK_SIZE:
        value = s->mtu;
        break;
    case OID_GEN_LINK_SPEED:            /* units of 100 bit/s */
        value = MIN(speed / 100, UINT32_MAX);
        break;
    case OID_GEN_TRANSMIT_BUFFER_SPACE:
    case OID_GEN_RECEIVE_BUFFER_SPACE:
        value = 256 * KiB;
        break;
    case OID_GEN_VENDOR_ID:             /* no IEEE-registered one */
        value = 0xffffff;
        break;
    case OID_GEN_VENDOR_DRIVER_VERSION:
    case OID_GEN_DRIVER_VERSION:
        stw_le_p(info, 0x0100);
        return 2;
    case OID_GEN_CURRENT_PACKET_FILTER:
        value = s->filter;
        break;
    case OID_GEN_MAC_OPTIONS:           /* copies lookahead, no pending */
        value = 0x1 | 0x4 | 0x8;        /* transfers, no loopback */
        break;
    case OID_GEN_MEDIA_CONNECT_STATUS:
        value = down;
        break;
    case OID_GEN_MAXIMUM_SEND_PACKETS:
        value = UINT32_MAX;
        break;
    case OID_802_3_MAXIMUM_LIST_SIZE:
        value = HV_NET_MAX_MULTICAST;
        break;
    case OID_GEN_XMIT_OK:
        value = s->tx_frames;
        break;
    case OID_GEN_RCV_OK:
        value = s->rx_frames;
        break;
    case OID_GEN_RCV_NO_BUFFER:
        value = s->rx_no_buffer;
        break;
    default:
        return 0;
    }
    stl_le_p(info, value);
    return sizeof(value);
}

/* --- sets; each returns an RNDIS status --- */

static void set_checksum(uint8_t value, bool *rx)
{
    if (value >= NDIS_CSUM_OFF && value <= NDIS_CSUM_TX_RX) {
        *rx = value >= NDIS_CSUM_RX;
    }
}

static void set_rsc(HvNet *s, uint8_t value, bool *rsc)
{
    if (value == NDIS_PARAM_OFF || value == NDIS_PARAM_ON) {
        *rsc = value == NDIS_PARAM_ON && have_rsc(s);
    }
}

/*
 * Only the receive side has to be remembered: in the other direction each
 * packet says what it wants.
 */
static uint32_t set_offload(HvNet *s, const uint8_t *info, uint32_t len)
{
    NdisOffloadParameters p = { 0 };

    memcpy(&p, info, MIN(len, sizeof(p)));
    if (len < NDIS_OFFLOAD_PARAMETERS_SIZE_REV1 ||
        p.header.type != NDIS_TYPE_DEFAULT || p.header.revision < 1 ||
        p.header.size < NDIS_OFFLOAD_PARAMETERS_SIZE_REV1 ||
        p.header.size > len) {
        return RNDIS_STATUS_INVALID_DATA;
    }
    if (p.lso_v1 == NDIS_PARAM_ON) {
        return RNDIS_STATUS_NOT_SUPPORTED;
    }
    if (s->offloads) {
        set_checksum(p.ip4_csum, &s->offload.ip4_rx);
        set_checksum(p.tcp4_csum, &s->offload.tcp4_rx);
        set_checksum(p.udp4_csum, &s->offload.udp4_rx);
        set_checksum(p.tcp6_csum, &s->offload.tcp6_rx);
        set_checksum(p.udp6_csum, &s->offload.udp6_rx);
    }
    set_rsc(s, p.rsc_ip4, &s->offload.rsc4);
    set_rsc(s, p.rsc_ip6, &s->offload.rsc6);
    return RNDIS_STATUS_SUCCESS;
}

static uint32_t set_rss(HvNet *s, const uint8_t *info, uint32_t len)
{
    uint16_t table[NDIS_RSS_TABLE_SIZE];
    NdisRssParameters p = { 0 };
    uint32_t i, n;

    /* the switch does not look at the object's header, so OpenVMM */
    memcpy(&p, info, MIN(len, sizeof(p)));
    if (len < offsetof(NdisRssParameters, table_size)) {
        return RNDIS_STATUS_INVALID_DATA;
    }
    if ((p.flags & NDIS_RSS_DISABLE) ||
        !(p.hash_info & NDIS_HASH_FUNCTION_MASK)) {
        s->hash_info = 0;
        return RNDIS_STATUS_SUCCESS;
    }
    if (len < sizeof(p)) {
        return RNDIS_STATUS_INVALID_DATA;
    }

    if (!(p.flags & NDIS_RSS_TABLE_UNCHANGED)) {
        n = MIN(p.table_size / 4, NDIS_RSS_TABLE_SIZE);
        if (!n || p.table_size % 4 || p.table_offset > len ||
            p.table_size > len - p.table_offset) {
            return RNDIS_STATUS_INVALID_DATA;
        }
        for (i = 0; i < NDIS_RSS_TABLE_SIZE; i++) {
            uint32_t v = ldl_le_p(info + p.table_offset + i % n * 4);

            if (v >= s->max_channels) {
                return RNDIS_STATUS_INVALID_DATA;
            }
            table[i] = v;
        }
    }
    if (!(p.flags & NDIS_RSS_KEY_UNCHANGED)) {
        if (p.key_size != NDIS_RSS_KEY_SIZE || p.key_offset > len ||
            p.key_size > len - p.key_offset) {
            return RNDIS_STATUS_INVALID_DATA;
        }
        memcpy(s->key, info + p.key_offset, NDIS_RSS_KEY_SIZE);
    }
    if (!(p.flags & NDIS_RSS_TABLE_UNCHANGED)) {
        memcpy(s->table, table, sizeof(table));
    }
    if (!(p.flags & NDIS_RSS_HASH_INFO_UNCHANGED)) {
        s->hash_info = p.hash_info;
    }
    return RNDIS_STATUS_SUCCESS;
}

static uint32_t set_multicast(HvNet *s, const uint8_t *info, uint32_t len)
{
    if (len % ETH_ALEN) {
        return RNDIS_STATUS_INVALID_LENGTH;
    }
    if (len > sizeof(s->multicast)) {
        return RNDIS_STATUS_MULTICAST_FULL;
    }
    memcpy(s->multicast, info, len);
    s->multicast_count = len / ETH_ALEN;
    return RNDIS_STATUS_SUCCESS;
}

/* UTF-16 in a message, as a string; NULL if it is not in there */
static char *get_utf16(const uint8_t *info, uint32_t len, uint32_t off,
                       uint32_t size)
{
    gunichar2 text[128];

    if (off > len || size > len - off || size % 2 || size > sizeof(text)) {
        return NULL;
    }
    memcpy(text, info + off, size);
    return g_utf16_to_utf8(text, size / 2, NULL, NULL, NULL);
}

/*
 * The parameters of an adapter in the registry of Windows; "NetworkAddress" is
 * how a guest asks for another MAC address, as twelve hexadecimal digits.
 */
static uint32_t set_config(HvNet *s, const uint8_t *info, uint32_t len)
{
    g_autofree char *name = NULL, *value = NULL;
    RndisConfigParameter p;
    uint8_t mac[ETH_ALEN];
    int i;

    if (len < sizeof(p)) {
        return RNDIS_STATUS_INVALID_DATA;
    }
    memcpy(&p, info, sizeof(p));
    name = get_utf16(info, len, p.name_offset, p.name_len);
    value = get_utf16(info, len, p.value_offset, p.value_len);
    if (!name || !value) {
        return RNDIS_STATUS_INVALID_DATA;
    }
    if (p.type != RNDIS_CONFIG_STRING || strcmp(name, "NetworkAddress")) {
        return RNDIS_STATUS_SUCCESS;
    }
    if (strlen(value) != 2 * ETH_ALEN) {
        return RNDIS_STATUS_INVALID_DATA;
    }
    for (i = 0; i < ETH_ALEN; i++) {
        int hi = g_ascii_xdigit_value(value[2 * i]);
        int lo = g_ascii_xdigit_value(value[2 * i + 1]);

        if (hi < 0 || lo < 0) {
            return RNDIS_STATUS_INVALID_DATA;
        }
        mac[i] = hi << 4 | lo;
    }
    if (is_multicast_ether_addr(mac)) {
        return RNDIS_STATUS_INVALID_DATA;
    }
    memcpy(s->mac, mac, ETH_ALEN);
    qemu_format_nic_info_str(qemu_get_queue(s->nic), s->mac);
    return RNDIS_STATUS_SUCCESS;
}

static uint32_t set_oid(HvNet *s, uint32_t oid, const uint8_t *info,
                        uint32_t len)
{
    switch (oid) {
    case OID_GEN_CURRENT_PACKET_FILTER:
        if (len < sizeof(uint32_t)) {
            return RNDIS_STATUS_INVALID_LENGTH;
        }
        s->filter = ldl_le_p(info);
        return RNDIS_STATUS_SUCCESS;
    case OID_802_3_MULTICAST_LIST:
        return set_multicast(s, info, len);
    case OID_TCP_OFFLOAD_PARAMETERS:
        return set_offload(s, info, len);
    case OID_GEN_RECEIVE_SCALE_PARAMETERS:
        return set_rss(s, info, len);
    case OID_GEN_RNDIS_CONFIG_PARAMETER:
        return set_config(s, info, len);
    case OID_OFFLOAD_ENCAPSULATION:
    case OID_GEN_NETWORK_LAYER_ADDRESSES:
        return RNDIS_STATUS_SUCCESS;
    default:
        return RNDIS_STATUS_NOT_SUPPORTED;
    }
}

/* --- messages --- */

static void handle_init(HvNet *s, uint32_t request_id)
{
    RndisInitComplete body = {
        .request_id = request_id,
        .major = 1,
        .device_flags = 1,              /* connectionless */
        .max_packets = 8,
        .max_transfer = 0xefffffff,
        .alignment = 3,
    };

    hv_net_rndis_reset(s);
    s->operational = true;
    queue_message(s, RNDIS_MSG_INIT | RNDIS_MSG_COMPLETE, &body, sizeof(body),
                  NULL, 0);
}

static void handle_query(HvNet *s, const RndisRequest *r)
{
    RndisQueryComplete body = { .request_id = r->request_id };
    uint64_t info[MAX_INFO / 8] = { 0 };

    if (r->oid == OID_802_3_MULTICAST_LIST && !s->multicast_count) {
        body.status = RNDIS_STATUS_SUCCESS;
    } else {
        body.info_len = get_oid(s, r->oid, (uint8_t *)info);
        if (!body.info_len) {
            body.status = RNDIS_STATUS_NOT_SUPPORTED;
        }
    }
    body.info_offset = sizeof(body);
    queue_message(s, RNDIS_MSG_QUERY | RNDIS_MSG_COMPLETE, &body, sizeof(body),
                  info, body.info_len);
}

static void handle_set(HvNet *s, const RndisRequest *r, const uint8_t *body,
                       uint32_t len)
{
    RndisComplete c = {
        .request_id = r->request_id,
        .status = RNDIS_STATUS_INVALID_LENGTH,
    };

    if (r->info_offset <= len && r->info_len <= len - r->info_offset) {
        c.status = set_oid(s, r->oid, body + r->info_offset, r->info_len);
    }
    queue_message(s, RNDIS_MSG_SET | RNDIS_MSG_COMPLETE, &c, sizeof(c), NULL,
                  0);
}

void hv_net_control(HvNet *s, const uint8_t *msg, uint32_t len)
{
    const uint8_t *body = msg + RNDIS_HEADER_SIZE;
    RndisResetComplete reset = { 0 };
    RndisComplete keepalive = { 0 };
    RndisRequest r = { 0 };
    RndisHeader h;

    memcpy(&h, msg, sizeof(h));
    len -= sizeof(h);
    memcpy(&r, body, MIN(len, sizeof(r)));
    if (len < sizeof(r.request_id)) {
        return;                 /* nobody could match an answer */
    }

    switch (h.type) {
    case RNDIS_MSG_INIT:
        handle_init(s, r.request_id);
        break;
    case RNDIS_MSG_HALT:
        hv_net_rndis_reset(s);
        break;
    case RNDIS_MSG_QUERY:
        handle_query(s, &r);
        break;
    case RNDIS_MSG_SET:
        handle_set(s, &r, body, len);
        break;
    case RNDIS_MSG_RESET:
        s->filter = 0;
        s->multicast_count = 0;
        reset.addressing_reset = 1;
        queue_message(s, RNDIS_MSG_RESET | RNDIS_MSG_COMPLETE, &reset,
                      sizeof(reset), NULL, 0);
        break;
    case RNDIS_MSG_KEEPALIVE:
        keepalive.request_id = r.request_id;
        queue_message(s, RNDIS_MSG_KEEPALIVE | RNDIS_MSG_COMPLETE, &keepalive,
                      sizeof(keepalive), NULL, 0);
        break;
    default:
        break;
    }
}
