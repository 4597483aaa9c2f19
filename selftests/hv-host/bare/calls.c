// SPDX-License-Identifier: GPL-2.0-only
/* Virtual APIC (TLFS 10), hypercalls (3, 9.4, 10.5), and the second virtual processor. */
#include "bare.h"

#define IPI 0x61
#define HIGHER 0x71

#define WINDOW 0x40000000UL	/* 2 MiB of addresses to map what is wanted at */

static u32 word[1024] __attribute__((aligned(4096)));

/* An IPI to this CPU by the synthetic ICR: destination in the xAPIC's place */
static void self_ipi(u8 vector) { wrmsr(HV_ICR, vector | 0x4000); }

static void eoi_assist(void)
{
	u32 was = seen[IPI], offered = assist_offered[IPI];

	word[0] = 0xffffffff;
	wrmsr(VP_ASSIST, (u64)word | 1);
	is("eoi-assist: the page is kept", rdmsr(VP_ASSIST), (u64)word | 1);
	is("eoi-assist: its first word is cleared", word[0], 0);
	assist_word = word;
	assist_take = true;
	self_ipi(IPI);
	ok(wait_seen(IPI, was + 1, SOON), "eoi-assist: an interrupt");
	is("eoi-assist: ... alone is offered to end without EOI", assist_offered[IPI], offered + 1);
	self_ipi(IPI);
	ok(wait_seen(IPI, was + 2, SOON), "eoi-assist: the offer taken, the next one comes");
	is("eoi-assist: nothing is in service", apic_isr(IPI), 0);

	/* Two at once: ending the first lets the second in, which needs an EOI */
	was = seen[IPI];
	offered = assist_offered[HIGHER];
	irq_off();
	self_ipi(IPI);
	self_ipi(HIGHER);
	ok(wait_seen(IPI, was + 1, SOON), "eoi-assist: two interrupts come");
	is("eoi-assist: ... the first of them with no offer", assist_offered[HIGHER], offered);

	/* An offer that is left is no harm */
	assist_take = false;
	was = seen[IPI];
	self_ipi(IPI);
	ok(wait_seen(IPI, was + 1, SOON), "eoi-assist: an offer may be left");
	self_ipi(IPI);
	ok(wait_seen(IPI, was + 2, SOON), "eoi-assist: ... for a write to EOI");
	assist_word = NULL;
	wrmsr(VP_ASSIST, 0);
}

void test_apic(void)
{
	u32 was = seen[IPI];

	self_ipi(IPI);
	ok(wait_seen(IPI, was + 1, SOON), "apic: ICR sends an interrupt");
	is("apic: ... which is in service until EOI", in_service[IPI], 1);
	is("apic: ... and not after", apic_isr(IPI), 0);
	is("apic: ICR tells what was sent", rdmsr(HV_ICR) & 0xff, IPI);
	ok(rdmsr_faults(HV_EOI), "apic: EOI cannot be read");

	wrmsr(HV_TPR, 0x80);
	is("apic: TPR is kept", rdmsr(HV_TPR), 0x80);
	is("apic: ... and is the APIC's", apic_read(0x80), 0x80);
	self_ipi(IPI);
	ok(!wait_seen(IPI, was + 2, 20 * MS), "apic: a higher TPR holds an interrupt");
	wrmsr(HV_TPR, 0);
	ok(wait_seen(IPI, was + 2, SOON), "apic: a lower one lets it in");
	eoi_assist();
}

/* 3: input and output */
static u64 input[16] __attribute__((aligned(512)));

static u64 flush(u64 control, u64 flags, u64 third, u64 fourth)
{
	input[0] = 0;		/* address space */
	input[1] = flags;
	input[2] = third;
	input[3] = fourth;
	return hypercall(control, (u64)input, 0);
}

