/*
 * The other end of a network adapter under test: makes frames when the guest
 * asks for them, swallows and counts what the guest sends
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 *   -netdev hubport,id=a,hubid=0 -device hv-net,netdev=a
 *   -netdev hubport,id=b,hubid=0 -device net-peer,netdev=b
 *
 * Everything happens at instants of QEMU_CLOCK_VIRTUAL, so that with -icount
 * two runs see the same frames at the same instructions.  The guest asks by a
 * frame of an experimental Ethernet type (RFC 5342, appendix B.2), PeerRequest,
 * and is told the end of what it asked for by one of another type.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "hw/qdev-core.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "net/checksum.h"
#include "net/eth.h"
#include "net/net.h"

#define TYPE_NET_PEER "net-peer"
OBJECT_DECLARE_SIMPLE_TYPE(NetPeer, NET_PEER)

#define PEER_REQUEST    0x88b5
#define PEER_DATA       0x88b6
#define PEER_ANSWER     0x88b7

#define PEER_MAX_FRAME  9014
#define PEER_MIN_FRAME  60
#define PEER_PORT       9       /* discard; replies to nobody */
#define PEER_FIRST_FLOW 20000

enum {
    PEER_SEND = 1,              /* @count frames, then an answer */
    PEER_COUNT = 2,             /* an answer at once */
};

enum {
    PEER_PLAIN,                 /* Ethernet type PEER_DATA, no IP */
    PEER_UDP,                   /* to UDP port @port of 10.99.0.2 */
    PEER_OTHER,                 /* the same, but for another host's MAC */
};

/* Big endian */
typedef struct QEMU_PACKED PeerRequest {
    struct eth_header eth;
    uint16_t op;
    uint32_t count;             /* frames */
    uint32_t size;              /* bytes of each */
    uint32_t burst;             /* frames at a time */
    uint32_t gap_ns;            /* from one burst to the next */
    uint16_t kind;
    uint16_t flows;             /* UDP source ports, taken in turn */
    uint16_t port;
} PeerRequest;

/* Big endian */
typedef struct QEMU_PACKED PeerAnswer {
    struct eth_header eth;
    uint16_t pad;
    uint32_t sent;              /* frames of the request */
    uint32_t received;          /* since the answer before: type PEER_DATA */
    uint8_t fill[36];
} PeerAnswer;
QEMU_BUILD_BUG_ON(sizeof(PeerAnswer) != PEER_MIN_FRAME);

struct NetPeer {
    DeviceState parent_obj;

    NICConf conf;
    NICState *nic;
    QEMUTimer *timer;
    bool active;
    uint8_t guest[ETH_ALEN];
    uint32_t count, sent, size, burst, gap_ns;
    uint16_t kind, flows, port;
    uint32_t received;
    uint8_t frame[PEER_MAX_FRAME];
};

/* The frame, but for what differs from one to the next. */
static void prepare(NetPeer *s)
{
    struct eth_header *eth = (struct eth_header *)s->frame;
    uint8_t *ip = s->frame + ETH_HLEN, *udp = ip + 20;
    uint32_t i;

    for (i = 0; i < s->size; i++) {
        s->frame[i] = i;
    }
    memcpy(eth->h_dest, s->guest, ETH_ALEN);
    memcpy(eth->h_source, s->conf.macaddr.a, ETH_ALEN);
    stw_be_p(&eth->h_proto, s->kind == PEER_PLAIN ? PEER_DATA : ETH_P_IP);
    if (s->kind == PEER_PLAIN) {
        return;
    }
    if (s->kind == PEER_OTHER) {
        eth->h_dest[0] |= 2;            /* locally administered, and */
        eth->h_dest[5] ^= 0x80;         /* not the guest's */
    }
    memset(ip, 0, 28);
    ip[0] = 0x45;
    stw_be_p(ip + 2, s->size - ETH_HLEN);
    stw_be_p(ip + 6, 0x4000);           /* do not fragment */
    ip[8] = 64;
    ip[9] = IP_PROTO_UDP;
    stl_be_p(ip + 12, 0x0a630001);      /* 10.99.0.1 to 10.99.0.2 */
    stl_be_p(ip + 16, 0x0a630002);
    stw_be_p(udp + 2, s->port);
    stw_be_p(udp + 4, s->size - ETH_HLEN - 20);
}

