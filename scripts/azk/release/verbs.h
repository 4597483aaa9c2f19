/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AZK_RELEASE_VERBS_H
#define AZK_RELEASE_VERBS_H

#include "release/release.h"

int release_scan(int argc, char **argv);
int release_sbom(int argc, char **argv);
int release_check(int argc, char **argv);
int release_provenance(int argc, char **argv);
int release_verify(int argc, char **argv);
int release_packages(int argc, char **argv);

#endif
