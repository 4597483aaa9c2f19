// SPDX-License-Identifier: GPL-2.0-or-later
/* What is set at run time: command line, sysctls, mounts, CPU issues; confidential guests. */
#include "audit/audit.h"

#define VULNERABILITIES "sys/devices/system/cpu/vulnerabilities"
#define CPUID "azk/cpuid"

/*
 * Parameters that take away what was built in (Documentation/admin-guide/kernel-parameters.txt).
 */
static const struct {
	const char *word;
	enum state state;
	const char *what;
} weakeners[] = {
	{ "mitigations=off", FAILS, "no CPU mitigation" },
	{ "nokaslr", FAILS, "the kernel is at a known address" },
	{ "nopti", FAILS, "no page-table isolation" },
	{ "pti=off", FAILS, "no page-table isolation" },
	{ "kpti=0", FAILS, "no page-table isolation" },
	{ "nospectre_v1", FAILS, "no Spectre v1 mitigation" },
	{ "nospectre_v2", FAILS, "no Spectre v2 mitigation" },
	{ "spectre_v2=off", FAILS, "no Spectre v2 mitigation" },
	{ "spec_store_bypass_disable=off", WEAK, "no store bypass mitigation" },
	{ "nosmap", FAILS, "the kernel may use user memory by accident" },
	{ "nosmep", FAILS, "the kernel may run user memory" },
	{ "ibt=off", WEAK, "no indirect branch tracking" },
	{ "init_on_alloc=0", WEAK, "memory is given out as it was" },
	{ "hardened_usercopy=off", FAILS, "copies may leave their object" },
	{ "randomize_kstack_offset=off", WEAK, "the kernel stack is at a known offset" },
	{ "slab_merge", WEAK, "caches are merged" },
	{ "slub_merge", WEAK, "caches are merged" },
	{ "vsyscall=emulate", WEAK, "a page at a fixed address in every process" },
	{ "vsyscall=xonly", WEAK, "a page at a fixed address in every process" },
	{ "ia32_emulation=1", WEAK, "a second system call table" },
	{ "ia32_emulation=on", WEAK, "a second system call table" },
	{ "selinux=0", FAILS, "SELinux is off" },
	{ "enforcing=0", WEAK, "SELinux only warns" },
	{ "apparmor=0", WEAK, "AppArmor is off" },
	{ "ima_appraise=off", WEAK, "IMA does not appraise" },
	{ "ima_appraise=fix", FAILS, "IMA signs what it ought to appraise" },
	{ "evm=fix", FAILS, "EVM signs what it ought to verify" },
	{ "audit=0", WEAK, "no audit" },
	{ "debugfs=on", WEAK, "debugfs, whatever was configured" },
	{ "iomem=relaxed", FAILS, "/dev/mem reaches drivers' memory" },
	{ "proc_mem.force_override=always", FAILS, "/proc/PID/mem writes through read-only mappings" },
	{ "page_alloc.shuffle=0", WEAK, "pages are given out in order" },
	{ "rodata=off", FAILS, "kernel code can be written" },
	{ "kfence.sample_interval=0", WEAK, "KFENCE does not sample" },
};

