// SPDX-License-Identifier: GPL-2.0-only
/* Reference time and synthetic timers: TLFS 12. */
#include "bare.h"

#define DIRECT_VECTOR 0x53

static struct {
	volatile u32 sequence;
	u32 reserved;
	volatile u64 scale;
	volatile s64 offset;
} tsc_page __attribute__((aligned(4096)));

static u64 page_time(void)
{
	return (u64)((unsigned __int128)rdtsc() * tsc_page.scale >> 64) + tsc_page.offset;
}

static u64 apic_count(void) { return 0xffffffff - apic_read(0x390); }

/*
 * Does the counter run at hz? It is read between two readings of the reference time; when the machine was kept
 * waiting there, that is no fault of the clocks', and it is tried again.
 */
static bool agrees(u64 (*counter)(void), u64 hz)
{
	for (int i = 0; i < 10; i++) {
		u64 a = reference_time(), c0 = counter(), b = reference_time(), c1, c, d, least, most;

		pause_for(100 * MS);
		c = reference_time();
		c1 = counter();
		d = reference_time();
		if (b - a > MS || d - c > MS)
			continue;
		least = (c - b) * (hz / 1000) / 10000;
		most = (d - a) * (hz / 1000) / 10000;
		if (c1 - c0 >= least - least / 50 && c1 - c0 <= most + most / 50)
			return true;
		print("# %lu counted, %lu to %lu expected\n", c1 - c0, least, most);
		return false;
	}
	print("# no quiet moment to read the counter\n");
	return false;
}

void test_time(void)
{
	u64 a = reference_time(), b, t0, worst = 0;
	bool back = false;

	for (int i = 0; i < 1000; i++) {
		b = reference_time();
		back |= b < a;
		a = b;
	}
	ok(!back, "time: the reference counter does not go back");

	/* 12.7.2: frequencies */
	ok(rdmsr(TSC_FREQUENCY) > 1000000, "time: the TSC's frequency is told");
	ok(agrees(rdtsc, rdmsr(TSC_FREQUENCY)), "time: TSC and reference counter agree with it to 2 percent");
	ok(rdmsr(APIC_FREQUENCY) > 1000000, "time: the APIC timer's frequency is told");
	apic_write(0x3e0, 0xb);	/* divide by 1 */
	apic_write(0x320, 0x10000);
	apic_write(0x380, 0xffffffff);
	ok(agrees(apic_count, rdmsr(APIC_FREQUENCY)), "time: APIC timer and reference counter agree with it to 2 percent");
	apic_write(0x380, 0);

	/* 12.7.3: the page */
	wrmsr(REFERENCE_TSC, (u64)&tsc_page | 1);
	is("time: the reference TSC page is kept", rdmsr(REFERENCE_TSC), (u64)&tsc_page | 1);
	for (u64 end = reference_time() + SOON; !tsc_page.sequence && reference_time() < end;)
		asm volatile("pause");
	if (!tsc_page.sequence) {
		skip("time: the page lies between two readings of the counter", "its sequence is 0: not to be used");
		return;
	}
	back = false;
	for (int i = 0; i < 1000; i++) {
		a = reference_time();
		t0 = page_time();
		b = reference_time();
		if (t0 < a || t0 > b) {
			back = true;
			worst = t0 < a ? a - t0 : t0 - b;
		}
	}
	ok(!back, "time: the page lies between two readings of the counter");
	if (back)
		print("# time: off by %lu units\n", worst);
}

static u32 config(u32 i) { return STIMER0_CONFIG + 2 * i; }
static u32 count(u32 i) { return STIMER0_COUNT + 2 * i; }

static void one_shot(void)
{
	struct message *m = &message_page[2];
	u32 was = seen[SINT_VECTOR];
	u64 at = reference_time() + 20 * MS, now;

	wrmsr(count(0), at);
	wrmsr(config(0), STIMER_ENABLE | STIMER_SINT(2));
	is("one-shot: the timer is enabled", rdmsr(config(0)) & 1, 1);
	ok(wait_seen(SINT_VECTOR, was + 1, SOON), "one-shot: it expires");
	now = reference_time();
	is("one-shot: its message is of its type", m->type, 0x80000010);
	is("one-shot: ... 24 bytes long", m->size, 24);
	is("one-shot: ... from timer 0", m->payload[0], 0);
	is("one-shot: ... for the time asked for", m->payload[1], at);
	ok(m->payload[2] >= at && m->payload[2] <= now, "one-shot: ... delivered between then and now");
	is("one-shot: the timer is not enabled any more", rdmsr(config(0)) & 1, 0);
	end_message(2);
	ok(!wait_seen(SINT_VECTOR, was + 2, 50 * MS), "one-shot: it expires once");

	wrmsr(count(0), reference_time() - 10 * MS);
	wrmsr(config(0), STIMER_ENABLE | STIMER_SINT(2));
	ok(wait_seen(SINT_VECTOR, was + 2, SOON), "one-shot: a time that is past expires at once");
	end_message(2);
}

