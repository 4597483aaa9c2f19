// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One weakness planted at a time, in a configuration or in a snapshot of a
 * system that is otherwise as it should be: exactly that one is the weakest
 * link, and the only finding. The systems are whole: an image with keys and a
 * configuration in it, signed; modules signed by one of the keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/audit_lib.h"

#define RELEASE "6.18.15-1.azure.x86_64"
#define BANNER "Linux version " RELEASE " (azure@azure-kernel) (gcc) #1 SMP Fri Feb 27 12:00:00 UTC 2026"
#define MODDIR "lib/modules/" RELEASE
#define EFIVAR(name) "sys/firmware/efi/efivars/" name "-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define LSMS "lockdown,capability,landlock,yama,selinux,ipe,bpf,ima,evm"

static char *root, *configs;
static struct strbuf azure;		/* the rendered configuration */
static struct pair *good, *expired, *weak, *stranger;

/* ---- a system ------------------------------------------------------------------ */

static void put(const char *path, const void *p, size_t n)
{
	_cleanup_free_ char *to = xasprintf("%s/sys/%s", root, path), *dir = path_dirname(to);

	assert_int_equal(azk_mkdir_p(dir, 0755), 0);
	/* not synced: forty files a case, and nothing to lose */
	assert_int_equal(azk_write_new_at(AT_FDCWD, to, p, n, 0644, true, false), 0);
}

static void put_text(const char *path, const char *text)
{
	put(path, text, strlen(text));
}

static void drop(const char *path)
{
	_cleanup_free_ char *to = xasprintf("%s/sys/%s", root, path);

	assert_int_equal(unlink(to), 0);
}

static struct kernel_parts parts_of(const struct pair *trusted)
{
	return (struct kernel_parts){
		.lockdown = true, .banner = BANNER, .config = sb_str(&azure), .trusted = { trusted },
	};
}

static void put_image(const struct kernel_parts *k, const struct pair *signer)
{
	_cleanup_sb_ struct strbuf kernel = STRBUF_INIT, image = STRBUF_INIT;

	make_kernel(k, &kernel);
	make_zboot(&kernel, &image);
	if (signer)
		sign_pe(&image, signer);
	put(MODDIR "/vmlinuz", image.buf, image.len);
}

static void put_config(const char *text)
{
	_cleanup_sb_ struct strbuf gz = STRBUF_INIT;

	gzip(text, strlen(text), &gz);
	put("proc/config.gz", gz.buf, gz.len);
}

static void put_module(const struct pair *p, const char *md)
{
	_cleanup_sb_ struct strbuf ko = STRBUF_INIT, gz = STRBUF_INIT;

	make_module(&ko, p, md);
	gzip(ko.buf, ko.len, &gz);
	put(MODDIR "/kernel/net/a-b.ko.gz", gz.buf, gz.len);
}

static void put_boot_params(int mode)
{
	char bp[4096] = "";

	bp[0x1ec] = (char)mode;
	put("sys/kernel/boot_params/data", bp, sizeof(bp));
}

static const struct {
	const char *path, *text;
} files[] = {
	{ "proc/sys/kernel/osrelease", RELEASE "\n" },
	{ "proc/version", BANNER "\n" },
	{ "proc/cmdline", "root=UUID=6b8d ro console=ttyS0 lockdown=none\n" },
	{ "proc/modules", "a_b 16384 0 - Live 0x0000000000000000\n" },
	{ "proc/self/mounts", "proc /proc proc rw 0 0\nsysfs /sys sysfs rw 0 0\n"
			      "securityfs /sys/kernel/security securityfs rw 0 0\n" },
	{ "proc/sys/kernel/tainted", "0\n" },
	{ "proc/sys/kernel/kexec_load_disabled", "0\n" },
	{ "proc/sys/kernel/dmesg_restrict", "1\n" },
	{ "proc/sys/kernel/unprivileged_bpf_disabled", "2\n" },
	{ "proc/sys/kernel/randomize_va_space", "2\n" },
	{ "proc/sys/kernel/perf_event_paranoid", "2\n" },
	{ "proc/sys/kernel/kptr_restrict", "1\n" },
	{ "proc/sys/kernel/yama/ptrace_scope", "1\n" },
	{ "proc/sys/vm/mmap_min_addr", "65536\n" },
	{ "sys/kernel/security/lockdown", "none [integrity] confidentiality\n" },
	{ "sys/kernel/security/lsm", LSMS },
	{ "sys/kernel/security/ima/policy", "measure func=KEXEC_KERNEL_CHECK\nmeasure func=MODULE_CHECK\n" },
	{ "sys/module/module/parameters/sig_enforce", "Y\n" },
	{ "sys/firmware/efi/fw_platform_size", "64\n" },
	{ "sys/devices/system/cpu/vulnerabilities/.azk-names", "mds\nmeltdown\n" },
	{ "sys/devices/system/cpu/vulnerabilities/mds", "Not affected\n" },
	{ "sys/devices/system/cpu/vulnerabilities/meltdown", "Mitigation: PTI\n" },
	{ "azk/cpuid", "00000000 0000000d 756e6547 6c65746e 49656e69\n"
		       "00000001 00000000 00000000 00000000 00000000\n" },
	{ MODDIR "/modules.dep", "kernel/net/a-b.ko.gz:\n" },
};

