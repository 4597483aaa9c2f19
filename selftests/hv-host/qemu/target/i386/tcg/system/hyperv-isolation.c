/*
 * Hyper-V's guest interface under TCG: an isolated (confidential) partition
 *
 * A partition isolated by VBS has memory that the host cannot reach. The
 * guest sees all of its address space twice, below and above a bit ("virtual
 * top of memory", vTOM): what it uses by the upper address it means to share.
 * It makes pages visible to the host by HvCallModifySparseGpaPageHostVisibility
 * and the host's devices reach those only. There is no encryption here, and
 * nothing keeps the guest from using a page by the wrong address; it is the
 * host that is held to the rules.
 *
 * Sources: TLFS 2.4.11 (leaf 0x4000000C) and the hypercall's description
 * there; OpenVMM's hvdef for the layout of its input.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bitmap.h"
#include "qemu/error-report.h"
#include "qemu/units.h"
#include "exec/address-spaces.h"
#include "hw/boards.h"
#include "migration/vmstate.h"
#include "tcg/helper-tcg.h"
#include "hyperv-internal.h"

#define TYPE_HYPERV_DMA_REGION "hyperv-dma-region"

/* HV_PARTITION_ISOLATION_TYPE */
#define HV_ISOLATION_VBS                1

/* Leaf 0x4000000C, EBX */
#define HV_ISOLATION_VTOM_ACTIVE        (1u << 5)
#define HV_ISOLATION_VTOM_BIT_SHIFT     6

/* Values of host visibility; the bits are reading and writing */
#define HV_VISIBLE_READ                 (1u << 0)
#define HV_VISIBLE_WRITE                (1u << 1)

/* So many accesses are told one by one. */
#define DENIED_REPORTS                  16

bool hyperv_isolation_init(HypervPartition *partition, X86CPU *cpu,
                           Error **errp)
{
    MachineState *machine = MACHINE(qdev_get_machine());
    uint64_t end = machine->maxram_size + 4 * GiB;

    if (!cpu->hyperv_isolation || !strcmp(cpu->hyperv_isolation, "none")) {
        return true;
    }
    if (strcmp(cpu->hyperv_isolation, "vbs")) {
        error_setg(errp, "hv-isolation is 'none' or 'vbs', not '%s'",
                   cpu->hyperv_isolation);
        return false;
    }
    if (partition->vtom_bit) {
        return true;
    }
    /* The caller is before cpu->phys_bits gets its default. */
    partition->vtom_bit = (cpu->phys_bits ?: TCG_PHYS_ADDR_BITS) - 1;
    if (end > BIT_ULL(partition->vtom_bit)) {
        error_setg(errp, "hv-isolation: memory does not end below vTOM at "
                   "bit %u: give phys-bits=", partition->vtom_bit);
        return false;
    }
    partition->pages = end >> TARGET_PAGE_BITS;
    partition->readable = bitmap_new(partition->pages);
    partition->writable = bitmap_new(partition->pages);

    /* Devices too are reached from above: guests share their registers */
    memory_region_init_alias(&partition->above_vtom, OBJECT(partition),
                             "hyperv-above-vtom", get_system_memory(), 0,
                             BIT_ULL(partition->vtom_bit));
    memory_region_add_subregion(get_system_memory(),
                                BIT_ULL(partition->vtom_bit),
                                &partition->above_vtom);
    memory_region_init_iommu(&partition->dma, sizeof(partition->dma),
                             TYPE_HYPERV_DMA_REGION, OBJECT(partition),
                             "hyperv-dma",
                             BIT_ULL(partition->vtom_bit + 1));
    address_space_init(&partition->dma_as, MEMORY_REGION(&partition->dma),
                       "hyperv-dma");
    return true;
}

void hyperv_isolation_reset(HypervPartition *partition)
{
    if (partition->vtom_bit) {
        bitmap_zero(partition->readable, partition->pages);
        bitmap_zero(partition->writable, partition->pages);
    }
}

void hyperv_isolation_cpuid(HypervPartition *partition, uint32_t *ebx)
{
    if (partition->vtom_bit) {
        *ebx = HV_ISOLATION_VBS | HV_ISOLATION_VTOM_ACTIVE |
               partition->vtom_bit << HV_ISOLATION_VTOM_BIT_SHIFT;
    }
}

bool hyperv_isolation_set_visible(HypervPartition *partition, uint64_t page,
                                  uint32_t visibility)
{
    page &= ~(BIT_ULL(partition->vtom_bit) >> TARGET_PAGE_BITS);
    if (page >= partition->pages || visibility > 3 ||
        visibility == HV_VISIBLE_WRITE) {
        return false;
    }
    if (visibility & HV_VISIBLE_READ) {
        set_bit_atomic(page, partition->readable);
    } else {
        clear_bit_atomic(page, partition->readable);
    }
    if (visibility & HV_VISIBLE_WRITE) {
        set_bit_atomic(page, partition->writable);
    } else {
        clear_bit_atomic(page, partition->writable);
    }
    return true;
}

AddressSpace *hyperv_tcg_dma_as(void)
{
    CPUState *cs = first_cpu;
    HypervVP *vp = cs ? X86_CPU(cs)->hyperv_vp : NULL;

    return vp && vp->partition->vtom_bit ? &vp->partition->dma_as :
        &address_space_memory;
}

static void denied(HypervPartition *partition, hwaddr addr, bool write)
{
    if (partition->denied++ < DENIED_REPORTS) {
        warn_report("hv-isolation: the host %s guest address 0x%" HWADDR_PRIx
                    ", which the guest did not make visible",
                    write ? "writes to" : "reads", addr);
    }
}

static IOMMUTLBEntry dma_translate(IOMMUMemoryRegion *region, hwaddr addr,
                                   IOMMUAccessFlags flag, int iommu_idx)
{
    HypervPartition *partition = container_of(region, HypervPartition, dma);
    hwaddr gpa = addr & ~BIT_ULL(partition->vtom_bit);
    uint64_t page = gpa >> TARGET_PAGE_BITS;
    IOMMUTLBEntry entry = {
        .target_as = &address_space_memory,
        .iova = addr & TARGET_PAGE_MASK,
        .translated_addr = gpa & TARGET_PAGE_MASK,
        .addr_mask = ~TARGET_PAGE_MASK,
        .perm = IOMMU_NONE,
    };

    if (page < partition->pages) {
        entry.perm = IOMMU_ACCESS_FLAG(test_bit(page, partition->readable),
                                       test_bit(page, partition->writable));
    }
    if (flag & ~entry.perm) {
        denied(partition, addr, flag & IOMMU_WO);
    }
    return entry;
}

static bool isolation_needed(void *opaque)
{
    HypervPartition *partition = opaque;

    return partition->vtom_bit != 0;
}

const VMStateDescription vmstate_hyperv_isolation = {
    .name = "hyperv-partition/isolation",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = isolation_needed,
    .fields = (const VMStateField[]) {
        VMSTATE_BITMAP(readable, HypervPartition, 1, pages),
        VMSTATE_BITMAP(writable, HypervPartition, 1, pages),
        VMSTATE_UINT64(denied, HypervPartition),
        VMSTATE_END_OF_LIST()
    }
};

static void dma_region_class_init(ObjectClass *klass, void *data)
{
    IOMMU_MEMORY_REGION_CLASS(klass)->translate = dma_translate;
}

static const TypeInfo dma_region_types[] = {
    {
        .name = TYPE_HYPERV_DMA_REGION,
        .parent = TYPE_IOMMU_MEMORY_REGION,
        .class_init = dma_region_class_init,
    },
};

DEFINE_TYPES(dma_region_types)
