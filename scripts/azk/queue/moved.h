/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of one base that stand under another name in the next. */
#ifndef AZK_QUEUE_MOVED_H
#define AZK_QUEUE_MOVED_H

#include "queue/tree.h"

/* Whether moved_to() can tell: both bases are folders. */
bool moved_known(const struct tree *base, const struct tree *old);

/*
 * The file of base that old does not have and that holds most of the lines l, at
 * least half of them; NULL when there is none. percent is how many. The first
 * call lists base, which must be seen against one and the same old throughout;
 * the name lives as long as base.
 */
const char *moved_to(struct tree *base, const struct tree *old, const struct lines *l,
		     unsigned int *percent);

#endif
