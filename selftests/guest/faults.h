/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AZK_GUEST_FAULTS_H
#define AZK_GUEST_FAULTS_H

/* Printed by the kernel when something is wrong; matched anywhere in a line. */
static const char *const bad[] = {
	"Kernel panic - not syncing", "Oops:", "BUG:", "WARNING:",
	"general protection fault", "Unable to handle kernel",
	"KASAN:", "KCSAN:", "UBSAN:", "KFENCE:", "kernel BUG at",
	"blocked for more than", "self-detected stall",
	"detected stalls on CPUs", "soft lockup", "hard LOCKUP",
	"possible circular locking", "possible recursive locking",
	"inconsistent lock state", "suspicious RCU usage",
	"list_add corruption", "list_del corruption", "refcount_t:",
	"stack guard page", "scheduling while atomic",
};

#endif
