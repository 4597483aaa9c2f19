// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packages: headers, payload, archive. This build takes any digest for right
 * (AZK_FUZZ in audit/rpmfile.c), or nothing would get past them. An input that
 * begins with a cpio header is walked as the archive it is.
 */
#include "audit/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void visit(void *arg, const char *path, struct span data)
{
	size_t *sum = arg;

	*sum += strlen(path);
	for (size_t i = 0; i < data.n; i += 64)
		*sum += data.p[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = { data, size };
	struct rpmfile r = { 0 };
	struct where w;
	size_t sum = 0;

	if (span_starts(s, "0707", 4)) {
		sb_add(&r.payload, data, size);
		rpmfile_walk(&r, visit, &sum, &w);
	} else if (!rpmfile_read(&r, s, &w)) {
		rpmfile_walk(&r, visit, &sum, &w);
	}
	rpmfile_free(&r);
	return sum == SIZE_MAX;
}
