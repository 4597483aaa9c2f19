// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reasons of enum lockdown_reason (include/linux/security.h), in its order,
 * and what each comes to in the state audited: what selftests/lockdown tries,
 * told from what the kernel says of itself.
 */
#include "audit/audit.h"

struct reason {
	const char *name, *what;
	enum level level;
	/* the options that make it reachable, any of them; NULL: always there */
	const char *options;
};

static const struct reason reasons[] = {
	{ "MODULE_SIGNATURE", "load an unsigned module", LEVEL_INTEGRITY, "MODULES" },
	{ "DEV_MEM", "write to /dev/mem or /dev/port", LEVEL_INTEGRITY, "DEVMEM DEVPORT" },
	{ "EFI_TEST", "call firmware through /dev/efi_test", LEVEL_INTEGRITY, "EFI_TEST" },
	{ "KEXEC", "start an unsigned kernel", LEVEL_INTEGRITY, "KEXEC KEXEC_FILE" },
	{ "HIBERNATION", "replace the kernel by an image on disk", LEVEL_INTEGRITY, "HIBERNATION" },
	{ "PCI_ACCESS", "program PCI devices from user space", LEVEL_INTEGRITY, "PCI" },
	{ "IOPORT", "use I/O ports", LEVEL_INTEGRITY, "X86_IOPL_IOPERM" },
	{ "MSR", "write model-specific registers", LEVEL_INTEGRITY, "X86_MSR" },
	{ "ACPI_TABLES", "replace ACPI tables", LEVEL_INTEGRITY,
	  "ACPI_TABLE_UPGRADE ACPI_CONFIGFS EFI_CUSTOM_SSDT_OVERLAYS KEXEC" },
	{ "DEVICE_TREE", "change the device tree", LEVEL_INTEGRITY, "PPC_PSERIES" },
	{ "PCMCIA_CIS", "replace PCMCIA card data", LEVEL_INTEGRITY, "PCMCIA" },
	{ "TIOCSSERIAL", "give a serial port another address", LEVEL_INTEGRITY, "SERIAL_CORE" },
	{ "MODULE_PARAMETERS", "set hardware parameters of modules", LEVEL_INTEGRITY, "MODULES" },
	{ "MMIOTRACE", "trace device memory", LEVEL_INTEGRITY, "MMIOTRACE" },
	{ "DEBUGFS", "write in debugfs", LEVEL_INTEGRITY, "DEBUG_FS" },
	{ "XMON_WR", "write by xmon", LEVEL_INTEGRITY, "XMON" },
	{ "BPF_WRITE_USER", "write other programs' memory by BPF", LEVEL_INTEGRITY, "BPF_EVENTS" },
	{ "DBG_WRITE_KERNEL", "write by kgdb", LEVEL_INTEGRITY, "KGDB" },
	{ "RTAS_ERROR_INJECTION", "inject firmware errors", LEVEL_INTEGRITY, "PPC_RTAS" },
	{ "KCORE", "read /proc/kcore", LEVEL_CONFIDENTIALITY, "PROC_KCORE" },
	{ "KPROBES", "set kprobes", LEVEL_CONFIDENTIALITY, "KPROBE_EVENTS" },
	{ "BPF_READ_KERNEL", "read kernel memory by BPF", LEVEL_CONFIDENTIALITY, "BPF_EVENTS" },
	{ "DBG_READ_KERNEL", "read by kgdb", LEVEL_CONFIDENTIALITY, "KGDB" },
	{ "PERF", "sample kernel registers by perf", LEVEL_CONFIDENTIALITY, "PERF_EVENTS" },
	{ "TRACEFS", "trace the kernel", LEVEL_CONFIDENTIALITY, "TRACING" },
	{ "XMON_RW", "read by xmon", LEVEL_CONFIDENTIALITY, "XMON" },
	{ "XFRM_SECRET", "read IPsec keys", LEVEL_CONFIDENTIALITY, "XFRM" },
};

