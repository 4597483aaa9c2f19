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
};

struct cfg_finds {
	VEC(struct cfg_find) v;
};

/* Fills f; file and sym are copied. */
void cfg_find_init(struct cfg_find *f, enum azk_severity sev, const char *rule, const char *file,
		   size_t line, const char *sym, const char *fmt, ...) AZK_PRINTF(7, 8);
void cfg_find_note(struct cfg_find *f, const char *fmt, ...) AZK_PRINTF(2, 3);
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

/* ---- the checks ------------------------------------------------------------ */

/* What the trees of all arches know of symbols, asked once each. */
struct cfg_known {
	struct strmap map[CFG_NARCH];	/* symbol -> prompt, "" without */
};

/* NULL: no such symbol (or no Kconfig for the arch, which is reported). */
const char *cfg_known_prompt(struct cfg_known *kn, struct cfg_run *run, int arch, const char *sym);
void cfg_known_free(struct cfg_known *kn);

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