static void send_one(NetPeer *s)
{
    if (s->kind != PEER_PLAIN) {
        uint8_t *udp = s->frame + ETH_HLEN + 20;

        stw_be_p(udp, PEER_FIRST_FLOW + s->sent % s->flows);
        net_checksum_calculate(s->frame, s->size, CSUM_IP | CSUM_UDP);
    }
    qemu_send_packet(qemu_get_queue(s->nic), s->frame, s->size);
    s->sent++;
}

static void answer(NetPeer *s)
{
    PeerAnswer a = { 0 };

    memcpy(a.eth.h_dest, s->guest, ETH_ALEN);
    memcpy(a.eth.h_source, s->conf.macaddr.a, ETH_ALEN);
    stw_be_p(&a.eth.h_proto, PEER_ANSWER);
    stl_be_p(&a.sent, s->sent);
    stl_be_p(&a.received, s->received);
    s->received = 0;
    qemu_send_packet(qemu_get_queue(s->nic), (uint8_t *)&a, sizeof(a));
}

static void tick(void *opaque)
{
    NetPeer *s = opaque;
    uint32_t n;

    if (s->sent == s->count) {
        s->active = false;
        answer(s);
        return;
    }
    for (n = 0; n < s->burst && s->sent < s->count; n++) {
        send_one(s);
    }
    timer_mod(s->timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + s->gap_ns);
}

static void request(NetPeer *s, const uint8_t *buf, size_t size)
{
    const PeerRequest *r = (const PeerRequest *)buf;
    uint32_t least = ETH_HLEN + 28;

    if (size < sizeof(*r) || s->active) {
        return;
    }
    memcpy(s->guest, r->eth.h_source, ETH_ALEN);
    s->sent = 0;
    switch (lduw_be_p(&r->op)) {
    case PEER_SEND:
        s->count = ldl_be_p(&r->count);
        s->size = MIN(MAX(ldl_be_p(&r->size), MAX(least, PEER_MIN_FRAME)),
                      PEER_MAX_FRAME);
        s->burst = MAX(ldl_be_p(&r->burst), 1);
        s->gap_ns = ldl_be_p(&r->gap_ns);
        s->kind = lduw_be_p(&r->kind);
        s->flows = MAX(lduw_be_p(&r->flows), 1);
        s->port = lduw_be_p(&r->port);
        prepare(s);
        break;
    case PEER_COUNT:
        s->count = s->gap_ns = 0;
        break;
    default:
        return;
    }
    s->active = true;
    timer_mod(s->timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
              MAX(s->gap_ns, 10000));
}

static ssize_t net_peer_receive(NetClientState *nc, const uint8_t *buf,
                                size_t size)
{
    NetPeer *s = qemu_get_nic_opaque(nc);

    if (size < ETH_HLEN) {
        return size;
    }
    switch (lduw_be_p(buf + 12)) {
    case PEER_REQUEST:
        request(s, buf, size);
        break;
    case PEER_DATA:
        s->received++;
        break;
    default:                    /* what a system sends by itself */
        break;
    }
    return size;
}

static NetClientInfo net_peer_info = {
    .type = NET_CLIENT_DRIVER_NIC,
    .size = sizeof(NICState),
    .receive = net_peer_receive,
};

static void net_peer_realize(DeviceState *dev, Error **errp)
{
    NetPeer *s = NET_PEER(dev);

    qemu_macaddr_default_if_unset(&s->conf.macaddr);
    s->nic = qemu_new_nic(&net_peer_info, &s->conf, TYPE_NET_PEER, dev->id,
                          &dev->mem_reentrancy_guard, s);
    qemu_format_nic_info_str(qemu_get_queue(s->nic), s->conf.macaddr.a);
    s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, tick, s);
}

static void net_peer_unrealize(DeviceState *dev)
{
    NetPeer *s = NET_PEER(dev);

    timer_free(s->timer);
    qemu_del_nic(s->nic);
}

static const Property net_peer_props[] = {
    DEFINE_NIC_PROPERTIES(NetPeer, conf),
};

static void net_peer_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "Other end of a network adapter under test";
    dc->realize = net_peer_realize;
    dc->unrealize = net_peer_unrealize;
    dc->hotpluggable = false;
    device_class_set_props(dc, net_peer_props);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo net_peer_types[] = {
    {
        .name = TYPE_NET_PEER,
        .parent = TYPE_DEVICE,
        .instance_size = sizeof(NetPeer),
        .class_init = net_peer_class_init,
    },
};

DEFINE_TYPES(net_peer_types)
