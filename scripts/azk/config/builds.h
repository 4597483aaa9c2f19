/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files of the tree an option builds, from its Makefiles. */
#ifndef AZK_CONFIG_BUILDS_H
#define AZK_CONFIG_BUILDS_H

#include "core/azk.h"

/*
 * The lines "SYMBOL OBJECT" of one Makefile's text: each object or folder that
 * stands behind "-$(CONFIG_SYMBOL)", a composite object as its parts. Objects
 * are relative to the Makefile's folder, which dir names.
 */
void cfg_makefile_scan(const char *dir, const char *buf, size_t len, struct strlist *out);

/*
 * What CONFIG_sym builds, as paths of the tree: sources where they exist,
 * objects and folders otherwise. The Makefiles are read once and remembered in
 * the cache folder until one of them changes. 0 or -errno.
 */
int cfg_builds(const char *tree, const char *cache, const char *sym, struct strlist *out);

#endif