static void make_system(void)
{
	struct kernel_parts k = parts_of(good);
	_cleanup_free_ char *dir = path_join(root, "sys");

	assert_int_equal(azk_remove_tree(dir), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		put_text(files[i].path, files[i].text);
	put(EFIVAR("SecureBoot"), "\6\0\0\0\1", 5);
	put(EFIVAR("SetupMode"), "\6\0\0\0\0", 5);
	put_boot_params(3);
	put_config(sb_str(&azure));
	put_image(&k, good);
	put_module(good, "SHA512");
}

/* ---- weaknesses ------------------------------------------------------------------ */

/* The configuration with its line for CONFIG_<sym> changed; NULL: not set. */
static char *with_option(const char *sym, const char *value)
{
	struct strbuf sb = STRBUF_INIT;
	_cleanup_free_ char *set = xasprintf("CONFIG_%s=", sym);
	_cleanup_free_ char *unset = xasprintf("# CONFIG_%s is not set", sym);
	size_t pos = 0, n;
	const char *p;

	while (azk_next_line(sb_str(&azure), azure.len, &pos, &p, &n)) {
		if ((n >= strlen(set) && !memcmp(p, set, strlen(set))) ||
		    (n == strlen(unset) && !memcmp(p, unset, n)))
			continue;
		sb_add(&sb, p, n);
		sb_addch(&sb, '\n');
	}
	if (value)
		sb_addf(&sb, "%s%s\n", set, value);
	else
		sb_addf(&sb, "%s\n", unset);
	return sb_detach(&sb);
}

static void forced_none(void)
{
	put_text("sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
}

static void lockdown_not_there(void)
{
	_cleanup_free_ char *manifest = xasprintf("azk snapshot 1\nabsent sys/kernel/security/lockdown\n");

	drop("sys/kernel/security/lockdown");
	put_text("azk-snapshot", manifest);
}

static void lockdown_unreadable(void)
{
	drop("sys/kernel/security/lockdown");
	put_text("azk-snapshot", "azk snapshot 1\ntaken 2026-11-20\nunreadable 13 sys/kernel/security/lockdown\n");
}

static void lockdown_not_saved(void)
{
	drop("sys/kernel/security/lockdown");
}

static void secure_boot_off(void)
{
	put(EFIVAR("SecureBoot"), "\6\0\0\0\0", 5);
	put_boot_params(2);
}

static void stub_disagrees(void)
{
	put_boot_params(2);
}

static void setup_mode(void)
{
	put(EFIVAR("SetupMode"), "\6\0\0\0\1", 5);
}

static void lsm_missing(void)
{
	put_text("sys/kernel/security/lsm", "lockdown,capability,landlock,yama,ipe,bpf,ima,evm");
}

static void lsm_order(void)
{
	put_text("sys/kernel/security/lsm", "lockdown,capability,yama,landlock,selinux,ipe,bpf");
}

static void unsigned_module(void)
{
	put_module(NULL, NULL);
}

static void strange_module(void)
{
	put_module(stranger, "SHA512");
}

static void sha1_module(void)
{
	put_module(good, "SHA1");
}

static void tampered_module(void)
{
	_cleanup_sb_ struct strbuf ko = STRBUF_INIT, gz = STRBUF_INIT;

	make_module(&ko, good, "SHA512");
	ko.buf[10] ^= 1;
	gzip(ko.buf, ko.len, &gz);
	put(MODDIR "/kernel/net/a-b.ko.gz", gz.buf, gz.len);
}

static void module_file_gone(void)
{
	put_text("azk-snapshot", "azk snapshot 1\nabsent " MODDIR "/kernel/net/a-b.ko.gz\n");
	drop(MODDIR "/kernel/net/a-b.ko.gz");
}

static void unsigned_loaded(void)
{
	put_text("proc/modules", "a_b 16384 0 - Live 0x0000000000000000\n"
				 "stranger 16384 0 - Live 0x0000000000000000 (OE)\n");
	put_text("proc/sys/kernel/tainted", "12288\n");
}

static void tainted(void)
{
	put_text("proc/sys/kernel/tainted", "8192\n");
}

static void forced_load(void)
{
	put_text("proc/sys/kernel/tainted", "2\n");
}

static void image_with(const struct pair *trusted, const struct pair *also)
{
	struct kernel_parts k = parts_of(trusted);

	k.trusted[1] = also;
	put_image(&k, good);
}

static void expired_certificate(void)
{
	image_with(good, expired);
}

static void weak_certificate(void)
{
	image_with(good, weak);
}

static void sig_enforce_absent(void)
{
	put_text("sys/module/module/parameters/sig_enforce", "N\n");
}

static void kexec_load_open(void)
{
	_cleanup_free_ char *text = with_option("KEXEC", "y");

	put_config(text);
}

static void debugfs_mounted(void)
{
	put_text("proc/self/mounts", "proc /proc proc rw 0 0\nnone /sys/kernel/debug debugfs rw 0 0\n");
}

static void patch_missing(void)
{
	struct kernel_parts k = parts_of(good);

	k.lockdown = false;
	put_image(&k, good);
}

static void other_image(void)
{
	struct kernel_parts k = parts_of(good);

	k.banner = "Linux version " RELEASE " (azure@azure-kernel) (gcc) #2 SMP";
	put_image(&k, good);
}

static void image_unsigned(void)
{
	struct kernel_parts k = parts_of(good);

	put_image(&k, NULL);
}

static void image_key_expired(void)
{
	struct kernel_parts k = parts_of(good);

	put_image(&k, expired);
}

static void image_tampered(void)
{
	_cleanup_sb_ struct strbuf kernel = STRBUF_INIT, image = STRBUF_INIT;
	struct kernel_parts k = parts_of(good);

	make_kernel(&k, &kernel);
	make_zboot(&kernel, &image);
	sign_pe(&image, good);
	image.buf[0x30] ^= 1;
	put(MODDIR "/vmlinuz", image.buf, image.len);
}

static void bpf_open(void)
{
	put_text("proc/sys/kernel/unprivileged_bpf_disabled", "0\n");
}

static void perf_open(void)
{
	put_text("proc/sys/kernel/perf_event_paranoid", "-1\n");
}

static void nokaslr(void)
{
	put_text("proc/cmdline", "root=UUID=6b8d ro nokaslr console=ttyS0\n");
}

static void cpu_vulnerable(void)
{
	put_text("sys/devices/system/cpu/vulnerabilities/mds", "Vulnerable\n");
}

/* ---- cases ------------------------------------------------------------------------- */

struct weakness {
	const char *name;
	const char *sym, *value;	/* of a configuration */
	void (*plant)(void);		/* in a system */
	const char *link, *state;
};

#define OPTION(sym_, value_, link_, state_) \
	{ .name = sym_ " " #value_, .sym = sym_, .value = value_, .link = link_, .state = state_ }
#define SYSTEM(plant_, link_, state_) \
	{ .name = #plant_, .plant = plant_, .link = link_, .state = state_ }

static struct weakness weaknesses[] = {
	OPTION("LOCK_DOWN_IN_EFI_SECURE_BOOT", NULL, "lockdown-secure-boot", "fails"),
	OPTION("SECURITY_LOCKDOWN_LSM_EARLY", NULL, "lockdown-early", "fails"),
	OPTION("LSM", "\"landlock,yama,selinux,ipe,bpf\"", "lockdown-in-lsm-list", "fails"),
	OPTION("LSM", "\"lockdown,landlock,yama,selinux,ipe\"", "lsm-list", "fails"),
	OPTION("MODULE_SIG", NULL, "module-signatures", "fails"),
	OPTION("MODULE_FORCE_LOAD", "y", "module-force-load", "fails"),
	OPTION("MODULE_SIG_SHA512", NULL, "module-signature-hash", "fails"),
	OPTION("KEXEC", "y", "kexec-load", "fails"),
	OPTION("KEXEC_SIG", NULL, "kexec-signature", "fails"),
	OPTION("IMA_ARCH_POLICY", NULL, "ima-arch-policy", "fails"),
	OPTION("STRICT_DEVMEM", NULL, "dev-mem", "fails"),
	OPTION("KGDB", "y", "debuggers", "weak"),
	OPTION("RANDOMIZE_BASE", NULL, "kaslr", "fails"),
	OPTION("HARDENED_USERCOPY", NULL, "usercopy", "fails"),
	OPTION("DEFAULT_MMAP_MIN_ADDR", "4096", "mmap-min-addr-x86", "fails"),
	SYSTEM(forced_none, "lockdown-level", "fails"),
	SYSTEM(lockdown_not_there, "lockdown-level", "fails"),
	SYSTEM(lockdown_unreadable, "lockdown-level", "unknown"),
	SYSTEM(lockdown_not_saved, "lockdown-level", "unknown"),
	SYSTEM(secure_boot_off, "secure-boot", "fails"),
	SYSTEM(stub_disagrees, "secure-boot", "fails"),
	SYSTEM(setup_mode, "secure-boot", "fails"),
	SYSTEM(lsm_missing, "lsm-running", "fails"),
	SYSTEM(lsm_order, "lsm-running", "weak"),
	SYSTEM(unsigned_module, "modules-signed", "fails"),
	SYSTEM(strange_module, "modules-trusted", "fails"),
	SYSTEM(tampered_module, "modules-trusted", "fails"),
	SYSTEM(sha1_module, "modules-hash", "fails"),
	SYSTEM(module_file_gone, "modules-read", "unknown"),
	SYSTEM(unsigned_loaded, "module-loaded", "fails"),
	SYSTEM(tainted, "taint", "fails"),
	SYSTEM(forced_load, "taint", "fails"),
	SYSTEM(expired_certificate, "key-validity", "fails"),
	SYSTEM(weak_certificate, "key-strength", "fails"),
	SYSTEM(sig_enforce_absent, "sig-enforce", "weak"),
	SYSTEM(kexec_load_open, "kexec-load", "fails"),
	SYSTEM(debugfs_mounted, "debugfs", "weak"),
	SYSTEM(patch_missing, "lockdown-patch", "fails"),
	SYSTEM(other_image, "image-running", "fails"),
	SYSTEM(image_unsigned, "image-signature", "fails"),
	SYSTEM(image_tampered, "image-signature", "fails"),
	SYSTEM(image_key_expired, "image-key", "fails"),
	SYSTEM(bpf_open, "sysctl-unprivileged-bpf", "fails"),
	SYSTEM(perf_open, "sysctl-perf-paranoid", "weak"),
	SYSTEM(nokaslr, "cmdline-nokaslr", "fails"),
	SYSTEM(cpu_vulnerable, "cpu-mds", "fails"),
};

/* Runs azk audit and reads its record; the caller owns it. */
static json_t *audit(const char *what, int *status)
{
	_cleanup_free_ char *cmd = xasprintf("%s audit %s --policies %s/policy --today 2026-11-20 "
					     "--json >%s/json 2>%s/said", getenv("AZK_BIN"),
					     what, configs, root, root);
	_cleanup_free_ char *path = path_join(root, "json");
	json_error_t e;
	json_t *j;
	int rc = system(cmd);

	*status = WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
	j = json_load_file(path, 0, &e);
	if (!j)
		fail_msg("%s: %s line %d", cmd, e.text, e.line);
	return j;
}

static const char *str_of(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* Every finding that is not the expected one, as a failure's text. */
static void only_finding(json_t *j, const char *link, const char *state)
{
	json_t *findings = json_object_get(j, "findings"), *w = json_object_get(j, "weakest"), *f;
	_cleanup_sb_ struct strbuf others = STRBUF_INIT;
	size_t i;

	json_array_foreach(findings, i, f) {
		if (!link || strcmp(str_of(f, "rule"), link))
			sb_addf(&others, "\n  %s: %s", str_of(f, "rule"), str_of(f, "message"));
	}
	if (others.len)
		fail_msg("also found:%s", others.buf);
	if (!link) {
		assert_null(w);
		return;
	}
	assert_int_equal(json_array_size(findings), 1);
	assert_string_equal(str_of(w, "link"), link);
	assert_string_equal(str_of(w, "state"), state);
}

static void plant(void **state)
{
	const struct weakness *c = *state;
	_cleanup_free_ char *what = xasprintf(c->sym ? "config %s/config" : "live --root %s/sys", root);
	int status;
	json_t *j;

	if (c->sym) {
		_cleanup_free_ char *text = with_option(c->sym, c->value);
		_cleanup_free_ char *to = path_join(root, "config");

		assert_int_equal(azk_write_file(to, text, strlen(text), 0644), 0);
	} else {
		make_system();
		c->plant();
	}
	j = audit(what, &status);
	only_finding(j, c->link, c->state);
	/* a weak link is told and does not fail */
	assert_int_equal(status, strcmp(c->state, "weak") ? AZK_FINDINGS : AZK_OK);
	json_decref(j);
}

static void a_system_as_it_should_be_has_no_weak_link(void **state)
{
	_cleanup_free_ char *what = xasprintf("live --root %s/sys", root);
	int status;
	json_t *j;

	(void)state;
	make_system();
	j = audit(what, &status);
	only_finding(j, NULL, NULL);
	assert_int_equal(status, AZK_OK);
	json_decref(j);
}

static void our_configurations_have_no_unexplained_failure(void **state)
{
	static const char *const names[] = { "azure-x86_64", "azure-aarch64", "azure-hpc-x86_64",
					     "azure-64k-aarch64", "azure-cvm-x86_64" };
	int status;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *what = xasprintf("config %s/rendered/%s.config --flavour %.*s "
						      "--policy kspp --policy lockdown --policy container-host "
						      "--policy azure-boot --policy fips --policy confidential",
						      configs, names[i],
						      (int)(strrchr(names[i], '-') - names[i]), names[i]);
		json_t *j = audit(what, &status), *f;
		size_t k;

		json_array_foreach(json_object_get(j, "findings"), k, f) {
			if (strcmp(str_of(f, "severity"), "note") != 0)
				fail_msg("%s: %s: %s", names[i], str_of(f, "rule"), str_of(f, "message"));
		}
		assert_int_equal(status, AZK_OK);
		json_decref(j);
	}
}

static int setup(void **state)
{
	char tmp[] = "/tmp/azk-audit.XXXXXX";
	const char *tests = getenv("AZK_TESTS");
	_cleanup_free_ char *config = NULL;

	(void)state;
	root = xstrdup(mkdtemp(tmp) ? tmp : "");
	configs = xasprintf("%s/../../../configs", tests ? tests : "tests");
	config = path_join(configs, "rendered/azure-x86_64.config");
	good = pair_new("a good key", 2048, 36500);
	expired = pair_new("an old key", 2048, -1);
	weak = pair_new("a short key", 1024, 36500);
	stranger = pair_new("somebody else", 2048, 36500);
	return !*root || azk_read_file(config, &azure) ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_free(good);
	pair_free(expired);
	pair_free(weak);
	pair_free(stranger);
	azk_remove_tree(root);
	sb_free(&azure);
	free(root);
	free(configs);
	return 0;
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(weaknesses) + 2] = {
		cmocka_unit_test(a_system_as_it_should_be_has_no_weak_link),
		cmocka_unit_test(our_configurations_have_no_unexplained_failure),
	};

	for (size_t i = 0; i < ARRAY_SIZE(weaknesses); i++)
		tests[i + 2] = (struct CMUnitTest){
			weaknesses[i].name, plant, NULL, NULL, &weaknesses[i],
		};
	return cmocka_run_group_tests_name("audit_cases", tests, setup, teardown);
}