static bool has_word(const char *line, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = line; (p = strstr(p, word)); p += n) {
		if ((p == line || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	}
	return false;
}

static void link_cmdline(const struct audit *a, struct goal *g)
{
	static const char path[] = "proc/cmdline";
	const char *line = root_text(a->root, path);
	bool clean = true;

	if (!line) {
		link_add(g, LAYER_LIVE, "cmdline", UNKNOWN, path, "%s",
			 root_why(root_get(a->root, path)));
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(weakeners); i++) {
		_cleanup_free_ char *id = NULL;

		if (!has_word(line, weakeners[i].word))
			continue;
		clean = false;
		id = xasprintf("cmdline-%.*s", (int)strcspn(weakeners[i].word, "="),
			       weakeners[i].word);
		link_add(g, LAYER_LIVE, id, weakeners[i].state, path, "%s: %s", weakeners[i].word,
			 weakeners[i].what);
	}
	if (clean)
		link_add(g, LAYER_LIVE, "cmdline", HOLDS, path,
			 "none of %zu parameters that switch something off", ARRAY_SIZE(weakeners));
}

/* Values at least as strict as the configurations here leave them. */
static const struct {
	const char *id, *path;
	unsigned long least;
	enum state state;
	const char *why;
} sysctls[] = {
	{ "sysctl-dmesg-restrict", "proc/sys/kernel/dmesg_restrict", 1, FAILS,
	  "the log tells addresses and devices" },
	{ "sysctl-unprivileged-bpf", "proc/sys/kernel/unprivileged_bpf_disabled", 1, FAILS,
	  "any user loads BPF programs" },
	{ "sysctl-randomize-va-space", "proc/sys/kernel/randomize_va_space", 2, FAILS,
	  "programs lie at known addresses" },
	{ "sysctl-mmap-min-addr", "proc/sys/vm/mmap_min_addr", 32768, FAILS,
	  "a NULL pointer of the kernel can be made to point to memory" },
	{ "sysctl-perf-paranoid", "proc/sys/kernel/perf_event_paranoid", 2, WEAK,
	  "any user profiles the kernel" },
	{ "sysctl-kptr-restrict", "proc/sys/kernel/kptr_restrict", 1, WEAK,
	  "addresses are in /proc for whoever may read the log" },
	{ "sysctl-ptrace-scope", "proc/sys/kernel/yama/ptrace_scope", 1, WEAK,
	  "a program reads any other of its user" },
};

static void link_sysctls(const struct audit *a, struct goal *g)
{
	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
		const struct root_file *f = root_get(a->root, sysctls[i].path);
		const char *text = root_text(a->root, sysctls[i].path);
		unsigned long v = 0;
		bool number = text && str_to_uint(text, &v);
		struct link *l;

		/* -1 of perf_event_paranoid: no restriction at all */
		if (text && *text == '-')
			number = true;
		if (f->got == GOT_ABSENT)
			l = link_add(g, LAYER_LIVE, sysctls[i].id, sysctls[i].state, sysctls[i].path,
				     "does not exist");
		else if (!number)
			l = link_add(g, LAYER_LIVE, sysctls[i].id, UNKNOWN, sysctls[i].path, "%s",
				     text ? "not a number" : root_why(f));
		else
			l = link_add(g, LAYER_LIVE, sysctls[i].id,
				     v >= sysctls[i].least ? HOLDS : sysctls[i].state, sysctls[i].path,
				     "%s, at least %lu is asked", text, sysctls[i].least);
		link_remedy(l, sysctls[i].why, NULL);
	}
}

static void link_debugfs(const struct audit *a, struct goal *g)
{
	static const char path[] = "proc/self/mounts";
	const char *mounts = root_text(a->root, path), *p = mounts;
	struct link *l;

	if (!mounts) {
		link_add(g, LAYER_LIVE, "debugfs", UNKNOWN, path, "%s",
			 root_why(root_get(a->root, path)));
		return;
	}
	for (; p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
		const char *at = strchr(p, ' '), *type = at ? strchr(at + 1, ' ') : NULL;

		if (!type || !str_starts(type + 1, "debugfs "))
			continue;
		l = link_add(g, LAYER_LIVE, "debugfs", WEAK, path, "debugfs is mounted on %.*s",
			     (int)(type - at - 1), at + 1);
		link_remedy(l, "drivers' internals, written without review of who may; lockdown closes all "
			    "but files anybody may read", "do not mount it, or debugfs=no-mount");
		return;
	}
	link_add(g, LAYER_LIVE, "debugfs", HOLDS, path, "not mounted");
}

static void link_vulnerabilities(const struct audit *a, struct goal *g)
{
	const struct root_file *names = root_list(a->root, VULNERABILITIES);
	size_t pos = 0, n, all = 0, unread = 0;
	const char *p;
	bool clean = true;

	if (names->got != GOT_IT) {
		link_add(g, LAYER_LIVE, "cpu-issues", UNKNOWN, VULNERABILITIES, "%s", root_why(names));
		return;
	}
	while (azk_next_line(sb_str(&names->text), names->text.len, &pos, &p, &n)) {
		_cleanup_free_ char *name = xstrndup(p, n), *path = NULL;
		const char *text;

		if (path_unsafe_why(name) || *name == '.')
			continue;
		path = path_join(VULNERABILITIES, name);
		text = root_text(a->root, path);
		all++;
		unread += !text;
		if (!text || !str_starts(text, "Vulnerable"))
			continue;
		clean = false;
		_cleanup_free_ char *id = xasprintf("cpu-%s", name);

		/* "Vulnerable: No microcode" and the like are the host's to mend */
		link_add(g, LAYER_LIVE, id, text[10] == ':' ? WEAK : FAILS, path, "%s", text);
	}
	if (unread)
		link_add(g, LAYER_LIVE, "cpu-issues", UNKNOWN, VULNERABILITIES,
			 "%zu of %zu could not be read", unread, all);
	else if (clean)
		link_add(g, LAYER_LIVE, "cpu-issues", HOLDS, VULNERABILITIES,
			 "none of %zu known issues is open", all);
}

