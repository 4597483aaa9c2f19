// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lockdown, seen from userland: every reason of include/linux/security.h that
 * a kernel of this configuration can reach is tried, and has to be refused at
 * its level and above, for that reason, and to work below it. Beside each
 * stands something close by that goes on working at every level.
 *
 * Runs at the level the system is in, as root. "lockdown --raise LEVEL" asks
 * for a higher one first. Modules dummy, msr, xfrm_user, ah4 and efivarfs are
 * loaded where they are modules.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../kselftest_harness.h"
#include "probes.h"

/* Lockdown logs ten refusals in this many seconds and drops the others. */
#define LOG_INTERVAL 5

static const char * const level_names[] = {
	"none", "integrity", "confidentiality"
};

/* Prints one row of the table; the runner collects them. */
static void row(const char *reason, const char *verdict, const char *remark)
{
	int level = lockdown_level();

	printf("# table: %-22s %-16s %s%s%s\n", reason,
	       level < 0 ? "no lockdown" : level_names[level], verdict,
	       *remark ? "  " : "", remark);
	fflush(stdout);
}

FIXTURE(reason)
{
	int level;
};

FIXTURE_VARIANT(reason)
{
	const char *name;	/* as in the enum, without LOCKDOWN_ */
	enum level level;	/* the lowest that forbids it */
	const char *said;	/* lockdown_reasons[] of security/security.c */
	int refusal;		/* errno where it is not EPERM */
	int (*probe)(void);
	int (*works)(void);
	/* another check that may refuse it first, at every level, and its errno and message */
	int other;
	const char *other_said;
};

