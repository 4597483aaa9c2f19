/*
 * Hyper-V synthetic network adapter: RNDIS packets from the guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A packet's data may be in a section of the send buffer, in pages of the
 * guest, or begin in the one and go on in the other; it may hold several RNDIS
 * messages.  It is copied before it is looked at, so that a guest that changes
 * it meanwhile changes nothing.
 */

#include "qemu/osdep.h"
#include "qemu/units.h"
#include "net/eth.h"
#include "system/dma.h"
#include "hv-net.h"

#define TCP_FLAG_FIN    0x01
#define TCP_FLAG_PSH    0x08
#define TCP_FLAG_CWR    0x80

/* What the per-packet information of a message asks for */
typedef struct TxInfo {
    uint32_t csum;
    uint32_t lso;
    uint32_t vlan;
    bool has_vlan;
} TxInfo;

static void tx_sent(NetClientState *nc, ssize_t len)
{
    HvNet *s = qemu_get_nic_opaque(nc);

    s->tx_waits = false;
    hv_net_kick(s);
}

/*
 * Send the frame of @len bytes at @buf, of which the four bytes before it and
 * its addresses do not survive.  If the backend does not take it, QEMU queues
 * it; no more is read from the guest until it has gone.
 */
static void output(HvNet *s, uint8_t *buf, uint32_t len, const TxInfo *info)
{
    if (info->has_vlan) {
        memmove(buf - 4, buf, 2 * ETH_ALEN);
        buf -= 4;
        len += 4;
        stw_be_p(buf + 12, ETH_P_VLAN);
        stw_be_p(buf + 14, PPI_8021Q_TO_TCI(info->vlan));
    }
    s->tx_frames++;
    if (!qemu_send_packet_async(qemu_get_queue(s->nic), buf, len, tx_sent)) {
        s->tx_waits = true;
    }
}

/*
 * TCP segmentation: the frame's headers, each with the next @mss bytes of its
 * payload.  IP identification counts up, FIN and PSH go with the last segment
 * and CWR with the first ("Offloading the Segmentation of Large TCP Packets",
 * Windows driver documentation).
 */
static bool output_lso(HvNet *s, const uint8_t *buf, const HvNetFrame *f,
                       const TxInfo *info)
{
    uint32_t mss = PPI_LSO_MSS(info->lso);
    uint32_t hdr = f->payload, left = f->end - hdr, off = hdr;
    uint32_t seq = ldl_be_p(buf + f->l4 + 4);
    uint16_t id = lduw_be_p(buf + f->l3 + 4);
    uint8_t flags = buf[f->l4 + 13];
    g_autofree uint8_t *room = NULL;
    uint8_t *seg;

    if (f->proto != IPPROTO_TCP || !mss || !left || hdr + mss > 0x10000 ||
        f->end - f->l3 > HV_NET_MAX_LSO) {
        return false;
    }
    room = g_malloc(4 + hdr + mss);
    seg = room + 4;             /* for a VLAN tag */
    while (left) {
        uint32_t n = MIN(left, mss);
        HvNetFrame sf = *f;

        memcpy(seg, buf, hdr);
        memcpy(seg + hdr, buf + off, n);
        sf.end = hdr + n;
        if (f->version == 4) {
            stw_be_p(seg + f->l3 + 2, sf.end - f->l3);
            stw_be_p(seg + f->l3 + 4, id++);
            hv_net_fix_ip_checksum(seg, &sf);
        } else {
            stw_be_p(seg + f->l3 + 4, sf.end - f->l3 - 40);
        }
        stl_be_p(seg + f->l4 + 4, seq);
        seg[f->l4 + 13] = flags;
        if (n < left) {
            seg[f->l4 + 13] &= ~(TCP_FLAG_FIN | TCP_FLAG_PSH);
        }
        flags &= ~TCP_FLAG_CWR;
        hv_net_fix_l4_checksum(seg, &sf);
        output(s, seg, sf.end, info);
        seq += n;
        off += n;
        left -= n;
    }
    return true;
}

/* Send the frame of @len bytes at @buf; see output(). */
static bool tx_frame(HvNet *s, uint8_t *buf, uint32_t len, const TxInfo *info)
{
    HvNetFrame f;

    if (len < ETH_HLEN) {
        return false;
    }
    if (info->lso || info->csum) {
        hv_net_parse(buf, len, info->lso != 0, &f);
    }
    if (info->lso) {
        return output_lso(s, buf, &f, info);
    }
    if (len > s->mtu) {
        return false;
    }
    if (info->csum & (PPI_TXCSUM_TCP | PPI_TXCSUM_UDP)) {
        if (f.proto != (info->csum & PPI_TXCSUM_TCP ? IPPROTO_TCP
                                                    : IPPROTO_UDP)) {
            return false;
        }
        hv_net_fix_l4_checksum(buf, &f);
    }
    if ((info->csum & PPI_TXCSUM_IP_HEADER) && f.version == 4) {
        hv_net_fix_ip_checksum(buf, &f);
    }
    output(s, buf, len, info);
    return true;
}

