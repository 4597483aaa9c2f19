/*
 * Hyper-V's guest interface under TCG: objects, CPUID, interrupts, reset
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qemu/main-loop.h"
#include "exec/address-spaces.h"
#include "hw/boards.h"
#include "hw/i386/apic_internal.h"
#include "hw/i386/apic-msidef.h"
#include "hw/pci/msi.h"
#include "hw/hyperv/hyperv.h"
#include "migration/vmstate.h"
#include "target/i386/hyperv-features.h"
#include "target/i386/kvm/hyperv.h"
#include "hyperv-internal.h"

/* Leaves and bits that kvm/hyperv-proto.h has no name for (TLFS 2.4) */
#define HV_CPUID_ISOLATION              0x4000000C
#define HV_ENABLE_EXTENDED_HYPERCALLS   (1u << 20)
#define HV_ISOLATION                    (1u << 22)

/* What a guest is told when nothing else is asked for: one tick per ns */
#define HV_DEFAULT_TSC_KHZ              1000000

static bool enabled(X86CPU *cpu)
{
    return cpu->hyperv_features || cpu->hyperv_passthrough ||
        cpu->hyperv_isolation ||
        cpu->hyperv_spinlock_attempts != HYPERV_SPINLOCK_NEVER_NOTIFY;
}

static bool check_properties(X86CPU *cpu, Error **errp)
{
    /* Nested virtualization and the debugger's port have no emulation. */
    static const uint64_t missing =
        BIT(HYPERV_FEAT_EVMCS) | BIT(HYPERV_FEAT_MSR_BITMAP) |
        BIT(HYPERV_FEAT_TLBFLUSH_DIRECT) | BIT(HYPERV_FEAT_SYNDBG);
    int i, dep;

    if (cpu->hyperv_passthrough) {
        error_setg(errp, "hv-passthrough needs KVM: TCG has no Hyper-V "
                   "features of a host to pass through");
        return false;
    }
    for (i = 0; i < HYPERV_FEAT_COUNT; i++) {
        const X86HypervProperty *p = &x86_hyperv_properties[i];

        if (!hyperv_feat_enabled(cpu, i)) {
            continue;
        }
        if (missing & BIT(i)) {
            error_setg(errp, "TCG does not emulate Hyper-V %s", p->desc);
            return false;
        }
        for (dep = 0; dep < HYPERV_FEAT_COUNT; dep++) {
            if ((p->dependencies & BIT(dep)) &&
                !hyperv_feat_enabled(cpu, dep)) {
                error_setg(errp, "Hyper-V %s requires Hyper-V %s", p->desc,
                           x86_hyperv_properties[dep].desc);
                return false;
            }
        }
    }
    if (hyperv_feat_enabled(cpu, HYPERV_FEAT_SYNIC) &&
        !hyperv_feat_enabled(cpu, HYPERV_FEAT_VPINDEX)) {
        error_setg(errp, "Hyper-V %s requires Hyper-V %s",
                   x86_hyperv_properties[HYPERV_FEAT_SYNIC].desc,
                   x86_hyperv_properties[HYPERV_FEAT_VPINDEX].desc);
        return false;
    }
    return true;
}

static HypervPartition *partition_get(void)
{
    Object *machine = qdev_get_machine();
    Object *obj = object_resolve_path_component(machine,
                                                TYPE_HYPERV_PARTITION);

    if (!obj) {
        obj = object_new(TYPE_HYPERV_PARTITION);
        object_property_add_child(machine, TYPE_HYPERV_PARTITION, obj);
        object_unref(obj);
        qdev_realize(DEVICE(obj), NULL, &error_abort);
    }
    return HYPERV_PARTITION(obj);
}

