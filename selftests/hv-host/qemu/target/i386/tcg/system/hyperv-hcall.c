/*
 * Hyper-V's guest interface under TCG: hypercalls
 *
 * TLFS chapter 3, "Hypercall interface", and for single calls 4 to 11.
 * Status codes for bad input are those KVM gives.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/bitops.h"
#include "qemu/host-utils.h"
#include "qemu/log.h"
#include "exec/address-spaces.h"
#include "exec/cputlb.h"
#include "hw/core/cpu.h"
#include "hw/hyperv/hyperv.h"
#include "hyperv-internal.h"

/* Call codes (TLFS, appendix A) that QEMU has no name for yet */
#define HVCALL_FLUSH_SPACE              0x0002
#define HVCALL_FLUSH_LIST               0x0003
#define HVCALL_NOTIFY_LONG_SPIN_WAIT    0x0008
#define HVCALL_SEND_IPI                 0x000b
#define HVCALL_FLUSH_SPACE_EX           0x0013
#define HVCALL_FLUSH_LIST_EX            0x0014
#define HVCALL_SEND_IPI_EX              0x0015
#define HVCALL_SET_VISIBILITY           0x00db
#define HVCALL_EXT_QUERY_CAPABILITIES   0x8001

/* Hypercall input value (TLFS 3.7) */
#define CALL_CODE(in)           extract64(in, 0, 16)
#define CALL_VAR_QWORDS(in)     extract64(in, 17, 9)
#define CALL_REP_COUNT(in)      extract64(in, 32, 12)
#define CALL_REP_START(in)      extract64(in, 48, 12)

/* A fast call's input: two general registers, then XMM0 to XMM5 (3.7.1) */
#define FAST_INPUT_MAX          (2 * 8 + 6 * 16)

#define HV_PARTITION_ID_SELF            UINT64_MAX

/* HV_FLUSH_FLAGS (9.4.2) */
#define FLUSH_ALL_PROCESSORS            BIT(0)
#define FLUSH_USE_EXTENDED_RANGES       BIT(3)

/* HV_VP_SET (7.8.7.3) */
#define VP_SET_SPARSE_4K        0
#define VP_SET_BANKS            64

/* More pages than this are not worth being flushed one by one. */
#define FLUSH_PAGES_MAX         64

typedef struct HvCall {
    X86CPU *cpu;
    uint64_t input;             /* control word */
    uint64_t in, out;           /* GPAs, or the data of a fast call */
    bool fast;
    uint16_t reps_done;
} HvCall;

/* VP indexes, 64 to a bank */
typedef struct VpSet {
    bool all;
    uint64_t bank[VP_SET_BANKS];
} VpSet;

static bool vp_set_has(const VpSet *set, uint32_t index)
{
    return set->all || (index / 64 < VP_SET_BANKS &&
                        set->bank[index / 64] & BIT_ULL(index % 64));
}

/* @len bytes of input from @offset on. Returns a status. */
static uint16_t read_input(HvCall *call, unsigned offset, void *buf,
                           unsigned len)
{
    uint8_t regs[FAST_INPUT_MAX];
    unsigned have = 16;
    int i;

    if (!call->fast) {
        if (call->in & 7) {
            return HV_STATUS_INVALID_ALIGNMENT;
        }
        if (address_space_read(CPU(call->cpu)->as, call->in + offset,
                               MEMTXATTRS_UNSPECIFIED, buf, len) != MEMTX_OK) {
            return HV_STATUS_INVALID_HYPERCALL_INPUT;
        }
        return HV_STATUS_SUCCESS;
    }
    stq_le_p(regs, call->in);
    stq_le_p(regs + 8, call->out);
    if (hyperv_feat_enabled(call->cpu, HYPERV_FEAT_XMM_INPUT)) {
        for (i = 0; i < 6; i++) {
            ZMMReg *xmm = &call->cpu->env.xmm_regs[i];

            stq_le_p(regs + 16 + 16 * i, xmm->ZMM_Q(0));
            stq_le_p(regs + 24 + 16 * i, xmm->ZMM_Q(1));
        }
        have = FAST_INPUT_MAX;
    }
    if (offset + len > have) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    memcpy(buf, regs + offset, len);
    return HV_STATUS_SUCCESS;
}

