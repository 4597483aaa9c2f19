// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Instruction counter: which instructions are of interest. Only what is
 * needed of the instruction format (AMD64 APM volume 3, chapter 1): prefixes,
 * the opcode, and whether ModRM names memory.
 */
#include <string.h>

#include "count.h"
#include "mark.h"

static const uint8_t mark_bytes[] = { MARK_BYTES };

/* Returns how many of the bytes are legacy prefixes. */
static size_t prefixes(const uint8_t *code, size_t len, bool *lock, bool *rep)
{
	size_t n;

	for (n = 0; n < len; n++) {
		switch (code[n]) {
		case 0xf0:
			*lock = true;
			break;
		case 0xf2: case 0xf3:
			*rep = true;
			break;
		case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65:
		case 0x66: case 0x67:
			break;
		default:
			return n;
		}
	}
	return n;
}

static enum event two_byte_event(const uint8_t *op, size_t left)
{
	switch (op[1]) {
	case 0x30:
		return EVENT_WRMSR;
	case 0x32:
		return EVENT_RDMSR;
	case 0x01:
		if (left < 3)
			return EVENT_NONE;
		if (op[2] == 0xc1 || op[2] == 0xd9)	/* VMCALL, VMMCALL */
			return EVENT_HYPERCALL;
		return op[2] == 0xc6 ? EVENT_WRMSR : EVENT_NONE; /* WRMSRNS */
	default:
		return EVENT_NONE;
	}
}

static enum event one_byte_event(uint8_t op)
{
	switch (op) {
	case 0xf4:
		return EVENT_HLT;
	case 0x6c: case 0x6d: case 0x6e: case 0x6f:	/* INS, OUTS */
	case 0xe4: case 0xe5: case 0xe6: case 0xe7:	/* IN, OUT */
	case 0xec: case 0xed: case 0xee: case 0xef:
		return EVENT_PORT;
	default:
		return EVENT_NONE;
	}
}

/* INS, OUTS, MOVS, CMPS, STOS, LODS, SCAS */
static bool is_string(uint8_t op)
{
	return (op >= 0x6c && op <= 0x6f) || (op >= 0xa4 && op <= 0xa7) || (op >= 0xaa && op <= 0xaf);
}

void insn_decode(const uint8_t *code, size_t len, uint64_t addr, struct insn *out)
{
	bool lock = false, rep = false;
	const uint8_t *op;
	size_t n, left;

	memset(out, 0, sizeof(*out));
	if (len == sizeof(mark_bytes) && !memcmp(code, mark_bytes, len)) {
		out->mark = true;
		return;
	}
	n = prefixes(code, len, &lock, &rep);
	if (n < len && (code[n] & 0xf0) == 0x40)
		n++;				/* REX */
	left = len - n;
	op = code + n;
	if (!left)
		return;
	/* CR8 has LOCK MOV CR0 as its name in 32-bit code, LOCK is a bus lock in all else. */
	out->lock = lock;
	out->repeated = rep && is_string(op[0]);
	if (op[0] == 0x0f) {
		out->event = left > 1 ? two_byte_event(op, left) : EVENT_NONE;
		return;
	}
	out->event = one_byte_event(op[0]);
	out->iret = op[0] == 0xcf;
	if ((op[0] == 0x86 || op[0] == 0x87) && left > 1 && op[1] < 0xc0)
		out->lock = true;		/* XCHG with memory */
	if (op[0] == 0xe8 && left == 5) {
		int32_t rel;

		memcpy(&rel, op + 1, sizeof(rel));
		out->call = true;
		out->target = addr + len + rel;
	}
}
