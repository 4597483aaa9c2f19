// SPDX-License-Identifier: GPL-2.0-only
/* What is sent to each kind of device. Numbers as in QEMU's nvsp-proto.h, rndis-proto.h and storvsp-proto.h. */
#include "hostile.h"

enum { INBAND = 6, GPA_DIRECT = 9, COMPLETION = 11 };

static u8 data[64][4096] __attribute__((aligned(4096)));
static u8 recv_buf[48][4096] __attribute__((aligned(4096)));
static u8 send_buf[12][4096] __attribute__((aligned(4096)));
#define SECTION 6144
u8 private_page[4096] __attribute__((aligned(4096)));

void devices_share(void)
{
	share(data, sizeof(data));
	share(recv_buf, sizeof(recv_buf));
	share(send_buf, sizeof(send_buf));
}

/* Pages of @len bytes at @at, as the descriptor of a packet. Returns its length. */
static u32 describe(u32 *d, const void *at, u32 len, bool ranges)
{
	u32 offset = (u64)at & 4095, pages = (offset + len + 4095) >> 12, n = 0;
	u64 *p;

	d[n++] = 0;
	d[n++] = 1;
	d[n++] = len;
	d[n++] = offset;
	for (u32 i = 0; i < pages && n < 120; i++, n += 2) {
		p = (u64 *)&d[n];
		*p = page_number(((u64)at >> 12) + i);
	}
	if (ranges && one_in(4)) {	/* a second range, of some other page */
		d[1] = 2;
		d[n++] = below(4097);
		d[n++] = one_in(4) ? (u32)rnd() : 0;
		p = (u64 *)&d[n];
		*p = page_number((u64)data >> 12);
		n += 2;
	}
	if (one_in(12))
		spoil(d, n * 4);
	return n * 4;
}

/* --- network */

static void put32(u8 *at, u32 v) { *(u32 *)at = v; }

/* A frame of Ethernet, IP and TCP or UDP, more or less. */
static u32 frame(u8 *f)
{
	bool six = one_in(3);
	u32 l3 = 14, l4 = l3 + (six ? 40 : 20), len = l4 + 20 + below(one_in(4) ? 9000 : 200);

	junk(f, len);
	for (u32 i = 0; i < 6; i++)
		f[i] = one_in(2) ? 0xff : 0x52;
	f[12] = six ? 0x86 : 8;
	f[13] = six ? 0xdd : 0;
	f[l3] = six ? 0x60 : 0x45;
	if (six) {
		f[l3 + 4] = (len - l4) >> 8;
		f[l3 + 5] = len - l4;
		f[l3 + 6] = one_in(4) ? below(64) : one_in(2) ? 6 : 17;
	} else {
		f[l3 + 2] = (len - l3) >> 8;
		f[l3 + 3] = len - l3;
		f[l3 + 6] = f[l3 + 7] = 0;
		f[l3 + 9] = one_in(2) ? 6 : 17;
	}
	f[l4 + 12] = one_in(4) ? below(256) : 0x50;
	f[l4 + 13] = 0x10;
	if (one_in(6))
		spoil(f + 12, 60);
	return one_in(16) ? below(len + 1) : len;
}

static u32 rndis_packet(u8 *m)
{
	u32 ppi = 0, at = 44, len;

	for (u32 n = below(4); n; n--, ppi += 16) {
		put32(m + at + ppi, one_in(8) ? below(6) * 4 : 16);
		put32(m + at + ppi + 4, (u32[]){ 0, 2, 6, 8 }[below(4)]);
		put32(m + at + ppi + 8, 12);
		put32(m + at + ppi + 12, one_in(2) ? below(2048) | (below(4) << 30) : below(32));
	}
	len = frame(m + at + ppi);
	put32(m, 1);
	put32(m + 4, at + ppi + len);
	put32(m + 8, 36 + ppi);
	put32(m + 12, len);
	for (u32 i = 16; i < 44; i += 4)
		put32(m + i, 0);
	put32(m + 28, ppi ? 36 : 0);
	put32(m + 32, ppi);
	if (one_in(8))
		spoil(m, 44 + ppi);
	return at + ppi + len;
}

