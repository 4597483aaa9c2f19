// SPDX-License-Identifier: GPL-2.0-or-later
/* The running kernel's own word: Secure Boot, lockdown, modules, kexec, LSMs. */
#include "audit/audit.h"

#define EFIVARS "sys/firmware/efi/efivars/"
#define GLOBAL_VARIABLE "8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define SECURE_BOOT EFIVARS "SecureBoot-" GLOBAL_VARIABLE
#define SETUP_MODE EFIVARS "SetupMode-" GLOBAL_VARIABLE
#define BOOT_PARAMS "sys/kernel/boot_params/data"
#define CHOSEN "sys/firmware/devicetree/base/chosen/linux,uefi-secure-boot"
#define LOCKDOWN "sys/kernel/security/lockdown"
#define LSM_LIST "sys/kernel/security/lsm"
#define SIG_ENFORCE "sys/module/module/parameters/sig_enforce"
#define IMA_POLICY "sys/kernel/security/ima/policy"

/* Documentation/arch/x86/zero-page.rst; enum efi_secureboot_mode: disabled, enabled */
#define BOOT_PARAMS_SECURE_BOOT 0x1ec
#define MODE_DISABLED 2
#define MODE_ENABLED 3

static const char *config_of(const struct audit *a, const char *sym)
{
	return a->config ? cfg_dot_get(a->config, sym) : NULL;
}

/* A one-byte EFI variable behind its four bytes of attributes; -1. */
static int efi_flag(const struct root_file *f)
{
	return f->got == GOT_IT && f->text.len == 5 ? f->text.buf[4] : -1;
}

/* What the kernel was told by its EFI stub: 1, 0, -1 not known. */
static int stub_said(const struct audit *a, const char **source)
{
	const struct root_file *bp = root_get(a->root, BOOT_PARAMS), *fdt;
	int mode = -1;

	*source = BOOT_PARAMS;
	if (bp->got == GOT_IT && bp->text.len > BOOT_PARAMS_SECURE_BOOT) {
		mode = bp->text.buf[BOOT_PARAMS_SECURE_BOOT];
	} else {
		fdt = root_get(a->root, CHOSEN);
		*source = CHOSEN;
		if (fdt->got == GOT_IT && fdt->text.len == 4)
			mode = (int)be32_at((unsigned char *)fdt->text.buf);
	}
	return mode == MODE_ENABLED ? 1 : mode == MODE_DISABLED ? 0 : -1;
}

void links_of_secure_boot(const struct audit *a, struct goal *g)
{
	const struct root_file *var = root_get(a->root, SECURE_BOOT);
	const struct root_file *efi = root_stat(a->root, "sys/firmware/efi");
	const char *source;
	int flag = efi_flag(var), stub = stub_said(a, &source);
	int setup = efi_flag(root_get(a->root, SETUP_MODE));
	struct link *l;

	if (efi->got == GOT_ABSENT)
		l = link_add(g, LAYER_LIVE, "secure-boot", FAILS, "sys/firmware/efi",
			     "not started by UEFI firmware");
	else if (flag == 0 || (flag < 0 && stub == 0))
		l = link_add(g, LAYER_LIVE, "secure-boot", FAILS, flag == 0 ? SECURE_BOOT : source,
			     "Secure Boot is off");
	else if (flag == 1 && stub == 0)
		l = link_add(g, LAYER_LIVE, "secure-boot", FAILS, source,
			     "the variable says on, the EFI stub told the kernel off");
	else if (flag == 1 && setup == 1)
		l = link_add(g, LAYER_LIVE, "secure-boot", FAILS, SETUP_MODE,
			     "the firmware is in setup mode: anybody can enroll keys");
	else if (flag == 1 || stub == 1)
		l = link_add(g, LAYER_LIVE, "secure-boot", HOLDS, flag == 1 ? SECURE_BOOT : source,
			     "on%s", flag == 1 && stub == 1 ? ", and the EFI stub told the kernel so" :
			     flag == 1 ? "" : ", as the EFI stub told the kernel");
	else
		l = link_add(g, LAYER_LIVE, "secure-boot", UNKNOWN, SECURE_BOOT, "%s%s",
			     var->got == GOT_IT ? "not a variable of one byte" : root_why(var),
			     var->got == GOT_ABSENT ? " (is efivarfs mounted?)" : "");
	link_remedy(l, "without it whoever owns the disk chooses the kernel", NULL);
}

