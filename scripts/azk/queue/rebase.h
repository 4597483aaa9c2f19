/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A series from one base to another. The outcome is a function of the two bases,
 * the series, the patches to skip and the resolutions remembered: continuing
 * means computing it again with one more resolution, so there is no
 * half-rebased state. The series on disk changes once, at the end, as one
 * transaction (rebase_state.c).
 */
#ifndef AZK_QUEUE_REBASE_H
#define AZK_QUEUE_REBASE_H

#include "queue/landed.h"
#include "queue/queue.h"

enum rebase_class {	/* in the order of how much they ask of a person */
	REBASE_CLEAN,		/* the same lines at the same place */
	REBASE_MOVED,		/* the same hunks, other line numbers */
	REBASE_LANDED,		/* proven to be in the new base: dropped */
	REBASE_MERGED,		/* three-way merge, every changed line accounted for */
	REBASE_PARTLY,		/* some runs are in the new base, the rest is carried on */
	REBASE_AMBIGUOUS,	/* more than one place, or placing and merging disagree */
	REBASE_CONFLICT,
	REBASE_SKIPPED,		/* left out because the user said so */
};

const char *rebase_class_name(enum rebase_class c);

/* ---- one file (rebase_file.c) ---- */

struct resolutions;

struct file_result {
	enum rebase_class cls;
	struct lines after;	/* as the file becomes; owned array */
	bool exists;
	char *why;		/* of ambiguous and conflict; NULL otherwise */
	char *markers;		/* of a conflict: the file with all three sides; NULL */
	char *marker_path;	/* where it goes in the work folder */
	uint64_t key;		/* of its resolution */
	bool replayed;		/* a remembered resolution was used */
};

struct file_in {
	const struct patch *p;
	const struct change_file *f;
	const struct vfile *ours;	/* the new base below the old path; never NULL */
	const struct vfile *target;	/* ... below the new path of a rename; NULL otherwise */
	const char *moved;		/* where upstream moved the file to; NULL for not known */
	unsigned int moved_percent;	/* of its lines */
	const struct file_verdict *landed;
	const struct resolutions *known;
	struct strlist *texts;	/* merged texts that lines point into */
	const char *labels[2];	/* old and new base for the markers */
};

void rebase_file(const struct file_in *in, struct file_result *out);
void file_result_free(struct file_result *r);

/* ---- the upstream hunks behind a result (causes.c) ---- */

/*
 * [ { "file", "old": [first, last], "new": [first, last], "where": "touches" |
 * "above" | "elsewhere", "function", "text": ["-...", "+..."] } ]: what upstream changed
 * between the bases near the runs of f; for moved ones what changed above them.
 */
json_t *rebase_causes(const struct change_file *f, const struct lines *old,
		      const struct lines *new, bool moved);

/* ---- remembered resolutions (resolve.c) ---- */

/*
 * Files below dir, named by key. A whole-file resolution fits the same three
 * sides; a block resolution fits the same conflict in any surroundings.
 */
struct resolutions {
	char *dir;
};

/* Text to use instead of the conflict, NULL when nothing fits; owned. */
char *resolution_find(const struct resolutions *r, uint64_t key, const char *markers);

/* Remembers that markers became text. Returns 0 or -errno. */
int resolution_keep(const struct resolutions *r, uint64_t key, const char *markers,
		    const char *text);
bool has_markers(const char *text);

/* ---- a whole series (rebase.c) ---- */

struct rebase_patch {
	const struct patch *p;
	enum rebase_class cls;
	struct strbuf text;	/* the patch for the new base */
	bool changed;		/* text differs from the file */
	char *why;
	char *blocked_by;	/* the conflict to resolve first; NULL */
	json_t *info;		/* "files", "causes", "landed"; owned */
	VEC(struct file_result) conflicts;	/* with markers */
};

struct rebase {
	const struct patch_list *list;
	const char *old_dir, *new_dir;
	struct tree old_view, new_view, old_base, new_base;
	struct resolutions known;
	struct strlist skip;
	struct strlist texts;
	struct added *added;
	VEC(struct rebase_patch) patches;
	struct series_verdicts groups;
	bool grouped;
	json_t *landed_with;
};

/* Computes everything; reads only. Returns 0, or -EINVAL with findings in r. */
int rebase_run(struct rebase *rb, struct azk_report *r);
void rebase_free(struct rebase *rb);

/* The record's keys: "patches", "counts". */
void rebase_record(const struct rebase *rb, json_t *root);

/* Applies what came out to the new base alone: every hunk must be exact. */
int rebase_verify(const struct rebase *rb, struct azk_report *r);

/* ---- on disk (rebase_state.c) ---- */

struct rebase_state {
	char *series, *dir;	/* the series and its folder */
	char *azk;		/* dir/.azk */
	int lock_fd;
	json_t *root;		/* NULL when no rebase is under way */
};

/*
 * Locks the series and finishes or throws away what a killed azk left, saying
 * which in r. -errno after a finding.
 */
int rebase_state_open(struct rebase_state *s, const char *series, struct azk_report *r);
void rebase_state_close(struct rebase_state *s);

/* Remembers a rebase with conflicts and writes them to the work folder. */
int rebase_state_stop(struct rebase_state *s, const struct rebase *rb, struct azk_report *r);

/* Replaces the patches and the series as one transaction. */
int rebase_state_commit(struct rebase_state *s, const struct rebase *rb, struct azk_report *r);

/* Takes over resolved files. *left is the number of those that are not. */
int rebase_state_collect(struct rebase_state *s, const struct resolutions *known, size_t *left,
			 struct azk_report *r);
int rebase_state_drop(struct rebase_state *s, struct azk_report *r);

/* Says so when a transaction on the series at file was cut short, and finishes it. */
int rebase_recover(const char *file, struct azk_report *r);

/* ---- the page (report_html.c) ---- */
int rebase_html(json_t *root, const char *file);

int queue_rebase(int argc, char **argv);
int queue_continue(int argc, char **argv);
int queue_skip(int argc, char **argv);
int queue_abort(int argc, char **argv);

#endif
