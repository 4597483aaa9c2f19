/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instruction counter: what its files share.
 *
 *	plugin.c	QEMU's plugin interface: what is counted where
 *	decode.c	which x86 instructions are of interest
 *	symbols.c	the guest's symbols, their classes
 *	report.c	phases, text table, JSON
 */
#ifndef AZK_PERF_COUNT_H
#define AZK_PERF_COUNT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define COUNT_SLOTS	32768	/* symbols that ran, at most */
#define COUNT_CLASSES	16

/* What is counted for a symbol and a vCPU; the plugin's inline operations add to the members. */
struct cell {
	uint64_t insn;		/* instructions, all */
	uint64_t idle;		/* of these, in the idle loop */
	uint64_t direct;	/* of these, in a callee called from a caller's class */
	uint64_t lock;		/* instructions that lock the bus */
	uint64_t idle_lock;
	uint64_t direct_lock;
	uint64_t store;		/* bytes stored, without those of the idle loop */
	uint64_t rep_store;	/* of these, by instructions with a REP prefix */
	uint64_t idle_store;
	uint64_t direct_store;
	uint64_t call;		/* times its first instruction ran */
};
#define CELL_MEMBERS	(sizeof(struct cell) / sizeof(uint64_t))

/* Slots that are no symbols */
enum {
	SLOT_USER,		/* the lower half of the address space */
	SLOT_NONE,		/* kernel addresses without a symbol */
	SLOT_HYPERCALL,		/* the hypercall page, which has none either */
	SLOT_FULL,		/* what came when all slots were taken */
	SLOT_FIRST,
};

/* --- decode.c --- */

enum event {
	EVENT_NONE,
	EVENT_WRMSR,
	EVENT_RDMSR,
	EVENT_HYPERCALL,
	EVENT_HLT,
	EVENT_PORT,
	EVENTS,
};

struct insn {
	bool lock;		/* LOCK prefix, or XCHG with memory */
	bool repeated;		/* string instruction with a REP prefix */
	bool iret;
	bool mark;		/* see mark.h */
	bool call;		/* near, direct; the target is in @target */
	uint64_t target;
	enum event event;
};

/* Look at the @len bytes of the instruction at @addr, 64-bit code. */
void insn_decode(const uint8_t *code, size_t len, uint64_t addr, struct insn *out);

/* --- symbols.c --- */

enum role {
	ROLE_NONE,
	ROLE_CALLER,
	ROLE_CALLEE,
};

/* What a symbol means to the accounting of idle time */
enum place {
	PLACE_NONE,
	PLACE_IDLE,		/* here the idle loop begins a round */
	PLACE_BUSY,		/* here it has found something to do */
	PLACE_INTERRUPT,	/* entry of an interrupt or exception */
};

struct symbol {
	uint64_t addr;
	uint32_t slot;		/* 0: none yet */
	const char *name;
	const char *module;	/* "vmlinux" for the kernel itself */
	enum place place;
};

struct slot {
	const char *name, *module;
	uint8_t class;		/* 0: rest */
	enum role role;
};

/* Read the file of classes; its form is told there. Returns a message to be freed, or NULL. */
char *classes_read(const char *path);
const char *class_name(unsigned int class);
unsigned int class_count(void);

/* Take @len bytes of /proc/kallsyms instead of what is there; returns the number of symbols of code. */
size_t symbols_read(char *text, size_t len);

/* The symbol that has @addr, or NULL. */
struct symbol *symbol_at(uint64_t addr);

/* Its slot; a symbol that comes again with other addresses has the one it had. */
uint32_t symbol_slot(struct symbol *s);
const struct slot *slot_info(uint32_t slot);
uint32_t slot_count(void);
void slots_init(void);

/* Is @addr in the code that leads from the kernel to where an interrupt came from? */
bool symbols_in_entry(uint64_t addr);

/* --- report.c --- */

struct tally {			/* of one number an event had: an MSR, a call code */
	uint64_t busy, idle;
};

struct phase {
	char *name;
	uint64_t operations, times;
	uint64_t (*cell)[CELL_MEMBERS];		/* COUNT_SLOTS, sums over vCPUs */
	struct tally event[EVENTS];
	GHashTable *msr, *hypercall;		/* number to struct tally */
};

struct phase *phase_get(const char *name);
void tally_add(GHashTable *table, uint64_t number, bool idle);
GHashTable *tally_new(void);

/* Write all phases. Returns false if a file could not be written, and has said so. */
bool report_json(const char *path);
bool report_text(const char *path, unsigned int top);
bool report_rows(const char *path);

#endif
