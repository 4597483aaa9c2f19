/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings of many flavours and arches: what is the same in several is told
 * once, with the places it holds for.
 */
#ifndef AZK_CONFIG_FINDS_H
#define AZK_CONFIG_FINDS_H

#include "config/run.h"

struct cfg_find {
	enum azk_severity sev;
	const char *rule;	/* a constant */
	char *file, *sym, *msg;	/* sym may be NULL */
	size_t line;
	struct strlist notes, where;
	json_t *detail;		/* keys the finding gets in --json, or NULL */
};

struct cfg_finds {
	VEC(struct cfg_find) v;
};

/* Fills f; file and sym are copied. */
void cfg_find_init(struct cfg_find *f, enum azk_severity sev, const char *rule, const char *file,
		   size_t line, const char *sym, const char *fmt, ...) AZK_PRINTF(7, 8);
void cfg_find_note(struct cfg_find *f, const char *fmt, ...) AZK_PRINTF(2, 3);
/* The object f->detail, made when there is none. */
json_t *cfg_find_detail(struct cfg_find *f);
void cfg_find_free(struct cfg_find *f);
/* Takes what f owns; p (or NULL) says for which flavour and arch it holds. */
void cfg_finds_add(struct cfg_finds *s, struct cfg_find *f, const struct cfg_plan *p);
void cfg_finds_report(const struct cfg_finds *s, struct azk_report *r);
void cfg_finds_free(struct cfg_finds *s);

/* ---- why a symbol has its value (config/explain.c) ------------------------ */

/*
 * Adds notes to f on why sym is not "asked" in the values loaded for p: which
 * term of which dependency is false and whose value that is. False when the
 * tree has no such symbol for the arch.
 */
bool cfg_explain(struct kconf *k, const struct cfg_plan *p, const char *sym, const char *asked,
		 struct cfg_find *f);

/*
 * Two comma lists such as CONFIG_LSM: which elements are missing, which are
 * there without being asked, or where the order differs. got may be NULL.
 */
void cfg_note_elements(const char *asked, const char *got, struct cfg_find *f);

/* Whether a text names the option: CONFIG_X, or "config X" as a Kconfig file does. */
bool cfg_names_option(const char *text, const char *sym);

/* ---- what would change it (config/fix.c) ----------------------------------- */

/* An option that is not what was asked; f is reported once the fixes are known. */
struct cfg_lost {
	struct cfg_find f;
	const char *sym, *asked;	/* of the plan */
	struct kconf_fixes fixes;
	size_t next;			/* the candidate to be proved next */
	bool proved;
};

struct cfg_losts {
	VEC(struct cfg_lost) v;
};

/* States a search may try: a tenth of a second for most, some seconds for the hopeless. */
#define CFG_FIX_BUDGET 600

/*
 * Adds the intent to losts when d does not have it: with what came out, the
 * terms that are false and candidates for a fix. The plan's values must be open.
 */
bool cfg_lost_add(struct cfg_run *run, const struct cfg_plan *p, const struct cfg_intent *in,
		  const struct cfg_dot *d, struct cfg_losts *losts);

/*
 * Proves for each lost option the smallest set of changes: the plan is put
 * through Kconfig again with them. The plan's values must be closed; d is what
 * they gave. Adds notes and "fix" to the finding: the changes with the lines
 * they concern, and what is asked and would be lost by them.
 */
void cfg_prove_fixes(struct cfg_run *run, const struct cfg_plan *p, const struct cfg_dot *d,
		     struct cfg_losts *losts);

/* ---- the checks ------------------------------------------------------------ */

/* What the trees of all arches know of symbols, asked once each. */
struct cfg_known {
	struct strmap map[CFG_NARCH];	/* symbol -> prompt, "" without */
};

/* NULL: no such symbol (or no Kconfig for the arch, which is reported). */
const char *cfg_known_prompt(struct cfg_known *kn, struct cfg_run *run, int arch, const char *sym);
void cfg_known_free(struct cfg_known *kn);

/* What each shipped plan came to, to be compared (config/drift.c). */
struct cfg_outcome;
struct cfg_outcomes {
	VEC(struct cfg_outcome *) v;
};

/* Adds the plan's, whose values are open. 0 or -1 after reporting. */
int cfg_drift_look(struct cfg_run *run, const struct cfg_plan *p, struct cfg_outcomes *all);
void cfg_drift_check(const struct cfg_run *run, const struct cfg_outcomes *all, struct cfg_finds *out);
void cfg_outcomes_free(struct cfg_outcomes *all);

/*
 * The config fragments of the shipped kselftests (config/kselftest.c). file
 * lists their targets; without it nothing is checked. Never NULL.
 */
struct cfg_kselftests;
struct cfg_kselftests *cfg_kselftests_load(const char *file, const char *configs, struct azk_report *r);
void cfg_kselftests_check(struct cfg_run *run, struct cfg_kselftests *k, const struct cfg_plan *p,
			  const struct cfg_dot *d, struct cfg_finds *out);
/* Lines of configs/kselftest.list that no shipped plan needs. */
void cfg_kselftests_unused(const struct cfg_kselftests *k, struct cfg_finds *out);
void cfg_kselftests_free(struct cfg_kselftests *k);

/* Reasons: missing, restating the prompt, worn out, overdue; unused files. */
void cfg_lint(struct cfg_run *run, struct cfg_known *kn, const char *today, bool all,
	      struct cfg_finds *out);

/* True when a why says nothing its option's prompt and name do not say. */
bool cfg_why_restates(const char *why, const char *prompt, const char *sym);

struct cfg_verdict {
	size_t held, excepted, failed;
};

/*
 * The plan's policies against a config, whose values are loaded in the arch's
 * kconf. For the config a build ended with, rendered is what it started from.
 */
void cfg_policies(struct cfg_run *run, const struct cfg_plan *p, const struct cfg_dot *d,
		  const struct cfg_dot *rendered, const char *today, struct cfg_finds *out,
		  struct cfg_verdict *v);

#endif
