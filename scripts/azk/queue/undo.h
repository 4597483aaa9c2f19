/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Undo records: for each patch and file, what was there before, as replaced
 * runs of lines. Integers are little-endian; a string is its length and bytes.
 *
 *   u32 magic, u32 files
 *   file: str path, u32 existed, u32 mode, u32 whole, u32 splices
 *   splice: u64 at, u64 del, str before
 *   u32 folders the patch created: str path
 *   u32 folders above deleted files: str path, u32 mode
 */
#ifndef AZK_QUEUE_UNDO_H
#define AZK_QUEUE_UNDO_H

#include "queue/tree.h"

/* A file as it was before the patch at hand. */
struct touched {
	struct vfile *f;
	bool existed, created;
	mode_t mode;
	struct lines before;
	size_t diffs;		/* diffs of the patch to this file */
	struct splices undo;	/* good when diffs == 1 and it was only modified */
};

void undo_encode(struct tree *t, struct touched *const *tc, size_t n, struct strbuf *out);

#endif
