/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree's own Kconfig, asked through azk-kconf: a helper program that is
 * compiled for the tree (from scripts/azk/kconf/) when first needed and kept in
 * a cache folder under the hash of what it is made of. Nothing is written into
 * the tree.
 */
#ifndef AZK_CONFIG_KCONF_H
#define AZK_CONFIG_KCONF_H

#include "config/cfg.h"

struct kconf;

/* An answer; the lines behind the fields are documented in azk-kconf.c. */
struct kconf_sym {
	bool exists;
	bool has_prompt;
	char *type, *value;
	char visible, select;	/* 'n', 'm' or 'y' */
	struct strlist lines;	/* "key text", as they came */
};

/*
 * Compiles the helper when the cache has none, and starts it: it parses while
 * the caller goes on. tree is a kernel tree, arch an index of cfg_arches. NULL
 * after reporting. kconf_ready() waits until it answers: 0 or -1 after reporting.
 */
struct kconf *kconf_start(const char *tree, int arch, const char *cache, struct azk_report *r);
int kconf_ready(struct kconf *k);
void kconf_stop(struct kconf *k);

/*
 * Values asked for, as a fragment's text; 0 or -1 after reporting. One set at a
 * time: kconf_close() ends it.
 */
int kconf_open(struct kconf *k, const char *text, size_t len);
int kconf_close(struct kconf *k);
int kconf_write(struct kconf *k, struct strbuf *config);	/* the .config, appended */
int kconf_ask(struct kconf *k, const char *sym, struct kconf_sym *out);
void kconf_sym_free(struct kconf_sym *s);

/*
 * A value of azk-kconf's as a .config has it: strings in quotes, nothing for
 * symbols that are off. The caller frees.
 */
char *kconf_value_text(const char *type, const char *value);

/* Any request of azk-kconf.c's list: its answer's lines are appended to out. */
int kconf_lines(struct kconf *k, struct strlist *out, const char *fmt, ...) AZK_PRINTF(3, 4);

/* Values, NAME=VALUE each, that together make a symbol what is wanted. */
struct kconf_fix {
	struct strlist changes;		/* "NAME VALUE", n for "is not set" */
	unsigned long losses;		/* asked symbols that would no longer be as asked */
};

struct kconf_fixes {
	VEC(struct kconf_fix) v;	/* the smallest first */
};

/*
 * The smallest sets the search finds (kconf/solve.c) over the values that are
 * open; none when at most budget states reach it in no way. Without losses the
 * first set only, and what it costs is not looked at.
 */
int kconf_fix(struct kconf *k, const char *sym, const char *value, unsigned int budget,
	      bool losses, struct kconf_fixes *out);
void kconf_fixes_free(struct kconf_fixes *f);

/* What Kconfig wrote to stderr since the last call. The caller frees. */
char *kconf_warnings(struct kconf *k);

/* Finds or builds the helper; *exe is the caller's. */
int kconf_build(const char *tree, const char *cache, char **exe, struct azk_report *r);

/* Where answers of the tree's shell scripts in this environment are kept; the caller frees. */
char *kconf_memo(const char *tree, const char *cache, const struct strlist *env);

/* Runs argv with its output appended to log; exit status, or -errno. */
int kconf_run(char *const argv[], const char *dir, const char *log);

#endif
