// SPDX-License-Identifier: GPL-2.0-only
/* VMBus as a guest sees it: control messages, GPADLs, channels and their rings. Numbers as in QEMU's vmbus-proto.h. */
#include "hostile.h"

#define VMBUS_SINT 2
#define TICK_VECTOR 0x53
#define MESSAGES_QUEUED 0x13	/* HV_STATUS_INSUFFICIENT_BUFFERS */
/* The host must answer a connection; what else it finds wrong it may ignore. */
#define PATIENCE (10000 * MS)
#define SHORTLY (300 * MS)

enum { OFFER = 1, RESCIND = 2, REQUESTOFFERS = 3, ALLOFFERS = 4, OPEN = 5, OPEN_RESULT = 6, CLOSE = 7, GPADL_HEADER = 8,
       GPADL_BODY = 9, GPADL_CREATED = 10, GPADL_TEARDOWN = 11, RELID_RELEASED = 13, CONTACT = 14, VERSION_RESPONSE = 15,
       UNLOAD = 16, MODIFYCHANNEL = 22, TYPES = 25 };

u32 features[4], hints[4];
struct message message_page[16] __attribute__((aligned(4096)));
u64 event_page[16][32] __attribute__((aligned(4096)));
struct bus_stats stats;
struct channel channels[CHANNELS];
u32 channel_count, last_gpadl;
bool isolated;

static struct ring rings[64][2] __attribute__((aligned(4096)));
static u32 rings_used;
static u32 told[TYPES], value[TYPES][4];	/* how often the host sent each message, and the last one's content */

void end_message(u32 sint)
{
	bool pending;

	message_page[sint].type = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	pending = message_page[sint].flags & 1;
	message_page[sint].flags = 0;
	if (pending)
		wrmsr(EOM, 0);
}

/* An isolated guest makes each page visible that the host may reach (TLFS, HvCallModifySparseGpaPageHostVisibility). */
void share(const void *first, u32 len)
{
	static u64 input[66] __attribute__((aligned(4096)));
	u64 page = (u64)first >> 12, end = ((u64)first + len + 4095) >> 12;

	while (isolated && page < end) {
		u64 n = 0;

		input[0] = ~0ULL;
		input[1] = 3;
		for (; n < 64 && page < end; n++)
			input[2 + n] = page++;
		hypercall(0xdb | n << 32, (u64)input, 0);
	}
}

void bus_init(void)
{
	machine_init();
	wrmsr(GUEST_OS_ID, 0x8100000000000000);
	wrmsr(HYPERCALL, (u64)hypercall_page | 1);
	cpuid(0x40000003, features);
	wrmsr(SIMP, (u64)message_page | 1);
	wrmsr(SIEFP, (u64)event_page | 1);
	eoi_how = EOI_MSR;
	wrmsr(SINT0 + VMBUS_SINT, SINT_VECTOR);
	wrmsr(SCONTROL, 1);
	isolated = features[1] >> 22 & 1;
	share(rings, sizeof(rings));
	share(event_page, sizeof(event_page));
	wrmsr(STIMER0_COUNT, MS);
	wrmsr(STIMER0_CONFIG, STIMER_DIRECT(TICK_VECTOR) | STIMER_PERIODIC | STIMER_ENABLE);
}

void nap(void)
{
	asm volatile("sti; hlt; cli" ::: "memory");
}

static enum kind kind_of(const u8 *class)
{
	static const struct { u32 first; enum kind kind; } known[] = {
		{ 0xf8615163, NET }, { 0xba6163d9, SCSI }, { 0x32412632, SCSI }, { 0x57164f39, IC }, { 0x0e0b6031, IC },
		{ 0x9527e630, IC }, { 0xa9a0f4e7, IC }, { 0x35fa2e29, IC }, { 0xf912ad6d, KEYBOARD },
	};
	u32 first = *(const u32 *)class;

	for (u32 i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].first == first)
			return known[i].kind;
	return OTHER;
}

static void offered(const u8 *m)
{
	u32 relid = *(const u32 *)(m + 184);
	struct channel *c;

	for (c = channels; c < channels + channel_count; c++)
		if (c->relid == relid)
			break;
	if (c == channels + CHANNELS)
		return;
	if (c == channels + channel_count)
		channel_count++;
	*c = (struct channel){ .offered = true, .kind = kind_of(m + 8), .relid = relid,
			       .connection = *(const u32 *)(m + 192), .index = *(const u16 *)(m + 180) };
}

bool take_message(void)
{
	struct message *m = &message_page[VMBUS_SINT];
	const u8 *p = (const u8 *)m->payload;
	u32 type = *(const u32 *)p;

	if (!m->type)
		return false;
	stats.answers++;
	if (type < TYPES) {
		told[type]++;
		for (u32 i = 0; i < 4; i++)
			value[type][i] = ((const u32 *)(p + 8))[i];
	}
	if (type == OFFER)
		offered(p);
	end_message(VMBUS_SINT);
	return true;
}