static bool is_on(const struct cfg_dot *d, const char *sym)
{
	const char *v = cfg_dot_get(d, sym);

	return v && (!strcmp(v, "y") || !strcmp(v, "m"));
}

/* An option that is on, as allocated text; NULL when all are off. */
static char *option_of(const struct cfg_dot *d, const char *options)
{
	_cleanup_free_ char *copy = xstrdup(options);
	char *rest = copy, *w;

	while ((w = cfg_word(&rest))) {
		if (is_on(d, w))
			return xstrdup(w);
	}
	return NULL;
}

static void say(struct reach *out, int is, const char *fmt, ...) AZK_PRINTF(3, 4);
static void say(struct reach *out, int is, const char *fmt, ...)
{
	_cleanup_sb_ struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	sb_vaddf(&sb, fmt, ap);
	va_end(ap);
	out->is = is;
	out->because = sb_detach(&sb);
}

static void judge(const struct audit *a, const struct reason *r, struct reach *out)
{
	const char *why = NULL, *how = NULL;
	int level = live_level(a, &why);
	_cleanup_free_ char *option = NULL;

	if (a->config && r->options) {
		option = option_of(a->config, r->options);
		if (!option) {
			say(out, REACH_NONE, "not built: %s", r->options);
			return;
		}
	}
	if (level >= (int)r->level) {
		out->by_level = true;
		say(out, REACH_REFUSED, "lockdown reads %s", level_names[level]);
	} else if (!strcmp(r->name, "MODULE_SIGNATURE") && modules_enforced(a, &how)) {
		say(out, REACH_REFUSED, "signatures are enforced: %s", how);
	} else if (!strcmp(r->name, "KEXEC") && kexec_enforced(a, &how)) {
		say(out, REACH_REFUSED, "signatures are enforced: %s", how);
	} else if (level < 0) {
		say(out, REACH_UNKNOWN, "%s", why);
	} else if (!a->config && r->options) {
		say(out, REACH_UNKNOWN, "lockdown reads %s, and whether it is built is not known",
		    level_names[level]);
	} else {
		out->by_level = true;
		say(out, REACH_ALLOWED, "lockdown reads %s", level_names[level]);
	}
}

void reach_make(const struct audit *a, struct verdicts *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		struct reach *out = vec_add(&v->reach);

		out->reason = reasons[i].name;
		out->level = reasons[i].level;
		out->what = reasons[i].what;
		judge(a, &reasons[i], out);
	}
}

void links_of_reach(const struct audit *a, const struct verdicts *v, struct goal *g,
		    enum level level)
{
	static const enum state states[] = {
		[REACH_REFUSED] = HOLDS, [REACH_ALLOWED] = FAILS, [REACH_NONE] = NOT_APPLICABLE,
		[REACH_UNKNOWN] = UNKNOWN,
	};
	static const char *const words[] = {
		[REACH_REFUSED] = "refused", [REACH_ALLOWED] = "allowed",
		[REACH_NONE] = "no way to", [REACH_UNKNOWN] = "not known whether it may",
	};

	(void)a;
	for (size_t i = 0; i < v->reach.n; i++) {
		const struct reach *r = &v->reach.v[i];
		_cleanup_free_ char *id = NULL;
		struct link *l;

		if (r->level != level)
			continue;
		id = xasprintf("reach-%s", r->reason);
		for (char *c = id; *c; c++)
			*c = *c == '_' ? '-' : *c >= 'A' && *c <= 'Z' ? (char)(*c | 0x20) : *c;
		l = link_add(g, LAYER_LIVE, id, states[r->is], NULL, "%s: %s (%s)", words[r->is], r->what,
			     r->because);
		if (r->is == REACH_ALLOWED || r->is == REACH_UNKNOWN)
			str_setf(&l->cause, "lockdown-level");
	}
}
