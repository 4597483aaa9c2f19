/*
 * Remote NDIS messages and the NDIS objects in them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Sources of the facts: [MS-RNDIS] for the messages; the Windows driver
 * documentation of OID_*, NDIS_OFFLOAD, NDIS_OFFLOAD_PARAMETERS,
 * NDIS_RECEIVE_SCALE_CAPABILITIES and _PARAMETERS for the objects; OpenVMM's
 * netvsp (rndisprot.rs) for what Hyper-V adds to MS-RNDIS: per-packet
 * information with the internal bit, and the sizes of the objects' revisions.
 *
 * All offsets in messages count from behind the eight bytes of message type
 * and length; those in objects from the start of the object.
 */

#ifndef HW_HYPERV_RNDIS_PROTO_H
#define HW_HYPERV_RNDIS_PROTO_H

/* message types */
#define RNDIS_MSG_PACKET        0x00000001
#define RNDIS_MSG_INIT          0x00000002
#define RNDIS_MSG_HALT          0x00000003
#define RNDIS_MSG_QUERY         0x00000004
#define RNDIS_MSG_SET           0x00000005
#define RNDIS_MSG_RESET         0x00000006
#define RNDIS_MSG_INDICATE      0x00000007
#define RNDIS_MSG_KEEPALIVE     0x00000008
#define RNDIS_MSG_COMPLETE      0x80000000      /* added for the answer */

/* status */
#define RNDIS_STATUS_SUCCESS                    0x00000000
#define RNDIS_STATUS_MEDIA_CONNECT              0x4001000b
#define RNDIS_STATUS_MEDIA_DISCONNECT           0x4001000c
#define RNDIS_STATUS_LINK_SPEED_CHANGE          0x40010013
#define RNDIS_STATUS_NETWORK_CHANGE             0x40010018
#define RNDIS_STATUS_FAILURE                    0xc0000001
#define RNDIS_STATUS_NOT_SUPPORTED              0xc00000bb
#define RNDIS_STATUS_MULTICAST_FULL             0xc0010009
#define RNDIS_STATUS_INVALID_LENGTH             0xc0010014
#define RNDIS_STATUS_INVALID_DATA               0xc0010015

/* object identifiers */
#define OID_GEN_SUPPORTED_LIST                  0x00010101
#define OID_GEN_HARDWARE_STATUS                 0x00010102
#define OID_GEN_MEDIA_SUPPORTED                 0x00010103
#define OID_GEN_MEDIA_IN_USE                    0x00010104
#define OID_GEN_MAXIMUM_LOOKAHEAD               0x00010105
#define OID_GEN_MAXIMUM_FRAME_SIZE              0x00010106
#define OID_GEN_LINK_SPEED                      0x00010107
#define OID_GEN_TRANSMIT_BUFFER_SPACE           0x00010108
#define OID_GEN_RECEIVE_BUFFER_SPACE            0x00010109
#define OID_GEN_TRANSMIT_BLOCK_SIZE             0x0001010a
#define OID_GEN_RECEIVE_BLOCK_SIZE              0x0001010b
#define OID_GEN_VENDOR_ID                       0x0001010c
#define OID_GEN_VENDOR_DESCRIPTION              0x0001010d
#define OID_GEN_CURRENT_PACKET_FILTER           0x0001010e
#define OID_GEN_CURRENT_LOOKAHEAD               0x0001010f
#define OID_GEN_DRIVER_VERSION                  0x00010110
#define OID_GEN_MAXIMUM_TOTAL_SIZE              0x00010111
#define OID_GEN_MAC_OPTIONS                     0x00010113
#define OID_GEN_MEDIA_CONNECT_STATUS            0x00010114
#define OID_GEN_MAXIMUM_SEND_PACKETS            0x00010115
#define OID_GEN_VENDOR_DRIVER_VERSION           0x00010116
#define OID_GEN_NETWORK_LAYER_ADDRESSES         0x00010118
#define OID_GEN_RECEIVE_SCALE_CAPABILITIES      0x00010203
#define OID_GEN_RECEIVE_SCALE_PARAMETERS        0x00010204
#define OID_GEN_MAX_LINK_SPEED                  0x00010206
#define OID_GEN_LINK_STATE                      0x00010207
#define OID_GEN_RNDIS_CONFIG_PARAMETER          0x0001021b
#define OID_GEN_XMIT_OK                         0x00020101
#define OID_GEN_RCV_OK                          0x00020102
#define OID_GEN_RCV_NO_BUFFER                   0x00020105
#define OID_GEN_FRIENDLY_NAME                   0x00020216
#define OID_802_3_PERMANENT_ADDRESS             0x01010101
#define OID_802_3_CURRENT_ADDRESS               0x01010102
#define OID_802_3_MULTICAST_LIST                0x01010103
#define OID_802_3_MAXIMUM_LIST_SIZE             0x01010104
#define OID_OFFLOAD_ENCAPSULATION               0x0101010a
#define OID_TCP_OFFLOAD_CURRENT_CONFIG          0xfc01020b
#define OID_TCP_OFFLOAD_PARAMETERS              0xfc01020c
#define OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES   0xfc01020d

