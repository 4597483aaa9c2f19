// SPDX-License-Identifier: GPL-2.0-or-later
/* Certificates, lists of them, and modules with a signature at their end. */
#include "audit/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = { data, size };
	struct certs keys = { 0 }, list = { 0 };
	struct signature sig;
	struct where w = { 0 };

	certs_add_file(&keys, s);
	certs_of_kernel(s, &list);
	if (module_signature(s, list.v.n ? &list : &keys, &sig, &w) < 0 && w.at > size)
		abort();
	signature_free(&sig);
	certs_free(&keys);
	certs_free(&list);
	return 0;
}
