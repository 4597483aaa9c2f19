// SPDX-License-Identifier: GPL-2.0-or-later
/* A policy, and the verdicts it gives on a small configuration. */
#include "audit/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char config[] = "# Linux/x86 6.18.15 Kernel Configuration\nCONFIG_X86_64=y\n"
				     "CONFIG_A=y\nCONFIG_N=64\nCONFIG_LSM=\"a,b\"\n";
	struct azk_report *r = report_new("fuzz");
	struct audit a = {
		.layers = 1u << LAYER_CONFIG, .level = LEVEL_INTEGRITY, .flavour = "azure",
		.today = "2026-11-20", .arch = -1, .subject = xstrdup("fuzz"),
	};
	struct verdicts v;

	audit_set_config(&a, "fuzz", (struct span){ (const unsigned char *)config, sizeof(config) - 1 }, r);
	vec_push(&a.policies, cfg_policy_parse("p", "p", (const char *)data, size, r));
	strlist_add(&a.policy_names, "p");
	verdicts_make(&a, &v, r);
	verdicts_report(&a, &v, r);
	verdicts_free(&v);
	audit_free(&a);
	report_free(r);
	return 0;
}
