// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V's guest interface as a processor sees it, with no kernel between: what the TLFS says, checked on our
 * host under TCG and on KVM's implementation alike. Each test is one sentence; sections are those of the TLFS.
 */
#include "bare.h"

u32 features[4], hints[4];
struct message message_page[16] __attribute__((aligned(4096)));
u64 event_page[16][32] __attribute__((aligned(4096)));

/* 2.4: leaves */
void test_cpuid(void)
{
	u32 r[4];

	cpuid(1, r);
	ok(r[2] >> 31, "cpuid: leaf 1 says that there is a hypervisor");
	cpuid(0x40000000, r);
	ok(r[0] >= 0x40000005 && r[0] <= 0x400000ff, "cpuid: the last leaf is at least 0x40000005");
	ok(r[1] == 0x7263694d && r[2] == 0x666f736f && r[3] == 0x76482074, "cpuid: the vendor is 'Microsoft Hv'");
	cpuid(0x40000001, r);
	is("cpuid: the interface is 'Hv#1'", r[0], 0x31237648);
	cpuid(0x40000003, features);
	is("cpuid: the privileges asked for are given", features[0] & 0xaff, 0xaff);
	is("cpuid: messages may be posted and events signalled", features[1] & 0x30, 0x30);
	is("cpuid: frequency and crash MSRs, direct timers, XMM input", features[3] & 0x80510, 0x80510);
	cpuid(0x40000004, hints);
	is("cpuid: hypercalls for TLB flush and IPIs are recommended", hints[0] & 0xc04, 0xc04);
	cpuid(0x40000005, r);
	ok(r[0] >= 2, "cpuid: there may be two virtual processors");
}

void test_msrs(void)
{
	u64 page = (u64)hypercall_page;

	/* 3.13 */
	is("msrs: the guest's identity is 0 at first", rdmsr(GUEST_OS_ID), 0);
	wrmsr(HYPERCALL, page | 1);
	is("msrs: no hypercall page without an identity", rdmsr(HYPERCALL) & 1, 0);
	wrmsr(GUEST_OS_ID, 0x8100000000000000);
	is("msrs: the identity is kept", rdmsr(GUEST_OS_ID), 0x8100000000000000);
	wrmsr(HYPERCALL, page | 1);
	is("msrs: the hypercall page is where it was put", rdmsr(HYPERCALL), page | 1);
	ok(hypercall_page[0] == 0x0f && hypercall_page[1] == 0x01, "msrs: ... and begins with a hypercall");
	wrmsr(GUEST_OS_ID, 0);
	is("msrs: it goes with the identity", rdmsr(HYPERCALL) & 1, 0);
	wrmsr(GUEST_OS_ID, 0x8100000000000000);
	wrmsr(HYPERCALL, page | 1);

	is("msrs: the first virtual processor has index 0", rdmsr(VP_INDEX), 0);
	ok(wrmsr_faults(VP_INDEX, 0), "msrs: writing the index is a #GP");
	ok(wrmsr_faults(TIME_REF_COUNT, 0), "msrs: writing the reference counter is a #GP");
	ok(wrmsr_faults(SVERSION, 0), "msrs: writing the SynIC's version is a #GP");
	ok(wrmsr_faults(TSC_FREQUENCY, 0) && wrmsr_faults(APIC_FREQUENCY, 0), "msrs: writing a frequency is a #GP");
	ok(rdmsr_faults(0x4000001f), "msrs: reading a register that is not is a #GP");
	ok(wrmsr_faults(0x4000001f, 0), "msrs: writing a register that is not is a #GP");
	is("msrs: RESET reads as 0", rdmsr(RESET), 0);
	ok(rdmsr(VP_RUNTIME) <= rdmsr(VP_RUNTIME), "msrs: the time run does not go back");

	/* 2.4.2, crash enlightenment */
	is("msrs: the crash can be notified", rdmsr(CRASH_CTL) >> 63, 1);
	for (u32 i = 0; i < 5; i++)
		wrmsr(CRASH_P0 + i, 0x1111111111111111 * (i + 1));
	is("msrs: the crash parameters are kept", rdmsr(CRASH_P0 + 4), 0x5555555555555555);
}

