/*
 * Hyper-V's guest interface under TCG: what the rest of QEMU calls
 *
 * Everything that KVM's arch/x86/kvm/hyperv.c does for its guests and QEMU
 * relies on: CPUID leaves, synthetic MSRs, hypercalls, SynIC, timers, time.
 * Each vCPU with an hv-* property has a "hyperv-vp" object, and the machine
 * one "hyperv-partition"; both are in the migration stream.
 *
 * The source of what is emulated is Microsoft's Hypervisor Top-Level
 * Functional Specification ("TLFS"), by section in the files.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TARGET_I386_HYPERV_TCG_H
#define TARGET_I386_HYPERV_TCG_H

#include "cpu-qom.h"

/* Checks the hv-* properties of @cpu and makes its object, if it has any. */
bool hyperv_tcg_realize(X86CPU *cpu, Error **errp);
/* Machine reset, not INIT, which leaves this state alone. Needs the BQL. */
void hyperv_tcg_reset(X86CPU *cpu);

/* Returns false if @index is not a leaf of ours. */
bool hyperv_tcg_cpuid(X86CPU *cpu, uint32_t index, uint32_t *eax,
                      uint32_t *ebx, uint32_t *ecx, uint32_t *edx);

/* The synthetic MSRs are this whole range. */
static inline bool hyperv_tcg_is_msr(uint32_t msr)
{
    return msr >= 0x40000000 && msr <= 0x400001ff;
}

/* Return false if the access is a #GP. Called in vCPU context, no BQL. */
bool hyperv_tcg_wrmsr(X86CPU *cpu, uint32_t msr, uint64_t val);
bool hyperv_tcg_rdmsr(X86CPU *cpu, uint32_t msr, uint64_t *val);

/*
 * VMMCALL with nobody intercepting it. Returns false if it is a #UD, else
 * registers hold the result. Called in vCPU context, no BQL.
 */
bool hyperv_tcg_hypercall(X86CPU *cpu);

/*
 * The guest's TSC, for a CPU that has a "hyperv-vp": the virtual clock at a
 * fixed rate, so that the reference TSC page is exact, which host ticks of
 * unknown rate would not let it be.
 */
uint64_t hyperv_tcg_tsc(X86CPU *cpu);

/*
 * What devices of the host reach of guest memory: of an isolated partition
 * the pages that were made visible.
 */
AddressSpace *hyperv_tcg_dma_as(void);

/* Signal a SINT of @cs. Any context. */
void hyperv_tcg_set_sint(CPUState *cs, uint32_t sint);

#endif