/* OID_GEN_CURRENT_PACKET_FILTER */
#define NDIS_FILTER_DIRECTED            0x0001
#define NDIS_FILTER_MULTICAST           0x0002
#define NDIS_FILTER_ALL_MULTICAST       0x0004
#define NDIS_FILTER_BROADCAST           0x0008
#define NDIS_FILTER_PROMISCUOUS         0x0020

#define RNDIS_HEADER_SIZE       8

typedef struct QEMU_PACKED RndisHeader {
    uint32_t type;
    uint32_t len;               /* of the message, header included */
} RndisHeader;

typedef struct QEMU_PACKED RndisPacket {
    uint32_t data_offset;
    uint32_t data_len;
    uint32_t oob_offset;
    uint32_t oob_len;
    uint32_t oob_count;
    uint32_t ppi_offset;
    uint32_t ppi_len;
    uint32_t vc_handle;
    uint32_t reserved;
} RndisPacket;

typedef struct QEMU_PACKED RndisPpi {
    uint32_t size;              /* header included */
    uint32_t type;              /* the top bit means "internal" */
    uint32_t offset;            /* of the value, from this structure */
} RndisPpi;

/* per-packet information with its value of four bytes */
typedef struct QEMU_PACKED RndisPpi32 {
    RndisPpi ppi;
    uint32_t value;
} RndisPpi32;

#define RNDIS_PPI_CHECKSUM      0
#define RNDIS_PPI_LSO           2
#define RNDIS_PPI_8021Q         6
#define RNDIS_PPI_HASH          8
#define RNDIS_PPI_INTERNAL      0x80000000
#define RNDIS_PPI_PACKET_ID     (RNDIS_PPI_INTERNAL | 1)

/* RNDIS_PPI_CHECKSUM from the guest */
#define PPI_TXCSUM_IPV4         (1u << 0)
#define PPI_TXCSUM_IPV6         (1u << 1)
#define PPI_TXCSUM_TCP          (1u << 2)
#define PPI_TXCSUM_UDP          (1u << 3)
#define PPI_TXCSUM_IP_HEADER    (1u << 4)
/* and to it */
#define PPI_RXCSUM_TCP_FAILED   (1u << 0)
#define PPI_RXCSUM_UDP_FAILED   (1u << 1)
#define PPI_RXCSUM_IP_FAILED    (1u << 2)
#define PPI_RXCSUM_TCP_OK       (1u << 3)
#define PPI_RXCSUM_UDP_OK       (1u << 4)
#define PPI_RXCSUM_IP_OK        (1u << 5)
#define PPI_RXCSUM_TCP_INVALID  (1u << 7)       /* the field in the header */

/* RNDIS_PPI_LSO, version 2 */
#define PPI_LSO_MSS(v)          ((v) & 0xfffff)
#define PPI_LSO_V2              (1u << 30)
#define PPI_LSO_IPV6            (1u << 31)

/* RNDIS_PPI_8021Q: priority, canonical format, VLAN id from the lowest bit */
#define PPI_8021Q_TO_TCI(v) \
    (((v) & 7) << 13 | ((v) >> 3 & 1) << 12 | ((v) >> 4 & 0xfff))
#define PPI_8021Q_FROM_TCI(t) \
    ((t) >> 13 | ((t) >> 12 & 1) << 3 | ((t) & 0xfff) << 4)

