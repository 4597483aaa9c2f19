/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree as patches see it: files are read when first named and changed in
 * memory only. Nothing here writes to disk; tx.c does.
 */
#ifndef AZK_QUEUE_TREE_H
#define AZK_QUEUE_TREE_H

#include "queue/patch.h"

struct vfile {
	char *path;		/* relative to the tree */
	char *buf;		/* what was read; lines may point into it */
	bool disk_exists, disk_is_dir;
	mode_t disk_mode;	/* permission bits */
	uid_t uid;
	gid_t gid;
	uint64_t disk_hash;	/* of the content on disk */
	bool exists;		/* from here on: as patched */
	mode_t mode;
	struct lines lines;
	bool dirty;
};

struct tree {
	char *dir;
	int fd;			/* -1 where load is set */
	/*
	 * Where files come from, if not from the folder: fills f as it is there
	 * (buf, exists, disk_*, mode; lines are split by the caller). NULL, or why
	 * the file cannot be used (static).
	 */
	const char *(*load)(void *ctx, struct vfile *f, size_t *len);
	void *ctx;
	struct strmap files;	/* path to struct vfile */
	struct strmap new_dirs;	/* folders that patches created */
	struct strmap above;	/* folders above files that patches made */
	VEC(char *) text;	/* owned: content that no file or patch holds */
	struct strlist fresh;	/* files the old base does not have; of moved.c */
	bool fresh_listed;
};

int tree_open(struct tree *t, const char *dir);		/* -errno */
void tree_open_load(struct tree *t, const char *(*load)(void *ctx, struct vfile *f, size_t *len),
		    void *ctx);
void tree_close(struct tree *t);

/*
 * The file at path, which need not exist. NULL when it cannot be used; *why
 * then says so in words for a message (static or owned by the tree).
 */
struct vfile *tree_get(struct tree *t, const char *path, const char **why);

/* A patch makes the file at path: its folders are remembered for tree_below(). */
void tree_note_above(struct tree *t, const char *path);

/*
 * Whether a file stands below path in a folder that patches made, so that path is
 * no file. stood() counts files that do not exist any more.
 */
bool tree_below(const struct tree *t, const char *path, bool (*stood)(void *ctx, const char *path),
		void *ctx);

uint64_t lines_hash(const struct lines *l);
int lines_by_hash(const void *a, const void *b);	/* qsort() order of hashes */
void lines_append(struct lines *out, const struct lines *in, size_t from, size_t n);

/* A replacement that undoes a change: del lines at at become before. */
struct splice {
	size_t at, del;
	struct lines before;	/* borrowed text, owned array */
};

struct splices {
	struct splice *v;
	size_t n, cap;
};

void splices_free(struct splices *s);

enum place_how { PLACE_EXACT, PLACE_OFFSET, PLACE_NONE, PLACE_AMBIGUOUS, PLACE_FUZZ };

struct placement {
	enum place_how how;
	size_t at;		/* line in the file before this diff, from 0; behind lead */
	size_t lead, trail;	/* PLACE_FUZZ: context lines left out of the comparison */
	unsigned int fuzz;	/* PLACE_FUZZ: the fuzz it took */
	size_t applied_at;	/* the same in the result */
	VEC(size_t) places;	/* PLACE_AMBIGUOUS: every line where it fits, from 0 */
	size_t best, best_n;	/* PLACE_NONE: nearest candidate and how many lines fit */
	size_t best_bad;	/* index in the old side of the first line that differs there */
	bool best_end;		/* it fits there but had to be the end (or start) of the file */
	bool overlap;		/* it fits at best, but an earlier hunk took lines there */
	bool already;		/* the new side is there already, at best */
};

/*
 * Places the hunks of d in in. With fuzz, a hunk that fits nowhere is tried
 * with up to that many context lines left out at either end, as patch(1)
 * counts it; it must then fit in exactly one place, also at its recorded line. res has d->n entries (zeroed).
 * Returns the number of hunks that found no single place; when it is 0, out is
 * the result and undo (when not NULL) turns it back into in.
 */
size_t place_hunks_fuzz(const struct patch *p, const struct file_diff *d, const struct lines *in,
			unsigned int fuzz, struct lines *out, struct placement *res,
			struct splices *undo);

/* The same with no fuzz. */
size_t place_hunks(const struct patch *p, const struct file_diff *d, const struct lines *in,
		   struct lines *out, struct placement *res, struct splices *undo);
void placements_free(struct placement *res, size_t n);

#endif
