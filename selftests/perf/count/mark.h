/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program in the guest tells the instruction counter: a NOP with three
 * registers. Without a counter, on a real machine too, it does nothing.
 *
 *	mark_symbols(text, len);	once, with the text of /proc/kallsyms: the
 *					counter starts to work behind the next jump
 *	mark_begin("rx-64");
 *	...
 *	mark_end(packets);
 *
 * Phases do not nest; one of the same name again is added to the first. The
 * text must be in memory, not just mapped: read or write it before.
 */
#ifndef AZK_PERF_MARK_H
#define AZK_PERF_MARK_H

/*
 * nopl 0x4b5a4142(%rax): a NOP of 7 bytes (Intel SDM, "NOP") with a
 * displacement no compiler uses. rdi: which mark, rsi and rdx: its arguments.
 */
#define MARK_BYTES	0x0f, 0x1f, 0x80, 0x42, 0x41, 0x5a, 0x4b

#define MARK_SYMBOLS	1
#define MARK_BEGIN	2
#define MARK_END	3

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

#define MARK_STRING_(...) #__VA_ARGS__
#define MARK_STRING(...) MARK_STRING_(__VA_ARGS__)

static inline void mark(uint64_t what, const void *text, uint64_t number)
{
	__asm__ volatile(".byte " MARK_STRING(MARK_BYTES)
			 : : "D"(what), "S"(text), "d"(number) : "memory");
}

static inline void mark_symbols(const char *text, size_t len)
{
	mark(MARK_SYMBOLS, text, len);
}

static inline void mark_begin(const char *name)
{
	size_t len = 0;

	while (name[len])
		len++;
	mark(MARK_BEGIN, name, len);
}

/* operations: what the phase's figures are divided by */
static inline void mark_end(uint64_t operations)
{
	mark(MARK_END, NULL, operations);
}
#endif
#endif