int live_level(const struct audit *a, const char **why)
{
	const char *text = root_text(a->root, LOCKDOWN);
	const char *lsm = root_text(a->root, LSM_LIST);

	for (int i = 0; text && i < 3; i++) {
		_cleanup_free_ char *mark = xasprintf("[%s]", level_names[i]);

		if (strstr(text, mark))
			return i;
	}
	if (text) {
		*why = "the file in securityfs names no level";
		return -1;
	}
	/* securityfs is there, and the LSM is not in it */
	if (lsm && root_get(a->root, LOCKDOWN)->got == GOT_ABSENT)
		return LEVEL_NONE;
	*why = root_why(root_get(a->root, LOCKDOWN));
	return -1;
}

void links_of_level(const struct audit *a, struct goal *g)
{
	const char *why = NULL, *text = root_text(a->root, LOCKDOWN);
	const struct link *sb = goal_link(g, "secure-boot");
	int level = live_level(a, &why);
	struct link *l;

	if (level < 0)
		l = link_add(g, LAYER_LIVE, "lockdown-level", UNKNOWN, LOCKDOWN, "%s", why);
	else if (level >= (int)a->level)
		l = link_add(g, LAYER_LIVE, "lockdown-level", HOLDS, LOCKDOWN, "reads \"%s\"",
			     text ? text : "");
	else
		l = link_add(g, LAYER_LIVE, "lockdown-level", FAILS, LOCKDOWN, text ? "reads \"%s\"" :
			     "the lockdown LSM is not there%s", text ? text : "");
	link_remedy(l, "the bracketed word is the level in force, whatever was configured",
		    "lockdown=LEVEL on the command line, or write it to the file; only a reboot lowers it");
	/* no Secure Boot, no lockdown: that is how it is meant */
	if (level == LEVEL_NONE && sb && sb->state == FAILS)
		str_setf(&l->cause, "secure-boot");
}

/* ---- modules ------------------------------------------------------------------ */

/* IMA's rules for Secure Boot make the kernel demand signatures (ima_efi.c). */
static bool ima_arch(const struct audit *a)
{
	const char *policy = root_text(a->root, IMA_POLICY);

	return policy && strstr(policy, "func=KEXEC_KERNEL_CHECK") &&
	       cfg_value_equal(config_of(a, "IMA_ARCH_POLICY"), "y");
}

bool modules_enforced(const struct audit *a, const char **how)
{
	const char *text = root_text(a->root, SIG_ENFORCE);

	if (text && *text == 'Y') {
		*how = "module.sig_enforce is Y";
		return true;
	}
	*how = "CONFIG_MODULE_SIG_FORCE";
	return cfg_value_equal(config_of(a, "MODULE_SIG_FORCE"), "y");
}

static void link_enforce(const struct audit *a, struct goal *g)
{
	const char *how = NULL, *why = NULL;
	const struct root_file *f = root_get(a->root, SIG_ENFORCE);
	int level = live_level(a, &why);
	struct link *l;

	if (modules_enforced(a, &how))
		l = link_add(g, LAYER_LIVE, "sig-enforce", HOLDS, SIG_ENFORCE, "%s", how);
	else if (f->got != GOT_IT)
		l = link_add(g, LAYER_LIVE, "sig-enforce", f->got == GOT_ABSENT ? FAILS : UNKNOWN,
			     SIG_ENFORCE, "%s", root_why(f));
	else if (level >= LEVEL_INTEGRITY)
		l = link_add(g, LAYER_LIVE, "sig-enforce", WEAK, SIG_ENFORCE,
			     "module.sig_enforce is N: only lockdown keeps unsigned modules out");
	else
		l = link_add(g, LAYER_LIVE, "sig-enforce", level < 0 ? UNKNOWN : FAILS, SIG_ENFORCE,
			     "module.sig_enforce is N: an unsigned module loads and only taints");
	link_remedy(l, "a module is kernel code", "module.sig_enforce=1 on the command line");
}

