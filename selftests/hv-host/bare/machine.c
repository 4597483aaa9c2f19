// SPDX-License-Identifier: GPL-2.0-only
/* The machine under the tests: MSRs, interrupts, the local APIC, the second CPU. */
#include "bare.h"

#define APIC ((volatile u32 *)0xfee00000UL)

extern const u8 stubs[256][16];
extern u64 idt[512];
extern const u8 trampoline[];
extern const u32 trampoline_size;

enum eoi eoi_how;
volatile u32 seen[256], seen_by_second[256], assist_offered[256], in_service[256];
volatile u32 *assist_word;
bool assist_take;

static volatile bool faulted;
static volatile bool second_up;
static u64 (*volatile second_fn)(u64);
static volatile u64 second_arg;

/* rdmsr and wrmsr are two bytes: a fault skips them */
static u64 read(u32 msr, bool *fault)
{
	u32 lo = 0, hi = 0;

	faulted = false;
	asm volatile("rdmsr" : "+a"(lo), "+d"(hi) : "c"(msr) : "memory");
	*fault = faulted;
	return (u64)hi << 32 | lo;
}

static bool write(u32 msr, u64 val)
{
	faulted = false;
	asm volatile("wrmsr" :: "c"(msr), "a"((u32)val), "d"((u32)(val >> 32)) : "memory");
	return faulted;
}

u64 rdmsr(u32 msr)
{
	bool fault;
	u64 val = read(msr, &fault);

	if (fault)
		print("# reading MSR 0x%lx is a #GP\n", (u64)msr);
	return val;
}

void wrmsr(u32 msr, u64 val)
{
	if (write(msr, val))
		print("# writing 0x%lx to MSR 0x%lx is a #GP\n", val, (u64)msr);
}

bool rdmsr_faults(u32 msr)
{
	bool fault;

	read(msr, &fault);
	return fault;
}

bool wrmsr_faults(u32 msr, u64 val) { return write(msr, val); }

u32 apic_read(u32 reg) { return APIC[reg / 4]; }
void apic_write(u32 reg, u32 val) { APIC[reg / 4] = val; }
bool apic_isr(u8 vector) { return apic_read(0x100 + vector / 32 * 16) >> vector % 32 & 1; }

void irq_on(void) { asm volatile("sti; nop" ::: "memory"); }
void irq_off(void) { asm volatile("cli" ::: "memory"); }

static bool on_second(void) { return apic_read(0x20) >> 24 != 0; }

void interrupted(u64 vector, u64 *rip);
void interrupted(u64 vector, u64 *rip)
{
	bool taken = false;

	if (vector < 32) {
		const u8 *insn = (const u8 *)*rip;

		if (vector == 13 && insn[0] == 0x0f && (insn[1] == 0x30 || insn[1] == 0x32)) {
			faulted = true;
			*rip += 2;
			return;
		}
		print("Bail out! exception %lu at 0x%lx\n", vector, *rip);
		for (;;)
			outl(0xf4, 1);
	}
	/* First: an exit to the hypervisor, as for a register of the APIC, may take the offer back */
	if (assist_word) {
		if (assist_take) /* a store with LOCK, as a guest has to do it */
			taken = __atomic_exchange_n(assist_word, 0, __ATOMIC_SEQ_CST) & 1;
		assist_offered[vector] += taken || (*assist_word & 1);
	}
	seen[vector]++;
	if (on_second())
		seen_by_second[vector]++;
	in_service[vector] = apic_isr(vector);
	if (taken)
		return;
	if (eoi_how == EOI_MSR)
		wrmsr(HV_EOI, 0);
	else if (eoi_how == EOI_APIC)
		apic_write(0xb0, 0);
}

void machine_init(void)
{
	for (int i = 0; i < 256; i++) {
		u64 at = (u64)stubs[i];

		idt[2 * i] = (at & 0xffff) | 0x08ULL << 16 | 0x8e00ULL << 32 | (at >> 16 & 0xffff) << 48;
		idt[2 * i + 1] = at >> 32;
	}
	/* PICs off, APIC on */
	asm volatile("outb %%al, $0x21; outb %%al, $0xa1" :: "a"(0xff));
	apic_write(0xf0, 0x1ff);
}

u64 reference_time(void) { return rdmsr(TIME_REF_COUNT); }

bool wait_seen(u8 vector, u32 count, u64 limit)
{
	u64 end = reference_time() + limit;

	irq_on();
	while (seen[vector] < count && reference_time() < end)
		asm volatile("pause");
	irq_off();
	return seen[vector] >= count;
}

void pause_for(u64 time)
{
	u64 end = reference_time() + time;

	irq_on();
	while (reference_time() < end)
		asm volatile("pause");
	irq_off();
}

/* --- the second CPU: waits for work with interrupts on */

void second_main(void);
void second_main(void)
{
	apic_write(0xf0, 0x1ff);
	second_fn = NULL;
	second_up = true;
	irq_on();
	for (;;) {
		u64 (*fn)(u64) = second_fn;

		if (fn) {
			second_arg = fn(second_arg);
			second_fn = NULL;
		}
		asm volatile("pause");
	}
}

void second_launch(u64 (*fn)(u64), u64 arg)
{
	while (second_fn)
		asm volatile("pause");
	second_arg = arg;
	second_fn = fn;
}

u64 second_run(u64 (*fn)(u64), u64 arg)
{
	second_launch(fn, arg);
	while (second_fn)
		asm volatile("pause");
	return second_arg;
}

static void second_ipi(u32 low)
{
	apic_write(0x310, 1U << 24);
	apic_write(0x300, low);
	pause_for(10 * MS);
}

void second_init(void)
{
	second_up = false;
	second_ipi(0x4500);	/* INIT */
	second_ipi(0x4608);	/* start at page 8 */
	for (u64 end = reference_time() + 2000 * MS; !second_up && reference_time() < end;)
		asm volatile("pause");
}

bool second_start(void)
{
	u8 *to = (u8 *)0x8000UL;

	asm("" : "+r"(to));	/* a fixed address is no object the compiler knows */
	for (u32 i = 0; i < trampoline_size; i++)
		to[i] = trampoline[i];
	second_init();
	return second_up;
}