bool hyperv_tcg_realize(X86CPU *cpu, Error **errp)
{
    uint32_t khz = cpu->env.tsc_khz ?: HV_DEFAULT_TSC_KHZ;
    HypervPartition *partition;
    Object *obj;

    if (!enabled(cpu)) {
        return true;
    }
    if (!check_properties(cpu, errp)) {
        return false;
    }
    partition = partition_get();
    if (partition->tsc_khz && partition->tsc_khz != khz) {
        error_setg(errp, "tsc-frequency must be the same for all CPUs of a "
                   "Hyper-V guest");
        return false;
    }
    hyperv_partition_set_tsc(partition, khz);
    if (!hyperv_isolation_init(partition, cpu, errp)) {
        return false;
    }

    obj = object_new(TYPE_HYPERV_VP);
    HYPERV_VP(obj)->cpu = cpu;
    HYPERV_VP(obj)->partition = partition;
    object_property_add_child(OBJECT(cpu), TYPE_HYPERV_VP, obj);
    object_unref(obj);
    qdev_realize(DEVICE(obj), NULL, &error_abort);
    cpu->hyperv_vp = HYPERV_VP(obj);

    if (hyperv_feat_enabled(cpu, HYPERV_FEAT_SYNIC)) {
        hyperv_x86_synic_add(cpu);
    }
    if (hyperv_feat_enabled(cpu, HYPERV_FEAT_STIMER) &&
        hyperv_feat_enabled(cpu, HYPERV_FEAT_VAPIC) &&
        hyperv_feat_enabled(cpu, HYPERV_FEAT_RUNTIME)) {
        hyperv_x86_set_vmbus_recommended_features_enabled();
    }
    return true;
}

/*
 * An interrupt of a SINT was ended without EOM being asked for: that too is
 * when waiting messages are tried again (TLFS 11.10).
 */
static void vp_eoi(X86CPU *cpu, int vector)
{
    int i;

    for (i = 0; i < HV_SINT_COUNT; i++) {
        uint64_t sint = cpu->env.msr_hv_synic_sint[i];

        if (!(sint & HV_SINT_MASKED) &&
            (sint & HV_SINT_VECTOR_MASK) == vector) {
            hyperv_stimer_retry(cpu->hyperv_vp, i);
            hyperv_synic_ack(CPU(cpu), i);
        }
    }
}

void hyperv_tcg_reset(X86CPU *cpu)
{
    HypervVP *vp = cpu->hyperv_vp;
    CPUX86State *env = &cpu->env;
    int i;

    if (!vp) {
        return;
    }
    if (CPU(cpu) == first_cpu) {
        vp->partition->guest_os_id = 0;
        vp->partition->hypercall = 0;
        vp->partition->reference_tsc = 0;
        hyperv_isolation_reset(vp->partition);
    }
    env->msr_hv_vapic = 0;
    env->msr_hv_synic_control = 0;
    env->msr_hv_synic_evt_page = 0;
    env->msr_hv_synic_msg_page = 0;
    for (i = 0; i < HV_SINT_COUNT; i++) {
        env->msr_hv_synic_sint[i] = HV_SINT_MASKED;
    }
    for (i = 0; i < HV_STIMER_COUNT; i++) {
        env->msr_hv_stimer_config[i] = 0;
        env->msr_hv_stimer_count[i] = 0;
        hyperv_stimer_stop(&vp->stimer[i]);
    }
    /* Devices gave their routes back before: the machine resets CPUs last */
    if (hyperv_feat_enabled(cpu, HYPERV_FEAT_SYNIC)) {
        hyperv_x86_synic_reset(cpu);
    }
    apic_set_eoi_fn(cpu->apic_state, vp_eoi);
}

HypervVP *hyperv_vp_find(uint32_t index)
{
    CPUState *cs = qemu_get_cpu(index);

    return cs ? X86_CPU(cs)->hyperv_vp : NULL;
}

void hyperv_vp_interrupt(HypervVP *vp, uint8_t vector)
{
    uint32_t id = vp->cpu->apic_id;
    MSIMessage msg = {
        .address = APIC_DEFAULT_ADDRESS |
                   ((id & 0xff) << MSI_ADDR_DEST_ID_SHIFT) |
                   ((uint64_t)(id & ~0xff) << 32),
        .data = vector,
    };

    apic_get_class(NULL)->send_msi(&msg);
}

