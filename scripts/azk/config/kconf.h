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
 * Compiles the helper when the cache has none, and starts it. tree is a kernel
 * tree, arch an index of cfg_arches. NULL after reporting.
 */
struct kconf *kconf_start(const char *tree, int arch, const char *cache, struct azk_report *r);
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

/* What Kconfig wrote to stderr since the last call. The caller frees. */
char *kconf_warnings(struct kconf *k);

/* Finds or builds the helper; *exe is the caller's. */
int kconf_build(const char *tree, const char *cache, char **exe, struct azk_report *r);

/* Runs argv with its output appended to log; exit status, or -errno. */
int kconf_run(char *const argv[], const char *dir, const char *log);

#endif
