/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a change is in another base, by content: where each changed line
 * stands there, in which function, between which lines. Proof is per run of
 * changed lines; what falls short of it is "likely" and says what is missing.
 */
#ifndef AZK_QUEUE_LANDED_H
#define AZK_QUEUE_LANDED_H

#include "queue/change.h"

enum landed {
	LANDED_NOT,		/* nothing of it is there */
	LANDED_ALL,		/* every changed line is proven */
	LANDED_PARTLY,		/* some runs are, some are not */
	LANDED_REVERTED,	/* it was there and is not any more */
	LANDED_LIKELY,		/* no run is missing, but not all are proven */
};

const char *landed_name(enum landed l);

/* One run of changed lines in the other base. */
struct run_verdict {
	const struct run *run;	/* NULL: the file as a whole (made, deleted, mode) */
	enum landed v;		/* NOT, ALL or LIKELY */
	size_t at, n;		/* added lines stand at [at, at + n), from 0; n 0: the gap before at */
	char *func;		/* heading they stand below; NULL for none */
	char *missing;		/* what speaks against it or is not proven; NULL when ALL */
};

struct file_verdict {
	const struct change_file *f;
	const char *path;	/* in the other base */
	enum landed v;
	VEC(struct run_verdict) runs;
};

struct verdict {
	enum landed v;
	VEC(struct file_verdict) files;
};

/* Texts of lines that some set of patches adds, by path; may be NULL everywhere. */
struct added;
struct added *added_new(void);
void added_note(struct added *a, const struct change *c);
void added_free(struct added *a);

/*
 * Judges c against base. old is the base c is made for, when c applies there and
 * it is not patched otherwise: a file that is the same in both holds nothing of
 * the change. others explains foreign lines where c removed some.
 */
void landed_judge(const struct change *c, struct tree *base, struct tree *old,
		  const struct added *others, struct verdict *out);
void verdict_free(struct verdict *v);

/* { "verdict", "files": [ { "file", "verdict", "runs": [...] } ] } for a record; owned. */
json_t *verdict_json(const struct verdict *v);

/* One patch of a series judged, possibly together with others. */
struct series_verdict {
	const struct patch *p;
	struct verdict v;	/* only v.v outlives landed_series() */
	json_t *json;		/* verdict_json() of it; owned */
	bool in_old;		/* the old base has it already */
	char *with;		/* names of the patches it only landed together with; NULL */
	char *via;		/* the base in between that had it; NULL */
	bool bad;		/* it does not apply to the old base */
};

struct series_verdicts {
	struct series_verdict *v;
	size_t n, cap;
};

/*
 * Judges all patches of list, in order, against new. via are bases between old
 * and new, in order, to tell reverted from never landed. Patches that do not
 * apply to old are findings of r.
 */
struct patch_list;
int landed_series(const struct patch_list *list, const char *old, const char *new,
		  const struct strlist *via, struct azk_report *r, struct series_verdicts *out);
void series_verdicts_free(struct series_verdicts *v);

int queue_landed(int argc, char **argv);

#endif
