/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What azk knows about a tree, in DIR/.azk, and how it changes in one step:
 *
 *   lock         flock()ed by whoever works on the tree
 *   state.json   the journal of the last transaction, done; its "state" is what holds
 *   undo-N       of the N-th transaction: undo records, and the text of its patches
 *   orig/        every file the patches touch as it was before the first of them
 *                (a link to it, so that nothing is copied)
 *   tx/          files staged by a transaction that is not decided yet
 *   journal      a transaction that is decided: its moves, and the state behind it
 *
 * Killed: staged files are complete before the journal appears. No journal, and
 * the tree is as before (tx/ is thrown away); a journal, and the next command
 * finishes the moves, however often that is interrupted.
 *
 * Power lost: only the journal, undo-N and the links in orig/ are synced, not
 * the many staged files. They can be made again, from orig/ and the patch
 * texts: the next command on a machine that was booted since (boot in the
 * journal) compares every file and rewrites what is torn.
 *
 * The folder is removed when no patch is applied.
 */
#ifndef AZK_QUEUE_STATE_H
#define AZK_QUEUE_STATE_H

#include "queue/apply.h"

struct state {
	char *dir;
	int tree_fd, fd, lock_fd;	/* fd and lock_fd are -1 without .azk */
	bool good;			/* root is what .azk holds */
	json_t *root;	/* "generation", "patches": [], "files": {} */
};

/* A file outside of the tree that changes in the same transaction, as a patch does by refresh. */
struct outside {
	const char *path;	/* absolute */
	const char *data;
	size_t len;
	bool remove;
};

/*
 * Opens and locks the state of dir, and finishes or throws away an interrupted
 * transaction, saying so in r. With create false a tree without .azk gives an
 * empty state. On failure a finding is added and -errno returned.
 */
int state_open(struct state *s, const char *dir, bool create, struct azk_report *r);
void state_close(struct state *s);	/* removes .azk when nothing is applied */

json_t *state_patches(const struct state *s);	/* borrowed array */
json_t *state_files(const struct state *s);	/* borrowed object, by path */

/*
 * Writes the dirty files of the view and the new state (borrowed) as one
 * transaction. pack, if any, becomes undo-<generation>. dirs is what a pop may
 * remove and recreate; NULL when applying. On failure a finding is added,
 * -errno returned.
 */
int state_commit(struct state *s, struct tree *t, const char *op, json_t *next,
		 const struct strbuf *pack, const struct undo_dirs *dirs, unsigned long jobs,
		 struct azk_report *r);

/* The same with files outside of the tree, which may be on another file system. */
int state_commit_with(struct state *s, struct tree *t, const char *op, json_t *next,
		      const struct strbuf *pack, const struct undo_dirs *dirs,
		      const struct outside *out, size_t n_out, unsigned long jobs,
		      struct azk_report *r);

/* Whether the file is as azk left it (or untouched by it); else a finding of r. */
bool state_file_ok(const struct state *s, const struct vfile *f, struct azk_report *r);

#endif