static void enabling(void)
{
	u32 was = seen[SINT_VECTOR];

	wrmsr(count(1), 0);
	wrmsr(config(1), STIMER_AUTO_ENABLE | STIMER_SINT(2));
	is("enabling: auto-enable waits for a count", rdmsr(config(1)) & 1, 0);
	wrmsr(count(1), reference_time() + 10 * MS);
	is("enabling: ... which enables the timer", rdmsr(config(1)) & 1, 1);
	ok(wait_seen(SINT_VECTOR, was + 1, SOON), "enabling: it expires");
	is("enabling: ... as timer 1", message_page[2].payload[0], 1);
	end_message(2);

	wrmsr(count(1), reference_time() + 30 * MS);
	wrmsr(count(1), 0);
	is("enabling: a count of 0 disables it", rdmsr(config(1)) & 1, 0);
	ok(!wait_seen(SINT_VECTOR, was + 2, 60 * MS), "enabling: ... and it does not expire");

	wrmsr(config(1), STIMER_SINT(2));
	wrmsr(count(1), reference_time() + 30 * MS);
	wrmsr(config(1), STIMER_ENABLE | STIMER_SINT(2));
	wrmsr(config(1), STIMER_ENABLE);
	is("enabling: SINT 0 disables a timer that runs", rdmsr(config(1)) & 1, 0);
	ok(!wait_seen(SINT_VECTOR, was + 2, 60 * MS), "enabling: ... and it does not expire either");
}

static void periodic(void)
{
	u32 was = seen[SINT_VECTOR], ticks = 0;
	u64 begin, last = 0;
	bool early = false;

	begin = reference_time();
	wrmsr(count(2), 20 * MS);
	wrmsr(config(2), STIMER_ENABLE | STIMER_PERIODIC | STIMER_SINT(2));
	while (ticks < 5 && wait_seen(SINT_VECTOR, was + ticks + 1, SOON)) {
		u64 due = message_page[2].payload[1];

		ticks++;
		early |= due < begin + ticks * 20 * MS || due <= last || reference_time() < due;
		last = due;
		end_message(2);
	}
	is("periodic: five ticks come", ticks, 5);
	ok(!early, "periodic: none before its time");
	is("periodic: the timer stays enabled", rdmsr(config(2)) & 1, 1);
	wrmsr(config(2), 0);
	/* one more may have been on its way */
	pause_for(10 * MS);
	end_message(2);
	was = seen[SINT_VECTOR];
	ok(!wait_seen(SINT_VECTOR, was + 1, 60 * MS), "periodic: disabled, it is quiet");
	message_page[2].type = 0;
}

static void pending(void)
{
	struct message *m = &message_page[2];
	u32 was = seen[SINT_VECTOR];

	/* the slot taken when the timer expires */
	m->type = 1;
	m->flags = 0;
	wrmsr(count(0), reference_time() + 5 * MS);
	wrmsr(config(0), STIMER_ENABLE | STIMER_SINT(2));
	for (u64 end = reference_time() + SOON; !(m->flags & 1) && reference_time() < end;)
		pause_for(MS);
	is("pending: a taken slot is left alone", m->type, 1);
	is("pending: ... and told of what waits", m->flags & 1, 1);
	is("pending: ... and does not interrupt", seen[SINT_VECTOR], was);
	end_message(2);
	ok(wait_seen(SINT_VECTOR, was + 1, SOON), "pending: EOM delivers the timer's message");
	is("pending: ... to the slot", m->type, 0x80000010);
	end_message(2);
}

static void direct(void)
{
	u32 was = seen[DIRECT_VECTOR], sints = seen[SINT_VECTOR];

	if (!(features[3] >> 19 & 1)) {
		skip("direct: timers interrupt without a message", "direct mode is not offered");
		return;
	}
	message_page[2].type = 0;
	wrmsr(count(3), reference_time() + 20 * MS);
	wrmsr(config(3), STIMER_ENABLE | STIMER_DIRECT(DIRECT_VECTOR));
	ok(wait_seen(DIRECT_VECTOR, was + 1, SOON), "direct: the timer's own vector interrupts");
	is("direct: ... without a message", message_page[2].type, 0);
	is("direct: ... and without the SINT", seen[SINT_VECTOR], sints);
	is("direct: the timer is not enabled any more", rdmsr(config(3)) & 1, 0);
	wrmsr(count(3), 10 * MS);
	wrmsr(config(3), STIMER_ENABLE | STIMER_PERIODIC | STIMER_DIRECT(DIRECT_VECTOR));
	ok(wait_seen(DIRECT_VECTOR, was + 6, SOON), "direct: five periodic ticks come");
	wrmsr(config(3), 0);
}

/* The state of all this, over a migration if run by bare/migrate, which waits for the line printed here */
static void kept(void)
{
	u32 was = seen[SINT_VECTOR], direct = seen[DIRECT_VECTOR];
	u64 at = reference_time() + 1500 * MS;

	wrmsr(count(0), at);
	wrmsr(config(0), STIMER_ENABLE | STIMER_SINT(2));
	wrmsr(count(3), 10 * MS);
	wrmsr(config(3), STIMER_ENABLE | STIMER_PERIODIC | STIMER_DIRECT(DIRECT_VECTOR));
	print("# may be migrated here\n");
	ok(wait_seen(SINT_VECTOR, was + 1, 20 * SOON), "kept: a timer that is seconds away expires");
	is("kept: ... at its time", message_page[2].payload[1], at);
	ok(reference_time() >= at && message_page[2].payload[2] >= at, "kept: ... and not before");
	ok(seen[DIRECT_VECTOR] > direct + 10, "kept: a periodic one goes on");
	is("kept: pages and SINT are where they were",
	   (rdmsr(SIMP) ^ ((u64)message_page | 1)) | (rdmsr(SIEFP) ^ ((u64)event_page | 1)) | (rdmsr(SINT0 + 2) ^ SINT_VECTOR), 0);
	is("kept: the guest's identity and hypercall page are", rdmsr(HYPERCALL), (u64)hypercall_page | 1);
	wrmsr(config(3), 0);
	end_message(2);
	pause_for(10 * MS);
}

void test_timers(void)
{
	one_shot();
	enabling();
	periodic();
	pending();
	direct();
	if (features[3] >> 19 & 1)
		kept();
}
