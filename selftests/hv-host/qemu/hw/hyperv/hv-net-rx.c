/*
 * Hyper-V synthetic network adapter: frames to the guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A frame goes into a section of the receive buffer as an RNDIS message; a
 * VMBus packet names one section or more.  The guest gives all sections of a
 * packet back when it completes that.
 *
 * With RSC, segments of a TCP stream that arrive together become one large
 * packet, cut into fragments of a section each, in one VMBus packet.  Segments
 * wait for more of them no longer than until the main loop is idle.
 */

#include "qemu/osdep.h"
#include "qemu/iov.h"
#include "qemu/units.h"
#include "net/eth.h"
#include "hv-net.h"

/* the value Windows' netvsc of recent versions does not use, per OpenVMM */
#define SECTION_FOOTER  36

#define TCP_FLAG_PSH    0x08
#define TCP_FLAG_ACK    0x10

/* an RNDIS packet message with all the information we ever send */
typedef struct QEMU_PACKED RxHeader {
    RndisHeader header;
    RndisPacket packet;
    RndisPpi32 ppi[4];
} RxHeader;

QEMU_BUILD_BUG_ON(sizeof(RxHeader) + SECTION_FOOTER > HV_NET_SECTION_OVERHEAD);

static uint32_t channel_index(HvNet *s, HvNetChannel *c)
{
    return c - s->channels;
}

bool hv_net_rx_init(HvNet *s, uint32_t size)
{
    uint32_t i;

    s->section_size = s->mtu + HV_NET_SECTION_OVERHEAD;
    s->sections = size / s->section_size;
    if (!s->sections) {
        return false;
    }
    s->free_sections = g_new(uint32_t, s->sections);
    s->next = g_new(uint32_t, s->sections);
    s->owner = g_new0(uint8_t, s->sections);
    s->free_count = s->sections;
    for (i = 0; i < s->sections; i++) {
        s->free_sections[i] = s->sections - 1 - i;
    }
    return true;
}

void hv_net_rx_cleanup(HvNet *s)
{
    uint32_t i;

    for (i = 0; i < s->max_channels; i++) {
        s->channels[i].desc->count = 0;
        s->channels[i].rsc.len = 0;
    }
    g_clear_pointer(&s->free_sections, g_free);
    g_clear_pointer(&s->next, g_free);
    g_clear_pointer(&s->owner, g_free);
    s->free_count = s->sections = 0;
}

static void free_chain(HvNet *s, uint32_t section)
{
    while (section != NO_SECTION) {
        assert(s->free_count < s->sections);
        s->free_sections[s->free_count++] = section;
        section = s->next[section];
    }
}

void hv_net_rx_complete(HvNet *s, HvNetChannel *c, uint64_t id)
{
    uint64_t section = id - 1;

    if (section >= s->sections ||
        s->owner[section] != channel_index(s, c) + 1) {
        return;                 /* not a packet of ours, or completed before */
    }
    s->owner[section] = 0;
    free_chain(s, section);
}

void hv_net_rx_close(HvNet *s, HvNetChannel *c)
{
    uint32_t i;

    if (c->desc->count) {
        free_chain(s, c->first_section);
        c->desc->count = 0;
    }
    for (i = 0; i < s->sections; i++) {
        if (s->owner[i] == channel_index(s, c) + 1) {
            s->owner[i] = 0;
            free_chain(s, i);
        }
    }
    c->rsc.len = 0;
    g_clear_pointer(&c->rsc.buf, g_free);
}

/* Write an RNDIS message to a new section at the end of the chain in @desc. */
static bool add_section(HvNet *s, HvNetChannel *c, NvspTransfer *desc,
                        const struct iovec *iov, int iov_cnt)
{
    uint32_t section, len = iov_size(iov, iov_cnt);

    assert(len <= s->section_size && s->free_count);
    section = s->free_sections[s->free_count - 1];
    if (vmbus_iov_to_gpadl(c->chan, s->recv_gpadl, section * s->section_size,
                           iov, iov_cnt) < 0) {
        return false;
    }
    s->free_count--;
    s->next[section] = NO_SECTION;
    if (desc->count) {
        s->next[c->last_section] = section;
    } else {
        c->first_section = section;
    }
    c->last_section = section;
    desc->ranges[desc->count++] = (NvspRange) {
        .len = len,
        .offset = section * s->section_size,
    };
    return true;
}

