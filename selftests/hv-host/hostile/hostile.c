// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that means harm, on the bare machine: it speaks VMBus well enough to open every device there is, and then
 * sends each what it has to parse, spoilt by a seeded generator: control messages, GPADLs, ring indexes, packets,
 * RNDIS and SCSI commands, hypercalls. The host has to go on: after each round a new connection is made, which it must
 * answer. What it does wrong otherwise, its sanitizers say.
 */
#include "hostile.h"

static u64 state = SEED * 0x9e3779b97f4a7c15ULL + 0x1234567;

u64 rnd(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL;
}

u32 below(u32 n) { return n ? (rnd() >> 33) % n : 0; }
bool one_in(u32 n) { return below(n) == 0; }

void junk(void *to, u32 len)
{
	for (u32 i = 0; i < len; i++)
		((u8 *)to)[i] = one_in(3) ? 0 : (u8)(rnd() >> 40);
}

void spoil(void *what, u32 len)
{
	static const u32 edges[] = { 0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 4096, 0xfffffff8 };
	u8 *p = what;

	for (u32 n = 1 + below(3); n && len >= 4; n--) {
		u32 at = below(len - 3);

		switch (below(4)) {
		case 0: p[at] = rnd() >> 40; break;
		case 1: p[at] ^= 1 << below(8); break;
		case 2: *(u16 *)(p + (at & ~1u)) = edges[below(11)]; break;
		default: *(u32 *)(p + (at & ~3u)) = one_in(2) ? edges[below(11)] : (u32)rnd();
		}
	}
}

u64 page_number(u64 good)
{
	if (!one_in(24))
		return good;
	switch (below(6)) {
	case 5: return (u64)private_page >> 12;
	case 0: return 0xfed00;		/* HPET; not the APICs, which would interrupt with what is written there */
	case 1: return 0xffff0;		/* firmware */
	case 2: return 0x40000;		/* nothing */
	case 3: return 0xa0 + below(96);
	default: return rnd() >> 20 | 1ULL << 40;
	}
}

static void random_hypercall(void)
{
	static u64 input[512] __attribute__((aligned(4096)));
	static const u16 codes[] = { 0x02, 0x03, 0x08, 0x0b, 0x13, 0x14, 0x15, 0x5c, 0x5c, 0x5d, 0xdb, 0x8001, 0x69, 0x6a };
	u64 control = one_in(8) ? (u16)rnd() : codes[below(14)];
	u64 in = (u64)input;

	junk(input, 4096);
	/* an IPI may come, but not as what looks like an exception */
	for (u32 i = 0; i < 512; i++)
		input[i] |= 0x100;
	if (one_in(2))
		input[0] = 0x40 + below(100);
	if (one_in(2))
		control |= (u64)below(600) << 32;
	if (one_in(4))
		control |= (u64)below(600) << 48;
	if (one_in(4))
		control |= (u64)below(512) << 17;
	if (one_in(3))
		control |= 1 << 16;
	if (one_in(4))
		in = (page_number(in >> 12) << 12) + (one_in(2) ? below(4096) : 4088);
	hypercall(control, in, one_in(2) ? (u64)input : page_number(in >> 12) << 12);
	stats.calls++;
}

static u64 sent(void) { return stats.control + stats.packets + stats.calls; }

static void round(void)
{
	u32 most = 100 + below(300);

	for (struct channel *c = channels; c < channels + channel_count; c++)
		if (!c->index && !one_in(12))
			open_channel(c, !one_in(10));
	for (u32 i = 0; i < most; i++) {
		struct channel *c = &channels[below(channel_count)];

		while (take_message())
			;
		if (c->offered && !c->open && c->index && one_in(2))
			open_channel(c, !one_in(10));
		if (c->open)
			device_packet(c);
		if (one_in(24))
			random_control();
		if (one_in(32))
			random_hypercall();
	}
}

void main(void);
void main(void)
{
	static const u32 versions[] = { 13, 0x10001, 0x20004, 0x30000, 0x40000, 0x40001, 0x50000, 0x50001, 0x50002 };
	u64 told = 0;
	bool fine = true;

	bus_init();
	devices_share();
	print("TAP version 13\n");
	if (isolated) {
		print("# not visible: 0x%lx\n", (u64)private_page);
		ok(connect(0x50003, true) && private_memory_is_safe(), "what was not made visible is not written to");
	}
	/* before there is a connection, or in the middle of the first */
	for (u32 i = 0; i < 64; i++)
		random_control();
	while (fine && sent() < MESSAGES) {
		fine = connect(one_in(4) ? versions[below(9)] : 0x50003, false);
		if (fine && channel_count)
			round();
		if (sent() / 10000 > told) {
			told = sent() / 10000;
			print("# %lu messages\n", sent());
		}
	}
	/* the connection of a guest that means no harm */
	if (fine)
		fine = connect(0x50003, true) && channel_count > 5 && open_channel(channels, true) && channels[0].open;
	ok(fine, "the host answers to the end");
	print("# seed %lu: %lu control messages, %lu of them refused at once, %lu packets, %lu hypercalls, %lu messages of the host\n",
	      (u64)SEED, stats.control, stats.refused, stats.packets, stats.calls, stats.answers);
	done();
	wrmsr(RESET, 1);
	for (;;)
		outl(0xf4, 1);
}