static u32 rndis_control(u8 *m, bool init)
{
	static const u32 oids[] = {
		0x00010101, 0x00010107, 0x0001010e, 0x0001010e, 0x00010114, 0x00010203, 0x00010204, 0x00010204, 0x00010207,
		0x0001021b, 0x00020101, 0x00020216, 0x01010101, 0x01010103, 0x0101010a, 0xfc01020b, 0xfc01020c, 0xfc01020d,
	};
	u32 info = below(one_in(8) ? 1500 : 200);

	put32(m, init ? 2 : (u32[]){ 2, 3, 4, 4, 5, 5, 5, 6, 8, 9 }[below(10)]);
	put32(m + 4, 28 + info);
	put32(m + 8, rnd());
	put32(m + 12, one_in(16) ? (u32)rnd() : oids[below(sizeof(oids) / 4)]);
	put32(m + 16, info);
	put32(m + 20, 20);
	put32(m + 24, 0);
	junk(m + 28, info);
	/* an object with a header that says what it should, and offsets within it */
	if (one_in(2)) {
		m[28] = one_in(2) ? 0x80 : 0x89;
		m[29] = 1 + below(3);
		*(u16 *)(m + 30) = info;
		for (u32 i = 4; i + 4 <= info && i < 60; i += 4)
			put32(m + 28 + i, one_in(2) ? below(info + 8) : below(4));
	}
	if (!init && one_in(6))
		spoil(m, 28);
	return 28 + info;
}

static void nvsp(struct channel *c, u32 type, u32 a, u32 b, u32 d)
{
	u32 m[10] = { type, a, b, d };

	if (one_in(24))
		spoil(m, sizeof(m));
	send_packet(c, INBAND, one_in(16) ? 0 : 1, rnd(), NULL, 0, m, one_in(16) ? below(41) : 40, one_in(48));
}

static void rndis(struct channel *c, bool init)
{
	u32 section = below(8), len, desc[128], msg[10] = { 107, below(2), ~0u, 0 };
	bool control = init || one_in(3);
	u8 *at = one_in(2) ? send_buf[0] + section * SECTION : data[below(32)] + below(256);

	len = control ? rndis_control(at, init) : rndis_packet(at);
	if (!control && one_in(4))	/* two messages in one packet */
		len += rndis_packet(at + len);
	if (at >= send_buf[0] && at < send_buf[0] + sizeof(send_buf) && len <= SECTION) {
		msg[2] = one_in(32) ? (u32)rnd() : section;
		msg[3] = one_in(32) ? below(8000) : len;
		send_packet(c, INBAND, 1, rnd(), NULL, 0, msg, 40, one_in(64));
		return;
	}
	len = describe(desc, at, len, true);
	send_packet(c, GPA_DIRECT, 1, rnd(), desc, len, msg, 40, one_in(64));
}

static void net(struct channel *c)
{
	static const u32 versions[] = { 2, 0x30002, 0x40000, 0x50000, 0x60000, 0x60001 };

	if (c->index) {
		rndis(c, false);
		return;
	}
	switch (c->step++) {
	case 0:
		nvsp(c, 1, versions[one_in(4) ? below(6) : 5], 0x60001, 0);
		return;
	case 1:
		nvsp(c, 125, one_in(2) ? 1514 : below(20000), 0, below(256));
		nvsp(c, 100, 6, below(32) + 1, 0);
		return;
	case 2:
		c->recv_gpadl = make_gpadl(c->relid, recv_buf, 48, !one_in(3));
		nvsp(c, 101, c->recv_gpadl, 0xcafe, 0);
		return;
	case 3:
		c->send_gpadl = make_gpadl(c->relid, send_buf, 12, !one_in(3));
		nvsp(c, 104, c->send_gpadl, 0xface, 0);
		return;
	case 4:
		rndis(c, true);
		return;
	case 5:
		nvsp(c, 133, 1, below(4), 0);
		return;
	}
	if (one_in(12))
		nvsp(c, one_in(2) ? 100 + below(36) : (u32)rnd(), below(last_gpadl + 2), (u32)rnd(), (u32)rnd());
	else
		rndis(c, false);
	if (one_in(200))
		c->step = below(6);
}

