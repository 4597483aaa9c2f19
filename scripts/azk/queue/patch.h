/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A patch as read from a file: message, trailers and file diffs.
 *
 * All text of a struct patch points into its own buffer; lines placed into a
 * tree (struct line) do so too, so a patch outlives every tree it was applied to.
 */
#ifndef AZK_QUEUE_PATCH_H
#define AZK_QUEUE_PATCH_H

#include "core/azk.h"

/* A line of a file with its newline; without one only as the file's last. */
struct line {
	const char *s;
	uint32_t len;
};

struct lines {
	struct line *v;
	size_t n, cap;
};

void lines_split(struct lines *out, const char *buf, size_t len);	/* appends */
static inline bool line_eq(const struct line *a, const struct line *b)
{
	return a->len == b->len && (a->s == b->s || !memcmp(a->s, b->s, a->len));
}

struct hunk_line {
	char op;		/* ' ', '-' or '+' */
	struct line text;
};

struct hunk {
	size_t line;		/* of the @@ in the patch file */
	size_t old_start, old_n, new_start, new_n;
	size_t first, n;	/* into patch.body */
};

/*
 * One direction of a git binary patch, inflated: the new content, or a delta
 * against the old one in the form of git's packs.
 */
struct binary {
	bool delta;
	char *data;		/* owned */
	size_t len;
};

enum diff_kind { DIFF_MODIFY, DIFF_CREATE, DIFF_DELETE, DIFF_RENAME, DIFF_COPY };

struct file_diff {
	size_t line;		/* of the first header line in the patch file */
	enum diff_kind kind;
	bool git;		/* has a "diff --git" line */
	char *old_path;		/* stripped; owned; NULL for DIFF_CREATE */
	char *new_path;		/* stripped; owned; NULL for DIFF_DELETE */
	mode_t old_mode, new_mode;	/* 0 where the patch does not say */
	size_t first, n;	/* into patch.hunks */
	size_t off, end;	/* its bytes in patch.buf */
	bool is_binary;		/* then n is 0 and what follows is set */
	struct binary forward;
	size_t was_size, is_size;	/* bytes of the two sides of a binary patch */
	char old_id[44], new_id[44];	/* blob ids of the index line, as long as stated; or "" */
};

struct patch_err {
	size_t line;
	char *msg;
};

struct trailer {
	size_t line;
	char *key, *value;	/* owned; continuation lines joined by a blank */
};

struct patch {
	char *name;		/* as in the series */
	unsigned int strip;	/* leading folders taken off names, as -p */
	char *file;		/* path to say in messages */
	char *buf;
	size_t len;
	char *from, *date, *subject;	/* mail header, unfolded; NULL where absent */
	size_t subject_line;
	size_t body_first, body_last;	/* lines of the message body; 0 when empty */
	VEC(struct trailer) trailers;
	VEC(struct file_diff) diffs;
	VEC(struct hunk) hunks;
	VEC(struct hunk_line) body;
	VEC(struct patch_err) errs;
};

/*
 * Takes over buf (from malloc, NUL behind it not required) and parses it.
 * Returns 0, or -EINVAL with at least one entry in errs. Parsing is strict:
 * what is not understood is an error, never skipped.
 */
int patch_parse(struct patch *p, const char *name, const char *file, char *buf, size_t len);

/* The same with -p<strip> instead of -p1. */
int patch_parse_strip(struct patch *p, const char *name, const char *file, char *buf, size_t len,
		      unsigned int strip);

/* Reads and parses file. A file that cannot be read is an entry in errs too. */
int patch_load(struct patch *p, const char *name, const char *file);
int patch_load_strip(struct patch *p, const char *name, const char *file, unsigned int strip);
void patch_free(struct patch *p);

/* The mail header, message and trailers (queue/mbox.c); end is where the diff begins. */
void patch_parse_message(struct patch *p, size_t end);

const struct trailer *patch_trailer(const struct patch *p, const char *key);

/* Series file: patch files and picks in order. */
struct series_entry {
	size_t line;
	char *name;		/* patch path relative to the series; or the sha of a pick */
	char *why;		/* of a pick; may be NULL */
	bool pick;
	unsigned int strip;	/* "name -p0"; 1 where the line does not say */
};

struct series {
	char *file, *dir;
	VEC(struct series_entry) entries;
};

/* Errors (also duplicates) go to r as bad input. Returns 0 or -EINVAL. */
int series_load(struct series *s, const char *file, struct azk_report *r);
void series_free(struct series *s);

#endif
