/*
 * Hyper-V synthetic network adapter: what its source files share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 *   hv-net.c        device, channels
 *   hv-net-nvsp.c   NVSP messages
 *   hv-net-rndis.c  RNDIS control messages and the objects in them
 *   hv-net-tx.c     RNDIS packets from the guest, offloads
 *   hv-net-rx.c     frames to the guest: sections, RSS, RSC
 *   hv-net-frame.c  Ethernet frames: headers, checksums, Toeplitz hash
 *   hv-net-fields.c the fields of the messages, for tests
 *
 * Everything runs in the main loop with the BQL held.
 */

#ifndef HW_HYPERV_HV_NET_H
#define HW_HYPERV_HV_NET_H

#include "hw/hyperv/nvsp-proto.h"
#include "hw/hyperv/rndis-proto.h"
#include "hw/hyperv/vmbus.h"
#include "net/net.h"

#define TYPE_HV_NET "hv-net"
OBJECT_DECLARE_SIMPLE_TYPE(HvNet, HV_NET)

#define HV_NET_MAX_CHANNELS     64      /* as many as Linux takes */
#define HV_NET_MIN_FRAME        1514    /* bytes of a frame, header included */
#define HV_NET_MAX_FRAME        9216
#define HV_NET_MAX_MULTICAST    32
#define HV_NET_MAX_CONTROL      64      /* messages that wait for a section */
#define HV_NET_MAX_LSO          0xffff  /* bytes of an IP packet */
/* an RNDIS message with its payload, before segmentation */
#define HV_NET_TX_BUF           (256 * KiB)
#define HV_NET_SEND_SECTION     6144
/* bytes of a receive section that a frame cannot have, see recv_section() */
#define HV_NET_SECTION_OVERHEAD 214

#define NO_SECTION              UINT32_MAX

/*
 * What hv_net_parse() found in a frame.  Offsets are in bytes from its start
 * and within its length; 0 where there is no such header.
 */
typedef struct HvNetFrame {
    uint32_t l3;                /* IP header */
    uint32_t l4;                /* TCP or UDP header, whole, not a fragment */
    uint32_t payload;           /* behind it */
    uint32_t end;               /* of the IP packet, without padding */
    uint8_t version;            /* 4, 6 or 0 */
    uint8_t proto;              /* IPPROTO_TCP, IPPROTO_UDP or 0 */
    bool ip_ok;                 /* header checksum, always true for IPv6 */
} HvNetFrame;

/* A frame or several coalesced ones, on the way to the guest */
typedef struct HvNetRxPacket {
    uint8_t *buf;
    uint32_t len;
    uint32_t csum;              /* RNDIS_PPI_CHECKSUM, 0 if there is none */
    uint32_t hash;
    bool has_hash;
    bool has_vlan;
    uint16_t vlan_tci;
} HvNetRxPacket;

typedef struct HvNetChannel {
    VMBusChannel *chan;
    bool open;
    bool in_worker;

    /* one completion may wait for room in the ring */
    bool comp_waits;
    uint64_t comp_id;
    NvspMessage comp;

    /* VMBus packet to the guest under construction */
    NvspTransfer *desc;
    uint32_t first_section;
    uint32_t last_section;

    /* segments of one TCP stream, coalesced */
    HvNetRxPacket rsc;
    HvNetFrame rsc_frame;
    uint32_t rsc_next_seq;
    uint32_t rsc_segments;
} HvNetChannel;

typedef struct HvNetOffload {
    bool ip4_rx, tcp4_rx, udp4_rx, tcp6_rx, udp6_rx;
    bool rsc4, rsc6;
} HvNetOffload;

struct HvNet {
    VMBusDevice parent_obj;

    NICConf conf;
    NICState *nic;
    HvNetChannel *channels;

    /* NVSP */
    uint32_t version;           /* 0: not negotiated */
    uint32_t ndis_major, ndis_minor;
    uint32_t mtu;               /* bytes of a frame, header included */
    uint64_t capabilities;
    uint32_t subchannels;       /* granted */
    bool send_table_due;

    VMBusGpadl *recv_gpadl;
    VMBusGpadl *send_gpadl;
    uint16_t recv_id, send_id;
    uint32_t send_sections;

    /*
     * Receive sections.  Those of one VMBus packet are a chain by @next; the
     * packet's transaction id is the number of the first, plus 1.
     */
    uint32_t section_size, sections;
    uint32_t *free_sections;
    uint32_t free_count;
    uint32_t *next;
    uint8_t *owner;             /* of a first section: channel + 1, or 0 */

    /* RNDIS */
    bool operational;
    uint32_t filter;
    uint8_t mac[6];             /* as the guest has set it */
    uint8_t multicast[HV_NET_MAX_MULTICAST][6];
    uint32_t multicast_count;
    HvNetOffload offload;
    uint32_t hash_info;         /* 0: no RSS */
    uint8_t key[NDIS_RSS_KEY_SIZE];
    uint16_t table[NDIS_RSS_TABLE_SIZE];
    GQueue *control;            /* GBytes: messages to the guest that wait */

