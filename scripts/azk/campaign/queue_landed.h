/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between queue_landed.c (running cases) and queue_landed_cases.c (making them). */
#ifndef AZK_CAMPAIGN_QUEUE_LANDED_H
#define AZK_CAMPAIGN_QUEUE_LANDED_H

#include "queue/linediff.h"
#include "queue/tree.h"

#define NEAR 6		/* lines of context that may drift */
#define MAX_FILE (200 * 1024)
#define TRIES 4000

enum want { WANT_LANDED, WANT_NOT, WANT_PARTLY, WANT_REVERTED };

struct pair {
	const char *old_tree, *new_tree;
	struct strlist files;
};

/* A stretch of the file: lines both sides have, or what upstream replaced. */
struct seg {
	bool edit, chosen;
	int patch;			/* which of our patches brings it */
	struct lines old, new;		/* of a common one: as our base and the new base have it */
	struct lines ours;		/* what our patch makes of it, when not new */
	struct lines first;		/* what the first of two patches makes of it */
	bool keep_old, keep_both, undone;	/* in the new base */
};

struct doc {
	struct seg *v;
	size_t n, cap;
	struct strbuf text[2];
	struct strlist made;		/* texts of invented lines */
};

struct tcase {
	struct doc d;
	char *path;
	int patches;
	enum want want[5];
	bool via;
};

struct kind {
	const char *name;
	bool (*make)(struct tcase *t);
	size_t cases, patches, landed, found, likely, other_right, false_landed, git_found;
};

enum view { OURS, THEIRS_BEFORE, THEIRS };

extern struct pair pairs[8];	/* one release each, then all the way */
extern size_t npairs;
extern uint64_t rng;
extern struct kind kinds[];
extern const size_t nkinds;

uint32_t rnd(uint32_t below);

/* The file after our first n patches, or as upstream has it; owned. */
char *render(const struct doc *d, enum view view, int n);
void doc_free(struct doc *d);

#endif