/*
 * Send the VMBus packet in @desc, whose sections begin with @first.  If there
 * is no room for it, return false: the guest tells when there is.
 */
static bool send_desc(HvNet *s, HvNetChannel *c, NvspTransfer *desc,
                      uint32_t first, uint32_t channel_type)
{
    uint32_t desc_len = sizeof(*desc) + desc->count * sizeof(desc->ranges[0]);
    NvspMessage msg = {
        .type = NVSP_MSG1_SEND_RNDIS_PACKET,
        .rndis.channel_type = channel_type,
        .rndis.send_section = NVSP_NO_SECTION,
    };

    if (vmbus_channel_reserve(c->chan, desc_len, hv_net_msg_size(s))) {
        return false;
    }
    desc->buffer_id = s->recv_id;
    s->owner[first] = channel_index(s, c) + 1;
    if (vmbus_channel_send(c->chan, VMBUS_PACKET_DATA_USING_XFER_PAGES, desc,
                           desc_len, &msg, hv_net_msg_size(s), true,
                           (uint64_t)first + 1) < 0) {
        s->owner[first] = 0;
        free_chain(s, first);
    }
    /* what failed to get room before this did may get it now */
    if (c->comp_waits) {
        vmbus_channel_notify_host(c->chan);
    }
    return true;
}

static bool flush_desc(HvNet *s, HvNetChannel *c)
{
    if (c->desc->count) {
        if (!send_desc(s, c, c->desc, c->first_section, NVSP_CHANNEL_DATA)) {
            return false;
        }
        c->desc->count = 0;
    }
    return true;
}

static uint32_t set_ppi(RxHeader *h, uint32_t n, uint32_t type, uint32_t value)
{
    h->ppi[n] = (RndisPpi32) {
        .ppi.size = sizeof(h->ppi[n]),
        .ppi.type = type,
        .ppi.offset = sizeof(h->ppi[n].ppi),
        .value = value,
    };
    return n + 1;
}

/* Put @p into the channel's VMBus packet; false if there is no room for it. */
static bool add_packet(HvNet *s, HvNetChannel *c, const HvNetRxPacket *p)
{
    uint32_t fragments = DIV_ROUND_UP(p->len, s->mtu);
    uint32_t i, off = 0;

    if (s->free_count < fragments ||
        ((c->desc->count >= s->rx_batch || fragments > 1) &&
         !flush_desc(s, c))) {
        return false;
    }
    for (i = 0; i < fragments; i++) {
        uint32_t n = 0, len = MIN(p->len - off, s->mtu);
        RxHeader h;
        struct iovec iov[] = { { &h, 0 }, { p->buf + off, len } };

        if (fragments > 1) {
            n = set_ppi(&h, n, RNDIS_PPI_PACKET_ID,
                        PPI_ID_V1 | PPI_ID_FRAGMENT | (i ? 0 : PPI_ID_FIRST) |
                        (i + 1 < fragments ? 0 : PPI_ID_LAST));
        }
        if (p->csum) {
            n = set_ppi(&h, n, RNDIS_PPI_CHECKSUM, p->csum);
        }
        if (p->has_hash) {
            n = set_ppi(&h, n, RNDIS_PPI_HASH, p->hash);
        }
        if (p->has_vlan) {
            n = set_ppi(&h, n, RNDIS_PPI_8021Q,
                        PPI_8021Q_FROM_TCI(p->vlan_tci));
        }
        iov[0].iov_len = offsetof(RxHeader, ppi) + n * sizeof(h.ppi[0]);
        h.header = (RndisHeader) {
            .type = RNDIS_MSG_PACKET,
            .len = iov[0].iov_len + len,
        };
        h.packet = (RndisPacket) {
            .data_offset = iov[0].iov_len - RNDIS_HEADER_SIZE,
            .data_len = len,
            .ppi_offset = n ? sizeof(h.packet) : 0,
            .ppi_len = n * sizeof(h.ppi[0]),
        };
        if (!add_section(s, c, c->desc, iov, 2)) {
            /* the guest has taken its memory away: nothing to be done */
            free_chain(s, c->desc->count ? c->first_section : NO_SECTION);
            c->desc->count = 0;
            return true;
        }
        off += len;
    }
    s->rx_frames++;
    if (c->desc->count < s->rx_batch) {
        qemu_bh_schedule(s->rx_bh);
        return true;
    }
    flush_desc(s, c);           /* if not now, the guest tells when */
    return true;
}