void test_hypercalls(void)
{
	u64 reps = 1ULL << 32, done_one = 1ULL << 32, xmm[12] = {};
	u32 was;

	is("call: a code that is not is refused", hypercall(0x1999, 0, 0), 2);
	is("call: a long spin wait is taken note of", hypercall(0x10008, 1, 0), 0);

	is("flush: a space on all processors", flush(0x2, 3, 0, 0), 0);
	is("flush: ... on one", flush(0x2, 2, 1, 0), 0);
	is("flush: ... is no repeated call", flush(0x2 | reps, 3, 0, 0), 3);
	is("flush: a list of one", flush(0x3 | reps, 3, 0, (u64)word), done_one);
	is("flush: ... of none", flush(0x3, 3, 0, 0), 3);
	/* ex: an HV_VP_SET: format, mask of valid banks, banks */
	is("flush: ex, all processors by format", flush(0x13, 2, 1, 0), 0);
	input[4] = 1;
	is("flush: ex, a sparse set", flush(0x13 | 1 << 17, 2, 0, 1), 0);
	is("flush: ex, a bank that is not there", flush(0x13, 2, 0, 1), 3);
	input[4] = 1;
	input[5] = (u64)word;
	is("flush: ex, a list", flush(0x14 | 1 << 17 | reps, 2, 0, 1), done_one);

	was = seen[IPI];
	input[0] = IPI;
	input[1] = 1;
	is("ipi: to processor 0, input in memory", hypercall(0xb, (u64)input, 0), 0);
	ok(wait_seen(IPI, was + 1, SOON), "ipi: it comes");
	is("ipi: the same as a fast call", hypercall(0x1000b, IPI, 1), 0);
	ok(wait_seen(IPI, was + 2, SOON), "ipi: it comes again");
	is("ipi: a vector below 16 is refused", hypercall(0x1000b, 15, 1), 3);
	is("ipi: a vector above 255 is refused", hypercall(0x1000b, 256, 1), 3);
	input[0] = IPI;
	input[1] = 0;
	input[2] = 1;
	input[3] = 1;
	is("ipi: ex, a sparse set", hypercall(0x15 | 1 << 17, (u64)input, 0), 0);
	ok(wait_seen(IPI, was + 3, SOON), "ipi: it comes a third time");
	if (!(features[3] >> 4 & 1)) {
		skip("ipi: ex, a fast call with XMM registers", "XMM input is not offered");
		return;
	}
	xmm[0] = 1;	/* valid banks */
	xmm[1] = 1;	/* bank 0 */
	is("ipi: ex, a fast call with XMM registers", hypercall_xmm(0x10015 | 1 << 17, IPI, 0, xmm), 0);
	ok(wait_seen(IPI, was + 4, SOON), "ipi: it comes a fourth time");
}

/* 2.4.11: an isolated partition; only if it is one */
void test_isolation(void)
{
	u64 *pde = &directories[WINDOW >> 21], old = *pde, done_two = 2ULL << 32;
	volatile u32 *above = (volatile u32 *)(WINDOW + ((u64)word & 0x1fffff));
	u32 r[4], bit;

	if (!(features[1] >> 22 & 1))
		return;
	cpuid(0x4000000c, r);
	is("isolation: its type is VBS", r[1] & 0xf, 1);
	is("isolation: there is a boundary between private and shared", r[1] >> 5 & 1, 1);
	bit = r[1] >> 6 & 0x3f;
	cpuid(0x80000008, r);
	ok(bit > 31 && bit < (r[0] & 0xff), "isolation: ... at a bit of a physical address");

	*pde = 1ULL << bit | ((u64)word & ~0x1fffffULL) | 0x83;
	flush(0x2, 3, 0, 0);
	word[1] = 0x5a5a;
	is("isolation: memory is seen above the boundary", above[1], 0x5a5a);
	above[1] = 0xa5a5;
	is("isolation: ... and below what was written there", word[1], 0xa5a5);
	*pde = old;
	flush(0x2, 3, 0, 0);

	/* partition (self), visibility, page numbers */
	is("isolation: pages of another partition are refused", flush(0xdb | done_two, 3, (u64)word >> 12, 1 << 8), 13);
	input[0] = ~0ULL;
	is("isolation: two pages are made visible", hypercall(0xdb | done_two, (u64)input, 0), done_two);
	input[2] |= 1ULL << (bit - 12);
	is("isolation: a page by its address above is the same", hypercall(0xdb | done_two, (u64)input, 0), done_two);
	input[3] = 1ULL << 40;
	is("isolation: a page that is not is refused, the one before is done", hypercall(0xdb | done_two, (u64)input, 0),
	   5 | 1ULL << 32);
	input[1] = 2;
	is("isolation: writing alone is no visibility", hypercall(0xdb | 1ULL << 32, (u64)input, 0), 5);
	input[1] = 0;
	is("isolation: a page is made private", hypercall(0xdb | 1ULL << 32, (u64)input, 0), 1ULL << 32);
}