void links_of_runtime(const struct audit *a, struct goal *g)
{
	link_cmdline(a, g);
	link_sysctls(a, g);
	link_debugfs(a, g);
	link_vulnerabilities(a, g);
}

/* ---- confidential VMs -------------------------------------------------------- */

struct leaf {
	unsigned int a, b, c, d;
};

static bool leaf_of(const char *text, unsigned int leaf, struct leaf *l)
{
	unsigned int n;

	for (const char *p = text; p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
		if (sscanf(p, "%x %x %x %x %x", &n, &l->a, &l->b, &l->c, &l->d) == 5 && n == leaf)
			return true;
	}
	return false;
}

static bool names(unsigned int b, unsigned int d, unsigned int c, const char *vendor)
{
	const unsigned int r[3] = { b, d, c };

	return !memcmp(r, vendor, 12);
}

/* NULL: an ordinary guest, or none. */
static const char *isolation(const char *cpuid, bool *paravisor)
{
	static const char *const hyperv[] = {
		NULL, "VBS", "SEV-SNP, as Hyper-V says", "TDX, as Hyper-V says",
	};
	struct leaf l;

	*paravisor = false;
	if (leaf_of(cpuid, 0x21, &l) && names(l.b, l.d, l.c, "IntelTDX    "))
		return "TDX";
	/* only under a hypervisor, and only Hyper-V's own leaf */
	if (!leaf_of(cpuid, 0x1, &l) || !(l.c & 1u << 31))
		return NULL;
	if (!leaf_of(cpuid, 0x40000000, &l) || l.a < 0x4000000c ||
	    !names(l.b, l.c, l.d, "Microsoft Hv"))
		return NULL;
	if (!leaf_of(cpuid, 0x40000003, &l) || !(l.b & 1u << 22) ||
	    !leaf_of(cpuid, 0x4000000c, &l) || (l.b & 0xf) >= ARRAY_SIZE(hyperv))
		return NULL;
	*paravisor = l.a & 1;
	return hyperv[l.b & 0xf];
}

static bool there(const struct audit *a, const char *path)
{
	return root_stat(a->root, path)->got == GOT_IT;
}

void links_of_confidential(const struct audit *a, struct goal *g)
{
	const struct root_file *f = root_note(a->root, CPUID, cpuid_text);
	bool sev = there(a, "dev/sev-guest"), tdx = there(a, "dev/tdx_guest"), paravisor = false;
	bool tpm = there(a, "dev/tpm0"), asked = a->level == LEVEL_CONFIDENTIALITY;
	const char *kind = f->got == GOT_IT ? isolation(sb_str(&f->text), &paravisor) : NULL;

	if (!kind)
		kind = sev ? "SEV-SNP" : tdx ? "TDX" : NULL;
	if (!kind) {
		if (f->got != GOT_IT)
			link_add(g, LAYER_LIVE, "isolation", asked ? UNKNOWN : NOT_APPLICABLE, CPUID, "%s",
				 root_why(f));
		else
			link_add(g, LAYER_LIVE, "isolation", asked ? FAILS : NOT_APPLICABLE, CPUID,
				 "neither SEV-SNP nor TDX: the host can read this memory");
		return;
	}
	link_add(g, LAYER_LIVE, "isolation", HOLDS, CPUID, "%s%s", kind,
		 paravisor ? ", below a paravisor" : "");
	if (sev || tdx)
		link_add(g, LAYER_LIVE, "attestation", HOLDS, sev ? "dev/sev-guest" : "dev/tdx_guest",
			 "a report signed by the CPU can be had");
	else if (tpm)
		link_add(g, LAYER_LIVE, "attestation", HOLDS, "dev/tpm0",
			 "through the virtual TPM%s", paravisor ? " of the paravisor" : "");
	else
		link_add(g, LAYER_LIVE, "attestation", FAILS, "dev",
			 "no device for a report: /dev/sev-guest, /dev/tdx_guest or /dev/tpm0");
}
