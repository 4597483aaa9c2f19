/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Differences and three-way merges of files held as lines. The edit scripts are
 * those of git (libgit2's xdiff with the indent heuristic), so that what we
 * write is what git format-patch would have written.
 */
#ifndef AZK_QUEUE_LINEDIFF_H
#define AZK_QUEUE_LINEDIFF_H

#include "queue/patch.h"

/* Lines a[a0, a0 + an) became b[b0, b0 + bn). */
struct edit {
	size_t a0, an, b0, bn;
};

struct edits {
	struct edit *v;
	size_t n, cap;
};

/* In order, not touching each other. Appends to out. */
void lines_diff(const struct lines *a, const struct lines *b, struct edits *out);

/*
 * For every line of a the index of the line of b it became, or -1. The array
 * has a->n + 1 entries (the last is b->n) and is the caller's.
 */
ssize_t *lines_match(const struct lines *a, const struct lines *b);

/* ... from an edit script that is known already. */
ssize_t *edits_match(const struct edits *e, size_t an, size_t bn);

bool lines_have_nul(const struct lines *l);	/* no text, as git sees it */
bool lines_equal(const struct lines *a, const struct lines *b);
void lines_join(const struct lines *l, struct strbuf *out);	/* appends */

/* Labels behind the conflict markers. */
struct merge_labels {
	const char *base, *ours, *theirs;
};

/*
 * Three-way merge. Returns whether it is free of conflicts; otherwise out
 * (appended to) has markers with all three sides.
 */
bool lines_merge(const struct lines *base, const struct lines *ours, const struct lines *theirs,
		 const struct merge_labels *labels, struct strbuf *out);

/*
 * The heading git shows for a hunk that starts at line at (from 0): the last
 * line before it that looks like the start of a function, struct or section.
 * NULL when there is none. len is without trailing blanks, at most 80 bytes.
 */
const char *lines_heading(const struct lines *l, size_t at, const char *path, size_t *len);

/* Whether that line is such a start itself. */
bool line_is_heading(const struct line *l, const char *path);

#endif
