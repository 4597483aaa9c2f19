/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between landed.c (files, patches) and landed_run.c (one run of changed lines). */
#ifndef AZK_QUEUE_LANDED_RUN_H
#define AZK_QUEUE_LANDED_RUN_H

#include "queue/landed.h"

/* One file of the change beside the base. */
struct landed_side {
	const struct change_file *f;
	const struct lines *base;
	const char *path;
	ssize_t *after_to_base;
	const struct added *others;
};

/* Judges r, which belongs to s->f. v is zeroed. */
void landed_run(const struct landed_side *s, const struct run *r, struct run_verdict *v);

/* The same where the patched file is the base's, line by line: no doubt is left. */
void landed_run_whole(const struct landed_side *s, const struct run *r, struct run_verdict *v);

#endif