/* --- receive segment coalescing --- */

static uint32_t segment_seq(const uint8_t *buf, const HvNetFrame *f)
{
    return ldl_be_p(buf + f->l4 + 4);
}

/* Only plain segments with data; options: none, or an aligned timestamp. */
static bool rsc_wants(HvNet *s, const uint8_t *buf, const HvNetFrame *f)
{
    uint32_t hdr = f->payload - f->l4;

    if (f->proto != IPPROTO_TCP || !f->ip_ok || f->payload == f->end ||
        !(f->version == 4 ? s->offload.rsc4 : s->offload.rsc6) ||
        f->l4 - f->l3 != (f->version == 4 ? 20 : 40)) {
        return false;
    }
    if ((buf[f->l4 + 13] & ~TCP_FLAG_PSH) != TCP_FLAG_ACK) {
        return false;
    }
    return hdr == 20 || (hdr == 32 && ldl_be_p(buf + f->l4 + 20) == 0x0101080a);
}

static bool rsc_emit(HvNet *s, HvNetChannel *c)
{
    if (!c->rsc.len) {
        return true;
    }
    hv_net_fix_ip_checksum(c->rsc.buf, &c->rsc_frame);
    if (c->rsc_segments > 1) {
        c->rsc.csum |= PPI_RXCSUM_TCP_INVALID;
    }
    if (!add_packet(s, c, &c->rsc)) {
        return false;
    }
    c->rsc.len = 0;
    return true;
}

/* Does the segment continue what is there? */
static bool rsc_matches(HvNet *s, HvNetChannel *c, const HvNetRxPacket *p,
                        const HvNetFrame *f)
{
    const uint8_t *a = c->rsc.buf, *b = p->buf;
    const HvNetFrame *g = &c->rsc_frame;
    uint32_t len = c->rsc.len + f->end - f->payload;

    return c->rsc.len && g->version == f->version && g->payload == f->payload &&
           segment_seq(b, f) == c->rsc_next_seq && c->rsc.csum == p->csum &&
           c->rsc.has_vlan == p->has_vlan && c->rsc.vlan_tci == p->vlan_tci &&
           len - f->l3 <= 0xffff &&
           DIV_ROUND_UP(len, s->mtu) <= NVSP_MAX_RSC_FRAGMENTS &&
           !memcmp(a, b, ETH_HLEN) &&
           (f->version == 4 ?
            /* type of service, flags, time to live, addresses */
            a[f->l3 + 1] == b[f->l3 + 1] && a[f->l3 + 6] == b[f->l3 + 6] &&
            a[f->l3 + 8] == b[f->l3 + 8] &&
            !memcmp(a + f->l3 + 12, b + f->l3 + 12, 8) :
            /* traffic class, flow label, hop limit, addresses */
            !memcmp(a + f->l3, b + f->l3, 4) &&
            !memcmp(a + f->l3 + 7, b + f->l3 + 7, 33)) &&
           !memcmp(a + f->l4, b + f->l4, 4);
}

/*
 * Take the segment @p.  Return false if something before it is in the way and
 * does not get out of it.
 */