/* RNDIS_PPI_PACKET_ID: version, flags, 16 bits of id from the lowest byte */
#define PPI_ID_V1               1
#define PPI_ID_FRAGMENT         (1u << 8)
#define PPI_ID_FIRST            (1u << 9)
#define PPI_ID_LAST             (1u << 10)

typedef struct QEMU_PACKED RndisInitComplete {
    uint32_t request_id;
    uint32_t status;
    uint32_t major;
    uint32_t minor;
    uint32_t device_flags;
    uint32_t medium;
    uint32_t max_packets;       /* per message */
    uint32_t max_transfer;
    uint32_t alignment;         /* as a power of 2 */
    uint32_t af_list_offset;
    uint32_t af_list_size;
} RndisInitComplete;

/* query and set */
typedef struct QEMU_PACKED RndisRequest {
    uint32_t request_id;
    uint32_t oid;
    uint32_t info_len;
    uint32_t info_offset;
    uint32_t vc_handle;
} RndisRequest;

typedef struct QEMU_PACKED RndisQueryComplete {
    uint32_t request_id;
    uint32_t status;
    uint32_t info_len;
    uint32_t info_offset;
} RndisQueryComplete;

/* set and keepalive */
typedef struct QEMU_PACKED RndisComplete {
    uint32_t request_id;
    uint32_t status;
} RndisComplete;

typedef struct QEMU_PACKED RndisResetComplete {
    uint32_t status;
    uint32_t addressing_reset;
} RndisResetComplete;

typedef struct QEMU_PACKED RndisIndicate {
    uint32_t status;
    uint32_t buf_len;
    uint32_t buf_offset;
} RndisIndicate;

typedef struct QEMU_PACKED NdisHeader {
    uint8_t type;
    uint8_t revision;
    uint16_t size;
} NdisHeader;

#define NDIS_TYPE_DEFAULT               0x80
#define NDIS_TYPE_RSS_CAPABILITIES      0x88
#define NDIS_TYPE_RSS_PARAMETERS        0x89
#define NDIS_TYPE_OFFLOAD               0xa7
#define NDIS_TYPE_OFFLOAD_ENCAPSULATION 0xa8

typedef struct QEMU_PACKED NdisRssCapabilities {
    NdisHeader header;
    uint32_t flags;
    uint32_t interrupt_messages;
    uint32_t receive_queues;
    uint16_t table_entries;
} NdisRssCapabilities;

/* NdisRssCapabilities.flags: hash functions in the lowest byte */
#define NDIS_RSS_CAPS_TCP_IPV4          0x00000100
#define NDIS_RSS_CAPS_TCP_IPV6          0x00000200
#define NDIS_HASH_TOEPLITZ              0x00000001
#define NDIS_HASH_FUNCTION_MASK         0x000000ff

/* NdisRssParameters.hash_info */
#define NDIS_HASH_IPV4                  0x00000100
#define NDIS_HASH_TCP_IPV4              0x00000200
#define NDIS_HASH_IPV6                  0x00000400
#define NDIS_HASH_TCP_IPV6              0x00001000
#define NDIS_HASH_UDP_IPV4              0x00004000
#define NDIS_HASH_UDP_IPV6              0x00008000

#define NDIS_RSS_HASH_INFO_UNCHANGED    0x0002
#define NDIS_RSS_TABLE_UNCHANGED        0x0004
#define NDIS_RSS_KEY_UNCHANGED          0x0008
#define NDIS_RSS_DISABLE                0x0010

#define NDIS_RSS_TABLE_SIZE             128
#define NDIS_RSS_KEY_SIZE               40

typedef struct QEMU_PACKED NdisRssParameters {
    NdisHeader header;
    uint16_t flags;
    uint16_t base_cpu;
    uint32_t hash_info;
    uint16_t table_size;        /* bytes */
    uint16_t pad0;
    uint32_t table_offset;
    uint16_t key_size;          /* bytes */
    uint16_t pad1;
    uint32_t key_offset;
} NdisRssParameters;

#define NDIS_ENCAP_8023         2
#define NDIS_OFFLOAD_ON         1       /* of a field of two bits */

