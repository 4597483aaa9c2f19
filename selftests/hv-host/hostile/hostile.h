/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest that means harm: what its parts share. Runs on the bare machine of ../bare. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "../bare/bare.h"

#ifndef SEED
#define SEED 1
#endif
#ifndef MESSAGES
#define MESSAGES 10000
#endif

/* hostile.c: the same seed makes the same choices */
u64 rnd(void);
u32 below(u32 n);		/* 0 to n - 1 */
bool one_in(u32 n);
void junk(void *to, u32 len);
/* Changes some bytes, words or bits of what is there. */
void spoil(void *what, u32 len);
/* A page number: of @good, or of a hole, a device, a ROM, or none at all. */
u64 page_number(u64 good);

/* bus.c: VMBus */
#define CHANNELS 256
#define RING_PAGES 5		/* each way, the first is its header */

enum kind { NET, SCSI, IC, KEYBOARD, OTHER };

struct ring {
	volatile u32 write, read, mask, wanted;
	volatile u32 reserved[12];
	volatile u32 features;
	u8 filler[4096 - 68];
	u8 data[(RING_PAGES - 1) * 4096];
};

struct channel {
	bool offered, open;
	enum kind kind;
	u32 relid, connection, gpadl;
	u16 index;		/* of a sub-channel */
	struct ring *out, *in;
	u32 step;		/* how far its device's protocol has come */
	u32 send_gpadl, recv_gpadl;
};

struct bus_stats {
	u64 control, packets, calls, answers, refused;
};

extern struct bus_stats stats;
extern struct channel channels[CHANNELS];
extern u32 channel_count;
extern u32 last_gpadl;
extern bool isolated;		/* the host sees only what was shared */

void bus_init(void);
void share(const void *first, u32 len);
/* Gives the host time: it runs in threads of its own, and those do not get far while this one spins. */
void nap(void);
/* Posts a control message; false if the host does not take it. */
bool post(const void *message, u32 len);
/* Takes what the host has to say out of the slot; true if there was something. */
bool take_message(void);
/* Version 5.3, or what @version says, and all offers; false if the host does not answer in ten seconds. */
bool connect(u32 version, bool good);
/* A GPADL of @pages from @first on; its number, 0 if refused. @good: no page is spoiled. */
u32 make_gpadl(u32 relid, const void *first, u32 pages, bool good);
bool open_channel(struct channel *c, bool good);
/* One packet: descriptor and message are padded to 8 bytes. @spoilt: lengths may be wrong. */
void send_packet(struct channel *c, u16 type, u16 flags, u64 id, const void *desc, u32 desc_len, const void *msg,
		 u32 len, bool spoilt);
void signal(struct channel *c);
/* Empties the ring from the host; @answer is called for each packet's content. */
void drain(struct channel *c, void (*answer)(struct channel *c, const u8 *msg, u32 len));
void random_control(void);

/* devices.c: packets that the device of a channel expects, more or less */
void device_packet(struct channel *c);
void devices_share(void);
/* Has a disk write to memory that was not shared; true if nothing was written. */
bool private_memory_is_safe(void);
/* A page that is not shared, for packets to name. */
extern u8 private_page[4096];

#endif