/* Bits of Documentation/admin-guide/tainted-kernels.rst that say what was loaded. */
static void link_taint(const struct audit *a, struct goal *g)
{
	static const char path[] = "proc/sys/kernel/tainted";
	const char *text = root_text(a->root, path);
	unsigned long t;

	if (!text || !str_to_uint(text, &t))
		link_add(g, LAYER_LIVE, "taint", UNKNOWN, path, "%s", text ? "not a number" :
			 root_why(root_get(a->root, path)));
	else if (t & (1ul << 1 | 1ul << 13))
		link_add(g, LAYER_LIVE, "taint", FAILS, path, "%lu: %s since boot", t, t & 1ul << 13 ?
			 "an unsigned module was loaded" : "a module was loaded by force");
	else if (t & (1ul << 12 | 1ul << 10))
		link_add(g, LAYER_LIVE, "taint", WEAK, path, "%lu: %s module was loaded", t,
			 t & 1ul << 12 ? "an out-of-tree" : "a staging");
	else
		link_add(g, LAYER_LIVE, "taint", HOLDS, path,
			 "%lu: nothing unsigned, forced or foreign was loaded", t);
}

static void link_image_runs(const struct audit *a, struct goal *g)
{
	const char *banner = root_text(a->root, "proc/version");
	struct span k;

	if (!a->image || !a->image->unpacked || !banner)
		return;
	k = (struct span){ (unsigned char *)a->image->kernel.buf, a->image->kernel.len };
	if (span_find(k, 0, banner, strlen(banner)) != SIZE_MAX)
		link_add(g, LAYER_LIVE, "image-running", HOLDS, a->image->path,
			 "the running kernel's banner is in this image");
	else
		link_add(g, LAYER_LIVE, "image-running", FAILS, a->image->path,
			 "another image than the one that runs: \"%s\" is not in it", banner);
}

void links_of_live_modules(const struct audit *a, struct goal *g)
{
	link_image_runs(a, g);
	link_enforce(a, g);
	link_taint(a, g);
	for (size_t i = 0; i < a->mods.n; i++) {
		const struct mod *m = &a->mods.v[i];
		bool no_signature = strchr(m->taint, 'E') != NULL;

		/* the flags of Documentation/admin-guide/tainted-kernels.rst, per module */
		if (!m->loaded || (!no_signature && !strchr(m->taint, 'F')))
			continue;
		link_add(g, LAYER_LIVE, "module-loaded", FAILS, "proc/modules", "%s was loaded %s", m->name,
			 no_signature ? "without a signature" : "by force");
		str_setf(&goal_link(g, "taint")->cause, "module-loaded");
	}
}

/* ---- kexec ------------------------------------------------------------------------ */

bool kexec_enforced(const struct audit *a, const char **how)
{
	if (cfg_value_equal(config_of(a, "KEXEC_SIG_FORCE"), "y")) {
		*how = "CONFIG_KEXEC_SIG_FORCE";
		return true;
	}
	*how = "IMA's rules for Secure Boot are loaded";
	return ima_arch(a) && cfg_value_equal(config_of(a, "KEXEC_SIG"), "y");
}

static void link_kexec_load(const struct audit *a, struct goal *g)
{
	static const char path[] = "proc/sys/kernel/kexec_load_disabled";
	const char *off = root_text(a->root, path), *old = config_of(a, "KEXEC"), *why = NULL;
	int level = live_level(a, &why);
	struct link *l;

	if (a->config && !cfg_value_equal(old, "y"))
		l = link_add(g, LAYER_LIVE, "kexec-load-call", HOLDS, a->config_from,
			     "kexec_load(), which takes unsigned memory, is not built");
	else if (off && *off == '1')
		l = link_add(g, LAYER_LIVE, "kexec-load-call", HOLDS, path, "kexec is disabled until reboot");
	else if (level >= LEVEL_INTEGRITY)
		l = link_add(g, LAYER_LIVE, "kexec-load-call", WEAK, LOCKDOWN,
			     "kexec_load() is there; only lockdown refuses it");
	else
		l = link_add(g, LAYER_LIVE, "kexec-load-call", a->config && level == 0 ? FAILS : UNKNOWN,
			     path, a->config ? "kexec_load() starts whatever root gives it" :
			     "whether kexec_load() is there is not known");
	link_remedy(l, "no signature can be asked of it", "kernel.kexec_load_disabled=1");
	/* the option is the cause, told by its rule */
	if (l->state < HOLDS && goal_link(g, "kexec-load"))
		str_setf(&l->cause, "kexec-load");
}