void end_message(u32 sint)
{
	bool pending;

	message_page[sint].type = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	pending = message_page[sint].flags & 1;
	if (pending)
		wrmsr(EOM, 0);
}

/* 11: synthetic interrupt controller; the echo of QEMU's hyperv-testdev stands for a host */
#define TESTDEV 0x3000
enum { ROUTE_CREATE = 1, ROUTE_DESTROY, ROUTE_SET, MSG_CREATE, MSG_DESTROY, EVT_CREATE, EVT_DESTROY };

static void testdev(u32 what, u32 connection)
{
	outl(TESTDEV, 2 | what << 16 | connection << 24);	/* SINT 2 of VP 0 */
}

static struct { /* HvCallPostMessage's input */
	u32 connection, reserved, type, size;
	u64 payload[30];
} post __attribute__((aligned(512)));

static void synic_setup(void)
{
	u32 sints = 0;

	is("synic: its version is 1", rdmsr(SVERSION), 1);
	for (u32 i = 0; i < 16; i++)
		sints += rdmsr(SINT0 + i) == SINT_MASKED;
	is("synic: all SINTs are masked at first", sints, 16);
	is("synic: ... and control and pages off", rdmsr(SCONTROL) | rdmsr(SIMP) | rdmsr(SIEFP), 0);
	ok(wrmsr_faults(SINT0 + 2, 15), "synic: a vector below 16 is a #GP");
	ok(!wrmsr_faults(SINT0 + 2, SINT_MASKED | 15), "synic: ... not of a masked SINT");
	wrmsr(SIMP, (u64)message_page | 1);
	wrmsr(SIEFP, (u64)event_page | 1);
	wrmsr(SCONTROL, 1);
	is("synic: the message page is kept", rdmsr(SIMP), (u64)message_page | 1);
	is("synic: the event page is kept", rdmsr(SIEFP), (u64)event_page | 1);
	is("synic: EOM reads as 0", rdmsr(EOM), 0);
	wrmsr(SINT0 + 2, SINT_VECTOR);
	is("synic: a SINT is kept", rdmsr(SINT0 + 2), SINT_VECTOR);
}

static void synic_sint(void)
{
	u32 was = seen[SINT_VECTOR];

	testdev(ROUTE_CREATE, 0);
	testdev(ROUTE_SET, 0);
	ok(wait_seen(SINT_VECTOR, was + 1, SOON), "synic: a SINT that is signalled interrupts");
	is("synic: ... and is in service meanwhile", in_service[SINT_VECTOR], 1);
	wrmsr(SINT0 + 2, SINT_VECTOR | SINT_MASKED);
	was = seen[SINT_VECTOR];
	testdev(ROUTE_SET, 0);
	ok(!wait_seen(SINT_VECTOR, was + 1, 20 * MS), "synic: a masked one does not");

	/* 11.9: ended by being delivered */
	wrmsr(SINT0 + 2, SINT_VECTOR | SINT_AUTO_EOI);
	eoi_how = EOI_NONE;
	was = seen[SINT_VECTOR];
	testdev(ROUTE_SET, 0);
	ok(wait_seen(SINT_VECTOR, was + 1, SOON), "auto-eoi: the SINT interrupts");
	is("auto-eoi: ... and is not in service", in_service[SINT_VECTOR], 0);
	testdev(ROUTE_SET, 0);
	ok(wait_seen(SINT_VECTOR, was + 2, SOON), "auto-eoi: it does again, with no EOI between");
	eoi_how = EOI_MSR;
	wrmsr(SINT0 + 2, SINT_VECTOR);
	testdev(ROUTE_DESTROY, 0);
}

