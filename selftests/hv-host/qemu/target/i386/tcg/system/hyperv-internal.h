/*
 * Hyper-V's guest interface under TCG: what its files share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TCG_SYSTEM_HYPERV_INTERNAL_H
#define TCG_SYSTEM_HYPERV_INTERNAL_H

#include "qemu/timer.h"
#include "exec/memory.h"
#include "hw/qdev-core.h"
#include "qom/object.h"
#include "cpu.h"
#include "hw/hyperv/hyperv-proto.h"
#include "target/i386/kvm/hyperv-proto.h"
#include "tcg/hyperv-tcg.h"

/* Status codes that QEMU has no name for yet (TLFS, appendix B) */
#define HV_STATUS_ACCESS_DENIED         6
#define HV_STATUS_INVALID_PARTITION_ID  13

/* Reference time is counted in units of 100 ns (TLFS 12.4) */
#define HV_NS_PER_REF_UNIT              100
#define HV_REF_UNITS_PER_SECOND         10000000

/* SINTx register (TLFS 11.8.4) */
#define HV_SINT_POLLING                 (1u << 18)
#define HV_SINT_FIRST_VALID_VECTOR      16

/* Synthetic timer configuration register (TLFS 12.3.1) */
#define HV_STIMER_ENABLE                (1u << 0)
#define HV_STIMER_PERIODIC              (1u << 1)
#define HV_STIMER_AUTO_ENABLE           (1u << 3)
#define HV_STIMER_DIRECT                (1u << 12)
#define HV_STIMER_VECTOR(config)        extract64(config, 4, 8)
#define HV_STIMER_SINT(config)          extract64(config, 16, 4)

typedef struct HypervPartition HypervPartition;
typedef struct HypervVP HypervVP;

#define TYPE_HYPERV_PARTITION "hyperv-partition"
OBJECT_DECLARE_SIMPLE_TYPE(HypervPartition, HYPERV_PARTITION)

#define TYPE_HYPERV_VP "hyperv-vp"
OBJECT_DECLARE_SIMPLE_TYPE(HypervVP, HYPERV_VP)

/* What all virtual processors have in common. Under the BQL. */
struct HypervPartition {
    DeviceState parent_obj;

    uint64_t guest_os_id;
    uint64_t hypercall;
    uint64_t reference_tsc;
    uint32_t tsc_khz;       /* set by the first CPU, then the same for all */
    uint64_t tsc_scale;     /* reference units per tick, times 2^64 */

    /* hv-isolation=vbs */
    uint32_t vtom_bit;      /* 0: not isolated */
    int32_t pages;          /* below the end of memory */
    unsigned long *readable, *writable;     /* by the host, one bit a page */
    MemoryRegion above_vtom;
    IOMMUMemoryRegion dma;
    AddressSpace dma_as;
    uint64_t denied;        /* accesses of the host to what is not visible */
};

typedef struct HypervStimer {
    HypervVP *vp;
    uint32_t index;
    QEMUTimer *timer;
    uint64_t expires;       /* reference time, 0: not running */
    bool msg_pending;       /* expired, and its message not in the slot yet */
    uint64_t msg_expired;   /* the reference time that message is to tell */
} HypervStimer;

/* The MSRs are in CPUX86State, where machine.c migrates them. */
struct HypervVP {
    DeviceState parent_obj;

    X86CPU *cpu;
    HypervPartition *partition;
    HypervStimer stimer[HV_STIMER_COUNT];
};

/* hyperv.c */

/* Raise @vector at the CPU's APIC, edge triggered. Needs the BQL. */
void hyperv_vp_interrupt(HypervVP *vp, uint8_t vector);
/* The virtual processor of index @index, or NULL. */
HypervVP *hyperv_vp_find(uint32_t index);
/* Tell the APIC which vectors end by themselves, after a change of a SINT. */
void hyperv_vp_update_auto_eoi(HypervVP *vp);

/* hyperv-isolation.c */

/* Once for the partition; @cpu's property says which kind, if any. */
bool hyperv_isolation_init(HypervPartition *partition, X86CPU *cpu,
                           Error **errp);
void hyperv_isolation_reset(HypervPartition *partition);
void hyperv_isolation_cpuid(HypervPartition *partition, uint32_t *ebx);
/*
 * Let the host read (1), read and write (3), or not use (0) a page given by
 * its number. Returns false if there is no such page or visibility.
 */
bool hyperv_isolation_set_visible(HypervPartition *partition, uint64_t page,
                                  uint32_t visibility);
extern const VMStateDescription vmstate_hyperv_isolation;

/* hyperv-time.c */

/* Partition reference time in units of 100 ns. */
uint64_t hyperv_reference_time(HypervVP *vp);
/* The guest wrote the reference TSC MSR: fill the page. Needs the BQL. */
void hyperv_set_reference_tsc(HypervVP *vp, uint64_t val);
void hyperv_partition_set_tsc(HypervPartition *partition, uint32_t khz);

void hyperv_stimer_init(HypervStimer *stimer, HypervVP *vp, uint32_t index);
void hyperv_stimer_stop(HypervStimer *stimer);
/* The guest wrote one of the two MSRs. Return false for a #GP. */
bool hyperv_stimer_set_config(HypervStimer *stimer, uint64_t config);
bool hyperv_stimer_set_count(HypervStimer *stimer, uint64_t count);
/* A slot of the message page is free, or its SINT open: try again. */
void hyperv_stimer_retry(HypervVP *vp, uint32_t sint);
/* After migration: messages that were on their way to the vCPU. */
void hyperv_stimer_resume(HypervVP *vp);

#endif