#define REASON(suffix, reason_, level_, said_, probe_, works_, ...) \
	FIXTURE_VARIANT_ADD(reason, suffix) { \
		.name = reason_, .level = level_, .said = said_, \
		.probe = probe_, .works = works_, ##__VA_ARGS__ }

/* module.sig_enforce=1, which IMA's rules for Secure Boot set as well */
#define SIG_ENFORCE \
	.other = EKEYREJECTED, .other_said = "Loading of unsigned module is rejected"
/* likewise for kexec; ENODATA is "no signature" */
#define KEXEC_ENFORCE \
	.other = ENODATA, .other_said = "Enforced kernel signature verification failed"

REASON(MODULE_SIGNATURE, "MODULE_SIGNATURE", LEVEL_INTEGRITY, "unsigned module loading",
	try_unsigned_module, works_signed_module, SIG_ENFORCE);
REASON(MODULE_SIGNATURE_compressed, "MODULE_SIGNATURE", LEVEL_INTEGRITY, "unsigned module loading",
	try_unsigned_module_compressed, works_signed_module, SIG_ENFORCE);
REASON(DEV_MEM, "DEV_MEM", LEVEL_INTEGRITY, "/dev/mem,kmem,port", try_dev_mem, works_smbios);
REASON(KEXEC, "KEXEC", LEVEL_INTEGRITY, "kexec of unsigned images",
	try_unsigned_kexec, works_kexec_unload, KEXEC_ENFORCE);
REASON(HIBERNATION, "HIBERNATION", LEVEL_INTEGRITY, "hibernation",
	try_hibernation, works_power_files);
REASON(PCI_ACCESS, "PCI_ACCESS", LEVEL_INTEGRITY, "direct PCI access",
	try_pci_config, works_pci_config);
#ifdef __x86_64__
REASON(MSR, "MSR", LEVEL_INTEGRITY, "raw MSR access", try_msr, works_msr);
#endif
REASON(TIOCSSERIAL, "TIOCSSERIAL", LEVEL_INTEGRITY, "reconfiguration of serial port IO",
	try_tiocsserial, works_tiocsserial);
REASON(MODULE_PARAMETERS, "MODULE_PARAMETERS", LEVEL_INTEGRITY, "unsafe module parameters",
	try_module_parameter, works_module_parameter);
REASON(DEBUGFS, "DEBUGFS", LEVEL_INTEGRITY, "debugfs access", try_debugfs, works_debugfs);
REASON(BPF_WRITE_USER, "BPF_WRITE_USER", LEVEL_INTEGRITY, "use of bpf to write user RAM",
	try_bpf_write_user, works_bpf, .refusal = EINVAL);
REASON(KCORE, "KCORE", LEVEL_CONFIDENTIALITY, "/proc/kcore access", try_kcore, works_kallsyms);
REASON(KPROBES, "KPROBES", LEVEL_CONFIDENTIALITY, "use of kprobes", try_kprobe, works_uprobe);
REASON(BPF_READ_KERNEL, "BPF_READ_KERNEL", LEVEL_CONFIDENTIALITY, "use of bpf to read kernel RAM",
	try_bpf_read_kernel, works_bpf, .refusal = EINVAL);
REASON(PERF, "PERF", LEVEL_CONFIDENTIALITY, "unsafe use of perf", try_perf_regs, works_perf);
REASON(TRACEFS, "TRACEFS", LEVEL_CONFIDENTIALITY, "use of tracefs", try_tracefs, works_context_switches,
	/* locked down from the start, the files were never made */
	.other = ENOENT);
REASON(XFRM_SECRET, "XFRM_SECRET", LEVEL_CONFIDENTIALITY, "xfrm SA secret",
	try_xfrm_secret, works_xfrm);

FIXTURE_SETUP(reason)
{
	self->level = lockdown_level();
	ASSERT_LE(0, self->level)
		TH_LOG("no lockdown in securityfs: %s", strerror(-self->level));
	ASSERT_EQ(0, geteuid());
}

FIXTURE_TEARDOWN(reason)
{
}

TEST_F(reason, is_refused_at_its_level)
{
	int refusal = variant->refusal ? variant->refusal : EPERM, ret, tries;
	bool forbidden = self->level >= variant->level, said;

	log_mark();
	ret = variant->probe();
	said = log_says(variant->said);
	if (ret == PROBE_SKIP)
		SKIP(return, "%s", probe_note);
	/* the line may be one of those dropped */
	for (tries = 0; forbidden && ret == -refusal && !said &&
	     tries <= LOG_INTERVAL; tries++) {
		sleep(1);
		log_mark();
		ret = variant->probe();
		said = log_says(variant->said);
	}

	/* stricter than lockdown: the right check is still the one that spoke */
	if (ret < 0 && ret == -variant->other && ret != -refusal) {
		if (variant->other_said) {
			log_mark();
			variant->probe();
			EXPECT_TRUE(log_says(variant->other_said))
				TH_LOG("%s: %s, and \"%s\" is not in the log", probe_note,
				       strerror(-ret), variant->other_said);
		} else {
			EXPECT_TRUE(forbidden);
		}
		row(variant->name, "refused",
		    variant->other_said ? "(signatures are enforced)" : "(its files do not exist)");
		return;
	}

	if (forbidden) {
		EXPECT_EQ(-refusal, ret)
			TH_LOG("%s: %s", probe_note, ret ? strerror(-ret) : "let through");
		EXPECT_TRUE(said || ret != -refusal)
			TH_LOG("%s: refused, but not because of \"%s\"", probe_note, variant->said);
	} else {
		EXPECT_EQ(0, ret)
			TH_LOG("%s: %s", probe_note, strerror(-ret));
	}
	row(variant->name, !ret ? "allowed" : ret == -refusal ? "refused" : "FAILED", "");
}

TEST_F(reason, leaves_the_rest_alone)
{
	int ret = variant->works();

	if (ret == PROBE_SKIP)
		SKIP(return, "%s", probe_note);
	EXPECT_EQ(0, ret)
		TH_LOG("%s: %s", probe_note, strerror(-ret));
}

/* A signature that does not fit is no missing signature: refused at every level. */
TEST(a_corrupted_module_is_refused)
{
	int ret = try_corrupt_module();

	if (ret == PROBE_SKIP)
		SKIP(return, "%s", probe_note);
	EXPECT_EQ(-EKEYREJECTED, ret)
		TH_LOG("%s: %s", probe_note, ret ? strerror(-ret) : "let through");
	ret = try_corrupt_module_compressed();
	EXPECT_EQ(-EKEYREJECTED, ret)
		TH_LOG("%s: %s", probe_note, ret ? strerror(-ret) : "let through");
}

/*
 * The firmware's keys are the kernel's for kexec: under Secure Boot the image
 * it was started from may be loaded, and not after one bit has changed.
 */
TEST(kexec_follows_the_firmware)
{
	int ret;

	if (!secure_boot())
		SKIP(return, "Secure Boot is not on");
	ret = try_signed_kexec();
	EXPECT_EQ(0, ret)
		TH_LOG("%s: %s", probe_note, strerror(-ret));
	ret = try_corrupt_kexec();
	EXPECT_EQ(-EKEYREJECTED, ret)
		TH_LOG("%s: %s", probe_note, ret ? strerror(-ret) : "let through");
}

TEST(the_level_is_never_lowered)
{
	int was = lockdown_level(), i;

	for (i = 0; i <= was; i++)
		EXPECT_GT(0, lockdown_raise(level_names[i]));
	EXPECT_EQ(was, lockdown_level());
}

/*
 * The other reasons of the enum: what they would need, and a sign that it is
 * not here. Where that changes, a probe has to be written.
 */
static const struct {
	const char *reason, *needs, *sign;
	int (*absent)(void);
} unreachable[] = {
	{ "EFI_TEST", "CONFIG_EFI_TEST", "/dev/efi_test", NULL },
	{ "IOPORT", "CONFIG_X86_IOPL_IOPERM", NULL, absent_ioport },
	{ "ACPI_TABLES", "CONFIG_ACPI_TABLE_UPGRADE", NULL, NULL },
	{ "ACPI_TABLES", "CONFIG_ACPI_CONFIGFS", "/sys/kernel/config/acpi", NULL },
	{ "ACPI_TABLES", "CONFIG_EFI_CUSTOM_SSDT_OVERLAYS", NULL, NULL },
	{ "ACPI_TABLES", "CONFIG_KEXEC", NULL, absent_kexec_load },
	{ "DEVICE_TREE", "CONFIG_PPC_PSERIES", "/proc/powerpc", NULL },
	{ "PCMCIA_CIS", "CONFIG_PCMCIA", "/sys/class/pcmcia_socket", NULL },
	{ "MMIOTRACE", "CONFIG_MMIOTRACE", NULL, NULL },
	{ "XMON_WR", "CONFIG_XMON", "/sys/kernel/debug/powerpc", NULL },
	{ "DBG_WRITE_KERNEL", "CONFIG_KGDB", "/sys/module/kgdbts", NULL },
	{ "RTAS_ERROR_INJECTION", "CONFIG_PPC_RTAS", "/proc/powerpc", NULL },
	{ "DBG_READ_KERNEL", "CONFIG_KGDB", "/sys/module/kgdbts", NULL },
	{ "XMON_RW", "CONFIG_XMON", "/sys/kernel/debug/powerpc", NULL },
};

TEST(the_other_reasons_cannot_be_reached)
{
	size_t i;

	for (i = 0; i < sizeof(unreachable) / sizeof(unreachable[0]); i++) {
		if (unreachable[i].sign)
			EXPECT_NE(0, access(unreachable[i].sign, F_OK))
				TH_LOG("%s exists: write a probe for %s",
				       unreachable[i].sign, unreachable[i].reason);
		if (unreachable[i].absent)
			EXPECT_EQ(0, unreachable[i].absent())
				TH_LOG("there is %s: write a probe for %s",
				       unreachable[i].needs, unreachable[i].reason);
		row(unreachable[i].reason, "n/a", unreachable[i].needs);
	}
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "--raise")) {
		int ret = lockdown_raise(argv[2]);

		if (ret < 0) {
			fprintf(stderr, "# cannot raise lockdown to %s: %s\n",
				argv[2], strerror(-ret));
			return KSFT_FAIL;
		}
		argv[2] = argv[0];
		argv += 2;
		argc -= 2;
	}
	return test_harness_run(argc, argv);
}
