/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AZK_QUEUE_APPLY_H
#define AZK_QUEUE_APPLY_H

#include "queue/tree.h"

struct apply_stats {
	size_t files, exact, offset, fuzz;	/* hunks, but for files */
};

struct apply_opts {
	unsigned int fuzz;	/* context lines that may differ at either end of a hunk */
	/* where each hunk of the patch was placed, from 0: patch.hunks.n entries; or NULL */
	struct placement *places;
};

/*
 * Applies p to the view and appends to undo what turns it back, and to paths
 * every file it touches; both may be NULL. Failures, offsets and fuzz become
 * findings of r. Returns 0, or -EINVAL when something did not apply; the view
 * is then good for nothing but being closed.
 */
int apply_patch_with(struct tree *t, const struct patch *p, const struct apply_opts *opts,
		     struct azk_report *r, struct strbuf *undo, struct strlist *paths,
		     struct apply_stats *st);

/* The same without fuzz. */
int apply_patch(struct tree *t, const struct patch *p, struct azk_report *r,
		struct strbuf *undo, struct strlist *paths, struct apply_stats *st);

/* What a popped patch leaves to remove, besides the files. */
struct undo_dirs {
	struct strmap made;	/* folders the patch created */
	struct strmap modes;	/* folder to mode + 1, for folders that may be gone */
};

/*
 * Reverts one undo record in the view. Returns NULL or what is wrong with the
 * record (static). The record's text is borrowed by the view.
 */
const char *undo_patch(struct tree *t, const char *rec, size_t len, struct undo_dirs *dirs,
		       struct strlist *paths);

#endif
