/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AZK_RELEASE_PACKAGES_H
#define AZK_RELEASE_PACKAGES_H

#include "release/release.h"

/* signer.c: the common name, owned; NULL when there is no signature that parses. */
char *module_signer(const char *buf, size_t len);	/* of an uncompressed .ko */
char *pe_signer(const char *buf, size_t len);		/* of a PE image */

/* elf.c: appends the DT_NEEDED names of a dynamic ELF file; nothing for others. */
void elf_needed(const char *buf, size_t len, struct strlist *out);

/*
 * parity.c: packaging/parity.list, a feature a line:
 *   yes | FEATURE | FILE | TEXT    FILE shows it, in the lines that hold TEXT
 *   no  | FEATURE | WHY
 * FILE is below top. A row that does not hold is reported. Returns an array of
 * { "feature", "have", "where" }.
 */
json_t *parity_load(const char *file, const char *top, struct azk_report *r);

#endif
