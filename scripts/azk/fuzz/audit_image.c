// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel images in every wrapping, and what is looked for in them: PE sections
 * and signatures, the compressed kernel, its configuration, its certificates.
 */
#include "audit/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf file = STRBUF_INIT;
	struct where w = { 0 };
	struct image im;
	struct pe_sig s;

	sb_add(&file, data, size);
	if (!image_read(&im, "fuzz", &file, &w) && im.is_pe) {
		for (size_t i = 0; i < 4; i++) {
			int rc = pe_signature(&im.pe, i, &s, &w);

			pe_sig_free(&s);
			if (rc != 1)
				break;
		}
	} else if (w.at > size && !im.uki) {
		abort();	/* a position is one in the file */
	}
	image_free(&im);
	return 0;
}