/* --- disks */

static void scsi(struct channel *c)
{
	static const u8 commands[] = {
		0x00, 0x03, 0x04, 0x08, 0x0a, 0x12, 0x12, 0x15, 0x1a, 0x1b, 0x1e, 0x25, 0x28, 0x28, 0x2a, 0x2a, 0x2e, 0x2f,
		0x35, 0x41, 0x42, 0x43, 0x46, 0x4a, 0x51, 0x55, 0x5a, 0x5e, 0x5f, 0x88, 0x8a, 0x8e, 0x8f, 0x91, 0x93, 0x9e,
		0xa0, 0xa0, 0xa3, 0xa8, 0xad, 0xbd, 0xbe,
	};
	u32 m[16] = { 0 }, desc[128], step = c->index ? 9 : c->step++, len = below(one_in(8) ? 100000 : 9000);
	u8 *srb = (u8 *)&m[3], *cdb = srb + 16, *at = data[below(16)] + (one_in(4) ? below(4096) : 0);

	if (step < 4) {
		m[0] = (u32[]){ 7, 9, 10, 8 }[step];
		if (step == 1)
			m[3] = one_in(4) ? (u32)rnd() : 0x602;
		send_packet(c, INBAND, 1, rnd(), NULL, 0, m, 64, one_in(48));
		return;
	}
	if (one_in(24)) {
		m[0] = one_in(2) ? below(16) : 13;
		m[3] = below(20);
		send_packet(c, INBAND, 1, rnd(), NULL, 0, m, one_in(4) ? below(80) & ~7u : 64, one_in(24));
		return;
	}
	m[0] = 3;
	*(u16 *)srb = 0x34;
	srb[5] = one_in(16) ? below(9) : 0;
	srb[6] = one_in(16) ? below(3) : 0;
	srb[7] = one_in(8) ? below(256) : below(3);
	srb[8] = one_in(16) ? below(256) : 16;
	srb[9] = one_in(8) ? below(256) : 20;
	srb[10] = below(one_in(16) ? 256 : 2);
	*(u32 *)(srb + 12) = len;
	junk(cdb, 16);
	cdb[0] = one_in(32) ? (u8)rnd() : commands[below(sizeof(commands))];
	/* mostly where there is something, and as long as the buffer */
	if (!one_in(4)) {
		for (u32 i = 1; i < 16; i++)
			cdb[i] = 0;
		cdb[1] = one_in(4) ? (u8)rnd() : 0;
		cdb[2] = cdb[0] == 0x12 || cdb[0] == 0x1a || cdb[0] == 0x5a ? (u8)rnd() : 0;
		cdb[4] = below(200);
		cdb[5] = below(16);
		if (cdb[0] >= 0x80 && cdb[0] < 0xa0) {
			cdb[4] = 0;
			cdb[12] = (len / 512) >> 8;
			cdb[13] = len / 512;
		} else {
			cdb[7] = (len / 512) >> 8;
			cdb[8] = len / 512;
		}
	}
	if (one_in(10)) {
		send_packet(c, INBAND, 1, rnd(), NULL, 0, m, one_in(4) ? below(65) : 64, one_in(32));
		return;
	}
	junk(data[40], 256);		/* parameter lists: of UNMAP, MODE SELECT and so on */
	if (one_in(4))
		at = data[40];
	len = describe(desc, at, len, false);
	send_packet(c, GPA_DIRECT, one_in(16) ? 0 : 1, rnd(), desc, len, m, one_in(16) ? 48 : 64, one_in(48));
}

/* --- services and keyboard */