static void link_kexec_signature(const struct audit *a, struct goal *g)
{
	const char *how = NULL, *why = NULL;
	int level = live_level(a, &why);
	struct link *l;

	if (kexec_enforced(a, &how))
		link_add(g, LAYER_LIVE, "kexec-enforced", HOLDS, IMA_POLICY, "%s", how);
	else if (level >= LEVEL_INTEGRITY)
		link_add(g, LAYER_LIVE, "kexec-enforced", HOLDS, LOCKDOWN, "lockdown asks for a signature");
	else {
		l = link_add(g, LAYER_LIVE, "kexec-enforced", level < 0 ? UNKNOWN : FAILS, LOCKDOWN,
			     level < 0 ? "%s: whether an image needs a signature is not known" :
			     "%s: kexec_file_load() takes an image without a signature",
			     level < 0 ? why : "nothing enforces them");
		str_setf(&l->cause, "lockdown-level");
	}
}

void links_of_live_kexec(const struct audit *a, struct goal *g)
{
	link_kexec_load(a, g);
	link_kexec_signature(a, g);
}

/* ---- LSMs ----------------------------------------------------------------------------- */

/* The element at *s up to a comma; moves on. NULL at the end. */
static char *next_lsm(const char **s)
{
	size_t n = strcspn(*s, ",\"");
	char *e;

	if (!n)
		return NULL;
	e = xstrndup(*s, n);
	*s += n + ((*s)[n] == ',');
	return e;
}

static bool runs(const char *list, const char *name)
{
	char *e;

	while ((e = next_lsm(&list))) {
		bool same = !strcmp(e, name);

		free(e);
		if (same)
			return true;
	}
	return false;
}

/* lsm= replaces the configured list; the last one counts. */
static char *list_asked(const struct audit *a, const char **from)
{
	const char *cmdline = root_text(a->root, "proc/cmdline"), *v = NULL, *c = config_of(a, "LSM");

	for (const char *p = cmdline; p && (p = strstr(p, "lsm=")); p += 4) {
		if (p == cmdline || p[-1] == ' ')
			v = p + 4;
	}
	if (v) {
		*from = "proc/cmdline";
		return xstrndup(v, strcspn(v, " "));
	}
	*from = a->config_from;
	return c ? xstrndup(c + (*c == '"'), strcspn(c + (*c == '"'), "\"")) : NULL;
}

/* All of asked run: whether in its order, others between them or not. */
static bool in_order(const char *asked, const char *list)
{
	size_t last = 0;
	char *e;

	while ((e = next_lsm(&asked))) {
		size_t at = 1;
		const char *p = list;
		char *have;

		while ((have = next_lsm(&p))) {
			bool same = !strcmp(have, e);

			free(have);
			if (same)
				break;
			at++;
		}
		free(e);
		if (at < last)
			return false;
		last = at;
	}
	return true;
}

void links_of_live_lsm(const struct audit *a, struct goal *g)
{
	const char *list = root_text(a->root, LSM_LIST), *from, *p;
	_cleanup_free_ char *asked = list_asked(a, &from);
	_cleanup_sb_ struct strbuf missing = STRBUF_INIT;
	char *e;

	if (!list) {
		link_add(g, LAYER_LIVE, "lsm-running", UNKNOWN, LSM_LIST, "%s",
			 root_why(root_get(a->root, LSM_LIST)));
		return;
	}
	if (!asked) {
		link_add(g, LAYER_LIVE, "lsm-running", UNKNOWN, LSM_LIST,
			 "\"%s\" runs; what was asked for is not known", list);
		return;
	}
	/* without it, what a command line leaves out would look asked for */
	if (!runs(asked, "lockdown") && !runs(list, "lockdown"))
		sb_addstr(&missing, "lockdown");
	p = asked;
	while ((e = next_lsm(&p))) {
		if (!runs(list, e))
			sb_addf(&missing, "%s%s", missing.len ? ", " : "", e);
		free(e);
	}
	if (missing.len)
		link_add(g, LAYER_LIVE, "lsm-running", FAILS, LSM_LIST, "%s: asked for \"%s\", \"%s\" runs",
			 sb_str(&missing), asked, list);
	else if (!in_order(asked, list))
		link_add(g, LAYER_LIVE, "lsm-running", WEAK, LSM_LIST,
			 "another order: asked for \"%s\", \"%s\" runs", asked, list);
	else
		link_add(g, LAYER_LIVE, "lsm-running", HOLDS, LSM_LIST, "\"%s\", as asked in %s", list,
			 from);
}