/* --- the second processor */

static u64 read_msr(u64 msr) { return rdmsr(msr); }
static u64 set_sint(u64 val)
{
	wrmsr(SINT0 + 3, val);
	return rdmsr(SINT0 + 3);
}

/* Two pages, one of which takes the other's place in the window */
static volatile bool second_stop;
static volatile u64 second_reads;

static u64 watch(u64 unused)
{
	(void)unused;
	while (!second_stop) {
		second_reads = *(volatile u64 *)WINDOW;
		asm volatile("pause");
	}
	return 0;
}

static u64 marks[2][512] __attribute__((aligned(4096)));

void test_second(void)
{
	u64 *pde = &directories[WINDOW >> 21], old = *pde;
	u32 was = seen_by_second[IPI];
	static u64 table[512] __attribute__((aligned(4096)));

	if (!second_start()) {
		ok(false, "second: the second processor starts");
		return;
	}
	ok(true, "second: the second processor starts");
	is("second: its index is 1", second_run(read_msr, VP_INDEX), 1);
	is("second: its SynIC is its own", second_run(read_msr, SCONTROL), 0);
	is("second: the partition's registers are not", second_run(read_msr, HYPERCALL), rdmsr(HYPERCALL));

	is("second: an IPI to processor 1", hypercall(0x1000b, IPI, 2), 0);
	for (u64 end = reference_time() + SOON; seen_by_second[IPI] == was && reference_time() < end;)
		asm volatile("pause");
	is("second: ... comes there and not here", seen_by_second[IPI], was + 1);

	/* a page changed under the other's TLB; flush for it alone (9.4) */
	marks[0][0] = 0xaaaa;
	marks[1][0] = 0xbbbb;
	table[0] = (u64)marks[0] | 3;
	*pde = (u64)table | 3;
	flush(0x2, 3, 0, 0);
	/* asynchronous: it watches until told to stop */
	second_stop = false;
	second_reads = 0;
	second_launch(watch, 0);
	for (u64 end = reference_time() + SOON; second_reads != 0xaaaa && reference_time() < end;)
		asm volatile("pause");
	is("second: it reads the first page", second_reads, 0xaaaa);
	table[0] = (u64)marks[1] | 3;
	is("second: a flush of that page on processor 1", flush(0x3 | 1ULL << 32, 2, 2, WINDOW), 1ULL << 32);
	for (u64 end = reference_time() + SOON; second_reads != 0xbbbb && reference_time() < end;)
		asm volatile("pause");
	is("second: it reads the second page", second_reads, 0xbbbb);
	second_stop = true;
	second_run(read_msr, VP_INDEX);
	*pde = old;
	flush(0x2, 3, 0, 0);

	/* INIT resets the processor, not its synthetic registers */
	is("init: a SINT of the second processor", second_run(set_sint, SINT_MASKED | 0x77), SINT_MASKED | 0x77);
	second_init();
	is("init: ... is as it was after INIT", second_run(read_msr, SINT0 + 3), SINT_MASKED | 0x77);
}