typedef struct QEMU_PACKED NdisOffload {
    NdisHeader header;
    struct QEMU_PACKED {
        uint32_t ip4_tx_encap;
        uint32_t ip4_tx;        /* pairs of bits: IP and TCP options, TCP, */
        uint32_t ip4_rx_encap;  /* UDP, IP header */
        uint32_t ip4_rx;
        uint32_t ip6_tx_encap;
        uint32_t ip6_tx;        /* extension headers, TCP options, TCP, UDP */
        uint32_t ip6_rx_encap;
        uint32_t ip6_rx;
    } csum;
    uint32_t lso_v1[4];
    uint32_t ipsec_v1[7];
    struct QEMU_PACKED {
        uint32_t ip4_encap;
        uint32_t ip4_max_size;
        uint32_t ip4_min_segments;
        uint32_t ip6_encap;
        uint32_t ip6_max_size;
        uint32_t ip6_min_segments;
        uint32_t ip6_flags;     /* pairs of bits: extensions, TCP options */
    } lso_v2;
    uint32_t flags;
    /* revision 2, NDIS 6.1 */
    uint32_t ipsec_v2[8];
    /* revision 3, NDIS 6.30 */
    uint8_t rsc_ip4;
    uint8_t rsc_ip6;
    uint16_t pad;
    uint32_t encap_gre[2];
} NdisOffload;

#define NDIS_OFFLOAD_SIZE_REV1  112
#define NDIS_OFFLOAD_SIZE_REV2  144
#define NDIS_OFFLOAD_SIZE_REV3  156
QEMU_BUILD_BUG_ON(sizeof(NdisOffload) != NDIS_OFFLOAD_SIZE_REV3);
QEMU_BUILD_BUG_ON(offsetof(NdisOffload, ipsec_v2) != NDIS_OFFLOAD_SIZE_REV1);
QEMU_BUILD_BUG_ON(offsetof(NdisOffload, rsc_ip4) != NDIS_OFFLOAD_SIZE_REV2);

/* NdisOffloadParameters, checksums: 0 leaves it as it is */
#define NDIS_CSUM_OFF           1
#define NDIS_CSUM_TX            2
#define NDIS_CSUM_RX            3
#define NDIS_CSUM_TX_RX         4
/* LSO and RSC: 0 leaves it as it is */
#define NDIS_PARAM_OFF          1
#define NDIS_PARAM_ON           2

typedef struct QEMU_PACKED NdisOffloadParameters {
    NdisHeader header;
    uint8_t ip4_csum;
    uint8_t tcp4_csum;
    uint8_t udp4_csum;
    uint8_t tcp6_csum;
    uint8_t udp6_csum;
    uint8_t lso_v1;
    uint8_t ipsec_v1;
    uint8_t lso_v2_ip4;
    uint8_t lso_v2_ip6;
    uint8_t tcp_connection_ip4;
    uint8_t tcp_connection_ip6;
    uint8_t reserved;
    uint32_t flags;
    /* revision 2 */
    uint8_t ipsec_v2;
    uint8_t ipsec_v2_ip4;
    /* revision 3 */
    uint8_t rsc_ip4;
    uint8_t rsc_ip6;
    uint8_t encap;
    uint8_t encap_types;
} NdisOffloadParameters;

#define NDIS_OFFLOAD_PARAMETERS_SIZE_REV1       20

typedef struct QEMU_PACKED NdisOffloadEncapsulation {
    NdisHeader header;
    uint32_t ip4_enabled;
    uint32_t ip4_type;
    uint32_t ip4_header_size;
    uint32_t ip6_enabled;
    uint32_t ip6_type;
    uint32_t ip6_header_size;
} NdisOffloadEncapsulation;

typedef struct QEMU_PACKED NdisLinkState {
    NdisHeader header;
    uint32_t connect_state;     /* 1 connected, 2 disconnected */
    uint32_t duplex_state;
    uint32_t pad;
    uint64_t tx_speed;          /* bit/s */
    uint64_t rx_speed;
    uint32_t pause_functions;
    uint32_t auto_negotiation;
} NdisLinkState;

typedef struct QEMU_PACKED RndisConfigParameter {
    uint32_t name_offset;
    uint32_t name_len;          /* bytes, UTF-16 */
    uint32_t type;
    uint32_t value_offset;
    uint32_t value_len;
} RndisConfigParameter;

#define RNDIS_CONFIG_STRING     2

#endif