/* Posts, and waits for a message of that type. */
static bool ask(const void *message, u32 len, u32 type, u64 limit)
{
	u64 end = reference_time() + limit;
	u32 before = told[type];

	post(message, len);
	while (told[type] == before && reference_time() < end) {
		if (!take_message())
			nap();
	}
	return told[type] != before;
}

bool post(const void *message, u32 len)
{
	static struct { u32 connection, reserved, type, size; u8 payload[240]; } input __attribute__((aligned(4096)));
	u64 end = reference_time() + PATIENCE, status;

	do {
		input.connection = 1;
		input.type = 1;
		input.size = len;
		for (u32 i = 0; i < len && i < 240; i++)
			input.payload[i] = ((const u8 *)message)[i];
		status = hypercall(0x5c, (u64)&input, 0);
		take_message();
		if (status == MESSAGES_QUEUED)
			nap();
	} while (status == MESSAGES_QUEUED && reference_time() < end);
	stats.control++;
	stats.refused += status != 0;
	return status == 0;
}

bool connect(u32 version, bool good)
{
	struct { u32 type, pad, version, vcpu; u64 interrupts, monitor[2]; } m = {
		.type = CONTACT, .version = version, .interrupts = version >= 0x50000 ? 2 : (u64)event_page + 8192,
	};
	u32 request[2] = { REQUESTOFFERS };

	while (take_message())
		;
	/* a monitor page that is something else, too */
	if (!good && one_in(3)) {
		m.monitor[0] = page_number((u64)rings >> 12) << 12;
		m.monitor[1] = page_number((u64)rings >> 12) << 12;
	}
	/* an UNLOAD of the round before makes the host forget what else is in its queue, maybe this */
	for (u32 tries = 0; !ask(&m, sizeof(m), VERSION_RESPONSE, PATIENCE / 5); tries++)
		if (tries == 5)
			return false;
	/* not before: an offer of the round before may have been in the slot */
	channel_count = rings_used = last_gpadl = 0;
	/* maybe not that version */
	return !(value[VERSION_RESPONSE][0] & 0xff) || ask(request, sizeof(request), ALLOFFERS, PATIENCE);
}

u32 make_gpadl(u32 relid, const void *first, u32 pages, bool good)
{
	struct { u32 type, pad, relid, id; u16 len, ranges; u32 bytes, offset; u64 page[26]; } __attribute__((packed)) h = {
		.type = GPADL_HEADER, .relid = relid, .id = ++last_gpadl, .len = 8 + pages * 8, .ranges = 1,
		.bytes = pages << 12,
	};
	struct { u32 type, pad, number, id; u64 page[28]; } b = { .type = GPADL_BODY, .id = h.id };
	u64 page = (u64)first >> 12;
	u32 n = 0;

	for (; n < pages && n < 26; n++, page++)
		h.page[n] = good || !one_in(16) ? page : page_number(page);
	if (!good && one_in(6))
		spoil((u8 *)&h + 8, 24);
	if (n == pages && good)
		return ask(&h, 28 + 8 * n, GPADL_CREATED, SHORTLY) ? h.id : 0;
	post(&h, 28 + 8 * n);
	while (n < pages) {
		u32 k = 0;

		for (; k < 28 && n < pages; k++, n++, page++)
			b.page[k] = good || !one_in(16) ? page : page_number(page);
		if (n == pages && good)
			return ask(&b, 16 + 8 * k, GPADL_CREATED, SHORTLY) ? h.id : 0;
		post(&b, 16 + 8 * k);
		b.number++;
	}
	return h.id;
}

bool open_channel(struct channel *c, bool good)
{
	struct { u32 type, pad, relid, id, gpadl, vp, offset; u8 data[120]; } m = { .type = OPEN, .relid = c->relid };

	if (rings_used == 64)
		return false;
	c->out = &rings[rings_used][0];
	c->in = &rings[rings_used++][1];
	for (u32 i = 0; i < 17; i++)
		((u32 *)c->out)[i] = ((u32 *)c->in)[i] = 0;
	c->in->features = c->out->features = 1;
	c->gpadl = make_gpadl(c->relid, c->out, 2 * RING_PAGES, good);
	m.gpadl = c->gpadl;
	m.offset = RING_PAGES;
	m.vp = good ? 0 : below(3);
	if (!good && one_in(4))
		spoil((u8 *)&m + 8, 20);
	if (!good && one_in(8))
		c->in->write = c->in->read = (u32)rnd();
	/* spoilt, it may be answered for another channel or not at all */
	if (!good) {
		post(&m, sizeof(m));
		return true;
	}
	if (!ask(&m, sizeof(m), OPEN_RESULT, SHORTLY))
		return false;
	c->open = value[OPEN_RESULT][2] == 0;
	return true;
}

void signal(struct channel *c)
{
	hypercall(0x1005d, c->connection, 0);
}

