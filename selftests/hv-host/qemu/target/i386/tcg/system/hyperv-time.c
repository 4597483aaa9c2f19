/*
 * Hyper-V's guest interface under TCG: reference time and synthetic timers
 *
 * TLFS chapter 12, "Timers". Where it leaves a choice, ours is that of KVM
 * (arch/x86/kvm/hyperv.c), so that a guest sees no difference.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "exec/address-spaces.h"
#include "hw/core/cpu.h"
#include "hw/hyperv/hyperv.h"
#include "hyperv-internal.h"

/* HV_REFERENCE_TSC_PAGE (TLFS 12.7.3), little endian */
struct reference_tsc_page {
    uint32_t sequence;
    uint32_t reserved;
    uint64_t scale;
    int64_t offset;
};

/* HV_TIMER_MESSAGE_PAYLOAD (TLFS 12.3.2), little endian */
struct timer_message {
    uint32_t index;
    uint32_t reserved;
    uint64_t expiration_time;
    uint64_t delivery_time;
};

void hyperv_partition_set_tsc(HypervPartition *partition, uint32_t khz)
{
    uint64_t lo = 0, hi = HV_REF_UNITS_PER_SECOND;

    divu128(&lo, &hi, (uint64_t)khz * 1000);
    partition->tsc_khz = khz;
    partition->tsc_scale = lo;
}

uint64_t hyperv_tcg_tsc(X86CPU *cpu)
{
    return muldiv64(qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL),
                    cpu->hyperv_vp->partition->tsc_khz, 1000000);
}

/* Computed as a guest does from the page, so that the two always agree. */
uint64_t hyperv_reference_time(HypervVP *vp)
{
    uint64_t lo, hi;

    mulu64(&lo, &hi, hyperv_tcg_tsc(vp->cpu), vp->partition->tsc_scale);
    return hi;
}

void hyperv_set_reference_tsc(HypervVP *vp, uint64_t val)
{
    struct reference_tsc_page page = {
        /* 0 says that the page is not to be used; ours never changes */
        .sequence = cpu_to_le32(1),
        .scale = cpu_to_le64(vp->partition->tsc_scale),
    };

    vp->partition->reference_tsc = val;
    if (val & 1) {
        address_space_write(CPU(vp->cpu)->as, val & TARGET_PAGE_MASK,
                            MEMTXATTRS_UNSPECIFIED, &page, sizeof(page));
    }
}

static uint64_t *stimer_config(HypervStimer *stimer)
{
    return &stimer->vp->cpu->env.msr_hv_stimer_config[stimer->index];
}

static uint64_t stimer_count(HypervStimer *stimer)
{
    return stimer->vp->cpu->env.msr_hv_stimer_count[stimer->index];
}

static void stimer_done(HypervStimer *stimer)
{
    if (!(*stimer_config(stimer) & HV_STIMER_PERIODIC)) {
        *stimer_config(stimer) &= ~(uint64_t)HV_STIMER_ENABLE;
    }
}

/*
 * In the context of the vCPU. A message of a periodic timer that finds its
 * slot taken is lost, as KVM has it: the next one follows anyway. One of a
 * one-shot timer waits, and the timer stays enabled until it was delivered.
 */
static void stimer_post(CPUState *cs, run_on_cpu_data data)
{
    HypervStimer *stimer = data.host_ptr;
    uint64_t config = *stimer_config(stimer);
    uint32_t sint = HV_STIMER_SINT(config);
    bool periodic = config & HV_STIMER_PERIODIC;
    struct timer_message payload;
    struct hyperv_message msg = {
        .header.message_type = HV_MESSAGE_TIMER_EXPIRED,
        .header.payload_size = sizeof(payload),
    };
    int ret;

    if (!stimer->msg_pending) {
        return;
    }
    /* Messages for a masked SINT are queued (TLFS 11.8.4) */
    if (stimer->vp->cpu->env.msr_hv_synic_sint[sint] & HV_SINT_MASKED) {
        return;
    }
    payload = (struct timer_message) {
        .index = cpu_to_le32(stimer->index),
        .expiration_time = cpu_to_le64(stimer->msg_expired),
        .delivery_time = cpu_to_le64(hyperv_reference_time(stimer->vp)),
    };
    memcpy(msg.payload, &payload, sizeof(payload));
    ret = hyperv_synic_post_now(cs, sint, &msg, !periodic);
    if (ret == 0) {
        hyperv_tcg_set_sint(cs, sint);
    }
    if (ret == 0 || periodic) {
        stimer->msg_pending = false;
        stimer_done(stimer);
    }
}