static bool message_is(struct message *m, u64 first)
{
	return m->type == 1 && m->size == 16 && m->payload[0] == first && m->payload[1] == ~first;
}

static u64 post_message(u64 first)
{
	u64 status, end = reference_time() + SOON;

	post.connection = 5;
	post.type = 1;
	post.size = 16;
	post.payload[0] = first;
	post.payload[1] = ~first;

	/* "insufficient buffers": the one before is still on its way */
	while ((status = hypercall(0x5c, (u64)&post, 0)) == 0x13 && reference_time() < end)
		pause_for(5 * MS);
	return status;
}

static void synic_messages(void)
{
	u32 was = seen[SINT_VECTOR];
	struct message *m = &message_page[2];

	post.connection = 5;
	is("message: a connection that is not is refused", hypercall(0x5c, (u64)&post, 0), 0x12);
	testdev(MSG_CREATE, 5);
	is("message: the input must be aligned", hypercall(0x5c, (u64)&post + 4, 0), 4);
	post.size = 241;
	is("message: more than 240 bytes are refused", hypercall(0x5c, (u64)&post, 0), 3);
	is("message: it is posted", post_message(0x1234), 0);
	ok(wait_seen(SINT_VECTOR, was + 1, SOON), "message: the answer interrupts");
	ok(message_is(m, 0x1234), "message: ... and is in the SINT's slot");
	is("message: nothing else is pending", m->flags & 1, 0);

	/* 11.10: the slot is taken */
	is("eom: a second one is posted", post_message(0x5678), 0);
	for (u64 end = reference_time() + SOON; !(m->flags & 1) && reference_time() < end;)
		asm volatile("pause");
	is("eom: it finds the slot taken and says so", m->flags & 1, 1);
	ok(message_is(m, 0x1234), "eom: the first one is still there");
	is("eom: it does not interrupt yet", seen[SINT_VECTOR], was + 1);
	end_message(2);
	ok(wait_seen(SINT_VECTOR, was + 2, SOON), "eom: after EOM it does");
	ok(message_is(m, 0x5678), "eom: ... and is in the slot");
	end_message(2);
	testdev(MSG_DESTROY, 5);
}

static void synic_events(void)
{
	volatile u64 *flags = event_page[2];
	static u64 input __attribute__((aligned(8))) = 7;
	u32 was = seen[SINT_VECTOR];

	is("event: a connection that is not is refused", hypercall(0x1005d, 7, 0), 0x12);
	testdev(EVT_CREATE, 7);
	is("event: it is signalled by a fast call", hypercall(0x1005d, 7, 0), 0);
	ok(wait_seen(SINT_VECTOR, was + 1, SOON), "event: its flag interrupts");
	is("event: ... and is set", flags[0], 1 << 7);
	flags[0] = 0;
	is("event: it is signalled by a call with input in memory", hypercall(0x5d, (u64)&input, 0), 0);
	ok(wait_seen(SINT_VECTOR, was + 2, SOON), "event: its flag interrupts again");
	is("event: a flag number that is not is refused", hypercall(0x1005d, 7 | 1ULL << 32, 0), 0x11);
	flags[0] = 0;
	testdev(EVT_DESTROY, 7);
}

void test_synic(void)
{
	synic_setup();
	synic_sint();
	synic_messages();
	synic_events();
}

void main(void);
void main(void)
{
	machine_init();
	print("TAP version 13\n");
	test_cpuid();
	test_msrs();
	test_time();
	test_synic();
	test_timers();
	test_apic();
	test_hypercalls();
	test_isolation();
	test_second();
	done();
	/* 2.4.3: the last thing a guest does; the machine is started with -no-reboot */
	wrmsr(RESET, 1);
	pause_for(2000 * MS);
	print("not ok - reset: the machine goes on\n");
	for (;;)
		outl(0xf4, 1);
}
