// SPDX-License-Identifier: GPL-2.0-or-later
#include "release/verbs.h"

static const struct azk_verb verbs[] = {
	{ "scan", release_scan, "what image and modules were compiled from, as a record" },
	{ "sbom", release_sbom, "an SPDX 2.3 document for each package" },
	{ "check", release_check, "whether an SPDX document holds together and fits its package" },
	{ "provenance", release_provenance, "a signed statement of how the packages were built" },
	{ "verify", release_verify, "check packages against a signed statement" },
	{ "packages", release_packages, "the packages as a table: size, libraries, signers, lint" },
	{ 0 },
};

const struct azk_noun release_noun = { "release", "what packages are made of, and proof of it",
	verbs };