static void stimer_arm(HypervStimer *stimer)
{
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    uint64_t now_ref = hyperv_reference_time(stimer->vp);
    uint64_t left = stimer->expires > now_ref ? stimer->expires - now_ref : 0;

    /* What is centuries away is as good as never. */
    left = MIN(left, (INT64_MAX - now) / HV_NS_PER_REF_UNIT);
    timer_mod(stimer->timer, now + left * HV_NS_PER_REF_UNIT);
}

static void stimer_expire(void *opaque)
{
    HypervStimer *stimer = opaque;
    uint64_t now = hyperv_reference_time(stimer->vp);
    uint64_t config = *stimer_config(stimer);
    uint64_t count = stimer_count(stimer);

    if (now < stimer->expires) {
        stimer_arm(stimer);
        return;
    }
    if (config & HV_STIMER_DIRECT) {
        hyperv_vp_interrupt(stimer->vp, HV_STIMER_VECTOR(config));
        stimer_done(stimer);
    } else {
        stimer->msg_expired = stimer->expires;
        stimer->msg_pending = true;
        async_run_on_cpu(CPU(stimer->vp->cpu), stimer_post,
                         RUN_ON_CPU_HOST_PTR(stimer));
    }
    if (config & HV_STIMER_PERIODIC) {
        /* Ticks that were missed are not made up for. */
        stimer->expires = now + count - (now - stimer->expires) % count;
        stimer_arm(stimer);
    } else {
        stimer->expires = 0;
    }
}

void hyperv_stimer_stop(HypervStimer *stimer)
{
    timer_del(stimer->timer);
    stimer->expires = 0;
    stimer->msg_pending = false;
}

static void stimer_restart(HypervStimer *stimer)
{
    uint64_t config = *stimer_config(stimer);
    uint64_t count = stimer_count(stimer);

    hyperv_stimer_stop(stimer);
    if (!(config & HV_STIMER_ENABLE) || !count) {
        return;
    }
    stimer->expires = count;
    if (config & HV_STIMER_PERIODIC) {
        stimer->expires += hyperv_reference_time(stimer->vp);
    }
    stimer_arm(stimer);
}

bool hyperv_stimer_set_config(HypervStimer *stimer, uint64_t config)
{
    uint64_t *old = stimer_config(stimer);

    if ((config & HV_STIMER_DIRECT) &&
        !hyperv_feat_enabled(stimer->vp->cpu, HYPERV_FEAT_STIMER_DIRECT)) {
        return false;
    }
    /* An enabled timer whose SINT becomes 0 stops (TLFS 12.3.1) */
    if ((*old & HV_STIMER_ENABLE) && !(config & HV_STIMER_DIRECT) &&
        !HV_STIMER_SINT(config)) {
        config &= ~(uint64_t)HV_STIMER_ENABLE;
    }
    *old = config;
    stimer_restart(stimer);
    return true;
}

bool hyperv_stimer_set_count(HypervStimer *stimer, uint64_t count)
{
    uint64_t *config = stimer_config(stimer);

    stimer->vp->cpu->env.msr_hv_stimer_count[stimer->index] = count;
    if (!count) {
        *config &= ~(uint64_t)HV_STIMER_ENABLE;
    } else if (*config & HV_STIMER_AUTO_ENABLE) {
        *config |= HV_STIMER_ENABLE;
    }
    stimer_restart(stimer);
    return true;
}

void hyperv_stimer_retry(HypervVP *vp, uint32_t sint)
{
    int i;

    for (i = 0; i < HV_STIMER_COUNT; i++) {
        HypervStimer *stimer = &vp->stimer[i];

        if (stimer->msg_pending &&
            HV_STIMER_SINT(*stimer_config(stimer)) == sint) {
            stimer_post(CPU(vp->cpu), RUN_ON_CPU_HOST_PTR(stimer));
        }
    }
}

void hyperv_stimer_resume(HypervVP *vp)
{
    int i;

    for (i = 0; i < HV_STIMER_COUNT; i++) {
        if (vp->stimer[i].msg_pending) {
            async_run_on_cpu(CPU(vp->cpu), stimer_post,
                             RUN_ON_CPU_HOST_PTR(&vp->stimer[i]));
        }
    }
}

void hyperv_stimer_init(HypervStimer *stimer, HypervVP *vp, uint32_t index)
{
    stimer->vp = vp;
    stimer->index = index;
    stimer->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, stimer_expire, stimer);
}