void hyperv_tcg_set_sint(CPUState *cs, uint32_t sint)
{
    X86CPU *cpu = X86_CPU(cs);
    uint64_t val = cpu->env.msr_hv_synic_sint[sint];
    bool locked = bql_locked();

    if (val & (HV_SINT_MASKED | HV_SINT_POLLING)) {
        return;
    }
    if (!locked) {
        bql_lock();
    }
    hyperv_vp_interrupt(cpu->hyperv_vp, val & HV_SINT_VECTOR_MASK);
    if (!locked) {
        bql_unlock();
    }
}

void hyperv_vp_update_auto_eoi(HypervVP *vp)
{
    uint32_t vectors[8] = {};
    int i;

    for (i = 0; i < HV_SINT_COUNT; i++) {
        uint64_t sint = vp->cpu->env.msr_hv_synic_sint[i];

        if (sint & HV_SINT_AUTO_EOI) {
            apic_set_bit(vectors, sint & HV_SINT_VECTOR_MASK);
        }
    }
    apic_set_auto_eoi(vp->cpu->apic_state, vectors);
}

/* Leaves as in TLFS 2.4; bits of the features come from their one table. */
bool hyperv_tcg_cpuid(X86CPU *cpu, uint32_t index, uint32_t *eax,
                      uint32_t *ebx, uint32_t *ecx, uint32_t *edx)
{
    if (index < HV_CPUID_VENDOR_AND_MAX_FUNCTIONS ||
        index > HV_CPUID_ISOLATION) {
        return false;
    }
    *eax = x86_hyperv_cpuid_bits(cpu, index, R_EAX);
    *ebx = x86_hyperv_cpuid_bits(cpu, index, R_EBX);
    *ecx = x86_hyperv_cpuid_bits(cpu, index, R_ECX);
    *edx = x86_hyperv_cpuid_bits(cpu, index, R_EDX);

    switch (index) {
    case HV_CPUID_VENDOR_AND_MAX_FUNCTIONS:
        *eax = HV_CPUID_ISOLATION;
        *ebx = cpu->hyperv_vendor_id[0];
        *ecx = cpu->hyperv_vendor_id[1];
        *edx = cpu->hyperv_vendor_id[2];
        break;
    case HV_CPUID_INTERFACE:
        *eax = cpu->hyperv_interface_id[0];
        *ebx = cpu->hyperv_interface_id[1];
        *ecx = cpu->hyperv_interface_id[2];
        *edx = cpu->hyperv_interface_id[3];
        break;
    case HV_CPUID_VERSION:
        *eax = cpu->hyperv_ver_id_build;
        *ebx = (uint32_t)cpu->hyperv_ver_id_major << 16 |
               cpu->hyperv_ver_id_minor;
        *ecx = cpu->hyperv_ver_id_sp;
        *edx = (uint32_t)cpu->hyperv_ver_id_sb << 24 |
               (cpu->hyperv_ver_id_sn & 0xffffff);
        break;
    case HV_CPUID_FEATURES:
        *eax |= HV_HYPERCALL_AVAILABLE;
        if (hyperv_feat_enabled(cpu, HYPERV_FEAT_SYNIC)) {
            *ebx |= HV_POST_MESSAGES | HV_SIGNAL_EVENTS;
        }
        if (cpu->hyperv_ext_hypercalls) {
            *ebx |= HV_ENABLE_EXTENDED_HYPERCALLS;
        }
        if (cpu->hyperv_vp->partition->vtom_bit) {
            *ebx |= HV_ISOLATION;
        }
        *edx |= HV_CPU_DYNAMIC_PARTITIONING_AVAILABLE;
        break;
    case HV_CPUID_ENLIGHTMENT_INFO:
        if (hyperv_feat_enabled(cpu, HYPERV_FEAT_VAPIC) &&
            !hyperv_feat_enabled(cpu, HYPERV_FEAT_AVIC)) {
            *eax |= HV_APIC_ACCESS_RECOMMENDED;
        }
        if (cpu->hyperv_no_nonarch_cs == ON_OFF_AUTO_ON) {
            *eax |= HV_NO_NONARCH_CORESHARING;
        }
        *ebx = cpu->hyperv_spinlock_attempts;
        break;
    case HV_CPUID_IMPLEMENT_LIMITS:
        *eax = cpu->hv_max_vps;
        *ebx = cpu->hyperv_limits[0];
        *ecx = cpu->hyperv_limits[1];
        *edx = cpu->hyperv_limits[2];
        break;
    case HV_CPUID_ISOLATION:
        hyperv_isolation_cpuid(cpu->hyperv_vp->partition, ebx);
        break;
    }
    return true;
}

