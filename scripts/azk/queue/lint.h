/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks of azk queue lint that look beyond one patch. */
#ifndef AZK_QUEUE_LINT_H
#define AZK_QUEUE_LINT_H

#include "queue/queue.h"

/* The same change in two patches: a merge gone wrong, or a patch listed under two names. */
void lint_duplicates(const struct patch_list *l, struct azk_report *r);

/*
 * Drop-when of every patch against the version of tree (NULL: only that it can
 * be read), its files for "landed", and the clone git (NULL: not known) for
 * "landed <sha>". Conditions and what came of them go to "drop_when" of the
 * record; one that holds is a finding.
 */
void lint_drop_when(const struct patch_list *l, const char *tree, const char *git,
		    struct azk_report *r);

/* tree/scripts/checkpatch.pl --strict on every patch, jobs at a time. */
void lint_checkpatch(const struct patch_list *l, const char *tree, unsigned long jobs,
		     struct azk_report *r);

#endif
