// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CPUID leaves that tell what kind of guest this is, as text a snapshot can
 * keep: "LEAF EAX EBX ECX EDX" in hex. Leaf 0x21 names TDX, 0x4000000c is
 * Hyper-V's isolation (TLFS, "Isolation Configuration"), 0x8000001f says what
 * AMD memory encryption the CPU offers.
 */
#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "audit/audit.h"

void cpuid_text(struct strbuf *out)
{
#ifdef __x86_64__
	static const unsigned int leaves[] = {
		0x0, 0x1, 0x21, 0x40000000, 0x40000003, 0x4000000c, 0x8000001f,
	};
	unsigned int a, b, c, d;

	for (size_t i = 0; i < ARRAY_SIZE(leaves); i++) {
		__cpuid_count(leaves[i], 0, a, b, c, d);
		sb_addf(out, "%08x %08x %08x %08x %08x\n", leaves[i], a, b, c, d);
	}
#else
	sb_addstr(out, "");
#endif
}
