/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the bare-metal test share. Times are in units of 100 ns, as Hyper-V counts them. */
#ifndef BARE_H
#define BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

#define MS 10000ULL	/* of reference time */
/* An emulated machine on a busy one: late is not wrong, early is. */
#define SOON (3000 * MS)

/* Synthetic MSRs (TLFS, appendix C) */
enum {
	GUEST_OS_ID = 0x40000000, HYPERCALL = 0x40000001, VP_INDEX = 0x40000002, RESET = 0x40000003,
	VP_RUNTIME = 0x40000010, TIME_REF_COUNT = 0x40000020, REFERENCE_TSC = 0x40000021,
	TSC_FREQUENCY = 0x40000022, APIC_FREQUENCY = 0x40000023,
	HV_EOI = 0x40000070, HV_ICR = 0x40000071, HV_TPR = 0x40000072, VP_ASSIST = 0x40000073,
	SCONTROL = 0x40000080, SVERSION = 0x40000081, SIEFP = 0x40000082, SIMP = 0x40000083, EOM = 0x40000084,
	SINT0 = 0x40000090, STIMER0_CONFIG = 0x400000b0, STIMER0_COUNT = 0x400000b1,
	CRASH_P0 = 0x40000100, CRASH_CTL = 0x40000105,
};

#define SINT_MASKED (1ULL << 16)
#define SINT_AUTO_EOI (1ULL << 17)

#define STIMER_ENABLE 1ULL
#define STIMER_PERIODIC (1ULL << 1)
#define STIMER_AUTO_ENABLE (1ULL << 3)
#define STIMER_DIRECT(vector) (1ULL << 12 | (u64)(vector) << 4)
#define STIMER_SINT(n) ((u64)(n) << 16)

struct message { /* a slot of the message page, TLFS 11.7.2 */
	volatile u32 type;
	u8 size;
	volatile u8 flags;
	u8 reserved[2];
	u64 sender;
	u64 payload[30];
};

/* machine.c */
static inline u64 rdtsc(void)
{
	u32 lo, hi;

	asm volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) :: "memory");
	return (u64)hi << 32 | lo;
}
static inline void outl(u16 port, u32 v) { asm volatile("outl %0, %1" :: "a"(v), "Nd"(port)); }
static inline void cpuid(u32 leaf, u32 r[4])
{
	asm volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(leaf), "c"(0));
}
u64 rdmsr(u32 msr);
void wrmsr(u32 msr, u64 val);
bool rdmsr_faults(u32 msr);		/* #GP? */
bool wrmsr_faults(u32 msr, u64 val);

enum eoi { EOI_MSR, EOI_APIC, EOI_NONE };
extern enum eoi eoi_how;		/* what the handler does at its end */
extern volatile u32 seen[256];		/* interrupts by vector, all CPUs */
extern volatile u32 seen_by_second[256];
extern volatile u32 assist_offered[256];	/* how often EOI assist was offered to the handler */
extern volatile u32 in_service[256];	/* was the vector's ISR bit set in the handler, last time */
extern volatile u32 *assist_word;	/* first CPU's VP assist page, or NULL; not when the second runs */
extern bool assist_take;		/* take the offer instead of EOI */
void machine_init(void);
void irq_on(void);
void irq_off(void);
u32 apic_read(u32 reg);
void apic_write(u32 reg, u32 val);
bool apic_isr(u8 vector);
u64 reference_time(void);
/* Waits with interrupts on until seen[vector] is at least count; false after limit. */
bool wait_seen(u8 vector, u32 count, u64 limit);
void pause_for(u64 time);

bool second_start(void);		/* false if there is no second CPU */
void second_init(void);			/* INIT, then started anew */
void second_launch(u64 (*fn)(u64), u64 arg);	/* does not wait for fn's end */
u64 second_run(u64 (*fn)(u64), u64 arg);	/* fn(arg), there */

u64 hypercall(u64 control, u64 in, u64 out);
u64 hypercall_xmm(u64 control, u64 in, u64 out, const void *xmm);
extern u8 hypercall_page[4096];
extern u64 directories[4 * 512];

/* print.c */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void ok(bool good, const char *name);
void skip(const char *name, const char *why);
#define is(name, got, want) is_equal(name, (u64)(got), (u64)(want))
void is_equal(const char *name, u64 got, u64 want);
void done(void);

/* the tests */
extern u32 features[4], hints[4];
void test_cpuid(void);
void test_msrs(void);
void test_time(void);
void test_synic(void);
void test_timers(void);
void test_apic(void);
void test_hypercalls(void);
void test_isolation(void);
void test_second(void);
/* for others after test_synic: pages set up, SINT 2 is vector SINT_VECTOR */
#define SINT_VECTOR 0x52
extern struct message message_page[16];
extern u64 event_page[16][32];
void end_message(u32 sint);

#endif