    bool leaving;               /* unplugged as soon as the guest is done */
    QEMUTimer *leave_timer;
    int64_t leave_quiet, leave_end;     /* since when; at the latest */
    uint64_t leave_frames;      /* of tx_frames then */
    bool tx_waits;              /* the backend takes no frames now */
    bool rx_waits;              /* the backend has frames for us */
    QEMUBH *rx_bh;
    uint8_t *tx_buf;
    uint64_t tx_frames, rx_frames, rx_no_buffer;

    /* properties */
    char *max_version;
    uint32_t max_channels;
    uint32_t rx_batch;          /* frames in a VMBus packet */
    uint32_t link_speed;        /* Mbit/s */
    char *friendly_name;
    bool offloads, rsc;
};

/* --- hv-net-nvsp.c --- */

/*
 * Handle @m; write the completion to @r, of which the type is 0 if there is
 * nothing to say but that it is done.
 */
void hv_net_nvsp(HvNet *s, VMBusChanReq *req, const NvspMessage *m,
                 NvspMessage *r);

/*
 * Which channel the guest shall send on, by its own hash of the packet.  Told
 * when all sub-channels it has asked for are open.
 */
void hv_net_send_table(HvNet *s);

/* Let go of the guest's buffers. */
void hv_net_revoke_buffers(HvNet *s);

/* Highest version the property "nvsp" allows. */
uint32_t hv_net_max_version(HvNet *s);

/* Size of a message to the guest in the negotiated version. */
uint32_t hv_net_msg_size(HvNet *s);

/* --- hv-net.c --- */

/* Have the workers of all open channels run, soon. */
void hv_net_kick(HvNet *s);

/* --- hv-net-fields.c --- */

/* What a misbehaving host may get wrong, see vmbus-fault.h */
extern const VMBusFieldDesc hv_net_fields[];

/* --- hv-net-rndis.c --- */

/*
 * Handle control message @msg of @len bytes; the header says so, too.  The
 * answer goes to the queue of control messages.
 */
void hv_net_control(HvNet *s, const uint8_t *msg, uint32_t len);

/* Tell the guest @status, with @len bytes at @buf. */
void hv_net_indicate(HvNet *s, uint32_t status, const void *buf, uint32_t len);

/* Forget what the guest has set up by RNDIS. */
void hv_net_rndis_reset(HvNet *s);

/* --- hv-net-tx.c --- */

/*
 * Handle an NVSP packet with RNDIS messages.  Return an NVSP status.
 */
uint32_t hv_net_tx(HvNet *s, VMBusChanReq *req, const NvspMessage *msg);

/* --- hv-net-rx.c --- */

/*
 * Divide the receive buffer of @size bytes.  Return false if not even one
 * section fits.
 */
bool hv_net_rx_init(HvNet *s, uint32_t size);
void hv_net_rx_cleanup(HvNet *s);

/* The guest has completed packet @id of @c. */
void hv_net_rx_complete(HvNet *s, HvNetChannel *c, uint64_t id);

/* Take back what channel @c had, which closes. */
void hv_net_rx_close(HvNet *s, HvNetChannel *c);

/* Does the guest have nothing of ours any more? */
bool hv_net_rx_idle(HvNet *s);

/* Send what waits on channel @c; return false if something still waits. */
bool hv_net_rx_flush(HvNet *s, HvNetChannel *c);

/* Send control messages that wait, in order. */
void hv_net_rx_flush_control(HvNet *s);

bool hv_net_can_receive(NetClientState *nc);
ssize_t hv_net_receive(NetClientState *nc, const uint8_t *buf, size_t size);
void hv_net_rx_bh(void *opaque);

/* --- hv-net-frame.c --- */

/*
 * Find the headers in the @len bytes at @buf.  @big: the length fields may be
 * 0 or wrong, as in a frame for segmentation; it ends where the buffer ends.
 */
void hv_net_parse(const uint8_t *buf, uint32_t len, bool big, HvNetFrame *f);

/*
 * Checksum of the TCP or UDP packet in @buf, as it has to be in the header if
 * the field there counts as 0.
 */
uint16_t hv_net_l4_checksum(const uint8_t *buf, const HvNetFrame *f);

/* Is the checksum right?  Must not be asked without a TCP or UDP header. */
bool hv_net_l4_checksum_ok(const uint8_t *buf, const HvNetFrame *f);

/* Write checksums. */
void hv_net_fix_l4_checksum(uint8_t *buf, const HvNetFrame *f);
void hv_net_fix_ip_checksum(uint8_t *buf, const HvNetFrame *f);

/*
 * Toeplitz hash of the fields that @hash_info, NDIS_HASH_*, tells.  Return
 * false if it covers no field of this packet.
 */
bool hv_net_hash(const uint8_t *buf, const HvNetFrame *f, uint32_t hash_info,
                 const uint8_t *key, uint32_t *hash);

#endif
