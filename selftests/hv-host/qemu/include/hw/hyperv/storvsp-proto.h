/*
 * Hyper-V synthetic storage (StorVSP) protocol
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Sources of the facts: operation numbers, packet layout, version numbers,
 * NTSTATUS values and the initialization order are those of OpenVMM's storvsp
 * (vm/devices/storage/storvsp/src/protocol.rs and lib.rs); SRB status and flag
 * values are those of Microsoft's storage documentation (srb.h,
 * "SCSI_REQUEST_BLOCK structure").  Where Linux (drivers/scsi/storvsc_drv.c)
 * differs, the README of hv-host says so.
 *
 * Everything is little-endian and packed.  Sizes are in bytes.
 */

#ifndef HW_HYPERV_STORVSP_PROTO_H
#define HW_HYPERV_STORVSP_PROTO_H

#define STORVSP_SCSI_CLASS_ID   "ba6163d9-04a1-4d29-b605-72e2ffb1dc7f"
#define STORVSP_IDE_CLASS_ID    "32412632-86cb-44a2-9b5c-50d1417354f5"

/* major in the high byte, minor in the low one */
#define STORVSP_VERSION_WIN6    0x0200
#define STORVSP_VERSION_WIN7    0x0402
#define STORVSP_VERSION_WIN8    0x0501
#define STORVSP_VERSION_BLUE    0x0600
#define STORVSP_VERSION_WIN10   0x0602

enum {
    STORVSP_OP_COMPLETE_IO = 1,
    STORVSP_OP_REMOVE_DEVICE,
    STORVSP_OP_EXECUTE_SRB,
    STORVSP_OP_RESET_LUN,
    STORVSP_OP_RESET_ADAPTER,
    STORVSP_OP_RESET_BUS,
    STORVSP_OP_BEGIN_INITIALIZATION,
    STORVSP_OP_END_INITIALIZATION,
    STORVSP_OP_QUERY_PROTOCOL_VERSION,
    STORVSP_OP_QUERY_PROPERTIES,
    STORVSP_OP_ENUMERATE_BUS,
    STORVSP_OP_FCHBA_DATA,
    STORVSP_OP_CREATE_SUB_CHANNELS,
    STORVSP_OP_EVENT_NOTIFICATION,
};

/* NTSTATUS in StorVspPacket.status */
#define STORVSP_STATUS_SUCCESS                  0x00000000
#define STORVSP_STATUS_BUFFER_OVERFLOW          0x80000005
#define STORVSP_STATUS_DEVICE_BUSY              0x80000011
#define STORVSP_STATUS_INVALID_PARAMETER        0xc000000d
#define STORVSP_STATUS_INVALID_DEVICE_REQUEST   0xc0000010
#define STORVSP_STATUS_REVISION_MISMATCH        0xc0000059
#define STORVSP_STATUS_DEVICE_NOT_CONNECTED     0xc000009d
#define STORVSP_STATUS_IO_TIMEOUT               0xc00000b5
#define STORVSP_STATUS_DEVICE_DOES_NOT_EXIST    0xc00000c0
#define STORVSP_STATUS_CANCELLED                0xc0000120
#define STORVSP_STATUS_INVALID_DEVICE_STATE     0xc0000184
#define STORVSP_STATUS_IO_DEVICE_ERROR          0xc0000185

/* StorVspScsiRequest.srb_status: six bits of code, two of flags */
#define SRB_STATUS_SUCCESS              0x01
#define SRB_STATUS_ABORTED              0x02
#define SRB_STATUS_ERROR                0x04
#define SRB_STATUS_BUSY                 0x05
#define SRB_STATUS_INVALID_REQUEST      0x06
#define SRB_STATUS_TIMEOUT              0x09
#define SRB_STATUS_SELECTION_TIMEOUT    0x0a
#define SRB_STATUS_BUS_RESET            0x0e
#define SRB_STATUS_DATA_OVERRUN         0x12
#define SRB_STATUS_INVALID_LUN          0x20
#define SRB_STATUS_AUTOSENSE_VALID      0x80

/* StorVspScsiRequest.srb_flags */
#define SRB_FLAGS_DISABLE_AUTOSENSE     0x00000020

/* StorVspScsiRequest.data_in */
#define STORVSP_DATA_OUT        0
#define STORVSP_DATA_IN         1

#define STORVSP_CDB_SIZE        16
#define STORVSP_SENSE_SIZE      20

typedef struct QEMU_PACKED StorVspScsiRequest {
    uint16_t length;            /* of this structure */
    uint8_t srb_status;
    uint8_t scsi_status;
    uint8_t port;               /* the guest's own number, not used */
    uint8_t path_id;
    uint8_t target_id;
    uint8_t lun;
    uint8_t cdb_length;
    uint8_t sense_length;
    uint8_t data_in;
    uint8_t properties;
    uint32_t data_transfer_length;
    union {
        uint8_t cdb[STORVSP_CDB_SIZE];          /* request */
        uint8_t sense[STORVSP_SENSE_SIZE];      /* completion */
    };
    /* from 5.1 on */
    uint16_t reserved;
    uint8_t queue_tag;
    uint8_t queue_action;
    uint32_t srb_flags;
    uint32_t timeout;           /* seconds */
    uint32_t queue_sort_key;
} StorVspScsiRequest;

#define STORVSP_SCSI_REQUEST_V1_SIZE    0x24
#define STORVSP_SCSI_REQUEST_SIZE       0x34
QEMU_BUILD_BUG_ON(sizeof(StorVspScsiRequest) != STORVSP_SCSI_REQUEST_SIZE);

#define STORVSP_PROPERTY_MULTI_CHANNEL  0x1

typedef struct QEMU_PACKED StorVspProperties {
    uint32_t reserved;
    uint16_t max_sub_channels;
    uint16_t reserved1;
    uint32_t flags;
    uint32_t max_transfer_bytes;
    uint64_t reserved2;
} StorVspProperties;

typedef struct QEMU_PACKED StorVspVersion {
    uint16_t version;
    uint16_t reserved;
} StorVspVersion;

typedef struct QEMU_PACKED StorVspPacket {
    uint32_t operation;
    uint32_t flags;
    uint32_t status;
    union {
        StorVspScsiRequest srb;
        StorVspProperties properties;
        StorVspVersion version;
        uint16_t sub_channel_count;
    };
} StorVspPacket;

#define STORVSP_PACKET_HEADER_SIZE      12
#define STORVSP_PACKET_V1_SIZE \
    (STORVSP_PACKET_HEADER_SIZE + STORVSP_SCSI_REQUEST_V1_SIZE)

/* user-defined part of the offer of an IDE channel */
#define STORVSP_OFFER_FLAG_IDE  0x2

typedef struct QEMU_PACKED StorVspIdeOffer {
    uint16_t reserved;
    uint8_t path_id;
    uint8_t target_id;
    uint32_t reserved1;
    uint32_t flags;
    uint32_t reserved2[3];
} StorVspIdeOffer;

#endif