/* Is [@off, @off + @len) within @size? */
static bool within(uint32_t off, uint32_t len, uint32_t size)
{
    return off <= size && len <= size - off;
}

static bool parse_ppi(const uint8_t *p, uint32_t len, TxInfo *info)
{
    while (len) {
        RndisPpi ppi;
        uint32_t value;

        if (len < sizeof(ppi)) {
            return false;
        }
        memcpy(&ppi, p, sizeof(ppi));
        if (ppi.size < sizeof(ppi) || ppi.size > len) {
            return false;
        }
        switch (ppi.type) {
        case RNDIS_PPI_CHECKSUM:
        case RNDIS_PPI_LSO:
        case RNDIS_PPI_8021Q:
            if (!within(ppi.offset, sizeof(value), ppi.size)) {
                return false;
            }
            value = ldl_le_p(p + ppi.offset);
            if (ppi.type == RNDIS_PPI_CHECKSUM) {
                info->csum = value;
            } else if (ppi.type == RNDIS_PPI_LSO) {
                info->lso = value;
            } else {
                info->vlan = value;
                info->has_vlan = true;
            }
            break;
        default:
            break;              /* hash, cancel id: of no use here */
        }
        p += ppi.size;
        len -= ppi.size;
    }
    return true;
}

/* One RNDIS_MSG_PACKET; @msg is behind the header, @len without it. */
static bool tx_packet(HvNet *s, uint8_t *msg, uint32_t len)
{
    TxInfo info = { 0 };
    RndisPacket p;

    if (len < sizeof(p)) {
        return false;
    }
    memcpy(&p, msg, sizeof(p));
    if (p.oob_offset || p.oob_len || p.oob_count || p.vc_handle ||
        p.data_offset < sizeof(p) || !p.data_len ||
        !within(p.data_offset, p.data_len, len)) {
        return false;
    }
    if (p.ppi_len && (p.ppi_offset < sizeof(p) ||
                      !within(p.ppi_offset, p.ppi_len, len) ||
                      !parse_ppi(msg + p.ppi_offset, p.ppi_len, &info))) {
        return false;
    }
    return tx_frame(s, msg + p.data_offset, p.data_len, &info);
}

static uint32_t tx_messages(HvNet *s, uint32_t len, bool primary)
{
    uint8_t *buf = s->tx_buf;

    while (len) {
        RndisHeader h;

        if (len < sizeof(h)) {
            return NVSP_STATUS_INVALID_RNDIS_PACKET;
        }
        memcpy(&h, buf, sizeof(h));
        if (h.len < sizeof(h) || h.len > len) {
            return NVSP_STATUS_INVALID_RNDIS_PACKET;
        }
        if (h.type != RNDIS_MSG_PACKET) {
            if (!primary ||
                g_queue_get_length(s->control) >= HV_NET_MAX_CONTROL) {
                return NVSP_STATUS_FAILURE;
            }
            hv_net_control(s, buf, h.len);
        } else if (s->operational) {
            if (!tx_packet(s, buf + sizeof(h), h.len - sizeof(h))) {
                return NVSP_STATUS_INVALID_RNDIS_PACKET;
            }
        }
        buf += h.len;
        len -= h.len;
    }
    return NVSP_STATUS_SUCCESS;
}

uint32_t hv_net_tx(HvNet *s, VMBusChanReq *req, const NvspMessage *msg)
{
    bool primary = vmbus_channel_idx(req->chan) == 0;
    uint32_t section = msg->rndis.send_section;
    uint32_t len = 0;

    if (section != NVSP_NO_SECTION) {
        if (!s->send_gpadl || section >= s->send_sections ||
            msg->rndis.send_size > HV_NET_SEND_SECTION) {
            return NVSP_STATUS_FAILURE;
        }
        len = msg->rndis.send_size;
        if (len && vmbus_gpadl_read(req->chan, s->send_gpadl,
                                    section * HV_NET_SEND_SECTION,
                                    s->tx_buf, len) < 0) {
            return NVSP_STATUS_FAILURE;
        }
    }
    if (req->sgl.nsg) {
        if (req->sgl.size > HV_NET_TX_BUF - len ||
            dma_buf_write(s->tx_buf + len, req->sgl.size, NULL, &req->sgl,
                          MEMTXATTRS_UNSPECIFIED) != MEMTX_OK) {
            return NVSP_STATUS_FAILURE;
        }
        len += req->sgl.size;
    }
    if (!len) {
        return NVSP_STATUS_INVALID_RNDIS_PACKET;
    }
    return tx_messages(s, len, primary);
}
