/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stands before the tree's scripts/include/hash.h. Since 6.12 Kconfig keeps
 * expressions in a hash table whose key is made of addresses by multiplication
 * alone: the low bits of aligned addresses are zero and stay zero, one sixteenth
 * of the table is used, and three quarters of the time of a parse go into its
 * chains. Nothing Kconfig answers depends on where an expression hangs.
 */
#ifndef AZK_KCONF_HASH_H
#define AZK_KCONF_HASH_H

#include_next <hash.h>
#include <stdint.h>

static inline unsigned int azk_hash_ptr(const void *p)
{
	uint64_t x = (uintptr_t)p;

	x ^= x >> 31;
	x *= 0x9e3779b97f4a7c15u;
	return (unsigned int)(x >> 32);
}

#define hash_ptr azk_hash_ptr

#endif