static void respond(struct channel *c, const u8 *msg, u32 len)
{
	static u8 m[16384];

	if (len < 28 || len > sizeof(m))
		return;
	for (u32 i = 0; i < len; i++)
		m[i] = msg[i];
	m[25] = 1 | 4;
	if (*(u16 *)(m + 12) == 0 && !one_in(8)) {	/* versions: the last of each */
		u32 f = *(u16 *)(m + 28), v = *(u16 *)(m + 30);

		if (36 + 4 * (f + v) <= len && f && v) {
			u32 framework = *(u32 *)(m + 36 + 4 * (f - 1)), version = *(u32 *)(m + 36 + 4 * (f + v - 1));

			*(u16 *)(m + 28) = *(u16 *)(m + 30) = 1;
			put32(m + 36, framework);
			put32(m + 40, version);
		}
	}
	if (one_in(4))
		spoil(m + 8, len - 8 < 60 ? len - 8 : 60);
	send_packet(c, INBAND, 0, rnd(), NULL, 0, m, one_in(8) ? below(len + 1) : len, one_in(32));
}

static void nothing(struct channel *c, const u8 *msg, u32 len)
{
	(void)c, (void)msg, (void)len;
}

void device_packet(struct channel *c)
{
	u8 m[256];

	switch (c->kind) {
	case NET:
		net(c);
		break;
	case SCSI:
		scsi(c);
		break;
	default:
		junk(m, sizeof(m));
		put32(m, below(6));
		put32(m + 4, c->kind == KEYBOARD ? 0x00010000 : below(300));
		send_packet(c, INBAND, below(2), rnd(), NULL, 0, m, below(sizeof(m)), one_in(24));
	}
	if (one_in(64))
		c->out->write = (u32)rnd();
	if (one_in(64))
		c->out->wanted = below(30000);
	if (one_in(128))
		c->in->read = (u32)rnd();
	if (one_in(64))
		c->out->mask = c->in->mask = below(2);
	signal(c);
	if (!one_in(8))
		drain(c, c->kind == IC ? respond : nothing);
}

/* --- a packet as it should be, but for where its data goes */

static u32 completion[16];
static bool completed;

static void keep(struct channel *c, const u8 *msg, u32 len)
{
	(void)c;
	for (u32 i = 0; i < 16 && i * 4 < len; i++)
		completion[i] = ((const u32 *)msg)[i];
	completed = true;
}

static bool transact(struct channel *c, u16 type, const void *desc, u32 desc_len, const u32 *m)
{
	completed = false;
	send_packet(c, type, 1, 1, desc, desc_len, m, 64, false);
	signal(c);
	for (u64 end = reference_time() + SOON; !completed && reference_time() < end;) {
		take_message();
		drain(c, keep);
		nap();
	}
	return completed;
}

/* INQUIRY to LUN 0, whose answer goes to @at; the SRB's status. */
static u8 inquiry(struct channel *c, const u8 *at)
{
	u32 desc[6] = { 0, 1, 96, 0 }, m[16] = { 3 };
	u8 *srb = (u8 *)&m[3];

	*(u64 *)&desc[4] = (u64)at >> 12;
	*(u16 *)srb = 0x34;
	srb[8] = 16;
	srb[9] = 20;
	srb[10] = 1;
	*(u32 *)(srb + 12) = 96;
	srb[16] = 0x12;
	srb[20] = 96;
	return transact(c, GPA_DIRECT, desc, sizeof(desc), m) ? ((u8 *)&completion[3])[2] & 0x3f : 0;
}

bool private_memory_is_safe(void)
{
	static const u32 first[][4] = { { 7 }, { 9, 0, 0, 0x602 }, { 10 }, { 8 } };
	struct channel *c = channels;
	bool good = true;

	while (c < channels + channel_count && (c->kind != SCSI || c->index))
		c++;
	if (c == channels + channel_count || !open_channel(c, true) || !c->open)
		return false;
	for (u32 i = 0; i < 4; i++) {
		u32 m[16] = { first[i][0], 0, 0, first[i][3] };

		good &= transact(c, INBAND, NULL, 0, m) && !completion[2];
	}
	for (u32 i = 0; i < sizeof(private_page); i++)
		private_page[i] = 0xaa;
	good &= inquiry(c, data[0]) == 1;
	/* whatever the answer: SCSI in QEMU does not say that memory refused its data */
	inquiry(c, private_page);
	for (u32 i = 0; i < sizeof(private_page); i++)
		good &= private_page[i] == 0xaa;
	return good;
}
