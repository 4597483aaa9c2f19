/*
 * Hyper-V synthetic network (NetVSP) protocol, versions 1 to 6.1
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Source of the facts: OpenVMM's netvsp (vm/devices/net/netvsp/src/protocol.rs)
 * and, for the order of things, its lib.rs.  Names differ from Linux's
 * drivers/net/hyperv/hyperv_net.h where that one is older than the protocol.
 *
 * Everything is little-endian and packed.
 */

#ifndef HW_HYPERV_NVSP_PROTO_H
#define HW_HYPERV_NVSP_PROTO_H

#define NVSP_CLASS_ID           "f8615163-df3e-46c5-913f-f2d2f965ed0e"

/* major << 16 | minor; the first two were made up afterwards */
#define NVSP_VERSION_1          0x00002
#define NVSP_VERSION_2          0x30002
#define NVSP_VERSION_4          0x40000
#define NVSP_VERSION_5          0x50000
#define NVSP_VERSION_6          0x60000
#define NVSP_VERSION_61         0x60001

enum {
    NVSP_MSG_INIT = 1,
    NVSP_MSG_INIT_COMPLETE = 2,
    NVSP_MSG1_SEND_NDIS_VERSION = 100,
    NVSP_MSG1_SEND_RECV_BUF,
    NVSP_MSG1_SEND_RECV_BUF_COMPLETE,
    NVSP_MSG1_REVOKE_RECV_BUF,
    NVSP_MSG1_SEND_SEND_BUF,
    NVSP_MSG1_SEND_SEND_BUF_COMPLETE,
    NVSP_MSG1_REVOKE_SEND_BUF,
    NVSP_MSG1_SEND_RNDIS_PACKET,
    NVSP_MSG1_SEND_RNDIS_PACKET_COMPLETE,
    NVSP_MSG2_SEND_NDIS_CONFIG = 125,
    NVSP_MSG4_SEND_VF_ASSOCIATION = 128,
    NVSP_MSG4_SWITCH_DATA_PATH = 129,
    NVSP_MSG5_OID_QUERY_EX = 131,
    NVSP_MSG5_OID_QUERY_EX_COMPLETE = 132,
    NVSP_MSG5_SUBCHANNEL = 133,
    NVSP_MSG5_SEND_INDIRECTION_TABLE = 134,
    NVSP_MSG6_PD_API = 135,
};

enum {
    NVSP_STATUS_SUCCESS = 1,
    NVSP_STATUS_FAILURE = 2,
    NVSP_STATUS_INVALID_RNDIS_PACKET = 5,
};

/* size of a host's message, without data behind it */
#define NVSP_MSG_SIZE_V1        28
#define NVSP_MSG_SIZE_V61       40

/* send_section of a packet that does not use the send buffer */
#define NVSP_NO_SECTION         0xffffffff

#define NVSP_CHANNEL_DATA       0
#define NVSP_CHANNEL_CONTROL    1

/* ranges in a packet to the guest, without and with RSC */
#define NVSP_MAX_PACKETS_PER_RECEIVE    375
#define NVSP_MAX_RSC_FRAGMENTS          562

#define NVSP_SEND_TABLE_SIZE    16

#define NVSP_SUBCHANNEL_ALLOCATE        1

/* NvspNdisConfig.capabilities */
#define NVSP_CAP_SRIOV          (1 << 2)
#define NVSP_CAP_8021Q          (1 << 3)
#define NVSP_CAP_TEAMING        (1 << 5)
#define NVSP_CAP_RSC            (1 << 7)

typedef struct QEMU_PACKED NvspMessage {
    uint32_t type;
    union {
        struct QEMU_PACKED {
            uint32_t version;
            uint32_t version2;
        } init;
        struct QEMU_PACKED {
            uint32_t deprecated;
            uint32_t max_mdl_chain;
            uint32_t status;
        } init_complete;
        struct QEMU_PACKED {
            uint32_t major;
            uint32_t minor;
        } ndis_version;
        struct QEMU_PACKED {
            uint32_t gpadl;
            uint16_t id;
            uint16_t reserved;
        } send_buf;                     /* both buffers */
        struct QEMU_PACKED {
            uint32_t status;
            uint32_t num_sections;      /* always 1 */
            uint32_t offset;
            uint32_t section_size;
            uint32_t sections;
            uint32_t end_offset;
        } recv_buf_complete;
        struct QEMU_PACKED {
            uint32_t status;
            uint32_t section_size;
        } send_buf_complete;
        struct QEMU_PACKED {
            uint32_t channel_type;
            uint32_t send_section;      /* index, or NVSP_NO_SECTION */
            uint32_t send_size;         /* bytes in it */
        } rndis;
        struct QEMU_PACKED {
            uint32_t status;
        } rndis_complete;
        struct QEMU_PACKED {
            uint32_t mtu;               /* Ethernet header included */
            uint32_t reserved;
            uint64_t capabilities;
        } ndis_config;
        struct QEMU_PACKED {
            uint32_t active;            /* 0 synthetic, 1 VF */
        } data_path;
        struct QEMU_PACKED {
            uint32_t operation;
            uint32_t count;
        } subchannel;
        struct QEMU_PACKED {
            uint32_t status;
            uint32_t count;
        } subchannel_complete;
        struct QEMU_PACKED {
            uint32_t count;
            uint32_t offset;            /* from the start of the message */
            uint32_t table[NVSP_SEND_TABLE_SIZE];
        } send_table;
        uint8_t raw[NVSP_MSG_SIZE_V61 - 4];
    };
} NvspMessage;

#define NVSP_SEND_TABLE_OFFSET  offsetof(NvspMessage, send_table.table)

/* VMBus transfer page packet: parts of the receive buffer with a message each */
typedef struct QEMU_PACKED NvspRange {
    uint32_t len;
    uint32_t offset;
} NvspRange;

typedef struct QEMU_PACKED NvspTransfer {
    uint16_t buffer_id;                 /* as in NVSP_MSG1_SEND_RECV_BUF */
    uint8_t sender_owns;
    uint8_t reserved;
    uint32_t count;
    NvspRange ranges[];
} NvspTransfer;

#endif
