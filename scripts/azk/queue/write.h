/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing patches: the same bytes as `git format-patch --zero-commit -N
 * --no-signature` with core.abbrev 12 and the kernel's .gitattributes, so that
 * a queue can go to git and back without a difference.
 */
#ifndef AZK_QUEUE_WRITE_H
#define AZK_QUEUE_WRITE_H

#include "queue/tree.h"

#define ABBREV 12	/* digits of blob ids, as the kernel asks for in Fixes: */

/* One file on both sides of a change. */
struct file_change {
	const char *old_path, *new_path;	/* NULL where it does not exist */
	mode_t old_mode, new_mode;		/* permission bits; only 0100 matters */
	const struct lines *old, *new;
	bool copy;
};

/* Appends "diff --git ..." and what follows; nothing when the sides are the same. */
void write_change(const struct file_change *c, struct strbuf *out);

/*
 * Appends only the hunks that turn old into new, with context lines around
 * them; path chooses how function names are found.
 */
void write_hunks(const char *path, const struct lines *old, const struct lines *new,
		 unsigned int context, struct strbuf *out);

/* " f | 2 +-" for every file of the parsed patch, the sum, and modes and renames. */
void write_diffstat(const struct patch *p, struct strbuf *out);

/* The name in quotes as git does where it has to be; else as it is. */
void write_name(const char *prefix, const char *name, struct strbuf *out);

/*
 * The bytes of p for a change that leads from before to after, of which p's own
 * change was a version. A part of p that still says just that keeps its bytes;
 * hunks that moved get new numbers, fuzz gets the context that is there, and
 * only what was edited is written anew. add (may be NULL) names files that the
 * patch did not touch so far. Returns 0, or -EINVAL with *why when a file cannot
 * be used (why is static or owned by a view).
 */
int patch_rewrite(const struct patch *p, struct tree *before, struct tree *after,
		  const struct strlist *add, struct strbuf *out, const char **why);

/*
 * The same for files that are at hand, each of which p touches. Files of p that
 * are not among them are on neither side: nothing is written for them.
 */
int patch_rewrite_sides(const struct patch *p, const struct file_change *files, size_t n,
			struct strbuf *out, const char **why);

/* Author, date and message of a patch, for a commit. All owned; empty where absent. */
struct message {
	char *name, *mail;
	int64_t when;		/* seconds since 1970 */
	int zone;		/* minutes east of UTC */
	bool has_date;
	char *text;		/* subject without [PATCH], blank line, body, newline at the end */
};

void message_read(const struct patch *p, struct message *m);
void message_free(struct message *m);

/* The mail header and message up to and with "---". */
void message_write(const struct message *m, struct strbuf *out);

#endif