static bool rsc_add(HvNet *s, HvNetChannel *c, const HvNetRxPacket *p,
                    const HvNetFrame *f)
{
    uint32_t data = f->end - f->payload;
    HvNetFrame *g = &c->rsc_frame;

    if (rsc_matches(s, c, p, f)) {
        uint8_t *a = c->rsc.buf;

        memcpy(a + c->rsc.len, p->buf + f->payload, data);
        c->rsc.len += data;
        g->end += data;
        if (f->version == 4) {
            stw_be_p(a + g->l3 + 2, g->end - g->l3);
        } else {
            stw_be_p(a + g->l3 + 4, g->end - g->l3 - 40);
        }
        /* acknowledgment, window and timestamps of the latest; any PSH */
        memcpy(a + g->l4 + 8, p->buf + f->l4 + 8, 4);
        a[g->l4 + 13] |= p->buf[f->l4 + 13];
        memcpy(a + g->l4 + 14, p->buf + f->l4 + 14, 2);
        memcpy(a + g->l4 + 20, p->buf + f->l4 + 20, f->payload - f->l4 - 20);
        c->rsc_segments++;
    } else {
        uint8_t *buf = c->rsc.buf;

        if (!rsc_emit(s, c)) {
            return false;
        }
        if (!buf) {
            buf = g_malloc(ETH_HLEN + 0x10000);
        }
        c->rsc = *p;
        c->rsc.buf = memcpy(buf, p->buf, f->end);
        c->rsc.len = f->end;
        *g = *f;
        c->rsc_segments = 1;
    }
    c->rsc_next_seq = segment_seq(p->buf, f) + data;
    if (p->buf[f->l4 + 13] & TCP_FLAG_PSH) {
        rsc_emit(s, c);         /* if not now, then with the next */
    }
    qemu_bh_schedule(s->rx_bh);
    return true;
}

bool hv_net_rx_idle(HvNet *s)
{
    uint32_t i;

    for (i = 0; i < s->max_channels; i++) {
        if (s->channels[i].rsc.len) {
            return false;
        }
    }
    return s->free_count == s->sections && g_queue_is_empty(s->control);
}

bool hv_net_rx_flush(HvNet *s, HvNetChannel *c)
{
    return flush_desc(s, c) && rsc_emit(s, c) && flush_desc(s, c);
}

void hv_net_rx_bh(void *opaque)
{
    HvNet *s = opaque;
    uint32_t i;

    for (i = 0; i < s->max_channels && s->operational; i++) {
        if (s->channels[i].open) {
            hv_net_rx_flush(s, &s->channels[i]);
        }
    }
}

void hv_net_rx_flush_control(HvNet *s)
{
    HvNetChannel *c = &s->channels[0];
    GBytes *msg;

    while (s->recv_gpadl && s->free_count && c->open &&
           (msg = g_queue_peek_head(s->control))) {
        uint8_t room[sizeof(NvspTransfer) + sizeof(NvspRange)] = { 0 };
        NvspTransfer *desc = (NvspTransfer *)room;
        uint32_t first = c->first_section, last = c->last_section;
        size_t len;
        struct iovec iov = {
            .iov_base = (void *)g_bytes_get_data(msg, &len),
        };
        bool sent;

        iov.iov_len = len;
        if (len > s->section_size - SECTION_FOOTER ||
            !add_section(s, c, desc, &iov, 1)) {
            g_bytes_unref(g_queue_pop_head(s->control));
            continue;
        }
        sent = send_desc(s, c, desc, c->first_section, NVSP_CHANNEL_CONTROL);
        if (sent) {
            g_bytes_unref(g_queue_pop_head(s->control));
        } else {
            free_chain(s, c->first_section);
        }
        c->first_section = first;
        c->last_section = last;
        if (!sent) {
            return;
        }
    }
}

/* --- the backend's side --- */

