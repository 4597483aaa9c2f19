/*
 * Hyper-V's guest interface under TCG: synthetic MSRs
 *
 * TLFS appendix C lists them. A register whose feature the guest was not
 * given does not exist: #GP, as for one that no hypervisor has.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/log.h"
#include "exec/address-spaces.h"
#include "system/runstate.h"
#include "hw/core/cpu.h"
#include "hw/i386/apic.h"
#include "hw/hyperv/hyperv.h"
#include "target/i386/kvm/hyperv.h"
#include "hyperv-internal.h"

/* Offsets of APIC registers in its page, divided by 16 */
#define APIC_REG_TPR    0x08
#define APIC_REG_EOI    0x0b
#define APIC_REG_ICR    0x30
#define APIC_REG_ICR2   0x31

/* HV_X64_MSR_HYPERCALL: no more changes until reset (TLFS 3.13) */
#define HV_HYPERCALL_LOCKED     (1u << 1)

/* The feature a register comes with; -1 for those every guest has. */
static int feature_of(uint32_t msr)
{
    switch (msr) {
    case HV_X64_MSR_GUEST_OS_ID:
    case HV_X64_MSR_HYPERCALL:
        return -1;
    case HV_X64_MSR_VP_INDEX:
        return HYPERV_FEAT_VPINDEX;
    case HV_X64_MSR_RESET:
        return HYPERV_FEAT_RESET;
    case HV_X64_MSR_VP_RUNTIME:
        return HYPERV_FEAT_RUNTIME;
    case HV_X64_MSR_TIME_REF_COUNT:
    case HV_X64_MSR_REFERENCE_TSC:
        return HYPERV_FEAT_TIME;
    case HV_X64_MSR_TSC_FREQUENCY:
    case HV_X64_MSR_APIC_FREQUENCY:
        return HYPERV_FEAT_FREQUENCIES;
    case HV_X64_MSR_EOI:
    case HV_X64_MSR_ICR:
    case HV_X64_MSR_TPR:
    case HV_X64_MSR_APIC_ASSIST_PAGE:
        return HYPERV_FEAT_VAPIC;
    case HV_X64_MSR_SCONTROL ... HV_X64_MSR_EOM:
    case HV_X64_MSR_SINT0 ... HV_X64_MSR_SINT15:
        return HYPERV_FEAT_SYNIC;
    case HV_X64_MSR_STIMER0_CONFIG ... HV_X64_MSR_STIMER3_COUNT:
        return HYPERV_FEAT_STIMER;
    case HV_X64_MSR_CRASH_P0 ... HV_X64_MSR_CRASH_CTL:
        return HYPERV_FEAT_CRASH;
    case HV_X64_MSR_REENLIGHTENMENT_CONTROL ... HV_X64_MSR_TSC_EMULATION_STATUS:
        return HYPERV_FEAT_REENLIGHTENMENT;
    default:
        return -2;
    }
}

static bool msr_exists(X86CPU *cpu, uint32_t msr)
{
    int feature = feature_of(msr);

    return feature == -1 || (feature >= 0 && hyperv_feat_enabled(cpu, feature));
}

static void set_guest_os_id(HypervVP *vp, uint64_t val)
{
    vp->partition->guest_os_id = val;
    if (!val) {
        vp->partition->hypercall &= ~(uint64_t)HV_HYPERCALL_ENABLE;
    }
}

static void set_hypercall(HypervVP *vp, uint64_t val)
{
    static const uint8_t vmmcall_ret[] = { 0x0f, 0x01, 0xd9, 0xc3 };

    /* TLFS 3.13: the page cannot be had before the guest said what it is */
    if (!vp->partition->guest_os_id ||
        (vp->partition->hypercall & HV_HYPERCALL_LOCKED)) {
        return;
    }
    vp->partition->hypercall = val;
    if (val & HV_HYPERCALL_ENABLE) {
        address_space_write(CPU(vp->cpu)->as, val & TARGET_PAGE_MASK,
                            MEMTXATTRS_UNSPECIFIED, vmmcall_ret,
                            sizeof(vmmcall_ret));
    }
}

static void set_vp_assist(HypervVP *vp, uint64_t val)
{
    hwaddr page = val & TARGET_PAGE_MASK;

    vp->cpu->env.msr_hv_vapic = val;
    if (val & 1) {
        /* EOI assist is the page's first word, and starts with no offer */
        address_space_stl_le(CPU(vp->cpu)->as, page, 0,
                             MEMTXATTRS_UNSPECIFIED, NULL);
    }
    apic_set_eoi_assist(vp->cpu->apic_state, val & 1 ? page : 0);
}

