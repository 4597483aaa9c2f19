// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * azk-audit VERB: azk audit alone, for virtual machines. Linked with as little
 * as they have: libc, libcrypto and libkmod (see Makefile).
 */
#include "core/azk.h"

extern const struct azk_noun audit_noun;

int main(int argc, char **argv)
{
	const struct azk_noun *const nouns[] = { &audit_noun };
	const char *arg = argc > 1 ? argv[1] : NULL;
	char **with_noun;
	int rc;

	if (arg && (!strcmp(arg, "--version") || !strcmp(arg, "man") || !strcmp(arg, "completion")))
		return azk_main(nouns, ARRAY_SIZE(nouns), argc, argv);
	/* azk-audit VERB ... is azk audit VERB ... */
	with_noun = xcalloc((size_t)argc + 2, sizeof(*with_noun));
	with_noun[0] = argv[0];
	with_noun[1] = (char *)audit_noun.name;
	for (int i = 1; i < argc; i++)
		with_noun[i + 1] = argv[i];
	rc = azk_main(nouns, ARRAY_SIZE(nouns), argc + 1, with_noun);
	free(with_noun);
	return rc;
}