/* An HV_VP_SET at @offset; *@next is where its banks end. */
static uint16_t read_vp_set(HvCall *call, unsigned offset, VpSet *set,
                            unsigned *next)
{
    uint64_t head[2], mask, bank;
    uint16_t status;
    int i;

    status = read_input(call, offset, head, sizeof(head));
    if (status != HV_STATUS_SUCCESS) {
        return status;
    }
    offset += sizeof(head);
    mask = le64_to_cpu(head[1]);
    if (CALL_VAR_QWORDS(call->input) != ctpop64(mask)) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    memset(set, 0, sizeof(*set));
    set->all = le64_to_cpu(head[0]) != VP_SET_SPARSE_4K;
    for (i = 0; i < VP_SET_BANKS; i++) {
        if (!(mask & BIT_ULL(i))) {
            continue;
        }
        status = read_input(call, offset, &bank, sizeof(bank));
        if (status != HV_STATUS_SUCCESS) {
            return status;
        }
        set->bank[i] = le64_to_cpu(bank);
        offset += sizeof(bank);
    }
    *next = offset;
    return HV_STATUS_SUCCESS;
}

/* --- TLB flush (TLFS 9.4) */

typedef struct FlushWork {
    unsigned count;             /* 0: everything */
    uint64_t page[FLUSH_PAGES_MAX];
} FlushWork;

static void flush_work(CPUState *cs, run_on_cpu_data data)
{
    FlushWork *work = data.host_ptr;
    unsigned i;

    if (work && !work->count) {
        tlb_flush(cs);
    }
    for (i = 0; work && i < work->count; i++) {
        tlb_flush_page(cs, work->page[i]);
    }
    g_free(work);
}

/*
 * Only who is asked for, so that a guest that asks for too few is seen to.
 * The caller must not go on before all have done it: exclusive work of its
 * own does not start before the others have left their translated code, and
 * they do what was queued before they are back in it.
 */
static void flush(X86CPU *cpu, const VpSet *set, const FlushWork *work)
{
    CPUState *self = CPU(cpu), *cs;
    bool others = false;

    CPU_FOREACH(cs) {
        if (cs != self && vp_set_has(set, hyperv_vp_index(cs))) {
            async_run_on_cpu(cs, flush_work, RUN_ON_CPU_HOST_PTR(
                                 g_memdup2(work, sizeof(*work))));
            others = true;
        }
    }
    if (others) {
        async_safe_run_on_cpu(self, flush_work, RUN_ON_CPU_HOST_PTR(
            vp_set_has(set, hyperv_vp_index(self)) ?
            g_memdup2(work, sizeof(*work)) : NULL));
    } else if (vp_set_has(set, hyperv_vp_index(self))) {
        flush_work(self, RUN_ON_CPU_HOST_PTR(g_memdup2(work, sizeof(*work))));
    }
}

/* GVA ranges: a page number and how many pages follow it (9.4.2) */
static uint16_t read_gva_list(HvCall *call, unsigned offset, bool extended,
                              FlushWork *work)
{
    unsigned reps = CALL_REP_COUNT(call->input), i, n;
    bool all = extended;

    for (i = CALL_REP_START(call->input); i < reps; i++) {
        uint64_t range;
        uint16_t status = read_input(call, offset + i * sizeof(range), &range,
                                     sizeof(range));

        if (status != HV_STATUS_SUCCESS) {
            return status;
        }
        range = le64_to_cpu(range);
        n = (range & ~TARGET_PAGE_MASK) + 1;
        if (all || work->count + n > FLUSH_PAGES_MAX) {
            all = true;
            continue;
        }
        while (n--) {
            work->page[work->count++] =
                (range & TARGET_PAGE_MASK) + (uint64_t)n * TARGET_PAGE_SIZE;
        }
    }
    if (all) {
        work->count = 0;
    }
    call->reps_done = reps;
    return HV_STATUS_SUCCESS;
}

