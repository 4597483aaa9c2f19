// SPDX-License-Identifier: GPL-2.0-or-later
/* config.gz, the configuration in a kernel, and the text of one. */
#include "audit/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(struct span s, struct azk_report *r)
{
	struct audit a = { .arch = -1 };

	if (!audit_set_config(&a, "fuzz", s, r) && a.config->e.n)
		cfg_dot_get(a.config, a.config->e.v[0].sym);
	audit_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct azk_report *r = report_new("fuzz");
	struct strbuf out = STRBUF_INIT;
	struct span s = { data, size };
	struct where w = { 0 };

	if (packing_of(s) != PACK_NONE) {
		if (!unpack(s, &out, &w))
			take((struct span){ (unsigned char *)sb_str(&out), out.len }, r);
		else if (w.at > size)
			abort();
	} else if (ikconfig_find(s, &out, &w) == 1) {
		take((struct span){ (unsigned char *)sb_str(&out), out.len }, r);
	} else {
		take(s, r);
	}
	sb_free(&out);
	report_free(r);
	return 0;
}