/* Runs with all vCPUs stopped, since it changes the memory map. */
static void synic_update(CPUState *cs, run_on_cpu_data data)
{
    bql_lock();
    hyperv_x86_synic_update(X86_CPU(cs));
    bql_unlock();
}

static void synic_changed(HypervVP *vp)
{
    async_safe_run_on_cpu(CPU(vp->cpu), synic_update, RUN_ON_CPU_NULL);
    cpu_exit(CPU(vp->cpu));
}

static bool set_sint(HypervVP *vp, uint32_t sint, uint64_t val)
{
    uint8_t vector = val & HV_SINT_VECTOR_MASK;

    if (vector < HV_SINT_FIRST_VALID_VECTOR &&
        !(val & (HV_SINT_MASKED | HV_SINT_POLLING))) {
        return false;
    }
    vp->cpu->env.msr_hv_synic_sint[sint] = val;
    hyperv_vp_update_auto_eoi(vp);
    if (!(val & HV_SINT_MASKED)) {
        hyperv_stimer_retry(vp, sint);
    }
    return true;
}

/* Whoever waits for any slot of the message page may try again. */
static void end_of_message(HypervVP *vp)
{
    uint32_t sint;

    for (sint = 0; sint < HV_SINT_COUNT; sint++) {
        hyperv_stimer_retry(vp, sint);
        hyperv_synic_ack(CPU(vp->cpu), sint);
    }
}

static bool set_icr(X86CPU *cpu, uint64_t val)
{
    if (is_x2apic_mode(cpu->apic_state)) {
        return apic_pv_write(APIC_REG_ICR, val) == 0;
    }
    return apic_pv_write(APIC_REG_ICR2, val >> 32) == 0 &&
           apic_pv_write(APIC_REG_ICR, (uint32_t)val) == 0;
}

bool hyperv_tcg_wrmsr(X86CPU *cpu, uint32_t msr, uint64_t val)
{
    HypervVP *vp = cpu->hyperv_vp;
    CPUX86State *env = &cpu->env;
    BQL_LOCK_GUARD();

    if (!msr_exists(cpu, msr)) {
        qemu_log_mask(LOG_GUEST_ERROR, "hyperv: no MSR 0x%x to write 0x%"
                      PRIx64 " to\n", msr, val);
        return false;
    }
    switch (msr) {
    case HV_X64_MSR_GUEST_OS_ID:
        set_guest_os_id(vp, val);
        return true;
    case HV_X64_MSR_HYPERCALL:
        set_hypercall(vp, val);
        return true;
    case HV_X64_MSR_RESET:
        if (val & 1) {
            qemu_system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
        }
        return true;
    case HV_X64_MSR_REFERENCE_TSC:
        hyperv_set_reference_tsc(vp, val);
        return true;
    case HV_X64_MSR_EOI:
        return apic_pv_write(APIC_REG_EOI, val) == 0;
    case HV_X64_MSR_ICR:
        return set_icr(cpu, val);
    case HV_X64_MSR_TPR:
        return apic_pv_write(APIC_REG_TPR, val & 0xff) == 0;
    case HV_X64_MSR_APIC_ASSIST_PAGE:
        set_vp_assist(vp, val);
        return true;
    case HV_X64_MSR_SCONTROL:
        env->msr_hv_synic_control = val;
        synic_changed(vp);
        return true;
    case HV_X64_MSR_SIEFP:
        env->msr_hv_synic_evt_page = val;
        synic_changed(vp);
        return true;
    case HV_X64_MSR_SIMP:
        env->msr_hv_synic_msg_page = val;
        synic_changed(vp);
        return true;
    case HV_X64_MSR_EOM:
        end_of_message(vp);
        return true;
    case HV_X64_MSR_SINT0 ... HV_X64_MSR_SINT15:
        return set_sint(vp, msr - HV_X64_MSR_SINT0, val);
    case HV_X64_MSR_STIMER0_CONFIG ... HV_X64_MSR_STIMER3_COUNT: {
        HypervStimer *stimer = &vp->stimer[(msr - HV_X64_MSR_STIMER0_CONFIG) / 2];

        return (msr - HV_X64_MSR_STIMER0_CONFIG) & 1 ?
            hyperv_stimer_set_count(stimer, val) :
            hyperv_stimer_set_config(stimer, val);
    }
    case HV_X64_MSR_CRASH_P0 ... HV_X64_MSR_CRASH_P4:
        env->msr_hv_crash_params[msr - HV_X64_MSR_CRASH_P0] = val;
        return true;
    case HV_X64_MSR_CRASH_CTL:
        if (val & HV_CRASH_CTL_NOTIFY) {
            qemu_system_guest_panicked(cpu_get_crash_info(CPU(cpu)));
        }
        return true;
    case HV_X64_MSR_REENLIGHTENMENT_CONTROL:
        env->msr_hv_reenlightenment_control = val;
        return true;
    case HV_X64_MSR_TSC_EMULATION_CONTROL:
        env->msr_hv_tsc_emulation_control = val;
        return true;
    case HV_X64_MSR_TSC_EMULATION_STATUS:
        env->msr_hv_tsc_emulation_status = val;
        return true;
    default:
        /* the rest can only be read */
        return false;
    }
}