static bool filter_matches(HvNet *s, const uint8_t *dst)
{
    uint32_t i;

    if (s->filter & NDIS_FILTER_PROMISCUOUS) {
        return true;
    }
    if (!(dst[0] & 1)) {
        return (s->filter & NDIS_FILTER_DIRECTED) &&
               !memcmp(dst, s->mac, ETH_ALEN);
    }
    if (is_broadcast_ether_addr(dst)) {
        return s->filter & NDIS_FILTER_BROADCAST;
    }
    if (s->filter & NDIS_FILTER_ALL_MULTICAST) {
        return true;
    }
    if (s->filter & NDIS_FILTER_MULTICAST) {
        for (i = 0; i < s->multicast_count; i++) {
            if (!memcmp(dst, s->multicast[i], ETH_ALEN)) {
                return true;
            }
        }
    }
    return false;
}

/* RNDIS_PPI_CHECKSUM of a frame, as far as the guest wants it checked */
static uint32_t rx_checksum(HvNet *s, const uint8_t *buf, const HvNetFrame *f)
{
    const HvNetOffload *o = &s->offload;
    uint32_t csum = 0;

    if (f->version == 4 && o->ip4_rx) {
        csum |= f->ip_ok ? PPI_RXCSUM_IP_OK : PPI_RXCSUM_IP_FAILED;
    }
    if (f->proto == IPPROTO_TCP &&
        (f->version == 4 ? o->tcp4_rx : o->tcp6_rx)) {
        csum |= hv_net_l4_checksum_ok(buf, f) ? PPI_RXCSUM_TCP_OK
                                              : PPI_RXCSUM_TCP_FAILED;
    } else if (f->proto == IPPROTO_UDP && lduw_be_p(buf + f->l4 + 6) &&
               (f->version == 4 ? o->udp4_rx : o->udp6_rx)) {
        csum |= hv_net_l4_checksum_ok(buf, f) ? PPI_RXCSUM_UDP_OK
                                              : PPI_RXCSUM_UDP_FAILED;
    }
    return csum;
}

bool hv_net_can_receive(NetClientState *nc)
{
    return true;                /* what the guest is not ready for is dropped */
}

ssize_t hv_net_receive(NetClientState *nc, const uint8_t *buf, size_t size)
{
    HvNet *s = qemu_get_nic_opaque(nc);
    uint8_t copy[HV_NET_MAX_FRAME];
    HvNetRxPacket p = { .buf = (uint8_t *)buf, .len = size };
    HvNetChannel *c = &s->channels[0];
    HvNetFrame f;
    bool taken;

    if (!s->operational || s->leaving || !c->open || !s->recv_gpadl ||
        size < ETH_HLEN ||
        !filter_matches(s, buf)) {
        return size;
    }
    if ((s->capabilities & NVSP_CAP_8021Q) && size >= ETH_HLEN + 4 &&
        lduw_be_p(buf + 12) == ETH_P_VLAN && size - 4 <= sizeof(copy)) {
        memcpy(copy, buf, 12);
        memcpy(copy + 12, buf + 16, size - 16);
        p.has_vlan = true;
        p.vlan_tci = lduw_be_p(buf + 14);
        p.buf = copy;
        p.len = size - 4;
    }
    if (p.len > s->mtu) {
        return size;
    }

    hv_net_parse(p.buf, p.len, false, &f);
    p.csum = rx_checksum(s, p.buf, &f);
    p.has_hash = hv_net_hash(p.buf, &f, s->hash_info, s->key, &p.hash);
    if (p.has_hash) {
        uint16_t idx = s->table[p.hash % NDIS_RSS_TABLE_SIZE];

        if (s->channels[idx].open) {
            c = &s->channels[idx];
        }
    }

    if ((p.csum & PPI_RXCSUM_TCP_OK) && rsc_wants(s, p.buf, &f)) {
        taken = rsc_add(s, c, &p, &f);
    } else {
        taken = rsc_emit(s, c) && add_packet(s, c, &p);
    }
    if (!taken) {
        s->rx_no_buffer++;
        s->rx_waits = true;
        return 0;               /* again when the guest has completed some */
    }
    return size;
}
