/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between parse.c (lines, hunks, the order of things) and names.c (which file). */
#ifndef AZK_QUEUE_PARSER_H
#define AZK_QUEUE_PARSER_H

#include "queue/patch.h"

struct parser {
	struct patch *p;
	size_t pos;		/* start of the next line */
	size_t lineno;		/* of the current line, from 1 */
	const char *s;		/* current line without newline */
	size_t n;
	bool eol;		/* the current line has its newline */
	bool eof;
};

/* What one file's header lines say. */
struct names {
	char *git_a, *git_b;	/* of the diff --git line, stripped */
	char *from, *to;	/* of rename or copy lines, not prefixed */
	char *minus, *plus;	/* of --- and +++, stripped; NULL for /dev/null */
	bool minus_null, plus_null, minus_epoch, plus_epoch;
	bool is_new, is_deleted, rename, copy, headers;
	char index[2][44];	/* blob ids of the index line */
};

#define BINARY_REFUSED \
	"says only that binary files differ, not how: make the patch with git diff --binary"

void parse_next(struct parser *ps);
bool parse_starts(const struct parser *ps, const char *prefix);

/* Records the error; returns -EINVAL. */
int parse_fail(struct parser *ps, size_t line, const char *fmt, ...) AZK_PRINTF(3, 4);

/* The current line is "diff --git"; leaves the first line behind the git headers current. */
int parse_git_headers(struct parser *ps, struct file_diff *d, struct names *nm);

/*
 * The current line is "GIT binary patch"; leaves the line behind it current.
 * (queue/binary.c)
 */
int parse_binary(struct parser *ps, struct file_diff *d);

/* The current line is "---"; leaves the line behind "+++" current. */
int parse_sides(struct parser *ps, struct names *nm);

/*
 * Settles kind and names of d once its hunks are known; sides says whether
 * there were --- and +++ lines. Every place that names the file must agree.
 */
int parse_settle(struct parser *ps, struct file_diff *d, struct names *nm, bool sides);
void names_free(struct names *nm);

#endif
