/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a patch does to a tree: every file it touches, before and after. The
 * text belongs to the tree and the patch; the arrays belong to the change.
 */
#ifndef AZK_QUEUE_CHANGE_H
#define AZK_QUEUE_CHANGE_H

#include "queue/linediff.h"
#include "queue/tree.h"
#include "queue/write.h"

/* Lines that were replaced together, and the hunk that says so. */
struct run {
	struct edit e;		/* before[a0..) became after[b0..) */
	size_t hunk;		/* number within the file's diff, from 1; 0 not known */
	size_t line;		/* of the hunk in the patch file; 0 not known */
};

struct runs {
	struct run *v;
	size_t n, cap;
};

struct change_file {
	char *old_path, *new_path;	/* NULL: not there on that side */
	mode_t old_mode, new_mode;
	struct lines before, after;
	struct runs runs;
	size_t line;			/* of the first diff in the patch file */
	const struct file_diff *d;	/* NULL when the patch has several for it */
};

struct change {
	const struct patch *p;
	struct change_file *v;
	size_t n, cap;
};

static inline const char *change_path(const struct change_file *f)
{
	return f->new_path ? f->new_path : f->old_path;
}

/* A git binary patch, or content that is no text: only as a whole can it be compared. */
bool change_is_binary(const struct change_file *f);

/*
 * Applies p to the view t and says what it did. When it does not apply, t is as
 * before, why (not NULL) gets the findings and -EINVAL is returned.
 */
int change_apply(struct tree *t, const struct patch *p, struct azk_report *why,
		 struct change *out);

/* The same change from two given states, for patches carried as a group. */
void change_between(struct change *out, const struct change *first, const struct tree *last);
void change_free(struct change *c);

/*
 * A patch that does the opposite. Its texts are those of p, which must stay; patch_free() it.
 * A git binary patch is read in one direction only: its opposite applies to nothing.
 */
void patch_reversed(const struct patch *p, struct patch *out);

/* How the file is now in the view. */
void view_set(struct vfile *f, const struct lines *lines, bool exists, mode_t mode);

#endif
