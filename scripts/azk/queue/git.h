/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What azk asks of libgit2. Functions that fail leave words in git_why(). */
#ifndef AZK_QUEUE_GIT_H
#define AZK_QUEUE_GIT_H

#include <git2.h>

#include "queue/tree.h"

/* Must come before any other call of libgit2; may be repeated, from any thread. */
void git_start(void);

/* The last error of libgit2 as words; valid until its next call in this thread. */
const char *git_why(void);

/* The id git gives this content, as 40 hex digits. */
void blob_id(const void *data, size_t len, char hex[41]);

/*
 * The one commit whose id begins with sha. libgit2 hashes what it reads, so what
 * it yields is that commit and no other. NULL with *why (valid as git_why()).
 */
git_commit *git_commit_by_id(git_repository *repo, const char *sha, const char **why);

/*
 * Appends the commit as `git format-patch` writes it. 0, or -EINVAL with *why for
 * a merge and for what a patch of ours cannot hold (symbolic links, submodules).
 */
int git_commit_patch(git_repository *repo, git_commit *c, struct strbuf *out, const char **why);

/* A view (queue/tree.h) of a commit's files. repo must outlive it. */
struct git_view {
	git_repository *repo;
	git_tree *root;
	struct tree tree;
};

int git_view_open(struct git_view *v, git_repository *repo, git_commit *c);
void git_view_close(struct git_view *v);

/* Notes that let an exported branch come back as the same bytes; see export_verb.c. */
#define GIT_NOTES "refs/notes/azk-queue"
#define GIT_NOTE_OVERLAY "overlay\n"	/* all of the note of a commit that is no patch */

#endif
