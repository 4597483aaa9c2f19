/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Probes of the reasons the lockdown LSM knows (enum lockdown_reason of
 * include/linux/security.h): each does from userland what the reason forbids.
 *
 * A probe returns 0 if the kernel let it do that, a negative errno if not. It
 * leaves the machine as it found it. One that cannot be run at all (no such
 * device, no such module) returns PROBE_SKIP and says why in probe_note.
 */
#ifndef LOCKDOWN_PROBES_H
#define LOCKDOWN_PROBES_H

#include <stdbool.h>
#include <stddef.h>

#define PROBE_SKIP 1000

/* In the order of the kernel's enum: a level forbids what stands at or below it. */
enum level { LEVEL_NONE, LEVEL_INTEGRITY, LEVEL_CONFIDENTIALITY };

/* common.c */

/* What was tried, or why it could not be; one line. */
extern char probe_note[256];
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The level in force, from securityfs; -errno where the LSM is absent. */
int lockdown_level(void);

/* Asks for a level; 0 or -errno. The kernel only ever raises it. */
int lockdown_raise(const char *level);

/* Whether the firmware booted with Secure Boot on, from the UEFI variable. */
bool secure_boot(void);

/* Reads a file whole; NULL with errno set. The caller frees. */
void *slurp(const char *path, size_t *size);

/* Writes text to a file; 0 or -errno. */
int put(const char *path, const char *text);

/* Opens and closes; 0 or -errno. */
int try_open(const char *path, int flags);

/* Runs modprobe; its exit status, 127 without one. */
int modprobe(const char *name);

/* A file with these bytes, opened for reading only; -errno. */
int file_of(const void *data, size_t size);

/*
 * The kernel's log from now on; and whether a line with text came since.
 * Lockdown reports each refusal there, ten in five seconds.
 */
void log_mark(void);
bool log_says(const char *text);

/* images.c: what the kernel loads */

int try_unsigned_module(void);
int try_unsigned_module_compressed(void);
int try_corrupt_module(void);
int try_corrupt_module_compressed(void);
int works_signed_module(void);
int try_unsigned_kexec(void);
int try_corrupt_kexec(void);
int try_signed_kexec(void);
int works_kexec_unload(void);
int absent_kexec_load(void);

/* devices.c: hardware and its files */

int try_dev_mem(void);
int works_smbios(void);
int try_hibernation(void);
int works_power_files(void);
int try_pci_config(void);
int works_pci_config(void);
int try_msr(void);
int works_msr(void);
int try_tiocsserial(void);
int works_tiocsserial(void);
int try_module_parameter(void);
int works_module_parameter(void);
int try_debugfs(void);
int works_debugfs(void);
int absent_ioport(void);

/* tracing.c: what looks into the kernel */

int try_bpf_write_user(void);
int try_bpf_read_kernel(void);
int works_bpf(void);
int try_kcore(void);
int works_kallsyms(void);
int try_kprobe(void);
int works_uprobe(void);
int try_perf_regs(void);
int works_perf(void);
int try_tracefs(void);
int works_context_switches(void);
int try_xfrm_secret(void);
int works_xfrm(void);

#endif