static u32 put_bytes(struct ring *r, u32 at, const void *from, u32 len)
{
	for (u32 i = 0; i < len; i++) {
		r->data[at] = from ? ((const u8 *)from)[i] : 0;
		at = at + 1 == sizeof(r->data) ? 0 : at + 1;
	}
	return at;
}

void send_packet(struct channel *c, u16 type, u16 flags, u64 id, const void *desc, u32 desc_len, const void *msg,
		 u32 len, bool spoilt)
{
	u32 padded_desc = (desc_len + 7) & ~7u, padded = (len + 7) & ~7u, at = c->out->write, total, free;
	struct { u16 type, offset, len, flags; u64 id; } h = {
		type, (16 + padded_desc) / 8, (16 + padded_desc + padded) / 8, flags, id,
	};
	u64 trailer = 0;

	total = 16 + padded_desc + padded + 8;
	for (u32 tries = 0;; tries++) {
		u32 read = c->out->read;

		if (at >= sizeof(c->out->data))	/* spoilt before: begin where the host is */
			at = c->out->write = read < sizeof(c->out->data) ? read : 0;
		free = read > at ? read - at : sizeof(c->out->data) - at + read;
		if (free > total)
			break;
		if (tries == 50)
			return;		/* the host has given up on the ring */
		signal(c);
		drain(c, NULL);
		if (!take_message())
			nap();
	}
	if (spoilt)
		spoil(&h, sizeof(h));
	at = put_bytes(c->out, at, &h, 16);
	at = put_bytes(c->out, at, desc, desc_len);
	at = put_bytes(c->out, at, NULL, padded_desc - desc_len);
	at = put_bytes(c->out, at, msg, len);
	at = put_bytes(c->out, at, NULL, padded - len);
	at = put_bytes(c->out, at, &trailer, 8);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	c->out->write = at;
	stats.packets++;
}

void drain(struct channel *c, void (*answer)(struct channel *c, const u8 *msg, u32 len))
{
	static u8 packet[sizeof(((struct ring *)0)->data)];
	struct ring *r = c->in;

	for (u32 limit = 0; limit < 64; limit++) {
		u32 read = r->read, write = r->write, have, len, offset;
		u16 *h = (u16 *)packet;

		if (read >= sizeof(r->data) || write >= sizeof(r->data)) {
			r->read = write < sizeof(r->data) ? write : 0;
			return;
		}
		have = write >= read ? write - read : sizeof(r->data) - read + write;
		if (have < 16)
			return;
		for (u32 i = 0, at = read; i < have; i++) {
			packet[i] = r->data[at];
			at = at + 1 == sizeof(r->data) ? 0 : at + 1;
		}
		len = h[2] * 8;
		offset = h[1] * 8;
		if (len + 8 > have || offset > len) {
			r->read = write;
			return;
		}
		r->read = (read + len + 8) % sizeof(r->data);
		stats.answers++;
		/* what the host wants back: a receive buffer, mostly */
		if (answer && ((h[3] & 1) || h[0] == 7)) {
			u64 id = *(u64 *)(packet + 8) + (one_in(16) ? below(5) : 0), done = 1;

			send_packet(c, 11, 0, id, NULL, 0, &done, 8, one_in(64));
			if (one_in(16))
				send_packet(c, 11, 0, id, NULL, 0, &done, 8, false);
		}
		if (answer)
			answer(c, packet + offset, len - offset);
	}
	if (r->wanted)
		signal(c);
}

/* Any message, mostly with numbers that mean something. */
void random_control(void)
{
	static const u8 length[TYPES] = { 8, 196, 12, 8, 8, 148, 20, 12, 60, 48, 20, 16, 12, 12, 40, 16, 8, 8 };
	struct { u32 word[60]; } m = { .word = { below(TYPES + 1) } };
	u32 type = m.word[0], len = type < TYPES && length[type] ? length[type] : 16;

	/* a new connection is connect()'s */
	if (type == CONTACT || (type == UNLOAD && !one_in(8)))
		m.word[0] = type = GPADL_TEARDOWN;
	for (u32 i = 2; i < 60; i++)
		m.word[i] = one_in(2) ? below(last_gpadl + 2) : one_in(2) ? below(channel_count + 2) : (u32)rnd();
	if (type == GPADL_HEADER) {
		u16 *buf = (u16 *)&m.word[4];

		m.word[3] = one_in(4) ? below(last_gpadl + 1) : ++last_gpadl;
		buf[0] = one_in(2) ? 8 + 8 * below(5) : (u16)rnd();
		buf[1] = one_in(4) ? (u16)rnd() : 1;
		m.word[5] = one_in(2) ? (u32)(buf[0] - 8) / 8 << 12 : (u32)rnd();
		m.word[6] = one_in(4) ? (u32)rnd() : 0;
	}
	if (one_in(4))
		len = below(241);
	post(&m, len);
}