static const VMStateDescription vmstate_partition = {
    .name = TYPE_HYPERV_PARTITION,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(guest_os_id, HypervPartition),
        VMSTATE_UINT64(hypercall, HypervPartition),
        VMSTATE_UINT64(reference_tsc, HypervPartition),
        /* The guest has seen the rate and the page made from it. */
        VMSTATE_UINT32_EQUAL(tsc_khz, HypervPartition,
                             "give tsc-frequency= as at the source"),
        VMSTATE_END_OF_LIST()
    },
    .subsections = (const VMStateDescription * const []) {
        &vmstate_hyperv_isolation,
        NULL
    }
};

static void partition_get_denied(Object *obj, Visitor *v, const char *name,
                                 void *opaque, Error **errp)
{
    visit_type_uint64(v, name, &HYPERV_PARTITION(obj)->denied, errp);
}

static void partition_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->vmsd = &vmstate_partition;
    dc->user_creatable = false;
    object_class_property_add(klass, "host-denied", "uint64",
                              partition_get_denied, NULL, NULL, NULL);
    object_class_property_set_description(klass, "host-denied",
        "accesses of devices to memory the guest did not make visible");
}

static void vp_realize(DeviceState *dev, Error **errp)
{
    HypervVP *vp = HYPERV_VP(dev);
    int i;

    for (i = 0; i < HV_STIMER_COUNT; i++) {
        hyperv_stimer_init(&vp->stimer[i], vp, i);
    }
}

static void vp_finalize(Object *obj)
{
    HypervVP *vp = HYPERV_VP(obj);
    int i;

    for (i = 0; i < HV_STIMER_COUNT; i++) {
        timer_free(vp->stimer[i].timer);
    }
}

static const VMStateDescription vmstate_stimer = {
    .name = "hyperv-vp/stimer",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_TIMER_PTR(timer, HypervStimer),
        VMSTATE_UINT64(expires, HypervStimer),
        VMSTATE_BOOL(msg_pending, HypervStimer),
        VMSTATE_UINT64(msg_expired, HypervStimer),
        VMSTATE_END_OF_LIST()
    }
};

static int vp_post_load(void *opaque, int version_id)
{
    hyperv_stimer_resume(opaque);
    return 0;
}

static const VMStateDescription vmstate_vp = {
    .name = TYPE_HYPERV_VP,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = vp_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT_ARRAY(stimer, HypervVP, HV_STIMER_COUNT, 1,
                             vmstate_stimer, HypervStimer),
        VMSTATE_END_OF_LIST()
    }
};

static void vp_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->realize = vp_realize;
    dc->vmsd = &vmstate_vp;
    dc->user_creatable = false;
}

static const TypeInfo hyperv_types[] = {
    {
        .name = TYPE_HYPERV_PARTITION,
        .parent = TYPE_DEVICE,
        .instance_size = sizeof(HypervPartition),
        .class_init = partition_class_init,
    },
    {
        .name = TYPE_HYPERV_VP,
        .parent = TYPE_DEVICE,
        .instance_size = sizeof(HypervVP),
        .instance_finalize = vp_finalize,
        .class_init = vp_class_init,
    },
};

DEFINE_TYPES(hyperv_types)