static uint16_t flush_call(HvCall *call, bool ex, bool list)
{
    uint64_t head[3];           /* address space, flags, processors */
    unsigned next = sizeof(head);
    FlushWork work = {};
    VpSet set = {};
    uint16_t status;
    uint64_t flags;

    if (list != (CALL_REP_COUNT(call->input) != 0) ||
        (!list && CALL_REP_START(call->input))) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    status = read_input(call, 0, head, ex ? 16 : sizeof(head));
    if (status == HV_STATUS_SUCCESS && ex) {
        status = read_vp_set(call, 16, &set, &next);
    }
    if (status != HV_STATUS_SUCCESS) {
        return status;
    }
    flags = le64_to_cpu(head[1]);
    if (!ex) {
        set.bank[0] = le64_to_cpu(head[2]);
    }
    set.all |= flags & FLUSH_ALL_PROCESSORS;
    if (list) {
        status = read_gva_list(call, next, flags & FLUSH_USE_EXTENDED_RANGES,
                               &work);
        if (status != HV_STATUS_SUCCESS) {
            return status;
        }
    }
    flush(call->cpu, &set, &work);
    return HV_STATUS_SUCCESS;
}

/* --- interrupts (TLFS 10.5) */

static uint16_t send_ipi(HvCall *call, bool ex)
{
    uint64_t head[2];           /* vector and VTL, processors */
    VpSet set = {};
    unsigned next;
    uint16_t status;
    uint32_t vector;
    CPUState *cs;

    if (CALL_REP_COUNT(call->input) || CALL_REP_START(call->input)) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    status = read_input(call, 0, head, ex ? 8 : sizeof(head));
    if (status == HV_STATUS_SUCCESS && ex) {
        status = read_vp_set(call, 8, &set, &next);
    }
    if (status != HV_STATUS_SUCCESS) {
        return status;
    }
    if (!ex) {
        set.bank[0] = le64_to_cpu(head[1]);
    }
    vector = (uint32_t)le64_to_cpu(head[0]);
    if (vector < HV_SINT_FIRST_VALID_VECTOR || vector > 255) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    BQL_LOCK_GUARD();
    CPU_FOREACH(cs) {
        if (vp_set_has(&set, hyperv_vp_index(cs)) &&
            X86_CPU(cs)->hyperv_vp) {
            hyperv_vp_interrupt(X86_CPU(cs)->hyperv_vp, vector);
        }
    }
    return HV_STATUS_SUCCESS;
}

/* --- the rest */

static uint16_t query_capabilities(HvCall *call)
{
    if (!call->cpu->hyperv_ext_hypercalls) {
        return HV_STATUS_ACCESS_DENIED;
    }
    if (call->fast || (call->out & 7)) {
        return HV_STATUS_INVALID_ALIGNMENT;
    }
    /* Of the extended calls there is this one only. */
    address_space_stq_le(CPU(call->cpu)->as, call->out, 0,
                         MEMTXATTRS_UNSPECIFIED, NULL);
    return HV_STATUS_SUCCESS;
}

/* HvCallModifySparseGpaPageHostVisibility, a repeated call */
static uint16_t set_visibility(HvCall *call)
{
    HypervPartition *partition = call->cpu->hyperv_vp->partition;
    unsigned i, reps = CALL_REP_COUNT(call->input);
    uint64_t head[2];           /* partition, visibility */
    uint16_t status;

    if (!partition->vtom_bit) {
        return HV_STATUS_ACCESS_DENIED;
    }
    if (!reps) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    status = read_input(call, 0, head, sizeof(head));
    if (status != HV_STATUS_SUCCESS) {
        return status;
    }
    if (le64_to_cpu(head[0]) != HV_PARTITION_ID_SELF) {
        return HV_STATUS_INVALID_PARTITION_ID;
    }
    call->reps_done = CALL_REP_START(call->input);
    for (i = call->reps_done; i < reps; i++) {
        uint64_t page;

        status = read_input(call, sizeof(head) + i * sizeof(page), &page,
                            sizeof(page));
        if (status != HV_STATUS_SUCCESS) {
            return status;
        }
        if (!hyperv_isolation_set_visible(partition, le64_to_cpu(page),
                                          le64_to_cpu(head[1]) & 3)) {
            return HV_STATUS_INVALID_PARAMETER;
        }
        call->reps_done++;
    }
    return HV_STATUS_SUCCESS;
}

