/*
 * Hyper-V synthetic network adapter: fields of the messages to the guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hv-net.h"

/* What a misbehaving host may get wrong, see vmbus-fault.h */
#define PACKET_FIELD(message, name, type, field) \
    { message, name, VMBUS_KIND_PACKET, type, offsetof(NvspMessage, field), \
      sizeof_field(NvspMessage, field) }
#define RNDIS_FIELD(message, name, type, body, field) \
    { message, name, VMBUS_KIND_BUFFER, type, \
      RNDIS_HEADER_SIZE + offsetof(body, field), sizeof_field(body, field) }
#define PPI_FIELD(name, n, field) \
    { "rndis-packet", name, VMBUS_KIND_BUFFER, RNDIS_MSG_PACKET, \
      RNDIS_HEADER_SIZE + sizeof(RndisPacket) + (n) * sizeof(RndisPpi32) + \
      offsetof(RndisPpi32, field), 4 }

const VMBusFieldDesc hv_net_fields[] = {
    PACKET_FIELD("nvsp-init-complete", "status", NVSP_MSG_INIT_COMPLETE,
                 init_complete.status),
    PACKET_FIELD("nvsp-recv-buf-complete", "status",
                 NVSP_MSG1_SEND_RECV_BUF_COMPLETE, recv_buf_complete.status),
    PACKET_FIELD("nvsp-recv-buf-complete", "num-sections",
                 NVSP_MSG1_SEND_RECV_BUF_COMPLETE,
                 recv_buf_complete.num_sections),
    PACKET_FIELD("nvsp-recv-buf-complete", "offset",
                 NVSP_MSG1_SEND_RECV_BUF_COMPLETE, recv_buf_complete.offset),
    PACKET_FIELD("nvsp-recv-buf-complete", "section-size",
                 NVSP_MSG1_SEND_RECV_BUF_COMPLETE,
                 recv_buf_complete.section_size),
    PACKET_FIELD("nvsp-recv-buf-complete", "sections",
                 NVSP_MSG1_SEND_RECV_BUF_COMPLETE, recv_buf_complete.sections),
    PACKET_FIELD("nvsp-send-buf-complete", "status",
                 NVSP_MSG1_SEND_SEND_BUF_COMPLETE, send_buf_complete.status),
    PACKET_FIELD("nvsp-send-buf-complete", "section-size",
                 NVSP_MSG1_SEND_SEND_BUF_COMPLETE,
                 send_buf_complete.section_size),
    PACKET_FIELD("nvsp-rndis-packet", "channel-type",
                 NVSP_MSG1_SEND_RNDIS_PACKET, rndis.channel_type),
    PACKET_FIELD("nvsp-rndis-complete", "status",
                 NVSP_MSG1_SEND_RNDIS_PACKET_COMPLETE, rndis_complete.status),
    PACKET_FIELD("nvsp-subchannel-complete", "status", NVSP_MSG5_SUBCHANNEL,
                 subchannel_complete.status),
    PACKET_FIELD("nvsp-subchannel-complete", "count", NVSP_MSG5_SUBCHANNEL,
                 subchannel_complete.count),
    PACKET_FIELD("nvsp-send-table", "count", NVSP_MSG5_SEND_INDIRECTION_TABLE,
                 send_table.count),
    PACKET_FIELD("nvsp-send-table", "offset", NVSP_MSG5_SEND_INDIRECTION_TABLE,
                 send_table.offset),
    PACKET_FIELD("nvsp-send-table", "entry", NVSP_MSG5_SEND_INDIRECTION_TABLE,
                 send_table.table[0]),
    { "xfer-pages", "buffer-id", VMBUS_KIND_DESC, ~0u,
      offsetof(NvspTransfer, buffer_id), 2 },
    { "xfer-pages", "count", VMBUS_KIND_DESC, ~0u,
      offsetof(NvspTransfer, count), 4 },
    { "xfer-pages", "range-len", VMBUS_KIND_DESC, ~0u,
      offsetof(NvspTransfer, ranges[0].len), 4 },
    { "xfer-pages", "range-offset", VMBUS_KIND_DESC, ~0u,
      offsetof(NvspTransfer, ranges[0].offset), 4 },
    { "rndis-packet", "message-len", VMBUS_KIND_BUFFER, RNDIS_MSG_PACKET,
      offsetof(RndisHeader, len), 4 },
    RNDIS_FIELD("rndis-packet", "data-offset", RNDIS_MSG_PACKET, RndisPacket,
                data_offset),
    RNDIS_FIELD("rndis-packet", "data-len", RNDIS_MSG_PACKET, RndisPacket,
                data_len),
    RNDIS_FIELD("rndis-packet", "ppi-offset", RNDIS_MSG_PACKET, RndisPacket,
                ppi_offset),
    RNDIS_FIELD("rndis-packet", "ppi-len", RNDIS_MSG_PACKET, RndisPacket,
                ppi_len),
    PPI_FIELD("ppi0-size", 0, ppi.size),
    PPI_FIELD("ppi0-type", 0, ppi.type),
    PPI_FIELD("ppi0-offset", 0, ppi.offset),
    PPI_FIELD("ppi0-value", 0, value),
    PPI_FIELD("ppi1-size", 1, ppi.size),
    PPI_FIELD("ppi1-offset", 1, ppi.offset),
    RNDIS_FIELD("rndis-init-complete", "request-id",
                RNDIS_MSG_INIT | RNDIS_MSG_COMPLETE, RndisInitComplete,
                request_id),
    RNDIS_FIELD("rndis-init-complete", "max-packets",
                RNDIS_MSG_INIT | RNDIS_MSG_COMPLETE, RndisInitComplete,
                max_packets),
    RNDIS_FIELD("rndis-init-complete", "alignment",
                RNDIS_MSG_INIT | RNDIS_MSG_COMPLETE, RndisInitComplete,
                alignment),
    { "rndis-query-complete", "message-len", VMBUS_KIND_BUFFER,
      RNDIS_MSG_QUERY | RNDIS_MSG_COMPLETE, offsetof(RndisHeader, len), 4 },
    RNDIS_FIELD("rndis-query-complete", "request-id",
                RNDIS_MSG_QUERY | RNDIS_MSG_COMPLETE, RndisQueryComplete,
                request_id),
    RNDIS_FIELD("rndis-query-complete", "status",
                RNDIS_MSG_QUERY | RNDIS_MSG_COMPLETE, RndisQueryComplete,
                status),
    RNDIS_FIELD("rndis-query-complete", "info-len",
                RNDIS_MSG_QUERY | RNDIS_MSG_COMPLETE, RndisQueryComplete,
                info_len),
    RNDIS_FIELD("rndis-query-complete", "info-offset",
                RNDIS_MSG_QUERY | RNDIS_MSG_COMPLETE, RndisQueryComplete,
                info_offset),
    RNDIS_FIELD("rndis-set-complete", "request-id",
                RNDIS_MSG_SET | RNDIS_MSG_COMPLETE, RndisComplete, request_id),
    RNDIS_FIELD("rndis-set-complete", "status",
                RNDIS_MSG_SET | RNDIS_MSG_COMPLETE, RndisComplete, status),
    RNDIS_FIELD("rndis-indicate", "status", RNDIS_MSG_INDICATE, RndisIndicate,
                status),
    RNDIS_FIELD("rndis-indicate", "buf-len", RNDIS_MSG_INDICATE, RndisIndicate,
                buf_len),
    RNDIS_FIELD("rndis-indicate", "buf-offset", RNDIS_MSG_INDICATE,
                RndisIndicate, buf_offset),
    { }
};