bool hyperv_tcg_rdmsr(X86CPU *cpu, uint32_t msr, uint64_t *val)
{
    HypervVP *vp = cpu->hyperv_vp;
    CPUX86State *env = &cpu->env;
    BQL_LOCK_GUARD();

    if (!msr_exists(cpu, msr)) {
        qemu_log_mask(LOG_GUEST_ERROR, "hyperv: no MSR 0x%x to read\n", msr);
        return false;
    }
    switch (msr) {
    case HV_X64_MSR_GUEST_OS_ID:
        *val = vp->partition->guest_os_id;
        return true;
    case HV_X64_MSR_HYPERCALL:
        *val = vp->partition->hypercall;
        return true;
    case HV_X64_MSR_VP_INDEX:
        *val = hyperv_vp_index(CPU(cpu));
        return true;
    case HV_X64_MSR_VP_RUNTIME:
        /*
         * TCG does not account the time that a vCPU runs: this is since the
         * machine was started, which is the most it can have been.
         */
    case HV_X64_MSR_TIME_REF_COUNT:
        *val = hyperv_reference_time(vp);
        return true;
    case HV_X64_MSR_REFERENCE_TSC:
        *val = vp->partition->reference_tsc;
        return true;
    case HV_X64_MSR_TSC_FREQUENCY:
        *val = (uint64_t)vp->partition->tsc_khz * 1000;
        return true;
    case HV_X64_MSR_APIC_FREQUENCY:
        /* hw/intc/apic.c counts the virtual clock, in ns */
        *val = NANOSECONDS_PER_SECOND;
        return true;
    case HV_X64_MSR_ICR: {
        uint64_t high = 0;

        if (apic_pv_read(APIC_REG_ICR, val) < 0 ||
            apic_pv_read(APIC_REG_ICR2, &high) < 0) {
            return false;
        }
        *val |= high << 32;
        return true;
    }
    case HV_X64_MSR_TPR:
        return apic_pv_read(APIC_REG_TPR, val) == 0;
    case HV_X64_MSR_APIC_ASSIST_PAGE:
        *val = env->msr_hv_vapic;
        return true;
    case HV_X64_MSR_SCONTROL:
        *val = env->msr_hv_synic_control;
        return true;
    case HV_X64_MSR_SVERSION:
        *val = HV_SYNIC_VERSION;
        return true;
    case HV_X64_MSR_SIEFP:
        *val = env->msr_hv_synic_evt_page;
        return true;
    case HV_X64_MSR_SIMP:
        *val = env->msr_hv_synic_msg_page;
        return true;
    case HV_X64_MSR_RESET:
    case HV_X64_MSR_EOM:
        *val = 0;
        return true;
    case HV_X64_MSR_SINT0 ... HV_X64_MSR_SINT15:
        *val = env->msr_hv_synic_sint[msr - HV_X64_MSR_SINT0];
        return true;
    case HV_X64_MSR_STIMER0_CONFIG ... HV_X64_MSR_STIMER3_COUNT: {
        int i = (msr - HV_X64_MSR_STIMER0_CONFIG) / 2;

        *val = (msr - HV_X64_MSR_STIMER0_CONFIG) & 1 ?
            env->msr_hv_stimer_count[i] : env->msr_hv_stimer_config[i];
        return true;
    }
    case HV_X64_MSR_CRASH_P0 ... HV_X64_MSR_CRASH_P4:
        *val = env->msr_hv_crash_params[msr - HV_X64_MSR_CRASH_P0];
        return true;
    case HV_X64_MSR_CRASH_CTL:
        *val = HV_CRASH_CTL_NOTIFY;
        return true;
    case HV_X64_MSR_REENLIGHTENMENT_CONTROL:
        *val = env->msr_hv_reenlightenment_control;
        return true;
    case HV_X64_MSR_TSC_EMULATION_CONTROL:
        *val = env->msr_hv_tsc_emulation_control;
        return true;
    case HV_X64_MSR_TSC_EMULATION_STATUS:
        *val = env->msr_hv_tsc_emulation_status;
        return true;
    default:
        /* HV_X64_MSR_EOI can only be written */
        return false;
    }
}