static bool is_simple(HvCall *call)
{
    return !CALL_REP_COUNT(call->input) && !CALL_REP_START(call->input) &&
        !CALL_VAR_QWORDS(call->input);
}

static uint16_t dispatch(HvCall *call)
{
    X86CPU *cpu = call->cpu;
    uint16_t code = CALL_CODE(call->input);
    bool synic = hyperv_feat_enabled(cpu, HYPERV_FEAT_SYNIC);

    switch (code) {
    case HV_POST_MESSAGE:
    case HV_SIGNAL_EVENT:
        if (!synic) {
            return HV_STATUS_ACCESS_DENIED;
        }
        if (!is_simple(call)) {
            return HV_STATUS_INVALID_HYPERCALL_INPUT;
        }
        if (code == HV_SIGNAL_EVENT) {
            return hyperv_hcall_signal_event(call->in, call->fast);
        } else {
            BQL_LOCK_GUARD();

            return hyperv_hcall_post_message(call->in, call->fast);
        }
    case HVCALL_NOTIFY_LONG_SPIN_WAIT:
        if (!is_simple(call)) {
            return HV_STATUS_INVALID_HYPERCALL_INPUT;
        }
        /* Who holds the lock may be waiting for our thread. */
        cpu_exit(CPU(cpu));
        return HV_STATUS_SUCCESS;
    case HVCALL_FLUSH_SPACE:
    case HVCALL_FLUSH_LIST:
    case HVCALL_FLUSH_SPACE_EX:
    case HVCALL_FLUSH_LIST_EX:
        if (!hyperv_feat_enabled(cpu, HYPERV_FEAT_TLBFLUSH)) {
            return HV_STATUS_ACCESS_DENIED;
        }
        return flush_call(call, code >= HVCALL_FLUSH_SPACE_EX,
                          code == HVCALL_FLUSH_LIST ||
                          code == HVCALL_FLUSH_LIST_EX);
    case HVCALL_SEND_IPI:
    case HVCALL_SEND_IPI_EX:
        if (!hyperv_feat_enabled(cpu, HYPERV_FEAT_IPI)) {
            return HV_STATUS_ACCESS_DENIED;
        }
        return send_ipi(call, code == HVCALL_SEND_IPI_EX);
    case HVCALL_SET_VISIBILITY:
        return set_visibility(call);
    case HVCALL_EXT_QUERY_CAPABILITIES:
        return query_capabilities(call);
    default:
        qemu_log_mask(LOG_UNIMP, "hyperv: no hypercall 0x%x\n", code);
        return HV_STATUS_INVALID_HYPERCALL_CODE;
    }
}

/* Registers by mode: TLFS 3.7, "Register mapping for hypercall inputs" */
bool hyperv_tcg_hypercall(X86CPU *cpu)
{
    CPUX86State *env = &cpu->env;
    HvCall call = { .cpu = cpu };
    uint64_t result;

    if ((env->hflags & HF_CPL_MASK) || !(env->cr[0] & CR0_PE_MASK) ||
        !qatomic_read(&cpu->hyperv_vp->partition->guest_os_id)) {
        return false;
    }
    if (env->hflags & HF_CS64_MASK) {
        call.input = env->regs[R_ECX];
        call.in = env->regs[R_EDX];
        call.out = env->regs[R_R8];
    } else {
        call.input = deposit64((uint32_t)env->regs[R_EAX], 32, 32,
                               env->regs[R_EDX]);
        call.in = deposit64((uint32_t)env->regs[R_ECX], 32, 32,
                            env->regs[R_EBX]);
        call.out = deposit64((uint32_t)env->regs[R_ESI], 32, 32,
                             env->regs[R_EDI]);
    }
    call.fast = call.input & HV_HYPERCALL_FAST;

    result = dispatch(&call);
    result = deposit64(result, 32, 12, call.reps_done);
    if (env->hflags & HF_CS64_MASK) {
        env->regs[R_EAX] = result;
    } else {
        env->regs[R_EAX] = (uint32_t)result;
        env->regs[R_EDX] = result >> 32;
    }
    return true;
}
